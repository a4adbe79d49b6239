//! Whether a file is an annual report at all, by what it has of one.
//!
//! A damaged report, half a report or a copy without its tables is one: any of its marks is enough. A
//! notice about annual reports, a plan of the year's work or a list of names has none of them.

use std::fmt;

use document::Document;
use report::{CellState, RemarkKind, Report, Section, SectionKind, Table};

use crate::{identity, label, outline};

/// A file that has nothing of an annual report: no title of one, none of its parts, none of its tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAReport;

impl NotAReport {
    /// What the sender reads: what is missing, and what to do.
    pub fn message(&self) -> String {
        "这份文件不是政府信息公开工作年度报告：没有年度报告的标题，没有规定的部分（总体情况、主动公开、依申请公开等），\
         也没有规定的表格。请只报送年度报告；如果这是年度报告，请检查文件是否完整。"
            .to_owned()
    }
}

impl fmt::Display for NotAReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("file is no annual report: it has no title, no part and no table of one")
    }
}

impl std::error::Error for NotAReport {}

/// Decides whether the file that was read as this report is one.
///
/// # Errors
/// If it has nothing of an annual report.
pub fn recognise(document: &Document, report: &Report) -> Result<(), NotAReport> {
    let is_report = has_table(report)
        || has_parts(&report.sections)
        || report.remarks.iter().any(|remark| remark.kind == RemarkKind::Lost && remark.text != "标题")
        || identity::is_titled(document, &outline::outline(document));
    if is_report { Ok(()) } else { Err(NotAReport) }
}

/// Cells that table two has in the shorter of its forms; a few of its labels stand in other tables too.
const CELLS_OF_TABLE_TWO: usize = 8;

fn has_table(report: &Report) -> bool {
    let printed = |table: Table| {
        let cells = report.cells.iter().filter(move |(id, _)| id.table() == table);
        cells.filter(|(_, cell)| !matches!(cell.state, CellState::Missing | CellState::Derived)).count()
    };
    printed(Table::Requests) > 0
        || printed(Table::Litigation) > 0
        || printed(Table::Active) >= CELLS_OF_TABLE_TWO
}

/// Whether the headings are those of an annual report: at least two of its parts, one of them about the
/// disclosure of information. 总体情况 and 存在的问题 head parts of any report.
fn has_parts(sections: &[Section]) -> bool {
    let mut kinds: Vec<SectionKind> = sections.iter().filter_map(|section| section.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let own = |section: &&Section| match section.kind {
        // 深化主动公开 heads a part of a plan.
        Some(SectionKind::Active | SectionKind::Requests) => {
            section.heading.contains("情况") && section.heading.contains("信息")
        }
        Some(SectionKind::Litigation) => section.heading.contains("信息公开"),
        _ => false,
    };
    let is_official = |section: &Section| {
        let official = section.kind.map(|kind| label::normalise(kind.heading()));
        official.is_some_and(|official| label::normalise(&section.heading) == official)
    };
    let own: Vec<&Section> = sections.iter().filter(own).collect();
    kinds.len() >= 3 && !own.is_empty()
        || own.len() >= 2
        || kinds.len() >= 2 && own.iter().any(|own| is_official(own))
}

#[cfg(test)]
mod tests {
    use document::Limits;

    #[track_caller]
    fn check(text: &str, expected: bool) {
        let document = document::read(text.as_bytes(), &Limits::default()).unwrap();
        let report = crate::read(&document, Some("某局2024年政府信息公开工作年度报告.txt"));
        assert_eq!(super::recognise(&document, &report).is_ok(), expected, "{text}");
    }

    #[test]
    fn other_files_are_no_reports() {
        for text in [
            "hello\n",
            "{}",
            "{\"agency\": \"某县财政局\", \"year\": 2024}",
            "某县财政局关于召开2024年度工作会议的通知\n各科室：\n定于2025年1月3日召开会议，请准时参加。\n某县财政局\n2025年1月2日\n",
            "关于做好2024年政府信息公开工作年度报告编制发布工作的通知\n各单位：\n请于1月20日前报送本单位2024年年度报告。\n某县人民政府办公室\n2025年1月2日\n",
            "某县2024年政务公开工作要点\n一、深化主动公开\n加大力度。\n二、规范依申请公开办理\n依法答复。\n三、加强组织领导\n落实责任。\n",
            "某县财政局2024年工作总结\n一、总体情况\n顺利。\n二、主要做法\n学习。\n三、存在的主要问题及改进措施\n加强。\n",
            "某县2024年法治政府建设年度报告\n一、基本情况\n良好。\n二、行政复议和行政诉讼情况\n3件。\n三、存在的问题和改进措施\n加强。\n",
            "政府信息公开年报\n某县财政局2024年政府信息公开工作年度报告\n某县财政局2023年政府信息公开工作年度报告\n某县教育局2024年政府信息公开工作年度报告\n",
            "2024年政府信息公开工作年度报告报送情况一览表\n某县财政局\t已报送\n某县教育局\t未报送\n",
            "姓名\t单位\t电话\n张某\t某县财政局\t12345\n李某\t某县教育局\t12346\n",
            "某县财政局2024年政务公开工作总结\n一、主动公开情况\n300条。\n二、依申请公开情况\n0件。\n三、存在的问题和改进措施\n加强。\n",
            "行政许可\t30\n行政处罚\t2\n",
        ] {
            check(text, false);
        }
    }

    #[test]
    fn a_part_of_a_report_is_a_report() {
        for text in [
            "某县财政局2024年政府信息公开工作年度报告\n",
            "某县财政局政府信息公开工作年度报告\n本年度工作照常。\n",
            "2022年度政府信息公开工作报告\n工作照常。\n",
            "某县财政局\n2024年政府信息公开工作年度报告\n工作照常。\n",
            "关于印发《某县水务局2022年政府信息公开工作年度报告》的通知\n一、总体情况\n二、主动公开政府信息情况\n三、收到和处理政府信息公开申请情况\n",
            "现公布某县财政局2024年政府信息公开工作年度报告，请社会各界监督，欢迎提出意见和建议。\n工作照常。\n",
            "一、总体情况\n照常。\n二、主动公开政府信息情况\n见下表。\n",
            "四、政府信息公开行政复议、行政诉讼情况\n无。\n五、存在的主要问题及改进情况\n无。\n六、其他需要报告的事项\n无。\n",
            "一、概述\n照常。\n二、主动公开政府信息的情况\n300条。\n三、依申请公开政府信息办理情况\n2件。\n四、收费及减免情况\n无。\n",
            "一、本年新收政府信息公开申请数量\t1\t0\t0\t0\t0\t0\t1\n二、上年结转政府信息公开申请数量\t0\t0\t0\t0\t0\t0\t0\n（一）予以公开\t1\t0\t0\t0\t0\t0\t1\n",
        ] {
            check(text, true);
        }
    }
}
