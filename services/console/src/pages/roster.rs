//! `/roster`: the agencies that should report, who has, who was late, and who has not; imports, which are tried out
//! first, and the exceptions of single agencies.

use std::borrow::Cow;
use std::collections::BTreeMap;

use access::{Caller, Code, Requires};
use axum::extract::{Multipart, State};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Redirect, Response};
use export::{Column, Format, Kind, Names, Value};
use maud::{Markup, html};
use report::{Region, Year, beijing};
use survey::{AgencyChange, Attendance, Attendee, Exemption, Roster, RosterChanges};

use super::layout::{self, ErrorPage, badge};
use crate::app::App;
use crate::download::{XLSX, download};
use crate::office;
use crate::params::Params;
use crate::problem::Problem;
use crate::regional::{self, Punctuality};
use crate::roster::{self, Current};
use crate::{compare_export, letters, region_lookup};

const TITLE: &str = "报送名录";
/// Rows of the board on one page; the list that is downloaded has all of them.
const ROWS: usize = 200;
/// Changes of an import that the page lists; it counts all of them.
const LISTED: usize = 200;

/// The state of each agency, with its name in the address and on the page.
const STATES: [(Punctuality, &str); 4] = [
    (Punctuality::Missing, "未报送"),
    (Punctuality::Late, "迟报"),
    (Punctuality::InTime, "按时报送"),
    (Punctuality::Exempt, "免报"),
];

/// What the page shows.
struct Selection {
    region: Option<Region>,
    year: Year,
    state: Option<Punctuality>,
    /// A part of the name.
    name: String,
    /// The first row.
    from: usize,
}

impl Selection {
    fn parse(caller: &Caller, params: &Params) -> Result<Self, Problem> {
        let region = params.get("region").map(|_| regional::region(params)).transpose()?;
        match &region {
            Some(region) => regional::check_scope(caller, region)?,
            None if !caller.sees_all() => {
                return Err(Problem::bad_parameter("region", "请先选择您负责的地区。".into()));
            }
            None => {}
        }
        let year = match params.get("year") {
            Some(_) => regional::year(params)?,
            None => latest_year()?,
        };
        let state = params.get("state").and_then(|wanted| {
            STATES.into_iter().map(|(state, _)| state).find(|state| state.as_str() == wanted)
        });
        let name = params.get("name").unwrap_or_default().trim().to_owned();
        let from = params.get("from").and_then(|from| from.parse().ok()).unwrap_or_default();
        Ok(Self { region, year, state, name, from })
    }

    fn shows(&self, attendee: &Attendee) -> bool {
        self.state.is_none_or(|state| Punctuality::of(attendee) == state)
            && (self.name.is_empty() || attendee.agency.contains(&self.name))
    }
}

/// The year whose reports are due now: reports on a year come in the year after.
fn latest_year() -> Result<Year, Problem> {
    let year = office::today().and_then(|today| Year::new(i64::from(today.year()) - 1));
    year.ok_or_else(|| Problem::bad_parameter("year", "请写明年度。".into()))
}

pub(crate) async fn roster(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Markup, ErrorPage> {
    let current = roster::current(&app).await?;
    let selected = Selection::parse(&caller, &params);
    let year = selected.as_ref().map_or_else(|_| latest_year(), |selection| Ok(selection.year))?;
    let board = match &selected {
        _ if current.imported.is_none() => {
            html! { section.card { p { "还没有导入机关名录，无法知道谁应当报送而没有报送。" } } }
        }
        Ok(selection) => board(&app, &caller, &params, &current, selection).await?,
        Err(problem) => {
            html! { p.notice.warn role="alert" { (problem.detail) @if let Some(hint) = problem.hint { (hint) } } }
        }
    };
    let content = html! {
        h1 { (TITLE) }
        (asking(&params, year))
        (board)
        (importing(&caller, &current))
    };
    Ok(page(&app, &caller, content).await)
}

async fn page(app: &App, caller: &Caller, content: Markup) -> Markup {
    layout::page_with(app, caller, TITLE, "", &["office.css"], content).await
}

fn asking(params: &Params, year: Year) -> Markup {
    html! {
        form.card.asking action="/roster" {
            label { "地区 " input name="region" value=[params.get("region")] placeholder="区划代码或名称，空着为全部"; }
            label { "年度 " input name="year" value=(year) required inputmode="numeric" pattern="[0-9]{4}" size="6" title="四位数的年度"; }
            label { "机关 " input name="name" value=[params.get("name")] placeholder="名称中的字"; }
            label { "情况 " select name="state" {
                option value="" { "全部" }
                @for (state, title) in STATES {
                    option value=(state.as_str()) selected[params.get("state") == Some(state.as_str())] { (title) }
                }
            } }
            button.button { "查看" }
        }
    }
}

async fn board(
    app: &App,
    caller: &Caller,
    params: &Params,
    current: &Current,
    selection: &Selection,
) -> Result<Markup, Problem> {
    let (region, year) = (selection.region.as_ref(), selection.year);
    let attendance = regional::attendance(app, region, year).await?.unwrap_or(Attendance {
        year,
        agencies: Vec::new(),
        strangers: Vec::new(),
    });
    let shown: Vec<&Attendee> = attendance.agencies.iter().filter(|one| selection.shows(one)).collect();
    let list = params.with("year", &year.to_string()).without("from").without("name");
    let list = |format: Format| list.with("format", format.as_str()).address("/api/v1/roster");
    let more = |from: usize| params.with("from", &from.to_string()).address("/roster");
    let last = (selection.from + ROWS).min(shown.len());
    Ok(html! {
        section.card #board {
            h2 { @match region { Some(region) => (region.name), None => "全部地区" } " " span.quiet { (year) "年度" } }
            (counts(&attendance, params))
            @if let Some(region) = region { (links(region, year, &attendance)) }
            @if shown.is_empty() {
                p { "没有符合条件的机关。" }
            } @else {
                p.above { span { "第" (selection.from + 1) "至" (last) "个，共" (shown.len()) "个机关" } span.screen { "导出：" a href=(list(Format::Xlsx)) download { "Excel" } "　" a href=(list(Format::Csv)) download { "CSV" } } }
                (table(caller, current, &shown, selection))
                nav.paging aria-label="翻页" {
                    @if selection.from > 0 { a href=(more(selection.from.saturating_sub(ROWS))) rel="prev" { "上一页" } }
                    @if last < shown.len() { a.next href=(more(last)) rel="next" { "下一页" } }
                }
            }
            p.quiet { "报告写明公布日期的，以公布日期为准；没有写明的，以本系统收到的日期为准。更正后重新报送的，按第一次报送计。" }
        }
    })
}

fn counts(attendance: &Attendance, params: &Params) -> Markup {
    let count = |state: Punctuality| {
        attendance.agencies.iter().filter(|attendee| Punctuality::of(attendee) == state).count()
    };
    let expected = attendance.agencies.len() - count(Punctuality::Exempt);
    let with = |state: &str| params.without("from").with("state", state).address("/roster");
    html! {
        dl.counts {
            div { dt { "应报送" } dd { (expected) } }
            @for (state, title) in STATES {
                div { dt { a href=(with(state.as_str())) { (title) } } dd { (count(state)) } }
            }
            div { dt { "不在名录" } dd { (attendance.strangers.len()) } }
        }
    }
}

/// What can be done for the region and the year.
fn links(region: &Region, year: Year, attendance: &Attendance) -> Markup {
    let address = |path: &str, more: &[(&str, &str)]| {
        let year = year.to_string();
        let own = [("region", region.code.as_str()), ("year", year.as_str())];
        let pairs = own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Params(pairs.collect()).address(path)
    };
    html! {
        p.actions {
            @if attendance.missing().next().is_some() {
                a.button href=(address("/documents", &[("kind", "reminder")])) { "催报函" }
            }
            a.button href=(address("/documents", &[("kind", "bulletin")])) { "通报" }
            a.button href=(address("/regions", &[])) { "汇总与缺报" }
        }
    }
}

fn table(caller: &Caller, current: &Current, shown: &[&Attendee], selection: &Selection) -> Markup {
    let may_change = caller.can(Requires::Lead) && caller.sees_all();
    html! {
        div.scroll tabindex="0" { table.plain.left.board {
            thead { tr {
                th scope="col" { "机关" } th scope="col" { "地区" } th scope="col" { "截止日期" }
                th scope="col" { "情况" } th scope="col" { "日期" } th scope="col" { "校核结论" }
                th scope="col" { "说明" } @if may_change { th scope="col" { "例外" } }
            } }
            tbody {
                @for attendee in shown.iter().skip(selection.from).take(ROWS) {
                    (row(current, attendee, selection.year, may_change))
                }
            }
        } }
    }
}

fn row(current: &Current, attendee: &Attendee, year: Year, may_change: bool) -> Markup {
    let state = Punctuality::of(attendee);
    let title = STATES.iter().find(|(known, _)| *known == state).map_or("", |(_, title)| title);
    html! {
        tr {
            td {
                @match attendee.reports.first() {
                    Some(report) => a href={ "/reports/" (report.key) } { (attendee.agency) },
                    None => (attendee.agency),
                }
                @if attendee.is_repeated() { span.quiet { "　重复报送" } }
            }
            td { (region_name(attendee.region.as_deref())) }
            td.nowrap { @match attendee.deadline { Some(day) => (day), None => "—" } }
            td.nowrap { span.state.(state.as_str()) { (title) } }
            td.nowrap { @match attendee.first_day() { Some((day, source)) => { (day) " " span.quiet { (source.title()) } } None => "—" } }
            td { @match attendee.reports.first() { Some(report) => (badge(report.verdict)), None => "—" } }
            td { (attendee.note.as_deref().unwrap_or_default()) }
            @if may_change { td { (exception(current, attendee, year)) } }
        }
    }
}

/// The form that extends the deadline of one agency for this year, or exempts it.
fn exception(current: &Current, attendee: &Attendee, year: Year) -> Markup {
    let Some(agency) = current.roster.agencies().get(attendee.position) else { return html! {} };
    let is_of_year = |day: &&report::Date| i64::from(day.year()) == i64::from(year.get()) + 1;
    let extended = agency.extended.iter().find(is_of_year);
    html! {
        details.exception {
            summary { "设置" }
            form method="post" action="/roster/agency" {
                input type="hidden" name="current" value=(current.id());
                input type="hidden" name="position" value=(attendee.position);
                input type="hidden" name="agency" value=(agency.name);
                input type="hidden" name="year" value=(year);
                label { "延期至 " input type="date" name="extended" value=[extended] min={ (i64::from(year.get()) + 1) "-01-01" } max={ (i64::from(year.get()) + 1) "-12-31" }; }
                label { input type="checkbox" name="exempt" value="true" checked[agency.is_exempt(year)] disabled[agency.exempt == Exemption::Always]; " 免报" (year) "年度" }
                label { "说明 " input name="note" value=[agency.note.as_deref()] maxlength="200"; }
                button.button { "保存" }
            }
        }
    }
}

fn importing(caller: &Caller, current: &Current) -> Markup {
    html! {
        section.card #import {
            h2 { "名录" }
            @match &current.imported {
                Some(imported) => p {
                    "现行名录有" (imported.agencies) "个机关，" (beijing::format_time(imported.imported_at_ms)) "导入"
                    @if !imported.who.is_empty() { "，由" (imported.who) "操作" }
                    @if !imported.why.is_empty() { "（" (imported.why) "）" }
                    "。"
                },
                None => p { "还没有名录。请下载模板，填写后导入。" },
            }
            p.actions {
                a.button href="/roster/template" { "下载模板（Excel）" }
                @if current.imported.is_some() { a.button href="/roster/current" { "下载现行名录（CSV）" } }
            }
            @if caller.can(Requires::Lead) && caller.sees_all() {
                form.upload method="post" action="/roster/import" enctype="multipart/form-data" {
                    label { "名录文件（XLSX、XLS、ODS、CSV） " input type="file" name="file" required accept=".xlsx,.xls,.et,.ods,.csv,.txt"; }
                    button.button { "核对" }
                    p.quiet { "先核对，不改动名录：列出新增、删除、变更的机关和填写错误；确认后才导入，并替换现行名录。" }
                }
            }
        }
    }
}

fn region_name(code: Option<&str>) -> String {
    let Some(code) = code else { return "未确定".to_owned() };
    region_lookup::name(code).unwrap_or_else(|| code.to_owned())
}

/// Says what the roster in a file would change, without importing it.
pub(crate) async fn roster_check(
    State(app): State<App>,
    caller: Caller,
    mut form: Multipart,
) -> Result<Markup, ErrorPage> {
    let unreadable = |_| {
        let hint = "请核对文件（不超过16 MB）后重新选择。";
        ErrorPage(Problem::new(Code::BadForm, "名录文件没有完整收到。", hint))
    };
    let mut bytes = None;
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        if field.name() == Some("file") && field.file_name().is_some_and(|name| !name.is_empty()) {
            bytes = Some(field.bytes().await.map_err(unreadable)?);
        }
    }
    let bytes =
        bytes.ok_or_else(|| Problem::new(Code::NoFile, "没有选择名录文件。", "请选择文件后再核对。"))?;
    let current = roster::current(&app).await?;
    let read = app.worker().cpu().run(move || roster::read(&bytes)).await;
    let content = match read.map_err(|error| Problem::internal(&error))? {
        Err(faults) => html! {
            h1 { "名录核对" }
            section.card.fault {
                h2 { "名录有错误，没有导入" }
                ol.faults { @for fault in &faults { li { (fault) } } }
                p { "请按所列的行和列更正后，" a href="/roster#import" { "重新选择文件" } "。" }
            }
        },
        Ok(roster) => html! {
            h1 { "名录核对" }
            (changes(&current.roster.changes(&roster), &roster))
            form.card method="post" action="/roster/confirm" {
                input type="hidden" name="current" value=(current.id());
                textarea.hidden name="roster" hidden { (roster.to_csv()) }
                label { "说明 " input name="why" maxlength="200" placeholder="例如：机构改革后的名录"; }
                " " button.button.primary { "导入" } " " a href="/roster#import" { "不导入" }
            }
        },
    };
    Ok(page(&app, &caller, content).await)
}

fn changes(changes: &RosterChanges, roster: &Roster) -> Markup {
    let RosterChanges { added, removed, changed, same } = changes;
    html! {
        section.card {
            h2 { "导入后的变化" }
            dl.counts {
                div { dt { "机关" } dd { (roster.agencies().len()) } }
                div { dt { "新增" } dd { (added.len()) } }
                div { dt { "删除" } dd { (removed.len()) } }
                div { dt { "变更" } dd { (changed.len()) } }
                div { dt { "不变" } dd { (same) } }
            }
            @if changes.is_empty() { p { "与现行名录相同，没有变化。" } }
            (names("新增", added))
            (names("删除", removed))
            @if !changed.is_empty() {
                details.list open {
                    summary { "变更 " b { (changed.len()) } }
                    div.scroll tabindex="0" { table.plain.left {
                        thead { tr { th scope="col" { "机关" } th scope="col" { "列" } th scope="col" { "原值" } th scope="col" { "新值" } } }
                        tbody { @for change in changed.iter().take(LISTED) { (columns(change)) } }
                    } }
                    @if changed.len() > LISTED { p.quiet { "只列出前" (LISTED) "个。" } }
                }
            }
        }
    }
}

fn columns(change: &AgencyChange) -> Markup {
    html! {
        @for (column, before, after) in &change.columns {
            tr {
                td { (change.agency) } td { (column) }
                td { @if before.is_empty() { "（空）" } @else { (before) } }
                td { @if after.is_empty() { "（空）" } @else { (after) } }
            }
        }
    }
}

fn names(title: &str, names: &[String]) -> Markup {
    html! {
        @if !names.is_empty() {
            details.list open[names.len() <= 20] {
                summary { (title) " " b { (names.len()) } }
                ul.names { @for name in names.iter().take(LISTED) { li { (name) } } }
                @if names.len() > LISTED { p.quiet { "只列出前" (LISTED) "个。" } }
            }
        }
    }
}

/// Imports the roster that was checked.
pub(crate) async fn roster_import(
    State(app): State<App>,
    caller: Caller,
    body: String,
) -> Result<Redirect, ErrorPage> {
    let fields: BTreeMap<String, String> = access::pairs(&body).collect();
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let roster = Roster::parse(field("roster")).map_err(|wrong| {
        let faults: Vec<String> = wrong.faults.iter().map(survey::Fault::in_chinese).collect();
        Problem::new(Code::WrongRoster, faults.join("\n"), "请重新选择文件核对。")
    })?;
    roster::import(&app, &caller, &roster, field("current"), field("why").trim()).await?;
    Ok(Redirect::to("/roster#import"))
}

/// Changes the exceptions of one agency: a new import made of the roster that counts.
pub(crate) async fn roster_exception(
    State(app): State<App>,
    caller: Caller,
    body: String,
) -> Result<Redirect, ErrorPage> {
    let fields = Params::parse(&body);
    let year = regional::year(&fields)?;
    let extended = office::day(&fields, "extended")?;
    let is_wrong_year = |day: &report::Date| i64::from(day.year()) != i64::from(year.get()) + 1;
    if let Some(day) = extended.filter(is_wrong_year) {
        let detail = format!("{year}年度报告的延期日期应在次年，而不是{day}。");
        return Err(Problem::bad_parameter("extended", detail).into());
    }
    let current = roster::current(&app).await?;
    let name = fields.get("agency").unwrap_or_default();
    let position = fields.get("position").and_then(|position| position.parse().ok()).unwrap_or(usize::MAX);
    let agency = current.roster.agencies().get(position).filter(|agency| agency.name == name);
    let agency = agency.ok_or_else(|| {
        let problem = Problem::not_found(format!("现行名录的这一位置没有“{name}”。"));
        problem.hint("名录可能刚刚更新，请刷新页面后再操作。")
    })?;
    if !caller.may_see(agency.region.as_deref(), Some(&agency.name)) {
        return Err(Problem::not_found(format!("现行名录中没有“{name}”。")).into());
    }
    let is_exempt = fields.get("exempt") == Some("true");
    let note = fields.get("note").map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    let why = describe(name, year, extended, is_exempt, note.as_deref());
    let changed = current.roster.with_agency(position, |agency| {
        agency.extended.retain(|day| i64::from(day.year()) != i64::from(year.get()) + 1);
        agency.extended.extend(extended);
        agency.extended.sort();
        if let Exemption::Years(years) = &mut agency.exempt {
            years.retain(|known| *known != year);
            years.extend(is_exempt.then_some(year));
            years.sort();
        }
        agency.note = note;
    });
    roster::import(&app, &caller, &changed, fields.get("current").unwrap_or_default(), &why).await?;
    let back = Params(vec![("year".into(), year.to_string()), ("name".into(), name.to_owned())]);
    let region = agency.region.as_deref().map(|region| back.with("region", region)).unwrap_or(back);
    Ok(Redirect::to(&region.address("/roster")))
}

fn describe(
    name: &str,
    year: Year,
    extended: Option<report::Date>,
    is_exempt: bool,
    note: Option<&str>,
) -> String {
    let extended = extended.map_or(String::new(), |day| format!("延期至{day}"));
    let what = match (is_exempt, extended.is_empty()) {
        (true, _) => "免报".to_owned(),
        (false, false) => extended,
        (false, true) => "取消例外".to_owned(),
    };
    let note = note.map_or(String::new(), |note| format!("：{note}"));
    format!("{name}{year}年度{what}{note}")
}

/// An empty roster to fill in.
pub(crate) async fn roster_template() -> Result<Response, Problem> {
    let bytes = render::roster_template().map_err(|error| Problem::internal(&error.into()))?;
    Ok(download(bytes, XLSX, "机关名录模板.xlsx"))
}

/// The roster that counts as CSV; for a reviewer of some regions their agencies.
pub(crate) async fn roster_current(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let current = roster::current(&app).await?;
    let mut rows = vec![Roster::columns().map(str::to_owned).to_vec()];
    for agency in current.roster.agencies() {
        if caller.may_see(agency.region.as_deref(), Some(&agency.name)) {
            rows.push(current.roster.row(agency).to_vec());
        }
    }
    Ok(csv(rows, "机关名录.csv"))
}

/// The board as a table, for `/api/v1/roster`.
///
/// # Errors
/// If the table cannot be written.
pub(crate) fn board_table(
    attendance: &Attendance,
    params: &Params,
    format: Format,
) -> Result<Response, Problem> {
    let year = attendance.year;
    let columns = vec![
        Column::new("agency", "机关", Kind::Text, "名录中的名称。"),
        Column::new("region", "区划代码", Kind::Text, "所在行政区划。"),
        Column::new("region_name", "地区", Kind::Text, "行政区划的名称。"),
        Column::new("year", "年度", Kind::Integer, "年度报告的年度。"),
        Column::new("deadline", "截止日期", Kind::Date, "应在这一天以前报送。"),
        Column::new("state", "情况", Kind::Text, "未报送、迟报、按时报送或免报。"),
        Column::new("day", "日期", Kind::Date, "最早一份年度报告的日期，空为没有。"),
        Column::new("day_source", "日期来源", Kind::Text, "这一日期取自何处。"),
        Column::new("verdict", "校核结论", Kind::Text, "空为没有年度报告。"),
        Column::new("years_missing", "此前缺报的年度", Kind::Text, "以顿号隔开。"),
        Column::new("note", "说明", Kind::Text, "延期、免报的原因。"),
    ];
    let names = compare_export::names(format);
    let words = |id: &'static str, title: &'static str| text(if names == Names::Zh { title } else { id });
    let wanted = params.get("state");
    let is_wanted =
        |attendee: &&Attendee| wanted.is_none_or(|wanted| wanted == Punctuality::of(attendee).as_str());
    let rows = attendance.agencies.iter().filter(is_wanted).map(|attendee| {
        let state = Punctuality::of(attendee);
        let title = STATES.iter().find(|(known, _)| *known == state).map_or("", |(_, title)| title);
        let verdict = attendee.reports.first().map(|report| report.verdict);
        let earlier = attendee.missing_years.iter().filter(|missing| **missing != year);
        let earlier: Vec<String> = earlier.map(ToString::to_string).collect();
        let first = attendee.first_day();
        vec![
            text(attendee.agency.as_str()),
            text(attendee.region.as_deref().unwrap_or_default()),
            text(region_name(attendee.region.as_deref())),
            Value::Integer(i64::from(year.get())),
            attendee.deadline.map_or(Value::Empty, Value::Date),
            words(state.as_str(), title),
            first.map_or(Value::Empty, |(day, _)| Value::Date(day)),
            text(first.map_or("", |(_, source)| source.title())),
            verdict.map_or(Value::Empty, |verdict| words(verdict.as_str(), verdict.title())),
            text(earlier.join("、")),
            text(attendee.note.as_deref().unwrap_or_default()),
        ]
    });
    let mut bytes = Vec::new();
    let written = export::write_table("报送情况", columns, names, format, rows, &mut bytes);
    written.map_err(|error| Problem::internal(&error.into()))?;
    Ok(download(bytes, format.media_type(), &format!("{year}年度报送情况.{}", format.as_str())))
}

/// A text; nothing where it is empty.
fn text<'a>(text: impl Into<Cow<'a, str>>) -> Value<'a> {
    let text = text.into();
    if text.is_empty() { Value::Empty } else { Value::Text(text) }
}

fn csv(rows: Vec<Vec<String>>, name: &str) -> Response {
    const CSV: &str = "text/csv; charset=utf-8";
    let mut response = download(letters::list(rows), CSV, name);
    response.headers_mut().remove::<HeaderName>(header::ETAG);
    response.into_response()
}
