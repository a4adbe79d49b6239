//! Automatic numbers of paragraphs, which are printed but are no part of the text.

use std::collections::HashMap;

use crate::compound::{u16_at, u32_at};
use crate::list_numbering;

/// The lists of a document, and how far each has counted.
#[derive(Default)]
pub(super) struct Lists {
    definitions: HashMap<u32, Vec<Level>>,
    /// Paragraphs name a list by its number here.
    uses: Vec<Use>,
    counts: HashMap<u32, [Option<u32>; 9]>,
}

/// A use of a definition, with its overrides.
#[derive(Default)]
struct Use {
    definition: u32,
    /// Levels that restart, and their first numbers.
    starts: Vec<(u8, u32)>,
    /// Levels that look different.
    levels: Vec<(u8, Level)>,
    has_begun: bool,
}

struct Level {
    start: u32,
    format: u8,
    /// The numbers 0 to 8 are placeholders for the levels.
    pattern: Vec<u16>,
}

impl Lists {
    /// Reads the definitions from the table stream at `lists`, and who uses them from `uses`.
    pub(super) fn read(table: &[u8], lists: (usize, usize), uses: (usize, usize)) -> Lists {
        let definitions = definitions(table, lists).unwrap_or_default();
        Lists { definitions, uses: users(table, uses).unwrap_or_default(), counts: HashMap::new() }
    }

    /// The number in front of the next paragraph of a list.
    pub(super) fn next(&mut self, list: u16, level: u8) -> Option<String> {
        let index = usize::from(list).checked_sub(1)?;
        let used = self.uses.get_mut(index)?;
        let definition = self.definitions.get(&used.definition)?;
        let level_at = |at: usize| {
            let own = used.levels.iter().find(|(number, _)| usize::from(*number) == at);
            own.map(|(_, level)| level).or_else(|| definition.get(at))
        };
        let depth = usize::from(level).min(8);
        let counts = self.counts.entry(used.definition).or_default();
        if !used.has_begun {
            for (level, start) in &used.starts {
                // One less, since the first paragraph counts it up.
                if let Some(count) = counts.get_mut(usize::from(*level)) {
                    *count = Some(start.saturating_sub(1));
                }
            }
        }
        let level = level_at(depth)?;
        let (count, below) = counts.get_mut(depth..)?.split_first_mut()?;
        *count = Some(count.map_or(level.start, |count| count.saturating_add(1)));
        below.fill(None);
        let mut text = String::new();
        for &unit in &level.pattern {
            if unit < 9 {
                let above = level_at(usize::from(unit))?;
                let count = counts.get(usize::from(unit)).copied().flatten().unwrap_or(above.start);
                text.push_str(&list_numbering::write(count, format(above.format))?);
            } else {
                // Symbol fonts have their bullets in the private area.
                text.extend(char::from_u32(unit.into()).filter(|c| !('\u{E000}'..='\u{F8FF}').contains(c)));
            }
        }
        // The gap behind a number is left out, but a bare number needs one.
        text.extend(text.ends_with(|c: char| c.is_alphanumeric()).then_some(' '));
        let text = Some(text).filter(|_| level.format != BULLET);
        used.has_begun = true;
        text
    }
}

const BULLET: u8 = 23;

fn definitions(table: &[u8], (start, size): (usize, usize)) -> Option<HashMap<u32, Vec<Level>>> {
    let heads = table.get(start..start.checked_add(size)?)?;
    let count = usize::from(u16_at(heads, 0)?);
    // The levels follow behind the heads.
    let mut at = start + size;
    let mut definitions = HashMap::new();
    for index in 0..count {
        let head = heads.get(2 + index * 28..2 + index * 28 + 28)?;
        let is_simple = head.get(26)? & 1 == 1;
        let mut levels = Vec::new();
        for _ in 0..if is_simple { 1 } else { 9 } {
            let Some((level, size)) = level(table.get(at..).unwrap_or_default()) else {
                return Some(definitions);
            };
            levels.push(level);
            at += size;
        }
        definitions.insert(u32_at(head, 0)?, levels);
    }
    Some(definitions)
}

/// A level, and the bytes that it takes.
fn level(bytes: &[u8]) -> Option<(Level, usize)> {
    let sizes = usize::from(*bytes.get(24)?) + usize::from(*bytes.get(25)?);
    let at = 28 + sizes;
    let length = usize::from(u16_at(bytes, at)?);
    let pattern = bytes.get(at + 2..at + 2 + length * 2)?;
    let pattern = pattern.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).take(64).collect();
    let level = Level { start: u32_at(bytes, 0)?.min(1 << 24), format: *bytes.get(4)?, pattern };
    Some((level, at + 2 + length * 2))
}

fn users(table: &[u8], (start, size): (usize, usize)) -> Option<Vec<Use>> {
    let bytes = table.get(start..start.checked_add(size)?)?;
    let count = (u32_at(bytes, 0)? as usize).min(bytes.len() / 16);
    let mut at = 4 + count * 16;
    let mut uses = Vec::with_capacity(count);
    for index in 0..count {
        let head = bytes.get(4 + index * 16..4 + index * 16 + 16)?;
        let mut used = Use { definition: u32_at(head, 0)?, ..Use::default() };
        // Each begins with a place in the text that is not used.
        at += 4;
        for _ in 0..*head.get(12)? {
            let (Some(start), Some(flags)) = (u32_at(bytes, at), u32_at(bytes, at + 4)) else { break };
            at += 8;
            let (number, is_restarted) = ((flags & 0xF) as u8, flags & 0x10 != 0);
            let mut start = start.min(1 << 24);
            if flags & 0x20 != 0 {
                let Some((own, size)) = level(bytes.get(at..).unwrap_or_default()) else { break };
                start = own.start;
                used.levels.push((number, own));
                at += size;
            }
            if is_restarted {
                used.starts.push((number, start));
            }
        }
        uses.push(used);
    }
    Some(uses)
}

/// The name of a format of numbers.
fn format(number: u8) -> &'static str {
    const NAMES: [&str; 45] = [
        "decimal",
        "upperRoman",
        "lowerRoman",
        "upperLetter",
        "lowerLetter",
        "ordinal",
        "cardinalText",
        "ordinalText",
        "hex",
        "chicago",
        "ideographDigital",
        "japaneseCounting",
        "aiueo",
        "iroha",
        "decimalFullWidth",
        "decimalHalfWidth",
        "japaneseLegal",
        "japaneseDigitalTenThousand",
        "decimalEnclosedCircle",
        "decimalFullWidth2",
        "aiueoFullWidth",
        "irohaFullWidth",
        "decimalZero",
        "bullet",
        "ganada",
        "chosung",
        "decimalEnclosedFullstop",
        "decimalEnclosedParen",
        "decimalEnclosedCircleChinese",
        "ideographEnclosedCircle",
        "ideographTraditional",
        "ideographZodiac",
        "ideographZodiacTraditional",
        "taiwaneseCounting",
        "ideographLegalTraditional",
        "taiwaneseCountingThousand",
        "taiwaneseDigital",
        "chineseCounting",
        "chineseLegalSimplified",
        "chineseCountingThousand",
        "decimal",
        "koreanDigital",
        "koreanCounting",
        "koreanLegal",
        "koreanDigital2",
    ];
    if number == 255 { "none" } else { NAMES.get(usize::from(number)).copied().unwrap_or("decimal") }
}
