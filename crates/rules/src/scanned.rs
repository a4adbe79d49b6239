//! Findings about a scan: an error only where it stands whatever was misread.

use report::{CellId, Finding, Judgement, Report, Severity, Witness};

/// What the agency reads in a finding that may come from a misreading.
const LOOK: &str = "本件为扫描件，以上内容系识别所得，请先对照原图核实。";

/// Makes errors that may come from a misreading warnings: those about the text, whose characters nothing confirms, and
/// those about cells that neither an equation nor a sentence confirms.
pub(crate) fn soften(report: &Report, findings: &mut [Finding]) {
    if !report.cells.is_scanned() {
        return;
    }
    let is_error =
        |finding: &&mut Finding| finding.severity == Severity::Error && finding.judgement == Judgement::Fails;
    for finding in findings.iter_mut().filter(is_error).filter(|finding| !stands(report, finding)) {
        finding.severity = Severity::Warning;
        finding.message.push_str(LOOK);
    }
}

fn stands(report: &Report, finding: &Finding) -> bool {
    let is_of = |families: &[&str]| families.iter().any(|family| finding.rule.starts_with(family));
    // What became of the page that it was published on, and that it was sent twice, is not read off the scan.
    is_of(&["WEB-", "DUP-"])
        || is_of(&["T2-", "T3-", "T4-", "XY-"])
            && !finding.cells.is_empty()
            && finding.cells.iter().all(|cell| is_confirmed(report, *cell))
}

fn is_confirmed(report: &Report, id: CellId) -> bool {
    let witness = report.cells.get(id).map(|cell| cell.witness);
    matches!(witness, Some(Witness::Confirmed1 | Witness::Confirmed2))
}

#[cfg(test)]
mod tests {
    use report::{Cell, Cells, FormId, Origin};

    use super::*;

    #[test]
    fn an_error_stands_only_on_confirmed_figures() {
        let ids = ["requests.received.total", "requests.granted.total"].map(|id| CellId::parse(id).unwrap());
        let severity = |witnesses: [Witness; 2], rule: &str| {
            let mut report = Report { cells: Cells::missing(FormId::F2021), ..Report::default() };
            for (id, witness) in ids.into_iter().zip(witnesses) {
                *report.cells.get_mut(id).unwrap() =
                    Cell { witness, ..Cell::read(1.into(), "1", Origin::default()) };
            }
            let mut findings = [Finding {
                rule: rule.to_owned(),
                severity: Severity::Error,
                judgement: Judgement::Fails,
                message: "合计不符。".to_owned(),
                cells: ids.to_vec(),
                left: None,
                right: None,
                repair: None,
                origin: None,
                against: None,
                waiver: None,
            }];
            soften(&report, &mut findings);
            let has_look = findings[0].message.contains("扫描件");
            assert_eq!(has_look, findings[0].severity == Severity::Warning);
            findings[0].severity
        };
        use Witness::{Confirmed1, Confirmed2, Printed, Unconfirmed};
        assert_eq!(severity([Printed, Printed], "NAR-01"), Severity::Error);
        assert_eq!(severity([Confirmed2, Confirmed1], "T3-01"), Severity::Error);
        assert_eq!(severity([Confirmed2, Unconfirmed], "T3-01"), Severity::Warning);
        assert_eq!(severity([Confirmed2, Confirmed1], "NAR-01"), Severity::Warning);
    }
}
