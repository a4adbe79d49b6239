//! HTML of any age: the tree that a browser would build, walked once for its words and tables.

mod grid;
mod meta;
mod source_markers;
mod tables;
mod walk;

use html5ever::driver::{ParseOpts, parse_document};
use html5ever::tendril::{StrTendril, TendrilSink};
use scraper::{ElementRef, Html, HtmlTreeSink};

use crate::decode;
use crate::error::ReadError;
use crate::limits::{Limits, within};
use crate::model::Content;
use crate::source::Source;

/// Bytes given to the parser between two checks of the tree.
const STEP: usize = 1_024;

/// Reads an HTML file.
pub(crate) fn read_file(bytes: &[u8], limits: &Limits) -> Result<Content, ReadError> {
    within(bytes, limits.html_bytes)?;
    let source = decode::decode(bytes, true)?;
    let content = read(&source, limits)?;
    Ok(Content { encoding: Some(source.encoding.name()), ..content })
}

/// The title, the metadata and the blocks of a decoded page.
pub(crate) fn read(source: &Source, limits: &Limits) -> Result<Content, ReadError> {
    let page = source_markers::insert(source, limits)?;
    let tree = parse(&page, limits)?;
    drop(page);
    walk::walk(&tree, source, limits)
}

/// Builds the tree, and stops as soon as it grows beyond the limits.
///
/// A small page can make html5ever build a huge tree (it opens unclosed formatting elements again
/// in each paragraph) or take time with the square of the depth, so the page is given in steps.
fn parse(page: &str, limits: &Limits) -> Result<Html, ReadError> {
    let mut parser = parse_document(HtmlTreeSink::new(Html::new_document()), ParseOpts::default());
    let mut rest = page;
    while !rest.is_empty() {
        let (step, after) = rest.split_at(rest.ceil_char_boundary(STEP));
        rest = after;
        parser.process(StrTendril::from_slice(step));
        let tree = &parser.tokenizer.sink.sink.0.borrow().tree;
        let (nodes, limit) = (tree.values().len(), limits.nodes);
        if nodes > limit {
            return Err(ReadError::TooManyNodes { found: nodes, limit });
        }
        // The open elements are the last child of the last child, and so on.
        let open = std::iter::successors(Some(tree.root()), |node| node.last_child());
        let (found, limit) = (open.take(limits.depth + 2).count() - 1, limits.depth);
        if found > limit {
            let line = page[..page.len() - rest.len()].matches('\n').count() as u32 + 1;
            return Err(ReadError::TooDeep { line, found, limit });
        }
    }
    Ok(parser.finish())
}

/// Whether the text of an element is not shown, or is struck out.
fn is_hidden(element: ElementRef) -> bool {
    matches!(
        element.value().name(),
        "script"
            | "style"
            | "noscript"
            | "template"
            | "head"
            | "nav"
            | "footer"
            | "select"
            | "option"
            | "button"
            | "textarea"
            | "iframe"
            | "object"
            | "svg"
            | "math"
            | "del"
            | "s"
            | "strike"
            | "rt"
            | "rp"
    ) || element.attr("hidden").is_some()
        || has_style(element, &["display:none", "mso-hide:all"])
        || !is_of_grid(element) && has_style(element, &["visibility:hidden", "text-decoration:line-through"])
}

/// Whether an element is superscript or subscript.
fn is_raised(element: ElementRef) -> bool {
    matches!(element.value().name(), "sup" | "sub")
        || has_style(element, &["vertical-align:super", "vertical-align:sub"])
}

/// Whether an element is part of a table, so that hiding it still takes up room.
fn is_of_grid(element: ElementRef) -> bool {
    matches!(element.value().name(), "td" | "th" | "tr" | "tbody" | "thead" | "tfoot" | "table")
}

/// Whether the style of an element has one of these rules, which are given without spaces.
fn has_style(element: ElementRef, rules: &[&str]) -> bool {
    let Some(style) = element.attr("style").filter(|style| style.contains(':')) else { return false };
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect();
    let style = style.to_ascii_lowercase();
    style.split(';').any(|found| rules.contains(&found.strip_suffix("!important").unwrap_or(found)))
}
