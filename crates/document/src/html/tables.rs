//! Which tables hold data, and which only lay out the page.

use std::collections::HashSet;

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use scraper::{ElementRef, Html, Node};

use super::ink::Inks;

/// A cell with more characters holds paragraphs.
const LONGEST_CELL: usize = 500;
/// A table with more cells holds data, whatever else is in it.
const MOST_LAYOUT_CELLS: usize = 8;

#[derive(Default)]
struct Counts {
    cells: usize,
    /// Characters of the cell that is open, and of the longest cell.
    characters: usize,
    longest: usize,
    /// Cells of the largest table inside.
    inside: usize,
}

/// The tables of data; all others are read as if they were paragraphs.
pub(super) fn of_data(tree: &Html, inks: &Inks) -> HashSet<NodeId> {
    let mut data = HashSet::new();
    let mut open: Vec<Counts> = Vec::new();
    let mut hidden = 0;
    for edge in tree.tree.root().traverse() {
        let (node, opens) = match edge {
            Edge::Open(node) => (node, true),
            Edge::Close(node) => (node, false),
        };
        if let (Node::Text(text), true, 0, Some(table)) = (node.value(), opens, hidden, open.last_mut()) {
            table.characters += text.chars().filter(|c| !c.is_whitespace()).count();
        }
        let Some(element) = ElementRef::wrap(node) else { continue };
        if inks.of(element.id()).is_gone {
            hidden = if opens { hidden + 1 } else { hidden - 1 };
            continue;
        }
        if hidden > 0 {
            continue;
        }
        match (element.value().name(), opens) {
            ("table", true) => open.push(Counts::default()),
            ("table", false) => {
                let Some(table) = open.pop() else { continue };
                if is_data(&table) {
                    data.insert(node.id());
                }
                if let Some(outer) = open.last_mut() {
                    outer.inside = outer.inside.max(table.inside).max(table.cells);
                }
            }
            ("td" | "th", _) => {
                if let Some(table) = open.last_mut() {
                    table.cells += usize::from(opens);
                    table.longest = table.longest.max(table.characters);
                    table.characters = 0;
                }
            }
            _ => {}
        }
    }
    data
}

fn is_data(table: &Counts) -> bool {
    let lays_out_tables = table.inside > 1 && table.cells <= 4 * table.inside;
    let lays_out_text = table.longest > LONGEST_CELL && table.cells <= MOST_LAYOUT_CELLS;
    table.cells > 1 && !lays_out_tables && !lays_out_text
}
