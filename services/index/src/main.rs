//! The `index` service as a process of its own.

fn main() -> std::process::ExitCode {
    stage::run(index::service())
}
