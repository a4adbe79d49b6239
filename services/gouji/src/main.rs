//! The `gouji` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    gouji::run(std::env::args_os())
}
