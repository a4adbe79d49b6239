//! Rich Text Format.

use super::super::page::{Block, Cell, Page, Place, grid, width};

/// With characters as numbers, and merged cells as Word merges them.
pub(super) fn rtf(page: &Page) -> Vec<u8> {
    let mut text =
        "{\\rtf1\\ansi\\ansicpg936\\deff0{\\fonttbl{\\f0\\fnil\\fcharset134 SimSun;}}\\uc1\n".to_owned();
    for block in &page.blocks {
        match block {
            Block::Title(words) => text += &format!("\\pard\\qc {}\\par\n", numbered(words)),
            Block::Heading(words) | Block::Paragraph(words) => {
                text += &format!("\\pard\\plain {}\\par\n", numbered(words));
            }
            Block::Table(rows) => text += &table(rows),
        }
    }
    (text + "}").into_bytes()
}

fn numbered(words: &str) -> String {
    let one = |character: char| match character {
        '\\' | '{' | '}' => format!("\\{character}"),
        _ if character.is_ascii() => character.to_string(),
        _ => character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{}?", *unit as i16)).collect(),
    };
    words.chars().map(one).collect()
}

fn table(rows: &[Vec<Cell>]) -> String {
    let column = 9500 / width(rows);
    let mut text = String::new();
    for row in grid(rows) {
        let mut definition = "\\trowd\\trgaph108\\trleft-108".to_owned();
        let mut cells = String::new();
        let mut edge = 0;
        for place in row {
            let (cell, merge, words) = match place {
                Place::FromLeft => continue,
                Place::FromAbove(cell) => (cell, "\\clvmrg", ""),
                Place::Begins(cell) => {
                    (cell, if cell.rows > 1 { "\\clvmgf" } else { "" }, cell.text.as_str())
                }
            };
            edge += cell.columns * column;
            definition += &format!(
                "{merge}\\clbrdrt\\brdrs\\clbrdrl\\brdrs\\clbrdrb\\brdrs\\clbrdrr\\brdrs\\cellx{edge}"
            );
            cells += &format!("\\pard\\intbl {}\\cell", numbered(words));
        }
        text += &format!("{definition}\n{cells}\\row\n");
    }
    text + "\\pard\n"
}
