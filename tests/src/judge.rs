//! A report as it came out, held against the truth of the generator.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::api::list;
use crate::generate::Truth;

/// How well a report was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Cells that are printed.
    pub printed: usize,
    /// Printed cells with their value.
    pub right: usize,
    /// Printed cells without a value, which the report says of itself.
    pub flagged: usize,
    /// Everything that is not as it should be; a wrong figure among it is the worst there is.
    pub complaints: Vec<String>,
}

/// Holds `record`, as `GET /api/v1/reports/{id}` and `gouji check` give it, against the truth.
pub fn judge(record: &Value, truth: &Truth) -> Judgement {
    let mut judgement = Judgement::default();
    identity(record, truth, &mut judgement.complaints);
    cells(record, truth, &mut judgement);
    findings(record, truth, &mut judgement.complaints);
    judgement
}

fn identity(record: &Value, truth: &Truth, complaints: &mut Vec<String>) {
    let mut check = |what: &str, found: &Value, expected: Value| {
        if *found != expected {
            complaints.push(format!("{what} is {found} and should be {expected}"));
        }
    };
    check("agency", &record["agency"], truth.agency.clone().into());
    check("region", &record["region"]["code"], truth.region_code.clone().into());
    check("name of the region", &record["region"]["name"], truth.region_name.clone().into());
    check("year", &record["year"], truth.year.into());
    check("form", &record["form"], truth.form.into());
    check("published", &record["published"], truth.published.clone().into());
}

fn cells(record: &Value, truth: &Truth, judgement: &mut Judgement) {
    let found = record["cells"].as_object();
    if found.map_or(0, |cells| cells.len()) != truth.cells.len() {
        judgement.complaints.push("it has other cells than its form".into());
    }
    for (id, printed) in &truth.cells {
        let cell = &record["cells"][id];
        let (value, state) = (cell["value"].as_str(), cell["state"].as_str());
        let (expected, as_expected) = match (printed, truth.derived.get(id)) {
            (Some(printed), _) => (Some(printed.as_str()), state == Some("read")),
            (None, Some(derived)) => (Some(derived.as_str()), state == Some("derived")),
            (None, None) => (None, matches!(state, Some("missing" | "blank"))),
        };
        let right = value == expected && as_expected;
        if printed.is_some() {
            judgement.printed += 1;
            judgement.right += usize::from(right);
            judgement.flagged += usize::from(value.is_none());
        }
        if !right {
            judgement.complaints.push(format!("{id} is {value:?} ({state:?}) and should be {expected:?}"));
        }
    }
}

/// Every planted fault is found, and nothing else fails as an error.
fn findings(record: &Value, truth: &Truth, complaints: &mut Vec<String>) {
    let planted: BTreeSet<&str> = truth.faults.iter().map(|fault| fault.rule).collect();
    let fails = |finding: &&Value| finding["verdict"] == "fails";
    let failing = list(&record["findings"]).iter().filter(fails);
    let found: BTreeSet<&str> = failing.clone().filter_map(|finding| finding["rule"].as_str()).collect();
    for rule in planted.difference(&found) {
        complaints.push(format!("{rule} was planted and not found"));
    }
    for finding in failing.filter(|finding| finding["severity"] == "error") {
        let rule = finding["rule"].as_str().unwrap_or_default();
        if !planted.contains(rule) && !truth.also.contains(&rule) {
            complaints.push(format!("a false alarm: {} {}", finding["rule"], finding["message"]));
        }
    }
}
