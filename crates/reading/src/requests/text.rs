//! Table three from running text, in which only filled cells show. A line of figures belongs to one label: to
//! that in its own line, and without one to the row that the order of the form leaves for it. So it makes no
//! difference whether figures are printed above, below or beside a label that takes several lines.

use std::collections::HashMap;
use std::ops::Range;

use document::Layout;

use super::Row;
use super::header::heading;
use super::label::{self as labels, Official};
use crate::grid::{Line, Slot};

/// The rows of the table, and what could not be decided by order alone.
pub(super) struct Printed<'a> {
    pub(super) rows: Vec<Row<'a>>,
    pub(super) open: Vec<Open<'a>>,
    pub(super) first_line: usize,
    pub(super) last_line: usize,
}

/// Rows between two that are known, with fewer lines of figures than rows.
#[derive(Debug)]
pub(super) struct Open<'a> {
    /// The ways to give the lines to the rows, in each the rows that get one.
    pub(super) ways: Vec<Vec<Row<'a>>>,
    /// The rows whose labels are printed, without figures.
    pub(super) labels: Vec<Row<'a>>,
    /// How many figures are without a row.
    pub(super) figures: u32,
}

/// Lines of figures with which the text is a table.
const LINES_OF_A_TABLE: usize = 4;
/// Lines of figures of two tables with room to spare; a text with more is read row by row.
const MOST_LINES: usize = 64;
/// Ways to give lines to rows that are compared by the equations; with more nothing is proved.
const MOST_WAYS: usize = 64;

/// A piece of the text.
#[derive(Debug, Clone, Copy)]
struct Word<'a> {
    slot: Slot<'a>,
    line: usize,
    is_figure: bool,
}

/// Words that follow one another, and the same joined and normalised.
#[derive(Debug, Clone, Default)]
struct Words<'a> {
    slots: Vec<Slot<'a>>,
    joined: String,
}

/// The figures of one row as printed.
#[derive(Debug, Clone)]
struct Entry<'a> {
    figures: Vec<Slot<'a>>,
    /// The words in its line.
    own: Words<'a>,
    /// The words between the entry before and this one.
    before: Words<'a>,
    /// Entries that follow one another without words between them.
    run: usize,
    is_joined: bool,
    line: usize,
}

/// The table as lines of figures with the words between them.
struct Text<'a> {
    entries: Vec<Entry<'a>>,
    /// The words behind the last entry.
    behind: Words<'a>,
    /// Whether each line is a row; otherwise cells follow one another.
    has_rows: bool,
}

/// The rows of the table that begins in this line, below a row of this order; none if the text has too few
/// lines of figures.
pub(super) fn rows<'a>(lines: &[Line<'a>], (first, before): (usize, Option<usize>)) -> Option<Printed<'a>> {
    let order = before.map_or(0, |before| before + 1);
    let words = words(lines, first, order)?;
    let has_rows = words.first()?.line < words.last()?.line;
    let last_line = words.last()?.line;
    let first_line = words.first()?.line;
    let text = Text::new(&words, has_rows)?;
    let anchors = text.anchors();
    let (mut rows, mut open) = (Vec::new(), Vec::new());
    // Before the first anchor, between two, and behind the last.
    let ends = anchors.iter().copied().map(Some).chain([None]);
    let mut from: Option<(usize, &'static Official)> = None;
    for end in ends {
        text.fill_gap(from, end, &mut rows, &mut open);
        if let Some((entry, official)) = end {
            rows.extend(text.entries.get(entry).and_then(|entry| entry.row(official)));
        }
        from = end;
    }
    Some(Printed { rows, open, first_line, last_line })
}

/// The words from the table's first label on, or from the figures above it, to the end of the table.
fn words<'a>(lines: &[Line<'a>], first: usize, order: usize) -> Option<Vec<Word<'a>>> {
    let opens = lines.get(first)?;
    let is_of_table = |line: &&Line<'_>| {
        (line.is_text, line.layout, line.table) == (opens.is_text, opens.layout, opens.table)
    };
    let start = first - lines.iter().take(first).rev().take_while(is_of_table).count();
    let count = lines.iter().skip(start).take_while(is_of_table).count();
    if !opens.is_text && !has_displaced(lines.get(start..start + count)?) {
        return None;
    }
    let word = |line: usize, slot: &Slot<'a>| Word { slot: *slot, line, is_figure: slot.is_like_figure() };
    let words: Vec<Word<'a>> = (start..)
        .zip(lines.iter().skip(start).take(count))
        .flat_map(|(at, line)| line.slots.iter().map(move |slot| (at, slot)))
        .filter(|(_, slot)| !slot.text.is_empty())
        .map(|(at, slot)| word(at, slot))
        .collect();
    let begins = |word: &Word<'_>| {
        let official = labels::match_label(&word.slot, order.checked_sub(1), &[]);
        official.is_some_and(|official| official.order == order)
    };
    let named = words.iter().position(begins)?;
    // The labels before it that are broken over lines.
    let broken = words.iter().take(named).position(|word| {
        let rows = labels::within(word.slot.normalised());
        !word.is_figure && rows.iter().any(|row| row.order < order)
    });
    let opening = broken.unwrap_or(named);
    let above = words.iter().take(opening).rev().take_while(|word| word.is_figure).count();
    let ends = |word: &Word<'_>| !word.is_figure && is_of_table_four(&word.slot);
    let again = |word: &Word<'_>| order == 0 && begins(word);
    let end = words.iter().skip(opening + 1).position(|word| ends(word) || again(word));
    let end = end.map_or(words.len(), |end| opening + 1 + end);
    words.get(opening - above..end).map(<[_]>::to_vec)
}

/// Whether rows of cells have come apart from their labels: some rows of figures have none, and no row has a
/// blank for a figure.
fn has_displaced(lines: &[Line<'_>]) -> bool {
    let is_filled = |slot: &&Slot<'_>| !slot.text.is_empty();
    let figures =
        |line: &Line<'_>| line.slots.iter().filter(is_filled).filter(|slot| slot.is_like_figure()).count();
    let is_bare = |line: &&Line<'_>| figures(line) == line.slots.iter().filter(is_filled).count();
    let rows = || lines.iter().filter(|line| line.layout == Layout::Rows && figures(line) > 1);
    let Some(width) = rows().map(figures).max() else { return false };
    rows().all(|line| figures(line) == width) && rows().any(|line| is_bare(&line))
}

fn is_of_table_four(slot: &Slot<'_>) -> bool {
    let plain = slot.read.plain.as_str();
    plain.contains("行政复议") || plain.contains("行政诉讼")
}

impl<'a> Text<'a> {
    fn new(words: &[Word<'a>], has_rows: bool) -> Option<Self> {
        let groups = words.chunk_by(|one, next| one.is_figure == next.is_figure && one.line == next.line);
        let sizes: Vec<usize> =
            groups.clone().filter(|group| group.iter().all(|word| word.is_figure)).map(<[_]>::len).collect();
        let count = |width: usize| sizes.iter().filter(|size| **size == width).count();
        let width = [8, 6, 7].into_iter().max_by_key(|width| count(*width))?;
        if count(width) < LINES_OF_A_TABLE {
            return None;
        }
        let mut builder = Builder { width, has_rows, ..Builder::default() };
        for group in groups {
            builder.take(group);
        }
        builder.words.append(&mut builder.own);
        let text = Text { entries: builder.entries, behind: Words::new(builder.words), has_rows };
        (text.entries.len() <= MOST_LINES).then_some(text)
    }

    /// The entries whose row is known by their own label, in the order of the form.
    fn anchors(&self) -> Vec<(usize, &'static Official)> {
        let named: Vec<(usize, &'static Official, u32)> = (0..)
            .zip(&self.entries)
            .filter_map(|(at, entry)| {
                let (official, weight) =
                    if self.has_rows { entry.own_label()? } else { self.label_before(at)? };
                Some((at, official, weight))
            })
            .collect();
        // The heaviest chain of labels in the order of the form.
        let mut best: Vec<(u32, Option<usize>)> = Vec::with_capacity(named.len());
        for (at, (_, official, weight)) in named.iter().enumerate() {
            let before = (0..at).filter(|before| {
                named.get(*before).is_some_and(|(_, other, _)| other.order < official.order)
            });
            let weight_of = |before: &usize| best.get(*before).map_or(0, |(weight, _)| *weight);
            let before = before.max_by_key(weight_of);
            best.push((weight + before.as_ref().map_or(0, weight_of), before));
        }
        let mut at = (0..best.len()).max_by_key(|at| best.get(*at).map(|(weight, _)| *weight));
        let mut chain = Vec::new();
        while let Some(here) = at {
            chain.extend(named.get(here).map(|(entry, official, _)| (*entry, *official)));
            at = best.get(here).and_then(|(_, before)| *before);
        }
        chain.reverse();
        chain
    }

    /// Where cells follow one another: the one label before the figures, if the figures are those of one row
    /// and one label follows them too, so that nothing has been displaced here.
    fn label_before(&self, at: usize) -> Option<(&'static Official, u32)> {
        let labels_before = |at: usize| labels::within(&self.words_before(at).joined);
        if labels_before(0).is_empty() || !labels_before(self.entries.len()).is_empty() {
            return None;
        }
        let [official] = labels_before(at)[..] else { return None };
        let is_last = at + 1 == self.entries.len();
        let is_clean = is_last || labels_before(at + 1).len() == 1;
        (self.entries.get(at)?.run == 1 && is_clean).then_some((official, 1))
    }

    fn words_before(&self, at: usize) -> &Words<'a> {
        self.entries.get(at).map_or(&self.behind, |entry| &entry.before)
    }

    /// Gives the entries between two anchors to the rows between them.
    fn fill_gap(
        &self,
        from: Option<(usize, &'static Official)>,
        end: Option<(usize, &'static Official)>,
        rows: &mut Vec<Row<'a>>,
        open: &mut Vec<Open<'a>>,
    ) {
        let first = from.map_or(0, |(at, _)| at + 1);
        let last = end.map_or(self.entries.len(), |(at, _)| at);
        let all = labels::between(from.map(|(_, row)| row), end.map(|(_, row)| row));
        // The form of 2021 has three rows of 其他处理, that of 2019 has one.
        let of_2021: Vec<&'static Official> = all.iter().copied().filter(|row| row.id != "other").collect();
        let of_2019: Vec<&'static Official> =
            all.iter().copied().filter(|row| !row.id.starts_with("other.")).collect();
        let gap = Gap::new(self, first..last, &all);
        let is_part = |row: &Official| row.id.starts_with("other.");
        let has_parts = from.is_some_and(|(_, row)| is_part(row))
            || of_2021.iter().any(|row| is_part(row) && gap.has_label(row));
        let forms = if has_parts { vec![&of_2021] } else { vec![&of_2021, &of_2019] };
        let whole = forms.into_iter().find(|rows| gap.is_whole(rows));
        if let Some(whole) = whole {
            let entries = self.entries.get(first..last).unwrap_or_default();
            rows.extend(entries.iter().zip(whole).filter_map(|(entry, official)| entry.row(official)));
            return;
        }
        let officials = if has_parts || of_2019.len() == of_2021.len() { of_2021 } else { of_2019 };
        let labels: Vec<Row<'a>> = officials.iter().filter_map(|official| gap.label(official)).collect();
        if first == last {
            // Labels without figures.
            rows.extend(labels);
            return;
        }
        let figures =
            self.entries.iter().take(last).skip(first).map(|entry| entry.figures.len() as u32).sum();
        open.push(Open { ways: gap.ways(&officials), labels, figures });
    }
}

/// The entries between two anchors.
struct Gap<'t, 'a> {
    text: &'t Text<'a>,
    entries: Range<usize>,
    /// Where the labels of rows begin, by the order of the row.
    places: HashMap<usize, (Begins, Slot<'a>)>,
}

/// Where a label begins: in the words before an entry, or in its line.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Begins {
    Before(usize),
    Beside(usize),
}

impl<'t, 'a> Gap<'t, 'a> {
    fn new(text: &'t Text<'a>, entries: Range<usize>, rows: &[&'static Official]) -> Self {
        let mut places = HashMap::new();
        let mut find = |begins: Begins, words: &Words<'a>| {
            let short = words.slots.iter().filter_map(|slot| labels::short(slot.read));
            for row in labels::within(&words.joined).into_iter().chain(short) {
                let is_here = |slot: &&Slot<'_>| {
                    labels::begins_in(slot.normalised(), row)
                        || labels::short(slot.read).is_some_and(|short| short.order == row.order)
                };
                let slot = words.slots.iter().find(is_here).or(words.slots.first());
                if let Some(slot) = slot.filter(|_| rows.iter().any(|other| other.order == row.order)) {
                    places.entry(row.order).or_insert((begins, *slot));
                }
            }
        };
        for at in entries.start..=entries.end {
            find(Begins::Before(at), text.words_before(at));
            if let Some(entry) = text.entries.get(at).filter(|_| at < entries.end) {
                find(Begins::Beside(at), &entry.own);
            }
        }
        Self { text, entries, places }
    }

    /// Whether the entries, one for each row, contradict no label.
    fn is_whole(&self, rows: &[&'static Official]) -> bool {
        self.entries.len() == rows.len()
            && self.entries.clone().zip(rows).all(|(at, row)| self.allows(at, row))
    }

    /// Whether this entry can be that row: its label is beside it, before it or behind it, or nowhere.
    fn allows(&self, at: usize, row: &Official) -> bool {
        let is_near = match self.places.get(&row.order) {
            Some((Begins::Beside(here), _)) => *here == at,
            // Where cells follow one another, two labels can come before the figures of the first.
            Some((Begins::Before(here), _)) if !self.text.has_rows => (*here..*here + 4).contains(&(at + 2)),
            Some((Begins::Before(here), _)) => *here == at || *here == at + 1,
            None => true,
        };
        is_near && self.text.entries.get(at).is_some_and(|entry| labels::resembles(&entry.own.joined, row))
    }

    fn has_label(&self, row: &Official) -> bool {
        self.places.contains_key(&row.order)
    }

    /// The row with its label alone, if that is printed.
    fn label(&self, official: &'static Official) -> Option<Row<'a>> {
        let (_, slot) = self.places.get(&official.order)?;
        Some(row(official, *slot, Vec::new(), false))
    }

    /// The ways to give the entries to rows in the order of both.
    fn ways(&self, rows: &[&'static Official]) -> Vec<Vec<Row<'a>>> {
        let mut ways: Vec<(usize, Vec<Row<'a>>)> = vec![(0, Vec::new())];
        for at in self.entries.clone() {
            let Some(entry) = self.text.entries.get(at) else { continue };
            let mut longer = Vec::new();
            for (from, way) in ways {
                for (index, official) in rows.iter().enumerate().skip(from) {
                    if self.allows(at, official)
                        && let Some(row) = entry.row(official)
                    {
                        longer.push((index + 1, [&way[..], &[row]].concat()));
                    }
                }
            }
            if longer.len() > MOST_WAYS {
                return Vec::new();
            }
            ways = longer;
        }
        ways.into_iter().map(|(_, way)| way).collect()
    }
}

/// Collects the entries of a text.
#[derive(Default)]
struct Builder<'a> {
    width: usize,
    has_rows: bool,
    entries: Vec<Entry<'a>>,
    /// The words since the last entry, and those in the line at hand.
    words: Vec<Slot<'a>>,
    own: Vec<Slot<'a>>,
    line: Option<usize>,
    /// Whether the last entry has too few figures, so that the next line may go on with it.
    is_short: bool,
    /// Figures too few for a row, and the line in which they stand alone.
    loose: (usize, Vec<Slot<'a>>),
}

impl<'a> Builder<'a> {
    /// Takes the words or the figures that follow one another in a line.
    fn take(&mut self, group: &[Word<'a>]) {
        let Some(first) = group.first() else { return };
        if self.line != Some(first.line) {
            self.words.append(&mut self.own);
            self.line = Some(first.line);
        }
        let slots: Vec<Slot<'a>> = group.iter().map(|word| word.slot).collect();
        if !first.is_figure {
            // Words behind the figures of their line are its own too.
            match self.entries.last_mut().filter(|entry| self.has_rows && entry.line == first.line) {
                Some(entry) => entry.own.extend(slots),
                None if self.has_rows => self.own.extend(slots),
                None => self.words.extend(slots),
            }
            return;
        }
        let run = if self.has_rows { 1 } else { slots.len().checked_div(self.width).unwrap_or(0).max(1) };
        if slots.len() == self.width * run {
            self.is_short = false;
            if !is_foreign(&self.own) {
                for part in slots.chunks(self.width) {
                    self.push(part, run, first.line);
                }
                let (line, loose) = std::mem::take(&mut self.loose);
                if line + 1 == first.line {
                    self.tear_last(loose);
                }
            }
        } else if self.own.iter().any(|slot| nearest(slot).is_some()) {
            self.is_short = slots.len() < self.width;
            self.push(&slots, 1, first.line);
        } else if std::mem::take(&mut self.is_short)
            && self.own.is_empty()
            && self.words.is_empty()
            && let Some(entry) = self.entries.last_mut()
            && entry.figures.len() + slots.len() == self.width
        {
            entry.figures.extend(slots);
            entry.is_joined = true;
        } else if self.has_rows && self.own.is_empty() {
            self.loose = (first.line, slots.clone());
            if self.entries.last().is_some_and(|entry| entry.line + 1 == first.line) {
                self.tear_last(slots);
            }
        }
    }

    /// Figures directly above or below a row may be the rest of its figures, broken over two lines: with several
    /// of them the row cannot be read, and one, which may be the number of a page, has to leave it in balance.
    fn tear_last(&mut self, loose: Vec<Slot<'a>>) {
        if let Some(entry) = self.entries.last_mut().filter(|_| !loose.is_empty()) {
            entry.is_joined = true;
            if loose.len() > 1 {
                entry.figures.extend(loose);
            }
        }
    }

    fn push(&mut self, figures: &[Slot<'a>], run: usize, line: usize) {
        let own = Words::new(std::mem::take(&mut self.own));
        let before = Words::new(std::mem::take(&mut self.words));
        self.entries.push(Entry { figures: figures.to_vec(), own, before, run, is_joined: false, line });
    }
}

impl<'a> Words<'a> {
    fn new(slots: Vec<Slot<'a>>) -> Self {
        let mut words = Self::default();
        words.extend(slots);
        words
    }

    fn extend(&mut self, slots: Vec<Slot<'a>>) {
        self.slots.extend(slots);
        self.joined = joined(&self.slots);
    }
}

impl<'a> Entry<'a> {
    /// The row that its own line names, and how sure that is.
    fn own_label(&self) -> Option<(&'static Official, u32)> {
        self.own.slots.iter().rev().find_map(nearest)
    }

    fn row(&self, official: &'static Official) -> Option<Row<'a>> {
        let mut words = self.own.slots.iter().chain(&self.before.slots);
        let named = words.find(|slot| labels::begins_in(slot.normalised(), official));
        let label = named.or(self.own.slots.first()).or(self.figures.first())?;
        Some(row(official, *label, self.figures.clone(), self.is_joined))
    }
}

fn row<'a>(official: &'static Official, label: Slot<'a>, slots: Vec<Slot<'a>>, is_joined: bool) -> Row<'a> {
    let line_cells = slots.len() + 1;
    Row { official, label, layout: Layout::Stream, slots, table: 0, line_cells, is_joined }
}

/// The row that a text names in any place of the table, with the weight of the evidence.
fn nearest(slot: &Slot<'_>) -> Option<(&'static Official, u32)> {
    if heading(slot).is_some() && !labels::has_enumerator(slot.read) {
        return None;
    }
    labels::nearest(slot.read)
}

/// Whether words in a line of figures name a row that the form does not have, as 小计.
fn is_foreign(own: &[Slot<'_>]) -> bool {
    let own = joined(own);
    own.ends_with("小计") || own.ends_with("合计") || !own.is_empty() && !labels::resembles_any(&own)
}

/// The words as one, normalised.
fn joined(words: &[Slot<'_>]) -> String {
    words.iter().map(Slot::normalised).collect()
}
