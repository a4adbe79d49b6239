//! Excel workbooks since 2007: a ZIP archive of XML parts.

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use super::{Count, Merge, Sheet, Value, number};
use crate::error::ReadError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::package::{Package, Part};
use crate::superscripts::without_marks;
use crate::xml::{self, Event, Xml};

/// The visible sheets in the order of the workbook.
pub(super) fn sheets(bytes: &[u8], limits: &Limits) -> Result<Vec<Sheet>, ReadError> {
    let mut package = Package::open(bytes, Kind::Xlsx, limits)?;
    let relations = |package: &mut Package, of: &str| {
        let (folder, name) = of.rsplit_once('/').unwrap_or(("", of));
        match package.part(&format!("{folder}/_rels/{name}.rels"))? {
            Some(part) => targets(&part, folder, limits),
            None => Ok(HashMap::new()),
        }
    };
    let root = relations(&mut package, "")?;
    let workbook = root.values().find(|relation| relation.kind.ends_with("/officeDocument"));
    let workbook = workbook.map_or("xl/workbook.xml", |relation| &relation.path);
    let relations = relations(&mut package, workbook)?;
    let workbook = workbook_of(&package.need(workbook)?, limits)?;
    let mut of_kind = |kind: &str| {
        let relation = relations.values().find(|relation| relation.kind.ends_with(kind));
        relation.map_or(Ok(None), |relation| package.part(&relation.path))
    };
    let strings_part = of_kind("/sharedStrings")?;
    let styles_part = of_kind("/styles")?;
    let book = Book {
        from_1904: workbook.from_1904,
        strings: strings_part.map_or(Ok(Vec::new()), |part| strings(&part, limits))?,
        styles: styles_part.map_or(Ok(Vec::new()), |part| styles(&part, limits))?,
    };
    let mut count = Count::new(limits, Kind::Xlsx);
    let mut sheets = Vec::new();
    for id in workbook.sheets {
        // Charts and dialogues are sheets too.
        let relation = relations.get(&id).filter(|relation| relation.kind.ends_with("/worksheet"));
        if let Some(relation) = relation {
            sheets.push(sheet(&package.need(&relation.path)?, &book, limits, &mut count)?);
        }
    }
    Ok(sheets)
}

fn broken(what: impl ToString) -> ReadError {
    ReadError::Broken { format: Kind::Xlsx, what: what.to_string() }
}

/// Another part, as a part names it.
struct Relation {
    kind: String,
    path: String,
}

/// What every sheet needs of the workbook.
struct Book {
    from_1904: bool,
    strings: Vec<String>,
    styles: Vec<Style>,
}

/// A cell format: its number format, and whether it draws lines round the cell.
#[derive(Default)]
struct Style {
    code: String,
    framed: bool,
}

/// What stands in a part, one after another.
enum Node<'a> {
    Start(&'a BytesStart<'a>),
    /// The end of an element; of those without a meaning here the name is blank.
    End(&'static str),
    Text(&'a str),
}

/// Elements whose end has a meaning.
const ENDS: [&str; 9] = ["row", "c", "v", "t", "si", "rPh", "border", "cellXfs", "is"];

/// Hands the elements and texts of a part to `each`.
fn walk(
    part: &Part,
    limits: &Limits,
    mut each: impl FnMut(Node) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut xml = Xml::new(part, Kind::Xlsx, limits);
    let mut open = Vec::new();
    while let Some(event) = xml.next()? {
        match event {
            Event::Open(tag) => {
                let name = xml::name(&tag);
                open.push(ENDS.into_iter().find(|end| *end == name).unwrap_or_default());
                each(Node::Start(&tag))?;
            }
            Event::Close => each(Node::End(open.pop().unwrap_or_default()))?,
            Event::Text(text) => each(Node::Text(&text))?,
        }
    }
    Ok(())
}

fn attribute(element: &BytesStart, name: &str) -> Option<String> {
    xml::attribute(element, name).map(std::borrow::Cow::into_owned)
}

fn number_of<T: std::str::FromStr>(element: &BytesStart, name: &str) -> Option<T> {
    attribute(element, name)?.trim().parse().ok()
}

fn is_true(value: Option<String>) -> bool {
    value.is_some_and(|value| matches!(value.as_str(), "1" | "true" | "on"))
}

fn targets(part: &Part, folder: &str, limits: &Limits) -> Result<HashMap<String, Relation>, ReadError> {
    let mut relations = HashMap::new();
    walk(part, limits, |node| {
        if let Node::Start(element) = node
            && xml::name(element) == "Relationship"
            && let (Some(id), Some(kind), Some(target)) =
                (attribute(element, "Id"), attribute(element, "Type"), attribute(element, "Target"))
        {
            relations.insert(id, Relation { kind, path: path(folder, &target) });
        }
        Ok(())
    })?;
    Ok(relations)
}

/// A target as a path from the root of the package.
fn path(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut parts: Vec<&str> = match target.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => folder.split('/').collect(),
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("/")
}

/// The properties of the workbook.
#[derive(Default)]
struct Workbook {
    from_1904: bool,
    /// The relation ids of the sheets that are not hidden.
    sheets: Vec<String>,
}

fn workbook_of(part: &Part, limits: &Limits) -> Result<Workbook, ReadError> {
    let mut workbook = Workbook::default();
    walk(part, limits, |node| {
        let Node::Start(element) = node else { return Ok(()) };
        match xml::name(element) {
            "workbookPr" => workbook.from_1904 = is_true(attribute(element, "date1904")),
            "sheet" if attribute(element, "state").is_none_or(|state| state == "visible") => {
                workbook.sheets.extend(attribute(element, "id"));
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(workbook)
}

fn strings(part: &Part, limits: &Limits) -> Result<Vec<String>, ReadError> {
    let mut strings = Vec::new();
    let mut rich = Rich::default();
    walk(part, limits, |node| {
        match node {
            Node::Start(element) if xml::name(element) == "si" => rich = Rich::default(),
            Node::End("si") => strings.push(rich.take()),
            node => rich.node(node),
        }
        Ok(())
    })?;
    Ok(strings)
}

/// Text in pieces (`<r><t>`), without the readings above it (`<rPh>`).
#[derive(Default)]
struct Rich {
    text: String,
    in_text: bool,
    in_reading: bool,
    /// Of the piece that is being read.
    is_raised: bool,
    is_struck: bool,
    raised: Vec<std::ops::Range<usize>>,
}

impl Rich {
    fn node(&mut self, node: Node) {
        match node {
            Node::Start(element) => match xml::name(element) {
                "t" => self.in_text = true,
                "r" => (self.is_raised, self.is_struck) = (false, false),
                "vertAlign" => {
                    self.is_raised = attribute(element, "val").is_some_and(|value| value != "baseline");
                }
                "strike" => {
                    self.is_struck = attribute(element, "val").is_none_or(|value| is_true(Some(value)))
                }
                "rPh" => self.in_reading = true,
                _ => {}
            },
            Node::End("t") => self.in_text = false,
            Node::End("rPh") => self.in_reading = false,
            Node::Text(text) if self.in_text && !self.in_reading && !self.is_struck => {
                let start = self.text.len();
                self.text.push_str(text);
                if self.is_raised {
                    self.raised.push(start..self.text.len());
                }
            }
            _ => {}
        }
    }

    /// The text that has been read, without marks of notes.
    fn take(&mut self) -> String {
        let rich = std::mem::take(self);
        without_marks(&rich.text, &rich.raised)
    }
}

fn styles(part: &Part, limits: &Limits) -> Result<Vec<Style>, ReadError> {
    let mut codes: HashMap<u32, String> = HashMap::new();
    let mut borders: Vec<bool> = Vec::new();
    let mut styles = Vec::new();
    let (mut in_formats, mut in_border) = (false, false);
    walk(part, limits, |node| {
        match node {
            Node::Start(element) => match xml::name(element) {
                "numFmt" => {
                    if let (Some(id), Some(code)) =
                        (number_of(element, "numFmtId"), attribute(element, "formatCode"))
                    {
                        codes.insert(id, code);
                    }
                }
                "border" => {
                    borders.push(false);
                    in_border = true;
                }
                "left" | "right" | "start" | "end" | "top" | "bottom" if in_border => {
                    let is_drawn = attribute(element, "style").is_some_and(|style| style != "none");
                    if let Some(border) = borders.last_mut() {
                        *border |= is_drawn;
                    }
                }
                "cellXfs" => in_formats = true,
                "xf" if in_formats => {
                    let id = number_of(element, "numFmtId").unwrap_or(0);
                    let border: usize = number_of(element, "borderId").unwrap_or(0);
                    let code = codes.get(&id).cloned().unwrap_or_else(|| number::builtin(id).into());
                    styles.push(Style { code, framed: borders.get(border) == Some(&true) });
                }
                _ => {}
            },
            Node::End("border") => in_border = false,
            Node::End("cellXfs") => in_formats = false,
            _ => {}
        }
        Ok(())
    })?;
    Ok(styles)
}

/// A cell that is being read.
#[derive(Default)]
struct Open {
    at: (u32, u32),
    style: usize,
    kind: String,
    value: String,
    in_value: bool,
    rich: Rich,
}

fn sheet(part: &Part, book: &Book, limits: &Limits, count: &mut Count) -> Result<Sheet, ReadError> {
    let mut sheet = Sheet::default();
    let mut next = (0, 0);
    let mut cell: Option<Open> = None;
    walk(part, limits, |node| {
        match (node, &mut cell) {
            (Node::Start(element), None) => match xml::name(element) {
                "row" => {
                    let row: Option<u32> = number_of(element, "r");
                    next = (row.map_or(next.0, |row| row.saturating_sub(1)), 0);
                    if is_true(attribute(element, "hidden")) {
                        count.one_more()?;
                        sheet.hidden_rows.push((next.0, next.0));
                    }
                }
                "c" => {
                    let at = attribute(element, "r").and_then(|name| position(&name)).unwrap_or(next);
                    let style = number_of(element, "s").unwrap_or(0);
                    let kind = attribute(element, "t").unwrap_or_default();
                    cell = Some(Open { at, style, kind, ..Open::default() });
                }
                "col" if is_true(attribute(element, "hidden")) => {
                    if let (Some(first), Some(last)) = (number_of(element, "min"), number_of(element, "max"))
                    {
                        let (first, last): (u32, u32) = (first, last);
                        count.one_more()?;
                        sheet.hidden_columns.push((first.saturating_sub(1), last.saturating_sub(1)));
                    }
                }
                "mergeCell" => {
                    let merge = attribute(element, "ref").and_then(|range| merge(&range));
                    if let Some(merge) = merge {
                        count.one_more()?;
                        sheet.merges.push(merge);
                    }
                }
                _ => {}
            },
            (Node::End("row"), None) => next = (next.0.saturating_add(1), 0),
            (Node::End("c"), Some(open)) => {
                let value = value(open, book)?;
                let at = open.at;
                next = (at.0, at.1.saturating_add(1));
                cell = None;
                sheet.put(at, value, count)?;
            }
            (Node::Start(element), Some(open)) if xml::name(element) == "v" => open.in_value = true,
            (Node::End("v"), Some(open)) => open.in_value = false,
            (Node::Text(text), Some(open)) if open.in_value => open.value.push_str(text),
            (node, Some(open)) => open.rich.node(node),
            _ => {}
        }
        Ok(())
    })?;
    Ok(sheet)
}

/// What a cell shows, by its type.
fn value(cell: &mut Open, book: &Book) -> Result<Value, ReadError> {
    let style = book.styles.get(cell.style);
    let framed = style.is_some_and(|style| style.framed);
    let text = match cell.kind.as_str() {
        "s" if cell.value.is_empty() => String::new(),
        "s" => {
            let index: usize = cell.value.trim().parse().map_err(|_| broken("a text has no number"))?;
            book.strings.get(index).cloned().ok_or_else(|| broken("a text is missing"))?
        }
        "inlineStr" => cell.rich.take(),
        "b" if cell.value == "1" => "TRUE".into(),
        "b" if cell.value == "0" => "FALSE".into(),
        "str" | "e" | "b" => std::mem::take(&mut cell.value),
        "d" => iso_date(&cell.value),
        _ if cell.value.trim().is_empty() => String::new(),
        _ => match cell.value.trim().parse::<f64>() {
            Ok(value) => number::shown(value, style.map_or("General", |style| &style.code), book.from_1904),
            Err(_) => std::mem::take(&mut cell.value),
        },
    };
    Ok(Value { text: unescape(text), framed })
}

/// `2025-01-17T00:00:00` as a day.
pub(super) fn iso_date(value: &str) -> String {
    let mut parts = value.split(['-', 'T', ' ']).map(|part| part.parse::<u32>().ok());
    match (parts.next().flatten(), parts.next().flatten(), parts.next().flatten()) {
        (Some(year), Some(month), Some(day)) => format!("{year}年{month}月{day}日"),
        _ => value.into(),
    }
}

/// Control characters are spelled `_x000D_`.
fn unescape(text: String) -> String {
    if !text.contains("_x") {
        return text;
    }
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 6).and_then(|code| u32::from_str_radix(code, 16).ok());
        let character = code.and_then(char::from_u32).filter(|_| rest[at + 6..].starts_with('_'));
        let after = if character.is_some() { at + 7 } else { at + 2 };
        plain.push_str(&rest[..at]);
        plain.push_str(character.map_or("_x", |_| ""));
        plain.extend(character);
        rest = &rest[after..];
    }
    plain + rest
}

/// The last row and column that Excel has.
const MOST: (u32, u32) = (1_048_575, 16_383);

/// `B7` as row and column from 0.
fn position(name: &str) -> Option<(u32, u32)> {
    let name = name.trim().replace('$', "");
    let letters = name.len() - name.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
    if !(1..=3).contains(&letters) {
        return None;
    }
    let column = name[..letters]
        .bytes()
        .fold(0, |sum, letter| sum * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1);
    let row: u32 = name[letters..].parse().ok()?;
    let at = (row.checked_sub(1)?, column - 1);
    (at.0 <= MOST.0 && at.1 <= MOST.1).then_some(at)
}

fn merge(range: &str) -> Option<Merge> {
    let (from, to) = range.split_once(':')?;
    let ((top, left), (bottom, right)) = (position(from)?, position(to)?);
    (top <= bottom && left <= right).then_some(Merge { top, left, bottom, right })
}
