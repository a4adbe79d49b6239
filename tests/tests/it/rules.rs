//! The rules on generated reports: nothing is said of one that is in order, and faults of every kind are
//! found.

use tests::bench::rules::{Measure, Options, measure};
use tests::generate::Kind;

fn measured(reports: u64, planted: u64) -> Measure {
    measure(&Options { reports, planted, seed: 20_261_124, tried: 4_000, keep: None }).unwrap()
}

#[test]
fn a_report_in_order_gets_no_error_and_no_warning_alone_or_beside_the_year_before() {
    let Measure { alarms, .. } = measured(1_000, 0);
    assert!(alarms.is_empty(), "{} alarms:\n{}", alarms.len(), alarms.join("\n"));
}

#[test]
fn every_kind_of_fault_is_found() {
    let measure = measured(0, 6);
    let mut wrong = Vec::new();
    for rule in Kind::all().iter().map(|kind| kind.rule) {
        let tally = measure.rules.get(rule).cloned().unwrap_or_default();
        if tally.found == 0 {
            wrong.push(format!("{rule}: {tally:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
