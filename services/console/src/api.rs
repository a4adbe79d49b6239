//! The JSON of every answer of the API. No other module of the console makes JSON, and none reads it.
//!
//! `report::json` has the shape of a reviewed report, which `gouji check` prints too. `openapi.json` describes
//! the whole.

pub(crate) mod compare;

use std::collections::HashMap;

use access::Caller;
use access::account::Account;
use bus::{Counts, Event, Lag};
use policy::InForce;
use proto::v1::{Publication, ReportRefused, RulePolicyChanged};
use report::{CellId, Decimal, Form, FormId, Region, Review, Verdict, Year};
use rules::{Rule, RulePolicy, RuleSetting};
use search::{Facet, FacetCounts, Hit, Page, Snippet, StoredReport, Sum, Version, Withdrawal};
use serde_json::{Map, Value, json};
use survey::{Attendance, Attendee, RollUp};

use crate::labels;
use crate::news::{Item, Mark};
use crate::params::Params;
use crate::pipeline_status::{IndexLeader, PipelineStatus, Snapshot};
use crate::policy_changes::Preview;
use crate::published_pages::PublishedPage;
use crate::regional::{Comparison, Punctuality};
use crate::report_changes::{CellChange, Changes};
use crate::report_history::ReportHistory;

pub(crate) mod reviews;

/// One version of a report with everything that is known of it.
pub(crate) fn report(stored: &StoredReport) -> Value {
    let StoredReport { key, version, versions, review, .. } = stored;
    let mut fields = Map::new();
    fields.insert("id".into(), version.id.as_str().into());
    fields.insert("key".into(), key.as_str().into());
    fields.insert("version".into(), version.number.into());
    fields.insert("title".into(), json!(review.report.title));
    fields.insert("submission".into(), version.submission.as_str().into());
    fields.insert("original".into(), version.original.as_str().into());
    fields.insert("file_name".into(), version.file_name.as_str().into());
    fields.insert("submitted_at_ms".into(), version.submitted_at_ms.into());
    fields.extend(report::json::review(review));
    fields.insert("problems".into(), report::json::problems(&review.findings));
    fields.insert("rules_version".into(), review.rules_version.as_str().into());
    fields.insert("withdrawn".into(), stored.withdrawal.as_ref().map(withdrawal).into());
    fields.insert("published_at".into(), stored.published.as_ref().map(published_at).into());
    fields.insert("versions".into(), versions.iter().map(version_in_list).collect());
    fields.into()
}

/// The accounts of the office.
pub(crate) fn users(accounts: &[Account]) -> Value {
    json!({"users": accounts.iter().map(user).collect::<Vec<_>>(), "total": accounts.len()})
}

/// An account without anything that helps to sign in.
pub(crate) fn user(account: &Account) -> Value {
    json!({
        "id": account.id(),
        "name": account.name,
        "display": account.display,
        "role": account.role.name(),
        "regions": account.regions,
        "agencies": account.agencies,
        "signs_in": if account.has_password() { "password" } else { "identity_provider" },
        "must_change_password": account.must_change,
        "disabled": account.is_disabled,
        "created_at_ms": account.created_at_ms,
    })
}

/// An account with the password that it was given; null where the identity provider signs it in.
pub(crate) fn user_with_password(account: &Account, password: Option<&str>) -> Value {
    json!({"user": user(account), "initial_password": password})
}

/// The state of a report that is withdrawn, whatever the log says of its versions.
const WITHDRAWN: &str = "withdrawn";

fn withdrawal(withdrawal: &Withdrawal) -> Value {
    json!({"who": withdrawal.who, "why": withdrawal.why})
}

/// Where a version was published, and when it was fetched there.
fn published_at(publication: &Publication) -> Value {
    let first_ms = match publication.first_fetched_at_ms {
        0 => publication.fetched_at_ms,
        first => first,
    };
    json!({
        "address": publication.address,
        "document": publication.document,
        "fetched_at_ms": publication.fetched_at_ms,
        "first_fetched_at_ms": first_ms,
        "first": Some(&publication.first).filter(|first| !first.is_empty()),
        "gone_since_ms": Some(publication.gone_since_ms).filter(|since| *since != 0),
    })
}

pub(crate) fn cells(stored: &StoredReport) -> Value {
    let report = &stored.review.report;
    json!({
        "id": stored.version.id,
        "key": stored.key,
        "form": report.form.map(FormId::as_str),
        "cells": report::json::cells(&report.cells),
    })
}

pub(crate) fn findings(stored: &StoredReport) -> Value {
    let review = &stored.review;
    json!({
        "id": stored.version.id,
        "key": stored.key,
        "rules_version": review.rules_version,
        "verdict": review.verdict().as_str(),
        "findings": review.findings.iter().map(report::json::finding).collect::<Value>(),
        "problems": report::json::problems(&review.findings),
    })
}

/// The findings of an indexed report as text; `null` where another version of the program wrote the report and
/// this one cannot read it.
pub(crate) fn stored_findings(review: Option<&Review>) -> String {
    let findings = |review: &Review| review.findings.iter().map(report::json::finding).collect::<Value>();
    Value::from(review.map(findings)).to_string()
}

pub(crate) fn versions(stored: &StoredReport) -> Value {
    json!({
        "id": stored.version.id,
        "key": stored.key,
        "versions": stored.versions.iter().map(version_in_list).collect::<Value>(),
    })
}

/// What changed between two versions of a report.
pub(crate) fn changes(changes: &Changes) -> Value {
    let Changes { before, after, cells, settled, new, kept } = changes;
    let cell = |change: &CellChange| {
        json!({
            "cell": change.id.as_str(),
            "before": change.before.as_ref().map(report::json::cell),
            "after": change.after.as_ref().map(report::json::cell),
            "difference": change.difference().map(decimal),
        })
    };
    json!({
        "id": after.version.id,
        "key": after.key,
        "since": before.id,
        "cells": cells.iter().map(cell).collect::<Value>(),
        "settled": settled.iter().map(report::json::finding).collect::<Value>(),
        "new": new.iter().map(report::json::finding).collect::<Value>(),
        "kept": kept,
    })
}

fn version_in_list(version: &Version) -> Value {
    json!({
        "version": version.number,
        "id": version.id,
        "original": version.original,
        "submission": version.submission,
        "submitted_at_ms": version.submitted_at_ms,
        "file_name": version.file_name,
        "verdict": version.verdict.as_str(),
    })
}

/// A page of search results, as this caller may see it. `params` are those of the request: a facet is called as the request called it.
pub(crate) fn search_page(page: &Page, params: &Params, caller: &Caller) -> Value {
    let facets = page.facets.iter().map(|counts| (facet_name(counts.facet, params), facet(counts)));
    let ranges = page.ranges.iter().map(|one| (format!("cell.{}", one.cell), compare::distribution(one)));
    json!({
        "total": page.total,
        "took_ms": page.took.as_secs_f64() * 1000.0,
        "hits": page.hits.iter().map(|one| hit(one, caller.is_reviewer())).collect::<Value>(),
        "facets": facets.collect::<Map<_, _>>(),
        "ranges": ranges.collect::<Map<_, _>>(),
        "next_cursor": page.next_cursor,
        "relaxed": page.relaxed,
        "warnings": page.warnings,
        "questions": page.questions.iter().map(compare::question).collect::<Value>(),
    })
}

fn hit(hit: &Hit, for_reviewer: bool) -> Value {
    let card = &hit.card;
    json!({
        "id": card.id,
        "key": card.key,
        "title": card.title,
        "agency": card.agency,
        "year": card.year.map(Year::get),
        "region": card.region.as_ref().map(region),
        "form": card.form.map(FormId::as_str),
        "verdict": card.verdict.as_str(),
        "published": card.published.map(|day| day.to_string()),
        "versions": card.versions,
        "review": reviews::handling(card, for_reviewer),
        "problem": reviews::summary(card),
        "score": hit.score,
        "figures": hit.figures.iter().map(|figure| compare::hit_figure(&card.key, figure)).collect::<Value>(),
        "snippets": hit.snippets.iter().map(snippet).collect::<Value>(),
    })
}

/// Highlights are ranges of characters: not every language counts bytes of UTF-8.
fn snippet(snippet: &Snippet) -> Value {
    let chars = |to: usize| snippet.text[..to].chars().count();
    let highlights = snippet.highlights.iter().map(|range| json!([chars(range.start), chars(range.end)]));
    json!({"text": snippet.text, "highlights": highlights.collect::<Value>()})
}

fn facet(counts: &FacetCounts) -> Value {
    let values = counts.values.iter().map(|value| {
        let label = labels::facet_value(counts.facet, value);
        json!({"value": value.value, "label": label, "count": value.count})
    });
    values.collect()
}

/// The facet of rules has two names, `rule` and `finding`.
fn facet_name(facet: Facet, params: &Params) -> String {
    let requested = params.get("facets").unwrap_or_default();
    let is_finding = requested.split(',').any(|name| name.trim() == "finding");
    if facet == Facet::Rule && is_finding { "finding".into() } else { facet.as_str().into() }
}

/// The sums of one cell, by the groups of the parameter `by`.
pub(crate) fn sums(cell: CellId, by: &str, sums: &[Sum]) -> Value {
    let groups = sums.iter().map(|sum| {
        json!({
            "group": sum.group,
            "reports": sum.reports,
            "sum": decimal(sum.sum),
            "min": decimal(sum.min),
            "max": decimal(sum.max),
        })
    });
    let mut forms = FormId::ALL.into_iter().map(Form::get);
    json!({
        "cell": cell.as_str(),
        "label": forms.find_map(|form| form.position(cell).map(|_| report::full_width_brackets(form.label(cell)))),
        "by": by,
        "groups": groups.collect::<Value>(),
    })
}

/// Which agencies of the roster have reported for a year. `published` has the pages of originals that were fetched.
pub(crate) fn attendance(
    year: Year,
    attendance: &Attendance,
    published: &HashMap<String, PublishedPage>,
) -> Value {
    let Attendance { agencies, strangers, .. } = attendance;
    let count =
        |punctuality| agencies.iter().filter(|attendee| Punctuality::of(attendee) == punctuality).count();
    let strangers = strangers
        .iter()
        .map(|stranger| json!({"agency": stranger.agency, "region": stranger.region, "key": stranger.key}));
    json!({
        "year": year.get(),
        "expected": agencies.len() - count(Punctuality::Exempt),
        "exempt": count(Punctuality::Exempt),
        "in_time": count(Punctuality::InTime),
        "late": count(Punctuality::Late),
        "missing": count(Punctuality::Missing),
        "strangers": strangers.collect::<Value>(),
        "agencies": agencies.iter().map(|one| attendee(one, published)).collect::<Value>(),
    })
}

fn attendee(attendee: &Attendee, published: &HashMap<String, PublishedPage>) -> Value {
    let day = attendee.first_day();
    let reports = attendee.reports.iter();
    let reports = reports.map(|report| {
        let page = published.get(&report.original);
        json!({
            "key": report.key,
            "verdict": report.verdict.as_str(),
            "address": page.map(|page| &page.address),
            "first_fetched_at_ms": page.map(|page| page.first_fetched_at_ms),
        })
    });
    json!({
        "agency": attendee.agency,
        "region": attendee.region,
        "deadline": attendee.deadline.map(|day| day.to_string()),
        "state": Punctuality::of(attendee).as_str(),
        "day": day.map(|(day, _)| day.to_string()),
        "day_source": day.map(|(_, source)| source.title()),
        "repeated": attendee.is_repeated(),
        "exempt": attendee.is_exempt,
        "note": attendee.note,
        "missing_years": attendee.missing_years.iter().map(|year| year.get()).collect::<Value>(),
        "reports": reports.collect::<Value>(),
    })
}

/// What the comparison of the reports of a region and a year with each other found.
pub(crate) fn survey(of: &Region, year: Year, comparison: &Comparison) -> Value {
    let members = || comparison.members.iter().filter(|member| member.year == Some(year));
    let found = members().filter_map(|member| {
        let findings = comparison.findings.get(&member.key)?;
        Some(json!({
            "key": member.key,
            "id": member.id,
            "agency": member.agency,
            "findings": findings.iter().map(report::json::finding).collect::<Value>(),
        }))
    });
    json!({
        "region": region(of),
        "year": year.get(),
        "reports": members().count(),
        "found": found.collect::<Value>(),
    })
}

/// The form of a region, filled in from the reports of its agencies.
pub(crate) fn roll_up(rolled: &RollUp) -> Value {
    let cells = rolled.cells.iter().map(|cell| {
        let sum = json!({
            "value": cell.sum.map(decimal),
            "exact": cell.is_exact,
            "contributors": cell.contributors,
            "lacking": cell.lacking,
        });
        (cell.id.as_str().to_owned(), sum)
    });
    let contributors = rolled.contributors.iter().map(|one| {
        json!({
            "agency": one.agency,
            "region": one.region,
            "key": one.key,
            "form": one.form.as_str(),
            "scope": one.scope.map(|(scope, _)| scope.as_str()),
            "counted": one.how.title(),
            "verdict": one.verdict.as_str(),
        })
    });
    let gaps = rolled.gaps.iter().map(|gap| {
        json!({"agency": gap.agency, "region": gap.region, "key": gap.key, "counted_below": gap.counted_below})
    });
    let doubts = rolled.doubts.iter().map(|doubt| {
        json!({"agency": doubt.agency, "region": doubt.region, "key": doubt.key, "doubt": doubt.kind.sentence()})
    });
    json!({
        "region": region(&rolled.region),
        "year": rolled.year.get(),
        "form": rolled.form.as_str(),
        "roster": rolled.has_roster,
        "cells": cells.collect::<Map<_, _>>(),
        "contributors": contributors.collect::<Value>(),
        "gaps": gaps.collect::<Value>(),
        "doubts": doubts.collect::<Value>(),
        "balance": balance(rolled),
        "whole": own_report(rolled),
        "unplaced": rolled.unplaced,
    })
}

/// Whether the sums satisfy the equations of the form.
fn balance(rolled: &RollUp) -> Value {
    let balance = rolled.balance.iter().map(|(equation, sums)| {
        json!({
            "rule": rules::of_equation(equation).id,
            "place": equation.place,
            "left": sums.left.map(decimal),
            "right": sums.right.map(decimal),
            "holds": sums.hold(),
        })
    });
    balance.collect()
}

/// The region's own report, which covers the whole region, beside the sums.
fn own_report(rolled: &RollUp) -> Value {
    let whole = rolled.whole.as_ref().map(|whole| {
        let figures = rolled.cells.iter().zip(&whole.figures);
        let figures = figures.map(|(cell, figure)| (cell.id.as_str().to_owned(), figure.map(decimal).into()));
        json!({
            "agency": whole.agency,
            "key": whole.key,
            "scope": whole.scope.map(|(scope, _)| scope.as_str()),
            "cells": figures.collect::<Map<String, Value>>(),
        })
    });
    whole.into()
}

/// The events about one reading of one original.
pub(crate) fn history(history: &ReportHistory) -> Value {
    let event = |event: &Event| {
        json!({
            "fact": event.fact(),
            "at_ms": event.at_ms,
            "sequence": event.sequence,
            "subject": event.subject,
            "trace_id": event.trace_id(),
        })
    };
    json!({
        "id": history.id,
        "state": if history.withdrawal.is_some() { WITHDRAWN } else { history.state.as_str() },
        "withdrawn": history.withdrawal.as_ref().map(withdrawal),
        "facts": history.events.iter().map(event).collect::<Value>(),
        "refusal": history.refusal.as_ref().map(refusal),
    })
}

/// The part of a refusal that the sender may read: it leaves out the detail for operators.
fn refusal(refused: &ReportRefused) -> Value {
    json!({
        "stage": refused.stage,
        "class": refused.class,
        "message": refused.message,
        "attempts": refused.attempts.len(),
    })
}

/// What is new after a mark, and the agencies that are overdue now.
pub(crate) fn news(items: &[Item], mark: &Mark, overdue: &[Item]) -> Value {
    json!({
        "items": items.iter().map(news_item).collect::<Value>(),
        "next": mark.to_string(),
        "overdue": overdue.iter().map(news_item).collect::<Value>(),
    })
}

fn news_item(item: &Item) -> Value {
    json!({
        "id": item.id,
        "kind": item.kind.as_str(),
        "at_ms": item.at_ms,
        "sequence": item.sequence,
        "report": item.report,
        "title": item.title(),
        "agency": item.agency,
        "region": item.region.as_ref().map(region),
        "year": item.year,
        "file_name": item.file_name,
        "verdict": item.verdict.map(Verdict::as_str),
        "why": item.why,
    })
}

/// Counts and lag, as the event stream sends them.
pub(crate) fn snapshot(snapshot: &Snapshot) -> Value {
    let lag = snapshot.lag.iter().map(|stage| Value::from(lag(stage)));
    json!({
        "counts": counts(snapshot.counts),
        "lag": lag.collect::<Value>(),
        "searchable_reports": snapshot.searchable,
    })
}

/// The whole state of the pipeline.
pub(crate) fn pipeline_status(status: &PipelineStatus) -> Value {
    let lag = status.snapshot.lag.iter().zip(&status.oldest_ms).map(|(stage, oldest_ms)| {
        let mut fields = lag(stage);
        fields.insert("oldest_ms".into(), (*oldest_ms).into());
        Value::from(fields)
    });
    let mut fields = Map::new();
    fields.insert("counts".into(), counts(status.snapshot.counts));
    fields.insert("lag".into(), lag.collect());
    fields.insert("refused_by_class".into(), json!(status.refused_by_class));
    fields.insert("searchable_reports".into(), status.snapshot.searchable.into());
    if let Some(IndexLeader(leader)) = &status.index_leader {
        let leader = leader.as_ref();
        let leader = leader.map(|leader| json!({"holder": leader.holder, "until_ms": leader.until_ms}));
        fields.insert("index_leader".into(), leader.into());
    }
    if let Some(outlets) = &status.outlets {
        fields.insert("outlets".into(), outlets.iter().map(crate::outlets::json).collect());
    }
    fields.into()
}

fn counts(counts: Counts) -> Value {
    let Counts { submitted, parsed, validated, indexed, refused } = counts;
    json!({
        "submitted": submitted,
        "parsed": parsed,
        "validated": validated,
        "indexed": indexed,
        "refused": refused,
    })
}

fn lag(lag: &Lag) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("stage".into(), lag.stage.into());
    fields.insert("waiting".into(), lag.waiting.into());
    fields.insert("in_flight".into(), lag.in_flight.into());
    fields.insert("redelivered".into(), lag.redelivered.into());
    fields.insert("paused_until_ms".into(), lag.paused_until_ms.into());
    fields
}

/// Every rule as it weighs here, with the number of reports that have a finding of it.
pub(crate) fn rules(policy: &RulePolicy, counts: &HashMap<String, u64>) -> Value {
    let rule = |rule: &&Rule| {
        let setting = match policy.setting(rule) {
            RuleSetting::Default => "default",
            RuleSetting::Off => "off",
            RuleSetting::Severity(severity) => severity.as_str(),
        };
        json!({
            "id": rule.id,
            "name": rule.name,
            "problem": rule.problem,
            "requirement": rule.requirement,
            "severity": rule.severity.as_str(),
            "setting": setting,
            "basis": rule.basis,
            "formula": rule.formula,
            "hint": rule.hint,
            "reports": counts.get(rule.id).copied().unwrap_or_default(),
        })
    };
    json!({"version": policy.version(), "rules": rules::catalogue().iter().map(rule).collect::<Value>()})
}

/// The rule policy in force, and the change that brought it.
pub(crate) fn policy(in_force: &InForce) -> Value {
    let change = in_force.change.as_deref();
    json!({
        "id": in_force.id(),
        "version": in_force.policy.version(),
        "policy": in_force.policy.to_toml(),
        "who": change.map(|change| &change.who),
        "why": change.map(|change| &change.why),
        "changed_at_ms": change.map(|change| change.changed_at_ms),
    })
}

/// A change of the rule policy.
pub(crate) fn policy_changed(change: &RulePolicyChanged) -> Value {
    json!({"id": change.id, "changed_at_ms": change.changed_at_ms})
}

/// What a policy would change.
pub(crate) fn policy_preview(preview: &Preview) -> Value {
    let verdicts = preview
        .verdicts
        .iter()
        .map(|((from, to), reports)| json!({"from": from.as_str(), "to": to.as_str(), "reports": reports}));
    let rules =
        preview.rules.iter().map(|(rule, (new, gone))| json!({"rule": rule, "new": new, "gone": gone}));
    json!({
        "all": preview.all,
        "touched": preview.touched,
        "reports": preview.reports,
        "unjudged_rules": preview.unjudged_rules,
        "changed": preview.changed,
        "verdicts": verdicts.collect::<Value>(),
        "rules": rules.collect::<Value>(),
    })
}

fn region(region: &Region) -> Value {
    json!({"code": region.code, "name": region.name})
}

fn decimal(value: Decimal) -> String {
    value.normalize().to_string()
}
