//! The sandboxed children of the console: it reads no document in its own process.

use std::process::ExitCode;

use parse::READER_VERB;

/// What this process becomes if the console started it as a child; `arguments` are those after the name of the
/// program. The `main` of every program that runs the console calls it first.
pub fn run_child(arguments: &[String]) -> Option<ExitCode> {
    match arguments.split_first() {
        Some((verb, rest)) if verb == READER_VERB => Some(parse::run_reader(rest)),
        _ => None,
    }
}
