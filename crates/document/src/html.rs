//! HTML of any age: the tree that a browser would build, walked once for its words and tables.

mod controls;
mod grid;
mod ink;
mod meta;
mod scripts;
mod source_markers;
mod style;
mod tables;
mod walk;

use html5ever::driver::{ParseOpts, parse_document};
use html5ever::tendril::{StrTendril, TendrilSink};
use scraper::{Html, HtmlTreeSink};

use crate::decode;
use crate::error::ReadError;
use crate::limits::{Limits, within};
use crate::model::{Block, Content};
use crate::source::Source;
use ink::Inks;

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
    let inks = Inks::new(&tree, false);
    let content = walk::walk(&tree, &inks, source, limits)?;
    if inks.hides_tables && !content.blocks.iter().any(|block| matches!(block, Block::Table(_))) {
        // A page without tables whose tables are hidden shows them by a script.
        return walk::walk(&tree, &Inks::new(&tree, true), source, limits);
    }
    Ok(content)
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

/// Whether an element is a block or a line break.
fn breaks(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "br"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "dialog"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "form"
            | "header"
            | "hgroup"
            | "hr"
            | "html"
            | "legend"
            | "li"
            | "main"
            | "menu"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
    )
}
