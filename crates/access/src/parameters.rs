//! The parameters of an address. Every route names those that it takes; a request with others is refused, because a
//! filter that is ignored gives more than was asked for.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;

use crate::Problem;

/// The parameters that a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameters {
    /// Any. A page explains what it does not understand, and ignores what others append to its link.
    Any,
    /// These and no others; `cell.*` stands for every parameter that begins with `cell.`.
    Only(&'static [&'static str]),
}

/// Parameters that count as absent where they are empty, because forms and programs send every field they have.
const MAY_BE_EMPTY: [&str; 8] = ["q", "cursor", "year", "region", "agency", "finding", "rule", "published"];

impl Parameters {
    /// Refuses a query with a parameter that the route does not take, or with one that has no value.
    pub(crate) fn check(self, query: &str) -> Result<(), Problem> {
        let Self::Only(known) = self else { return Ok(()) };
        for (name, value) in pairs(query) {
            let takes = |known: &&str| match known.strip_suffix('*') {
                Some(prefix) => name.starts_with(prefix),
                None => name == **known,
            };
            if !known.iter().any(takes) {
                let problem = Problem::bad_parameter(&name, format!("没有名为“{name}”的参数。"));
                return Err(problem.hint("可用的参数见 /openapi.json。"));
            }
            if value.trim().is_empty() && !MAY_BE_EMPTY.contains(&name.as_str()) {
                let problem = Problem::bad_parameter(&name, format!("参数“{name}”没有值。"));
                return Err(problem.hint("请写出参数的值，或去掉这个参数。"));
            }
        }
        Ok(())
    }
}

/// Name and value of each parameter of a query, in order.
pub fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
}

/// Decodes a part of a query string, where `+` is a space; invalid UTF-8 becomes replacement characters.
fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// The id or key in a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(id)| Self(id)).map_err(|_| Problem::not_found("地址中的编号不是有效的文字。".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_takes_its_own_parameters_only() {
        let parameters = Parameters::Only(&["q", "year", "limit", "cell.*"]);
        let check = |query: &str, field: Option<&str>| {
            let problem = parameters.check(query).err();
            assert_eq!(problem.and_then(|problem| problem.field).as_deref(), field, "{query}");
        };
        check("", None);
        check("q=&year=2024&cell.requests.received.total=9", None);
        check("&q=a&&year=2024&", None);
        check("colour=red", Some("colour"));
        check("year=2024&%79%65%61%72s=1", Some("years"));
        check("year=&year", None);
        check("limit=", Some("limit"));
        check("limit=+", Some("limit"));
        check("limit", Some("limit"));
        check("=1", Some(""));
        check("cell=1", Some("cell"));
        check("cell.x", Some("cell.x"));
        assert_eq!(Parameters::Any.check("colour=red&year="), Ok(()));
        assert!(Parameters::Only(&[]).check("a=1").is_err());
    }
}
