//! `/review`: the work lists of reviewers. The address has the whole state of a list.

use access::Caller;
use axum::extract::State;
use export::Shape;
use maud::{Markup, html};
use report::workflow::{ActKind, ReviewState};
use report::{Date, Severity, beijing};
use search::{Card, Clause, Facet, FacetCounts, FacetValue, Hit, Page, Query, Reader, Sort};

use super::export::export_links;
use super::layout::{self, ErrorPage, badge};
use crate::app::App;
use crate::labels;
use crate::office::today;
use crate::params::Params;
use crate::problem::Problem;
use crate::reviews::required;
use crate::search_query::restrict_to_scope;

/// The title of the page, also in the navigation.
pub(crate) const TITLE: &str = "审核";
/// Rows of a list; at 1280 × 800 a dozen are seen at once.
const ROWS: usize = 50;

/// A work list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    Pending,
    Returned,
    Resent,
    Overdue,
    Accepted,
    Mine,
}

impl Tab {
    const ALL: [Self; 6] =
        [Self::Pending, Self::Returned, Self::Resent, Self::Overdue, Self::Accepted, Self::Mine];

    fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Returned => "returned",
            Self::Resent => "resent",
            Self::Overdue => "overdue",
            Self::Accepted => "accepted",
            Self::Mine => "mine",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Pending => "待审核",
            Self::Returned => "退回待改",
            Self::Resent => "已重报",
            Self::Overdue => "逾期",
            Self::Accepted => "已通过",
            Self::Mine => "我的",
        }
    }

    /// The most urgent first.
    fn sort(self) -> &'static str {
        match self {
            Self::Pending | Self::Mine => "-open",
            Self::Returned | Self::Overdue => "due",
            Self::Resent => "since",
            Self::Accepted => "-since",
        }
    }

    /// The parameters of a search that finds its reports.
    fn filter(self, caller: &Caller, today: Option<Date>) -> Vec<(&'static str, String)> {
        let state = |state: ReviewState| ("review", state.as_str().to_owned());
        match self {
            Self::Pending => vec![state(ReviewState::Pending)],
            Self::Returned => vec![state(ReviewState::Returned)],
            Self::Resent => vec![state(ReviewState::Resent)],
            Self::Accepted => vec![state(ReviewState::Accepted)],
            Self::Overdue => {
                let over = today.map(|today| ("due", format!("<{today}")));
                [state(ReviewState::Returned)].into_iter().chain(over).collect()
            }
            // What was accepted is done.
            Self::Mine => vec![
                ("assignee", caller.name.clone()),
                state(ReviewState::Pending),
                state(ReviewState::Returned),
                state(ReviewState::Resent),
            ],
        }
    }
}

/// What the page needs of the index.
struct Lists {
    page: Page,
    /// Counts over all lists, under the filters of the page.
    all: Page,
    overdue: u64,
    mine: u64,
}

pub(crate) async fn review(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Markup, ErrorPage> {
    let wanted = params.get("tab").unwrap_or("pending");
    let tab = Tab::ALL.into_iter().find(|tab| tab.name() == wanted).unwrap_or(Tab::Pending);
    let today = today();
    let (filters, problems) = filters(&params);
    let query = |tab: Tab| -> Result<Query, Problem> {
        let mut filters = filters.clone();
        filters.extend(clauses(&tab.filter(&caller, today))?);
        restrict_to_scope(Query { filters, ..Query::default() }, &caller)
    };
    let sort = params.get("sort").and_then(Sort::parse).or_else(|| Sort::parse(tab.sort()));
    let cursor = params.get("cursor").map(str::to_owned);
    let listed = Query { limit: ROWS, cursor, sort: sort.unwrap_or_default(), ..query(tab)? };
    let facets = vec![Facet::Review, Facet::Year, Facet::Region, Facet::Rule];
    let all = restrict_to_scope(Query { filters: filters.clone(), facets, ..Query::default() }, &caller)?;
    let (overdue, mine) = (query(Tab::Overdue)?, query(Tab::Mine)?);
    let lists = app.read(move |reader| {
        let count = |reader: &Reader, query: &Query| reader.search(query).map(|page| page.total);
        Ok(Lists {
            page: reader.search(&listed)?,
            all: reader.search(&all)?,
            overdue: count(reader, &overdue)?,
            mine: count(reader, &mine)?,
        })
    });
    let lists = lists.await?;
    let shown = Shown { tab, params: &params, caller: &caller, lists: &lists, today };
    let content = html! {
        h1 { (TITLE) }
        @for problem in &problems { p.notice.warn role="alert" { (problem.detail) } }
        (shown.tabs())
        (shown.filter_form())
        (shown.list())
    };
    Ok(layout::page_with(&app, &caller, TITLE, "", &["review.css", "review.js"], content).await)
}

/// The filters of the page. Rule and severity are those of open findings.
fn filters(params: &Params) -> (Vec<Clause>, Vec<Problem>) {
    let (mut filters, mut problems) = (Vec::new(), Vec::new());
    for (name, field) in
        [("region", "region"), ("year", "year"), ("rule", "open"), ("severity", "open"), ("agency", "agency")]
    {
        let Some(value) = params.get(name) else { continue };
        match search::field(field, value) {
            Ok(clause) => filters.push(clause),
            Err(error) => problems.push(Problem::bad_parameter(name, format!("{error}。"))),
        }
    }
    (filters, problems)
}

/// The clauses of these parameters; those of one name are alternatives.
fn clauses(filter: &[(&'static str, String)]) -> Result<Vec<Clause>, Problem> {
    let mut clauses: Vec<(&str, Vec<Clause>)> = Vec::new();
    for (name, value) in filter {
        let clause = match *name {
            // A caller without a name has nothing assigned to it.
            "assignee" => Clause::Assignee(value.clone()),
            _ => search::field(name, value)
                .map_err(|error| Problem::internal(&anyhow::anyhow!("filter of a list: {error}")))?,
        };
        match clauses.iter_mut().find(|(known, _)| known == name) {
            Some((_, alternatives)) => alternatives.push(clause),
            None => clauses.push((name, vec![clause])),
        }
    }
    Ok(clauses.into_iter().map(|(_, alternatives)| Clause::Or(alternatives)).collect())
}

/// A list as it is shown.
struct Shown<'a> {
    tab: Tab,
    params: &'a Params,
    caller: &'a Caller,
    lists: &'a Lists,
    today: Option<Date>,
}

impl Shown<'_> {
    fn count(&self, tab: Tab) -> u64 {
        let of_state = |state: ReviewState| {
            let counts = values(&self.lists.all.facets, Facet::Review);
            counts.iter().find(|value| value.value == state.as_str()).map_or(0, |value| value.count)
        };
        match tab {
            Tab::Pending => of_state(ReviewState::Pending),
            Tab::Returned => of_state(ReviewState::Returned),
            Tab::Resent => of_state(ReviewState::Resent),
            Tab::Accepted => of_state(ReviewState::Accepted),
            Tab::Overdue => self.lists.overdue,
            Tab::Mine => self.lists.mine,
        }
    }

    fn tabs(&self) -> Markup {
        let address = |tab: Tab| self.params.without("sort").with("tab", tab.name()).address("/review");
        html! {
            nav.tabs aria-label="工作清单" {
                @for tab in Tab::ALL.into_iter().filter(|tab| *tab != Tab::Mine || !self.caller.name.is_empty()) {
                    a href=(address(tab)) aria-current=[(tab == self.tab).then_some("page")] {
                        (tab.title()) " " span.count.urgent[tab == Tab::Overdue && self.count(tab) > 0] { (self.count(tab)) }
                    }
                }
            }
        }
    }

    fn filter_form(&self) -> Markup {
        let facets = &self.lists.all.facets;
        let has = |name: &str, value: &str| self.params.get(name) == Some(value);
        let is_filtered = ["region", "year", "rule", "severity", "agency"]
            .iter()
            .any(|name| self.params.get(name).is_some());
        html! {
            form.filters action="/review" {
                input type="hidden" name="tab" value=(self.tab.name());
                label { "地区 " input name="region" value=[self.params.get("region")] list="regions" size="12" placeholder="名称或代码"; }
                datalist #regions { @for region in values(facets, Facet::Region) { option value=(region.value) { (region.label) } } }
                label { "机关 " input name="agency" value=[self.params.get("agency")] size="12" placeholder="名称中的字"; }
                label { "年度 " select name="year" {
                    option value="" { "全部" }
                    @for year in values(facets, Facet::Year) { option value=(year.value) selected[has("year", &year.value)] { (year.value) "年" } }
                } }
                label { "严重程度 " select name="severity" {
                    option value="" { "全部" }
                    @for severity in [Severity::Error, Severity::Warning] {
                        option value=(severity.as_str()) selected[has("severity", severity.as_str())] { "有" (severity.title()) }
                    }
                } }
                label { "问题 " select name="rule" {
                    option value="" { "全部" }
                    (rules(facets, self.params.get("rule")))
                } }
                button.button { "筛选" }
                @if is_filtered { a href={ "/review?tab=" (self.tab.name()) } { "清除条件" } }
            }
        }
    }

    fn list(&self) -> Markup {
        let page = &self.lists.page;
        html! {
            @if page.hits.is_empty() {
                p.notice { "“" (self.tab.title()) "”中没有符合条件的年度报告。" }
            } @else {
                form.work-list method="post" action="/review" data-work-list {
                    input type="hidden" name="back" value=(self.params.address("/review"));
                    input type="hidden" name="filter" value=(self.filter());
                    table.work {
                        thead { tr {
                            th.tick { input type="checkbox" data-all aria-label="选中本页全部" hidden; }
                            th { "机关" } th { "年度" } th { "校核结论" } th { "主要问题" }
                            th { (self.since_title()) } th { "经办" }
                        } }
                        tbody { @for hit in &page.hits { (self.row(hit)) } }
                    }
                    (self.actions())
                }
                @if page.total > 0 {
                    p.screen { a href=(self.letters()) { "生成整改意见" } span.quiet { "　为本表所列的年度报告，含其他页" } }
                    (export_links(&Params::parse(&self.filter()), Shape::Reports))
                }
                nav.paging aria-label="翻页" {
                    span.quiet { "共 " (page.total) " 份" }
                    @if self.params.get("cursor").is_some() { a href=(self.params.without("cursor").address("/review")) { "回到第一页" } }
                    @if let Some(cursor) = &page.next_cursor {
                        a.next rel="next" href=(self.params.with("cursor", cursor).address("/review")) { "下一页" }
                    }
                }
            }
        }
    }

    fn since_title(&self) -> &'static str {
        match self.tab {
            Tab::Returned | Tab::Overdue => "整改期限",
            Tab::Accepted => "通过时间",
            Tab::Resent => "重报时间",
            Tab::Pending => "报送时间",
            Tab::Mine => "状态",
        }
    }

    fn row(&self, hit: &Hit) -> Markup {
        let card = &hit.card;
        let name = card.agency.as_deref().unwrap_or(&card.title);
        html! {
            tr {
                td.tick { input type="checkbox" name="report" value={ (card.key) ":" (card.handling.acts) } aria-label={ "选中" (name) }; }
                td.agency { a href={ "/reports/" (card.key) } { (name) } @if let Some(region) = &card.region { span.quiet { (region.name) } } }
                td.year { @match card.year { Some(year) => { (year) "年" }, None => "未写明" } }
                td.verdict { (badge(card.verdict)) }
                td.wrong { (wrong(card)) }
                td.since { (self.since(card)) }
                td.by { @match &card.handling.assignee { Some(assignee) => (assignee), None => span.quiet { "未分派" } } }
            }
        }
    }

    fn since(&self, card: &Card) -> Markup {
        let handling = &card.handling;
        let day = beijing::day(handling.since_ms).map(|day| day.to_string()).unwrap_or_default();
        let due = |due: Date| {
            let is_over = self.today.is_some_and(|today| due < today);
            html! { span.overdue[is_over] { (due) @if is_over { " 已逾期" } } }
        };
        html! {
            @match (self.tab, handling.due) {
                (Tab::Returned | Tab::Overdue, Some(day)) => (due(day)),
                (Tab::Returned | Tab::Overdue, None) => { "未设定" },
                (Tab::Mine, day_due) => {
                    span.state.(handling.state.as_str()) { (handling.state.title()) }
                    @if let Some(day) = day_due { " " (due(day)) }
                },
                _ => (day),
            }
        }
    }

    /// What can be done to the reports that are ticked. The next page says to how many, and asks.
    fn actions(&self) -> Markup {
        let may_accept = self.caller.can(required(&ActKind::Accepted { note: String::new() }));
        let proposed = self.today.and_then(|today| today.checked_add(jiff::Span::new().days(10)).ok());
        let (total, on_page) = (self.lists.page.total, self.lists.page.hits.len() as u64);
        html! {
            div.actions-bar {
                p.chosen-count {
                    span data-count hidden { "已选 " b { "0" } " 份" }
                    @if total > on_page {
                        label { input type="checkbox" name="all" value=(total) data-everything; " 全部 " (total) " 份（含其他页）" }
                    }
                }
                details name="many" {
                    summary { "退回修改" }
                    div {
                        label { "整改期限 " input type="date" name="deadline" min=[self.today] value=[proposed]; }
                        label { "文号 " input name="letter" maxlength="100" size="16"; }
                        label.wide { "告知报送单位 " input name="note" maxlength="1000"; }
                        button.button name="act" value="returned" { "退回修改" }
                    }
                }
                details name="many" {
                    summary { "分派" }
                    div {
                        label { "经办人 " input name="assignee" maxlength="100" value=(self.caller.name); }
                        button.button name="act" value="assigned" { "分派" }
                    }
                }
                details name="many" {
                    summary { "不作为问题" }
                    div {
                        label { "问题 " select name="rule" { (rules(&self.lists.all.facets, self.params.get("rule"))) } }
                        label.wide { "理由 " input name="why" maxlength="1000"; }
                        button.button name="act" value="dismissed" { "不作为问题" }
                    }
                }
                @if may_accept { button.button name="act" value="accepted" { "通过" } }
            }
        }
    }

    /// The page that makes the letters to the agencies of this list.
    fn letters(&self) -> String {
        Params::parse(&self.filter()).with("kind", "letter").address("/documents")
    }

    /// The list as the parameters of a search.
    fn filter(&self) -> String {
        let mut params: Vec<(String, String)> = self
            .tab
            .filter(self.caller, self.today)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        for (name, field) in [("region", "region"), ("year", "year"), ("rule", "open"), ("agency", "agency")]
        {
            params.extend(self.params.get(name).map(|value| (field.to_owned(), value.to_owned())));
        }
        // Two parameters of one name would be alternatives.
        params
            .extend(self.params.get("severity").map(|severity| ("q".to_owned(), format!("open:{severity}"))));
        Params(params).address("").trim_start_matches('?').to_owned()
    }
}

/// What is wrong with a report in a line: the first open problem, and how many more there are.
pub(crate) fn wrong(card: &Card) -> Markup {
    let handling = &card.handling;
    html! {
        @match &handling.first_rule {
            Some(rule) => {
                (labels::problem(rule).unwrap_or(rule))
                @if handling.problems > 1 { span.quiet { " 等 " (handling.problems) " 项" } }
            },
            None => span.quiet { "无未处理的问题" },
        }
    }
}

fn rules(facets: &[FacetCounts], chosen: Option<&str>) -> Markup {
    html! {
        @for rule in values(facets, Facet::Rule) {
            option value=(rule.value) selected[chosen == Some(rule.value.as_str())] {
                (labels::problem(&rule.value).unwrap_or_default()) "（" (rule.value) "）"
            }
        }
    }
}

fn values(facets: &[FacetCounts], facet: Facet) -> &[FacetValue] {
    facets.iter().find(|counts| counts.facet == facet).map_or(&[], |counts| counts.values.as_slice())
}
