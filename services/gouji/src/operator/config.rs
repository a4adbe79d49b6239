//! `gouji config`: prints the file of settings with its defaults, or checks one.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use worker::EXIT_USAGE;

use crate::language::word;
use crate::print::say;

/// Print a file of settings with every default, or check one.
#[derive(Debug, Args)]
pub(crate) struct Config {
    /// The file to check; variables override it, as in every process.
    file: Option<PathBuf>,
}

impl Config {
    pub(crate) fn run(&self) -> ExitCode {
        let Some(file) = &self.file else {
            say(worker::settings::example().trim_end());
            return ExitCode::SUCCESS;
        };
        let checked = worker::Config::load(Some(file), &[]).and_then(|config| {
            crate::local::up::services(&config).iter().try_for_each(|service| service.check(&config))
        });
        match checked {
            Ok(()) => {
                say(word("设置可用", "the settings can be used"));
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{error:#}");
                ExitCode::from(EXIT_USAGE)
            }
        }
    }
}
