//! The same reports in every format that we write without another program: every figure is read as it
//! is printed, nothing else is, and any two readings of one report agree cell for cell.
//!
//! `cargo xtask bench formats` does the same with what other programs write.

use report::{CellId, CellState, Decimal, Review};
use tests::bench::formats::{Page, WRITERS, Writer, review, score, unread};

const SEED: u64 = 20_261_122;
/// One for each hand.
const REPORTS: u64 = 8;

#[test]
fn every_figure_is_read_in_every_format() {
    let mut complaints = Vec::new();
    for page in (0..REPORTS).map(|index| Page::new(SEED, index)) {
        for (format, ending, write) in WRITERS {
            let one = match review(&write(&page), &format!("{}.{ending}", page.name)) {
                Ok(review) => score(&review, &page),
                Err(error) => unread(&page, &error),
            };
            complaints.extend(one.complaints.iter().map(|what| format!("{} as {format}: {what}", page.name)));
        }
    }
    assert!(complaints.is_empty(), "with seed {SEED}:\n{}", complaints.join("\n"));
}

#[test]
fn readings_of_one_report_agree_cell_for_cell() {
    for page in (0..REPORTS).map(|index| Page::new(SEED, index)) {
        let read = |(_, ending, write): &Writer| {
            review(&write(&page), &format!("{}.{ending}", page.name)).ok().map(|review| cells(&review))
        };
        let first = read(&WRITERS[0]);
        assert!(first.is_some());
        for writer in &WRITERS[1..] {
            assert_eq!(read(writer), first, "{} as {}, with seed {SEED}", page.name, writer.0);
        }
    }
}

/// A sheet does not say where the blanks at the end of a row stop, so there they are missing; they should
/// be blank as everywhere else.
fn cells(review: &Review) -> Vec<(CellId, Option<Decimal>, CellState)> {
    let state = |state| if state == CellState::Missing { CellState::Blank } else { state };
    review.report.cells.iter().map(|(id, cell)| (id, cell.value, state(cell.state))).collect()
}
