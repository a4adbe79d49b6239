//! `cargo xtask tidy`: what compilers do not check. Each complaint says where, what, and how to mend it.

mod arrows;
mod links;
mod names;
mod samples;
mod source;

use std::fmt;

use anyhow::{Result, bail};

use crate::workspace::Workspace;
use crate::{generate, licences};

/// Something untidy.
#[derive(Debug, PartialEq, Eq)]
struct Complaint {
    /// A path from the root, with a line where there is one.
    place: String,
    what: String,
    mend: &'static str,
}

impl Complaint {
    fn new(place: impl Into<String>, what: impl Into<String>, mend: &'static str) -> Self {
        Self { place: place.into(), what: what.into(), mend }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n    {}", self.place, self.what, self.mend)
    }
}

/// Complains of everything at once; `quick` leaves out the generated code, which has to compile.
pub(crate) fn run(workspace: &Workspace, quick: bool) -> Result<()> {
    let paths = workspace.files()?;
    let texts = source::texts(workspace, &paths);
    let complaints: Vec<Complaint> = [
        arrows::check(&workspace.packages),
        names::root(&paths),
        names::packages(workspace),
        source::check(&texts),
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
        count => bail!("{count} untidy {}", if count == 1 { "place" } else { "places" }),
    }
}
