//! Problems: what an agency has to deal with. One wrong figure breaks several equations and contradicts the text as
//! well; the findings that the same change would settle are one problem.

use crate::{Finding, Judgement, Repair, Severity};

/// A finding, or several that one change would settle.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem<'a> {
    /// Its findings in the order of the review; never none.
    pub findings: Vec<&'a Finding>,
}

/// Groups findings into problems, in the order of their first findings. A finding that was waived, or that cannot be
/// judged, is a problem by itself.
pub fn problems<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<Problem<'a>> {
    let findings: Vec<&Finding> = findings.into_iter().collect();
    let repairs: Vec<&Repair> = findings
        .iter()
        .filter(|finding| counts(finding))
        .filter_map(|finding| finding.repair.as_ref())
        .collect();
    let mut problems: Vec<(Option<&Repair>, Problem)> = Vec::new();
    for finding in findings {
        let settled_by = repairs.iter().copied().find(|repair| settles(repair, finding));
        let same = settled_by.and_then(|repair| {
            problems.iter_mut().find(|(other, _)| other.is_some_and(|other| is_same(repair, other)))
        });
        match same {
            Some((_, problem)) => problem.findings.push(finding),
            None => problems.push((settled_by, Problem { findings: vec![finding] })),
        }
    }
    problems.into_iter().map(|(_, problem)| problem).collect()
}

/// How many problems count towards the verdict: neither hints, nor what was waived, nor what cannot be judged.
pub fn count_problems(findings: &[Finding]) -> usize {
    let problems = problems(findings).into_iter();
    problems
        .filter(|problem| {
            problem.severity() != Severity::Info && problem.findings.iter().all(|one| counts(one))
        })
        .count()
}

impl<'a> Problem<'a> {
    /// The severity of the most severe finding.
    pub fn severity(&self) -> Severity {
        self.findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Info)
    }

    /// The change that would settle all its findings, if one is known.
    pub fn repair(&self) -> Option<&'a Repair> {
        self.findings.iter().find_map(|finding| finding.repair.as_ref())
    }
}

fn counts(finding: &Finding) -> bool {
    finding.judgement == Judgement::Fails && finding.waiver.is_none()
}

fn is_same(one: &Repair, other: &Repair) -> bool {
    one.cell == other.cell && one.value == other.value
}

/// Whether the finding would not have been made with the repaired figure: it proposes the same repair, or it compares
/// the cell with a figure elsewhere that is the repaired one.
fn settles(repair: &Repair, finding: &Finding) -> bool {
    match &finding.repair {
        _ if !counts(finding) => false,
        Some(own) => is_same(own, repair),
        None => {
            let names_the_cell = finding.cells == [repair.cell];
            names_the_cell && [finding.left, finding.right].contains(&Some(repair.value))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CellId, Date, Waiver};

    fn finding(rule: &str, cells: &[&str], sides: (i64, i64), repair: Option<(&str, i64)>) -> Finding {
        let id = |id: &str| CellId::parse(id).unwrap();
        Finding {
            rule: rule.into(),
            severity: if rule.starts_with("NAR") { Severity::Warning } else { Severity::Error },
            judgement: Judgement::Fails,
            message: String::new(),
            cells: cells.iter().copied().map(id).collect(),
            left: Some(sides.0.into()),
            right: Some(sides.1.into()),
            repair: repair.map(|(cell, value)| Repair {
                cell: id(cell),
                value: value.into(),
                reason: rule.into(),
            }),
            origin: None,
            against: None,
            waiver: None,
        }
    }

    const TOTAL: &str = "requests.concluded.total";
    const RECEIVED: &str = "requests.received.total";

    /// The rules of each problem.
    fn drawn(findings: &[Finding]) -> Vec<String> {
        let rules = |problem: &Problem| {
            problem.findings.iter().map(|finding| finding.rule.as_str()).collect::<Vec<_>>().join(" ")
        };
        problems(findings).iter().map(rules).collect()
    }

    #[test]
    fn one_wrong_figure_is_one_problem() {
        let slip = [
            finding("NAR-03", &[TOTAL], (173, 174), None),
            finding("T3-01", &[RECEIVED, TOTAL], (173, 174), Some((TOTAL, 173))),
            finding("T3-02", &[TOTAL], (173, 174), Some((TOTAL, 173))),
            finding("T4-01", &["review.total"], (3, 4), Some(("review.total", 3))),
            finding("T3-03", &[TOTAL], (173, 174), Some((TOTAL, 173))),
            finding("NAR-01", &[RECEIVED], (172, 173), None),
        ];
        assert_eq!(drawn(&slip), ["NAR-03 T3-01 T3-02 T3-03", "T4-01", "NAR-01"]);
        let found = problems(&slip);
        assert_eq!(found[0].severity(), Severity::Error);
        assert_eq!(found[0].repair().map(|repair| repair.value), Some(173.into()));
        assert_eq!((found[2].severity(), found[2].repair()), (Severity::Warning, None));
    }

    #[test]
    fn findings_that_the_repair_does_not_settle_stay_alone() {
        let repair = Some((TOTAL, 173));
        let other = [
            finding("T3-01", &[TOTAL], (173, 174), repair),
            // The text says a third number, or compares a sum of cells.
            finding("NAR-03", &[TOTAL], (172, 174), None),
            finding("NAR-01", &[TOTAL, RECEIVED], (173, 174), None),
            // Another value for the same cell.
            finding("T3-02", &[TOTAL], (173, 174), Some((TOTAL, 175))),
        ];
        assert_eq!(drawn(&other), ["T3-01", "NAR-03", "NAR-01", "T3-02"]);
        let waiver = Waiver { who: "甲".into(), why: "乙".into(), until: Date::constant(2025, 12, 31) };
        let waived = Finding { waiver: Some(waiver), ..finding("T3-02", &[TOTAL], (1, 2), repair) };
        let unknown = Finding { judgement: Judgement::Unknown, ..finding("T3-03", &[TOTAL], (1, 2), repair) };
        let mixed = [other[0].clone(), waived, unknown];
        assert_eq!(drawn(&mixed), ["T3-01", "T3-02", "T3-03"]);
        assert_eq!(drawn(&[]), Vec::<String>::new());
        assert_eq!(count_problems(&mixed), 1, "neither what was waived nor what cannot be judged");
    }
}
