//! Printing results to standard output.
//!
//! Printing never ends the process, so no result is lost that comes after it. A reader that closes the
//! pipe, as `| head` does, is no error: what is printed after that is dropped, and the verb ends with the
//! status of its work. Any other error, such as a full disk, is reported by [`failure`] at the end.

use std::io::{ErrorKind, Write as _};
use std::sync::OnceLock;

/// The first error of standard output.
static FAILED: OnceLock<std::io::Error> = OnceLock::new();

/// Prints a text and a line break.
pub(crate) fn say(text: &str) {
    if FAILED.get().is_none()
        && let Err(error) = writeln!(std::io::stdout(), "{text}")
    {
        let _ = FAILED.set(error);
    }
}

/// Whether nothing more can be printed. A verb that does nothing but print may stop.
pub(crate) fn is_closed() -> bool {
    FAILED.get().is_some()
}

/// The error for which results were not printed; none where the reader closed the pipe.
pub(crate) fn failure() -> Option<&'static std::io::Error> {
    let _ = std::io::stdout().flush().map_err(|error| FAILED.set(error));
    FAILED.get().filter(|error| error.kind() != ErrorKind::BrokenPipe)
}

/// A text from outside on one line: control characters could move the cursor of a terminal.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect()
}
