//! The Chinese words for what the model names in English, in one place.

use report::{CellId, Form, FormId, Verdict};
use search::{Facet, FacetValue};
use serde_json::Value;

pub(crate) fn form(name: &str) -> &'static str {
    match name {
        "2019" => "2019年格式（国办公开办函〔2019〕60号）",
        "2021" => "2021年格式（国办公开办函〔2021〕30号）",
        _ => "未识别出表格",
    }
}

/// What has become of a report after this fact.
pub(crate) fn fact(name: &str) -> &'static str {
    match name {
        "submitted" => "已接收",
        "parsed" => "已读取",
        "validated" => "已校核",
        "indexed" => "可检索",
        "refused" => "已退回",
        _ => "未知",
    }
}

pub(crate) fn stage(name: &str) -> &'static str {
    match name {
        "ingest" => "接收",
        "parse" => "读取",
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
    }
}

/// The name of the filter that a facet's values go into.
pub(crate) fn facet_parameter(facet: Facet) -> &'static str {
    if facet == Facet::Rule { "finding" } else { facet.as_str() }
}

/// What to show for a value of a facet.
pub(crate) fn facet_value(facet: Facet, value: &FacetValue) -> String {
    match facet {
        Facet::Verdict => Verdict::title_of(Verdict::parse(&value.value)).to_owned(),
        Facet::Rule => problem(&value.value).unwrap_or(&value.label).to_owned(),
        Facet::Form => format!("{}年格式", value.value),
        Facet::Year => format!("{}年", value.value),
        _ => value.label.clone(),
    }
}

/// What a filter in an address says.
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
        "form" => "表格格式",
        "published" => "发布日期",
        name => {
            let id = name.strip_prefix("cell.").and_then(|id| CellId::parse(id).ok());
            let label: &str = match id {
                Some(id) => cell(id),
                None => name,
            };
            return format!("{label}：{value}");
        }
    };
    format!("{known}：{}", value.trim_start_matches('='))
}

/// What is wrong with a report that breaks the rule.
pub(crate) fn problem(id: &str) -> Option<&'static str> {
    rules::rule(id.split('/').next()?).map(|rule| rule.problem)
}

/// Row and column of a cell, by the form that has it.
pub(crate) fn cell(id: CellId) -> &'static str {
    let forms = [Form::get(FormId::F2021), Form::get(FormId::F2019)];
    forms.into_iter().find(|form| form.position(id).is_some()).map_or("", |form| form.label(id))
}

/// Where something stood in the original, by the JSON of its origin; none where it stood nowhere.
pub(crate) fn place(origin: &Value) -> Option<String> {
    let number = |name: &str| origin.get(name).and_then(Value::as_u64);
    let mut parts = Vec::new();
    parts.extend(number("page").map(|page| format!("第{page}页")));
    parts.extend(number("line").filter(|line| *line > 0).map(|line| format!("第{line}行")));
    if let (Some(table), Some(row), Some(column)) = (number("table"), number("row"), number("column")) {
        parts.push(format!("第{}个表格第{}行第{}列", table + 1, row + 1, column + 1));
    }
    let (start, end) = (number("start")?, number("end")?);
    match origin.get("box").and_then(Value::as_array).map(Vec::as_slice) {
        Some([left, top, ..]) => {
            let mm = |points: &Value| points.as_f64().unwrap_or_default() * 25.4 / 72.0;
            parts.push(format!("距页左{:.0}毫米、页顶{:.0}毫米", mm(left), mm(top)));
        }
        _ => parts.push(format!("字节{start}至{end}")),
    }
    Some(format!("原文{}", parts.join("，")))
}
