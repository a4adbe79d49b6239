//! `gouji export`: rows of reports as a file, or a folder to be published.

mod folder;
mod received;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::client::Server;
use crate::language::text;
use crate::print::say;
use received::Received;

/// Write reports, figures, findings or versions of a running pipeline to a file, or a folder to be published.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    server: Server,
    /// Only these reports, as in `gouji search`.
    #[arg(value_name = "QUERY")]
    query: Vec<String>,
    /// What a row stands for.
    #[arg(long, value_enum, default_value_t = Shape::Reports)]
    shape: Shape,
    /// The file format; by default that of the name of the file, else CSV.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Names of columns and codes.
    #[arg(long, value_enum, default_value_t = Names::Id)]
    names: Names,
    /// Where to write it; by default in this folder, under the name of the shape.
    #[arg(long, value_name = "FILE", conflicts_with = "open")]
    out: Option<PathBuf>,
    /// Write a folder to be published: CSV and Parquet with their dictionary, datapackage.json and dcat.jsonld,
    /// without senders, file names and contacts. An earlier folder of this kind is replaced.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["shape", "format", "names"])]
    open: Option<PathBuf>,
    /// What the published data are called.
    #[arg(long, requires = "open")]
    title: Option<String>,
    /// Who publishes the data.
    #[arg(long, requires = "open")]
    publisher: Option<String>,
    /// The licence of the published data: an SPDX identifier such as CC-BY-4.0, or words.
    #[arg(long, requires = "open")]
    licence: Option<String>,
    /// Publish the findings too.
    #[arg(long, requires = "open")]
    findings: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// A row for each report, with a column for each cell.
    Reports,
    /// A row for each cell, with its state and its place.
    Figures,
    /// A row for each finding.
    Findings,
    /// A row for each version.
    Versions,
    /// A row for each column of the others.
    Dictionary,
}

impl Shape {
    fn name(self) -> &'static str {
        match self {
            Self::Reports => "reports",
            Self::Figures => "figures",
            Self::Findings => "findings",
            Self::Versions => "versions",
            Self::Dictionary => "dictionary",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Csv,
    Xlsx,
    Parquet,
    Jsonl,
    #[value(skip)]
    Package,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
            Self::Jsonl => "jsonl",
            Self::Package => "package",
        }
    }

    /// The format that a file of this name has.
    fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        [Self::Csv, Self::Xlsx, Self::Parquet, Self::Jsonl]
            .into_iter()
            .find(|format| format.name() == extension)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Names {
    /// Chinese.
    Zh,
    /// The ids that programs use.
    Id,
}

impl Export {
    pub(crate) fn run(&self) -> ExitCode {
        let written = async {
            match &self.open {
                Some(folder) => self.write_folder(folder).await,
                None => self.write_file().await,
            }
        };
        crate::report(crate::runtime().and_then(|runtime| runtime.block_on(written)))
    }

    async fn write_file(&self) -> Result<()> {
        let of_name = self.out.as_deref().and_then(Format::of);
        let format = self.format.or(of_name).unwrap_or(Format::Csv);
        let default = || PathBuf::from(format!("{}.{}", self.shape.name(), format.name()));
        let out = self.out.clone().unwrap_or_else(default);
        let names = if self.names == Names::Zh { "zh" } else { "id" };
        let asked = [("shape", self.shape.name()), ("names", names)];
        let received = self.receive(format, &asked, &out).await?;
        let (rows, reports) = (received.rows(), received.reports);
        received.keep(&out)?;
        say(&summary(&out, reports, rows));
        Ok(())
    }

    async fn write_folder(&self, folder: &Path) -> Result<()> {
        folder::check_target(folder)?;
        let described = [("title", &self.title), ("publisher", &self.publisher), ("licence", &self.licence)];
        let mut asked: Vec<(&str, &str)> =
            described.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
        if self.findings {
            asked.push(("findings", "true"));
        }
        let received = self.receive(Format::Package, &asked, folder).await?;
        let (rows, reports) = (received.rows(), received.reports);
        folder::unpack(received.file(), folder)?;
        say(&summary(folder, reports, rows));
        Ok(())
    }

    /// Receives an export into a temporary file beside `target`, and verifies that it is whole.
    async fn receive(&self, format: Format, asked: &[(&str, &str)], target: &Path) -> Result<Received> {
        let query = self.query.join(" ");
        let mut parameters = vec![("format", format.name())];
        parameters.extend_from_slice(asked);
        if !query.is_empty() {
            parameters.push(("q", &query));
        }
        let answer = self.server.open("/api/v1/export", &parameters).await?;
        Received::of(answer, format, target).await
    }
}

fn summary(path: &Path, reports: Option<u64>, rows: Option<u64>) -> String {
    let path = path.display();
    let reports = reports.map(|reports| text!("{reports}份报告", "{reports} reports"));
    let rows = rows.map(|rows| text!("{rows}行", "{rows} rows"));
    let counts: Vec<String> = reports.into_iter().chain(rows).collect();
    format!("{path}  {}", counts.join(&text!("，", ", ")))
}
