//! The automatic numbers of a DOCX. They are no part of the text, but 一、 and （一） mark the sections
//! and rows of a report.

use std::collections::{HashMap, HashSet};

use super::styles::{Format, Look, Styles};
use crate::error::ReadError;
use crate::list_numbering;
use crate::xml::{self, Event, Xml};

/// Levels of a list.
const LEVELS: usize = 9;
/// Characters of the pattern of a number. Real ones are shorter.
const LONGEST_PATTERN: usize = 60;

/// The lists of a document, and how far each has counted.
#[derive(Default)]
pub(super) struct Numbering {
    lists: HashMap<String, List>,
    numbers: HashMap<String, Number>,
    /// The last number on each level of each list.
    counts: HashMap<String, [Option<u32>; LEVELS]>,
    /// Numberings that have been restarted, by level.
    restarted: HashSet<(String, usize)>,
}

/// `w:abstractNum`: what numbers look like. All numberings of one list count on together.
#[derive(Default)]
struct List {
    levels: Levels,
    /// The style that defines the numbers instead.
    style: Option<String>,
}

/// `w:num`: a use of a list, with its own changes.
#[derive(Default)]
struct Number {
    list: String,
    levels: Levels,
    starts: HashMap<usize, u32>,
}

type Levels = HashMap<usize, Level>;

#[derive(Debug, Clone)]
struct Level {
    start: u32,
    format: String,
    /// `（%1）`: the number of the first level in brackets.
    pattern: String,
    /// The level after which this one restarts, from 1; 0 for never.
    restart: Option<usize>,
    /// All numbers in digits.
    legal: bool,
    /// Whether a gap follows.
    gap: bool,
    /// The style whose paragraphs are on this level.
    style: Option<String>,
    /// How the numbers look, where they do not look like the paragraph's end.
    look: Look,
}

/// An automatic number as it is printed, with the gap after it.
pub(super) struct Printed {
    pub(super) text: String,
    pub(super) look: Look,
}

impl Default for Level {
    fn default() -> Self {
        let (format, pattern) = ("decimal".to_owned(), String::new());
        Level {
            start: 0,
            format,
            pattern,
            restart: None,
            legal: false,
            gap: true,
            style: None,
            look: Look::default(),
        }
    }
}

impl Numbering {
    pub(super) fn read(mut xml: Xml) -> Result<Numbering, ReadError> {
        let mut numbering = Numbering::default();
        while let Some(event) = xml.next()? {
            let Event::Open(tag) = event else { continue };
            match xml::name(&tag) {
                "abstractNum" => {
                    let id = xml::attribute(&tag, "abstractNumId").unwrap_or_default().into_owned();
                    let mut list = List::default();
                    let mut level = LEVELS;
                    xml.within(|tag, _| {
                        match xml::name(tag) {
                            "lvl" => level = level_of(tag),
                            "numStyleLink" => list.style = xml::attribute(tag, "val").map(Into::into),
                            _ => {}
                        }
                        describe(&mut list.levels, level, tag);
                        Ok(())
                    })?;
                    numbering.lists.insert(id, list);
                    xml.no_more_than_kept(numbering.lists.len(), "lists")?;
                }
                "num" => {
                    let id = xml::attribute(&tag, "numId").unwrap_or_default().into_owned();
                    let mut number = Number::default();
                    let (mut level, mut is_new) = (LEVELS, false);
                    xml.within(|tag, _| {
                        let value = || xml::attribute(tag, "val").unwrap_or_default();
                        match xml::name(tag) {
                            "abstractNumId" => number.list = value().into_owned(),
                            "lvlOverride" => (level, is_new) = (level_of(tag), false),
                            "lvl" => (level, is_new) = (level_of(tag), true),
                            "startOverride" => {
                                number.starts.insert(level, value().parse().unwrap_or(0));
                            }
                            _ => {}
                        }
                        if is_new {
                            describe(&mut number.levels, level, tag);
                        }
                        Ok(())
                    })?;
                    numbering.numbers.insert(id, number);
                    xml.no_more_than_kept(numbering.numbers.len(), "numberings")?;
                }
                _ => {}
            }
        }
        Ok(numbering)
    }

    /// Counts a paragraph of this format and style.
    pub(super) fn next(&mut self, format: &Format, style: Option<&str>, styles: &Styles) -> Option<Printed> {
        let id = format.number.as_deref()?;
        let number = self.numbers.get(id)?;
        let mut list_id = number.list.as_str();
        if let Some(linked) = self.lists.get(list_id).and_then(|list| list.style.as_deref()) {
            let linked = styles.format(Some(linked)).number;
            list_id = &self.numbers.get(linked.as_deref()?)?.list;
        }
        let list = self.lists.get(list_id)?;
        let level_at = |at: usize| number.levels.get(&at).or_else(|| list.levels.get(&at));
        let of_style = || {
            let is_own = |at: &usize| level_at(*at).is_some_and(|level| level.style.as_deref() == style);
            style.and_then(|_| (0..LEVELS).find(is_own))
        };
        let at = format.number_level.or_else(of_style).unwrap_or(0);
        let level = level_at(at)?;
        let start = |at: usize| {
            let own = number.starts.get(&at).copied();
            own.unwrap_or_else(|| level_at(at).map_or(1, |level| level.start))
        };

        let counts = self.counts.entry(list_id.to_owned()).or_default();
        let count = counts.get_mut(at)?;
        if number.starts.contains_key(&at) && self.restarted.insert((id.to_owned(), at)) {
            *count = None;
        }
        *count = Some(count.map_or_else(|| start(at), |count| count.saturating_add(1)));
        for (below, count) in counts.iter_mut().enumerate().skip(at + 1) {
            let restart = level_at(below).and_then(|level| level.restart);
            if restart.is_none_or(|after| at < after) {
                *count = None;
            }
        }

        let count = |at: usize| counts.get(at).copied().flatten().unwrap_or_else(|| start(at));
        let mut text = String::new();
        let mut pattern = level.pattern.chars().peekable();
        while let Some(character) = pattern.next() {
            let digit =
                pattern.peek().and_then(|digit| digit.to_digit(10)).filter(|digit| (1..=9).contains(digit));
            match digit {
                Some(digit) if character == '%' => {
                    pattern.next();
                    let above = digit as usize - 1;
                    let format = level_at(above).map_or("decimal", |level| level.format.as_str());
                    let format = if level.legal { "decimal" } else { format };
                    text += &list_numbering::write(count(above), format)?;
                }
                _ => text.push(character),
            }
        }
        if level.format == "bullet" || text.is_empty() {
            return None;
        }
        let text = if level.gap { list_numbering::with_gap(text) } else { text };
        Some(Printed { text, look: level.look })
    }
}

fn level_of(tag: &quick_xml::events::BytesStart) -> usize {
    xml::attribute(tag, "ilvl").and_then(|level| level.parse().ok()).unwrap_or(LEVELS)
}

/// Reads a tag inside a level.
fn describe(levels: &mut Levels, at: usize, tag: &quick_xml::events::BytesStart) {
    if at >= LEVELS {
        return;
    }
    let level = levels.entry(at).or_default();
    let value = || xml::attribute(tag, "val").unwrap_or_default();
    match xml::name(tag) {
        "start" => level.start = value().parse().unwrap_or(0),
        "numFmt" => level.format = value().into_owned(),
        "lvlText" => level.pattern = value().chars().take(LONGEST_PATTERN).collect(),
        "lvlRestart" => level.restart = value().parse().ok(),
        "isLgl" => level.legal = super::styles::is_on(&value()),
        "suff" => level.gap = value() != "nothing",
        "pStyle" => level.style = Some(value().into_owned()),
        // The pictures of a list are elsewhere, and so is the space between paragraphs.
        "spacing" if xml::attribute(tag, "val").is_none() => {}
        _ => level.look.read(tag),
    }
}
