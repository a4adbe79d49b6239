//! `cargo xtask tidy`: checks what compilers do not. Each complaint says where, what, and how to fix it.

mod arrows;
mod glossary;
mod links;
mod names;
mod samples;
mod source;
mod wording;
mod words;

use std::fmt;

use anyhow::{Result, bail};

use crate::workspace::Workspace;
use crate::{generate, licences};

/// One thing that is not as it should be.
#[derive(Debug, PartialEq, Eq)]
struct Complaint {
    /// A path from the root, with a line where there is one.
    at: String,
    what: String,
    fix: &'static str,
}

impl Complaint {
    fn new(at: impl Into<String>, what: impl Into<String>, fix: &'static str) -> Self {
        Self { at: at.into(), what: what.into(), fix }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n    {}", self.at, self.what, self.fix)
    }
}

/// Reports all complaints at once; `quick` skips the generated code, whose check has to compile.
pub(crate) fn run(workspace: &Workspace, quick: bool) -> Result<()> {
    let paths = workspace.files()?;
    let texts = source::texts(workspace, &paths);
    let complaints: Vec<Complaint> = [
        arrows::check(&workspace.packages),
        names::root(&paths),
        names::packages(workspace, &paths),
        source::check(&texts),
        wording::check(&texts),
        words::check(&texts),
        glossary::check(&texts),
        links::check(&paths, &texts),
        samples::check(&paths, &texts),
    ]
    .into_iter()
    .flatten()
    .collect();
    for complaint in &complaints {
        eprintln!("{complaint}");
    }
    licences::check(workspace)?;
    if !quick {
        generate::run(workspace, true)?;
    }
    match complaints.len() {
        0 => Ok(()),
        count => bail!("{count} {}", if count == 1 { "complaint" } else { "complaints" }),
    }
}
