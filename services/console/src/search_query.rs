//! The search that the parameters of a request describe.

use access::{Caller, Code};
use report::CellId;
use search::{Clause, Facet, MAX_LIMIT, Query, Sort, SortBy};

use crate::params::{Params, is_filter};
use crate::problem::Problem;

/// Hits on a page where the request does not say how many.
const DEFAULT_LIMIT: usize = 20;

/// The search without the parameters that are invalid, and a problem for each of those. A page shows the
/// problems as warnings.
pub(crate) fn lenient(params: &Params) -> (Query, Vec<Problem>) {
    let mut parser = Parser::default();
    for (name, value) in &params.0 {
        parser.add(name, value);
    }
    parser.finish()
}

/// The search, or a problem with the first parameter that is invalid: a program must not get more reports than
/// it asked for.
pub(crate) fn strict(params: &Params) -> Result<Query, Problem> {
    let (query, problems) = lenient(params);
    problems.into_iter().next().map_or(Ok(query), Err)
}

/// The same search among the reports in the scope of the caller's key.
pub(crate) fn restrict_to_scope(mut query: Query, caller: &Caller) -> Result<Query, Problem> {
    if !caller.is_reviewer() {
        refuse_what_is_for_reviewers(&query)?;
    }
    let Some(scope) = &caller.scope else { return Ok(query) };
    let agencies: Vec<String> = scope.agencies.iter().map(|agency| format!("={agency}")).collect();
    for (name, values) in [("region", &scope.regions), ("agency", &agencies)] {
        let clauses: Result<Vec<Clause>, _> = values.iter().map(|value| search::field(name, value)).collect();
        let clauses =
            clauses.map_err(|error| Problem::internal(&anyhow::anyhow!("scope of a key: {error}")))?;
        if !clauses.is_empty() {
            query.filters.push(Clause::Or(clauses));
        }
    }
    Ok(query)
}

/// Who is responsible for a report, and which findings were dismissed, is for reviewers: also what a search could
/// find out of it.
fn refuse_what_is_for_reviewers(query: &Query) -> Result<(), Problem> {
    let (typed, _) = search::parse(&query.text);
    let is_asked = typed.is_for_reviewers()
        || query.filters.iter().any(Clause::is_for_reviewers)
        || query.facets.contains(&Facet::Assignee)
        || query.sort.by == SortBy::Open;
    if !is_asked {
        return Ok(());
    }
    let detail = "没有权限。经办人和未处理问题只供审核人员检索。";
    Err(Problem::new(Code::WrongRole, detail, "请去掉这个条件。"))
}

/// A search while its parameters are added.
struct Parser<'a> {
    query: Query,
    sort: Option<Sort>,
    /// The values of each filter.
    filters: Vec<(&'a str, Vec<Clause>)>,
    problems: Vec<Problem>,
}

impl Default for Parser<'_> {
    fn default() -> Self {
        let query = Query { limit: DEFAULT_LIMIT, ..Query::default() };
        Self { query, sort: None, filters: Vec::new(), problems: Vec::new() }
    }
}

impl<'a> Parser<'a> {
    fn add(&mut self, name: &'a str, value: &str) {
        match name {
            "q" => self.query.text = value.to_owned(),
            "cursor" => self.query.cursor = Some(value.to_owned()),
            "highlight" => match value {
                "1" | "true" => self.query.highlight = true,
                "0" | "false" => self.query.highlight = false,
                _ => self.problems.push(bad_highlight(value)),
            },
            "sort" => match Sort::parse(value) {
                Some(sort) => self.sort = Some(sort),
                None => self.problems.push(bad_sort(value)),
            },
            "limit" => match value.parse() {
                Ok(limit) if limit <= MAX_LIMIT => self.query.limit = limit,
                _ => self.problems.push(bad_limit(value)),
            },
            "facets" => self.add_facets(value),
            // Parameters of pages and sums.
            "cell" | "by" => {}
            name if is_filter(name) => self.add_filter(name, value),
            name => {
                let problem = Problem::bad_parameter(name, format!("没有名为“{name}”的参数。"));
                self.problems.push(problem.hint("可用的参数见 /openapi.json。"));
            }
        }
    }

    fn add_facets(&mut self, value: &str) {
        for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match Facet::parse(if name == "finding" { "rule" } else { name }) {
                Some(facet) => self.query.facets.push(facet),
                None => match name.strip_prefix("cell.").and_then(|id| CellId::parse(id).ok()) {
                    Some(cell) => self.query.ranges.push(cell),
                    None => self.problems.push(bad_facet(name)),
                },
            }
        }
    }

    fn add_filter(&mut self, name: &'a str, value: &str) {
        match search::field(name, value) {
            Ok(clause) => match self.filters.iter_mut().find(|(known, _)| *known == name) {
                Some((_, alternatives)) => alternatives.push(clause),
                None => self.filters.push((name, vec![clause])),
            },
            Err(error) => self.problems.push(Problem::bad_parameter(name, format!("{error}。"))),
        }
    }

    fn finish(self) -> (Query, Vec<Problem>) {
        let Self { mut query, sort, filters, problems } = self;
        // A filter that is given twice finds reports with either value.
        let filters = filters.into_iter().map(|(_, mut alternatives)| match alternatives.len() {
            1 => alternatives.remove(0),
            _ => Clause::Or(alternatives),
        });
        query.filters = filters.collect();
        // Without words, all hits are equally relevant.
        let latest = || if query.text.is_empty() { Sort::parse("-submitted") } else { None };
        query.sort = sort.or_else(latest).unwrap_or_default();
        (query, problems)
    }
}

fn bad_highlight(value: &str) -> Problem {
    Problem::bad_parameter("highlight", format!("highlight 应为 true 或 false，而不是“{value}”。"))
}

fn bad_limit(value: &str) -> Problem {
    Problem::bad_parameter("limit", format!("limit 应为 0 到 {MAX_LIMIT} 的整数，而不是“{value}”。"))
}

fn bad_sort(value: &str) -> Problem {
    Problem::bad_parameter("sort", format!("不能按“{value}”排序。")).hint(
        "可用 relevance、year、published、submitted、open、since、due、cell.<id>，前面加 - 为从大到小。",
    )
}

fn bad_facet(name: &str) -> Problem {
    Problem::bad_parameter("facets", format!("不能按“{name}”分类计数。"))
        .hint("可用 year、region、agency、verdict、finding、form、review、assignee、cell.<id>，用逗号分隔。")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_become_a_search() {
        let (query, problems) = lenient(&Params::parse(
            "q=x&year=2023&year=2024&cell.requests.received.total=9&facets=year,finding",
        ));
        assert_eq!(problems, []);
        assert_eq!(query.facets, [Facet::Year, Facet::Rule]);
        assert_eq!(query.filters.len(), 2);
        assert!(matches!(&query.filters[0], Clause::Or(years) if years.len() == 2));
        assert_eq!(query.sort, Sort::default());
        assert_eq!(Some(lenient(&Params::parse("year=2024")).0.sort), Sort::parse("-submitted"));
    }

    #[test]
    fn a_problem_names_its_parameter() {
        let check = |query: &str, field: &str| {
            let fields: Vec<_> = lenient(&Params::parse(query)).1.into_iter().map(|bad| bad.field).collect();
            assert_eq!(fields, [Some(field.to_owned())], "{query}");
        };
        check("year=twenty", "year");
        check("cell.no.such=1", "cell.no.such");
        check("cell.requests.received.total=many", "cell.requests.received.total");
        check("limit=201", "limit");
        check("sort=beauty", "sort");
        check("facets=year,colour", "facets");
        check("highlight=yes", "highlight");
        check("colour=red", "colour");
    }
}
