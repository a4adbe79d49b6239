//! How much a finding weighs where a rule is not certain of it.

use report::FormId::F2021;
use report::Severity::{Error, Info, Warning};

use super::case::years;
use crate::review;

/// A late signature of a department is an error. A date that only a page shows, and a name that leaves the
/// class of the agency open, make a warning. A narrative may leave out requests that were concluded
/// without an answer (答复), so that a smaller number is a warning.
#[test]
fn a_finding_weighs_as_much_as_is_certain() {
    for (changes, rule, expected) in [
        ("dated=Signature:2025-02-18", "DOC-05", Error),
        ("dated=Signature:2025-02-18:above", "DOC-05", Warning),
        ("dated=Page:2025-02-18", "DOC-05", Warning),
        ("agency=枣庄市人民政府办公室 dated=Signature:2025-02-18", "DOC-05", Warning),
        ("agency=平乡县寻召乡人民政府 dated=Signature:2025-02-18", "DOC-05", Warning),
        ("agency=平乡县寻召乡人民政府 dated=Signature:2025-04-18", "DOC-05", Error),
        ("dated=Signature:2024-12-25", "DOC-06", Warning),
        ("dated=Page:2019-12-03", "DOC-06", Info),
        ("remark=Period:2024-01-01/2024-12-30", "DOC-03", Error),
        ("remark=Period:202411日起至20241231日", "DOC-03", Warning),
        (
            "claim=3件@requests.answered.total requests.concluded.total=9 requests.granted.total=9",
            "NAR-03",
            Warning,
        ),
        (
            "claim=12件@requests.answered.total requests.concluded.total=9 requests.granted.total=9",
            "NAR-03",
            Error,
        ),
    ] {
        let findings = review(years(F2021, changes).0).findings;
        let severities: Vec<_> =
            findings.iter().filter(|finding| finding.rule == rule).map(|finding| finding.severity).collect();
        assert_eq!(severities, [expected], "{changes}");
    }
}
