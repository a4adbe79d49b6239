//! `/rules`: every rule with its basis and its example, what the office decided about it, and the changes of the rule
//! policy: tried out on the reports in the index, then on the log, and in force without a restart.

use std::collections::HashMap;

use access::{Caller, Code, Requires};
use axum::extract::State;
use axum::response::Redirect;
use maud::{Markup, html};
use policy::InForce;
use proto::v1::RulePolicyChanged;
use report::{Severity, Verdict, Waiver, Year, beijing};
use rules::{Expected, PolicyWaiver, Rule, RulePolicy, RuleSetting, Weights};

use super::layout::{self, ErrorPage, badge};
use crate::app::App;
use crate::office;
use crate::params::Params;
use crate::policy_api;
use crate::policy_changes::{self, Change, Preview};
use crate::problem::Problem;

const TITLE: &str = "校核规则";

/// The families of rules by the beginning of their ids.
const FAMILIES: [(&str, &str); 11] = [
    ("DOC", "格式和组成部分"),
    ("T2", "表二：主动公开"),
    ("T3", "表三：依申请公开"),
    ("T4", "表四：行政复议、行政诉讼"),
    ("CEL", "表格的填写"),
    ("NAR", "正文与表格"),
    ("XY", "与上年比较"),
    ("SIM", "文字雷同"),
    ("AGG", "汇总和名录"),
    ("DUP", "重复报送"),
    ("WEB", "网页公布"),
];

/// What an office may decide about a rule, as a form sends it.
const SETTINGS: [(&str, &str, RuleSetting); 5] = [
    ("default", "按规则", RuleSetting::Default),
    ("error", "错误", RuleSetting::Severity(Severity::Error)),
    ("warning", "警告", RuleSetting::Severity(Severity::Warning)),
    ("info", "提示", RuleSetting::Severity(Severity::Info)),
    ("off", "停用", RuleSetting::Off),
];

pub(crate) async fn rules(State(app): State<App>, caller: Caller) -> Result<Markup, ErrorPage> {
    let in_force = app.policy().await?;
    let counts = policy_api::counts(&app, &caller).await?;
    let may_change = caller.can(Requires::Lead) && caller.sees_all();
    let history = if caller.is_reviewer() { policy_changes::history(&app).await? } else { Vec::new() };
    let weights = office::weights(&app).await?;
    let content = html! {
        h1 { (TITLE) }
        (standing(&app, &in_force).await?)
        nav.families aria-label="规则分组" {
            @for (family, title) in FAMILIES { a href={ "#" (family) } { (title) } }
            @if caller.is_reviewer() { a href="#policy" { "豁免和权重" } a href="#history" { "历次改动" } }
        }
        @if may_change {
            form method="post" action="/rules/preview" {
                input type="hidden" name="seen" value=(in_force.id());
                (catalogue(&in_force.policy, &counts, true))
                (decisions(&in_force.policy, weights, &caller))
            }
        } @else {
            (catalogue(&in_force.policy, &counts, false))
            @if caller.is_reviewer() { (waivers(&in_force.policy, false)) }
        }
        @if caller.is_reviewer() { (past(&history, &in_force, may_change)) }
    };
    Ok(page(&app, &caller, content).await)
}

async fn page(app: &App, caller: &Caller, content: Markup) -> Markup {
    layout::page_with(app, caller, TITLE, "", &["office.css"], content).await
}

/// Which policy is in force, and whether the reports in the index were judged under it.
async fn standing(app: &App, in_force: &InForce) -> Result<Markup, Problem> {
    let is_judged = app.read(policy_changes::judged_under).await? == in_force.id();
    Ok(html! {
        section.card {
            p {
                "规则版本 " code { (in_force.policy.version()) } "。"
                @match in_force.change.as_deref() {
                    None => "本单位没有在页面上改动过校核政策，按系统设置执行。",
                    Some(change) => {
                        "现行校核政策由" (who(change)) "于" (beijing::format_time(change.changed_at_ms)) "设定，理由：" (change.why) "。"
                    }
                }
            }
            @if is_judged {
                p.quiet { "检索库中的年度报告已按现行政策校核。" }
            } @else {
                p.notice.warn { "检索库中的年度报告正在按现行政策重新校核，完成前列表中的结论可能仍是原来的。" }
            }
        }
    })
}

fn who(change: &RulePolicyChanged) -> &str {
    if change.who.is_empty() { "（未设登录）" } else { &change.who }
}

fn catalogue(policy: &RulePolicy, counts: &HashMap<String, u64>, may_change: bool) -> Markup {
    html! {
        @for (family, title) in FAMILIES {
            section.card.catalogue id=(family) {
                h2 { (title) }
                @for rule in rules::catalogue().iter().filter(|rule| family_of(rule) == family) {
                    (entry(rule, policy, counts.get(rule.id).copied().unwrap_or_default(), may_change))
                }
            }
        }
    }
}

fn family_of(rule: &Rule) -> &'static str {
    rule.id.split('-').next().unwrap_or_default()
}

fn entry(rule: &Rule, policy: &RulePolicy, reports: u64, may_change: bool) -> Markup {
    let setting = policy.setting(rule);
    let (severity, title) = effective(rule, setting);
    let example = rule.cases.iter().find(|case| case.expected == Expected::Fails && case.message.is_some());
    html! {
        article.rule id=(rule.id) data-severity=(severity) {
            h3 {
                a href={ "#" (rule.id) } { code { (rule.id) } } " " (rule.problem) " "
                span.severity { (title) }
                @if setting != RuleSetting::Default { " " span.quiet { "本单位设定，原为" (rule.severity.title()) } }
            }
            dl {
                dt { "要求" } dd { (rule.requirement) }
                dt { "判定" } dd { (in_words(rule.formula)) }
                dt { "依据" } dd { (rule.basis) }
                @if let Some(message) = example.and_then(|case| case.message) { dt { "示例" } dd { (message) } }
                dt { "改法" } dd { (rule.hint) }
                dt { "现有" } dd {
                    @if reports == 0 { "没有年度报告有这个问题" }
                    @else { a href={ "/?finding=" (rule.id) } { (reports) "份年度报告" } }
                }
                @if may_change {
                    dt { label for={ "set-" (rule.id) } { "本单位" } }
                    dd { select id={ "set-" (rule.id) } name={ "rule." (rule.id) } {
                        @for (name, title, known) in SETTINGS {
                            option value=(name) selected[known == setting] {
                                (title) @if known == RuleSetting::Default { "（" (rule.severity.title()) "）" }
                            }
                        }
                    } }
                }
            }
        }
    }
}

/// How much a rule weighs here, for the style sheet and in words.
fn effective(rule: &Rule, setting: RuleSetting) -> (&'static str, &'static str) {
    match setting {
        RuleSetting::Off => ("off", "停用"),
        RuleSetting::Severity(severity) => (severity.as_str(), severity.title()),
        RuleSetting::Default => (rule.severity.as_str(), rule.severity.title()),
    }
}

/// A formula with the names of the form in place of the ids of cells.
fn in_words(formula: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let mut words = String::new();
    let mut rest = formula;
    while let Some(start) = rest.find(|c: char| c.is_ascii_lowercase()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !is_part(c)).unwrap_or(from.len());
        let (id, after) = from.split_at(end);
        words.push_str(before);
        match label(id.trim_end_matches('.')) {
            Some(label) => words.push_str(&format!("“{label}”")),
            None => words.push_str(id),
        }
        rest = after;
    }
    words + rest
}

fn label(id: &str) -> Option<String> {
    let id = report::CellId::parse(id).ok()?;
    let forms = report::FormId::ALL.into_iter().rev().map(report::Form::get);
    let form = forms.into_iter().find(|form| form.position(id).is_some())?;
    Some(report::full_width_brackets(form.label(id)))
}

/// Waivers and weights, the reason, and the button that tries the change out.
fn decisions(policy: &RulePolicy, weights: Weights, caller: &Caller) -> Markup {
    let points = [
        ("late", "迟报扣", weights.late),
        ("error", "必须整改的问题每项扣", weights.error),
        ("warning", "需要核实的事项每项扣", weights.warning),
        ("corrected", "更正后重新报送加", weights.corrected),
    ];
    html! {
        (waivers(policy, true))
        section.card.waiver {
            h2 { "增加豁免" }
            p.quiet { "豁免只对写明的机关或地区有效，到期后自动失效；问题仍然显示，但不计入结论。" }
            label { "规则 " input name="waiver.rule" list="rule-ids" placeholder="如 DOC-11"; }
            datalist #rule-ids { @for rule in rules::catalogue() { option value=(rule.id) { (rule.problem) } } }
            label { "机关 " input name="waiver.agency" placeholder="机关全称，空着为地区内各机关"; }
            label { "地区 " input name="waiver.region" placeholder="区划代码，如 3704" pattern="[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}" title="两位、四位、六位或九位区划代码"; }
            label { "年度 " input name="waiver.year" placeholder="空着为各年度" inputmode="numeric" pattern="[0-9]{4}" size="6" title="四位数的年度"; }
            label { "决定人 " input name="waiver.who" value=(caller.name); }
            label { "理由 " input name="waiver.why" maxlength="200"; }
            label { "有效至 " input type="date" name="waiver.until"; }
        }
        section.card.weights {
            h2 { "通报评分的权重" }
            @for (name, title, value) in points {
                label { (title) " " input type="number" name={ "weight." (name) } value=(value) min="0" max="100"; "分" }
            }
        }
        section.card.decide {
            h2 { "改动" }
            label { "理由（必填） " input name="why" maxlength="1000" required; }
            " " button.button.primary { "先看影响" }
            p.quiet { "先按改动后的政策重新校核改动涉及的年度报告（超过1000份的，均匀抽取1000份），列出结论会改变的份数；确认后才生效，不需要重启。" }
        }
    }
}

fn waivers(policy: &RulePolicy, may_change: bool) -> Markup {
    html! {
        section.card #policy {
            h2 { "现有豁免" }
            @if policy.waivers().is_empty() { p { "没有豁免。" } } @else {
                div.scroll tabindex="0" { table.plain.left {
                    thead { tr {
                        th scope="col" { "规则" } th scope="col" { "机关" } th scope="col" { "地区" } th scope="col" { "年度" }
                        th scope="col" { "决定人" } th scope="col" { "理由" } th scope="col" { "有效至" }
                        @if may_change { th scope="col" { "取消" } }
                    } }
                    tbody {
                        @for (position, PolicyWaiver { rule, agency, region, year, waiver }) in policy.waivers().iter().enumerate() {
                            tr {
                                td { a href={ "#" (rule) } { (rule) } }
                                td { (agency.as_deref().unwrap_or("各机关")) }
                                td { (region.as_deref().unwrap_or("不限")) }
                                td { @match year { Some(year) => (year), None => "各年度" } }
                                td { (waiver.who) } td { (waiver.why) } td.nowrap { (waiver.until) }
                                @if may_change { td { input type="checkbox" name="drop" value=(position) aria-label="取消这项豁免"; } }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn past(history: &[RulePolicyChanged], in_force: &InForce, may_change: bool) -> Markup {
    html! {
        section.card #history {
            h2 { "历次改动" }
            @if history.is_empty() { p { "没有改动过。" } } @else {
                div.scroll tabindex="0" { table.plain.left {
                    thead { tr { th scope="col" { "编号" } th scope="col" { "时间" } th scope="col" { "操作人" } th scope="col" { "理由" } th scope="col" { "内容" } @if may_change { th scope="col" { "恢复" } } } }
                    tbody {
                        @for change in history {
                            tr {
                                td.nowrap { (number(&change.id)) @if change.id == in_force.id() { " " span.badge.pass { "现行" } } }
                                td.nowrap { (beijing::format_time(change.changed_at_ms)) }
                                td { (who(change)) } td { (change.why) @if !change.restores.is_empty() { "（恢复第" (number(&change.restores)) "次）" } }
                                td { @match &change.policy { Some(policy) => details { summary { "查看" } pre { (policy) } }, None => "系统设置" } }
                                @if may_change { td { @if change.id != in_force.id() { (restore(&change.id, in_force, "恢复")) } } }
                            }
                        }
                    }
                } }
                @if may_change && in_force.change.as_deref().is_some_and(|change| change.policy.is_some()) {
                    p { (restore("", in_force, "恢复系统设置")) }
                }
            }
        }
    }
}

fn restore(id: &str, in_force: &InForce, title: &str) -> Markup {
    html! {
        form method="post" action="/rules/preview" {
            input type="hidden" name="seen" value=(in_force.id());
            input type="hidden" name="restore" value=(if id.is_empty() { FILE } else { id });
            button.button { (title) }
        }
    }
}

/// What a form restores in place of the id of a change: the file of the settings.
const FILE: &str = "file";

/// The number of a change, `17` of `policy-17`.
fn number(id: &str) -> &str {
    id.rsplit_once('-').map_or(id, |(_, number)| number)
}

/// Says what a change would do to the reports in the index.
pub(crate) async fn rules_preview(
    State(app): State<App>,
    caller: Caller,
    body: String,
) -> Result<Markup, ErrorPage> {
    let fields = Params::parse(&body);
    let text = |name: &str| fields.get(name).unwrap_or_default().trim().to_owned();
    let change = match fields.get("restore") {
        Some(id) => restored(&app, id, text("seen")).await?,
        None => {
            let in_force = app.policy().await?;
            let policy = edited((*in_force.policy).clone(), &fields)?;
            Change {
                policy: Some(policy.to_toml()),
                why: text("why"),
                seen: text("seen"),
                restores: String::new(),
            }
        }
    };
    let policy = match &change.policy {
        Some(text) => RulePolicy::parse(text).map_err(|error| policy_changes::wrong_policy(&error))?,
        None => RulePolicy::of(app.worker().config().rule_policy.as_deref())
            .map_err(|error| Problem::internal(&error.into()))?,
    };
    let preview = policy_changes::preview(&app, &caller, policy).await?;
    let content = html! {
        h1 { "校核政策改动的影响" }
        (effects(&preview))
        form.card method="post" action="/rules/change" {
            input type="hidden" name="seen" value=(change.seen);
            input type="hidden" name="restores" value=(change.restores);
            @match &change.policy {
                Some(policy) => { textarea hidden name="policy" { (policy) } details { summary { "改动后的政策全文" } pre { (policy) } } }
                None => { input type="hidden" name="file" value="true"; p { "恢复系统设置中的政策。" } }
            }
            label { "理由（必填） " input name="why" value=(change.why) maxlength="1000" required; }
            " " button.button.primary { "生效" } " " a href="/rules" { "不改动" }
        }
    };
    Ok(page(&app, &caller, content).await)
}

/// The change that brings an earlier policy back.
async fn restored(app: &App, id: &str, seen: String) -> Result<Change, Problem> {
    if id == FILE {
        return Ok(Change { policy: None, why: String::new(), seen, restores: String::new() });
    }
    let history = policy_changes::history(app).await?;
    let earlier = history.into_iter().find(|change| change.id == id);
    let earlier = earlier.ok_or_else(|| Problem::not_found(format!("没有编号为“{id}”的改动。")))?;
    Ok(Change { policy: earlier.policy, why: String::new(), seen, restores: earlier.id })
}

/// The policy with what a form decides.
fn edited(policy: RulePolicy, fields: &Params) -> Result<RulePolicy, Problem> {
    let mut policy = policy;
    for (name, value) in &fields.0 {
        let Some(rule) = name.strip_prefix("rule.").and_then(rules::rule) else { continue };
        let setting = SETTINGS.into_iter().find(|(known, ..)| known == value);
        let (_, _, setting) = setting
            .ok_or_else(|| Problem::bad_parameter(name, format!("规则{}不能设为“{value}”。", rule.id)))?;
        policy = policy.with_setting(rule, setting);
    }
    let mut dropped: Vec<usize> = fields
        .0
        .iter()
        .filter(|(name, _)| name == "drop")
        .filter_map(|(_, position)| position.parse().ok())
        .collect();
    dropped.sort_unstable_by_key(|position| std::cmp::Reverse(*position));
    dropped.dedup();
    for position in dropped {
        policy = policy.without_waiver(position);
    }
    if let Some(waiver) = waiver(fields)? {
        policy = policy.with_waiver(waiver);
    }
    weights(policy, fields)
}

/// The weights, if the form has them and they differ from those that would count without them.
fn weights(policy: RulePolicy, fields: &Params) -> Result<RulePolicy, Problem> {
    let given: Vec<String> = ["late", "error", "warning", "corrected"]
        .into_iter()
        .filter_map(|name| Some(format!("{name}={}", fields.get(&format!("weight.{name}"))?)))
        .collect();
    if given.is_empty() {
        return Ok(policy);
    }
    let weights = Weights::parse(&given.join(","))
        .map_err(|_| Problem::bad_parameter("weight", "评分的权重应为0到100的整数。".into()))?;
    Ok(policy.with_weights(Some(weights)))
}

/// The waiver that a form adds; none where its fields are empty.
fn waiver(fields: &Params) -> Result<Option<PolicyWaiver>, Problem> {
    let text = |name: &str| fields.get(&format!("waiver.{name}")).map(|text| text.trim().to_owned());
    let Some(id) = text("rule") else {
        let is_begun = ["agency", "region", "why", "until"].iter().any(|name| text(name).is_some());
        return match is_begun {
            true => Err(Problem::bad_parameter("waiver.rule", "增加的豁免没有写明规则。".into())),
            false => Ok(None),
        };
    };
    let missing = |name: &str, title: &str| {
        Problem::bad_parameter(&format!("waiver.{name}"), format!("规则{id}的豁免没有写明{title}。"))
    };
    let rule = rules::rule(&id)
        .ok_or_else(|| Problem::bad_parameter("waiver.rule", format!("没有编号为“{id}”的规则。")))?;
    let (agency, region) = (text("agency"), text("region"));
    if agency.is_none() && region.is_none() {
        return Err(missing("agency", "机关或者地区"));
    }
    let year = text("year").map(|year| {
        let known = year.parse().ok().and_then(Year::new);
        known.ok_or_else(|| Problem::bad_parameter("waiver.year", format!("“{year}”不是年度。")))
    });
    Ok(Some(PolicyWaiver {
        rule: rule.id,
        agency,
        region,
        year: year.transpose()?,
        waiver: Waiver {
            who: text("who").ok_or_else(|| missing("who", "决定人"))?,
            why: text("why").ok_or_else(|| missing("why", "理由"))?,
            until: office::day(fields, "waiver.until")?.ok_or_else(|| missing("until", "有效期"))?,
        },
    }))
}

fn effects(preview: &Preview) -> Markup {
    html! {
        section.card {
            dl.counts {
                div { dt { "库中" } dd { (preview.all) } }
                div { dt { "改动涉及" } dd { (preview.touched) } }
                div { dt { "已重新校核" } dd { (preview.reports) } }
                div { dt { "结果改变" } dd { (preview.changed) } }
                div { dt { "结论改变" } dd { (preview.verdicts.values().sum::<usize>()) } }
            }
            (extent(preview))
            @if preview.changed == 0 { p { (unchanged(preview)) } }
            @if !preview.verdicts.is_empty() {
                ul.plain-list { @for ((from, to), reports) in &preview.verdicts { li { (from_to(*from, *to)) " " b { (reports) } "份" } } }
            }
            @if !preview.rules.is_empty() {
                div.scroll tabindex="0" { table.plain.left {
                    thead { tr { th scope="col" { "规则" } th scope="col" { "新增或改变（份）" } th scope="col" { "不再有（份）" } } }
                    tbody { @for (id, (new, gone)) in &preview.rules { tr {
                        td { (id) " " (rules::rule(id).map_or("", |rule| rule.problem)) } td { (new) } td { (gone) }
                    } } }
                } }
            }
            @if !preview.listed.is_empty() {
                details.list {
                    summary { "结论改变的年度报告" }
                    ul.plain-list { @for one in &preview.listed { li { a href={ "/reports/" (one.key) } { (one.title) } " " (from_to(one.from, one.to)) } } }
                }
            }
        }
    }
}

/// How many reports the numbers are about.
fn extent(preview: &Preview) -> Markup {
    let Preview { touched, reports, unjudged_rules, .. } = preview;
    html! {
        @if reports < touched {
            p.notice.warn {
                "改动涉及的年度报告较多，从中均匀抽取" (reports) "份重新校核，以下份数是这" (reports) "份中的份数。改动生效后全部重新校核。"
            }
        } @else {
            p.quiet { "改动涉及的年度报告已全部重新校核；其余的不受影响，没有重新校核。" }
        }
        @if !unjudged_rules.is_empty() {
            p.notice.warn { "启用的规则" (unjudged_rules.join("、")) "要比较多份年度报告或者核对网页，结果在改动生效后才有，不在以下份数中。" }
        }
    }
}

fn unchanged(preview: &Preview) -> &'static str {
    match preview.reports < preview.touched {
        true => "抽取的年度报告，校核结果都不会改变。",
        false => "没有年度报告的校核结果会改变。",
    }
}

fn from_to(from: Verdict, to: Verdict) -> Markup {
    html! { (badge(from)) " → " (badge(to)) }
}

/// Puts a change in force.
pub(crate) async fn rules_change(
    State(app): State<App>,
    caller: Caller,
    body: String,
) -> Result<Redirect, ErrorPage> {
    let fields = Params::parse(&body);
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    let policy = match (fields.get("file"), fields.get("policy")) {
        (Some("true"), _) => None,
        (_, Some(policy)) => Some(policy.to_owned()),
        _ => return Err(Problem::new(Code::BadForm, "没有收到改动后的政策。", "请再试。").into()),
    };
    let change = Change { policy, why: text("why"), seen: text("seen"), restores: text("restores") };
    let changed = policy_changes::publish(&app, &caller, change).await?;
    // The page that follows shows the new policy.
    app.policy_reached(&changed.id).await;
    Ok(Redirect::to("/rules#history"))
}
