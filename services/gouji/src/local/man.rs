//! `gouji man`: the manual pages.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::language::text;
use crate::print::say;
use crate::{help, language};

/// Print the manual page of this command, or write the pages of every verb into a folder.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The folder, e.g. ~/.local/share/man/man1.
    folder: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(self.make())
    }

    fn make(&self) -> Result<()> {
        let command = help::command(language::current());
        let Some(folder) = &self.folder else {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page).context("rendering the page")?;
            say(String::from_utf8(page).context("a page that is not UTF-8")?.trim_end());
            return Ok(());
        };
        let folder_name = folder.display();
        fs::create_dir_all(folder).with_context(|| format!("making {folder_name}"))?;
        clap_mangen::generate_to(command, folder).with_context(|| format!("writing into {folder_name}"))?;
        say(&text!("已写入 {folder_name}", "written into {folder_name}"));
        Ok(())
    }
}
