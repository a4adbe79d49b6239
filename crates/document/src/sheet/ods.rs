//! OpenDocument spreadsheets, packed or in one XML file. Each cell says as words what it shows.

use std::collections::HashSet;

use quick_xml::events::BytesStart;

use super::{Count, Merge, Sheet, Value};
use crate::error::ReadError;
use crate::limits::Limits;
use crate::package::{Package, Part};
use crate::superscripts::without_marks;
use crate::kind::Kind;
use crate::xml::{self, Event, Xml};

/// Cells that one element stands for: beyond are the blank ends of a sheet.
const MOST_REPEATED: u32 = 1_000;
/// Spaces that one element stands for.
const MOST_SPACES: u32 = 100;

/// The visible sheets in the order of the file.
pub(super) fn sheets(bytes: &[u8], limits: &Limits) -> Result<Vec<Sheet>, ReadError> {
    let mut styles = Styles::default();
    let content = if bytes.starts_with(b"PK") {
        let mut package = Package::open(bytes, Kind::Ods, limits)?;
        if let Some(manifest) = package.part("META-INF/manifest.xml")?
            && manifest.text.contains("encryption-data")
        {
            return Err(ReadError::Encrypted { format: Kind::Ods });
        }
        if let Some(part) = package.part("styles.xml")? {
            styles.read(Xml::new(&part, Kind::Ods, limits))?;
        }
        package.need("content.xml")?
    } else {
        Part::whole(bytes)
    };
    styles.read(Xml::new(&content, Kind::Ods, limits))?;
    walk(&content, &styles, limits)
}

/// Names of styles, as far as they change what is read.
#[derive(Default)]
struct Styles {
    framed: HashSet<String>,
    raised: HashSet<String>,
    struck: HashSet<String>,
    /// Of sheets that are not shown.
    hidden: HashSet<String>,
}

impl Styles {
    fn read(&mut self, mut xml: Xml) -> Result<(), ReadError> {
        while let Some(event) = xml.next()? {
            let Event::Open(tag) = event else { continue };
            match xml::name(&tag) {
                "style" => {
                    let id = xml::attribute(&tag, "name").unwrap_or_default().into_owned();
                    xml.within(|tag, _| {
                        self.one(&id, tag);
                        Ok(())
                    })?;
                    xml.no_more_than_kept(self.framed.len() + self.raised.len(), "styles")?;
                }
                "body" => break,
                _ => {}
            }
        }
        Ok(())
    }

    fn one(&mut self, id: &str, tag: &BytesStart) {
        let value = |name| xml::attribute(tag, name);
        let is_drawn = |name| value(name).is_some_and(|border| !border.starts_with("none"));
        match xml::name(tag) {
            "table-cell-properties"
                if ["border", "border-top", "border-bottom", "border-left", "border-right"]
                    .into_iter()
                    .any(is_drawn) =>
            {
                self.framed.insert(id.into());
            }
            "table-properties" if value("display").as_deref() == Some("false") => {
                self.hidden.insert(id.into());
            }
            "text-properties" => {
                if value("text-position").is_some_and(|position| is_raised(&position)) {
                    self.raised.insert(id.into());
                }
                if value("text-line-through-style").is_some_and(|style| style != "none") {
                    self.struck.insert(id.into());
                }
            }
            _ => {}
        }
    }
}

/// Whether `super 58%` or `33% 58%` is off the line.
pub(crate) fn is_raised(position: &str) -> bool {
    let height = position.split_whitespace().next().unwrap_or_default();
    !height.is_empty() && height.trim_end_matches('%').parse::<f32>() != Ok(0.0)
}

/// A cell that is being read.
#[derive(Default)]
struct Open {
    text: String,
    paragraphs: usize,
    /// Where raised text begins that is open, and all raised pieces.
    raised: Vec<std::ops::Range<usize>>,
    /// What it holds, for files that do not say what it shows.
    value: Option<String>,
    framed: bool,
    covered: bool,
    columns: u32,
    rows: u32,
    repeated: u32,
}

/// What is open around the next text.
enum Element {
    Sheet,
    Row,
    Cell,
    Paragraph,
    Raised,
    Other,
}

fn walk(content: &Part, styles: &Styles, limits: &Limits) -> Result<Vec<Sheet>, ReadError> {
    let mut count = Count::new(limits, Kind::Ods);
    let mut xml = Xml::new(content, Kind::Ods, limits);
    let mut sheets = Vec::new();
    let mut open: Vec<Element> = Vec::new();
    let mut sheet: Option<Sheet> = None;
    let mut cell: Option<Open> = None;
    // The cells of the row that is being read, and how many rows look like it.
    let mut row: Vec<(u32, Open)> = Vec::new();
    let (mut y, mut x, mut rows, mut columns) = (0_u32, 0_u32, 1_u32, 0_u32);
    while let Some(event) = xml.next()? {
        let tag = match event {
            Event::Open(tag) => tag,
            Event::Text(text) => {
                if let (Some(Element::Paragraph | Element::Raised | Element::Other), Some(cell)) =
                    (open.last(), &mut cell)
                    && open.iter().any(|element| matches!(element, Element::Paragraph))
                {
                    push(&mut cell.text, &text);
                }
                continue;
            }
            Event::Close => {
                match (open.pop(), &mut sheet, &mut cell) {
                    (Some(Element::Sheet), found, _) => sheets.extend(found.take()),
                    (Some(Element::Row), Some(sheet), _) => {
                        end_row(sheet, &mut row, y, rows, &mut count)?;
                        y = y.saturating_add(rows);
                    }
                    (Some(Element::Cell), _, found) => {
                        if let Some(cell) = found.take() {
                            let repeated = cell.repeated;
                            row.push((x, cell));
                            count.one_more()?;
                            x = x.saturating_add(repeated);
                        }
                    }
                    (Some(Element::Raised), _, Some(cell)) => {
                        let end = cell.text.len();
                        cell.raised.last_mut().into_iter().for_each(|raised| raised.end = end);
                    }
                    _ => {}
                }
                continue;
            }
        };
        let value = |name| xml::attribute(&tag, name);
        let number = |name| value(name).and_then(|value| value.parse::<u32>().ok());
        let is_collapsed = || matches!(value("visibility").as_deref(), Some("collapse" | "filter"));
        let element = match (xml::name(&tag), &mut sheet, &mut cell) {
            ("table", None, None) => {
                if value("style-name").is_some_and(|style| styles.hidden.contains(&*style)) {
                    xml.skip()?;
                    continue;
                }
                (sheet, y, columns) = (Some(Sheet::default()), 0, 0);
                Element::Sheet
            }
            ("table-column", Some(sheet), None) => {
                let repeated = number("number-columns-repeated").unwrap_or(1).max(1);
                let after = columns.saturating_add(repeated);
                if is_collapsed() {
                    count.one_more()?;
                    sheet.hidden_columns.push((columns, after - 1));
                }
                columns = after;
                Element::Other
            }
            ("table-row", Some(sheet), None) => {
                (x, rows) = (0, number("number-rows-repeated").unwrap_or(1).max(1));
                if is_collapsed() {
                    count.one_more()?;
                    sheet.hidden_rows.push((y, y.saturating_add(rows - 1)));
                }
                Element::Row
            }
            (name @ ("table-cell" | "covered-table-cell"), Some(_), None)
                if matches!(open.last(), Some(Element::Row)) =>
            {
                let held =
                    ["value", "date-value", "boolean-value", "string-value"].into_iter().find_map(value);
                cell = Some(Open {
                    value: held.map(|held| held.into_owned()),
                    framed: value("style-name").is_some_and(|style| styles.framed.contains(&*style)),
                    covered: name == "covered-table-cell",
                    columns: number("number-columns-spanned").unwrap_or(1).max(1),
                    rows: number("number-rows-spanned").unwrap_or(1).max(1),
                    repeated: number("number-columns-repeated").unwrap_or(1).max(1),
                    ..Open::default()
                });
                Element::Cell
            }
            ("p", _, Some(cell)) if matches!(open.last(), Some(Element::Cell)) => {
                cell.paragraphs += 1;
                if cell.paragraphs > 1 {
                    cell.text.push('\n');
                }
                Element::Paragraph
            }
            ("s", _, Some(cell)) => {
                let spaces = number("c").unwrap_or(1).min(MOST_SPACES);
                cell.text.extend(std::iter::repeat_n(' ', spaces as usize));
                Element::Other
            }
            ("tab" | "line-break", _, Some(cell)) => {
                cell.text.push('\n');
                Element::Other
            }
            ("span", _, Some(cell)) => {
                let style = value("style-name").unwrap_or_default();
                if styles.struck.contains(&*style) {
                    xml.skip()?;
                    continue;
                }
                match styles.raised.contains(&*style) {
                    true => {
                        cell.raised.push(cell.text.len()..cell.text.len());
                        Element::Raised
                    }
                    false => Element::Other,
                }
            }
            (
                "annotation" | "frame" | "custom-shape" | "shapes" | "ruby-text" | "forms" | "dde-source",
                ..,
            ) => {
                xml.skip()?;
                continue;
            }
            _ => Element::Other,
        };
        open.push(element);
    }
    Ok(sheets)
}

/// Adds text, with white space as one space.
fn push(text: &mut String, piece: &str) {
    for character in piece.chars() {
        match character {
            ' ' | '\t' | '\r' | '\n' if text.is_empty() || text.ends_with([' ', '\n']) => {}
            ' ' | '\t' | '\r' | '\n' => text.push(' '),
            character => text.push(character),
        }
    }
}

/// Puts the cells of a row into the sheet, as often as the row is there.
fn end_row(
    sheet: &mut Sheet,
    row: &mut Vec<(u32, Open)>,
    y: u32,
    rows: u32,
    count: &mut Count,
) -> Result<(), ReadError> {
    let row = std::mem::take(row);
    let says_nothing =
        row.iter().all(|(_, cell)| cell.text.is_empty() && cell.value.is_none() && !cell.framed);
    if says_nothing {
        return Ok(());
    }
    for y in (y..y.saturating_add(rows)).take(MOST_REPEATED as usize) {
        for (x, cell) in &row {
            let shown = match cell.paragraphs {
                0 => cell.value.clone().unwrap_or_default(),
                _ => without_marks(&cell.text, &cell.raised),
            };
            for x in (*x..x.saturating_add(cell.repeated)).take(MOST_REPEATED as usize) {
                if cell.columns > 1 || cell.rows > 1 {
                    count.one_more()?;
                    let (bottom, right) =
                        (y.saturating_add(cell.rows - 1), x.saturating_add(cell.columns - 1));
                    sheet.merges.push(Merge { top: y, left: x, bottom, right });
                }
                // What a merged cell covers is not shown, but its frame is.
                let text = if cell.covered { String::new() } else { shown.clone() };
                sheet.put((y, x), Value { text, framed: cell.framed }, count)?;
            }
        }
    }
    Ok(())
}
