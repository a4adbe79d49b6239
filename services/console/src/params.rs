//! The parameters of a request: parsed, changed, and written back to an address.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub(crate) use access::Id;

/// The parameters that filter; so does every `cell.<id>`.
const FILTERS: [&str; 13] = [
    "year",
    "region",
    "agency",
    "verdict",
    "finding",
    "rule",
    "severity",
    "form",
    "published",
    "review",
    "assignee",
    "due",
    "open",
];

/// Name and value of each parameter, in order. Parameters with an empty value are left out, because a form
/// sends every field it has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Params(pub(crate) Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

impl Params {
    pub(crate) fn parse(query: &str) -> Self {
        let pairs = access::pairs(query);
        Self(pairs.filter(|(_, value)| !value.trim().is_empty()).collect())
    }

    /// The first value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter has this value, among others.
    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(known, has)| known == name && has == value)
    }

    /// The parameters that filter.
    pub(crate) fn filters(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter().filter(|(name, _)| is_filter(name))
    }

    /// The parameters for people, in one line.
    pub(crate) fn readable(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" & ")
    }

    /// The same with this parameter in place of those of the same name, on the first page.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut params = self.without(name);
        params.0.push((name.to_owned(), value.to_owned()));
        params
    }

    /// The same without this parameter, on the first page.
    pub(crate) fn without(&self, name: &str) -> Self {
        let others = self.0.iter().filter(|(known, _)| known != name && known != "cursor");
        Self(others.cloned().collect())
    }

    /// The address with this path and these parameters.
    pub(crate) fn address(&self, path: &str) -> String {
        if self.0.is_empty() {
            return path.to_owned();
        }
        let pairs =
            self.0.iter().map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)));
        format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
    }
}

pub(crate) fn is_filter(name: &str) -> bool {
    FILTERS.contains(&name) || name.starts_with("cell.")
}

/// Every byte is escaped but letters, digits and `-._~`.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) fn percent_encode(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_parsed_and_written_back() {
        let check = |query: &str, written: &str| assert_eq!(Params::parse(query).address("/"), written);
        check("", "/");
        check("q=&year=+&x", "/");
        check("q=%E7%94%B3%E8%AF%B7+9&year=2024", "/?q=%E7%94%B3%E8%AF%B7%209&year=2024");
        check("q=100%&region=%zz", "/?q=100%25&region=%25zz");
        check("q=%FF", "/?q=%EF%BF%BD");
    }

    #[test]
    fn a_filter_replaces_its_predecessor_and_ends_paging() {
        let params = Params::parse("q=a&year=2023&cursor=z");
        assert_eq!(params.with("year", "2024").address("/"), "/?q=a&year=2024");
        assert_eq!(params.without("year").address("/"), "/?q=a");
    }
}
