//! Real reports, cell by cell against what each prints. They are no part of the repository: they lie in
//! `../shared/seeds` beside it, or in the folder that `GOUJI_SEEDS` names; the true figures lie in `truth` next to
//! that folder.

use std::path::{Path, PathBuf};

use report::{CellId, CellState, NoteKind};
use serde_json::Value;

use crate::skip::skip;

fn read(seeds: &Path, name: &str) -> report::Report {
    let bytes = std::fs::read(seeds.join(name)).unwrap();
    let document = document::read(&bytes, &document::Limits::default()).unwrap();
    let report = reading::read(&document, Some(name));
    for cell in report.cells.iter().map(|(_, cell)| cell) {
        if let (Some(text), Some(origin)) = (&cell.text, cell.origin) {
            let source = std::str::from_utf8(&bytes[origin.start as usize..origin.end as usize]).unwrap();
            assert!(source.contains(text.as_str()), "{text:?} stands in {source:?}");
        }
    }
    report
}

#[test]
fn every_cell_of_the_seeds_is_read_as_printed() {
    let Some(seeds) = seeds("every_cell_of_the_seeds_is_read_as_printed") else { return };
    for number in 0..5 {
        let truth = std::fs::read_to_string(seeds.join(format!("../truth/00{number}.json"))).unwrap();
        let truth: Value = serde_json::from_str(&truth).unwrap();
        let report = read(&seeds, truth["file"].as_str().unwrap());
        assert_eq!(report.form.map(|form| form.as_str()), truth["form"].as_str());
        assert_eq!(report.agency.as_deref(), truth["agency"].as_str());
        assert_eq!(report.year.map(|year| u64::from(year.get())), truth["year"].as_u64());
        assert_eq!(report.published.map(|date| date.to_string()).as_deref(), truth["published"].as_str());
        let cells = truth["cells"].as_object().unwrap();
        assert_eq!(report.cells.iter().len(), cells.len());
        for (id, value) in cells {
            let cell = report.cells.get(CellId::parse(id).unwrap()).unwrap();
            match value.as_str() {
                Some(value) => {
                    assert_eq!(
                        cell.value.map(|value| value.to_string()).as_deref(),
                        Some(value),
                        "{number} {id}"
                    );
                    assert_eq!(cell.state, CellState::Read, "{number} {id}");
                }
                None => {
                    assert_eq!(
                        cell.value.map(|value| value.to_string()).as_deref(),
                        Some("0"),
                        "{number} {id}"
                    );
                    assert_eq!(cell.state, CellState::Derived, "{number} {id}");
                }
            }
        }
        for claim in truth["claims"].as_array().unwrap() {
            let value = claim["value"].as_str().map(|value| value.parse().unwrap());
            if let Some(value) = value {
                assert!(report.claims.iter().any(|claim| claim.value == value), "{number} {claim}");
            }
        }
    }
}

#[test]
fn what_is_odd_about_the_seeds_is_noticed() {
    let Some(seeds) = seeds("what_is_odd_about_the_seeds_is_noticed") else { return };
    let noticed = |name: &str| {
        let mut notes: Vec<_> =
            read(&seeds, name).notes.iter().map(|note| (note.kind, note.subject.clone())).collect();
        notes.retain(|(kind, _)| *kind != NoteKind::RowCut);
        notes
    };
    let note = |kind: NoteKind, subject: &str| (kind, subject.to_owned());
    assert_eq!(noticed("000_3933e5dc128edf9a.txt"), [note(NoteKind::ColumnAbsent, "total")]);
    assert_eq!(
        noticed("001_588c23c0db4d9a3f.txt"),
        [
            note(NoteKind::RowWithoutFigures, "unprocessed.reissue"),
            note(NoteKind::RowShifted, "other"),
            note(NoteKind::RowShifted, "concluded")
        ]
    );
    assert_eq!(
        noticed("002_b1f6640387f14e95.txt"),
        [
            note(NoteKind::RowShifted, "other.fee_unpaid"),
            note(NoteKind::RowShifted, "other.misc"),
            note(NoteKind::RowShifted, "concluded")
        ]
    );
    assert_eq!(noticed("003_90797eaa1909b399.txt"), [note(NoteKind::LabelOutdated, "normative_documents")]);
    assert_eq!(noticed("004_6fe97b63072fda93.txt"), []);
}

/// The folder of the real reports. Where it is absent the test is recorded as skipped.
fn seeds(test: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/seeds");
    let folder = std::env::var_os("GOUJI_SEEDS").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    skip(test, "the real reports are not here", "set GOUJI_SEEDS to their folder");
    None
}
