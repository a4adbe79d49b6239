//! `gouji completions`: completions of the command line for a shell.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;
use clap_complete::{Shell, generate};

use crate::{help, language};

/// Print the completions of this command for a shell.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(self.print())
    }

    fn print(&self) -> Result<()> {
        let mut script = Vec::new();
        generate(self.shell, &mut help::command(language::current()), "gouji", &mut script);
        let script = String::from_utf8(script).context("a script that is not UTF-8")?;
        crate::print::say(script.trim_end());
        Ok(())
    }
}
