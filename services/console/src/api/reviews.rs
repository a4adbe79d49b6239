//! The JSON of what reviewers did.

use access::Caller;
use report::workflow::{Act, ActKind, Decision, FindingReference};
use search::{Card, CardHandling};
use serde_json::{Map, Value, json};

use super::decimal;
use crate::labels;
use crate::office::today;
use crate::reviews::Reviewed;
use crate::reviews_api::Outcome;

/// Where a report stands, with the acts that the caller may see. What reviewers decided on findings and who is
/// responsible is for reviewers.
pub(crate) fn reviews(reviewed: &Reviewed, caller: &Caller) -> Value {
    let Reviewed { report, workflow, .. } = reviewed;
    let mut fields = Map::new();
    fields.insert("key".into(), report.key.as_str().into());
    fields.insert("version".into(), report.version.id.as_str().into());
    fields.insert("seen".into(), reviewed.seen().into());
    fields.insert("state".into(), workflow.state.as_str().into());
    fields.insert("title".into(), workflow.state.title().into());
    fields.insert("since_ms".into(), workflow.since_ms.into());
    fields.insert("due".into(), workflow.due.map(|due| due.to_string()).into());
    fields.insert("overdue".into(), today().is_some_and(|today| workflow.is_overdue(today)).into());
    fields.insert("acts".into(), reviewed.visible_acts(caller).map(act).collect());
    if caller.is_reviewer() {
        fields.insert("acceptance_lapsed".into(), workflow.acceptance_lapsed.into());
        fields.insert("assignee".into(), workflow.assignee.as_deref().into());
        fields.insert("decisions".into(), workflow.decisions.iter().map(decision).collect());
        fields.insert("open".into(), workflow.open(&report.review.findings).len().into());
    }
    fields.into()
}

fn act(act: &Act) -> Value {
    let mut fields = Map::new();
    fields.insert("number".into(), act.number.into());
    fields.insert("act".into(), act.kind.as_str().into());
    fields.insert("title".into(), act.kind.title().into());
    fields.insert("who".into(), act.who.as_str().into());
    fields.insert("at_ms".into(), act.at_ms.into());
    fields.insert("version".into(), act.version.as_str().into());
    fields.insert("findings".into(), act.findings.iter().map(finding).collect());
    let mut add = |name: &str, value: Value| fields.insert(name.into(), value);
    match &act.kind {
        ActKind::Dismissed { why } | ActKind::Reopened { why } => drop(add("why", why.as_str().into())),
        ActKind::Waived { why, until } => {
            add("why", why.as_str().into());
            add("until", until.to_string().into());
        }
        ActKind::Returned { deadline, note, letter } => {
            add("deadline", deadline.map(|day| day.to_string()).into());
            add("note", note.as_str().into());
            add("letter", letter.as_str().into());
        }
        ActKind::Accepted { note } => drop(add("note", note.as_str().into())),
        ActKind::Commented { text } => drop(add("text", text.as_str().into())),
        ActKind::Assigned { to } => drop(add("assignee", to.as_deref().into())),
        ActKind::Confirmed => {}
    }
    fields.into()
}

fn finding(reference: &FindingReference) -> Value {
    let FindingReference { rule, cells, left, right, message } = reference;
    json!({
        "rule": rule,
        "cells": cells.iter().map(|cell| cell.as_str()).collect::<Vec<_>>(),
        "left": left.map(decimal),
        "right": right.map(decimal),
        "message": (!message.is_empty()).then_some(message),
    })
}

fn decision(decision: &Decision) -> Value {
    let until = match &decision.kind {
        ActKind::Waived { until, .. } => Some(until.to_string()),
        _ => None,
    };
    json!({
        "finding": finding(&decision.finding),
        "act": decision.kind.as_str(),
        "who": decision.who,
        "at_ms": decision.at_ms,
        "until": until,
    })
}

/// What became of each report of many.
pub(crate) fn outcomes(outcomes: &[Outcome]) -> Value {
    let one = |outcome: &Outcome| match &outcome.done {
        Ok(reviewed) => json!({
            "key": outcome.key,
            "done": true,
            "seen": reviewed.seen(),
            "state": reviewed.workflow.state.as_str(),
        }),
        Err(problem) => json!({
            "key": outcome.key,
            "done": false,
            "code": problem.code.name(),
            "detail": problem.detail,
        }),
    };
    let done = outcomes.iter().filter(|outcome| outcome.done.is_ok()).count();
    json!({
        "done": done,
        "failed": outcomes.len() - done,
        "reports": outcomes.iter().map(one).collect::<Value>(),
    })
}

/// What a hit shows of the review of a report.
pub(super) fn handling(card: &Card, is_reviewer: bool) -> Value {
    let CardHandling { state, since_ms, due, assignee, acts, open_errors, open_warnings, .. } =
        &card.handling;
    let mut fields = Map::new();
    fields.insert("state".into(), state.as_str().into());
    fields.insert("since_ms".into(), (*since_ms).into());
    fields.insert("due".into(), due.map(|due| due.to_string()).into());
    if is_reviewer {
        fields.insert("assignee".into(), assignee.as_deref().into());
        fields.insert("seen".into(), (*acts).into());
        fields.insert("open_errors".into(), (*open_errors).into());
        fields.insert("open_warnings".into(), (*open_warnings).into());
    }
    fields.into()
}

/// What is wrong with a report in a line; `null` where nothing is open.
pub(super) fn summary(card: &Card) -> Value {
    let handling = &card.handling;
    let summary = handling
        .first_rule
        .as_ref()
        .map(|rule| json!({"rule": rule, "title": labels::problem(rule), "problems": handling.problems}));
    summary.into()
}
