//! A report beside that of the year before: what was carried over, what grew, what was copied.

use crate::Rule;

pub(crate) const RULES: &[Rule] = &[];
