//! `gouji scans`: the recogniser that reads scans.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::language::text;
use crate::print::say;

/// The recogniser of scans.
#[derive(Debug, Args)]
pub(crate) struct Scans {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    Install(Install),
}

/// Install the recogniser for this user.
///
/// It is one file of 21 MB, PP-OCRv6 small of PaddleOCR (Apache-2.0), out of the Python package rapidocr 3.10.0. Its
/// SHA-256 is checked, and the notice of its licence is kept beside it.
#[derive(Debug, Args)]
struct Install {
    /// The wheel of rapidocr 3.10.0, or a folder with it or with the file, for machines without a registry; by
    /// default pip downloads the wheel.
    #[arg(long, value_name = "PATH")]
    from: Option<PathBuf>,
    /// Where to; by default gouji/scans among the data of this user, or where GOUJI_SCAN_MODEL says.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

impl Scans {
    pub(crate) fn run(&self) -> ExitCode {
        let Act::Install(install) = &self.act;
        crate::report(install.run())
    }
}

impl Install {
    fn run(&self) -> Result<()> {
        let folder = match &self.folder {
            Some(folder) => folder.clone(),
            None => scan_model::folder()?,
        };
        let path = scan_model::install(&folder, self.from.as_deref())?;
        let path = path.display();
        say(&text!("识别模型在 {path}", "the recogniser is {path}"));
        Ok(())
    }
}
