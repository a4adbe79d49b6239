//! Real reports. They are no part of the repository: they lie in `../shared/seeds` beside it, or in the folder that
//! `GOUJI_SEEDS` names.

use std::path::PathBuf;

use document::{Block, Layout, Limits, read};

use crate::skip::skip;

/// The layout, the rows and the widest row of a table.
type Shape = (Layout, usize, usize);

const EXPECTED: [(&str, [Shape; 3]); 5] = [
    ("000_3933e5dc128edf9a.txt", [(Layout::Rows, 14, 4), (Layout::Rows, 28, 8), (Layout::Rows, 4, 15)]),
    ("001_588c23c0db4d9a3f.txt", [(Layout::Rows, 18, 4), (Layout::Rows, 26, 10), (Layout::Rows, 4, 15)]),
    ("002_b1f6640387f14e95.txt", [(Layout::Rows, 14, 4), (Layout::Rows, 28, 10), (Layout::Rows, 4, 15)]),
    (
        "003_90797eaa1909b399.txt",
        [(Layout::Stream, 14, 4), (Layout::Stream, 28, 10), (Layout::Stream, 4, 15)],
    ),
    (
        "004_6fe97b63072fda93.txt",
        [(Layout::Stream, 11, 16), (Layout::Stream, 28, 10), (Layout::Stream, 4, 15)],
    ),
];

#[test]
fn real_reports_have_three_tables() {
    let Some(folder) = seeds("real_reports_have_three_tables") else { return };
    for (name, expected) in EXPECTED {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let document = read(&bytes, &Limits::default()).unwrap();
        let tables: Vec<_> = document
            .blocks
            .iter()
            .filter_map(|block| match block {
                Block::Table(table) => {
                    let widest = table.rows.iter().map(|row| row.cells.len()).max().unwrap();
                    Some((table.layout, table.rows.len(), widest))
                }
                Block::Paragraph(_) => None,
            })
            .collect();
        assert_eq!(tables, expected, "{name}");
    }
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
