//! Every sample against its golden reading: a drawing of what was read and what was found.
//!
//! `GOUJI_GENERATE=1 cargo test -p tests -- samples::` writes the drawings; read them before you
//! commit them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use report::{Cell, CellState, Origin, Quantity, Review};

#[test]
fn every_sample_is_read_as_its_golden_reading_says() {
    let samples = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../samples"));
    let mut reports: Vec<PathBuf> =
        fs::read_dir(samples.join("reports")).unwrap().map(|entry| entry.unwrap().path()).collect();
    reports.sort();
    assert!(reports.len() >= 7, "samples in each of the layouts");
    for path in reports {
        let golden = samples.join("golden").join(path.file_stem().unwrap()).with_extension("txt");
        let drawn = draw(&path);
        if std::env::var_os("GOUJI_GENERATE").is_some() {
            fs::write(&golden, &drawn).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(drawn, expected, "{} differs from {}", path.display(), golden.display());
    }
}

fn draw(path: &Path) -> String {
    let bytes = fs::read(path).unwrap();
    let document = document::read(&bytes, &document::Limits::default()).unwrap();
    let review = rules::review(reading::read(&document, path.file_name().and_then(|name| name.to_str())));
    let report = &review.report;
    let mut out = String::new();
    let mut line = |name: &str, value: &dyn std::fmt::Debug| writeln!(out, "{name:10} {value:?}").unwrap();
    line("agency", &report.agency);
    line("region", &report.region.as_ref().map(|region| format!("{} {}", region.code, region.name)));
    line("year", &report.year.map(report::Year::get));
    line("form", &report.form.map(report::FormId::as_str));
    line("published", &report.published.map(|date| date.to_string()));
    line("verdict", &review.verdict().as_str());
    tables(&mut out, &review);
    out.push_str("\nclaims\n");
    for claim in &report.claims {
        let exact = if claim.exact { "" } else { "~" };
        let about = claim.about.map_or("", Quantity::as_str);
        writeln!(out, "  {exact}{}{}  {}  {about}", claim.value, claim.unit, claim.text).unwrap();
    }
    out.push_str("\nfindings\n");
    for finding in &review.findings {
        let (severity, judgement) = (finding.severity.as_str(), finding.judgement.as_str());
        let place = finding.origin.map_or_else(|| "-".to_owned(), place);
        writeln!(out, "  {} {severity} {judgement}  {}  @ {place}", finding.rule, finding.message).unwrap();
        if let Some(repair) = &finding.repair {
            writeln!(out, "    {} -> {}", repair.cell, repair.value).unwrap();
        }
    }
    out
}

/// Where a finding stands: the page if there are pages, then table, row and column, or the line, or the
/// first byte.
fn place(origin: Origin) -> String {
    let page = origin.page.map(|page| format!("page {page}"));
    let table = origin.table.map(|table| format!("table {table}"));
    let row = origin.row.map(|row| format!("row {row}"));
    let column = origin.column.map(|column| format!("column {column}"));
    let line = (origin.table.is_none() && origin.line > 0).then(|| format!("line {}", origin.line));
    let parts: Vec<String> = [page, table, row, column, line].into_iter().flatten().collect();
    if parts.is_empty() { format!("byte {}", origin.start) } else { parts.join(" ") }
}

/// A row a line. `=4` was derived, `_` is blank, `.` is not there, `?x?` is unreadable
/// text, `~x~` doubtful.
fn tables(out: &mut String, review: &Review) {
    let draw = |cell: &Cell| match (cell.state, cell.value) {
        (CellState::Read, Some(value)) => value.to_string(),
        (CellState::Derived, Some(value)) => format!("={value}"),
        (CellState::Doubtful, _) => format!("~{}~", cell.text.as_deref().unwrap_or_default()),
        (CellState::Blank, _) => "_".into(),
        (CellState::Missing, _) => ".".into(),
        (CellState::Placeholder, _) => cell.text.clone().unwrap_or_default(),
        _ => format!("?{}?", cell.text.as_deref().unwrap_or_default()),
    };
    let mut row = "";
    for (id, cell) in review.report.cells.iter() {
        let (here, _) = id.as_str().rsplit_once('.').unwrap();
        if here != row {
            write!(out, "\n{here:36}").unwrap();
            row = here;
        }
        write!(out, " {:>5}", draw(cell)).unwrap();
    }
    out.push('\n');
}
