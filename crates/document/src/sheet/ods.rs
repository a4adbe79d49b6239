//! OpenDocument spreadsheets, packed or in one XML file. Each cell contains its displayed text.

use std::collections::{HashMap, HashSet};

use quick_xml::events::BytesStart;

use super::{Count, Merge, Sheet, Value};
use crate::error::ReadError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::model::{Doubt, Text, Width};
use crate::open_styles::{self, Look, TextStyle};
use crate::package::{Package, Part};
use crate::superscripts::{Raised, text_without_marks};
use crate::xml::{self, Event, Xml};

/// Repetitions of one element that are read. Beyond are the blank ends of a sheet.
const MOST_REPEATED: u32 = 1_000;
/// Spaces that one element can mean.
const MOST_SPACES: u32 = 100;
/// Twips of a row or a column up to which nothing of it is shown.
const CLOSED: u32 = 10;
/// Conditions of one style.
const MOST_CONDITIONS: usize = 10;

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

/// Names of the styles that matter for reading.
#[derive(Default)]
struct Styles {
    framed: HashSet<String>,
    looks: HashMap<String, TextStyle>,
    /// Cells whose text is repeated until it fills them.
    repeated: HashSet<String>,
    /// Rows and columns without height or width.
    closed: HashSet<String>,
    /// Styles that another one becomes under a condition.
    conditional: HashMap<String, Vec<String>>,
    /// Of sheets that are not shown.
    hidden: HashSet<String>,
}

impl Styles {
    fn read(&mut self, mut xml: Xml) -> Result<(), ReadError> {
        while let Some(event) = xml.next()? {
            let Event::Open(tag) = event else { continue };
            match xml::name(&tag) {
                "style" | "default-style" => {
                    let id = xml::attribute(&tag, "name").unwrap_or_default().into_owned();
                    let mut style = TextStyle::begin(&tag);
                    xml.within(|tag, _| {
                        style.read(tag);
                        self.one(&id, tag);
                        Ok(())
                    })?;
                    self.looks.insert(id, style);
                    xml.no_more_than_kept(self.looks.len(), "styles")?;
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
            "table-cell-properties" if value("repeat-content").as_deref() == Some("true") => {
                self.repeated.insert(id.into());
            }
            "table-row-properties" | "table-column-properties" => {
                let size = value("row-height").or_else(|| value("column-width"));
                if size.and_then(|size| crate::odt::twips(&size)).is_some_and(|size| size <= CLOSED) {
                    self.closed.insert(id.into());
                }
            }
            "map" => {
                let becomes = value("apply-style-name").unwrap_or_default().into_owned();
                self.conditional.entry(id.into()).or_default().push(becomes);
            }
            _ => {}
        }
    }

    fn look(&self, style: &str) -> Look {
        open_styles::look(&self.looks, style)
    }

    /// Why what is seen of a cell of a style may differ from what is stored.
    fn doubt(&self, style: &str) -> Option<Doubt> {
        let one = |style: &str| {
            let look = self.look(style);
            let hidden = (!look.is_shown() && !look.is_struck()).then_some(Doubt::Hidden);
            look.is_struck().then_some(Doubt::Struck).or(hidden).or(look.doubt())
        };
        let under_conditions = || {
            let styles = self.conditional.get(style).map_or(&[][..], Vec::as_slice);
            styles.iter().take(MOST_CONDITIONS).find_map(|style| one(style))
        };
        self.repeated
            .contains(style)
            .then_some(Doubt::Generated)
            .or_else(|| one(style))
            .or_else(under_conditions)
    }
}

/// A cell that is being read.
#[derive(Default)]
struct Open {
    text: String,
    paragraphs: usize,
    /// Where raised text begins that is open, and all raised pieces.
    raised: Vec<Raised>,
    doubts: Vec<(std::ops::Range<usize>, Doubt)>,
    /// Its value, for files without the displayed text.
    value: Option<String>,
    kind: String,
    has_formula: bool,
    style: String,
    /// Whether a shape or a picture stands in it.
    has_drawing: bool,
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
    /// A span, and where it begins in the text.
    Span(usize, Look),
    Other,
}

/// The state of the walk through the content.
struct Walk<'a> {
    styles: &'a Styles,
    count: Count,
    /// The visible sheets that are complete.
    sheets: Vec<Sheet>,
    /// The sheet and the cell that are open.
    sheet: Option<Sheet>,
    cell: Option<Open>,
    /// The cells of the open row, with their columns.
    row: Vec<(u32, Open)>,
    /// The open row, and how often it is repeated.
    y: u32,
    rows: u32,
    /// The next column of the open row.
    x: u32,
    /// The columns that have been declared.
    columns: u32,
    /// The styles of cells that name none: by the columns up to which they hold, and that of the row.
    defaults: Vec<(u32, String)>,
    row_style: String,
}

fn walk(content: &Part, styles: &Styles, limits: &Limits) -> Result<Vec<Sheet>, ReadError> {
    let mut xml = Xml::new(content, Kind::Ods, limits);
    let mut open: Vec<Element> = Vec::new();
    let mut walk = Walk {
        styles,
        count: Count::new(limits, Kind::Ods),
        sheets: Vec::new(),
        sheet: None,
        cell: None,
        row: Vec::new(),
        y: 0,
        rows: 1,
        x: 0,
        columns: 0,
        defaults: Vec::new(),
        row_style: String::new(),
    };
    while let Some(event) = xml.next()? {
        match event {
            Event::Open(tag) => match walk.open(&tag, open.last())? {
                Some(element) => open.push(element),
                None => xml.skip()?,
            },
            Event::Text(text) => walk.text(&text, &open),
            Event::Close => {
                if let Some(element) = open.pop() {
                    walk.close(&element)?;
                }
            }
        }
    }
    Ok(walk.sheets)
}

impl Walk<'_> {
    /// Handles the start of an element; none if the caller has to skip it with everything in it.
    fn open(&mut self, tag: &BytesStart, parent: Option<&Element>) -> Result<Option<Element>, ReadError> {
        let name = xml::name(tag);
        Ok(match (name, self.sheet.is_some(), self.cell.is_some()) {
            ("table", false, false) => self.open_sheet(tag),
            ("table-column", true, false) => Some(self.read_column(tag)?),
            ("table-row", true, false) => Some(self.open_row(tag)?),
            ("table-cell" | "covered-table-cell", true, false) if matches!(parent, Some(Element::Row)) => {
                Some(self.open_cell(tag, name == "covered-table-cell"))
            }
            ("p" | "s" | "tab" | "line-break" | "span", _, true) => self.open_in_cell(tag, parent),
            ("frame" | "custom-shape", _, true) => {
                self.cell.iter_mut().for_each(|cell| cell.has_drawing = true);
                None
            }
            ("annotation" | "frame" | "custom-shape" | "shapes", ..) => None,
            ("ruby-text" | "forms" | "dde-source", ..) => None,
            _ => Some(Element::Other),
        })
    }

    fn open_sheet(&mut self, tag: &BytesStart) -> Option<Element> {
        if xml::attribute(tag, "style-name").is_some_and(|style| self.styles.hidden.contains(&*style)) {
            return None;
        }
        (self.sheet, self.y, self.columns) = (Some(Sheet::default()), 0, 0);
        self.defaults.clear();
        Some(Element::Sheet)
    }

    fn read_column(&mut self, tag: &BytesStart) -> Result<Element, ReadError> {
        let repeated = number(tag, "number-columns-repeated").unwrap_or(1).max(1);
        let after = self.columns.saturating_add(repeated);
        if self.is_collapsed(tag) {
            self.count.one_more()?;
            let sheet = self.sheet.get_or_insert_default();
            sheet.hidden_columns.push((self.columns, after - 1));
        }
        if let Some(style) = xml::attribute(tag, "default-cell-style-name")
            && self.defaults.len() < MOST_REPEATED as usize
        {
            self.defaults.push((after, style.into_owned()));
        }
        self.columns = after;
        Ok(Element::Other)
    }

    fn open_row(&mut self, tag: &BytesStart) -> Result<Element, ReadError> {
        (self.x, self.rows) = (0, number(tag, "number-rows-repeated").unwrap_or(1).max(1));
        self.row_style = xml::attribute(tag, "default-cell-style-name").unwrap_or_default().into_owned();
        if self.is_collapsed(tag) {
            self.count.one_more()?;
            let sheet = self.sheet.get_or_insert_default();
            sheet.hidden_rows.push((self.y, self.y.saturating_add(self.rows - 1)));
        }
        Ok(Element::Row)
    }

    /// Whether a row or a column is not shown.
    fn is_collapsed(&self, tag: &BytesStart) -> bool {
        matches!(xml::attribute(tag, "visibility").as_deref(), Some("collapse" | "filter"))
            || xml::attribute(tag, "style-name").is_some_and(|style| self.styles.closed.contains(&*style))
    }

    fn open_cell(&mut self, tag: &BytesStart, covered: bool) -> Element {
        let value = |name| xml::attribute(tag, name);
        let stored = ["value", "date-value", "boolean-value", "string-value"].into_iter().find_map(value);
        let style = value("style-name").map(|style| style.into_owned()).unwrap_or_else(|| {
            let default = self.defaults.iter().find(|(after, _)| self.x < *after);
            let of_column = default.map(|(_, style)| style.clone()).unwrap_or_default();
            if self.row_style.is_empty() { of_column } else { self.row_style.clone() }
        });
        self.cell = Some(Open {
            value: stored.map(|stored| stored.into_owned()),
            kind: value("value-type").unwrap_or_default().into_owned(),
            has_formula: value("formula").is_some(),
            framed: value("style-name").is_some_and(|style| self.styles.framed.contains(&*style)),
            style,
            covered,
            columns: number(tag, "number-columns-spanned").unwrap_or(1).max(1),
            rows: number(tag, "number-rows-spanned").unwrap_or(1).max(1),
            repeated: number(tag, "number-columns-repeated").unwrap_or(1).max(1),
            ..Open::default()
        });
        Element::Cell
    }

    /// Handles an element of the text of the open cell; none if it is to be skipped.
    fn open_in_cell(&mut self, tag: &BytesStart, parent: Option<&Element>) -> Option<Element> {
        let cell = self.cell.as_mut()?;
        match xml::name(tag) {
            "p" if matches!(parent, Some(Element::Cell)) => {
                cell.paragraphs += 1;
                if cell.paragraphs > 1 {
                    cell.text.push('\n');
                }
                return Some(Element::Paragraph);
            }
            "s" => {
                let spaces = number(tag, "c").unwrap_or(1).min(MOST_SPACES);
                cell.text.extend(std::iter::repeat_n(' ', spaces as usize));
            }
            "tab" | "line-break" => cell.text.push('\n'),
            "span" => {
                let style = xml::attribute(tag, "style-name").unwrap_or_default();
                let mut look = self.styles.look(&cell.style);
                let is_struck = look.is_struck();
                look.change(self.styles.look(&style));
                // What is struck out by hand is deleted; in a cell that is struck as a whole it is doubtful.
                if !look.is_shown() && !is_struck {
                    return None;
                }
                return Some(Element::Span(cell.text.len(), look));
            }
            _ => {}
        }
        Some(Element::Other)
    }

    fn text(&mut self, text: &str, open: &[Element]) {
        if let (Some(Element::Paragraph | Element::Span(..) | Element::Other), Some(cell)) =
            (open.last(), &mut self.cell)
            && open.iter().any(|element| matches!(element, Element::Paragraph))
        {
            push(&mut cell.text, text);
        }
    }

    fn close(&mut self, element: &Element) -> Result<(), ReadError> {
        match element {
            Element::Sheet => self.sheets.extend(self.sheet.take()),
            Element::Row => self.end_row()?,
            Element::Cell => {
                if let Some(cell) = self.cell.take() {
                    let repeated = cell.repeated;
                    self.row.push((self.x, cell));
                    self.count.one_more()?;
                    self.x = self.x.saturating_add(repeated);
                }
            }
            Element::Span(start, look) => {
                if let Some(cell) = &mut self.cell {
                    let range = *start..cell.text.len();
                    cell.raised.extend(look.is_low().map(|is_low| Raised { range: range.clone(), is_low }));
                    cell.doubts.extend(look.doubt().map(|doubt| (range, doubt)));
                }
            }
            Element::Paragraph | Element::Other => {}
        }
        Ok(())
    }

    /// Puts the cells of the open row into the sheet, as often as the row is repeated.
    fn end_row(&mut self) -> Result<(), ReadError> {
        let Some(sheet) = &mut self.sheet else { return Ok(()) };
        let (first, rows) = (self.y, self.rows);
        self.y = self.y.saturating_add(rows);
        let row = std::mem::take(&mut self.row);
        let is_blank = |cell: &Open| cell.text.is_empty() && cell.value.is_none() && !cell.framed;
        if row.iter().all(|(_, cell)| is_blank(cell)) {
            return Ok(());
        }
        for y in (first..first.saturating_add(rows)).take(MOST_REPEATED as usize) {
            for (x, cell) in &row {
                put(sheet, (y, *x), cell, self.styles, &mut self.count)?;
            }
        }
        Ok(())
    }
}

/// Puts a cell into the sheet, as often as it is repeated in its row.
fn put(
    sheet: &mut Sheet,
    (y, x): (u32, u32),
    cell: &Open,
    styles: &Styles,
    count: &mut Count,
) -> Result<(), ReadError> {
    let mut text = Text::default();
    text.push(&cell.text, 1, 0..0, Width::Whole);
    for (range, doubt) in &cell.doubts {
        text.mark_doubtful(range.clone(), *doubt);
    }
    let text = text_without_marks(&text, &cell.raised);
    let shown = match cell.paragraphs {
        0 => cell.value.clone().unwrap_or_default(),
        _ => text.as_str().to_owned(),
    };
    let is_covered = cell.has_drawing && shown.contains(|c: char| c.is_ascii_digit());
    let own = text.doubt().or(is_covered.then_some(Doubt::Covered)).or_else(|| cell.of_value());
    let doubt = match shown.is_empty() {
        true => (cell.has_formula && cell.value.is_none()).then_some(Doubt::Generated),
        // A span has the style of its cell, where it has none of its own.
        false if cell.doubts.is_empty() => own.or_else(|| styles.doubt(&cell.style)),
        false => own,
    };
    for x in (x..x.saturating_add(cell.repeated)).take(MOST_REPEATED as usize) {
        if cell.columns > 1 || cell.rows > 1 {
            count.one_more()?;
            let (bottom, right) = (y.saturating_add(cell.rows - 1), x.saturating_add(cell.columns - 1));
            sheet.merges.push(Merge { top: y, left: x, bottom, right });
        }
        // The text under a merged cell is not shown, but its frame is.
        let (text, doubt) = if cell.covered { (String::new(), None) } else { (shown.clone(), doubt) };
        sheet.put((y, x), Value { text, framed: cell.framed, doubt }, count)?;
    }
    Ok(())
}

impl Open {
    /// A number whose text is another one: the text is made again when the sheet is opened.
    fn of_value(&self) -> Option<Doubt> {
        let value: f64 = self.value.as_ref()?.trim().parse().ok()?;
        let scale = match self.kind.as_str() {
            "float" | "currency" => 1.0,
            "percentage" => 100.0,
            _ => return None,
        };
        let digits: String =
            self.text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '(' | '−')).collect();
        let is_negative = digits.starts_with(['-', '(', '−']);
        let digits = digits.trim_matches(['-', '(', '−', '.']);
        let shown: f64 = digits.parse().ok()?;
        let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len()) as i32;
        let step = 10_f64.powi(-decimals);
        let shown = if is_negative { -shown } else { shown };
        ((shown - value * scale).abs() > step).then_some(Doubt::Formatted)
    }
}

/// An attribute that is a number.
fn number(tag: &BytesStart, name: &str) -> Option<u32> {
    xml::attribute(tag, name).and_then(|value| value.parse().ok())
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
