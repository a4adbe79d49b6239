//! Claims against the cells they are about: the rule holds if any of the admitted readings does.

use report::{CellId, Claim, Decimal, Finding, Form, Quantity, Relation, Report, Severity};

use crate::Rule;
use crate::place::{column_of, difference, is_absent, number, row_label};

/// What the claims of one rule are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// Requests received, by applicant. Their total has a check of its own.
    Received,
    /// Requests concluded and carried over.
    Concluded,
    /// The outcomes of requests.
    Outcomes,
    /// Reviews and litigation.
    Disputes,
    /// Licences, penalties and coercive measures.
    Decisions,
    /// Regulations and normative documents.
    Documents,
}

/// A claim compared with the tables.
enum Agreement {
    /// One of its readings equals the tables.
    Holds,
    /// No reading equals the tables. These are the cells of the nearest reading, and their sum.
    Fails { cells: Vec<CellId>, value: Decimal },
    /// A reading may equal the tables, but one of its cells has no number.
    Unknown { cells: Vec<CellId> },
}

/// Compares the claims about a topic with the tables.
pub(super) fn check(rule: &Rule, report: &Report, topic: Topic) -> Vec<Finding> {
    let Some(form) = report.cells.form() else { return Vec::new() };
    let is_judged = |claim: &&Claim| {
        claim.exact
            && claim.relation == Relation::Is
            && claim.about.is_some_and(|about| topic_of(about) == Some(topic))
    };
    let claims: Vec<&Claim> = report.claims.iter().filter(is_judged).collect();
    let mut abouts: Vec<Quantity> = claims.iter().filter_map(|claim| claim.about).collect();
    abouts.sort_unstable();
    abouts.dedup();
    let of = |about: Quantity| claims.iter().copied().filter(move |claim| claim.about == Some(about));
    abouts
        .into_iter()
        .flat_map(|about| judge(rule, report, form, about, &of(about).collect::<Vec<_>>()))
        .collect()
}

/// The topic of a quantity; none if no rule compares it.
fn topic_of(about: Quantity) -> Option<Topic> {
    let name = about.as_str();
    let (table, rest) = name.split_once('.')?;
    match table {
        "requests" => match rest.split('.').next()? {
            "received" => (rest != "received.total").then_some(Topic::Received),
            "handled" | "concluded" | "answered" | "carried" | "carried_in" | "carried_out" => {
                Some(Topic::Concluded)
            }
            _ => Some(Topic::Outcomes),
        },
        "active" => match rest.split('.').next()? {
            "licensing" | "penalty" | "coercion" | "other_services" => Some(Topic::Decisions),
            "regulations" | "normative_documents" => Some(Topic::Documents),
            _ => None,
        },
        _ => Some(Topic::Disputes),
    }
}

/// Judges all claims about one quantity. Where one claim agrees, or their sum does, the others may count
/// a part of the year or of the area.
fn judge(rule: &Rule, report: &Report, form: &Form, about: Quantity, claims: &[&Claim]) -> Vec<Finding> {
    let readings = about.readings(form);
    let tables = readings.iter().flatten().map(|id| id.table());
    if readings.is_empty() || tables.into_iter().any(|table| is_absent(report, table)) {
        return Vec::new();
    }
    let agreements: Vec<Agreement> =
        claims.iter().map(|claim| agreement(report, about, &readings, claim.value)).collect();
    let sum = claims.iter().map(|claim| claim.value).fold(Decimal::ZERO, Decimal::saturating_add);
    let is_one_right = agreements.iter().any(|agreement| matches!(agreement, Agreement::Holds))
        || claims.len() > 1 && matches!(agreement(report, about, &readings, sum), Agreement::Holds);
    if is_one_right {
        return Vec::new();
    }
    let mut findings: Vec<Finding> = Vec::new();
    for (claim, agreement) in claims.iter().zip(agreements) {
        let finding = describe(rule, report, form, about, claim, agreement);
        let is_said = |said: &Finding| finding.as_ref().is_some_and(|finding| finding.left == said.left);
        if !findings.iter().any(is_said) {
            findings.extend(finding);
        }
    }
    findings
}

fn agreement(report: &Report, about: Quantity, readings: &[Vec<CellId>], claimed: Decimal) -> Agreement {
    let sums = readings.iter().map(|cells| {
        let known = cells.iter().filter_map(|id| report.cells.value(*id));
        let sum = known.fold(Decimal::ZERO, Decimal::saturating_add);
        (cells, sum, cells.iter().all(|id| report.cells.value(*id).is_some()))
    });
    let sums: Vec<(&Vec<CellId>, Decimal, bool)> = sums.collect();
    // A blank cell agrees with a claim of none; the rules on cells report the blank.
    if sums.iter().any(|(_, sum, is_known)| *sum == claimed && (*is_known || claimed.is_zero()))
        || is_without_carried_in(report, about, claimed)
    {
        return Agreement::Holds;
    }
    if let Some((cells, ..)) = sums.iter().find(|(_, sum, is_known)| !is_known && *sum <= claimed) {
        return Agreement::Unknown { cells: (*cells).clone() };
    }
    let nearest = sums.iter().min_by_key(|(_, sum, _)| sum.saturating_sub(claimed).abs());
    nearest.map_or(Agreement::Holds, |(cells, value, _)| Agreement::Fails {
        cells: (*cells).clone(),
        value: *value,
    })
}

/// Whether the claim counts only this year's requests, without those carried in.
fn is_without_carried_in(report: &Report, about: Quantity, claimed: Decimal) -> bool {
    let value = |row: &str| report.cells.value(report.cells.form()?.request_cell(row, "total")?);
    matches!(
        about.as_str(),
        "requests.concluded.total" | "requests.answered.total" | "requests.handled.total"
    ) && value("concluded")
        .zip(value("carried_in"))
        .is_some_and(|(concluded, carried_in)| concluded.saturating_sub(carried_in) == claimed)
}

fn describe(
    rule: &Rule,
    report: &Report,
    form: &Form,
    about: Quantity,
    claim: &Claim,
    agreement: Agreement,
) -> Option<Finding> {
    let sides =
        |finding, right| Finding { left: Some(claim.value), right, origin: Some(claim.origin), ..finding };
    match agreement {
        Agreement::Holds => None,
        Agreement::Unknown { cells } => {
            let (place, table) = (place(form, about, &cells), table(&cells));
            let message = format!(
                "正文称“{}”，而{place}没有可用的数字，无法核对。请补填{table}后重新核对。",
                claim.text
            );
            let finding = rule.unknown(report, cells, message);
            Some(sides(Finding { severity: finding.severity.min(Severity::Warning), ..finding }, None))
        }
        Agreement::Fails { cells, value } => {
            let what = format!(
                "正文称“{}”，{}为{}件，相差{}件。",
                claim.text,
                place(form, about, &cells),
                number(value),
                difference(claim.value, value)
            );
            let severity = if is_certain(about, claim, value) { rule.severity } else { Severity::Warning };
            let finding = rule.fails(report, cells, what);
            Some(sides(Finding { severity: severity.min(rule.severity), ..finding }, Some(value)))
        }
    }
}

/// Whether the words have only this meaning. 答复 may leave out requests concluded without an answer,
/// 均获维持 those not decided yet, and agencies name reasons and applicants in terms of their own.
fn is_certain(about: Quantity, claim: &Claim, value: Decimal) -> bool {
    let name = about.as_str();
    let is_row = name.starts_with("requests.") && name.matches('.').count() > 2;
    let is_applicant = name.starts_with("requests.received.");
    let is_vague = matches!(name, "requests.handled.total" | "requests.carried.total");
    let is_less = name == "requests.answered.total" && claim.value < value;
    let is_other = name.ends_with(".other") || claim.text.contains("……");
    !(is_row || is_applicant || is_vague || is_less || is_other)
}

/// A cell by its labels, a sum by its name.
fn place(form: &Form, about: Quantity, cells: &[CellId]) -> String {
    let table = table(cells);
    match cells {
        [id] if column_of(*id) == "total" => {
            let label = row_label(form, *id);
            let total = if label.ends_with("总计") { "" } else { "总计" };
            format!("{table}“{label}”{total}")
        }
        [id] => format!("{table}{}", form.place(*id)),
        _ => format!("{table}“{}”合计", about.title(form)),
    }
}

fn table(cells: &[CellId]) -> &'static str {
    cells.first().map_or("", |id| id.table().short_title())
}
