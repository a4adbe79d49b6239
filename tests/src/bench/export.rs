//! What an export costs: CPU and memory of every table in every format, written to nowhere.

use std::io::{self, Write};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use console::FoundRecords;
use export::{Format, Names, Provenance, Request, Shape};
use search::{Index, Query};

use super::process::{peak_bytes, resident_bytes, thread_cpu_seconds};
use super::{say, search as index};

/// Measure exports: CPU and memory of every table in every format.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// Reports in the index.
    #[arg(long, default_value_t = 100_000)]
    pub reports: u64,
    /// Different texts; the other reports are the same under other names.
    #[arg(long, default_value_t = 2_000)]
    pub different: u64,
    /// Every report follows from it.
    #[arg(long, default_value_t = 20_261_122)]
    pub seed: u64,
}

/// Measures, and prints a table.
///
/// # Errors
/// If the index cannot be written or read, or an export has other rows than it should.
pub fn run(options: &Options) -> Result<()> {
    let of_index = index::Options {
        reports: options.reports,
        different: options.different,
        rounds: 1,
        seed: options.seed,
    };
    let facts = index::facts(&of_index)?;
    let folder = tempfile::tempdir().context("making a folder")?;
    let written = Index::open(folder.path())?;
    index::write(&written, &facts, options.reports)?;
    drop((written, facts));
    let reader = Index::open(folder.path())?.reader()?;
    say(&format!("{} reports", options.reports));
    say("| table | format | rows | MB | CPU s | ms of CPU a report | MB of memory over idle |");
    say("| --- | --- | ---: | ---: | ---: | ---: | ---: |");
    for shape in [Shape::Reports, Shape::Figures, Shape::Findings] {
        for format in Format::ALL {
            let found = FoundRecords(reader.find_all(&Query::default())?);
            let reports = found.0.count();
            ensure!(reports > 0, "the index is empty");
            let expected = shape.rows_of(found.0.forms());
            forget_peak()?;
            let (idle, cpu) = (resident_bytes()?, thread_cpu_seconds()?);
            let request = Request { shape, format, names: Names::Id, is_public: false, base: String::new() };
            let mut out = Counted(0);
            let provenance = export::write(&request, Provenance::default(), &found, &mut out)?;
            let cpu = thread_cpu_seconds()? - cpu;
            let peak = peak_bytes("self")?.saturating_sub(idle);
            ensure!(expected.is_none_or(|rows| rows == provenance.rows), "{} rows", provenance.rows);
            say(&format!(
                "| {} | {} | {} | {} | {cpu:.1} | {:.3} | {} |",
                shape.as_str(),
                format.as_str(),
                provenance.rows,
                out.0 / 1_000_000,
                1000.0 * cpu / reports as f64,
                peak / 1_000_000,
            ));
        }
    }
    Ok(())
}

/// Counts what is written.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lets the kernel count the peak of this process from now on.
fn forget_peak() -> Result<()> {
    std::fs::write("/proc/self/clear_refs", "5").context("resetting the peak of memory")
}
