//! The `index` service as a process of its own.

fn main() -> std::process::ExitCode {
    worker::run(index::service())
}
