//! Lists and numbers that the parts of the page share.

use maud::{Markup, html};
use report::Decimal;

use crate::region_lookup;

/// Limit of rows in a list. The API and the files have all of them.
pub(super) const MAX_ROWS: usize = 200;

/// A list that opens on a click, with its length in the summary. The address `all` has the rest of a long list.
pub(super) fn folded<T>(
    title: &str,
    items: &[T],
    all: &str,
    heads: &[&str],
    row: impl Fn(&T) -> Markup,
) -> Markup {
    html! {
        @if !items.is_empty() {
            details.list {
                summary { (title) " " b { (items.len()) } }
                div.scroll tabindex="0" { table.plain.left {
                    thead { tr { @for head in heads { th scope="col" { (head) } } } }
                    tbody { @for item in items.iter().take(MAX_ROWS) { (row(item)) } }
                } }
                @if items.len() > MAX_ROWS { p.quiet { "只列出前" (MAX_ROWS) "个，" a href=(all) { "全部数据" } "可从接口取得。" } }
            }
        }
    }
}

/// Numbers in a row, each under its name.
pub(super) fn counts(counts: &[(&str, usize)]) -> Markup {
    html! { dl.counts { @for (title, count) in counts { div { dt { (title) } dd { (count) } } } } }
}

pub(super) fn number(value: Option<Decimal>) -> String {
    value.map_or_else(|| "—".to_owned(), |value| value.normalize().to_string())
}

/// The name of the region with this code.
pub(super) fn region_name(code: Option<&str>) -> String {
    let Some(code) = code else { return "未确定".to_owned() };
    region_lookup::name(code).unwrap_or_else(|| code.to_owned())
}
