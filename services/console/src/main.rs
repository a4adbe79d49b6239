//! Runs the `console` service, or one of its sandboxed renderers.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((verb, rest)) if verb == console::RENDERER_VERB => console::run_renderer(rest),
        _ => worker::run(console::service()),
    }
}
