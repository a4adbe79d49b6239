//! The rule policy that a person names on the command line.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use rules::RulePolicy;

/// The rule policy in a file; the default policy without one.
pub(crate) fn read(path: Option<&Path>) -> Result<RulePolicy> {
    let Some(path) = path else { return Ok(RulePolicy::default()) };
    let file = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    RulePolicy::parse(&file).with_context(|| path.display().to_string())
}
