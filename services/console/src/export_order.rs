//! What an export has to hold, as the parameters of a request say.

use access::Caller;
use export::{Format, Licence, Names, Package, Provenance, Request, Shape};
use search::Query;

use crate::params::{Params, is_filter};
use crate::problem::Problem;
use crate::search_query;

/// The format that is no table: a folder to be published, as a ZIP.
const PACKAGE: &str = "package";
/// The title of a package that gets none.
const PACKAGE_TITLE: &str = "政府信息公开工作年度报告数据";
/// Characters of a title, a publisher or a licence.
const MAX_WORDS: usize = 200;

/// An export that somebody asked for.
pub(crate) struct ExportOrder {
    pub(crate) content: Content,
    /// The conditions that choose the reports.
    pub(crate) filters: Params,
}

/// What to write.
pub(crate) enum Content {
    Table(Request),
    Package(Package),
}

impl ExportOrder {
    /// The order of these parameters. `base` is the address of this installation, as its user sees it.
    pub(crate) fn of(params: &Params, base: String) -> Result<Self, Problem> {
        let format = params.get("format").unwrap_or(Format::Csv.as_str());
        let content = match Format::parse(format) {
            Some(format) => Content::Table(Request {
                shape: shape(params)?,
                format,
                names: names(params)?,
                is_public: false,
                base,
            }),
            None if format == PACKAGE => Content::Package(package(params)?),
            None => return Err(bad_format(format)),
        };
        Ok(Self { content, filters: filters(params) })
    }

    /// The search that finds its reports among those that the caller may see.
    pub(crate) fn query(&self, caller: &Caller) -> Result<Query, Problem> {
        search_query::restrict_to_scope(search_query::strict(&self.filters)?, caller)
    }

    /// The name of its file.
    pub(crate) fn file_name(&self, provenance: &Provenance) -> String {
        let time = report::beijing::format_time(provenance.made_at_ms);
        let time: String = time.chars().filter(char::is_ascii_digit).take(12).collect();
        match &self.content {
            Content::Table(Request { shape, format, .. }) => {
                format!("{}-{time}.{}", shape.title(), format.as_str())
            }
            Content::Package(_) => format!("年度报告数据包-{time}.zip"),
        }
    }

    pub(crate) fn media_type(&self) -> &'static str {
        match &self.content {
            Content::Table(request) => request.format.media_type(),
            Content::Package(_) => "application/zip",
        }
    }
}

/// The parameters that choose reports.
pub(crate) fn filters(params: &Params) -> Params {
    let chosen = params.0.iter().filter(|(name, _)| name == "q" || is_filter(name));
    Params(chosen.cloned().collect())
}

fn shape(params: &Params) -> Result<Shape, Problem> {
    let name = params.get("shape").unwrap_or(Shape::Reports.as_str());
    Shape::parse(name).ok_or_else(|| {
        Problem::bad_parameter("shape", format!("没有名为“{name}”的数据表。"))
            .hint("可用 reports、figures、findings、versions、dictionary。")
    })
}

fn names(params: &Params) -> Result<Names, Problem> {
    let name = params.get("names").unwrap_or(Names::Id.as_str());
    Names::parse(name).ok_or_else(|| {
        Problem::bad_parameter("names", format!("列名应为 zh 或 id，而不是“{name}”。"))
            .hint("zh 为中文列名，id 为供程序使用的列名。")
    })
}

fn package(params: &Params) -> Result<Package, Problem> {
    let has_findings = match params.get("findings").unwrap_or("false") {
        "1" | "true" => true,
        "0" | "false" => false,
        other => {
            return Err(Problem::bad_parameter(
                "findings",
                format!("findings 应为 true 或 false，而不是“{other}”。"),
            ));
        }
    };
    Ok(Package {
        title: words(params, "title")?.unwrap_or(PACKAGE_TITLE).to_owned(),
        publisher: words(params, "publisher")?.unwrap_or_default().to_owned(),
        licence: Licence::new(words(params, "licence")?.unwrap_or_default()),
        has_findings,
    })
}

/// Words that go into the descriptions of a package.
fn words<'a>(params: &'a Params, name: &str) -> Result<Option<&'a str>, Problem> {
    let words = params.get(name).map(str::trim);
    match words {
        Some(words) if words.chars().count() > MAX_WORDS || words.chars().any(char::is_control) => {
            Err(Problem::bad_parameter(name, format!("{name} 应为一行，不超过{MAX_WORDS}字。")))
        }
        words => Ok(words),
    }
}

fn bad_format(format: &str) -> Problem {
    crate::download::bad_format(format, "可用 csv、xlsx、parquet、jsonl，或 package（可公开的数据包）。")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_parameter_is_named() {
        let check = |query: &str, field: &str| {
            let problem = ExportOrder::of(&Params::parse(query), String::new()).err().unwrap();
            assert_eq!(problem.field.as_deref(), Some(field), "{query}");
        };
        check("shape=cells", "shape");
        check("format=xls", "format");
        check("names=en", "names");
        check("format=package&findings=perhaps", "findings");
        check(&format!("format=package&title={}", "长".repeat(201)), "title");
        check("format=package&licence=a%0Ab", "licence");
    }

    #[test]
    fn an_export_that_is_not_described_is_a_table_of_reports() {
        let order = ExportOrder::of(&Params::parse("year=2024&q=x&sort=-year"), "http://a".into()).unwrap();
        assert_eq!(order.filters.address(""), "?year=2024&q=x");
        let Content::Table(request) = order.content else { panic!("no table") };
        let expected = Request {
            shape: Shape::Reports,
            format: Format::Csv,
            names: Names::Id,
            is_public: false,
            base: "http://a".into(),
        };
        assert_eq!(request, expected);
    }
}
