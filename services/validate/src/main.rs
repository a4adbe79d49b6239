//! The `validate` service as a process of its own.

fn main() -> std::process::ExitCode {
    worker::run(validate::service())
}
