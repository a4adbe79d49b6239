//! Remarks: statements of the narrative that a reviewer would look at.
//!
//! Remarks are no judgement, and an ambiguous sentence gives no remark.

mod opening;
mod personal;
mod sections;
mod slips;
mod statements;
mod strangers;

use std::ops::Range;

use document::{Block, Document, Text};
use report::{Decimal, Remark, RemarkKind, SectionKind, Year};

use crate::origin::origin_of;
use crate::outline::Outline;

/// Remarks kept of one report; real ones have some dozens.
const REMARKS: usize = 500;

/// Reads every paragraph. Before the first heading only statements about the report itself count.
pub(crate) fn extract(
    document: &Document,
    outline: &Outline,
    agency: Option<&str>,
    year: Option<Year>,
) -> Vec<Remark> {
    let mut remarks = Remarks::default();
    let parts = parts(document, outline);
    let preamble =
        outline.preamble(document).iter().filter_map(Block::paragraph_text).map(|text| (None, text));
    let body: Vec<(Option<SectionKind>, &Text)> = parts.iter().flat_map(Part::paragraphs).collect();

    for (section, text) in preamble.chain(body.iter().copied()) {
        opening::read(&mut remarks, section, text);
    }
    for (section, text) in &body {
        statements::read(&mut remarks, *section, text, year);
        slips::read(&mut remarks, *section, text);
        personal::read(&mut remarks, *section, text);
        strangers::read(&mut remarks, *section, text, agency);
    }
    statements::fees(&mut remarks, &body);
    slips::torn(&mut remarks, &body);
    sections::read(&mut remarks, &parts);
    remarks.found
}

/// The remarks found so far.
#[derive(Debug, Default)]
struct Remarks {
    found: Vec<Remark>,
}

impl Remarks {
    fn has(&self, kind: RemarkKind) -> bool {
        self.found.iter().any(|remark| remark.kind == kind)
    }

    /// Adds a remark on this range of a paragraph; `words` is its text.
    fn add(
        &mut self,
        kind: RemarkKind,
        words: impl Into<String>,
        value: Option<Decimal>,
        section: Option<SectionKind>,
        (text, range): (&Text, Range<usize>),
    ) {
        if self.found.len() < REMARKS {
            let origin = origin_of(text.place_of(range));
            self.found.push(Remark { kind, text: words.into(), value, section, origin });
        }
    }
}

/// One of the six sections with its blocks. Headings of no known kind begin no section.
struct Part<'d> {
    kind: SectionKind,
    heading: &'d Text,
    blocks: Vec<&'d Block>,
}

impl<'d> Part<'d> {
    fn paragraphs(&self) -> impl Iterator<Item = (Option<SectionKind>, &'d Text)> {
        self.blocks.iter().filter_map(|block| block.paragraph_text()).map(|text| (Some(self.kind), text))
    }
}

fn parts<'d>(document: &'d Document, outline: &Outline) -> Vec<Part<'d>> {
    let mut parts: Vec<Part<'d>> = Vec::new();
    let from = outline.blocks.first().copied().unwrap_or(document.blocks.len());
    for (position, block) in document.blocks.iter().enumerate().skip(from) {
        let heading = outline.blocks.binary_search(&position).ok();
        let kind = heading.and_then(|heading| outline.sections.get(heading)?.kind);
        match (kind, block.paragraph_text(), parts.last_mut()) {
            (Some(kind), Some(heading), _) => parts.push(Part { kind, heading, blocks: Vec::new() }),
            // Behind the signature the page goes on.
            (_, Some(text), Some(part)) if part.kind == SectionKind::Other && is_foot(text.as_str()) => break,
            (_, _, Some(part)) => part.blocks.push(block),
            (_, _, None) => {}
        }
    }
    parts
}

/// What pages print below an article.
const FOOT: [&str; 15] = [
    "上一篇",
    "下一篇",
    "上一条",
    "下一条",
    "版权所有",
    "备案",
    "打印",
    "关闭",
    "主办单位",
    "承办单位",
    "扫一扫",
    "相关文章",
    "相关附件",
    "网站地图",
    "责任编辑",
];

fn is_foot(line: &str) -> bool {
    line.chars().count() <= 60 && !line.contains('。') && FOOT.iter().any(|word| line.contains(word))
}

/// Sentences end at 。；！？, each with its place in the paragraph.
fn sentences(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let ends = |c: char| matches!(c, '。' | '；' | ';' | '！' | '？');
    text.split_inclusive(ends).scan(0, |start, piece| {
        let range = *start..*start + piece.len();
        *start = range.end;
        Some((range, piece))
    })
}

fn has_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a text of one paragraph a line, and draws what was remarked: kind, section, words, value.
    #[track_caller]
    pub(super) fn check(agency: &str, lines: &str, expected: &[&str]) {
        let mut document = Document {
            format: document::Kind::Text,
            encoding: None,
            title: None,
            metadata: Vec::new(),
            blocks: Vec::new(),
            scan: None,
        };
        let mut start = 0;
        for (number, line) in lines.split('\n').enumerate() {
            let mut text = Text::default();
            let end = start + line.len() as u64;
            text.push(line, number as u32 + 1, start..end, document::Width::Utf8);
            start = end + 1;
            document.blocks.push(Block::Paragraph(document::Paragraph { text, level: None }));
        }
        let outline = crate::outline::outline(&document);
        let agency = Some(agency).filter(|agency| !agency.is_empty());
        let remarks = extract(&document, &outline, agency, Year::new(2024));
        let is_drawn = |remark: &Remark| match remark.kind {
            RemarkKind::Theme | RemarkKind::Remedy | RemarkKind::Empty => lines.contains("标题"),
            _ => true,
        };
        let drawn: Vec<String> = remarks
            .iter()
            .filter(|remark| is_drawn(remark))
            .map(|remark| {
                let value = remark.value.map_or(String::new(), |value| format!(" ={value}"));
                let printed = &lines[remark.origin.start as usize..remark.origin.end as usize];
                assert!(!printed.is_empty() || remark.text.is_empty(), "{remark:?}");
                format!("{} {}{value}", remark.kind.as_str(), remark.text)
            })
            .collect();
        assert_eq!(drawn, expected, "{lines}");
    }
}
