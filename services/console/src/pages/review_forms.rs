//! What the forms of the review do: `POST /reports/{id}/reviews` for one report and `POST /review` for many.

use access::Caller;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use report::workflow::{ActKind, FindingReference};

use super::layout::{self, ErrorPage};
use crate::app::App;
use crate::params::Id;
use crate::problem::Problem;
use crate::reviews::{self, FindingSelector, Request, Reviewed, token};
use crate::reviews_api::{self, Outcome, Target, Words};

/// The fields of a form, in order.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn parse(body: &str) -> Self {
        Self(access::pairs(body).collect())
    }

    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn kind(&self) -> Result<ActKind, Problem> {
        let text = |name: &str| self.get(name).to_owned();
        let words = Words {
            why: text("why"),
            note: text("note"),
            text: text("text"),
            until: text("until"),
            deadline: text("deadline"),
            letter: text("letter"),
            assignee: text("assignee"),
        };
        reviews_api::kind(self.get("act"), words)
    }
}

/// Does something to one report, and shows it again.
pub(crate) async fn act(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    body: String,
) -> Result<Redirect, ErrorPage> {
    let fields = Fields::parse(&body);
    let kind = fields.kind()?;
    let seen = fields.get("seen").parse().map_err(|_| {
        Problem::bad_parameter("seen", "没有写明已看到的审核记录数。".into()).hint("请在年度报告页面上办理。")
    })?;
    let chosen: Vec<&str> = fields.all("finding").collect();
    if fields.get("about") == "findings" && chosen.is_empty() {
        return Err(Problem::bad_parameter("findings", "没有选择要处理的问题。".into()).into());
    }
    let findings = if chosen.is_empty() {
        Vec::new()
    } else {
        selected(&Reviewed::load(&app, &caller, &id).await?, &chosen)?
    };
    let version = Some(fields.get("version").to_owned()).filter(|version| !version.is_empty());
    let request = Request { seen: Some(seen), version, kind, findings };
    let reviewed = reviews::act(&app, &caller, &id, &request).await?;
    Ok(Redirect::to(&format!("/reports/{}#review", reviewed.report.key)))
}

/// The findings that the tokens of a form name.
fn selected(reviewed: &Reviewed, tokens: &[&str]) -> Result<Vec<FindingSelector>, Problem> {
    let findings = &reviewed.report.review.findings;
    let known: Vec<(String, FindingReference)> =
        findings.iter().map(FindingReference::of).map(|reference| (token(&reference), reference)).collect();
    let selector = |wanted: &&str| {
        let found = known.iter().find(|(token, _)| token == wanted);
        found
            .map(|(_, reference)| FindingSelector::from(reference.clone()))
            .ok_or_else(reviews::findings_changed)
    };
    tokens.iter().map(selector).collect()
}

/// Does the same to many reports, after a page that says what to how many.
pub(crate) async fn act_on_many(
    State(app): State<App>,
    caller: Caller,
    body: String,
) -> Result<Response, ErrorPage> {
    let fields = Fields::parse(&body);
    let kind = fields.kind()?;
    let targets = targets(&app, &caller, &fields).await?;
    let rule = fields.get("rule");
    let needs_rule = matches!(kind, ActKind::Confirmed | ActKind::Dismissed { .. } | ActKind::Waived { .. });
    if needs_rule && rule.is_empty() {
        return Err(Problem::bad_parameter("rule", "没有选择规则。".into()).into());
    }
    let content = if fields.get("confirmed") == "true" {
        let selector = FindingSelector { rule: rule.to_owned(), ..FindingSelector::default() };
        let findings = if needs_rule { vec![selector] } else { Vec::new() };
        let outcomes = reviews_api::on_many(&app, &caller, targets, kind, findings).await?;
        result(&outcomes, fields.get("back"))
    } else {
        if targets.is_empty() {
            return Err(Problem::bad_parameter("reports", "没有选择年度报告。".into()).into());
        }
        confirmation(&fields, &kind, &targets)
    };
    Ok(layout::page_with(&app, &caller, super::review::TITLE, "", &["review.css"], content)
        .await
        .into_response())
}

/// The reports that were ticked, or all that the list found.
async fn targets(app: &App, caller: &Caller, fields: &Fields) -> Result<Vec<Target>, Problem> {
    if fields.get("all").is_empty() {
        return Ok(fields.all("report").map(target).collect());
    }
    reviews_api::found(app, caller, fields.get("filter"), fields.get("all").parse().ok()).await
}

/// `key:seen`.
fn target(value: &str) -> Target {
    let (key, seen) = value.split_once(':').unwrap_or((value, ""));
    Target { key: key.to_owned(), seen: seen.parse().ok() }
}

/// What will be done to how many reports, to be confirmed.
fn confirmation(fields: &Fields, kind: &ActKind, targets: &[Target]) -> Markup {
    let back = back(fields.get("back"));
    let kept = ["act", "why", "note", "until", "deadline", "letter", "assignee", "rule", "back"];
    html! {
        section.card.confirm {
            h1 { "对 " (targets.len()) " 份年度报告办理“" (kind.title()) "”" }
            (terms(kind, fields.get("rule")))
            form method="post" action="/review" {
                @for name in kept { @if !fields.get(name).is_empty() { input type="hidden" name=(name) value=(fields.get(name)); } }
                @for target in targets {
                    input type="hidden" name="report" value={ (target.key) ":" @if let Some(seen) = target.seen { (seen) } };
                }
                p.buttons {
                    button.button.primary name="confirmed" value="true" { "确认办理 " (targets.len()) " 份" }
                    " " a href=(back) { "返回" }
                }
            }
        }
    }
}

fn terms(kind: &ActKind, rule: &str) -> Markup {
    let line = |name: &str, text: &str| html! { @if !text.is_empty() { p { (name) "：" (text) } } };
    html! {
        @if !rule.is_empty() && !matches!(kind, ActKind::Returned { .. } | ActKind::Accepted { .. } | ActKind::Assigned { .. }) {
            p { "规则：" (crate::labels::problem(rule).unwrap_or_default()) "（" (rule) "）" }
        }
        @match kind {
            ActKind::Returned { deadline, note, letter } => {
                p { "整改期限：" @match deadline { Some(day) => (day), None => "未设定" } }
                (line("文号", letter)) (line("告知报送单位", note))
            },
            ActKind::Assigned { to } => p { "经办人：" (to.as_deref().unwrap_or("不再由任何人经办")) },
            ActKind::Dismissed { why } | ActKind::Reopened { why } => (line("理由", why)),
            ActKind::Waived { why, until } => { (line("理由", why)) p { "豁免至：" (until) } },
            ActKind::Accepted { note } => (line("说明", note)),
            ActKind::Commented { text } => (line("备注", text)),
            ActKind::Confirmed => {},
        }
    }
}

/// What became of the reports.
fn result(outcomes: &[Outcome], back_to: &str) -> Markup {
    let failed: Vec<(&Outcome, &Problem)> =
        outcomes.iter().filter_map(|outcome| Some((outcome, outcome.done.as_ref().err()?))).collect();
    let done = outcomes.len() - failed.len();
    html! {
        section.card {
            h1 { "已办理 " (done) " 份" @if !failed.is_empty() { "，" (failed.len()) " 份未办理" } }
            @if !failed.is_empty() {
                table.work {
                    thead { tr { th { "年度报告" } th { "未办理的原因" } } }
                    tbody { @for (outcome, problem) in &failed {
                        tr { td { a href={ "/reports/" (outcome.key) } { (outcome.key) } } td { (problem.detail) } }
                    } }
                }
            }
            p { a.button href=(back(back_to)) { "回到审核" } }
        }
    }
}

/// The list that somebody came from; never another site.
fn back(address: &str) -> &str {
    if address.starts_with("/review") { address } else { "/review" }
}
