//! Joins what a page break cut in two: rows, labels and groups of rows.

use std::collections::HashMap;

use super::cell::Cell;

/// Joins the cells above and below a page break, which is in front of row `first`.
pub(super) fn join_cut_cells(cells: &mut Vec<Cell>, first: usize) {
    drop_padding(cells, first);
    let (row, labels): (Vec<Pair>, Vec<Pair>) =
        pairs(cells, first).into_iter().partition(|pair| pair.rows == (1, 1));
    let is_cut = is_row_cut(cells, &row, &labels, first);
    let joined_rows = row.iter().filter(|pair| is_cut || is_group_cut(cells, pair, first));
    let joined_labels = labels.iter().filter(|pair| is_label_cut(cells, pair, first, is_cut));
    let joined: Vec<[usize; 2]> =
        joined_rows.chain(joined_labels).map(|pair| [pair.above, pair.below]).collect();
    for pair in joined {
        if let Ok([above, below]) = cells.get_disjoint_mut(pair) {
            above.rows += std::mem::take(&mut below.rows);
            above.lines.append(&mut below.lines);
        }
    }
    cells.retain(|cell| cell.rows > 0);
}

/// Two cells with the same columns, one on each side of the page break.
struct Pair {
    /// Their indices.
    above: usize,
    below: usize,
    /// The rows that they cover.
    rows: (usize, usize),
    says: (Says, Says),
    column: usize,
}

/// Removes a blank row next to the page break: the rest of a row that is on the other page.
fn drop_padding(cells: &mut Vec<Cell>, first: usize) {
    for row in [Some(first), first.checked_sub(1)].into_iter().flatten() {
        let is_of_row = |cell: &Cell| cell.row == row && cell.rows == 1;
        let has_words =
            |cell: &Cell| cell.row <= row && row < cell.row + cell.rows && says(cell) != Says::Nothing;
        if !cells.iter().any(has_words) {
            cells.retain(|cell| !is_of_row(cell));
        }
    }
}

/// The pairs of cells with the same columns on both sides of the page break.
fn pairs(cells: &[Cell], first: usize) -> Vec<Pair> {
    let ends = cells.iter().enumerate().filter(|(_, cell)| cell.row + cell.rows == first);
    let ends: HashMap<(usize, usize), (usize, &Cell)> =
        ends.map(|(index, cell)| ((cell.column, cell.columns), (index, cell))).collect();
    let begins = cells.iter().enumerate().filter(|(_, cell)| cell.row == first);
    let pair = |(index, below): (usize, &Cell)| {
        let &(above_index, above) = ends.get(&(below.column, below.columns))?;
        Some(Pair {
            above: above_index,
            below: index,
            rows: (above.rows, below.rows),
            says: (says(above), says(below)),
            column: below.column,
        })
    };
    begins.filter_map(pair).collect()
}

/// The kind of content of a cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Nothing,
    /// A figure or a part of one.
    Figure,
    /// A label that begins with （一）, 1. or the like.
    Numbered,
    Label,
}

fn says(cell: &Cell) -> Says {
    let words = cell.words();
    let is_figure =
        |c: char| c.is_ascii_digit() || matches!(c, '０'..='９' | '.' | ',' | '-' | '—' | '/' | '+' | '%');
    let is_amount = |words: &str| {
        let bare = words.trim_end_matches(['万', '元', '件']);
        !bare.is_empty() && bare.chars().all(is_figure)
    };
    match words.chars().next() {
        None => Says::Nothing,
        Some(_) if is_amount(&words) => Says::Figure,
        Some(_) if is_numbered(&words) => Says::Numbered,
        Some(_) => Says::Label,
    }
}

/// Whether words begin with （一）, 一、, 1. or 第一条.
pub(super) fn is_numbered(words: &str) -> bool {
    let numerals = words.trim_start_matches(['（', '(', '第']);
    let is_numeral = |c: char| c.is_ascii_digit() || "一二三四五六七八九十".contains(c);
    let rest = numerals.trim_start_matches(is_numeral);
    let ends: &[char] = if words.starts_with('第') {
        &['条', '章', '款', '项']
    } else {
        &['、', '.', '．', '）', ')']
    };
    // 1379.8 is a figure.
    let is_decimal = rest.starts_with('.') && rest[1..].starts_with(|c: char| c.is_ascii_digit());
    rest.len() < numerals.len() && rest.starts_with(ends) && !is_decimal || words.starts_with(['（', '('])
}

/// Whether the row below the page break is the rest of the row above.
fn is_row_cut(cells: &[Cell], pairs: &[Pair], labels: &[Pair], first: usize) -> bool {
    // All that begins below and all that ends above has its other half, group labels aside.
    let is_half = |&(index, cell): &(usize, &Cell)| {
        let is_label = labels.iter().any(|pair| index == pair.above || index == pair.below);
        cell.rows == 1 && (cell.row == first || cell.row + 1 == first) && !is_label
    };
    if pairs.is_empty() || cells.iter().enumerate().filter(is_half).count() != 2 * pairs.len() {
        return false;
    }
    let said: Vec<(Says, Says)> = pairs.iter().map(|pair| pair.says).collect();
    let above = |wanted: Says| said.iter().filter(|(above, _)| *above == wanted).count();
    let below = |wanted: Says| said.iter().filter(|(_, below)| *below == wanted).count();
    let is_label = |says: Says| matches!(says, Says::Label | Says::Numbered);
    if below(Says::Numbered) > 0 {
        return false;
    }
    let (labels, figures) = (below(Says::Label), below(Says::Figure));
    match () {
        // A padding line that was left over.
        () if labels + figures == 0 => true,
        // The label continues, and its figures are above.
        () if figures == 0 && above(Says::Figure) > 0 => {
            said.iter().all(|(above, below)| *below != Says::Label || is_label(*above))
        }
        // A head whose words were broken in most columns.
        () if figures == 0 => {
            pairs.len() > 2 && labels * 2 > pairs.len() && said.iter().all(|(above, _)| is_label(*above))
        }
        // The label is above, and all its figures are below.
        () if labels == 0 && above(Says::Figure) == 0 => {
            said.iter().all(|(above, below)| match below {
                Says::Figure => *above == Says::Nothing,
                _ => true,
            }) && said.iter().any(|(above, _)| is_label(*above))
        }
        // The last digits of some figures.
        () if labels == 0 => {
            figures < above(Says::Figure)
                && said.iter().all(|(above, below)| *below != Says::Figure || *above == Says::Figure)
        }
        () => false,
    }
}

/// Whether a label for several rows was cut.
fn is_label_cut(cells: &[Cell], pair: &Pair, first: usize, is_row_cut: bool) -> bool {
    let (above, below) = pair.rows;
    let is_group = is_row_cut || below > 1 || !is_only_label(cells, pair.below, first);
    match pair.says {
        (Says::Figure, _) | (_, Says::Figure | Says::Numbered) => false,
        (Says::Nothing, _) => above > 1 && (below > 1 || is_row_cut),
        (_, Says::Nothing | Says::Label) => is_group,
    }
}

/// Whether a label belongs to the rows on both sides, one row each.
fn is_group_cut(cells: &[Cell], pair: &Pair, first: usize) -> bool {
    let (above, below) = pair.says;
    let is_label = matches!(above, Says::Label | Says::Numbered);
    let goes_on = matches!(below, Says::Nothing | Says::Label);
    let is_numbered =
        |cell: &Cell| cell.row == first && cell.column > pair.column && says(cell) == Says::Numbered;
    is_label && goes_on && cells.iter().any(is_numbered)
}

/// Whether the row below the page break has no other label.
fn is_only_label(cells: &[Cell], below: usize, first: usize) -> bool {
    let is_label = |cell: &Cell| matches!(says(cell), Says::Label | Says::Numbered);
    !cells.iter().enumerate().any(|(index, cell)| index != below && cell.row == first && is_label(cell))
}
