//! The `ingest` service as a process of its own.

fn main() -> std::process::ExitCode {
    worker::run(ingest::service())
}
