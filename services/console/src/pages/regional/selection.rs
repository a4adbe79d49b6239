//! The region and the year of the page.

use report::{Region, Year};

use crate::params::Params;
use crate::problem::Problem;
use crate::regional;

/// The region and the year that the page shows.
pub(super) struct Selection {
    pub(super) region: Region,
    pub(super) year: Year,
    /// Only findings of this rule are shown.
    pub(super) rule: Option<String>,
}

impl Selection {
    pub(super) fn parse(params: &Params) -> Result<Self, Problem> {
        Ok(Self {
            region: regional::region(params)?,
            year: regional::year(params)?,
            rule: params.get("rule").map(str::to_owned),
        })
    }

    /// An address with this region and year and with more parameters.
    pub(super) fn address(&self, path: &str, more: &[(&str, &str)]) -> String {
        let year = self.year.to_string();
        let own = [("region", self.region.code.as_str()), ("year", year.as_str())];
        let pairs = own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Params(pairs.collect()).address(path)
    }
}
