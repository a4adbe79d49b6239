//! The sandboxed children of the console: it neither reads nor draws a document in its own process.

use std::io;
use std::process::ExitCode;

use parse::{READER_VERB, SCANNER_VERB};
use sandbox::{Limits, Program};

use crate::original;

/// What drawing one page of an original may cost.
pub const RENDERER_LIMITS: Limits = original::LIMITS;

/// The programs that run as children.
#[derive(Debug, Clone)]
pub struct Children {
    /// Reads the documents that are checked.
    pub reader: Program,
    /// Draws originals.
    pub renderer: Program,
    /// What drawing may cost.
    pub renderer_limits: Limits,
}

impl Children {
    /// The hidden verb under which a child draws originals.
    pub const RENDERER_VERB: &str = original::RENDERER_VERB;

    /// Children that are this program.
    ///
    /// # Errors
    /// If the system does not know its path.
    pub fn this() -> io::Result<Self> {
        Ok(Self {
            reader: Program::this(READER_VERB)?,
            renderer: Program::this(original::RENDERER_VERB)?,
            renderer_limits: RENDERER_LIMITS,
        })
    }
}

/// What this process becomes if the console started it as a child; `arguments` are those after the name of the
/// program. The `main` of every program that runs the console calls it first.
pub fn run_child(arguments: &[String]) -> Option<ExitCode> {
    match arguments.split_first() {
        Some((verb, rest)) if verb == READER_VERB => Some(parse::run_reader(rest)),
        Some((verb, rest)) if verb == SCANNER_VERB => Some(parse::run_scanner(rest)),
        Some((verb, rest)) if verb == original::RENDERER_VERB => Some(original::run_renderer(rest)),
        _ => None,
    }
}
