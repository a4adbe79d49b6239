//! The navigation: the pages that the caller may open.

use access::{Caller, Requires};
use maud::{Markup, html};

use super::layout::SEARCH_TITLE;

/// A page of the navigation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) address: &'static str,
    /// The title of the page.
    pub(crate) title: &'static str,
    /// As the table of routes has it; a test compares.
    pub(crate) requires: Requires,
    /// Whether it is in the row of the main pages, or under 更多.
    is_main: bool,
}

const fn main_page(address: &'static str, title: &'static str, requires: Requires) -> Entry {
    Entry { address, title, requires, is_main: true }
}

const fn more(address: &'static str, title: &'static str, requires: Requires) -> Entry {
    Entry { address, title, requires, is_main: false }
}

/// Every page of the navigation, in its order. Seven main pages fit into a row of 1280 pixels.
pub(crate) const ENTRIES: &[Entry] = &[
    main_page("/", SEARCH_TITLE, Requires::Key),
    main_page("/send", "报送", Requires::Submit),
    main_page("/review", "审核", Requires::Review),
    main_page("/regions", "汇总与比对", Requires::Review),
    main_page("/compare", "比较分析", Requires::Key),
    main_page("/roster", "报送名录", Requires::Review),
    main_page("/documents", "文书", Requires::Key),
    more("/check", "自查", Requires::Key),
    more("/export", "导出", Requires::Key),
    more("/rules", "校核规则", Requires::Key),
    more("/published", "已发布网页", Requires::Review),
    more("/news", "动态", Requires::Key),
    more("/status", "处理状态", Requires::Review),
    more("/help", "帮助", Requires::Key),
    more("/api", "接口", Requires::Key),
    more("/users", "用户", Requires::Operate),
    more("/audit", "操作记录", Requires::Operate),
];

/// The main pages in a row and the others under 更多; on a phone all of them under 菜单.
pub(super) fn navigation(caller: &Caller, title: &str) -> Markup {
    let offered: Vec<&Entry> = ENTRIES.iter().filter(|entry| caller.can(entry.requires)).collect();
    let link = |entry: &Entry| {
        html! { a href=(entry.address) aria-current=[(entry.title == title).then_some("page")] { (entry.title) } }
    };
    let is_below = offered.iter().any(|entry| !entry.is_main && entry.title == title);
    html! {
        nav.pages aria-label="主要页面" {
            @for entry in offered.iter().filter(|entry| entry.is_main) { (link(entry)) }
            details.more data-menu {
                summary.here[is_below] { span.wide { "更多" } span.narrow { "菜单" } }
                ul {
                    @for entry in &offered { li.narrow[entry.is_main] { (link(entry)) } }
                }
            }
        }
    }
}

/// 报送, as a link for those who may send.
pub(super) fn send(caller: &Caller) -> Markup {
    html! { @if caller.can(Requires::Submit) { a href="/send" { "报送" } } @else { "报送" } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_a_route_with_the_same_requirement() {
        let routes = crate::routes::routes();
        for entry in ENTRIES {
            let route = routes.iter().find(|(path, ..)| *path == entry.address);
            assert_eq!(route.map(|(_, requires, ..)| *requires), Some(entry.requires), "{}", entry.address);
        }
    }
}
