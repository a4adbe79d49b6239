//! Files in which a figure is shown in one way and stored in another, and what is made of them.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use report::{CellId, CellState, Decimal, Review, Severity};

/// The figure that differs.
const CELL: &str = "active.licensing.decisions";

/// The folder of this repository with such files.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seen")
}

/// One file.
#[derive(Debug)]
pub struct Case {
    /// Its name.
    pub file: String,
    /// The numbers that a person may say to see; none where no single number is seen.
    seen: Vec<Decimal>,
    /// What was done to it.
    pub what: String,
}

/// What was made of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The figure that is seen, without a word.
    AsSeen,
    /// A figure that is marked as doubtful.
    Doubtful,
    /// A figure that a warning or an error names.
    Flagged,
    /// No figure.
    Open,
    /// Another figure than is seen, without a word.
    Different,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 5] = [Self::AsSeen, Self::Doubtful, Self::Flagged, Self::Open, Self::Different];
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::AsSeen => "as seen",
            Self::Doubtful => "doubtful",
            Self::Flagged => "flagged",
            Self::Open => "open",
            Self::Different => "DIFFERENT",
        })
    }
}

/// The files of a folder, by its table `seen.tsv`.
///
/// # Errors
/// If the table is absent, or has a line that is none.
pub fn cases(folder: &Path) -> Result<Vec<Case>> {
    let path = folder.join("seen.tsv");
    let table = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let case = |line: &str| -> Result<Case> {
        let mut columns = line.split('\t').map(str::to_owned);
        let mut next = || columns.next().with_context(|| format!("`{line}` has too few columns"));
        let (file, seen, what) = (next()?, next()?, next()?);
        let numbers = seen.split('/').filter(|number| !number.is_empty());
        let seen = numbers.map(|number| number.parse().with_context(|| format!("`{number}` in `{line}`")));
        Ok(Case { file, seen: seen.collect::<Result<_>>()?, what })
    };
    table.lines().skip(1).map(case).collect()
}

impl Case {
    /// Reads and judges the file.
    ///
    /// # Errors
    /// If the file is absent.
    pub fn outcome(&self, folder: &Path) -> Result<Outcome> {
        let path = folder.join(&self.file);
        let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let Ok(document) = document::read(&bytes, &document::Limits::default()) else {
            return Ok(Outcome::Open);
        };
        Ok(self.of(&rules::review(reading::read(&document, Some(&self.file)))))
    }

    fn of(&self, review: &Review) -> Outcome {
        let cells = review.report.cells.iter().find(|(id, _)| id.as_str() == CELL);
        let Some((id, cell)) = cells else { return Outcome::Open };
        let Some(value) = cell.value else { return Outcome::Open };
        if cell.state == CellState::Doubtful {
            Outcome::Doubtful
        } else if is_flagged(review, id) {
            Outcome::Flagged
        } else if self.seen.contains(&value) {
            Outcome::AsSeen
        } else {
            Outcome::Different
        }
    }
}

fn is_flagged(review: &Review, id: CellId) -> bool {
    review.findings.iter().any(|finding| finding.severity != Severity::Info && finding.cells.contains(&id))
}
