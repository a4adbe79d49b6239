//! Excel workbooks since 2007: a ZIP archive of XML parts.

use std::collections::{HashMap, HashSet};

use quick_xml::events::BytesStart;

use super::formats::{self, Style, Theme};
use super::rich::Rich;
use super::{Count, Merge, Sheet, Value, conditions, drawings, number};
use crate::error::ReadError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::model::Doubt;
use crate::package::{Package, Part};
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
    let theme = of_kind("/theme")?.map_or(Ok(Theme::default()), |part| Theme::read(&part, limits))?;
    let formats =
        styles_part.map_or(Ok(formats::Formats::default()), |part| formats::read(&part, &theme, limits))?;
    let book = Book {
        from_1904: workbook.from_1904,
        computes: workbook.computes,
        strings: strings_part.map_or(Ok(Vec::new()), |part| strings(&part, &theme, limits))?,
        theme,
        styles: formats.styles,
        changes: formats.changes,
    };
    let mut count = Count::new(limits, Kind::Xlsx);
    let mut sheets = Vec::new();
    for id in workbook.sheets {
        // Charts and dialogues are sheets too.
        let relation = relations.get(&id).filter(|relation| relation.kind.ends_with("/worksheet"));
        if let Some(relation) = relation {
            let path = relation.path.clone();
            let mut sheet = sheet(&package.need(&path)?, &book, limits, &mut count)?;
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
            if let Some(part) = package.part(&format!("{folder}/_rels/{name}.rels"))? {
                let related = targets(&part, folder, limits)?;
                for drawing in related.values().filter(|relation| relation.kind.ends_with("/drawing")) {
                    if let Some(part) = package.part(&drawing.path)? {
                        drawings::mark(&mut sheet, &part, limits)?;
                    }
                }
            }
            sheets.push(sheet);
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
    /// Whether all formulas are computed when it is opened.
    computes: bool,
    strings: Vec<Rich>,
    theme: Theme,
    styles: Vec<Style>,
    /// What conditional formats change.
    changes: Vec<formats::Change>,
}

/// What stands in a part, one after another.
pub(super) enum Node<'a> {
    Start(&'a BytesStart<'a>),
    /// The end of an element; of those without a meaning here the name is blank.
    End(&'static str),
    Text(&'a str),
}

/// Elements whose end has a meaning.
const ENDS: [&str; 28] = [
    "row",
    "c",
    "v",
    "f",
    "t",
    "r",
    "si",
    "rPh",
    "rPr",
    "is",
    "border",
    "cellXfs",
    "fonts",
    "font",
    "fills",
    "fill",
    "dxf",
    "dxfs",
    "cfRule",
    "conditionalFormatting",
    "formula",
    "sqref",
    "clrScheme",
    "twoCellAnchor",
    "oneCellAnchor",
    "col",
    "colOff",
    "rowOff",
];

/// Hands the elements and texts of a part to `each`.
pub(super) fn walk(
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

pub(super) fn attribute(element: &BytesStart, name: &str) -> Option<String> {
    xml::attribute(element, name).map(std::borrow::Cow::into_owned)
}

pub(super) fn number_of<T: std::str::FromStr>(element: &BytesStart, name: &str) -> Option<T> {
    attribute(element, name)?.trim().parse().ok()
}

pub(super) fn is_true(value: Option<String>) -> bool {
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
    computes: bool,
    /// The relation ids of the sheets that are not hidden.
    sheets: Vec<String>,
}

fn workbook_of(part: &Part, limits: &Limits) -> Result<Workbook, ReadError> {
    let mut workbook = Workbook::default();
    walk(part, limits, |node| {
        let Node::Start(element) = node else { return Ok(()) };
        match xml::name(element) {
            "workbookPr" => workbook.from_1904 = is_true(attribute(element, "date1904")),
            "calcPr" => workbook.computes = is_true(attribute(element, "fullCalcOnLoad")),
            "sheet" if attribute(element, "state").is_none_or(|state| state == "visible") => {
                workbook.sheets.extend(attribute(element, "id"));
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(workbook)
}

fn strings(part: &Part, theme: &Theme, limits: &Limits) -> Result<Vec<Rich>, ReadError> {
    let mut strings = Vec::new();
    let mut rich = Rich::default();
    walk(part, limits, |node| {
        match node {
            Node::Start(element) if xml::name(element) == "si" => rich = Rich::default(),
            Node::End("si") => strings.push(std::mem::take(&mut rich)),
            node => rich.node(node, theme),
        }
        Ok(())
    })?;
    Ok(strings)
}

/// A cell that is being read.
#[derive(Default)]
struct Open {
    at: (u32, u32),
    style: usize,
    kind: String,
    value: String,
    in_value: bool,
    /// The formula; none where there is none.
    formula: Option<String>,
    in_formula: bool,
    is_volatile: bool,
    rich: Rich,
}

/// What a sheet says of all its cells.
#[derive(Default)]
struct View {
    hides_zeros: bool,
    shows_formulas: bool,
}

fn sheet(part: &Part, book: &Book, limits: &Limits, count: &mut Count) -> Result<Sheet, ReadError> {
    let mut sheet = Sheet::default();
    let mut next = (0, 0);
    let mut cell: Option<Open> = None;
    let mut view = View::default();
    let mut conditions = conditions::Conditions::default();
    let (mut low_rows, mut narrow_columns) = (HashSet::new(), HashMap::new());
    walk(part, limits, |node| {
        match (node, &mut cell) {
            (Node::Start(element), None) => match xml::name(element) {
                "sheetView" => {
                    view.hides_zeros |=
                        attribute(element, "showZeros").is_some_and(|value| !is_true(Some(value)));
                    view.shows_formulas |= is_true(attribute(element, "showFormulas"));
                }
                "row" => {
                    let row: Option<u32> = number_of(element, "r");
                    next = (row.map_or(next.0, |row| row.saturating_sub(1)), 0);
                    let height: Option<f32> = number_of(element, "ht");
                    let is_closed = height.is_some_and(|height| height <= CLOSED);
                    if is_true(attribute(element, "hidden")) || is_closed {
                        count.one_more()?;
                        sheet.hidden_rows.push((next.0, next.0));
                    } else if height.is_some_and(|height| height < LOW) {
                        low_rows.insert(next.0);
                    }
                }
                "c" => {
                    let at = attribute(element, "r").and_then(|name| position(&name)).unwrap_or(next);
                    let style = number_of(element, "s").unwrap_or(0);
                    let kind = attribute(element, "t").unwrap_or_default();
                    cell = Some(Open { at, style, kind, ..Open::default() });
                }
                "col" => {
                    if let (Some(first), Some(last)) = (number_of(element, "min"), number_of(element, "max"))
                    {
                        let (first, last): (u32, u32) = (first, last);
                        let (first, last) = (first.saturating_sub(1), last.saturating_sub(1));
                        let width: Option<f32> = number_of(element, "width");
                        let is_closed = width.is_some_and(|width| width <= 0.0);
                        if is_true(attribute(element, "hidden")) || is_closed {
                            count.one_more()?;
                            sheet.hidden_columns.push((first, last));
                        } else if width.is_some_and(|width| width < NARROW) {
                            let columns = first..=last.min(MOST.1);
                            narrow_columns.extend(columns.map(|column| (column, width.unwrap_or(0.0))));
                        }
                    }
                }
                "mergeCell" => {
                    let merge = attribute(element, "ref").and_then(|range| merge(&range));
                    if let Some(merge) = merge {
                        count.one_more()?;
                        sheet.merges.push(merge);
                    }
                }
                _ => conditions.node(&Node::Start(element)),
            },
            (Node::End("row"), None) => next = (next.0.saturating_add(1), 0),
            (Node::End("c"), Some(open)) => {
                let value = value(open, book, &view)?;
                let at = open.at;
                next = (at.0, at.1.saturating_add(1));
                cell = None;
                sheet.put(at, value, count)?;
            }
            (Node::Start(element), Some(open)) if xml::name(element) == "v" => open.in_value = true,
            (Node::End("v"), Some(open)) => open.in_value = false,
            (Node::Text(text), Some(open)) if open.in_value => open.value.push_str(text),
            (Node::Start(element), Some(open)) if xml::name(element) == "f" => {
                open.is_volatile = is_true(attribute(element, "ca"));
                (open.formula, open.in_formula) = (Some(String::new()), true);
            }
            (Node::End("f"), Some(open)) => open.in_formula = false,
            (Node::Text(text), Some(open)) if open.in_formula => {
                open.formula.get_or_insert_default().push_str(text);
            }
            (node, Some(open)) => open.rich.node(node, &book.theme),
            (node, None) => conditions.node(&node),
        }
        Ok(())
    })?;
    // A merged cell is as high and as wide as all of its rows and columns.
    let merged: HashMap<(u32, u32), (u32, u32)> =
        sheet.merges.iter().map(|merge| ((merge.top, merge.left), (merge.bottom, merge.right))).collect();
    for (at, content) in &mut sheet.cells {
        let (bottom, right) = merged.get(at).copied().unwrap_or(*at);
        let is_low = (at.0..=bottom).all(|row| low_rows.contains(&row));
        let widths = (at.1..=right).map(|column| narrow_columns.get(&column).copied());
        let width: Option<f32> = widths.sum();
        let is_cut = width.is_some_and(|width| {
            let is_figure = content.text.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-');
            width < SLIT || is_figure && content.text.len() as f32 > width + 1.0
        });
        if (is_low || is_cut) && content.doubt.is_none() {
            content.doubt = Some(Doubt::Clipped);
        }
    }
    conditions.mark(&mut sheet, &book.changes);
    Ok(sheet)
}

/// Points of a row, up to which nothing of it is shown, and below which its letters are cut off.
const CLOSED: f32 = 0.5;
const LOW: f32 = 4.0;
/// Characters that fit into a column, below which a figure is shown as `#`.
const NARROW: f32 = 2.0;
/// Characters of a column in which nothing is seen.
const SLIT: f32 = 0.5;

/// What a cell shows, by its type.
fn value(cell: &mut Open, book: &Book, view: &View) -> Result<Value, ReadError> {
    let style = book.styles.get(cell.style);
    let framed = style.is_some_and(|style| style.framed);
    let code = style.map_or("General", |style| &style.code);
    let plain = |text: String| (number::Shown { text, ..number::Shown::default() }, None);
    let is_blank = cell.value.trim().is_empty();
    let (shown, own) = match cell.kind.as_str() {
        "s" if cell.value.is_empty() => plain(String::new()),
        "s" => {
            let index: usize = cell.value.trim().parse().map_err(|_| broken("a text has no number"))?;
            let rich = book.strings.get(index).ok_or_else(|| broken("a text is missing"))?;
            rich.shown(style)
        }
        "inlineStr" => std::mem::take(&mut cell.rich).shown(style),
        "b" if cell.value == "1" => plain("TRUE".into()),
        "b" if cell.value == "0" => plain("FALSE".into()),
        "str" | "e" | "b" => (number::shown_text(std::mem::take(&mut cell.value), code), None),
        "d" => plain(iso_date(&cell.value)),
        _ if is_blank => plain(String::new()),
        _ => match cell.value.trim().parse::<f64>() {
            Ok(0.0) if view.hides_zeros => plain(String::new()),
            Ok(value) => (number::shown(value, code, book.from_1904), None),
            Err(_) => plain(std::mem::take(&mut cell.value)),
        },
    };
    let of_formula = cell.formula.as_deref().and_then(|formula| {
        let is_open = is_blank && !matches!(cell.kind.as_str(), "inlineStr" | "str");
        let is_computed = book.computes || cell.is_volatile || is_volatile(formula);
        (view.shows_formulas || is_open || is_computed).then_some(Doubt::Generated)
    });
    let is_rich = matches!(cell.kind.as_str(), "s" | "inlineStr");
    let of_style = style.filter(|_| !is_rich).and_then(|style| style.doubt(shown.colour));
    let of_format = shown.is_unsure.then_some(Doubt::Formatted);
    let doubt = if shown.text.is_empty() { None } else { own.or(of_format).or(of_style) };
    Ok(Value { text: unescape(shown.text), framed, doubt: of_formula.or(doubt) })
}

/// Whether a formula has another result each time.
fn is_volatile(formula: &str) -> bool {
    let formula = formula.to_ascii_uppercase();
    ["NOW(", "TODAY(", "RAND(", "RANDBETWEEN(", "OFFSET(", "INDIRECT(", "CELL(", "INFO("]
        .iter()
        .any(|name| formula.contains(name))
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
pub(super) fn unescape(text: String) -> String {
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

pub(super) fn merge(range: &str) -> Option<Merge> {
    let (from, to) = range.split_once(':')?;
    let ((top, left), (bottom, right)) = (position(from)?, position(to)?);
    (top <= bottom && left <= right).then_some(Merge { top, left, bottom, right })
}
