//! HTML of any age: the tree that a browser would build, walked once for its words and tables.

mod grid;
mod mark;
mod tables;
mod walk;

use html5ever::driver::{ParseOpts, parse_document};
use html5ever::tendril::{StrTendril, TendrilSink};
use scraper::{ElementRef, Html, HtmlTreeSink};

use crate::error::ReadError;
use crate::limits::Limits;
use crate::model::{Block, Text};
use crate::source::Source;

/// Bytes given to the parser between two looks at what it made of them.
const STEP: usize = 1_024;

/// The title and the blocks of a page.
pub(crate) fn read(source: &Source, limits: &Limits) -> Result<(Option<Text>, Vec<Block>), ReadError> {
    let page = mark::mark(source, limits)?;
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
        // What is still open is the last child of the last child.
        let open = std::iter::successors(Some(tree.root()), |node| node.last_child());
        let (found, limit) = (open.take(limits.depth + 2).count() - 1, limits.depth);
        if found > limit {
            let line = page[..page.len() - rest.len()].matches('\n').count() as u32 + 1;
            return Err(ReadError::TooDeep { line, found, limit });
        }
    }
    Ok(parser.finish())
}

/// Whether nothing of an element is shown as text.
fn is_hidden(element: ElementRef) -> bool {
    let name = element.value().name();
    let style = || element.attr("style").unwrap_or("").replace(char::is_whitespace, "").to_ascii_lowercase();
    matches!(
        name,
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
    ) || element.attr("hidden").is_some()
        || style().contains("display:none")
}
