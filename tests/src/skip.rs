//! Tests that cannot run on this machine say so, and fail where everything is required.
//!
//! The tests of `document` and `reading` include this file, because they must not compile all of `tests`.

use std::fs::File;
use std::io::Write as _;

/// Records that a test does not run: what this machine lacks, and the line that enables the test.
///
/// The record is one line in the file that `GOUJI_SKIPPED` names, else on stderr. `cargo xtask test`
/// names a file and prints its lines at the end.
///
/// # Panics
/// If `GOUJI_REQUIRE` is `all`, or the record cannot be written.
pub fn skip(test: &str, missing: &str, enable: &str) {
    let line = format!("{test}: {missing} ({enable})");
    assert!(std::env::var("GOUJI_REQUIRE").as_deref() != Ok("all"), "cannot run {line}");
    let written = match std::env::var_os("GOUJI_SKIPPED").filter(|path| !path.is_empty()) {
        // One write a line, so that lines of several processes do not mix.
        Some(path) => File::options()
            .create(true)
            .append(true)
            .open(path)
            .and_then(|mut file| file.write_all(format!("{line}\n").as_bytes())),
        // Not `eprintln!`, which the test harness captures.
        None => writeln!(std::io::stderr(), "not tested: {line}"),
    };
    written.unwrap_or_else(|error| panic!("cannot record that {line} was skipped: {error}"));
}
