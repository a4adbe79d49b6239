//! The two official forms as data: every row, column and cell id.
//!
//! The form of 2019 (国办公开办函〔2019〕60号, reports of 2019 and 2020) and the form of 2021
//! (国办公开办函〔2021〕30号, reports from 2021 on) stand in `forms.json`. A cell id names the same
//! thing in both forms or stands in one of them only.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::{Equation, Year, equation};

/// Which of the two forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FormId {
    /// 国办公开办函〔2019〕60号.
    F2019,
    /// 国办公开办函〔2021〕30号.
    F2021,
}

impl FormId {
    /// Both, in order.
    pub const ALL: [Self; 2] = [Self::F2019, Self::F2021];

    /// `2019` or `2021`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::F2019 => "2019",
            Self::F2021 => "2021",
        }
    }

    /// The form with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.as_str() == name)
    }

    /// The form that a report of this year has to use; none before there were such forms.
    pub fn of_year(year: Year) -> Option<Self> {
        match year.get() {
            ..=2018 => None,
            2019 | 2020 => Some(Self::F2019),
            2021.. => Some(Self::F2021),
        }
    }
}

impl fmt::Display for FormId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The id of a cell, e.g. `requests.received.total`; always one that a form has.
#[derive(Clone, Copy)]
pub struct CellId(&'static Named);

/// The name of a cell, which is there once, with its position in each form that has it.
struct Named {
    name: &'static str,
    positions: [Option<usize>; FormId::ALL.len()],
}

/// No form has a cell of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no form has a cell `{0}`")]
pub struct UnknownCell(pub String);

impl CellId {
    /// The id with this name.
    ///
    /// # Errors
    /// If no form has such a cell.
    pub fn parse(name: &str) -> Result<Self, UnknownCell> {
        CATALOGUE.ids.get(name).copied().ok_or_else(|| UnknownCell(name.to_owned()))
    }

    /// The name.
    pub fn as_str(self) -> &'static str {
        self.0.name
    }

    /// The table it stands in.
    pub fn table(self) -> Table {
        if self.as_str().starts_with("active.") {
            Table::Active
        } else if self.as_str().starts_with("requests.") {
            Table::Requests
        } else {
            Table::Litigation
        }
    }

    /// What kind of figure stands in it.
    pub fn kind(self) -> CellKind {
        if self.as_str().ends_with(".amount") {
            CellKind::Amount
        } else if self.as_str().ends_with(".items_change") {
            CellKind::Change
        } else {
            CellKind::Count
        }
    }
}

impl PartialEq for CellId {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for CellId {}

impl Hash for CellId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::hash(self.0, state);
    }
}

impl PartialOrd for CellId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CellId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl fmt::Debug for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CellId").field(&self.as_str()).finish()
    }
}

impl fmt::Display for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The three tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Section two, 主动公开政府信息情况.
    Active,
    /// Section three, 收到和处理政府信息公开申请情况.
    Requests,
    /// Section four, 行政复议、行政诉讼情况.
    Litigation,
}

impl Table {
    /// The three, in order.
    pub const ALL: [Self; 3] = [Self::Active, Self::Requests, Self::Litigation];

    /// The name used in notes and ids.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Requests => "requests",
            Self::Litigation => "litigation",
        }
    }

    /// The number by which reviewers call it.
    pub fn short_title(self) -> &'static str {
        match self {
            Self::Active => "表二",
            Self::Requests => "表三",
            Self::Litigation => "表四",
        }
    }

    /// The number with the name that the form gives it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Active => "表二（主动公开政府信息情况）",
            Self::Requests => "表三（收到和处理政府信息公开申请情况）",
            Self::Litigation => "表四（行政复议、行政诉讼情况）",
        }
    }
}

/// The kind of figure that a cell takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CellKind {
    /// A whole number, not negative.
    Count,
    /// A whole number that may be negative (本年增/减).
    Change,
    /// Money in 万元, not negative, with decimals.
    Amount,
}

/// An official form.
#[derive(Debug)]
pub struct Form {
    /// Which.
    pub id: FormId,
    /// The blocks of table two.
    pub active: Vec<ActiveBlock>,
    /// The rows of table three.
    pub requests: Vec<RequestRow>,
    /// The seven columns of table three: six kinds of applicant and 总计.
    pub applicants: Vec<Line>,
    /// The three groups of table four.
    pub litigation_groups: Vec<Line>,
    /// The five columns of each of its groups.
    pub litigation_columns: Vec<Line>,
    cells: Vec<CellId>,
    /// Row and column of each cell in words, in the same order.
    labels: Vec<String>,
    /// The position of the first cell of table three.
    first_request: usize,
    equations: Vec<Equation>,
}

/// A block of table two, headed by the article of the regulation it answers to.
#[derive(Debug)]
pub struct ActiveBlock {
    /// E.g. `第二十条第（一）项`.
    pub article: &'static str,
    /// Its rows.
    pub rows: Vec<Line>,
    /// Its columns.
    pub columns: Vec<Line>,
}

/// A row of table three.
#[derive(Debug)]
pub struct RequestRow {
    /// E.g. `refused.third_party`.
    pub id: &'static str,
    /// E.g. `4.保护第三方合法权益`.
    pub label: &'static str,
    /// The label of the group it stands in, e.g. `(三)不予公开`.
    pub under: Option<&'static str>,
}

/// A row or column with its id and its official label.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// The part of the cell id.
    pub id: &'static str,
    /// The official label.
    pub label: &'static str,
}

impl Form {
    /// The form.
    pub fn get(id: FormId) -> &'static Self {
        match id {
            FormId::F2019 => &CATALOGUE.forms[0],
            FormId::F2021 => &CATALOGUE.forms[1],
        }
    }

    /// Every cell id in the order of the form.
    pub fn cells(&self) -> &[CellId] {
        &self.cells
    }

    /// The position of a cell among [`Form::cells`].
    pub fn position(&self, id: CellId) -> Option<usize> {
        id.0.positions[self.id as usize]
    }

    /// The cell of table two in this row and column.
    pub fn active_cell(&self, row: &str, column: &str) -> Option<CellId> {
        self.named(&format!("active.{row}.{column}"))
    }

    /// The cell of table three in this row and column.
    pub fn request_cell(&self, row: &str, column: &str) -> Option<CellId> {
        let row = self.requests.iter().position(|other| other.id == row)?;
        let column = self.applicants.iter().position(|other| other.id == column)?;
        self.cells.get(self.first_request + row * self.applicants.len() + column).copied()
    }

    /// The cell of table four in this group and column.
    pub fn litigation_cell(&self, group: &str, column: &str) -> Option<CellId> {
        self.named(&format!("{group}.{column}"))
    }

    /// Row and column of a cell in words, e.g. `不予公开·4.保护第三方合法权益 / 自然人`.
    pub fn label(&self, id: CellId) -> &str {
        let label = self.position(id).and_then(|position| self.labels.get(position));
        label.map_or(id.as_str(), String::as_str)
    }

    /// Row and column of a cell as a sentence names them, e.g. `“（三）予以公开”行“自然人”列`, in the brackets of the
    /// form and without the explanation that it adds to 部分公开. Table four has groups of columns instead of rows.
    pub fn place(&self, id: CellId) -> String {
        let line = if id.table() == Table::Litigation { "组" } else { "行" };
        match self.label(id).rsplit_once(" / ") {
            Some((row, column)) => {
                let row = row.split_once("(区分处理的").map_or(row, |(row, _)| row);
                format!("“{row}”{line}“{column}”列")
            }
            None => format!("“{}”", self.label(id)),
        }
    }

    /// What has to balance (勾稽关系).
    pub fn equations(&self) -> &[Equation] {
        &self.equations
    }

    fn named(&self, name: &str) -> Option<CellId> {
        CellId::parse(name).ok().filter(|id| self.position(*id).is_some())
    }
}

struct Catalogue {
    forms: [Form; 2],
    ids: HashMap<&'static str, CellId>,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    // The forms live as long as the program, so ids and labels can be borrowed from them for ever.
    let source: &'static Source = Box::leak(Box::new(
        serde_json::from_str(include_str!("forms.json"))
            .expect("forms.json is part of this crate and a test reads it"),
    ));
    let of = |id: FormId| {
        source.forms.iter().find(|form| form.id == id.as_str()).expect("forms.json has both forms")
    };
    let sources = FormId::ALL.map(of);
    let listed = sources.map(cells_of);
    let mut positions: HashMap<&str, [Option<usize>; FormId::ALL.len()]> = HashMap::new();
    for (form, cells) in listed.iter().enumerate() {
        for (position, (name, _)) in cells.iter().enumerate() {
            positions.entry(name).or_default()[form] = Some(position);
        }
    }
    let leaked = positions.into_iter().map(|(name, positions)| {
        let name: &'static str = name.to_owned().leak();
        (name, CellId(Box::leak(Box::new(Named { name, positions }))))
    });
    let ids: HashMap<&'static str, CellId> = leaked.collect();
    let [cells_of_2019, cells_of_2021] = listed;
    let [of_2019, of_2021] = sources;
    let forms = [
        build(FormId::F2019, of_2019, cells_of_2019, &ids),
        build(FormId::F2021, of_2021, cells_of_2021, &ids),
    ];
    Catalogue { forms, ids }
});

/// The name and the label of every cell, in the order of the form.
fn cells_of(source: &FormSource) -> Vec<(String, String)> {
    let mut cells = Vec::new();
    for block in &source.active {
        for row in &block.rows {
            for column in &block.columns {
                cells.push((
                    format!("active.{}.{}", row.id, column.id),
                    format!("{} / {}", row.label, column.label),
                ));
            }
        }
    }
    for row in &source.requests.rows {
        let group = row.under.as_deref().filter(|under| !under.starts_with('三'));
        let label = group.map_or(row.label.clone(), |group| format!("{group}·{}", row.label));
        for column in &source.requests.columns {
            cells.push((format!("requests.{}.{}", row.id, column.id), format!("{label} / {}", column.label)));
        }
    }
    for group in &source.litigation.groups {
        for column in &source.litigation.columns {
            cells
                .push((format!("{}.{}", group.id, column.id), format!("{} / {}", group.label, column.label)));
        }
    }
    cells
}

fn build(
    id: FormId,
    source: &'static FormSource,
    cells: Vec<(String, String)>,
    ids: &HashMap<&'static str, CellId>,
) -> Form {
    let (cells, labels): (Vec<CellId>, Vec<String>) =
        cells.into_iter().map(|(name, label)| (ids[name.as_str()], label)).unzip();
    let first_request = cells.iter().position(|id| id.table() == Table::Requests).unwrap_or_default();
    let mut form = Form {
        id,
        active: source
            .active
            .iter()
            .map(|block| ActiveBlock {
                article: &block.article,
                rows: lines(&block.rows),
                columns: lines(&block.columns),
            })
            .collect(),
        requests: source
            .requests
            .rows
            .iter()
            .map(|row| RequestRow { id: &row.id, label: &row.label, under: row.under.as_deref() })
            .collect(),
        applicants: lines(&source.requests.columns),
        litigation_groups: lines(&source.litigation.groups),
        litigation_columns: lines(&source.litigation.columns),
        cells,
        labels,
        first_request,
        equations: Vec::new(),
    };
    form.equations = equation::of_form(&form, |name| ids[name]);
    form
}

fn lines(source: &'static [LineSource]) -> Vec<Line> {
    source.iter().map(|line| Line { id: &line.id, label: &line.label }).collect()
}

#[derive(Deserialize)]
struct Source {
    forms: Vec<FormSource>,
}

#[derive(Deserialize)]
struct FormSource {
    id: String,
    active: Vec<BlockSource>,
    requests: RequestsSource,
    litigation: LitigationSource,
}

#[derive(Deserialize)]
struct BlockSource {
    article: String,
    rows: Vec<LineSource>,
    columns: Vec<LineSource>,
}

#[derive(Deserialize)]
struct RequestsSource {
    rows: Vec<LineSource>,
    columns: Vec<LineSource>,
}

#[derive(Deserialize)]
struct LitigationSource {
    groups: Vec<LineSource>,
    columns: Vec<LineSource>,
}

#[derive(Deserialize)]
struct LineSource {
    id: String,
    label: String,
    under: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_have_the_cells_that_the_official_forms_have() {
        assert_eq!(Form::get(FormId::F2021).cells().len(), 200);
        assert_eq!(Form::get(FormId::F2019).cells().len(), 198);
    }

    #[test]
    fn every_id_parses_back_and_has_a_label() {
        for form in FormId::ALL.map(Form::get) {
            for id in form.cells() {
                assert_eq!(CellId::parse(id.as_str()), Ok(*id));
                assert_ne!(form.label(*id), id.as_str());
            }
        }
        assert!(CellId::parse("requests.received.everybody").is_err());
    }
}
