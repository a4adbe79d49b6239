//! The outline: the paragraphs that are top-level headings, and the text below each.

use std::sync::LazyLock;

use document::{Block, Document, Paragraph, Text};
use report::{Origin, Remark, RemarkKind, Section, SectionKind};

use crate::label::{self, Normalised};
use crate::origin::origin;

/// The headings of a document and where each section's paragraphs are.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    pub(crate) sections: Vec<Section>,
    /// For each section, the position of its heading among the blocks of the document; empty where the
    /// headings are in one line with all other text.
    pub(crate) blocks: Vec<usize>,
    /// Where there are more headings than are read, the first that is not.
    pub(crate) overlong: Option<Origin>,
}

/// Headings read of one document; real ones have some dozens.
const HEADINGS: usize = 500;

impl Outline {
    /// Blocks before the first heading.
    pub(crate) fn preamble<'d>(&self, document: &'d Document) -> &'d [Block] {
        let first = self.blocks.first().copied().unwrap_or(document.blocks.len());
        document.blocks.get(..first).unwrap_or_default()
    }
}

impl Outline {
    /// The remark that there are more headings than are read.
    pub(crate) fn overlong(&self) -> Option<Remark> {
        let text = format!("标题超过{HEADINGS}个");
        let origin = self.overlong?;
        Some(Remark { kind: RemarkKind::Overlong, text, value: None, section: None, origin })
    }

    /// The paragraphs below the headings, each with its section.
    pub(crate) fn paragraphs<'d>(
        &self,
        document: &'d Document,
    ) -> impl Iterator<Item = (Option<SectionKind>, &'d Text)> {
        let ends = self.blocks.iter().skip(1).copied().chain([document.blocks.len()]);
        self.sections.iter().zip(&self.blocks).zip(ends).flat_map(move |((section, heading), end)| {
            let blocks = document.blocks.get(heading + 1..end).unwrap_or_default();
            blocks.iter().filter_map(move |block| match block {
                Block::Paragraph(paragraph) => Some((section.kind, &paragraph.text)),
                Block::Table(_) => None,
            })
        })
    }
}

/// Finds the headings.
pub(crate) fn outline(document: &Document) -> Outline {
    let paragraphs = document.blocks.iter().enumerate().filter_map(|(position, block)| match block {
        Block::Paragraph(paragraph) => Some((position, paragraph)),
        Block::Table(_) => None,
    });
    let mut headings: Vec<_> = paragraphs
        .clone()
        .filter_map(|(position, paragraph)| Some((position, section(paragraph)?)))
        .take(HEADINGS + 1)
        .collect();
    let overlong = headings.get(HEADINGS).map(|(_, section)| section.origin);
    headings.truncate(HEADINGS);
    if headings.is_empty() {
        let sections = paragraphs.flat_map(|(_, paragraph)| within(&paragraph.text)).collect();
        return Outline { sections, ..Outline::default() };
    }
    // A subheading may bear a section's name; the section itself is the one with the number.
    let numbered: Vec<SectionKind> = SectionKind::ALL
        .into_iter()
        .filter(|kind| {
            headings.iter().any(|(_, section)| section.ordinal.is_some() && section.kind == Some(*kind))
        })
        .collect();
    let is_subheading = |section: &Section| {
        section.ordinal.is_none() && section.kind.is_some_and(|kind| numbered.contains(&kind))
    };
    let (blocks, sections) = headings.into_iter().filter(|(_, section)| !is_subheading(section)).unzip();
    let mut outline = Outline { sections, blocks, overlong };
    for (position, paragraph) in paragraphs {
        let below = outline.blocks.partition_point(|heading| *heading <= position);
        let is_heading = outline.blocks.binary_search(&position).is_ok();
        let open = below.checked_sub(1).filter(|_| !is_heading);
        if let Some(open) = open.and_then(|open| outline.sections.get_mut(open)) {
            open.chars += paragraph.text.as_str().chars().count() as u32;
        }
    }
    outline
}

/// A paragraph longer than this may be a whole report whose line breaks were lost.
const WHOLE_CHARS: usize = 1_000;

/// The headings in one line with all other text, separated from it by spaces.
fn within(text: &Text) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    if text.as_str().chars().count() < WHOLE_CHARS {
        return sections;
    }
    for word in text.as_str().split(label::is_space) {
        let start = word.as_ptr().addr() - text.as_str().as_ptr().addr();
        let heading = section(&Paragraph { text: text.slice(start..start + word.len()), level: None });
        match heading.filter(|section| section.ordinal.is_some() && section.kind.is_some()) {
            Some(heading) => sections.push(heading),
            None => {
                if let Some(open) = sections.last_mut() {
                    open.chars += word.chars().count() as u32;
                }
            }
        }
    }
    sections
}

/// The headings of the six sections.
static OFFICIAL: LazyLock<[Normalised; SectionKind::ALL.len()]> =
    LazyLock::new(|| SectionKind::ALL.map(|kind| Normalised::new(label::normalise(kind.heading()))));

/// Longest heading seen in the field, with room to spare.
const HEADING_CHARS: usize = 40;

fn section(paragraph: &Paragraph) -> Option<Section> {
    let text = paragraph.text.as_str();
    if text.chars().count() > HEADING_CHARS || text.contains('；') {
        return None;
    }
    let ordinal = label::ordinal(text);
    if ordinal.is_none() && paragraph.level.is_none() && text.chars().count() > 24 {
        return None;
    }
    let normalised = label::normalise(text);
    if text.trim_start().starts_with(['（', '(']) {
        return None;
    }
    // 1. 总体情况 is a part only under the part's whole name: figures number what lies below the parts.
    let is_figured = text.trim_start().starts_with(|c: char| c.is_ascii_digit());
    if is_figured && !OFFICIAL.iter().any(|heading| heading.as_str() == normalised) {
        return None;
    }
    let kind = kind_of(&normalised, ordinal.is_some() || paragraph.level.is_some());
    // A numbered line is a heading of some kind; without a number it has to be one of the six.
    let is_heading =
        kind.is_some() || (ordinal.is_some() && !ends_sentence(text) && !is_row_label(&normalised));
    is_heading.then(|| Section {
        kind,
        heading: text.to_owned(),
        ordinal: ordinal.map(|(number, _)| number),
        origin: origin(&paragraph.text),
        chars: 0,
    })
}

/// The section of a heading, under any of its usual names. `marked` headings (numbered or
/// marked by the format) may be garnished; others have to be the heading and nothing else.
fn kind_of(normalised: &str, marked: bool) -> Option<SectionKind> {
    use SectionKind::{Active, Litigation, Other, Overview, Problems, Requests};
    let has = |word: &str| normalised.contains(word);
    let kind = if has("行政复议") || has("行政诉讼") {
        Litigation
    } else if has("收到和处理")
        || (has("申请")
            && (has("依申请") || has("政府信息公开申请"))
            && (has("情况") || has("办理") || has("处理")))
    {
        Requests
    } else if has("主动公开") && !has("依申请") {
        Active
    } else if has("总体情况")
        || has("总体概况")
        || has("总体概述")
        || normalised == "概述"
        || has("基本情况")
        || has("总体工作情况")
    {
        Overview
    } else if has("问题") && (has("改进") || has("措施") || has("存在") || has("不足")) {
        Problems
    } else if (has("需要") && has("报告"))
        || has("其他报告")
        || has("其他事项")
        || has("其它需要")
        || has("需要说明")
    {
        Other
    } else {
        return None;
    };
    let is_exact = || {
        let printed = Normalised::new(normalised.to_owned());
        OFFICIAL.iter().any(|heading| printed.distance(heading).is_some())
    };
    (marked || is_exact()).then_some(kind)
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end().ends_with(['。', '；', ';', '，', ','])
}

/// Labels of table three begin with 一、 二、 三、 四、 too.
fn is_row_label(normalised: &str) -> bool {
    // A label can be broken over lines, and figures can follow it.
    const BEGINNINGS: [&str; 6] =
        ["本年新收", "本年度新收", "上年结转", "上年度结转", "本年度办", "结转下年"];
    normalised.ends_with("申请数量")
        || normalised.contains("办理结果")
        || normalised.contains("结转下年度")
        || BEGINNINGS.iter().any(|begin| normalised.starts_with(begin))
        || "本年度办理结果".starts_with(normalised)
}
