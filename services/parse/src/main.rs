//! The `parse` service as a process of its own.

fn main() -> std::process::ExitCode {
    stage::run(parse::service())
}
