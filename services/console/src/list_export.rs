//! The list of a page as a file: the rows that its filters find, all of them, as CSV or as a workbook.

use axum::http::Uri;
use axum::response::Response;
use export::{Column, Format, Value};
use maud::{Markup, html};

use crate::compare_export::names;
use crate::download::download;
use crate::params::Params;
use crate::problem::Problem;

/// Every row of a list: a value for each column.
pub(crate) type Rows = Vec<Vec<Value<'static>>>;

/// The formats of a list, with the names of their links.
const FORMATS: [(Format, &str); 2] = [(Format::Xlsx, "Excel"), (Format::Csv, "CSV")];

/// The format that the address of a list ends with, `/users.xlsx`.
///
/// # Errors
/// If it ends with another.
pub(crate) fn format_of(address: &Uri) -> Result<Format, Problem> {
    let ending = address.path().rsplit_once('.').map_or("", |(_, ending)| ending);
    let known = FORMATS.iter().find(|(format, _)| format.as_str() == ending);
    known
        .map(|(format, _)| *format)
        .ok_or_else(|| Problem::not_found(format!("没有地址 {}。", address.path())))
}

/// The links to the same list as a file. `page` is the path of the page, whose parameters choose the rows.
pub(crate) fn links(page: &str, params: &Params) -> Markup {
    let address = |format: Format| params.without("from").address(&format!("{page}.{}", format.as_str()));
    html! {
        span.screen {
            "导出："
            @for (position, (format, name)) in FORMATS.into_iter().enumerate() {
                @if position > 0 { "　" }
                a href=(address(format)) { (name) }
            }
        }
    }
}

/// Writes a list on a blocking thread: ten thousands of rows keep a core busy for a moment.
///
/// # Errors
/// If it cannot be written.
pub(crate) async fn answer(
    title: &'static str,
    columns: Vec<Column>,
    rows: Rows,
    format: Format,
) -> Result<Response, Problem> {
    let write = move || {
        let mut bytes = Vec::new();
        export::write_table(title, columns, names(format), format, rows, &mut bytes).map(|_| bytes)
    };
    let written =
        tokio::task::spawn_blocking(write).await.map_err(|error| Problem::internal(&error.into()))?;
    let bytes = written.map_err(|error| Problem::internal(&error.into()))?;
    Ok(download(bytes, format.media_type(), &format!("{title}.{}", format.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_ends_with_a_format() {
        let check = |address: &str, expected: Option<Format>| {
            assert_eq!(format_of(&address.parse().unwrap()).ok(), expected, "{address}");
        };
        check("/users.csv?q=a.xlsx", Some(Format::Csv));
        check("/documents.xlsx", Some(Format::Xlsx));
        check("/news.parquet", None);
        check("/news", None);
    }

    #[test]
    fn the_links_keep_the_filters_and_leave_the_page_of_the_list() {
        let links = links("/news", &Params::parse("kind=received&from=200")).into_string();
        assert!(links.contains("href=\"/news.xlsx?kind=received\""), "{links}");
        assert!(links.contains("href=\"/news.csv?kind=received\""), "{links}");
    }
}
