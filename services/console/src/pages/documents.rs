//! `/documents`: letters to agencies (整改意见), letters to those who have not reported (催报函), and the notice of a
//! region and a year (通报). An agency finds the letters of its own reports here.

mod table;

use std::collections::HashMap;

use access::Caller;
use axum::extract::State;
use maud::{Markup, html};
use report::workflow::ReviewState;
use report::{Verdict, Year};
use search::{Card, Facet, FacetValue, Query};

use super::layout::{self, ErrorPage, badge};
use crate::app::App;
use crate::letters;
use crate::notices;
use crate::office::{self, FIELDS};
use crate::params::{Params, is_filter};
use crate::problem::Problem;
use crate::reviews::Reviewed;
use crate::{labels, list_export, regional, search_query};

pub(crate) use table::documents_table;

/// The path of the page; its lists as files have the same and an ending.
const PATH: &str = "/documents";
const TITLE: &str = "文书";
/// Rows of a list; the file has all of them.
const ROWS: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Reminder,
    Bulletin,
}

const KINDS: [(Kind, &str, &str); 3] = [
    (Kind::Letter, "letter", "整改意见"),
    (Kind::Reminder, "reminder", "催报函"),
    (Kind::Bulletin, "bulletin", "通报"),
];

pub(crate) async fn documents(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Markup, ErrorPage> {
    let content = match caller.is_reviewer() {
        true => for_reviewer(&app, &caller, &params).await?,
        false => for_agency(&app, &caller).await?,
    };
    Ok(layout::page_with(&app, &caller, TITLE, "", &["office.css"], content).await)
}

/// The kind of document that is asked for.
fn kind_of(params: &Params) -> Kind {
    let wanted = params.get("kind").unwrap_or("letter");
    KINDS.iter().find(|(_, name, _)| *name == wanted).map_or(Kind::Letter, |(kind, ..)| *kind)
}

/// Whether the parameters choose reports.
fn is_asked(params: &Params) -> bool {
    params.filters().next().is_some() || params.get("q").is_some() || params.get("key").is_some()
}

async fn for_reviewer(app: &App, caller: &Caller, params: &Params) -> Result<Markup, Problem> {
    let kind = kind_of(params);
    let query = Query { facets: vec![Facet::Region, Facet::Year], limit: 0, ..Query::default() };
    let query = search_query::restrict_to_scope(query, caller)?;
    let found = app.read(move |reader| reader.search(&query)).await?;
    let values = |facet: Facet| {
        let counts = found.facets.iter().find(|counts| counts.facet == facet);
        counts.map(|counts| counts.values.clone()).unwrap_or_default()
    };
    let is_asked = is_asked(params);
    let result = match kind {
        _ if !is_asked => Ok(html! { p.quiet { "选定地区和年度后，列出可以生成的文书，先预览再下载。" } }),
        Kind::Letter => letters_of(app, caller, params).await,
        Kind::Reminder => reminders_of(app, caller, params).await,
        Kind::Bulletin => bulletin_of(caller, params),
    };
    let result = match result {
        Ok(result) => result,
        Err(problem) if problem.status.is_client_error() => {
            html! { p.notice.warn role="alert" { (problem.detail) @if let Some(hint) = problem.hint { (hint) } } }
        }
        Err(problem) => return Err(problem),
    };
    Ok(html! {
        h1 { (TITLE) }
        (form(app, params, kind, &values(Facet::Region), &values(Facet::Year)))
        section.card #made { (result) }
    })
}

fn form(app: &App, params: &Params, kind: Kind, regions: &[FacetValue], years: &[FacetValue]) -> Markup {
    let office = &app.worker().config().office;
    // A list that came from elsewhere is not narrowed to a year by asking for it again.
    let latest = years.first().map(|year| year.value.as_str()).filter(|_| !is_asked(params));
    let value =
        |name: &str, set: &Option<String>| params.get(name).map(str::to_owned).or_else(|| set.clone());
    let keys = params.0.iter().filter(|(name, _)| name == "key");
    let others = params
        .0
        .iter()
        .filter(|(name, _)| is_filter(name) && !["region", "year"].contains(&name.as_str()) || name == "q");
    html! {
        form.card.office action="/documents" {
            fieldset {
                legend { "文书" }
                @for (other, name, title) in KINDS {
                    label { input type="radio" name="kind" value=(name) checked[other == kind]; " " (title) }
                }
            }
            fieldset {
                legend { "范围" }
                label { "地区 " input name="region" value=[params.get("region")] list="regions" placeholder="区划代码或名称"; }
                datalist #regions { @for region in regions { option value=(region.value) { (region.label) } } }
                label { "年度 " input name="year" value=[params.get("year").or(latest)] inputmode="numeric" pattern="[0-9]{4}" size="6" title="四位数的年度"; }
                @for (name, value) in keys.chain(others) { input type="hidden" name=(name) value=(value); }
            }
            fieldset {
                legend { "发文" }
                label { "发文机关 " input name="name" value=[value("name", &office.name)]; }
                label { "发文字号 " input name="number" value=[value("number", &office.number)] placeholder="某政公开函〔2026〕{n}号" title="{n}处填编号"; }
                label { "起始号 " input name="first" value=[params.get("first")] inputmode="numeric" pattern="[0-9]{1,6}" size="6" title="第一份文书的编号，其后逐份加1"; }
                label { "签发人 " input name="signer" value=[value("signer", &office.signer)]; }
                label { "反馈期限 " input type="date" name="deadline" value=[params.get("deadline")]; }
                label { "成文日期 " input type="date" name="date" value=[params.get("date").map(str::to_owned).or_else(|| office::today().map(|day| day.to_string()))]; }
                label { "联系人 " input name="contact" value=[value("contact", &office.contact)]; }
                label { "联系电话 " input name="telephone" value=[value("telephone", &office.telephone)]; }
            }
            button.button.primary { "列出" }
            p.quiet { "反馈期限空着时，为成文日期后" (office.deadline_days) "日；设置中没有发文机关的，草稿留空白供手写。" }
        }
    }
}

/// The parameters of a document: who sends it, and what it is about.
fn office_fields(params: &Params) -> Vec<(String, String)> {
    params.0.iter().filter(|(name, _)| FIELDS.contains(&name.as_str())).cloned().collect()
}

async fn letters_of(app: &App, caller: &Caller, params: &Params) -> Result<Markup, Problem> {
    let asked = params;
    let params = &with_region_code(params)?;
    let chosen = letters::choose(app, caller, params).await?;
    let mut all: Vec<(String, String)> = params.0.clone();
    all.retain(|(name, _)| name != "kind");
    let zip = Params(all.clone()).address("/api/v1/letters");
    let letter = |key: &str, format: &str| {
        let mut fields = office_fields(params);
        fields.push(("format".into(), format.into()));
        Params(fields).address(&format!("/api/v1/reports/{key}/letter"))
    };
    Ok(html! {
        h2 { "整改意见" }
        (chosen_by(asked))
        p {
            "可以生成" b { (chosen.letters.len()) } "份。"
            @if !chosen.skipped.is_empty() { "另有" (chosen.skipped.len()) "份年度报告没有需要整改或者核实的问题，或者已经通过，不生成。" }
        }
        (parts(&chosen.letters, asked))
        @if !chosen.letters.is_empty() {
            div.actions {
                a.button.primary href=(zip) { "全部下载（ZIP，" (chosen.letters.len()) "份）" }
                form method="post" action="/api/v1/letters" {
                    @for (name, value) in &all { input type="hidden" name=(name) value=(value); }
                    input type="hidden" name="return" value="true";
                    button.button { "退回并生成（" (chosen.letters.len()) "份）" }
                }
            }
            (export_line(asked))
            p.quiet { "“全部下载”只生成草稿；“退回并生成”同时把这些年度报告退回修改，记录文号和反馈期限，报送单位即可看到。" }
            div.scroll tabindex="0" { table.plain.left {
                thead { tr { th scope="col" { "序号" } th scope="col" { "机关" } th scope="col" { "年度" } th scope="col" { "校核结论" } th scope="col" { "文书" } } }
                tbody {
                    @for (index, card) in chosen.letters.iter().take(ROWS).enumerate() {
                        tr {
                            td { (index + 1) }
                            td { a href={ "/reports/" (card.key) } { (agency(card)) } }
                            td { (letters::of_year(card.year)) }
                            td { (badge(card.verdict)) }
                            td.nowrap { a href=(letter(&card.key, "html")) { "预览" } " " a href=(letter(&card.key, "docx")) { "下载" } }
                        }
                    }
                }
            } }
            @if chosen.letters.len() > ROWS { p.quiet { "只列出前" (ROWS) "份，全部下载中都有。" } }
        }
    })
}

/// The conditions besides region and year, which are no fields of the form; a click removes one.
fn chosen_by(params: &Params) -> Markup {
    let is_field = |name: &str| ["region", "year"].contains(&name);
    let others: Vec<&(String, String)> = params.filters().filter(|(name, _)| !is_field(name)).collect();
    html! {
        @if !others.is_empty() {
            ul.chosen aria-label="已选条件" {
                @for (name, value) in others {
                    li { a href=(params.without(name).address(PATH)) title="去掉这个条件" { (labels::filter(name, value)) span aria-hidden="true" { " ×" } } }
                }
            }
        }
    }
}

/// How many of the letters are about errors, and how far their reports have come: each leads to these letters alone.
fn parts(letters: &[Card], params: &Params) -> Markup {
    let verdicts = [Verdict::Fail, Verdict::Warn].map(|verdict| {
        let count = letters.iter().filter(|card| card.verdict == verdict).count();
        ("verdict", verdict.as_str(), verdict.title(), count)
    });
    let states = [ReviewState::Pending, ReviewState::Returned, ReviewState::Resent].map(|state| {
        let count = letters.iter().filter(|card| card.handling.state == state).count();
        ("review", state.as_str(), state.title(), count)
    });
    let parts: Vec<_> = verdicts.into_iter().chain(states).filter(|(.., count)| *count > 0).collect();
    html! {
        @if !parts.is_empty() {
            p { "其中："
                @for (index, (name, value, title, count)) in parts.iter().enumerate() {
                    @if index > 0 { "、" }
                    @if *count == letters.len() { (title) (count) "份" }
                    @else { a href=(params.with(name, value).address(PATH)) { (title) (count) "份" } }
                }
                "。"
            }
        }
    }
}

/// The links to the same list as a file.
fn export_line(params: &Params) -> Markup {
    html! { p.quiet { (list_export::links(PATH, params)) } }
}

/// A region may be given by its name; a search takes its code.
fn with_region_code(params: &Params) -> Result<Params, Problem> {
    if params.get("region").is_none() {
        return Ok(params.clone());
    }
    let region = regional::region(params)?;
    Ok(params.with("region", &region.code))
}

async fn reminders_of(app: &App, caller: &Caller, params: &Params) -> Result<Markup, Problem> {
    let (region, year) = regional::region_and_year(caller, params)?;
    let missing = notices::missing(&notices::attendance(app, &region, year).await?, year);
    let address = |more: &[(&str, &str)]| document(params, &region.code, year, more, "/api/v1/reminders");
    Ok(html! {
        h2 { "催报函" }
        p { (region.name) (year) "年度未报送的机关有" b { (missing.len()) } "个。" }
        @if !missing.is_empty() {
            p.actions { a.button.primary href=(address(&[("format", "zip")])) { "全部下载（ZIP，" (missing.len()) "份）" } }
            (export_line(params))
            div.scroll tabindex="0" { table.plain.left {
                thead { tr { th scope="col" { "序号" } th scope="col" { "机关" } th scope="col" { "截止日期" } th scope="col" { "文书" } } }
                tbody {
                    @for (index, overdue) in missing.iter().take(ROWS).enumerate() {
                        tr {
                            td { (index + 1) }
                            td { (overdue.agency) }
                            td.nowrap { @match overdue.due { Some(due) => (due), None => "—" } }
                            td.nowrap {
                                a href=(address(&[("agency", &overdue.agency), ("format", "html")])) { "预览" } " "
                                a href=(address(&[("agency", &overdue.agency), ("format", "docx")])) { "下载" }
                            }
                        }
                    }
                }
            } }
            @if missing.len() > ROWS { p.quiet { "只列出前" (ROWS) "个，全部下载中都有。" } }
        }
    })
}

fn bulletin_of(caller: &Caller, params: &Params) -> Result<Markup, Problem> {
    let (region, year) = regional::region_and_year(caller, params)?;
    let address =
        |format: &str| document(params, &region.code, year, &[("format", format)], "/api/v1/bulletin");
    Ok(html! {
        h2 { "通报" }
        p { "关于" (region.name) (year) "年政府信息公开工作年度报告报送和校核情况的通报：报送、迟报、未报送的机关，校核结论，共性问题，评分排名，与上年的比较。" }
        p.actions {
            a.button.primary href=(address("html")) { "预览" }
            a.button href=(address("docx")) { "下载（DOCX）" }
        }
        p.quiet { "评分的权重在“校核规则”页面设置，公式印在通报中。地区大时需要几秒到几十秒。" }
    })
}

fn document(params: &Params, region: &str, year: Year, more: &[(&str, &str)], path: &str) -> String {
    let year = year.to_string();
    let own = [("region", region), ("year", year.as_str())];
    let mut pairs: Vec<(String, String)> =
        own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    pairs.extend(office_fields(params));
    Params(pairs).address(path)
}

/// The reports of an agency, the latest year first: those with something to correct or to verify, and the others.
async fn cards_of_agency(app: &App, caller: &Caller) -> Result<(Vec<Card>, Vec<Card>), Problem> {
    let query = search_query::restrict_to_scope(Query::default(), caller)?;
    let mut cards = app
        .read(move |reader| {
            let mut cards: Vec<Card> = Vec::new();
            reader.each(&query, |parts| {
                cards.push(parts.card);
                true
            })?;
            Ok(cards)
        })
        .await?;
    cards.retain(|card| {
        let region = card.region.as_ref().map(|region| region.code.as_str());
        !card.is_withdrawn && caller.may_see(region, card.agency.as_deref())
    });
    cards.sort_by_key(|card| (std::cmp::Reverse(card.year), card.agency.clone(), card.key.clone()));
    // A reviewer may also return a report in which the rules find nothing.
    let is_open = |card: &Card| letters::needs_letter(card) || card.handling.state == ReviewState::Returned;
    Ok(cards.into_iter().partition(is_open))
}

/// The letters of the reports of an agency, and how to answer them.
async fn for_agency(app: &App, caller: &Caller) -> Result<Markup, Problem> {
    let (open, clean) = cards_of_agency(app, caller).await?;
    let returned = returned(app, caller, &open[..open.len().min(ROWS)]).await?;
    let letter = |key: &str, format: &str| format!("/api/v1/reports/{key}/letter?format={format}");
    Ok(html! {
        h1 { (TITLE) }
        section.card {
            h2 { "本单位的整改意见" }
            @if open.is_empty() {
                p { "没有需要整改或者核实的年度报告。" }
            } @else {
                p { "请按整改意见逐项更正、核实，在期限内" a href="/send" { "重新报送" } "；重新报送的年度报告自动取代原来的一份，不需要另行回复。" }
                div.scroll tabindex="0" { table.plain.left {
                    thead { tr { th scope="col" { "年度报告" } th scope="col" { "年度" } th scope="col" { "校核结论" } th scope="col" { "退回" } th scope="col" { "整改意见" } } }
                    tbody {
                        @for card in open.iter().take(ROWS) {
                            tr {
                                td { a href={ "/reports/" (card.key) } { (agency(card)) } }
                                td { (letters::of_year(card.year)) }
                                td { (badge(card.verdict)) }
                                td { (returned.get(&card.key).map_or("尚未退回", String::as_str)) }
                                td.nowrap { a href=(letter(&card.key, "html")) { "查看" } " " a href=(letter(&card.key, "docx")) { "下载" } }
                            }
                        }
                    }
                } }
            }
            @if !open.is_empty() { (export_line(&Params::default())) }
            @if !clean.is_empty() { p.quiet { "另有" (clean.len()) "份年度报告没有发现需要整改或者核实的问题。" } }
        }
    })
}

/// What the office returned to the agency: with which letter and by when, by the key of the report.
async fn returned(app: &App, caller: &Caller, cards: &[Card]) -> Result<HashMap<String, String>, Problem> {
    let mut returned = HashMap::new();
    for card in cards {
        let reviewed = Reviewed::load(app, caller, &card.key).await?;
        if card.handling.state == ReviewState::Resent {
            returned.insert(card.key.clone(), "已重新报送，待审核".to_owned());
            continue;
        }
        if let Some((deadline, letter, note)) = reviewed.last_return() {
            let deadline = deadline.map_or(String::new(), |day| format!("请于{day}前重新报送"));
            let parts = [letter.to_owned(), deadline];
            let text: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            let text = if text.is_empty() { "已退回修改".to_owned() } else { text.join("，") };
            let text = if note.is_empty() { text } else { format!("{text}。{note}") };
            returned.insert(card.key.clone(), text);
        }
    }
    Ok(returned)
}

fn agency(card: &Card) -> &str {
    card.agency.as_deref().unwrap_or("未写明机关")
}
