//! Tables without a frame: figures next to words, line after line.
//!
//! Without rules only the rows are certain and not the cells, so such a table has
//! [`Layout::Rows`](crate::model::Layout::Rows): its columns are those that its figures share.

use super::Item;
use super::lines::Line;
use super::page_breaks::is_numbered;
use super::rules::Rule;

/// A table of printed rows.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Vec<Vec<Line>>>,
    pub(super) top: f32,
    pub(super) page: u32,
}

/// Lines between two rows of figures: a label or a header over several lines.
const MOST_BETWEEN: usize = 6;
/// Lines above the first row of figures that are its head.
const MOST_ABOVE: usize = 8;

/// A line of text, in the words that gaps part.
struct Printed {
    words: Vec<Line>,
    whole: Line,
    figures: usize,
}

impl Printed {
    fn new(whole: Line) -> Printed {
        let words = whole.words();
        let figures = words.iter().filter(|word| is_figure(&word.text)).count();
        Printed { words, whole, figures }
    }

    fn is_row(&self) -> bool {
        self.figures > 0 && self.words.len() > 1
    }

    fn top(&self) -> f32 {
        self.whole.top
    }

    fn middle(&self) -> f32 {
        (self.whole.top + self.whole.bottom) / 2.0
    }

    /// Running text, which is as broad as the page, or a heading.
    fn is_prose(&self, width: f32) -> bool {
        let text = &self.whole.text;
        self.words.len() == 1
            && self.figures == 0
            && (text.ends_with(['。', '；', '：']) && text.chars().count() > 10
                || self.whole.right - self.whole.left > width * 0.6)
    }

    fn is_heading(&self, below: f32) -> bool {
        let mut start = self.whole.text.chars();
        let is_numbered =
            start.next().is_some_and(|c| "一二三四五六七".contains(c)) && start.next() == Some('、');
        self.words.len() == 1 && is_numbered && below - self.whole.bottom > self.whole.size * 0.8
    }
}

/// Finds the tables among the lines of a page. `level` are its level rules.
pub(super) fn find(page: Vec<Item>, level: &[Rule]) -> Vec<Item> {
    let lines = || page.iter().filter_map(Item::line);
    let left = lines().map(|line| line.left).fold(f32::MAX, f32::min);
    let right = lines().map(|line| line.right).fold(f32::MIN, f32::max);
    let mut found = Vec::with_capacity(page.len());
    let mut open: Vec<Printed> = Vec::new();
    // Lines without running text are a table if they have rows of figures.
    let mut rest = page.into_iter().peekable();
    while let Some(item) = rest.next() {
        let below = rest.peek().map_or(f32::MAX, Item::top);
        match item {
            Item::Line(whole) => {
                let line = Printed::new(whole);
                if line.is_prose(right - left) || line.is_heading(below) {
                    end(&mut open, level, &mut found);
                    found.push(Item::Line(line.whole));
                } else {
                    open.push(line);
                }
            }
            item => {
                end(&mut open, level, &mut found);
                found.push(item);
            }
        }
    }
    end(&mut open, level, &mut found);
    found
}

/// Whether a text is a figure or a placeholder for one.
fn is_figure(text: &str) -> bool {
    let text = text.trim_end_matches(['件', '元', '万', '个', '次', '条', '人']);
    let is_part = |c: char| c.is_ascii_digit() || "０１２３４５６７８９.,+-%".contains(c);
    !text.is_empty() && text.chars().all(is_part) || matches!(text, "/" | "—" | "－" | "——" | "无")
}

/// Ends a stretch of lines: the table in it, and the lines above and below.
fn end(open: &mut Vec<Printed>, level: &[Rule], found: &mut Vec<Item>) {
    let mut lines = std::mem::take(open);
    while let Some((first, last)) = table(&lines) {
        let mut rest = lines.split_off(last + 1);
        let rows = lines.split_off(first);
        found.extend(lines.into_iter().map(|line| Item::Line(line.whole)));
        found.push(Item::Rows(assemble(rows, level)));
        lines = std::mem::take(&mut rest);
    }
    found.extend(lines.into_iter().map(|line| Item::Line(line.whole)));
}

/// The first and the last line of the first table among these.
fn table(lines: &[Printed]) -> Option<(usize, usize)> {
    let rows: Vec<(usize, &Printed)> = lines.iter().enumerate().filter(|(_, line)| line.is_row()).collect();
    let mut groups = rows.chunk_by(|(one, _), (other, _)| other - one <= MOST_BETWEEN + 1);
    let is_table = |group: &&[(usize, &Printed)]| {
        let figures = group.iter().map(|(_, line)| line.figures).sum::<usize>();
        figures > 3 && (group.len() > 1 || figures > 6)
    };
    let group = groups.find(is_table)?;
    let ((first, _), (last, _)) = (group.first()?, group.last()?);
    let is_near = |index: &usize| match (lines.get(*index), lines.get(index + 1)) {
        (Some(line), Some(next)) => next.top() - line.whole.bottom < line.whole.size * 2.0,
        _ => false,
    };
    let above = (0..*first).rev().take(MOST_ABOVE).take_while(is_near);
    // The last label may go on below its figures.
    let goes_on = |index: &usize| match (lines.get(index - 1), lines.get(*index)) {
        (Some(before), Some(line)) => {
            line.words.len() == 1 && line.top() - before.whole.bottom < line.whole.size * 0.6
        }
        _ => false,
    };
    let below = (last + 1..lines.len()).take(2).take_while(goes_on);
    Some((above.last().unwrap_or(*first), below.last().unwrap_or(*last)))
}

/// The rows of a table from its lines.
fn assemble(lines: Vec<Printed>, level: &[Rule]) -> Rows {
    let (top, page) = lines.first().map_or((0.0, 0), |first| (first.top(), first.whole.page));
    let anchors: Vec<(usize, &Printed)> =
        lines.iter().enumerate().filter(|(_, line)| line.is_row()).collect();
    let columns = columns(anchors.iter().map(|(_, line)| *line));
    let is_parted = |one: &Printed, other: &Printed| {
        let (high, low) = (one.middle().min(other.middle()), one.middle().max(other.middle()));
        let (left, right) = (one.whole.left.max(other.whole.left), one.whole.right.min(other.whole.right));
        level.iter().any(|rule| {
            rule.at > high && rule.at < low && rule.from < left.max(right) && rule.to > left.min(right)
        })
    };
    // A label belongs to the row of figures that is nearest, if nothing speaks against it; it never goes
    // to one that is farther.
    let owner = |(index, line): (usize, &Printed)| -> Option<usize> {
        if line.is_row() {
            return Some(index);
        }
        let is_label = line.words.len() == 1
            && line.figures == 0
            && columns.first().is_none_or(|column| line.whole.left < column.0);
        let distance = |anchor: &Printed| (anchor.middle() - line.middle()).abs();
        let near = |(_, one): &(usize, &Printed), (_, other): &(usize, &Printed)| {
            distance(one).total_cmp(&distance(other))
        };
        let (index, anchor) = anchors.iter().copied().filter(|_| is_label).min_by(near)?;
        let mut labels = anchor.words.iter().take_while(|word| !is_figure(&word.text)).peekable();
        let label = line.words.first()?;
        let is_own = labels.peek().is_none() || labels.any(|other| stand_above(other, label));
        (is_own && distance(anchor) < line.whole.size * 3.0 && !is_parted(line, anchor)).then_some(index)
    };
    let owners: Vec<Option<usize>> = lines.iter().enumerate().map(owner).collect();
    let mut rows: Vec<(Option<usize>, Vec<Printed>)> = Vec::new();
    for (line, owner) in lines.into_iter().zip(owners) {
        match rows.iter_mut().find(|(other, _)| owner.is_some() && *other == owner) {
            Some((_, row)) => row.push(line),
            None => rows.push((owner, vec![line])),
        }
    }
    Rows { rows: rows.into_iter().map(|(_, lines)| cells(lines, &columns)).collect(), top, page }
}

/// The columns of figures, from the left.
fn columns<'a>(rows: impl Iterator<Item = &'a Printed>) -> Vec<(f32, f32)> {
    let figures = rows.flat_map(|row| row.words.iter().filter(|word| is_figure(&word.text)));
    let mut spans: Vec<(f32, f32)> = figures.map(|word| (word.left, word.right)).collect();
    spans.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut columns: Vec<(f32, f32)> = Vec::new();
    for span in spans {
        match columns.last_mut() {
            Some(last) if span.0 < last.1 => last.1 = last.1.max(span.1),
            _ => columns.push(span),
        }
    }
    columns
}

/// The cells of a row: labels as they come, figures below each other, with blanks where one is not
/// printed. A row of which it is doubtful what its label is, or which figure stands in which column, is
/// one cell as it is printed.
fn cells(lines: Vec<Printed>, columns: &[(f32, f32)]) -> Vec<Vec<Line>> {
    let mut labels: Vec<Vec<Line>> = Vec::new();
    let mut values: Vec<Line> = Vec::new();
    let mut is_doubtful = false;
    for line in &lines {
        let count = line.words.iter().take_while(|word| !line.is_row() || !is_figure(&word.text)).count();
        let (of_label, of_values) = line.words.split_at(count);
        for word in of_label {
            match labels.iter_mut().find(|cell| goes_on(cell, word)) {
                Some(cell) => {
                    is_doubtful |= is_numbered(&word.text);
                    cell.push(word.clone());
                }
                None => labels.push(vec![word.clone()]),
            }
        }
        values.extend_from_slice(of_values);
    }
    let left = |label: &[Line]| label.first().map_or(0.0, |word| word.left);
    labels.sort_by(|one, other| left(one).total_cmp(&left(other)));
    let mut row = labels;
    if values.is_empty() {
        return row;
    }
    let edge = row.iter().flatten().map(|word| word.right).fold(f32::MIN, f32::max);
    is_doubtful |= columns.first().is_some_and(|column| edge > column.0);
    let begin = row.len();
    if 2 * values.len() < columns.len() {
        // Too few to say which is missing, or a table with fewer columns below another.
        row.extend(values.into_iter().map(|word| vec![word]));
    } else {
        row.resize_with(begin + columns.len(), Vec::new);
        for word in values {
            let middle = (word.left + word.right) / 2.0;
            let column = columns.iter().position(|(left, right)| (*left..=*right).contains(&middle));
            match column.and_then(|column| row.get_mut(begin + column)) {
                Some(cell) => cell.push(word),
                None => is_doubtful = true,
            }
        }
    }
    if is_doubtful { vec![lines.into_iter().map(|line| line.whole).collect()] } else { row }
}

/// Whether a word goes on with a label.
fn goes_on(cell: &[Line], word: &Line) -> bool {
    cell.iter().any(|other| stand_above(other, word))
}

/// Whether one of two words is above the other.
fn stand_above(one: &Line, other: &Line) -> bool {
    one.left < other.right && other.left < one.right
}
