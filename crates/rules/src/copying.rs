//! Texts that are too alike.

use crate::Rule;

pub(crate) const RULES: &[Rule] = &[];
