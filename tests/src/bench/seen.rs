//! How many files are read as a person sees them, by format.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Parser;

use super::say;
use crate::seen::{self, Outcome};

/// Count the files in which a figure is shown otherwise than it is stored, by what is made of them.
#[derive(Debug, Parser)]
pub struct Options {
    /// A folder with files and their table `seen.tsv`.
    #[arg(default_value_os_t = seen::folder())]
    folder: PathBuf,
}

/// Reads every file, and prints the counts and the files that differ in silence.
///
/// # Errors
/// If the folder has no such table, or if a file differs in silence.
pub fn run(options: &Options) -> Result<()> {
    let mut counts: BTreeMap<String, BTreeMap<Outcome, usize>> = BTreeMap::new();
    let mut different = Vec::new();
    for case in seen::cases(&options.folder)? {
        let outcome = case.outcome(&options.folder)?;
        let format = case.file.rsplit('.').next().unwrap_or_default().to_owned();
        *counts.entry(format).or_default().entry(outcome).or_default() += 1;
        if outcome == Outcome::Different {
            different.push(format!("  {}: {}", case.file, case.what));
        }
    }
    let head: Vec<String> = Outcome::ALL.iter().map(|outcome| format!("{outcome:>10}")).collect();
    say(&format!("format  {}", head.join("")));
    for (format, counts) in &counts {
        let row = Outcome::ALL.iter().map(|outcome| counts.get(outcome).copied().unwrap_or_default());
        say(&format!("{format:<8}{}", row.map(|count| format!("{count:>10}")).collect::<String>()));
    }
    different.iter().for_each(|line| say(line));
    ensure!(different.is_empty(), "{} files are read otherwise than they are seen", different.len());
    Ok(())
}
