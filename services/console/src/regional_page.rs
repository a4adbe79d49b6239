//! `/regions`: what a region reported for a year: who did and who did not, what it adds up to, and, where
//! it is asked for, what the rules among agencies find.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::extract::{OriginalUri, State};
use axum::response::Redirect;
use maud::{Markup, html};
use report::{CellId, Decimal, Judgement, Region, Severity, Year, json};
use rules::doc::DOC_04;
use rules::sim::SIM_02;
use search::{Facet, FacetValue, Query};
use survey::{Attendance, Attendee, Findings, Member, RollUp};

use crate::layout::{self, Fault};
use crate::params::Params;
use crate::problem::Problem;
use crate::report_page::{waiver, what};
use crate::{App, labels, region_lookup, regional};

/// Rows of a list that are shown; the interface and the files have all.
const ROWS: usize = 200;
/// Figures of the roll-up that are shown, each the total of its row or group.
const FIGURES: [(&str, &str); 7] = [
    ("requests.received.total", "本年新收申请"),
    ("requests.carried_in.total", "上年结转申请"),
    ("requests.concluded.total", "本年度办理结果"),
    ("requests.carried_out.total", "结转下年度"),
    ("review.total", "行政复议"),
    ("direct_litigation.total", "未经复议直接起诉"),
    ("litigation_after_review.total", "复议后起诉"),
];

pub(crate) async fn show(State(app): State<App>, params: Params) -> Result<Markup, Fault> {
    let query = Query { facets: vec![Facet::Region, Facet::Year], ..Query::default() };
    let found = app.read(move |reader| reader.search(&query)).await?;
    let values = |wanted: Facet| {
        let counts = found.facets.iter().find(|counts| counts.facet == wanted);
        counts.map(|counts| counts.values.clone()).unwrap_or_default()
    };
    let (regions, years) = (values(Facet::Region), values(Facet::Year));
    let told = match params.get("region").or(params.get("year")) {
        Some(_) => match tell(&app, &params).await {
            Ok(told) => told,
            Err(problem) if problem.status.is_client_error() => refused(&problem),
            Err(problem) => return Err(problem.into()),
        },
        None => newcomer(&regions, &years),
    };
    let content = html! {
        h1 { "汇总与比对" }
        (form(&params, &regions, &years))
        (told)
    };
    Ok(layout::page(&app, "汇总与比对", "", content).await)
}

/// Redirects from the address that the page had at first.
pub(crate) async fn moved(OriginalUri(uri): OriginalUri) -> Redirect {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("/regions{query}"))
}

/// What was asked for: a region and a year, in the words of an address.
struct Asked {
    region: Region,
    year: Year,
    /// The rule whose findings alone are shown.
    rule: Option<String>,
}

impl Asked {
    fn address(&self, path: &str, more: &[(&str, &str)]) -> String {
        let year = self.year.to_string();
        let own = [("region", self.region.code.as_str()), ("year", year.as_str())];
        let pairs = own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Params(pairs.collect()).address(path)
    }
}

async fn tell(app: &App, params: &Params) -> Result<Markup, Problem> {
    let (region, year) = (regional::region(params)?, regional::year(params)?);
    let asked = Asked { region, year, rule: params.get("rule").map(str::to_owned) };
    let attended = regional::attended(app, Some(&asked.region), year);
    let (attended, rolled) = tokio::try_join!(attended, regional::rolled(app, &asked.region, year))?;
    let found = match params.get("survey") {
        Some("true") => Some(regional::findings(app, &asked.region, year).await?),
        _ => None,
    };
    Ok(html! {
        h2.region { (asked.region.name) " " span.quiet { (asked.region.code) "　" (year) "年度" } }
        (attendance(attended.as_ref(), &asked))
        (roll_up(rolled.as_ref(), &asked))
        (comparison(found.as_ref(), &asked))
    })
}

fn form(params: &Params, regions: &[FacetValue], years: &[FacetValue]) -> Markup {
    let latest = years.first().map(|year| year.value.as_str());
    html! {
        form.card.asking action="/regions" {
            label { "地区 " input name="region" value=[params.get("region")] list="regions" required
                placeholder="区划代码或名称，如 6101、西安市"; }
            datalist #regions { @for region in regions { option value=(region.value) { (region.label) } } }
            label { "年度 " input name="year" value=[params.get("year").or(latest)] required
                inputmode="numeric" pattern="[0-9]{4}" size="6" title="四位数的年度"; }
            button.button { "查看汇总" }
            button.button name="survey" value="true" { "查看汇总并比对" }
            p.quiet { "比对要逐份对照各机关的文字和数字，地区大时需要几秒到几十秒。" }
        }
    }
}

fn newcomer(regions: &[FacetValue], years: &[FacetValue]) -> Markup {
    let year = years.first().map(|year| year.value.as_str()).unwrap_or_default();
    let address = |region: &FacetValue| {
        let pairs = [("region", region.value.as_str()), ("year", year)];
        Params(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()).address("/regions")
    };
    html! {
        section.card {
            @if regions.is_empty() {
                p { "库里还没有能确定地区的年报。送进年报后，可以在这里核对谁已报送、汇总全地区的表格、比对各机关的报告。" }
            } @else {
                h2 { "库里有这些地区的年报" }
                ul.examples { @for region in regions { li { a href=(address(region)) { (region.label) } span { (region.count) " 份" } } } }
            }
        }
    }
}

fn refused(problem: &Problem) -> Markup {
    html! { p.notice.warn role="alert" { (problem.detail) @if let Some(hint) = problem.hint { (hint) } } }
}

/// A list that is folded: how many first, then who, up to a bound.
fn folded<T>(title: &str, all: &[T], whole: &str, heads: &[&str], row: impl Fn(&T) -> Markup) -> Markup {
    html! {
        @if !all.is_empty() {
            details.list {
                summary { (title) " " b { (all.len()) } }
                div.scroll { table.plain.left {
                    thead { tr { @for head in heads { th scope="col" { (head) } } } }
                    tbody { @for one in all.iter().take(ROWS) { (row(one)) } }
                } }
                @if all.len() > ROWS { p.quiet { "只列出前" (ROWS) "个，" a href=(whole) { "全部数据" } "可从接口取得。" } }
            }
        }
    }
}

/// Figures in a row, each under what it counts.
fn counts(counts: &[(&str, usize)]) -> Markup {
    html! { dl.counts { @for (title, count) in counts { div { dt { (title) } dd { (count) } } } } }
}

fn attendance(attended: Option<&Attendance>, asked: &Asked) -> Markup {
    let whole = asked.address("/api/v1/roster", &[]);
    html! {
        section.card #attendance {
            h2 { "报送情况" }
            @match attended {
                None => {
                    p { "还没有导入机关名录，无法知道谁应当报送而没有报送。" }
                    p.quiet { "准备一份 CSV 名录，首行为“机关名称,区划代码,上级,口径”，在命令行运行 " code { "gouji roster import 名录.csv" } "。" }
                }
                Some(attended) if attended.agencies.is_empty() && attended.strangers.is_empty() => p { "机关名录中没有这个地区的机关。" },
                Some(attended) => {
                    @let of = |wanted: &str| attended.agencies.iter().filter(|one| regional::state(one) == wanted).collect::<Vec<_>>();
                    @let (missing, late, in_time) = (of("missing"), of("late"), of("in_time"));
                    (counts(&[("应报送", attended.agencies.len()), ("按时报送", in_time.len()), ("迟报", late.len()), ("未报送", missing.len()), ("不在名录", attended.strangers.len())]))
                    (deadlines(attended))
                    (folded("未报送", &missing, &whole, &["机关", "地区", "此前缺报的年度"], |one| html! {
                        tr { td { (one.agency) } td { (region_name(one.region.as_deref())) } td { (years_before(one, asked.year)) } }
                    }))
                    @for (title, list) in [("迟报", &late), ("按时报送", &in_time)] {
                        (folded(title, list, &whole, &["机关", "地区", "日期", "结论"], |one| present(one)))
                    }
                    (folded("不在名录，或与名录中的多个机关同名", &attended.strangers, &whole, &["机关", "地区"], |one| html! {
                        tr {
                            td { a href={ "/reports/" (one.key) } { (one.agency.as_deref().unwrap_or("未写明机关")) } }
                            td { (region_name(one.region.as_deref())) }
                        }
                    }))
                }
            }
        }
    }
}

/// The last days, of which those above may have others than those below.
fn deadlines(attended: &Attendance) -> Markup {
    let days: BTreeSet<String> =
        attended.agencies.iter().filter_map(|one| one.deadline).map(|day| day.to_string()).collect();
    let days = days.into_iter().collect::<Vec<_>>().join("、");
    html! {
        p.quiet {
            @if !days.is_empty() { "截止日期：" (days) "。" }
            "报告写明公布日期的，以公布日期为准；没有写明的，以本系统收到的日期为准。"
        }
    }
}

fn present(one: &Attendee) -> Markup {
    html! {
        tr {
            td {
                @match one.reports.first() {
                    Some(report) => a href={ "/reports/" (report.key) } { (one.agency) },
                    None => (one.agency),
                }
                @if one.is_repeated() { span.quiet { "　重复报送" } }
            }
            td { (region_name(one.region.as_deref())) }
            td.nowrap { @if let Some((day, source)) = one.first_day() { (day) " " span.quiet { (source.title()) } } @else { "—" } }
            td { @if let Some(report) = one.reports.first() { (layout::badge(report.verdict.as_str())) } }
        }
    }
}

fn years_before(one: &Attendee, year: Year) -> String {
    let before = one.missing_years.iter().filter(|missing| **missing != year);
    before.map(|year| format!("{year}年")).collect::<Vec<_>>().join("、")
}

fn region_name(code: Option<&str>) -> String {
    let Some(code) = code else { return "未确定".to_owned() };
    region_lookup::name(code).unwrap_or_else(|| code.to_owned())
}

fn roll_up(rolled: Option<&RollUp>, asked: &Asked) -> Markup {
    let address = |format: &str| asked.address("/api/v1/rollup", &[("format", format)]);
    let whole = address("json");
    html! {
        section.card #rollup {
            h2 { "汇总" }
            @match rolled {
                None => p { (asked.year) "年没有统一的表格，无法汇总。" },
                Some(rolled) if rolled.contributors.is_empty() && rolled.gaps.is_empty() && rolled.doubts.is_empty() => {
                    p { "没有可以汇总的年报。" (unplaced(rolled)) }
                }
                Some(rolled) => {
                    @let broken = rolled.balance.iter().filter(|(_, sums)| sums.hold() == Some(false)).collect::<Vec<_>>();
                    (counts(&[("计入的年报", rolled.contributors.len()), ("缺报", rolled.gaps.len()), ("存疑", rolled.doubts.len()), ("合计不平", broken.len())]))
                    @if !rolled.has_roster { p.quiet { "没有机关名录，缺报只能按已报送的机关推算。" } }
                    p.quiet { "报告已含下级数字的，下级不再重复计入，所以计入的份数可能少于收到的份数。" (unplaced(rolled)) }
                    p.actions {
                        a.button href=(address("html")) { "汇总表" }
                        a.button href=(address("xlsx")) { "汇总表（Excel）" }
                        a.button href=(whole) { "数据（JSON）" }
                    }
                    @if !rolled.contributors.is_empty() { (figures(rolled)) }
                    (folded("合计不平", &broken, &whole, &["规则", "位置", "一边", "另一边"], |(equation, sums)| html! {
                        tr { td { code { (rules::of_equation(equation).id) } } td { (equation.place) } td { (number(sums.left)) } td { (number(sums.right)) } }
                    }))
                    (folded("缺报", &rolled.gaps, &whole, &["机关", "地区", "情况"], |gap| html! {
                        tr {
                            td { @match &gap.key { Some(key) => a href={ "/reports/" (key) } { (gap.agency) }, None => (gap.agency) } }
                            td { (region_name(gap.region.as_deref())) }
                            td {
                                @if gap.key.is_some() { "报告中没有可用的表格" } @else { "没有报告" }
                                @if gap.counted_below > 0 { "，已计入下级" (gap.counted_below) "个机关" }
                            }
                        }
                    }))
                    (folded("存疑", &rolled.doubts, &whole, &["机关", "地区", "请核实"], |doubt| html! {
                        tr {
                            td { a href={ "/reports/" (doubt.key) } { (doubt.agency) } }
                            td { (region_name(doubt.region.as_deref())) }
                            td { (doubt.kind.sentence()) }
                        }
                    }))
                }
            }
        }
    }
}

fn unplaced(rolled: &RollUp) -> Markup {
    html! { @if rolled.unplaced > 0 { "另有" (rolled.unplaced) "份年报不能确定地区，没有计入。" } }
}

/// The totals that are asked for first.
fn figures(rolled: &RollUp) -> Markup {
    let known = FIGURES.iter().filter_map(|(id, title)| {
        let id = CellId::parse(id).ok()?;
        let index = rolled.cells.iter().position(|cell| cell.id == id)?;
        Some((title, index, rolled.cells.get(index)?))
    });
    let own = |index: usize| rolled.whole.as_ref().and_then(|whole| whole.figures.get(index).copied());
    html! {
        div.scroll { table.plain.figures {
            thead { tr {
                th scope="col" { "主要数字" } th scope="col" { "合计" } th scope="col" { "有数字的年报" } th scope="col" { "缺" }
                @if let Some(whole) = &rolled.whole { th scope="col" { a href={ "/reports/" (whole.key) } { (whole.agency) } "报告所列" } }
            } }
            tbody {
                @for (title, index, cell) in known {
                    tr {
                        th scope="row" { (title) }
                        td { @if !cell.is_exact && cell.sum.is_some() { span.quiet { "不少于 " } } b { (number(cell.sum)) } }
                        td { (cell.contributors) }
                        td { (cell.lacking) }
                        @if rolled.whole.is_some() { td { (number(own(index).flatten())) } }
                    }
                }
            }
        } }
    }
}

fn number(value: Option<Decimal>) -> String {
    value.map_or_else(|| "—".to_owned(), |value| value.normalize().to_string())
}

fn comparison(found: Option<&(Vec<Member>, Findings)>, asked: &Asked) -> Markup {
    html! {
        section.card #survey {
            h2 { "机关之间的比对" }
            @match found {
                None => {
                    p { "对照本地区各机关的报告：上下级数字、相同的文字和文件、与同类机关相差悬殊的数字、历年走势。" }
                    p.actions { a.button href={ (asked.address("/regions", &[("survey", "true")])) "#survey" } { "开始比对" } }
                }
                Some((members, findings)) => (compared(members, findings, asked)),
            }
        }
    }
}

/// Hints, what cannot be judged, what to look at, what is wrong.
fn weight(finding: &report::Finding) -> u8 {
    match (finding.waiver.is_some(), finding.judgement, finding.severity) {
        (true, ..) => 0,
        (_, Judgement::Unknown, _) => 1,
        (_, _, Severity::Error) => 3,
        (_, _, Severity::Warning) => 2,
        _ => 1,
    }
}

fn compared(members: &[Member], findings: &Findings, asked: &Asked) -> Markup {
    let wanted = |finding: &&report::Finding| asked.rule.as_ref().is_none_or(|rule| *rule == finding.rule);
    let mut by_rule: BTreeMap<&str, usize> = BTreeMap::new();
    let mut told: Vec<(&Member, Vec<&report::Finding>)> = Vec::new();
    let this_year: Vec<&Member> = members.iter().filter(|member| member.year == Some(asked.year)).collect();
    for member in &this_year {
        let all = findings.get(&member.key).map(Vec::as_slice).unwrap_or_default();
        let rules: BTreeSet<&str> = all.iter().map(|finding| finding.rule.as_str()).collect();
        rules.into_iter().for_each(|rule| *by_rule.entry(rule).or_default() += 1);
        let mut own: Vec<&report::Finding> = all.iter().filter(wanted).collect();
        own.sort_by_key(|finding| std::cmp::Reverse(weight(finding)));
        if !own.is_empty() {
            told.push((member, own));
        }
    }
    let worst = |own: &[&report::Finding]| own.first().map_or(0, |finding| weight(finding));
    told.sort_by_cached_key(|(member, own)| {
        let region = member.region.as_ref().map(|region| region.code.clone());
        (std::cmp::Reverse(worst(own)), region, member.agency.clone(), member.key.clone())
    });
    let serious = told.partition_point(|(_, own)| worst(own) > 1);
    let (serious, hints) = told.split_at(serious);
    let sources = sources(members);
    let whole = asked.address("/api/v1/survey", &[]);
    html! {
        (counts(&[("比对的年报", this_year.len()), ("有错误或警告", serious.len()), ("只有提示", hints.len())]))
        @if by_rule.is_empty() {
            p.notice.good { "没有发现机关之间的问题。" }
        } @else {
            ul.rules aria-label="按规则查看" {
                @for (rule, count) in &by_rule {
                    @let is_on = asked.rule.as_deref() == Some(*rule);
                    @let more = [("survey", "true"), ("rule", *rule)];
                    li { a href={ (asked.address("/regions", if is_on { &more[..1] } else { &more })) "#survey" } aria-current=[is_on.then_some("true")] {
                        code { (rule) } " " (labels::problem(rule).unwrap_or_default()) " " b { (count) }
                    } }
                }
            }
        }
        (reports(serious, &sources, &whole))
        @if !hints.is_empty() {
            details.list open[serious.is_empty() && asked.rule.is_some()] {
                summary { "只有提示的年报 " b { (hints.len()) } }
                (reports(hints, &sources, &whole))
            }
        }
    }
}

/// The report that an agency and a year stand for; none where they stand for several.
type Sources<'a> = HashMap<(&'a str, Option<Year>), Option<&'a str>>;

fn sources(members: &[Member]) -> Sources<'_> {
    let mut sources = Sources::new();
    for member in members {
        let Some(agency) = member.agency.as_deref() else { continue };
        let source = sources.entry((agency, member.year)).or_insert(Some(&member.key));
        if *source != Some(&member.key) {
            *source = None;
        }
    }
    sources
}

fn reports(told: &[(&Member, Vec<&report::Finding>)], sources: &Sources<'_>, whole: &str) -> Markup {
    html! {
        ol.compared {
            @for (member, own) in told.iter().take(ROWS) {
                li {
                    h3 {
                        a href={ "/reports/" (member.key) } { (member.agency.as_deref().unwrap_or("未写明机关")) }
                        " " (layout::badge(member.verdict.as_str()))
                        span.quiet { "　" (member.region.as_ref().map_or("地区未确定", |region| &region.name)) }
                        a.letter.screen href={ "/api/v1/reports/" (member.key) "/letter?across=true" } { "整改意见" }
                    }
                    ul.findings { @for finding in own { (told_of(member, finding, sources)) } }
                }
            }
        }
        @if told.len() > ROWS { p.quiet { "只列出前" (ROWS) "份，" a href=(whole) { "全部数据" } "可从接口取得。" } }
    }
}

fn told_of(member: &Member, finding: &report::Finding, sources: &Sources<'_>) -> Markup {
    let value = json::finding(finding);
    let severity =
        if finding.judgement == Judgement::Unknown { "unknown" } else { finding.severity.as_str() };
    let is_waived = finding.waiver.is_some();
    html! {
        li.finding.waived[is_waived] data-severity=(severity) data-cells="" {
            (what(&value))
            p.message { (finding.message) }
            @if let Some(other) = &finding.against { (against(member, finding, other, sources)) }
            (waiver(&value["waiver"]))
        }
    }
}

/// Ways to the report it was held against; where both share a passage, to the passage in either.
fn against(
    member: &Member,
    finding: &report::Finding,
    other: &report::Against,
    sources: &Sources<'_>,
) -> Markup {
    let agency = other.agency.as_deref().unwrap_or_default();
    let year = other.year.map(|year| format!("{year}年度报告")).unwrap_or_default();
    let key = sources.get(&(agency, other.year)).copied().flatten();
    let passage = passage(&finding.message).filter(|_| SIM_02.made(finding) || DOC_04.made(finding));
    let search = |passage: &str| Params::default().with("q", &format!("\"{passage}\""));
    let address = |key: &str, passage: &str| search(passage).address(&format!("/reports/{key}"));
    html! {
        p.quiet { "对照：" @match key { Some(key) => a href={ "/reports/" (key) } { (agency) (year) }, None => { (agency) (year) } } }
        @if let (Some(key), Some(passage)) = (key, passage) {
            dl.beside {
                div { dt { a href={ (address(&member.key, passage)) "#text" } { "在本报告中查看" } } dd { mark { (passage) } } }
                div { dt { a href={ (address(key, passage)) "#text" } { "在对照的报告中查看" } } dd { mark { (passage) } } }
            }
        }
    }
}

/// What a message quotes last, without the dots that say there is more.
fn passage(message: &str) -> Option<&str> {
    let (before, _) = message.rsplit_once('”')?;
    let (_, quoted) = before.rsplit_once('“')?;
    Some(quoted.trim_end_matches('…')).filter(|quoted| !quoted.is_empty() && !quoted.contains('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_passage_is_what_is_quoted_last() {
        let check =
            |message: &str, expected: Option<&str>| assert_eq!(passage(message), expected, "{message}");
        check(
            "正文约80%的文字与“甲市财政局”同年度报告相同，如“坚持公开为常态……”。请补充。",
            Some("坚持公开为常态"),
        );
        check("相同的文字中留有“甲市财政局”的名称：“甲市财政局高度重视。”。", Some("甲市财政局高度重视。"));
        check("没有引文。", None);
        check("如“……”。", None);
        check("”倒着写“", None);
    }
}
