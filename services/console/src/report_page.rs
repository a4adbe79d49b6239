//! `/reports/{id}`: one report with what was found in it, its tables and its text.

use access::Caller;
use axum::extract::State;
use maud::{Markup, html};
use report::{CellId, Judgement, Region, Report, Severity, Table, Year, beijing};
use search::Entry;
use serde_json::Value;

use crate::layout::{self, Fault, PATIENCE};
use crate::params::{Id, Params};
use crate::problem::Problem;
use crate::report_history::Life;
use crate::report_lookup::{Loaded, load};
use crate::{App, download, form_tables, labels};

/// Cells of one finding that are named; the others are marked in the tables all the same.
const CELLS: usize = 8;
/// Lines of the text that are shown; a page of megabytes helps nobody.
const LINES: usize = 5_000;

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    params: Params,
) -> Result<Markup, Fault> {
    let words = params.get("q").unwrap_or_default().to_owned();
    let loaded = load(&app, &caller, &id).await?;
    let reading = loaded.as_ref().map_or(id.as_str(), |loaded| loaded.field("id")).to_owned();
    let life = tokio::time::timeout(PATIENCE, Life::of(&app, &caller, &reading)).await;
    let life = life.ok().and_then(Result::ok).flatten();
    let (title, content) = match (loaded, life) {
        (Some(loaded), life) => {
            let lines = text_lines(loaded.text.clone(), words.clone()).await?;
            let chain = Chain::of(&app, &loaded.record).await?;
            (title(&loaded).to_owned(), whole(&loaded, &chain, life.as_ref(), &lines, &words))
        }
        (None, Some(life)) => ("尚未入库的文件".to_owned(), on_its_way(&id, &life)),
        (None, None) => return Err(Problem::no_such_report(&id).into()),
    };
    Ok(layout::page(&app, &title, &words, content).await)
}

fn title(loaded: &Loaded) -> &str {
    let title = loaded.field("title");
    if title.is_empty() { download::base_name(&loaded.record) } else { title }
}

fn whole(loaded: &Loaded, chain: &Chain, life: Option<&Life>, lines: &[Line], words: &str) -> Markup {
    let record = &loaded.record;
    let tables = form_tables::tables(record);
    html! {
        article.report {
            (head(loaded, chain))
            @if !record["withdrawn"].is_object() {
                nav.contents aria-label="本页内容" {
                    a href="#findings" { "校核结果" }
                    @if tables.is_some() {
                        @for (number, table) in (2..).zip(Table::ALL) { a href={ "#table-" (number) } { (table.short_title()) } }
                    }
                    a href="#text" { "正文" }
                    a href="#life" { "处理经过" }
                }
                (findings(record, chain, lines))
                section #tables {
                    h2 { "表格" }
                    @match tables {
                        Some(tables) => {
                            p.quiet.screen { "点选任一格，可看它在原件中的位置；也可用方向键在格间移动。" }
                            (tables)
                        }
                        None => p.notice.warn { "没有在文件中找到可识别的三张表格。" }
                    }
                }
                (text(lines, words))
            }
            (way(life))
        }
        div #proof.proof role="status" aria-live="polite" hidden {}
    }
}

fn head(loaded: &Loaded, chain: &Chain) -> Markup {
    let record = &loaded.record;
    let or_unknown = |text: Option<&str>| text.filter(|text| !text.is_empty()).unwrap_or("未写明").to_owned();
    let year = record["year"].as_u64().map(|year| format!("{year}年"));
    let submitted = record["submitted_at_ms"].as_i64().unwrap_or_default();
    // Of a withdrawn report the latest version is the statement; the report is the one before.
    let sent = record["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let before = || sent.iter().rev().find(|version| version["id"] != record["id"]);
    let original = if record["withdrawn"].is_object() { before() } else { None };
    let id = original.and_then(|version| version["id"].as_str()).unwrap_or(loaded.field("id"));
    let mut findings = record["findings"].as_array().into_iter().flatten();
    let asks = !loaded.is_withdrawn() && findings.any(|finding| finding["waiver"].is_null());
    html! {
        header.head {
            (standing(loaded))
            h1 { (title(loaded)) @if original.is_none() { " " (layout::badge(loaded.field("verdict"))) } }
            dl {
                div { dt { "机关" } dd { (or_unknown(record["agency"].as_str())) } }
                div { dt { "年度" } dd { (or_unknown(year.as_deref())) } }
                div { dt { "地区" } dd { (or_unknown(record["region"]["name"].as_str())) } }
                div { dt { "发布日期" } dd { (or_unknown(record["published"].as_str())) } }
                @if original.is_none() { div { dt { "表格格式" } dd { (labels::form(loaded.field("form"))) } } }
                div { dt { "文件" } dd { (original.map_or(loaded.field("file_name"), |version| version["file_name"].as_str().unwrap_or_default())) } }
                div { dt { @if original.is_some() { "撤回时间" } @else { "提交时间" } } dd { (beijing::format_time(submitted)) } }
                @if original.is_none() { div { dt { "规则版本" } dd { (loaded.field("rules_version")) } } }
            }
            p.actions {
                @if original.is_some() { a.button href={ "/reports/" (id) } { "查看撤回前的年报" } }
                a.button href={ "/api/v1/reports/" (id) "/source" } { "下载原件" }
                @if asks {
                    a.button href={ "/api/v1/reports/" (id) "/letter" } { "整改意见" }
                    a.button href={ "/api/v1/reports/" (id) "/letter?format=docx" } { "整改意见（Word）" }
                }
                a.button href={ "/api/v1/reports/" (loaded.field("id")) } { "数据（JSON）" }
                button.button.screen type="button" data-print hidden { "打印" }
            }
            (chain.show(record))
            (versions(loaded))
        }
    }
}

/// Whether this is what counts: not withdrawn, superseded, or still on its way.
fn standing(loaded: &Loaded) -> Markup {
    let text = |name: &str| loaded.withdrawn[name].as_str().unwrap_or_default();
    html! {
        @if loaded.is_withdrawn() {
            p.notice.bad role="status" {
                "这份年报已由 " b { (text("who")) } " 撤回，检索和汇总不再计入。撤回原因：" (text("why"))
            }
        } @else if !loaded.is_current() {
            p.notice.warn {
                @match &loaded.key {
                    Some(key) => { "这是较早提交的版本，已被新的提交取代。" a href={ "/reports/" (key) } { "查看最新版本" } },
                    None => "这份年报已经校核，正在入库，稍后即可检索。",
                }
            }
        }
    }
}

/// Years before and after that are looked for.
const YEARS: i64 = 4;

/// The reports of the same agency for other years, in the order of years.
struct Chain(Vec<Linked>);

struct Linked {
    year: u64,
    key: String,
    verdict: String,
}

impl Chain {
    async fn of(app: &App, record: &Value) -> Result<Self, Problem> {
        let Some(report) = identity(record) else { return Ok(Self(Vec::new())) };
        let chain = app.read(move |reader| {
            let mut chain = Vec::new();
            let others = (-YEARS..=YEARS).filter(|years| *years != 0);
            for key in others.filter_map(|years| Entry::key_of_neighbour(&report, years)) {
                let Some(card) = reader.card(&key)?.filter(|card| !card.is_withdrawn) else { continue };
                let verdict = card.verdict.as_str().to_owned();
                chain.extend(card.year.map(|year| Linked { year: year.get().into(), key, verdict }));
            }
            Ok(Self(chain))
        });
        chain.await
    }

    fn of_year(&self, year: u64) -> Option<&Linked> {
        self.0.iter().find(|linked| linked.year == year)
    }

    /// The years in a row, with what is said to be missing only of the year that figures are held against.
    fn show(&self, record: &Value) -> Markup {
        let own = record["year"].as_u64().filter(|_| record["agency"].is_string());
        let (before, after): (Vec<&Linked>, Vec<&Linked>) =
            self.0.iter().partition(|linked| Some(linked.year) < own);
        html! {
            @if let Some(own) = own {
                nav.chain aria-label="同一机关各年度的年报" {
                    span.quiet { "历年" }
                    @for one in before { (one.show(own)) }
                    @if self.of_year(own - 1).is_none() { span.quiet { (own - 1) "年的年报不在库中" } }
                    b aria-current="page" { (own) "年" }
                    @for one in after { (one.show(own)) }
                }
            }
        }
    }
}

impl Linked {
    fn show(&self, own: u64) -> Markup {
        let relation = match () {
            () if self.year + 1 == own => Some("prev"),
            () if self.year == own + 1 => Some("next"),
            () => None,
        };
        html! { a href={ "/reports/" (self.key) } rel=[relation] { (self.year) "年 " (layout::badge(&self.verdict)) } }
    }
}

/// Whose report it is, and for which year and region; none where it does not say.
fn identity(record: &Value) -> Option<Report> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let region = &record["region"];
    let region = text(&region["code"]).zip(text(&region["name"]));
    Some(Report {
        agency: Some(text(&record["agency"])?),
        year: Some(Year::new(record["year"].as_i64()?)?),
        region: region.map(|(code, name)| Region { code, name }),
        ..Report::default()
    })
}

fn versions(loaded: &Loaded) -> Markup {
    let versions: Vec<&Value> = loaded.record["versions"].as_array().into_iter().flatten().collect();
    let string = |version: &Value, name: &str| version[name].as_str().unwrap_or_default().to_owned();
    html! {
        @if versions.len() > 1 {
            details.versions {
                summary { "共 " (versions.len()) " 个版本" }
                ol reversed {
                    @for version in versions.iter().rev() {
                        @let id = string(version, "id");
                        // A report is withdrawn where the statement that does so is its latest version.
                        @let withdraws = loaded.is_withdrawn() && versions.last() == Some(version);
                        li {
                            @if id == loaded.field("id") { b { @if withdraws { "撤回" } @else { "本版本" } } } @else { a href={ "/reports/" (id) } { "查看" } }
                            " " (beijing::format_time(version["submitted_at_ms"].as_i64().unwrap_or_default()))
                            " " (string(version, "file_name"))
                            @if !withdraws { " " (layout::badge(&string(version, "verdict"))) }
                        }
                    }
                }
            }
        }
    }
}

fn findings(record: &Value, chain: &Chain, lines: &[Line]) -> Markup {
    let findings: Vec<&Value> = record["findings"].as_array().into_iter().flatten().collect();
    let waived = findings.iter().filter(|finding| finding["waiver"].is_object()).count();
    html! {
        section #findings {
            h2 { "校核结果" @if !findings.is_empty() { span.quiet { "　" (findings.len()) " 条" @if waived > 0 { "，其中已豁免 " (waived) " 条" } } } }
            @if findings.is_empty() { p.notice.good { "各项校核均未发现问题。" } }
            ol.findings { @for one in &findings { (finding(one, record, chain, lines)) } }
        }
    }
}

fn finding(finding: &Value, record: &Value, chain: &Chain, lines: &[Line]) -> Markup {
    let string = |name: &str| finding[name].as_str().unwrap_or_default();
    let cells: Vec<CellId> = cells(&finding["cells"]);
    let ids: Vec<&str> = cells.iter().map(|id| id.as_str()).collect();
    let unknown = string("verdict") == "unknown";
    let severity = if unknown { "unknown" } else { string("severity") };
    html! {
        li.finding.waived[finding["waiver"].is_object()] data-severity=(severity) data-cells=(ids.join(" ")) {
            (what(finding))
            p.message { (string("message")) }
            @if let (Some(left), Some(right)) = (finding["left"].as_str(), finding["right"].as_str()) {
                p.sides { "一边 " b { (left) } "，另一边 " b { (right) } @if let Some(difference) = difference(left, right) { "，相差 " b { (difference) } } }
            }
            @if let Some(repair) = finding.get("repair").filter(|repair| repair.is_object()) {
                @let id = repair["cell"].as_str().and_then(|id| CellId::parse(id).ok());
                p.repair {
                    span { "可能的改法" }
                    @if let Some(id) = id { a href={ "#cell-" (id) } { (labels::cell(id)) } }
                    " 改为 " b { (repair["value"].as_str().unwrap_or_default()) } "。" (repair["reason"].as_str().unwrap_or_default())
                }
            }
            (chips(&cells, record))
            (waiver(&finding["waiver"]))
            (against(&finding["against"], record, chain))
            @if let Some(place) = labels::place(&finding["origin"]) {
                p.quiet.place {
                    (place)
                    @if let Some(line) = line_of(finding, record, lines) { " " a href={ "#L" (line) } { "看正文" } }
                }
            }
        }
    }
}

/// How much a finding weighs, and the rule that tells it.
pub(crate) fn what(finding: &Value) -> Markup {
    let string = |name: &str| finding[name].as_str().unwrap_or_default();
    let judgement = Judgement::parse(string("verdict")).unwrap_or(Judgement::Fails);
    let severity = Severity::parse(string("severity")).unwrap_or(Severity::Info);
    html! {
        p.what {
            span.severity { (judgement.label(severity)) }
            code { (string("rule")) }
            @if let Some(problem) = labels::problem(string("rule")) { span.quiet { (problem) } }
            @if finding["waiver"].is_object() { span.severity { "已豁免" } }
        }
    }
}

/// Why a finding does not count.
pub(crate) fn waiver(waiver: &Value) -> Markup {
    let text = |name: &str| waiver[name].as_str().unwrap_or_default();
    html! {
        @if waiver.is_object() {
            p.notice { "已由 " b { (text("who")) } " 豁免，不计入结论：" (text("why")) "（有效期至 " (text("until")) "）" }
        }
    }
}

/// The other report of a finding that compares two, and the place in it.
fn against(against: &Value, record: &Value, chain: &Chain) -> Markup {
    let agency = against["agency"].as_str().unwrap_or_default();
    let year = against["year"].as_u64().map(|year| format!("{year}年度报告")).unwrap_or_default();
    let own = against["year"].as_u64().filter(|_| record["agency"].as_str() == Some(agency));
    html! {
        @if against.is_object() {
            p.quiet {
                "对照："
                @match own.and_then(|year| chain.of_year(year)) {
                    Some(linked) => a href={ "/reports/" (linked.key) } { (agency) (year) },
                    None => { (agency) (year) }
                }
                @if let Some(place) = labels::place(&against["origin"]) { "，" (place) }
            }
        }
    }
}

/// Links to the cells, each with what stands in it; a row or column that they share is named once.
fn chips(cells: &[CellId], record: &Value) -> Markup {
    let labels =
        cells.iter().map(|id| labels::cell(*id).split_once(" / ").unwrap_or((labels::cell(*id), "")));
    let labels: Vec<(&str, &str)> = labels.collect();
    let row =
        labels.first().filter(|(row, _)| cells.len() > 1 && labels.iter().all(|(other, _)| other == row));
    let column = labels
        .first()
        .filter(|(_, column)| cells.len() > 1 && labels.iter().all(|(_, other)| other == column));
    html! {
        @if !cells.is_empty() {
            p.cells {
                @if let Some((row, _)) = row { span.quiet { (row) "：" } }
                @else if let Some((_, column)) = column { span.quiet { (column) "：" } }
                @for (id, (own_row, own_column)) in cells.iter().zip(&labels).take(CELLS) {
                    a href={ "#cell-" (id) } {
                        @if row.is_some() { (own_column) }
                        @else if column.is_some() { (own_row) }
                        @else { (own_row) " / " (own_column) }
                        " " b { (form_tables::shown(&record["cells"][id.as_str()])) }
                    }
                }
                @if cells.len() > CELLS { span.quiet { "等 " (cells.len()) " 格" } }
            }
        }
    }
}

/// Named ids that are cells.
fn cells(names: &Value) -> Vec<CellId> {
    let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
    names.filter_map(|name| CellId::parse(name).ok()).collect()
}

fn difference(left: &str, right: &str) -> Option<String> {
    let number = |text: &str| text.parse::<report::Decimal>().ok();
    Some(number(left)?.checked_sub(number(right)?)?.abs().normalize().to_string())
}

/// The line of the text in which the claim stands that a finding points to.
fn line_of(finding: &Value, record: &Value, lines: &[Line]) -> Option<usize> {
    let claims = record["claims"].as_array()?;
    let start = finding["origin"]["start"].as_u64()?;
    let end = finding["origin"]["end"].as_u64()?;
    let inside = |claim: &&Value| {
        claim["origin"]["start"].as_u64().is_some_and(|at| (start..end.max(start + 1)).contains(&at))
    };
    let words = claims.iter().find(inside)?["text"].as_str().filter(|words| !words.is_empty())?;
    lines.iter().position(|line| line.text().contains(words)).map(|index| index + 1)
}

/// A line of the text, cut where marks begin and end.
struct Line(Vec<(String, bool)>);

impl Line {
    fn text(&self) -> String {
        self.0.iter().map(|(piece, _)| piece.as_str()).collect()
    }
}

/// Folding a long text and looking for the words in it is work.
async fn text_lines(text: String, words: String) -> Result<Vec<Line>, Problem> {
    let cut = move || {
        let marked = if words.is_empty() { Vec::new() } else { search::highlights(&words, &text) };
        let mut lines = Vec::new();
        let mut start = 0;
        for line in text.split('\n').take(LINES) {
            let end = start + line.len();
            let mut pieces = Vec::new();
            let mut at = start;
            let first = marked.partition_point(|range| range.end <= start);
            for range in marked[first..].iter().take_while(|range| range.start < end) {
                let (from, to) = (range.start.max(start), range.end.min(end));
                pieces.push((text[at..from].to_owned(), false));
                pieces.push((text[from..to].to_owned(), true));
                at = to;
            }
            pieces.push((text[at..end].to_owned(), false));
            lines.push(Line(pieces));
            start = end + 1;
        }
        lines
    };
    tokio::task::spawn_blocking(cut).await.map_err(|error| Problem::internal(&error.into()))
}

fn text(lines: &[Line], words: &str) -> Markup {
    let marks: usize = lines.iter().map(|line| line.0.iter().filter(|(_, marked)| *marked).count()).sum();
    html! {
        section #text {
            h2 {
                "正文"
                @if marks > 0 {
                    span.quiet { "　“" (words) "”标出 " (marks) " 处" }
                    span.jump.screen data-jump hidden {
                        button type="button" data-step="-1" aria-label="上一处" { "↑" }
                        button type="button" data-step="1" aria-label="下一处" { "↓" }
                    }
                }
            }
            @if lines.iter().all(|line| line.0.iter().all(|(piece, _)| piece.is_empty())) {
                p.quiet { "没有可显示的正文，请下载原件查看。" }
            } @else {
                div.text { @for (index, line) in lines.iter().enumerate() { (text_line(index + 1, line)) } }
                @if lines.len() == LINES { p.quiet { "正文很长，只显示前" (LINES) "行；全文请下载原件。" } }
            }
        }
    }
}

fn text_line(number: usize, line: &Line) -> Markup {
    let is_row = line.0.iter().any(|(piece, _)| piece.contains('\t'));
    let is_blank = line.0.iter().all(|(piece, _)| piece.trim().is_empty());
    html! {
        @if !is_blank {
            p.row[is_row] id={ "L" (number) } {
                a.number href={ "#L" (number) } aria-hidden="true" tabindex="-1" { (number) }
                span { @for (piece, marked) in &line.0 { @if *marked { mark { (piece) } } @else { (tabbed(piece)) } } }
            }
        }
    }
}

/// A row of a table has a line between its cells.
fn tabbed(piece: &str) -> Markup {
    html! {
        @for (index, cell) in piece.split('\t').enumerate() {
            @if index > 0 { i.tab {} " " }
            (cell)
        }
    }
}

fn way(life: Option<&Life>) -> Markup {
    html! {
        section #life {
            h2 { "处理经过" }
            @match life {
                Some(life) => ol.way {
                    @for fact in &life.facts { li.(fact.fact()) { b { (labels::fact(fact.fact())) } " " span.quiet { (beijing::format_time(fact.at_ms)) } } }
                },
                None => p.quiet { "暂时查不到处理经过。" }
            }
        }
    }
}

/// A file that no reading came of, or not yet.
fn on_its_way(id: &str, life: &Life) -> Markup {
    html! {
        article.report {
            header.head {
                h1 { @if life.refused.is_some() { "文件已退回" } @else { "正在处理" } }
                @match &life.refused {
                    Some(refused) => {
                        @let name = refused.submitted.as_ref().map_or("", |submitted| submitted.file_name.as_str());
                        @if !name.is_empty() { p { "文件：" (name) } }
                        p.notice.bad { (refused.message) }
                        p.quiet { "退回环节：" (labels::stage(&refused.stage)) "　原因类别：" code { (refused.class) } }
                    }
                    None => p.notice { "目前" (labels::fact(life.state())) "，处理完就能看到结果，请稍后刷新本页。" }
                }
                p.actions { a.button href={ "/api/v1/reports/" (id) "/source" } { "下载原件" } }
            }
            (way(Some(life)))
        }
    }
}
