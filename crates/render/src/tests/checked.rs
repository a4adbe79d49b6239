use report::{CellState, Judgement, Severity};

use super::package::{parts, sheet};
use super::samples::{finding, in_order, review, set, unset};
use crate::{CheckedReport, checked_html, checked_xlsx};

/// A report with a wrong figure, one in order, and a file that cannot be read.
fn files(check: impl FnOnce(&[CheckedReport<'_>])) {
    let mut report = in_order();
    set(&mut report, "requests.received.natural_person", 7);
    unset(&mut report, "review.upheld", CellState::Placeholder, "/");
    unset(&mut report, "review.other", CellState::Blank, "");
    let wrong = rules::review(report);
    let hostile = finding("DOC-01", Severity::Warning, Judgement::Fails, "<script>=1+1");
    let good = review(in_order(), vec![hostile]);
    check(&[
        CheckedReport { file_name: "一.docx", outcome: Ok(&wrong) },
        CheckedReport { file_name: "二.html", outcome: Ok(&good) },
        CheckedReport { file_name: "三.pdf", outcome: Err("文件已加密。") },
    ]);
}

#[test]
fn the_page_has_every_finding_and_every_figure() {
    files(|files| {
        let page = checked_html(files);
        for part in [
            "共3个文件",
            "数字：新收与上年结转合计7，办理总计与结转下年度合计8，相差1",
            "应为8（涉及",
            "<td class=\"open\">7</td>",
            "“/”",
            "无法读取：</b>文件已加密。",
            "&lt;script&gt;=1+1",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        assert!(!page.contains("<script") && !page.contains("个表格") && !page.contains(" style="));
        assert_eq!(page.matches("<table class=\"official").count(), 6);
    });
}

#[test]
fn the_workbook_has_a_row_for_each_file_finding_and_cell() {
    files(|files| {
        let bytes = checked_xlsx(files).unwrap();
        assert_eq!(bytes, checked_xlsx(files).unwrap(), "the same files are the same bytes");
        let parts = parts(&bytes);
        let (of_files, findings, cells) = (sheet(&parts, 1), sheet(&parts, 2), sheet(&parts, 3));
        assert_eq!(
            (&*of_files["A4"], &*of_files["F4"], &*of_files["G4"]),
            ("s三.pdf", "s无法读取", "s文件已加密。")
        );
        let count = files.iter().filter_map(|file| file.outcome.ok()).map(|review| review.findings.len());
        let rows = findings.keys().filter(|name| name.starts_with('A')).count();
        assert_eq!(rows, 1 + count.sum::<usize>());
        assert_eq!(cells.keys().filter(|name| name.starts_with('A')).count(), 1 + 2 * 200);
        // A cell without a number has no value, and its state says why.
        let row_of =
            |state: &str| cells.iter().find(|(name, value)| name.starts_with('F') && *value == state);
        for state in ["s原文为空格", "s原文以符号代替数字"] {
            let (name, _) = row_of(state).unwrap();
            assert!(!cells.contains_key(&name.replace('F', "E")), "{state}");
        }
    });
}
