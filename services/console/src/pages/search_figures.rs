//! What the search page shows of figures: the form 按数字查找, the choices of an ambiguous name, the figures of a hit, and
//! how the figures that were asked for are distributed.

use maud::{Markup, html};
use report::{CellId, CellKind, Decimal, Table};
use search::{Bucket, Distribution, Figure, Hit, Question};

use crate::figure_form::{self, Group};
use crate::labels;
use crate::params::Params;

/// The form that searches by row, column and range.
pub(super) fn form(params: &Params) -> Markup {
    html! {
        details.figure-search {
            summary { "按数字查找" }
            form action="/" data-figure-search {
                @for (name, value) in params.0.iter().filter(|(name, _)| name != "cursor") {
                    input type="hidden" name=(name) value=(value);
                }
                label { "表 " select name="table" {
                    option value="" { "全部" }
                    @for table in Table::ALL { option value=(table.as_str()) { (table.title()) } }
                } }
                label { "行 " (choice("row", &figure_form::rows())) }
                label { "列 " (choice("column", &figure_form::columns())) }
                label { "从 " input name="from" inputmode="decimal" placeholder="不限"; }
                label { "到 " input name="to" inputmode="decimal" placeholder="不限"; }
                button.button { "查找" }
            }
        }
    }
}

fn choice(name: &str, groups: &[Group]) -> Markup {
    html! {
        select name=(name) required {
            @for group in groups {
                optgroup label=(group.table.short_title()) data-table=(group.table.as_str()) {
                    @for (value, label) in &group.options { option value=(value) { (label) } }
                }
            }
        }
    }
}

/// The figures that a name may mean, each as a link to the search for it.
pub(super) fn question(question: &Question, params: &Params) -> Markup {
    html! {
        div.notice role="alert" {
            "“" (question.name) "”指哪一个数字？"
            ul.choices {
                @for choice in &question.choices {
                    li { a href=(params.with("q", &choice.query).address("/")) title=(search::official_name(choice.cell)) { (labels::short_cell(choice.cell)) } }
                }
            }
        }
    }
}

/// The figures of a hit that the search asks for, each with a link to its place.
pub(super) fn of_hit(hit: &Hit) -> Markup {
    html! {
        @if !hit.figures.is_empty() {
            p.hit-figures { @for figure in &hit.figures { (figure_of(&hit.card.key, figure)) } }
        }
    }
}

fn figure_of(key: &str, figure: &Figure) -> Markup {
    let why = match figure.state {
        None => "该年度的表格没有这一格",
        Some(state) => state.title(),
    };
    html! {
        span {
            (labels::short_cell(figure.cell)) " "
            a href={ "/reports/" (key) "#cell-" (figure.cell) } title=(why) {
                @match figure.value { Some(value) => b { (value.normalize()) }, None => span.quiet { (why) } }
            }
        }
    }
}

/// How a figure is distributed over the reports found; each range narrows the search to it.
pub(super) fn distribution(found: &Distribution, params: &Params) -> Markup {
    let name = format!("cell.{}", found.cell);
    let unknown: u64 = found.unknown.iter().map(|(_, reports)| reports).sum();
    html! {
        section.distribution {
            h2 { (labels::short_cell(found.cell)) }
            @match &found.quartiles {
                None => p.quiet { "没有可用的数字" },
                Some(all) => dl {
                    dt { "最小" } dd { (all.min.normalize()) }
                    dt { "四分之一" } dd { (all.lower.normalize()) }
                    dt { "中位数" } dd { (all.median.normalize()) }
                    dt { "四分之三" } dd { (all.upper.normalize()) }
                    dt { "最大" } dd { (all.max.normalize()) }
                },
            }
            (buckets("按数量级", &name, found.cell, &found.decades, params))
            (buckets("按份数四等分", &name, found.cell, &found.quarters, params))
            @if unknown > 0 { p.quiet { "另有" (unknown) "份没有可用的数字" } }
            p { a href=(comparison(found.cell, params)) { "比较各机关各年度" } }
        }
    }
}

fn buckets(title: &str, name: &str, cell: CellId, buckets: &[Bucket], params: &Params) -> Markup {
    let one = |bucket: &Bucket| {
        let value = if bucket.from == bucket.to {
            bucket.from.normalize().to_string()
        } else {
            format!("{}..{}", bucket.from.normalize(), bucket.to.normalize())
        };
        let is_on = params.has(name, &value);
        let address = if is_on { params.without(name) } else { params.with(name, &value) };
        html! {
            li { a href=(address.address("/")) aria-current=[is_on.then_some("true")] {
                span { (range(cell, bucket)) } span.count { (bucket.reports) }
            } }
        }
    };
    html! {
        @if buckets.len() > 1 {
            h3 { (title) }
            ul { @for bucket in buckets { (one(bucket)) } }
        }
    }
}

/// `10至99`; `10至100（不含）` where a range goes on to the last fraction before a round number.
fn range(cell: CellId, bucket: &Bucket) -> String {
    let (from, to) = (bucket.from.normalize(), bucket.to.normalize());
    if from == to {
        return from.to_string();
    }
    let step = Decimal::new(1, 6);
    let next = to.checked_add(step).map(|next| next.normalize());
    match next.filter(|next| cell.kind() == CellKind::Amount && next.scale() == 0 && to.scale() == 6) {
        Some(next) if from == step => format!("大于0，小于{next}"),
        Some(next) => format!("{from}至{next}（不含）"),
        None => format!("{from}至{to}"),
    }
}

/// The page that compares this figure, in the region and the years of the search.
fn comparison(cell: CellId, params: &Params) -> String {
    let kept = params.0.iter().filter(|(name, _)| ["region", "agency", "year"].contains(&name.as_str()));
    let mut pairs = vec![("cell".to_owned(), cell.to_string())];
    pairs.extend(kept.cloned());
    Params(pairs).address("/compare")
}
