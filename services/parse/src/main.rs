//! The `parse` service as a process of its own, and its readers.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((verb, rest)) if verb == parse::VERB => parse::become_reader(rest),
        _ => worker::run(parse::service()),
    }
}
