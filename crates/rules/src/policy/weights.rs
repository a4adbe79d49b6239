//! The weights by which an office ranks its agencies in a notice (通报).

use serde::Deserialize;

/// How many points of a hundred an agency loses or gains. What an office does not set keeps its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// Lost by a report after the deadline (迟报).
    pub late: u32,
    /// Lost by each problem that has to be corrected (错误).
    pub error: u32,
    /// Lost by each matter to be verified (警告).
    pub warning: u32,
    /// Gained by a report that was corrected and sent again, and has no errors now (更正).
    pub corrected: u32,
}

impl Default for Weights {
    /// A late report costs as much as two errors, and a correction gives back less than an error costs.
    fn default() -> Self {
        Self { late: 10, error: 5, warning: 1, corrected: 3 }
    }
}

/// No weight is larger: the scale has a hundred points.
const LARGEST: u32 = 100;

impl Weights {
    /// Reads `late=10,error=5,warning=1,corrected=3`; what is left out keeps its default.
    ///
    /// # Errors
    /// If a name is not known, or a weight is no number from 0 to 100.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut weights = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| format!("`{part}` is not name=points"))?;
            let points = value.trim().parse().ok().filter(|points| *points <= LARGEST);
            let points = points.ok_or_else(|| format!("`{part}`: expected 0 to {LARGEST} points"))?;
            match name.trim() {
                "late" => weights.late = points,
                "error" => weights.error = points,
                "warning" => weights.warning = points,
                "corrected" => weights.corrected = points,
                other => return Err(format!("`{other}` is none of late, error, warning, corrected")),
            }
        }
        Ok(weights)
    }

    /// Whether every weight is on the scale.
    pub(crate) fn is_on_the_scale(self) -> bool {
        [self.late, self.error, self.warning, self.corrected].into_iter().all(|points| points <= LARGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_named() {
        let check = |text: &str, expected: Result<[u32; 4], &str>| {
            let weights = Weights::parse(text).map(|one| [one.late, one.error, one.warning, one.corrected]);
            assert_eq!(weights, expected.map_err(str::to_owned), "{text}");
        };
        check("", Ok([10, 5, 1, 3]));
        check("late=20, error=0", Ok([20, 0, 1, 3]));
        check("late", Err("`late` is not name=points"));
        check("late=101", Err("`late=101`: expected 0 to 100 points"));
        check("beauty=1", Err("`beauty` is none of late, error, warning, corrected"));
    }
}
