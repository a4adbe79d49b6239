//! The same reports in every format: those that we write ourselves, and those that other programs make
//! of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use super::page::Page;
use super::write::WRITERS;
use crate::generate::Layout;

/// Files of one format, one for each report.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) format: String,
    /// The ending, which tells the tools for it.
    pub(super) ending: String,
    pub(super) files: Vec<(Page, PathBuf)>,
}

/// A format that another program makes of one of ours.
struct Made {
    format: &'static str,
    of: &'static str,
    ending: &'static str,
    by: By,
}

enum By {
    /// How LibreOffice is to open the file, where it has a choice, and to write it.
    Soffice(Option<&'static str>, &'static str),
    Chromium,
}

const WEB_AS_TEXT: Option<&str> = Some("HTML (StarWriter)");
const WEB_AS_SHEET: Option<&str> = Some("HTML (StarCalc)");

const MADE: [Made; 13] = [
    Made {
        format: "docx, LibreOffice",
        of: "html",
        ending: "docx",
        by: By::Soffice(WEB_AS_TEXT, "MS Word 2007 XML"),
    },
    Made { format: "doc, of html", of: "html", ending: "doc", by: By::Soffice(WEB_AS_TEXT, "MS Word 97") },
    Made { format: "doc, of docx", of: "docx", ending: "doc", by: By::Soffice(None, "MS Word 97") },
    Made { format: "rtf, LibreOffice", of: "docx", ending: "rtf", by: By::Soffice(None, "Rich Text Format") },
    Made { format: "odt, LibreOffice", of: "docx", ending: "odt", by: By::Soffice(None, "writer8") },
    Made {
        format: "xlsx, LibreOffice",
        of: "html",
        ending: "xlsx",
        by: By::Soffice(WEB_AS_SHEET, "Calc MS Excel 2007 XML"),
    },
    Made { format: "xls, LibreOffice", of: "xlsx", ending: "xls", by: By::Soffice(None, "MS Excel 97") },
    Made { format: "ods, LibreOffice", of: "xlsx", ending: "ods", by: By::Soffice(None, "calc8") },
    Made {
        format: "html, LibreOffice",
        of: "docx",
        ending: "html",
        by: By::Soffice(None, "HTML (StarWriter)"),
    },
    Made { format: "pdf, of docx", of: "docx", ending: "pdf", by: By::Soffice(None, "writer_pdf_Export") },
    Made {
        format: "pdf, of html",
        of: "html",
        ending: "pdf",
        by: By::Soffice(WEB_AS_TEXT, "writer_pdf_Export"),
    },
    Made { format: "pdf, of xlsx", of: "xlsx", ending: "pdf", by: By::Soffice(None, "calc_pdf_Export") },
    Made { format: "pdf, chromium", of: "html", ending: "pdf", by: By::Chromium },
];

/// Writes `count` reports in every format whose name contains `only`, and says what could not be made.
pub(super) fn make(folder: &Path, seed: u64, count: u64, only: &str) -> Result<(Vec<Files>, Vec<String>)> {
    let wanted = |format: &str| format.contains(only);
    let mut made = Vec::new();
    let mut absent = Vec::new();
    for layout in Layout::ALL {
        let format = format!("text, {}", layout.name());
        if wanted(&format) {
            let pages = (0..count).map(|index| Page::laid_out(seed, index, layout));
            made.push(written(folder, &format, "txt", pages)?);
        }
    }
    let pages: Vec<Page> = (0..count).map(|index| Page::new(seed, index)).collect();
    for (format, ending, write) in WRITERS {
        let source = MADE.iter().any(|made| made.of == format && wanted(made.format));
        if wanted(format) || source {
            let files = pages.iter().map(|page| (page.clone(), write(page)));
            let files = written(folder, format, ending, files)?;
            made.push(files);
        }
    }
    for what in MADE.iter().filter(|what| wanted(what.format)) {
        let source = made.iter().find(|files| files.format == what.of).context("a format that we write")?;
        match converted(folder, what, source) {
            Ok(files) => made.push(files),
            Err(error) => absent.push(format!("{}: {error:#}", what.format)),
        }
    }
    made.retain(|files| wanted(&files.format));
    Ok((made, absent))
}

fn written(
    folder: &Path,
    format: &str,
    ending: &str,
    pages: impl Iterator<Item = (Page, Vec<u8>)>,
) -> Result<Files> {
    let folder = folder.join(slug(format));
    fs::create_dir_all(&folder).context("making a folder")?;
    let mut files = Vec::new();
    for (index, (page, bytes)) in pages.enumerate() {
        let path = folder.join(format!("{index:04}.{ending}"));
        fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
        files.push((page, path));
    }
    Ok(Files { format: format.to_owned(), ending: ending.to_owned(), files })
}

/// Converts what has not been converted before.
fn converted(folder: &Path, what: &Made, source: &Files) -> Result<Files> {
    let into = folder.join(slug(what.format));
    fs::create_dir_all(&into).context("making a folder")?;
    let target = |path: &Path| into.join(path.file_name().unwrap_or_default()).with_extension(what.ending);
    let wanted: Vec<&PathBuf> =
        source.files.iter().map(|(_, path)| path).filter(|path| !target(path).exists()).collect();
    match &what.by {
        By::Soffice(open, write) => {
            for some in wanted.chunks(25) {
                soffice(folder, *open, &format!("{}:{write}", what.ending), &into, some)?;
            }
        }
        By::Chromium => wanted.iter().try_for_each(|path| chromium(path, &target(path)))?,
    }
    let files = source.files.iter().map(|(page, path)| (page.clone(), target(path)));
    let files: Vec<(Page, PathBuf)> = files.filter(|(_, path)| path.exists()).collect();
    anyhow::ensure!(
        files.len() == source.files.len(),
        "{} of {} files came out",
        files.len(),
        source.files.len()
    );
    Ok(Files { format: what.format.to_owned(), ending: what.ending.to_owned(), files })
}

/// Has LibreOffice convert these files; it has a profile of its own, so that it shares none with a
/// running one.
pub(in crate::bench) fn soffice<P: AsRef<Path>>(
    profile: &Path,
    open: Option<&str>,
    to: &str,
    into: &Path,
    files: &[P],
) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let profile = fs::canonicalize(profile).context("naming the profile")?.join("profile");
    let mut command = Command::new("soffice");
    command.arg(format!("-env:UserInstallation=file://{}", profile.display())).arg("--headless");
    if let Some(open) = open {
        command.arg(format!("--infilter={open}"));
    }
    command.args(["--convert-to", to, "--outdir"]).arg(into).args(files.iter().map(AsRef::as_ref));
    quietly(&mut command)
}

pub(in crate::bench) fn chromium(from: &Path, to: &Path) -> Result<()> {
    let from = fs::canonicalize(from).context("naming the page")?;
    let mut command = Command::new("chromium");
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]);
    command.arg(format!("--print-to-pdf={}", to.display())).arg(format!("file://{}", from.display()));
    quietly(&mut command)
}

/// Runs a program that has nothing to say but whether it went well.
pub(super) fn quietly(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let status = status.with_context(|| format!("{name} is not installed"))?;
    anyhow::ensure!(status.success(), "{name} ended with {status}");
    Ok(())
}

fn slug(format: &str) -> String {
    format.replace(", ", "-").replace(' ', "-")
}
