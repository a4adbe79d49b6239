//! Removes page numbers and repeated headers and footers.

use std::collections::{HashMap, HashSet};

use super::Item;
use super::lines::Line;

/// How much of a page's height is margin, at the top and at the bottom.
const MARGIN: f32 = 0.12;
/// Lines at either end of a page that can be a header or footer.
const MOST_LINES: usize = 3;

/// Removes headers, footers and page numbers from all pages.
pub(super) fn remove(pages: &mut [Vec<Item>], heights: &[f32]) {
    let mut seen: HashMap<(String, i32), usize> = HashMap::new();
    for (page, height) in pages.iter().zip(heights) {
        // A short page has lines that are at both of its ends.
        let keys: HashSet<(String, i32)> = ends(page, *height).map(key).collect();
        for key in keys {
            *seen.entry(key).or_default() += 1;
        }
    }
    let count = pages.len();
    for (page, height) in pages.iter_mut().zip(heights) {
        let remove: Vec<bool> = {
            let ends: Vec<&Line> = ends(page, *height).collect();
            let is_repeated = |line: &Line| {
                let repeats = seen.get(&key(line)).copied().unwrap_or(0);
                is_page_number(&line.text) || repeats > 1 && repeats * 2 >= count
            };
            let is_removed = |item: &Item| match item {
                Item::Line(line) => ends.iter().any(|end| std::ptr::eq(*end, line)) && is_repeated(line),
                Item::Table(_) | Item::Rows(_) => false,
            };
            page.iter().map(is_removed).collect()
        };
        let mut remove = remove.into_iter();
        page.retain(|_| !remove.next().unwrap_or(false));
    }
}

/// The lines in the margins of a page.
fn ends(page: &[Item], height: f32) -> impl Iterator<Item = &Line> {
    let line = |item: &'_ Item| matches!(item, Item::Line(_));
    let head = page.iter().take(MOST_LINES).take_while(move |item| line(item));
    let foot = page.iter().rev().take(MOST_LINES).take_while(move |item| line(item));
    head.chain(foot)
        .filter_map(Item::line)
        .filter(move |line| line.bottom < height * MARGIN || line.top > height * (1.0 - MARGIN))
}

/// The same on every page: digits are counted, not read.
fn key(line: &Line) -> (String, i32) {
    let shape = |c: char| if c.is_ascii_digit() { '0' } else { c };
    let mut text: String = line.text.chars().filter(|c| !c.is_whitespace()).map(shape).collect();
    while text.contains("00") {
        text = text.replace("00", "0");
    }
    (text, (line.top / 6.0).round() as i32)
}

/// `4`, `- 4 -`, `第 4 页`, `4 / 12`, `第4页 共12页`.
pub(super) fn is_page_number(text: &str) -> bool {
    let rest: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let digits = rest.chars().filter(char::is_ascii_digit).count();
    (1..=8).contains(&digits)
        && rest.chars().count() <= 16
        && rest.chars().all(|c| c.is_ascii_digit() || "-—–－―·•.第页共/|，,~〜".contains(c))
}
