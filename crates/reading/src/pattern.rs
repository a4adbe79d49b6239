//! Regular expressions that are constants of this crate.

use regex::Regex;

/// Compiles a constant.
pub(crate) fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant and a test compiles it")
}
