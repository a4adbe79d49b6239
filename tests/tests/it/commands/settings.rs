//! A wrong setting ends the command with one line that names it, before anything opens.

use std::process::Command;

use tests::processes::program;

use super::{gouji, run};

/// `EX_USAGE` of sysexits.
const USAGE: i32 = 64;

/// Ends with this status and one line that begins with the variable.
fn check(mut command: Command, code: i32, variable: &str, value: &str) {
    command.env(variable, value);
    let said = run(command);
    assert_eq!((said.code, said.out.as_str()), (Some(code), ""), "{variable}={value}: {}", said.err);
    let lines: Vec<&str> = said.err.lines().collect();
    assert!(
        matches!(lines[..], [line] if line.starts_with(&format!("{variable}={value:?}: "))),
        "{}",
        said.err
    );
}

#[test]
fn a_wrong_setting_is_named() {
    for service in ["ingest", "parse", "validate", "index", "console"] {
        let service = || Command::new(program(&format!("gouji-{service}")).unwrap());
        check(service(), USAGE, "GOUJI_PERMITS", "0");
        check(service(), USAGE, "GOUJI_LISTEN", "8470");
        check(service(), USAGE, "GOUJI_LOG", "loud");
        check(service(), USAGE, "RUST_LOG", "=,=");
    }
    let folder = tempfile::tempdir().unwrap();
    let up = || gouji(&["up", "--listen", "127.0.0.1:0", "--data", folder.path().to_str().unwrap()]);
    check(up(), USAGE, "GOUJI_PERMITS", "0");
    check(up(), USAGE, "GOUJI_DRAIN_SECONDS", "never");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is opened before");
}
