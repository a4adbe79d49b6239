//! The `console` service as a process of its own, or one of its sandboxed children.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    console::run_child(&arguments).unwrap_or_else(|| worker::run(console::service()))
}
