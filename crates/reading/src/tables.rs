//! Finds the three tables of a report: in the tables of the document, or else in its paragraphs.

use std::cell::OnceCell;

use document::{Block, Document};
use report::SectionKind;

use crate::cell_text::CellText;
use crate::grid::{self, Pieces};
use crate::outline::Outline;
use crate::{active, label, litigation, requests};

/// The tables of one report.
#[derive(Debug)]
pub(crate) struct Tables<'a> {
    pub(crate) requests: requests::Found<'a>,
    pub(crate) active: active::Found<'a>,
    pub(crate) litigation: Option<litigation::Found<'a>>,
}

/// Rows of figures that table three has at least; with fewer it may be a mention of its labels.
const ROWS_OF_A_TABLE: usize = 4;

/// Rows that table two has in the shorter of its forms.
const ROWS_OF_TABLE_TWO: usize = 6;

/// Finds the tables. `texts` are those of its cells; `pieces` is filled only if the tables of the document are
/// not enough.
pub(crate) fn find<'a>(
    document: &'a Document,
    texts: &'a [CellText],
    pieces: &'a OnceCell<Vec<Pieces>>,
    outline: &Outline,
) -> Tables<'a> {
    let lines = grid::lines(document, texts);
    let mut requests = requests::find(&lines);
    let mut active = active::find(&lines);
    let mut litigation = litigation::find(&lines, requests.first_line());
    if requests.filled_rows() >= ROWS_OF_A_TABLE
        && active.filled_rows() >= ROWS_OF_TABLE_TWO
        && litigation.is_some()
    {
        return Tables { requests, active, litigation };
    }
    let lines = grid::piece_lines(pieces.get_or_init(|| grid::pieces(document)), outline);
    let printed = requests::find(&lines);
    let from = printed.first_line();
    if printed.filled_rows() > requests.filled_rows() {
        requests = printed;
    }
    active.add(active::find(&lines));
    if litigation.is_none() {
        litigation = litigation::find(&lines, from);
    }
    Tables { requests, active, litigation }
}

/// Blocks before a heading that are searched for the title of its report.
const TITLE_BLOCKS: usize = 6;

/// The first report with table three, if a file has several reports: figures of two reports are never
/// mixed. None if there is one report.
pub(crate) fn first_report(document: &Document, outline: &Outline) -> Option<Document> {
    let mut starts = vec![0];
    let mut has_tables = false;
    for (section, block) in outline.sections.iter().zip(&outline.blocks) {
        match section.kind {
            Some(SectionKind::Overview) if has_tables && section.ordinal == Some(1) => {
                starts.push(title_before(document, *block));
                has_tables = false;
            }
            Some(SectionKind::Requests | SectionKind::Litigation) => has_tables = true,
            _ => {}
        }
    }
    if starts.len() == 1 {
        return None;
    }
    let ends = starts.iter().skip(1).copied().chain([document.blocks.len()]);
    let mut reports = starts
        .iter()
        .zip(ends)
        .map(|(start, end)| document.blocks.get(*start..end).unwrap_or_default().to_vec())
        // Nothing else of the document is large.
        .map(|blocks| Document {
            blocks,
            title: document.title.clone(),
            metadata: document.metadata.clone(),
            format: document.format,
            encoding: document.encoding,
            scan: document.scan.clone(),
        });
    let first = reports.next();
    let has_requests = |report: &Document| {
        let outline = crate::outline::outline(report);
        let (texts, pieces) = (grid::cell_texts(report), OnceCell::new());
        let tables = find(report, &texts, &pieces, &outline);
        tables.requests.filled_rows() >= ROWS_OF_A_TABLE
    };
    match first {
        Some(first) if has_requests(&first) => Some(first),
        first => reports.find(has_requests).or(first),
    }
}

fn title_before(document: &Document, heading: usize) -> usize {
    let near = heading.saturating_sub(TITLE_BLOCKS)..heading;
    let is_title = |block: &Block| match block {
        Block::Paragraph(paragraph) => {
            let text = paragraph.text.as_str();
            // 六、其他需要报告的事项 is the end of the report above.
            text.contains("报告") && label::ordinal(text).is_none() && text.chars().count() <= 60
        }
        Block::Table(_) => false,
    };
    near.clone().find(|at| document.blocks.get(*at).is_some_and(is_title)).unwrap_or(heading)
}
