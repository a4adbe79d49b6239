//! Rows and columns that are not shown: a sheet without them is the one that its reader sees.

use std::collections::BTreeMap;

use super::{Merge, Sheet};

/// Takes the hidden rows and columns out of a sheet. A merged cell keeps its text as long as any of it
/// is shown.
pub(super) fn take_out(sheet: Sheet) -> Sheet {
    let rows = Shown::new(sheet.hidden_rows);
    let columns = Shown::new(sheet.hidden_columns);
    if rows.hidden.is_empty() && columns.hidden.is_empty() {
        return Sheet { hidden_rows: Vec::new(), hidden_columns: Vec::new(), ..sheet };
    }
    let mut cells = sheet.cells;
    let mut shown = Sheet::default();
    let mut corners = BTreeMap::new();
    for merge in sheet.merges {
        let text = cells.remove(&(merge.top, merge.left));
        let (vertical, horizontal) =
            (rows.range(merge.top, merge.bottom), columns.range(merge.left, merge.right));
        if let (Some((top, bottom)), Some((left, right))) = (vertical, horizontal) {
            corners.extend(text.map(|text| ((top, left), text)));
            shown.merges.push(Merge { top, left, bottom, right });
        }
    }
    for ((row, column), text) in cells {
        if let (Some((row, _)), Some((column, _))) = (rows.range(row, row), columns.range(column, column)) {
            shown.cells.insert((row, column), text);
        }
    }
    shown.cells.extend(corners);
    for (row, (first, last)) in sheet.frames {
        if let (Some((row, _)), Some(frame)) = (rows.range(row, row), columns.range(first, last)) {
            shown.frames.insert(row, frame);
        }
    }
    shown
}

/// Where rows or columns stand among those that are shown.
struct Shown {
    /// Hidden ones: the first, the one after the last, and how many are hidden in front of them.
    hidden: Vec<(u32, u32, u32)>,
}

impl Shown {
    /// From the first and the last of each hidden range.
    fn new(mut ranges: Vec<(u32, u32)>) -> Shown {
        ranges.sort_unstable();
        let (mut hidden, mut before) = (Vec::new(), 0);
        let mut free = 0;
        for (first, last) in ranges {
            let (first, end) = (first.max(free), last.saturating_add(1));
            if first < end {
                hidden.push((first, end, before));
                before += end - first;
                free = end;
            }
        }
        Shown { hidden }
    }

    /// How many are shown in front of one.
    fn before(&self, index: u32) -> u32 {
        let found = self.hidden.partition_point(|(first, ..)| *first < index).checked_sub(1);
        let hidden = found.and_then(|found| self.hidden.get(found));
        index - hidden.map_or(0, |(first, end, before)| before + end.min(&index) - first)
    }

    /// The first and the last that are shown of a range; none if all of it is hidden.
    fn range(&self, first: u32, last: u32) -> Option<(u32, u32)> {
        let (start, end) = (self.before(first), self.before(last.saturating_add(1)));
        (start < end).then(|| (start, end - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::Content;

    #[test]
    fn what_is_shown_closes_up() {
        let shown = Shown::new(vec![(5, 6), (2, 2), (6, 7), (9, 9)]);
        let cases = [
            ((0, 0), Some((0, 0))),
            ((2, 2), None),
            ((3, 3), Some((2, 2))),
            ((1, 5), Some((1, 3))),
            ((5, 7), None),
            ((6, 8), Some((4, 4))),
            ((2, 3), Some((2, 2))),
            ((9, 10), Some((5, 5))),
            ((10, u32::MAX - 1), Some((5, u32::MAX - 1 - 5))),
        ];
        for ((first, last), expected) in cases {
            assert_eq!(shown.range(first, last), expected, "{first}..={last}");
        }
    }

    #[test]
    fn a_merged_cell_keeps_its_text() {
        let mut sheet = Sheet { hidden_rows: vec![(0, 0)], hidden_columns: vec![(1, 1)], ..Sheet::default() };
        for (at, text) in [((0, 0), "甲"), ((1, 1), "去"), ((1, 2), "乙"), ((0, 2), "去")] {
            sheet.cells.insert(at, Content { text: text.into(), doubt: None });
        }
        sheet.merges.push(Merge { top: 0, left: 0, bottom: 1, right: 1 });
        let shown = take_out(sheet);
        let cells: Vec<_> = shown.cells.iter().map(|(at, content)| (*at, content.text.as_str())).collect();
        assert_eq!(cells, [((0, 0), "甲"), ((0, 1), "乙")]);
        let Merge { top, left, bottom, right } = shown.merges[0];
        assert_eq!((top, left, bottom, right), (0, 0, 0, 0));
    }
}
