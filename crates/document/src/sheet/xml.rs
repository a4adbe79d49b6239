//! Workbooks of Excel 2003 in one XML file, often named `.xls`.

use std::collections::HashMap;

use super::{Count, Merge, Sheet, Value, number, xlsx};
use crate::error::ReadError;
use crate::kind::Kind;
use crate::letters::{Letters, Rgb, WHITE, hex};
use crate::limits::Limits;
use crate::model::{Doubt, Text, Width};
use crate::package::Part;
use crate::superscripts::{Raised, text_without_marks};
use crate::xml::{self, Event, Xml};

/// The visible sheets in the order of the workbook.
pub(super) fn sheets(bytes: &[u8], limits: &Limits) -> Result<Vec<Sheet>, ReadError> {
    let file = Part::whole(bytes);
    let mut book =
        Book { xml: Xml::new(&file, Kind::ExcelXml, limits), count: Count::new(limits, Kind::ExcelXml) };
    let (mut styles, mut sheets) = (HashMap::<String, Style>::new(), Vec::new());
    while let Some(event) = book.xml.next()? {
        let Event::Open(tag) = event else { continue };
        match xml::name(&tag) {
            "Style" => {
                let id = xml::attribute(&tag, "ID").unwrap_or_default().into_owned();
                // A style is based on another one, at last on that of all cells.
                let parent = xml::attribute(&tag, "Parent").unwrap_or_else(|| "Default".into());
                let mut style: Style = styles.get(&*parent).cloned().unwrap_or_default();
                book.xml.within(|tag, _| {
                    match xml::name(tag) {
                        "NumberFormat" => {
                            style.code = code(&xml::attribute(tag, "Format").unwrap_or_default());
                        }
                        "Font" => {
                            let value = |name| xml::attribute(tag, name);
                            if let Some(colour) = value("Color") {
                                style.letters.colour = Some(hex(&colour).filter(|_| colour.starts_with('#')));
                            }
                            if let Some(size) = value("Size").and_then(|size| size.parse::<f32>().ok()) {
                                style.letters.size = Some((size * 2.0) as u32);
                            }
                            style.is_struck = value("StrikeThrough").as_deref() == Some("1");
                        }
                        "Interior" => {
                            let pattern = xml::attribute(tag, "Pattern").unwrap_or_default();
                            let colour = xml::attribute(tag, "Color").and_then(|colour| hex(&colour));
                            style.ground = match &*pattern {
                                "Solid" => colour.or(style.ground),
                                "" | "None" => Some(WHITE),
                                _ => None,
                            };
                        }
                        "Alignment" => {
                            style.repeats = xml::attribute(tag, "Horizontal").as_deref() == Some("Fill");
                        }
                        "Border" => {
                            style.framed |=
                                xml::attribute(tag, "LineStyle").is_some_and(|line| line != "None")
                        }
                        _ => {}
                    }
                    Ok(())
                })?;
                styles.insert(id, style);
                book.xml.no_more_than_kept(styles.len(), "styles")?;
            }
            "Worksheet" => sheets.extend(book.sheet(&styles)?),
            _ => {}
        }
    }
    Ok(sheets)
}

/// How cells of a style are shown.
#[derive(Clone)]
struct Style {
    code: String,
    framed: bool,
    letters: Letters,
    is_struck: bool,
    ground: Option<Rgb>,
    repeats: bool,
}

impl Style {
    /// Why what is seen in a cell may differ from what is stored.
    fn doubt(&self, colour: Option<Rgb>) -> Option<Doubt> {
        let letters = Letters { colour: colour.map(Some).or(self.letters.colour), ..self.letters };
        let own = self.repeats.then_some(Doubt::Generated);
        own.or(self.is_struck.then_some(Doubt::Struck)).or(letters.doubt(self.ground))
    }
}

impl Default for Style {
    fn default() -> Style {
        Style {
            code: code(""),
            framed: false,
            letters: Letters::default(),
            is_struck: false,
            ground: Some(WHITE),
            repeats: false,
        }
    }
}

/// A format code; some have names.
fn code(format: &str) -> String {
    match format {
        "Fixed" => "0.00",
        "Standard" => "#,##0.00",
        "Percent" => "0.00%",
        "Short Date" | "Long Date" | "Medium Date" | "General Date" => "yyyy-m-d",
        "" | "General Number" => "General",
        format => format,
    }
    .into()
}

struct Book<'a> {
    xml: Xml<'a>,
    count: Count,
}

/// A cell that is being read.
#[derive(Default)]
struct Open {
    x: u32,
    across: u32,
    down: u32,
    style: String,
    kind: String,
    text: String,
    raised: Vec<Raised>,
    doubt: Option<Doubt>,
    has_formula: bool,
}

/// What is open around the next text.
enum Element {
    Row,
    Cell,
    Data,
    Raised,
    Visible,
    Other,
}

impl Book<'_> {
    /// The sheet that has just been opened; none if it is hidden.
    fn sheet(&mut self, styles: &HashMap<String, Style>) -> Result<Option<Sheet>, ReadError> {
        let mut sheet = Sheet::default();
        let mut is_hidden = false;
        let mut open: Vec<Element> = Vec::new();
        let (mut y, mut x, mut columns, mut after) = (0_u32, 0_u32, 0_u32, 0_u32);
        let mut cell: Option<Open> = None;
        while let Some(event) = self.xml.next()? {
            let tag = match event {
                Event::Open(tag) => tag,
                Event::Text(text) => {
                    match (open.last(), &mut cell) {
                        (Some(Element::Visible), _) => is_hidden |= text.contains("Hidden"),
                        (Some(Element::Cell) | None, _) => {}
                        (_, Some(cell)) if open.iter().any(|element| matches!(element, Element::Data)) => {
                            cell.text.push_str(&text);
                        }
                        _ => {}
                    }
                    continue;
                }
                Event::Close => {
                    match (open.pop(), &mut cell) {
                        (None, _) => break,
                        (Some(Element::Row), _) => y = after,
                        (Some(Element::Raised), Some(cell)) => {
                            let end = cell.text.len();
                            cell.raised.last_mut().into_iter().for_each(|raised| raised.range.end = end);
                        }
                        (Some(Element::Cell), found) => {
                            if let Some(cell) = found.take() {
                                self.cell(&mut sheet, y, cell, styles)?;
                            }
                        }
                        _ => {}
                    }
                    continue;
                }
            };
            let value = |name| xml::attribute(&tag, name);
            let number = |name| value(name).and_then(|value| value.parse::<u32>().ok());
            let is_folded = || value("Hidden").as_deref() == Some("1");
            let element = match (xml::name(&tag), &mut cell) {
                ("Column", None) => {
                    let first = number("Index").map_or(columns, |index| index.saturating_sub(1));
                    let last = first.saturating_add(number("Span").unwrap_or(0));
                    if is_folded() {
                        self.count.one_more()?;
                        sheet.hidden_columns.push((first, last));
                    }
                    columns = last.saturating_add(1);
                    Element::Other
                }
                ("Row", None) => {
                    y = number("Index").map_or(y, |index| index.saturating_sub(1));
                    let last = y.saturating_add(number("Span").unwrap_or(0));
                    (x, after) = (0, last.saturating_add(1));
                    if is_folded() {
                        self.count.one_more()?;
                        sheet.hidden_rows.push((y, last));
                    }
                    Element::Row
                }
                ("Cell", None) if matches!(open.last(), Some(Element::Row)) => {
                    x = number("Index").map_or(x, |index| index.saturating_sub(1));
                    let (across, down) =
                        (number("MergeAcross").unwrap_or(0), number("MergeDown").unwrap_or(0));
                    let style = value("StyleID").unwrap_or_default().into_owned();
                    let has_formula = value("Formula").is_some();
                    cell = Some(Open { x, across, down, style, has_formula, ..Open::default() });
                    x = x.saturating_add(across).saturating_add(1);
                    Element::Cell
                }
                ("Data", Some(cell)) => {
                    cell.kind = value("Type").unwrap_or_default().into_owned();
                    Element::Data
                }
                (name @ ("Sup" | "Sub"), Some(cell)) => {
                    let at = cell.text.len();
                    cell.raised.push(Raised { range: at..at, is_low: name == "Sub" });
                    Element::Raised
                }
                ("Font", Some(cell)) => {
                    let colour = value("Color").and_then(|colour| hex(&colour));
                    let size = value("Size").and_then(|size| size.parse::<f32>().ok());
                    let letters = Letters {
                        colour: colour.map(Some),
                        size: size.map(|size| (size * 2.0) as u32),
                        ..Letters::default()
                    };
                    let ground = styles.get(&cell.style).map_or(Some(WHITE), |style| style.ground);
                    cell.doubt = cell.doubt.or(letters.doubt(ground));
                    Element::Other
                }
                ("Comment" | "PhoneticText" | "S", Some(_)) => {
                    self.xml.skip()?;
                    continue;
                }
                ("Visible", None) => Element::Visible,
                _ => Element::Other,
            };
            open.push(element);
        }
        Ok((!is_hidden).then_some(sheet))
    }

    fn cell(
        &mut self,
        sheet: &mut Sheet,
        y: u32,
        cell: Open,
        styles: &HashMap<String, Style>,
    ) -> Result<(), ReadError> {
        self.count.one_more()?;
        let style = styles.get(&cell.style);
        let mut whole = Text::default();
        whole.push(&cell.text, 1, 0..0, Width::Whole);
        let whole = text_without_marks(&whole, &cell.raised);
        let text = whole.as_str().to_owned();
        let code = style.map_or("General", |style| &style.code);
        let plain = |text: String| number::Shown { text, ..number::Shown::default() };
        let shown = match (cell.kind.as_str(), text.trim().parse::<f64>()) {
            ("Number", Ok(value)) => number::shown(value, code, false),
            ("DateTime", _) => plain(xlsx::iso_date(text.trim())),
            ("Boolean", _) => plain(if text.trim() == "1" { "TRUE" } else { "FALSE" }.into()),
            ("String", _) => number::shown_text(text, code),
            _ => plain(text),
        };
        let is_open = cell.has_formula && cell.text.is_empty();
        let doubt = match shown.text.is_empty() {
            true => is_open.then_some(Doubt::Generated),
            false => whole
                .doubt()
                .or(cell.doubt)
                .or(shown.is_unsure.then_some(Doubt::Formatted))
                .or(style.and_then(|style| style.doubt(shown.colour))),
        };
        let text = shown.text;
        if cell.across > 0 || cell.down > 0 {
            let (bottom, right) = (y.saturating_add(cell.down), cell.x.saturating_add(cell.across));
            sheet.merges.push(Merge { top: y, left: cell.x, bottom, right });
        }
        let framed = style.is_some_and(|style| style.framed);
        sheet.put((y, cell.x), Value { text, framed, doubt }, &mut self.count)
    }
}
