//! A report among those of other agencies, as data: crate `survey` judges them.

use crate::Rule;

pub(crate) const RULES: &[Rule] = &[];
