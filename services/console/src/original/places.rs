//! Where the figures and findings of a report stand in its original.

use std::collections::HashMap;

use rendition::Target;
use report::{Area, Origin, Review};

use crate::labels;

/// What stands somewhere in the original: the id of its element on the page of the report, and where.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// `cell-requests.received.total`, `finding-3`.
    pub(crate) name: String,
    pub(crate) origin: Origin,
    /// What people call it: `表三 新收 总计`.
    pub(crate) label: String,
    /// What is printed there, where that is known.
    text: String,
}

/// The cells of a report that stand in its original, and the findings about its text.
pub(crate) fn places(review: &Review) -> Vec<Place> {
    let report = &review.report;
    let cells = report.cells.iter().filter_map(|(id, cell)| {
        let text = cell.text.clone().unwrap_or_default();
        Some(Place { name: format!("cell-{id}"), origin: cell.origin?, label: labels::short_cell(id), text })
    });
    let claim = |origin: Origin| {
        let claims = report.claims.iter().filter(|claim| claim.origin == origin);
        claims.map(|claim| claim.text.clone()).next().unwrap_or_default()
    };
    let findings = review.findings.iter().enumerate().filter_map(|(index, finding)| {
        let origin = finding.origin?;
        let label = labels::problem(&finding.rule).unwrap_or("校核结果").to_owned();
        Some(Place { name: finding_name(index), origin, label, text: claim(origin) })
    });
    let mut places: Vec<Place> = cells.chain(findings).collect();
    place_blanks(&mut places);
    places
}

/// The id of a finding on the page of its report, by its position in the review.
pub(crate) fn finding_name(index: usize) -> String {
    format!("finding-{index}")
}

/// The places as a renderer looks for them.
pub(crate) fn targets(places: &[Place]) -> Vec<Target> {
    places.iter().map(Place::target).collect()
}

impl Place {
    /// A place by itself.
    #[cfg(test)]
    pub(crate) fn new(name: &str, origin: Origin) -> Self {
        Self { name: name.to_owned(), origin, label: format!("名称 {name}"), text: String::new() }
    }

    fn target(&self) -> Target {
        let Origin { line, start, end, table, row, column, .. } = self.origin;
        Target { line, start, end, table, row, column, text: self.text.clone() }
    }
}

/// A blank cell on a page has no characters and so no box: it is as high as its row and as wide as its column.
fn place_blanks(places: &mut [Place]) {
    let mut rows: HashMap<(Option<u32>, u32, u32), Area> = HashMap::new();
    let mut columns: HashMap<(Option<u32>, u32, u32), Area> = HashMap::new();
    for origin in places.iter().map(|place| place.origin) {
        let (Some(table), Some(row), Some(column), Some(area)) =
            (origin.table, origin.row, origin.column, origin.area)
        else {
            continue;
        };
        for (boxes, index) in [(&mut rows, row), (&mut columns, column)] {
            let whole = boxes.entry((origin.page, table, index)).or_insert(area);
            *whole = round_both(*whole, area);
        }
    }
    for origin in places.iter_mut().map(|place| &mut place.origin) {
        let (None, Some(table), Some(row), Some(column)) =
            (origin.area, origin.table, origin.row, origin.column)
        else {
            continue;
        };
        let row = rows.get(&(origin.page, table, row));
        let column = columns.get(&(origin.page, table, column));
        origin.area = row.zip(column).map(|(row, column)| Area {
            left: column.left,
            right: column.right,
            top: row.top,
            bottom: row.bottom,
        });
    }
}

fn round_both(one: Area, other: Area) -> Area {
    Area {
        left: one.left.min(other.left),
        top: one.top.min(other.top),
        right: one.right.max(other.right),
        bottom: one.bottom.max(other.bottom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_cell_is_where_its_row_and_its_column_meet() {
        let place = |row, column, area| Place {
            name: String::new(),
            origin: Origin {
                page: Some(1),
                table: Some(0),
                row: Some(row),
                column: Some(column),
                area,
                ..Origin::default()
            },
            label: String::new(),
            text: String::new(),
        };
        let area = |left, top| Some(Area { left, top, right: left + 10, bottom: top + 12 });
        let mut places = [place(0, 1, area(50, 100)), place(1, 0, area(20, 130)), place(1, 1, None)];
        place_blanks(&mut places);
        assert_eq!(places[2].origin.area, area(50, 130));
        let mut alone = [place(1, 1, None)];
        place_blanks(&mut alone);
        assert_eq!(alone[0].origin.area, None);
    }
}
