//! The `console` service as a process of its own.

fn main() -> std::process::ExitCode {
    stage::run(console::service())
}
