//! The `validate` service as a process of its own.

fn main() -> std::process::ExitCode {
    stage::run(validate::service())
}
