//! The words of the narrative: what has to be said, what must not stand there.

use crate::Rule;

pub(crate) const RULES: &[Rule] = &[];
