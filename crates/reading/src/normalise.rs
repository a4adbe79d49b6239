//! Normalises a document for the readers that look for words: a paragraph for each heading, and
//! simplified characters.

use document::{Block, Document, Paragraph, Text, Width};

use crate::label;
use crate::outline::Outline;

/// The normalised document; none where the document is normal already, as most are.
pub(crate) fn normalise(document: &Document, outline: &Outline) -> Option<Document> {
    let has_joined_headings = outline.blocks.is_empty() && !outline.sections.is_empty();
    let is_traditional = document.blocks.iter().any(is_traditional);
    if !has_joined_headings && !is_traditional {
        return None;
    }
    let mut blocks = Vec::new();
    let mut headings = outline.sections.iter().map(|section| section.heading.as_str()).peekable();
    for block in &document.blocks {
        let Block::Paragraph(paragraph) = block else {
            blocks.push(block.clone());
            continue;
        };
        let mut from = 0;
        while let Some((start, heading)) = headings
            .peek()
            .filter(|_| has_joined_headings)
            .and_then(|heading| Some((find(&paragraph.text, heading, from)?, *heading)))
        {
            push(&mut blocks, &paragraph.text.slice(from..start), None);
            from = start + heading.len();
            push(&mut blocks, &paragraph.text.slice(start..from), Some(1));
            headings.next();
        }
        push(&mut blocks, &paragraph.text.slice(from..paragraph.text.as_str().len()), paragraph.level);
    }
    if is_traditional {
        blocks.iter_mut().for_each(simplify);
    }
    Some(Document { blocks, ..document.clone() })
}

fn find(text: &Text, heading: &str, from: usize) -> Option<usize> {
    Some(from + text.as_str().get(from..)?.find(heading)?)
}

fn push(blocks: &mut Vec<Block>, text: &Text, level: Option<u8>) {
    let text = text.trimmed();
    if !text.is_empty() {
        blocks.push(Block::Paragraph(Paragraph { text, level }));
    }
}

fn is_traditional(block: &Block) -> bool {
    matches!(block, Block::Paragraph(paragraph) if label::is_traditional(paragraph.text.as_str()))
}

/// Converts a paragraph to simplified characters. They all get the place of the whole paragraph, because
/// the conversion drops glosses.
fn simplify(block: &mut Block) {
    if let Block::Paragraph(Paragraph { text, .. }) = block {
        let place = text.place();
        let mut simplified = Text::default();
        simplified.push(&label::plain(text.as_str()), place.line, place.start..place.end, Width::Whole);
        if place.page.is_none() {
            *text = simplified;
        }
    }
}
