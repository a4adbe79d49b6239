//! Runs the `parse` service, or one of its sandboxed readers.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((verb, rest)) if verb == parse::READER_VERB => parse::run_reader(rest),
        Some((verb, rest)) if verb == parse::SCANNER_VERB => parse::run_scanner(rest),
        _ => worker::run(parse::service()),
    }
}
