//! What a paragraph is: its style, its place in tables, its list, and for a row the edges of its cells.

use super::sprm::{self, Sprm, sprms};
use crate::compound::{u16_at, u32_at};
use crate::word_tables::Edges;

/// The properties of a paragraph that matter for reading.
#[derive(Debug, Clone, Default)]
pub(super) struct Properties {
    pub(super) in_table: bool,
    pub(super) ends_row: bool,
    pub(super) ends_inner_cell: bool,
    pub(super) ends_inner_row: bool,
    /// How many tables are around; 0 also for one.
    pub(super) depth: u32,
    /// Number of its list, from 1.
    pub(super) list: u16,
    pub(super) list_level: u8,
    /// 1 to 6 for a heading.
    pub(super) level: Option<u8>,
    /// The cells of the row that ends here.
    pub(super) edges: Vec<Edges>,
}

impl Properties {
    /// Applies a list of properties. `data` is the stream for lists that are stored elsewhere, and `budget`
    /// the bytes that may still be read, since many paragraphs can name the same ones.
    pub(super) fn apply(&mut self, list: &[u8], data: &[u8], budget: &mut usize) {
        let Some(left) = budget.checked_sub(list.len()) else {
            *budget = 0;
            return;
        };
        *budget = left;
        for sprm in sprms(list) {
            if !sprm::ELSEWHERE.contains(&sprm.code) {
                self.one(&sprm);
                continue;
            }
            // Property lists in the Data stream do not chain.
            let list = elsewhere(&sprm, data).unwrap_or_default();
            *budget = budget.saturating_sub(list.len());
            if *budget > 0 {
                sprms(list).for_each(|sprm| self.one(&sprm));
            }
        }
    }

    fn one(&mut self, sprm: &Sprm) {
        match sprm.code {
            sprm::IN_TABLE => self.in_table = sprm.byte() != 0,
            sprm::ENDS_ROW => self.ends_row = sprm.byte() != 0,
            sprm::DEPTH => self.depth = u32_at(sprm.operand, 0).unwrap_or(0),
            sprm::ENDS_INNER_CELL => self.ends_inner_cell = sprm.byte() != 0,
            sprm::ENDS_INNER_ROW => self.ends_inner_row = sprm.byte() != 0,
            sprm::LIST_LEVEL => self.list_level = sprm.byte(),
            sprm::LIST => self.list = sprm.word(),
            sprm::OUTLINE_LEVEL => self.level = level(sprm.byte()),
            sprm::DEFINE_ROW => self.edges = edges(sprm.operand).unwrap_or_default(),
            sprm::MERGE | sprm::SPLIT => {
                let (first, after) = (usize::from(sprm.byte()), usize::from(sprm.word() >> 8));
                for cell in self.edges.iter_mut().take(after).skip(first + 1) {
                    cell.goes_on_right = sprm.code == sprm::MERGE;
                }
            }
            sprm::MERGE_DOWN => {
                let flags = sprm.word() >> 8;
                if let Some(cell) = self.edges.get_mut(usize::from(sprm.byte())) {
                    (cell.begins_down, cell.goes_on_down) = (flags & 2 != 0, flags & 3 == 1);
                }
            }
            _ => {}
        }
    }
}

/// The level of a heading, counted from 0 in the file.
pub(super) fn level(number: u8) -> Option<u8> {
    (number < 6).then_some(number + 1)
}

fn elsewhere<'a>(sprm: &Sprm, data: &'a [u8]) -> Option<&'a [u8]> {
    let at = u32_at(sprm.operand, 0)? as usize;
    let size = usize::from(u16_at(data, at)?);
    data.get(at + 2..at + 2 + size)
}

/// The cells of a row: how many, the edges between them, and twenty bytes for each.
fn edges(definition: &[u8]) -> Option<Vec<Edges>> {
    let count = usize::from(*definition.first()?);
    let edge = |index: usize| u16_at(definition, 1 + index * 2).map(|edge| i32::from(edge as i16));
    let mut edges = Vec::with_capacity(count);
    for index in 0..count {
        let (left, right) = (edge(index)?, edge(index + 1)?);
        // Cells without bytes of their own have no merges.
        let flags = u16_at(definition, 1 + (count + 1) * 2 + index * 20).unwrap_or(0);
        edges.push(Edges {
            left,
            right: right.max(left),
            begins_down: flags & 0x40 != 0,
            goes_on_down: flags & 0x60 == 0x20,
            goes_on_right: flags & 2 != 0,
        });
    }
    Some(edges)
}
