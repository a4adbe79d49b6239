//! What is wrong with a report, and how it is made wrong on purpose.

use report::{CellId, Form};

use super::figures::Figures;
use super::layout::Layout;
use super::narrative::Slips;
use super::random::Random;

/// Something that a review has to find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The rule that finds it.
    pub rule: &'static str,
    /// What was done, for people.
    pub what: String,
    /// The cell that was changed, where one was.
    pub cell: Option<String>,
}

impl Fault {
    pub(super) fn new(rule: &'static str, what: impl Into<String>) -> Self {
        Self { rule, what: what.into(), cell: None }
    }
}

/// What will be made wrong; by default nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub(super) slips: Slips,
    /// The cell to change, and by how much.
    figure: Option<(CellId, i64)>,
}

/// One fault: a wrong figure, a wrong claim, or parts that exceed their whole.
pub(super) fn plan(layout: Layout, form: &Form, figures: &Figures, random: &mut Random) -> Plan {
    let mut plan = Plan::default();
    match random.between(1, 3) {
        1 => {
            plan.slips.received = random.between(1, 3);
            // 收到 may include what came over from last year, so that sum would be no fault.
            if plan.slips.received == figures.get("requests.carried_in.total") {
                plan.slips.received += 1;
            }
        }
        2 => plan.slips.whole = random.between(1, 3),
        _ => {
            // The narrative speaks of totals, so another cell is one fault and not two. Where table three is
            // worn, its equations have to prove what is not printed, so the fault goes to table four.
            let candidates: Vec<CellId> = form
                .cells()
                .iter()
                .filter(|id| !id.as_str().starts_with("active.") && !id.as_str().ends_with(".total"))
                .filter(|id| layout.is_whole() || !id.as_str().starts_with("requests."))
                .copied()
                .collect();
            plan.figure = Some((*random.pick(&candidates), random.between(1, 3)));
        }
    }
    plan
}

/// Makes the figure wrong, once the narrative has been written from the right ones.
pub(super) fn plant(plan: &Plan, figures: &mut Figures, form: &Form) -> Vec<Fault> {
    let mut faults = Vec::new();
    if plan.slips.received != 0 {
        faults.push(Fault::new("NAR-01", format!("收到件数多写了{}", plan.slips.received)));
    }
    if plan.slips.whole != 0 {
        faults.push(Fault::new("NAR-05", format!("分项之和比总数多{}", plan.slips.whole)));
    }
    if let Some((id, change)) = plan.figure {
        figures.set(id, figures.get(id.as_str()) + change);
        for rule in figures.broken_rules(form) {
            let what = format!("{}多了{change}", form.label(id));
            faults.push(Fault { rule, what, cell: Some(id.as_str().to_owned()) });
        }
    }
    faults
}
