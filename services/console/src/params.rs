//! The parameters of a search as they stand in an address: read, changed, and written again.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use search::{Clause, Facet, MAX_LIMIT, Query, Sort};

use crate::problem::Problem;

/// Hits on a page where nobody says how many.
const DEFAULT_LIMIT: usize = 20;

/// Parameters that are filters; besides them `cell.<id>`.
pub(crate) const FILTERS: [&str; 9] =
    ["year", "region", "agency", "verdict", "finding", "rule", "severity", "form", "published"];

/// Name and value of each parameter, in their order; those without a value are left out, because a
/// form sends every field it has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Params(pub(crate) Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

/// The id or key in a path.
pub(crate) struct Id(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(id)| Self(id)).map_err(|_| Problem::not_found("地址中的编号不是有效的文字。".into()))
    }
}

impl Params {
    fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let pairs = pairs.map(|(name, value)| (decode(name), decode(value)));
        Self(pairs.filter(|(_, value)| !value.trim().is_empty()).collect())
    }

    /// The first value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(known, has)| known == name && has == value)
    }

    /// The filters among them.
    pub(crate) fn filters(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter().filter(|(name, _)| is_filter(name))
    }

    /// The same with one more; a filter of the same name makes room, and so does the cursor.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut params = self.without(name);
        params.0.push((name.to_owned(), value.to_owned()));
        params
    }

    /// The same without one, on the first page.
    pub(crate) fn without(&self, name: &str) -> Self {
        let kept = self.0.iter().filter(|(known, _)| known != name && known != "cursor");
        Self(kept.cloned().collect())
    }

    /// As an address on `path`.
    pub(crate) fn address(&self, path: &str) -> String {
        if self.0.is_empty() {
            return path.to_owned();
        }
        let pairs = self.0.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
    }

    /// The search that they ask for, with everything that could not be understood left out of it.
    pub(crate) fn query(&self) -> (Query, Vec<Problem>) {
        let mut query = Query { limit: DEFAULT_LIMIT, ..Query::default() };
        let mut sort = None;
        let mut filters: Vec<(&str, Vec<Clause>)> = Vec::new();
        let mut problems = Vec::new();
        for (name, value) in &self.0 {
            let mut bad = |problem: Problem| problems.push(problem);
            match name.as_str() {
                "q" => query.text = value.clone(),
                "cursor" => query.cursor = Some(value.clone()),
                "highlight" => query.highlight = matches!(value.as_str(), "1" | "true"),
                "sort" => match Sort::parse(value) {
                    Some(order) => sort = Some(order),
                    None => bad(bad_sort(value)),
                },
                "limit" => match value.parse() {
                    Ok(limit) if limit <= MAX_LIMIT => query.limit = limit,
                    _ => bad(Problem::bad_parameter(
                        name,
                        format!("limit 应为 0 到 {MAX_LIMIT} 的整数，而不是“{value}”。"),
                    )),
                },
                "facets" => {
                    for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                        match Facet::parse(if name == "finding" { "rule" } else { name }) {
                            Some(facet) => query.facets.push(facet),
                            None => bad(bad_facet(name)),
                        }
                    }
                }
                // What a page or a sum asks besides.
                "cell" | "by" => {}
                name if is_filter(name) => match search::field(name, value) {
                    Ok(clause) => match filters.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, alternatives)) => alternatives.push(clause),
                        None => filters.push((name, vec![clause])),
                    },
                    Err(error) => bad(Problem::bad_parameter(name, format!("{error}。"))),
                },
                name => {
                    let problem = Problem::bad_parameter(name, format!("没有名为“{name}”的参数。"));
                    bad(problem.hint("可用的参数见 /openapi.json。"));
                }
            }
        }
        // The same filter twice means either.
        query.filters = filters
            .into_iter()
            .map(|(_, mut alternatives)| match alternatives.len() {
                1 => alternatives.remove(0),
                _ => Clause::Or(alternatives),
            })
            .collect();
        // Without words nothing fits better than anything else.
        let latest = || if query.text.is_empty() { Sort::parse("-submitted") } else { None };
        query.sort = sort.or_else(latest).unwrap_or_default();
        (query, problems)
    }
}

fn is_filter(name: &str) -> bool {
    FILTERS.contains(&name) || name.starts_with("cell.")
}

fn bad_sort(value: &str) -> Problem {
    Problem::bad_parameter("sort", format!("不能按“{value}”排序。"))
        .hint("可用 relevance、year、published、submitted、cell.<id>，前面加 - 为从大到小。")
}

fn bad_facet(name: &str) -> Problem {
    Problem::bad_parameter("facets", format!("不能按“{name}”分类计数。"))
        .hint("可用 year、region、agency、verdict、finding、form，用逗号分隔。")
}

/// Percent-encodes everything but letters, digits and `-._~`.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// The reverse, with `+` for a space; what is no UTF-8 becomes replacement characters.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match (bytes[at], hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 2;
            }
            (b'+', _) => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written_again() {
        let check = |query: &str, written: &str| assert_eq!(Params::parse(query).address("/"), written);
        check("", "/");
        check("q=&year=+&x", "/");
        check("q=%E7%94%B3%E8%AF%B7+9&year=2024", "/?q=%E7%94%B3%E8%AF%B7%209&year=2024");
        check("q=100%&region=%zz", "/?q=100%25&region=%25zz");
        check("q=%FF", "/?q=%EF%BF%BD");
    }

    #[test]
    fn a_filter_makes_room_for_its_successor_and_ends_paging() {
        let params = Params::parse("q=a&year=2023&cursor=z");
        assert_eq!(params.with("year", "2024").address("/"), "/?q=a&year=2024");
        assert_eq!(params.without("year").address("/"), "/?q=a");
    }

    #[test]
    fn parameters_become_a_search() {
        let (query, problems) =
            Params::parse("q=x&year=2023&year=2024&cell.requests.received.total=9&facets=year,finding")
                .query();
        assert_eq!(problems, []);
        assert_eq!(query.facets, [Facet::Year, Facet::Rule]);
        assert_eq!(query.filters.len(), 2);
        assert!(matches!(&query.filters[0], Clause::Or(years) if years.len() == 2));
        assert_eq!(query.sort, Sort::default());
        assert_eq!(Some(Params::parse("year=2024").query().0.sort), Sort::parse("-submitted"));
    }

    #[test]
    fn what_is_not_understood_names_its_parameter() {
        let check = |query: &str, field: &str| {
            let fields: Vec<_> = Params::parse(query).query().1.into_iter().map(|bad| bad.field).collect();
            assert_eq!(fields, [Some(field.to_owned())], "{query}");
        };
        check("year=twenty", "year");
        check("cell.no.such=1", "cell.no.such");
        check("cell.requests.received.total=many", "cell.requests.received.total");
        check("limit=201", "limit");
        check("sort=beauty", "sort");
        check("facets=year,colour", "facets");
        check("colour=red", "colour");
    }
}
