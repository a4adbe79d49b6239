//! What the reports of a region add up to, and which reports the sums lack.

use maud::{Markup, html};
use report::{CellId, Equation, Sums};
use survey::{Doubt, DoubtKind, RollUp};

use super::lists::{counts, folded, number, region_name};
use super::selection::Selection;
use crate::params::Params;

/// The sums that the page shows, each the total of its row or group.
const SUMS: [(&str, &str); 7] = [
    ("requests.received.total", "本年新收申请"),
    ("requests.carried_in.total", "上年结转申请"),
    ("requests.concluded.total", "本年度办理结果"),
    ("requests.carried_out.total", "结转下年度"),
    ("review.total", "行政复议"),
    ("direct_litigation.total", "未经复议直接起诉"),
    ("litigation_after_review.total", "复议后起诉"),
];

pub(super) fn roll_up(rolled: Option<&RollUp>, selection: &Selection) -> Markup {
    html! {
        section.card #rollup {
            h2 { "汇总" }
            @match rolled {
                None => p { (selection.year) "年没有统一的表格，无法汇总。" },
                Some(rolled) if rolled.contributors.is_empty() && rolled.gaps.is_empty() && rolled.doubts.is_empty() => {
                    p { "没有可以汇总的年度报告。" (unplaced(rolled)) }
                }
                Some(rolled) => (content(rolled, selection)),
            }
        }
    }
}

fn content(rolled: &RollUp, selection: &Selection) -> Markup {
    let address = |format: &str| selection.address("/api/v1/rollup", &[("format", format)]);
    let broken: Vec<_> = rolled.balance.iter().filter(|(_, sums)| sums.hold() == Some(false)).collect();
    // Most reports have a warning, and it says little about their figures.
    let (warned, doubts): (Vec<&Doubt>, Vec<&Doubt>) =
        rolled.doubts.iter().partition(|doubt| doubt.kind == DoubtKind::Warns);
    html! {
        (counts(&[
            ("计入的年度报告", rolled.contributors.len()),
            ("缺报", rolled.gaps.len()),
            ("存疑", doubts.len()),
            ("有警告", warned.len()),
            ("合计不平", broken.len()),
        ]))
        @if !rolled.has_roster { p.quiet { "没有机关名录，缺报只能按已报送的机关推算。" } }
        p.quiet { "报告已含下级数字的，下级不再重复计入，所以计入的份数可能少于收到的份数。" (unplaced(rolled)) }
        p.actions {
            a.button href=(address("html")) { "汇总表" }
            a.button href=(address("xlsx")) { "汇总表（Excel）" }
            a.button href=(address("json")) { "数据（JSON）" }
        }
        @if !rolled.contributors.is_empty() { (sums(rolled, selection)) }
        (lists(rolled, &broken, [&doubts, &warned], &address("json")))
    }
}

fn lists(
    rolled: &RollUp,
    broken: &[&(&Equation, Sums)],
    [doubts, warned]: [&[&Doubt]; 2],
    all: &str,
) -> Markup {
    let doubt = |doubt: &&Doubt| {
        html! {
            tr {
                td { a href={ "/reports/" (doubt.key) } { (doubt.agency) } }
                td { (region_name(doubt.region.as_deref())) }
                td { (doubt.kind.sentence()) }
            }
        }
    };
    html! {
        (folded("合计不平", broken, all, &["勾稽关系", "位置", "数字"], |(equation, sums)| html! {
            tr {
                td { (rules::of_equation(equation).requirement) }
                td { (equation.place) }
                td { (sides(equation, *sums)) }
            }
        }))
        (folded("缺报", &rolled.gaps, all, &["机关", "地区", "情况"], |gap| html! {
            tr {
                td { @match &gap.key { Some(key) => a href={ "/reports/" (key) } { (gap.agency) }, None => (gap.agency) } }
                td { (region_name(gap.region.as_deref())) }
                td {
                    @if gap.key.is_some() { "报告中没有可用的表格" } @else { "没有报告" }
                    @if gap.counted_below > 0 { "，已计入下级" (gap.counted_below) "个机关" }
                }
            }
        }))
        (folded("存疑", doubts, all, &["机关", "地区", "请核实"], doubt))
        (folded("有警告", warned, all, &["机关", "地区", "请核实"], doubt))
    }
}

/// Both sums by the names that the form gives them.
fn sides(equation: &Equation, sums: Sums) -> Markup {
    let names = render::sides_of_equation(equation);
    html! { (names.left) " " b { (number(sums.left)) } "，" (names.right) " " b { (number(sums.right)) } }
}

/// The page that compares this figure of the divisions of the region over the years.
fn compared(cell: CellId, selection: &Selection) -> String {
    let pairs = [("cell", cell.as_str()), ("by", "region"), ("region", selection.region.code.as_str())];
    Params(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()).address("/compare")
}

/// How many reports count for no region.
fn unplaced(rolled: &RollUp) -> Markup {
    html! { @if rolled.unplaced > 0 { "另有" (rolled.unplaced) "份年度报告不能确定地区，没有计入。" } }
}

/// The most important sums, beside the figures of the region's own report where there is one.
fn sums(rolled: &RollUp, selection: &Selection) -> Markup {
    let shown = SUMS.iter().filter_map(|(id, title)| {
        let id = CellId::parse(id).ok()?;
        let index = rolled.cells.iter().position(|cell| cell.id == id)?;
        Some((title, index, rolled.cells.get(index)?))
    });
    let own = |index: usize| rolled.whole.as_ref().and_then(|whole| whole.figures.get(index).copied());
    html! {
        div.scroll tabindex="0" { table.plain.figures {
            thead { tr {
                th scope="col" { "主要数字" } th scope="col" { "合计" } th scope="col" { "有数字的年度报告" } th scope="col" { "缺" }
                @if let Some(whole) = &rolled.whole { th scope="col" { a href={ "/reports/" (whole.key) } { (whole.agency) } "报告所列" } }
            } }
            tbody {
                @for (title, index, cell) in shown {
                    tr {
                        th scope="row" { a href=(compared(cell.id, selection)) title="比较各地区各年度" { (title) } }
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
