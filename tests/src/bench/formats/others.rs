//! What people otherwise run on such files, on the same files in the same run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use document::{Block, Limits};
use serde_json::Value;

use super::super::process::children_cpu_seconds;
use super::make::{Files, quietly, soffice};
use super::page::Page;

/// A program or library that gets tables out of files.
pub(super) struct Tool {
    pub(super) name: &'static str,
    /// The endings of the files it reads.
    endings: &'static [&'static str],
    how: How,
    /// How many files it is given at most: the slow ones need no more to be measured.
    most: usize,
}

enum How {
    /// A function of `others.py`.
    Python,
    /// To HTML, a process a file.
    Pandoc,
    /// To HTML, all files in one process.
    Soffice,
    /// To lines, with columns parted by spaces.
    Pdftotext,
}

/// All of them.
pub(super) const TOOLS: [Tool; 7] = [
    Tool { name: "pandas.read_html", endings: &["html", "htm"], how: How::Python, most: 40 },
    Tool { name: "pandas.read_excel", endings: &["xlsx", "xls", "ods"], how: How::Python, most: 40 },
    Tool { name: "python-docx", endings: &["docx"], how: How::Python, most: 20 },
    Tool { name: "pdfplumber", endings: &["pdf"], how: How::Python, most: 10 },
    Tool { name: "pandoc", endings: &["html", "htm", "docx", "odt", "rtf"], how: How::Pandoc, most: 20 },
    Tool { name: "pdftotext -layout", endings: &["pdf"], how: How::Pdftotext, most: 40 },
    Tool {
        name: "LibreOffice",
        endings: &["html", "htm", "docx", "doc", "odt", "fodt", "rtf", "xlsx", "xls", "ods"],
        how: How::Soffice,
        most: 10,
    },
];

/// What a tool made of some files.
#[derive(Debug, Default)]
pub(super) struct Tried {
    pub(super) files: usize,
    pub(super) printed: usize,
    pub(super) right: usize,
    pub(super) cpu_seconds: f64,
}

impl Tool {
    pub(super) fn reads(&self, files: &Files) -> bool {
        self.endings.contains(&files.ending.as_str())
    }

    /// Runs it; `folder` is for what it writes.
    pub(super) fn run(&self, files: &Files, folder: &Path) -> Result<Tried> {
        let files = &files.files[..files.files.len().min(self.most)];
        let paths: Vec<&PathBuf> = files.iter().map(|(_, path)| path).collect();
        let (rows, cpu_seconds) = match self.how {
            How::Python => self.python(&paths)?,
            How::Pandoc => costing(|| paths.iter().map(|path| pandoc(path, folder)).collect())?,
            How::Pdftotext => costing(|| paths.iter().map(|path| pdftotext(path)).collect())?,
            How::Soffice => {
                let into = folder.join("as-html");
                fs::remove_dir_all(&into).ok();
                // Its first start makes a profile, which is not what is measured.
                soffice(folder, None, "html", &into, &paths[..1])?;
                let ((), seconds) = costing(|| soffice(folder, None, "html", &into, &paths))?;
                let page =
                    |path: &&PathBuf| into.join(path.file_name().unwrap_or_default()).with_extension("html");
                (paths.iter().map(|path| rows_of_page(&page(path))).collect::<Result<_>>()?, seconds)
            }
        };
        let mut tried = Tried { files: files.len(), cpu_seconds, ..Tried::default() };
        for ((page, _), rows) in files.iter().zip(&rows) {
            tried.printed += page.truth.cells.values().flatten().count();
            tried.right += right(page, rows);
        }
        Ok(tried)
    }

    fn python(&self, paths: &[&PathBuf]) -> Result<(Vec<Rows>, f64)> {
        let python = std::env::var_os("GOUJI_BENCH_PYTHON").unwrap_or_else(|| "python3".into());
        let mut command = Command::new(python);
        command.args(["-c", include_str!("others.py"), self.name]).args(paths);
        let output = command.stdin(Stdio::null()).output().context("python3 is not installed")?;
        let error = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "{}", error.lines().last().unwrap_or_default());
        let mut seconds = 0.0;
        let mut all = Vec::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let file: Value = serde_json::from_str(line).context("reading what others.py says")?;
            seconds += file["seconds"].as_f64().context("it says seconds")?;
            all.push(serde_json::from_value(file["rows"].clone()).context("it says rows")?);
        }
        Ok((all, seconds))
    }
}

/// The rows of all tables of a file.
type Rows = Vec<Vec<String>>;

fn costing<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
    let before = children_cpu_seconds()?;
    let made = work()?;
    Ok((made, children_cpu_seconds()? - before))
}

fn pandoc(path: &Path, folder: &Path) -> Result<Rows> {
    let from = match path.extension().and_then(|ending| ending.to_str()) {
        Some("htm") => "html",
        Some(ending) => ending,
        None => "",
    };
    let page = folder.join("pandoc.html");
    fs::remove_file(&page).ok();
    let converted =
        quietly(Command::new("pandoc").args(["-f", from, "-t", "html", "-o"]).arg(&page).arg(path));
    match converted {
        Err(error) if !error.to_string().contains("ended with") => Err(error),
        // It takes UTF-8 alone, and says so; that is no figure right.
        Err(_) => Ok(Rows::new()),
        Ok(()) => rows_of_page(&page),
    }
}

fn pdftotext(path: &Path) -> Result<Rows> {
    let output = Command::new("pdftotext").arg("-layout").arg(path).arg("-").stdin(Stdio::null()).output();
    let text = String::from_utf8_lossy(&output.context("pdftotext is not installed")?.stdout).into_owned();
    Ok(text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect())
}

/// The tables of a clean web page, as we read them ourselves.
fn rows_of_page(path: &Path) -> Result<Rows> {
    let Ok(bytes) = fs::read(path) else { return Ok(Rows::new()) };
    let Ok(document) = document::read(&bytes, &Limits::default()) else { return Ok(Rows::new()) };
    let tables = document.blocks.iter().filter_map(|block| match block {
        Block::Table(table) => Some(&table.rows),
        Block::Paragraph(_) => None,
    });
    let cells =
        tables.flatten().map(|row| row.cells.iter().map(|cell| cell.text.as_str().to_owned()).collect());
    Ok(cells.collect())
}

/// Figures that stand in a row with the right label, in the right order: anything else may be between
/// them, and whichever of several such rows has most of them.
fn right(page: &Page, rows: &Rows) -> usize {
    let plain = |text: &str| text.chars().filter(|character| !character.is_whitespace()).collect::<String>();
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect();
    let mut right = 0;
    for (label, cells) in page.rows() {
        let label = plain(label);
        let printed =
            cells.iter().filter(|cell| page.truth.cells[cell.id.map_or("", |id| id.as_str())].is_some());
        let figures: Vec<String> = printed.map(|cell| plain(&cell.text)).collect();
        let of_row = |row: &&Vec<String>| row.iter().any(|cell| cell.contains(&label));
        right += rows.iter().filter(of_row).map(|row| in_order(&figures, row)).max().unwrap_or(0);
    }
    right
}

/// The length of the longest common subsequence.
fn in_order(figures: &[String], row: &[String]) -> usize {
    let mut best = vec![0; row.len() + 1];
    for figure in figures {
        let before = best.clone();
        for (position, cell) in row.iter().enumerate() {
            let here = if cell == figure { before[position] + 1 } else { 0 };
            best[position + 1] = here.max(before[position + 1]).max(best[position]);
        }
    }
    best[row.len()]
}
