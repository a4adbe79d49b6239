//! Whether two readings say the same.

use crate::{Cell, CellId, CellState, Decimal, Report};

impl Report {
    /// Whether another reading says the same to a reader: who, which year, when, every cell, every number and statement
    /// of the narrative, and the free texts by their signatures. Where it all stands may differ, and so may what stands
    /// around the report, such as the frame of a web page with its counters.
    pub fn reads_like(&self, other: &Self) -> bool {
        let identity = |report: &Self| {
            (report.agency.clone(), report.region.clone(), report.year, report.form, report.published)
        };
        identity(self) == identity(other)
            && self.cells.iter().map(seen).eq(other.cells.iter().map(seen))
            && self
                .claims
                .iter()
                .map(|claim| (&claim.text, claim.value))
                .eq(other.claims.iter().map(|claim| (&claim.text, claim.value)))
            && self
                .remarks
                .iter()
                .map(|remark| (remark.kind, &remark.text, remark.value))
                .eq(other.remarks.iter().map(|remark| (remark.kind, &remark.text, remark.value)))
            && self
                .sections
                .iter()
                .map(|section| &section.heading)
                .eq(other.sections.iter().map(|section| &section.heading))
            && self.fingerprints == other.fingerprints
    }
}

/// A cell as a reader sees it.
fn seen((id, cell): (CellId, &Cell)) -> (CellId, CellState, Option<Decimal>, Option<&str>) {
    (id, cell.state, cell.value, cell.text.as_deref())
}

#[cfg(test)]
mod tests {
    use crate::{Cell, Cells, Form, FormId, Origin, Report};

    #[test]
    fn a_reading_is_compared_by_what_it_says() {
        let id = Form::get(FormId::F2021).cells()[0];
        let report = |text: &str, line: u32| {
            let mut cells = Cells::missing(FormId::F2021);
            let origin = Origin { line, ..Origin::default() };
            *cells.get_mut(id).unwrap() = Cell::read(text.parse().unwrap(), text, origin);
            Report { cells, agency: Some("甲局".into()), ..Report::default() }
        };
        assert!(report("9", 1).reads_like(&report("9", 7)));
        assert!(!report("9", 1).reads_like(&report("8", 1)));
        let blank = Report { cells: Cells::missing(FormId::F2021), ..report("9", 1) };
        assert!(!report("9", 1).reads_like(&blank));
        assert!(!report("9", 1).reads_like(&Report { agency: Some("乙局".into()), ..report("9", 1) }));
    }
}
