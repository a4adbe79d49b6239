//! Runs the `ingest` service.

fn main() -> std::process::ExitCode {
    worker::run(ingest::service())
}
