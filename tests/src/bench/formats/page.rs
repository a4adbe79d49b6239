//! A report before any format: its paragraphs and its tables with merged cells, each figure with its id,
//! typed by one of several hands.

use std::collections::BTreeMap;

use report::{CellId, Form, FormId};

use crate::generate::{self, Generated, Layout, Truth, generate};

/// A report that can be written in any format, and what is true of it.
#[derive(Debug, Clone)]
pub struct Page {
    /// The name of its file, without a format's ending.
    pub name: String,
    /// What a reader has to find; a cell that this hand left without a figure has none.
    pub truth: Truth,
    /// The figures of the cells that were left without one: the only values that proof may give them.
    pub unprinted: BTreeMap<String, String>,
    pub(super) blocks: Vec<Block>,
    pub(super) hand: Hand,
    pub(super) paper: Paper,
}

/// What it is printed on, and how large; ends of pages fall elsewhere on each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paper {
    /// In millimetres.
    pub(super) width: u32,
    pub(super) height: u32,
    /// Of the characters, in half points.
    pub(super) size: u32,
}

const PAPERS: [Paper; 4] = [
    Paper { width: 210, height: 297, size: 21 },
    Paper { width: 297, height: 210, size: 24 },
    Paper { width: 195, height: 270, size: 18 },
    Paper { width: 210, height: 297, size: 28 },
];

#[derive(Debug, Clone)]
pub(super) enum Block {
    Title(String),
    Heading(String),
    Paragraph(String),
    Table(Vec<Vec<Cell>>),
}

/// A cell where it begins, as in HTML.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) id: Option<CellId>,
}

/// What stands at one place of a table's grid.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'a> {
    /// A cell begins here, and goes on to the right and below.
    Begins(&'a Cell),
    /// To the right of a place in the same row, in one cell with it.
    FromLeft,
    /// The first place of a row in a cell that began in a row above.
    FromAbove(&'a Cell),
}

/// How a typist treats figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// Every figure as it is.
    Plain,
    /// The same, and the report has a planted fault.
    Faulty,
    /// Nothing where the figure is 0.
    Blank,
    /// A sign where the figure is 0.
    Sign(&'static str),
    /// Nothing, a sign or a 0 as it comes, and thousands parted by commas.
    Mixed,
}

impl Hand {
    const ALL: [Self; 8] = [
        Self::Plain,
        Self::Faulty,
        Self::Blank,
        Self::Mixed,
        Self::Sign("/"),
        Self::Sign("-"),
        Self::Sign("—"),
        Self::Sign("无"),
    ];

    fn types(self, figure: &str, turn: usize) -> String {
        match self {
            Self::Plain | Self::Faulty => figure.to_owned(),
            Self::Blank if figure == "0" => String::new(),
            Self::Sign(sign) if figure == "0" => sign.to_owned(),
            Self::Mixed if figure == "0" => ["0", "", "/"][turn % 3].to_owned(),
            Self::Mixed => thousands(figure),
            _ => figure.to_owned(),
        }
    }
}

/// `12345万元` becomes `12,345万元`.
fn thousands(figure: &str) -> String {
    let digits = figure.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = figure.split_at(digits);
    let mut typed = String::new();
    for (position, digit) in whole.char_indices() {
        if position > 0 && (digits - position).is_multiple_of(3) {
            typed.push(',');
        }
        typed.push(digit);
    }
    typed + rest
}

impl Page {
    /// The report with this index; the hands take turns.
    pub fn new(seed: u64, index: u64) -> Self {
        let hand = Hand::ALL[index as usize % Hand::ALL.len()];
        let faults_percent = if hand == Hand::Faulty { 100 } else { 0 };
        let paper = PAPERS[index as usize / Hand::ALL.len() % PAPERS.len()];
        Self::typed(seed, index, faults_percent, hand, paper)
    }

    /// The report with this index with every figure as it is; of a hundred so many have a planted fault.
    pub fn plain(seed: u64, index: u64, faults_percent: u8) -> Self {
        Self::typed(seed, index, faults_percent, Hand::Plain, PAPERS[0])
    }

    fn typed(seed: u64, index: u64, faults_percent: u8, hand: Hand, paper: Paper) -> Self {
        let options = generate::Options { layouts: vec![Layout::Html], faults_percent, kind: None };
        let Generated { file_name, bytes, mut truth, .. } = generate(seed, index, &options);
        let form = FormId::parse(truth.form).map(Form::get).expect("the generator knows the forms");
        let mut blocks = blocks(&String::from_utf8_lossy(&bytes));
        let mut unprinted = BTreeMap::new();
        let tables = blocks.iter_mut().filter_map(|block| match block {
            Block::Table(rows) => Some(rows),
            _ => None,
        });
        for (rows, name) in tables.zip([active, requests, litigation]) {
            name(rows, form);
            let figures = rows.iter_mut().flatten().filter(|cell| cell.id.is_some());
            for (turn, cell) in figures.enumerate() {
                let id = cell.id.map_or("", CellId::as_str);
                cell.text = hand.types(&cell.text, turn);
                if !cell.text.contains(|character: char| character.is_ascii_digit()) {
                    let printed = truth.cells.insert(id.to_owned(), None).flatten();
                    unprinted.insert(id.to_owned(), printed.expect("the layout prints every figure"));
                }
            }
        }
        let name = file_name.trim_end_matches(".html").to_owned();
        Self { name, truth, unprinted, blocks, hand, paper }
    }

    /// A report in one of the generator's own layouts, with its bytes; it cannot be written in another.
    pub fn laid_out(seed: u64, index: u64, layout: Layout) -> (Self, Vec<u8>) {
        let faults_percent = if index % 8 == 1 { 100 } else { 0 };
        let options = generate::Options { layouts: vec![layout], faults_percent, kind: None };
        let Generated { file_name, bytes, truth, .. } = generate(seed, index, &options);
        let unprinted = truth.derived.clone();
        let name = file_name.rsplit_once('.').map_or("", |(name, _)| name).to_owned();
        (Self { name, truth, unprinted, blocks: Vec::new(), hand: Hand::Plain, paper: PAPERS[0] }, bytes)
    }

    /// The rows that have figures: the label before them, and the figures as they are printed.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, Vec<&Cell>)> {
        let tables = self.blocks.iter().filter_map(|block| match block {
            Block::Table(rows) => Some(rows),
            _ => None,
        });
        tables.flatten().filter_map(|row| {
            let first = row.iter().position(|cell| cell.id.is_some())?;
            let label = if first == 0 { "" } else { row[first - 1].text.as_str() };
            Some((label, row[first..].iter().collect()))
        })
    }
}

/// Columns of a table.
pub(super) fn width(rows: &[Vec<Cell>]) -> usize {
    rows.first().map_or(0, |row| row.iter().map(|cell| cell.columns).sum())
}

/// The places of every row, left to right.
pub(super) fn grid(rows: &[Vec<Cell>]) -> Vec<Vec<Place<'_>>> {
    let width = width(rows);
    let mut grid: Vec<Vec<Option<Place<'_>>>> = vec![vec![None; width]; rows.len()];
    for (top, cells) in rows.iter().enumerate() {
        for cell in cells {
            let free = grid[top].iter().position(Option::is_none).expect("the rows of the generator fit");
            for (row, places) in grid.iter_mut().enumerate().skip(top).take(cell.rows) {
                for (column, place) in places.iter_mut().enumerate().skip(free).take(cell.columns) {
                    *place = Some(match (row == top, column == free) {
                        (true, true) => Place::Begins(cell),
                        (false, true) => Place::FromAbove(cell),
                        (_, false) => Place::FromLeft,
                    });
                }
            }
        }
    }
    grid.into_iter().map(|row| row.into_iter().flatten().collect()).collect()
}

/// The page that the generator prints, whose lines each hold one element.
fn blocks(html: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let within = |line: &str, open: &str, close: &str| {
        line.strip_prefix(open).and_then(|line| line.strip_suffix(close)).map(|text| text.trim().to_owned())
    };
    for line in html.lines() {
        if let Some(text) = within(line, "<h1>", "</h1>") {
            blocks.push(Block::Title(text));
        } else if let Some(text) =
            within(line, "<h2>", "</h2>").or_else(|| within(line, "<p><strong>", "</strong></p>"))
        {
            blocks.push(Block::Heading(text));
        } else if let Some(text) = within(line, "<p>&emsp;&emsp;", "</p>") {
            blocks.push(Block::Paragraph(text));
        } else if line == "<table>" {
            blocks.push(Block::Table(Vec::new()));
        } else if let (Some(row), Some(Block::Table(rows))) =
            (within(line, "<tr>", "</tr>"), blocks.last_mut())
        {
            rows.push(row.split("</td>").filter(|cell| !cell.is_empty()).map(cell).collect());
        }
    }
    blocks
}

/// `<td rowspan="2"><p>text</p>`
fn cell(html: &str) -> Cell {
    let (tag, rest) = html.split_once('>').expect("the generator closes its tags");
    let span = |name: &str| {
        let value = tag.split_once(name).and_then(|(_, rest)| rest.split('"').nth(1));
        value.map_or(1, |value| value.parse().expect("the generator writes whole spans"))
    };
    let text = rest.trim_start_matches("<p>").trim_end_matches("</p>").to_owned();
    Cell { text, rows: span("rowspan="), columns: span("colspan="), id: None }
}

fn active(rows: &mut [Vec<Cell>], form: &Form) {
    let mut rows = rows.iter_mut();
    for block in &form.active {
        rows.nth(1).expect("an article and a head stand above the figures");
        for row in &block.rows {
            let cells = rows.next().expect("a row for each of the form's");
            for (cell, column) in cells[1..].iter_mut().zip(&block.columns) {
                cell.id = form.active_cell(row.id, column.id);
            }
        }
    }
}

fn requests(rows: &mut [Vec<Cell>], form: &Form) {
    for (cells, row) in rows[3..].iter_mut().zip(&form.requests) {
        let first = cells.len() - form.applicants.len();
        for (cell, column) in cells[first..].iter_mut().zip(&form.applicants) {
            cell.id = form.request_cell(row.id, column.id);
        }
    }
}

fn litigation(rows: &mut [Vec<Cell>], form: &Form) {
    let mut cells = rows.last_mut().expect("a table has rows").iter_mut();
    for group in &form.litigation_groups {
        for (column, cell) in form.litigation_columns.iter().zip(cells.by_ref()) {
            cell.id = form.litigation_cell(group.id, column.id);
        }
    }
}
