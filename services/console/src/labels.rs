//! The Chinese words that the pages show for facets, filters, stages, states and locations. The titles of verdicts,
//! severities and cell states are those of `report`.

use proto::ReportState;
use render::form_layout::full_width_brackets;
use report::workflow::ReviewState;
use report::{CellId, Form, FormId, Origin, Report, Verdict};
use search::{Facet, FacetValue};

/// The form with the document that prescribes it.
pub(crate) fn form(form: Option<FormId>) -> &'static str {
    match form {
        Some(FormId::F2019) => "2019年格式（国办公开办函〔2019〕60号）",
        Some(FormId::F2021) => "2021年格式（国办公开办函〔2021〕30号）",
        None => "未识别出表格",
    }
}

/// How far a report has come.
pub(crate) fn state(state: ReportState) -> &'static str {
    match state {
        ReportState::Submitted => "已接收",
        ReportState::Parsed => "已读取",
        ReportState::Validated => "已校核",
        ReportState::Indexed => "可检索",
        ReportState::Refused => "未接收",
    }
}

/// How far a file that was sent has come, for its sender.
pub(crate) fn progress(state: ReportState) -> &'static str {
    match state {
        ReportState::Submitted => "已收到，正在读取",
        ReportState::Parsed => "已读取，正在校核",
        ReportState::Validated => "已校核，正在入库",
        ReportState::Indexed => "可检索",
        ReportState::Refused => "未接收",
    }
}

/// The size of a file.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} 字节"),
        1_000..1_000_000 => format!("{:.1} KB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// An event by its name on the log.
pub(crate) fn event(name: &str) -> &'static str {
    ReportState::parse(name).map_or("未知", state)
}

/// A stage by its name.
pub(crate) fn stage(name: &str) -> &'static str {
    match name {
        "ingest" => "接收",
        "parse" => "读取",
        "parse-bulk" => "读取（批量）",
        "validate" => "校核",
        "index" => "入库",
        _ => "其他",
    }
}

pub(crate) fn facet(facet: Facet) -> &'static str {
    match facet {
        Facet::Year => "年份",
        Facet::Region => "地区",
        Facet::Agency => "机关",
        Facet::Verdict => "结论",
        Facet::Rule => "发现的问题",
        Facet::Form => "表格格式",
        Facet::Review => "审核状态",
        Facet::Assignee => "经办",
    }
}

/// The parameter that filters by a value of the facet.
pub(crate) fn facet_parameter(facet: Facet) -> &'static str {
    if facet == Facet::Rule { "finding" } else { facet.as_str() }
}

/// A value of a facet.
pub(crate) fn facet_value(facet: Facet, value: &FacetValue) -> String {
    match facet {
        Facet::Verdict => Verdict::title_of(Verdict::parse(&value.value)).to_owned(),
        Facet::Rule => problem(&value.value).unwrap_or(&value.label).to_owned(),
        Facet::Form => format!("{}年格式", value.value),
        Facet::Review => review_state(&value.value).to_owned(),
        Facet::Year => format!("{}年", value.value),
        _ => value.label.clone(),
    }
}

/// A filter, as the list of active filters shows it.
pub(crate) fn filter(name: &str, value: &str) -> String {
    let known = match name {
        "year" => "年份",
        "region" => "地区",
        "agency" => "机关",
        "verdict" => {
            let title: &str = match Verdict::parse(value) {
                Some(verdict) => verdict.title(),
                None => value,
            };
            return format!("结论：{title}");
        }
        "finding" | "rule" => {
            let problem = problem(value).map(|problem| format!("（{problem}）"));
            return format!("问题：{value}{}", problem.unwrap_or_default());
        }
        "severity" => "级别",
        "review" => return format!("审核状态：{}", review_state(value)),
        "assignee" => "经办",
        "due" => "整改期限",
        "open" => return format!("未处理：{}", problem(value).unwrap_or(value)),
        "form" => "表格格式",
        "published" => "发布日期",
        name => {
            let id = name.strip_prefix("cell.").and_then(|id| CellId::parse(id).ok());
            let label = id.map_or_else(|| name.to_owned(), cell);
            return format!("{label}：{value}");
        }
    };
    format!("{known}：{}", value.trim_start_matches('='))
}

/// A state of review by its name, or as it was written.
fn review_state(name: &str) -> &str {
    match ReviewState::parse(name) {
        Some(state) => state.title(),
        None => name,
    }
}

/// The problem of a report that breaks the rule with this id.
pub(crate) fn problem(id: &str) -> Option<&'static str> {
    rules::rule(id.split('/').next()?).map(|rule| rule.problem)
}

/// Row and column of a cell, as the newest form that has it prints them.
pub(crate) fn cell(id: CellId) -> String {
    let forms = [Form::get(FormId::F2021), Form::get(FormId::F2019)];
    let form = forms.into_iter().find(|form| form.position(id).is_some());
    form.map(|form| full_width_brackets(form.label(id))).unwrap_or_default()
}

/// The shortest name that means this cell alone: `表三 新收 总计`.
pub(crate) fn short_cell(id: CellId) -> String {
    full_width_brackets(search::short_name(id))
}

/// Stands below every table and chart with gaps.
pub(crate) const GAPS_ARE_NOT_ZERO: &str = "没有数字的格不计为0，也不计入合计和中位数";

/// A location in the original, in words by which a person finds it: the page, and the row and the column of the form's
/// table or the section of the text.
pub(crate) fn location(report: &Report, origin: Origin) -> Option<String> {
    render::location(report, origin, None).map(|place| format!("原文{place}"))
}

/// The page of the original, for a cell that is named beside; none in a format without pages.
pub(crate) fn page(origin: &Origin) -> Option<String> {
    origin.page.map(|page| format!("原文第{page}页"))
}

#[cfg(test)]
mod tests {
    use report::{Cell, Cells};

    use super::*;

    #[test]
    fn a_location_names_what_a_person_can_find() {
        let mut report = Report { cells: Cells::missing(FormId::F2021), ..Report::default() };
        let id = CellId::parse("requests.received.total").unwrap();
        let text = Origin { line: 3, start: 10, end: 14, ..Origin::default() };
        let figure = Origin { table: Some(1), row: Some(4), column: Some(9), page: Some(2), ..text };
        *report.cells.get_mut(id).unwrap() = Cell { origin: Some(figure), ..Cell::default() };
        let check = |origin: Origin, expected: Option<&str>| {
            assert_eq!(location(&report, origin).as_deref(), expected)
        };
        check(text, None);
        check(Origin { page: Some(2), ..text }, Some("原文第2页"));
        check(figure, Some("原文第2页表三“一、本年新收政府信息公开申请数量”行“总计”列"));
    }

    #[test]
    fn a_cell_is_printed_with_full_width_brackets() {
        let id = CellId::parse("requests.other.overdue.total");
        if let Ok(id) = id {
            assert!(!cell(id).contains('('), "{}", cell(id));
        }
        assert_eq!(
            filter("cell.requests.received.total", "9"),
            format!("{}：9", cell(CellId::parse("requests.received.total").unwrap()))
        );
    }
}
