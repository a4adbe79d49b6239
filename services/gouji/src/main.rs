//! The `gouji` command.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    gouji::run(gouji::Command::parse())
}
