//! One outlet as a process of its own.

fn main() -> std::process::ExitCode {
    worker::run_named("gouji-deliver", "Name of the outlet, as in the settings", deliver::service_of)
}
