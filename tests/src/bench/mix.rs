//! The reports that the pipeline is measured with: as the field sends them, one in five a PDF, one in five a Word
//! document, and the others pages and texts in every layout.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::formats::{Page, WRITERS, Writer, chromium, soffice};
use crate::generate::{self, Generated, Truth, generate};

/// A report to be sent, and what is true of it.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) file_name: String,
    pub(super) bytes: Vec<u8>,
    /// Its format or its layout.
    pub(super) format: &'static str,
    pub(super) truth: Truth,
    /// The same report is sent again later with another hash, so this one is an earlier version.
    pub(super) is_superseded: bool,
}

impl From<Generated> for Sent {
    fn from(generated: Generated) -> Self {
        let Generated { file_name, bytes, layout, truth } = generated;
        Self { file_name, bytes, format: layout.name(), truth, is_superseded: false }
    }
}

/// Reports by their index. Each is made when it is asked for, so a hundred thousand need no memory.
#[derive(Debug)]
pub(super) struct Mix {
    seed: u64,
    count: u64,
    pdfs: Vec<(Page, Vec<u8>)>,
}

/// Of a hundred reports so many have a planted fault, so that every rule has work.
const FAULTS_PERCENT: u8 = 20;
/// In each five reports, in turn: pages and texts, a Word document, a PDF.
const FIVE: u64 = 5;
const WORD: u64 = 3;
const PDF: u64 = 4;
/// Files that LibreOffice converts in one run.
const CONVERTED_AT_ONCE: usize = 25;

impl Mix {
    /// Reports of a seed, `count` in bulk. Another program makes `pdfs` different PDFs; the next ones are these again
    /// with another hash. Where no program can, or none is wanted, there is a page instead.
    pub(super) fn new(seed: u64, count: u64, pdfs: u64) -> Result<(Self, Option<String>)> {
        let different = pdfs.min(count.div_ceil(FIVE));
        let pages: Vec<Page> =
            (0..different).map(|number| Page::plain(seed, number * FIVE + PDF, FAULTS_PERCENT)).collect();
        let (made, missing) = match printed(&pages) {
            Ok(made) => (made, None),
            Err(error) => (Vec::new(), Some(format!("{error:#}"))),
        };
        let pdfs = pages.into_iter().zip(made).collect();
        Ok((Self { seed, count, pdfs }, missing))
    }

    /// The report with this index.
    pub(super) fn report(&self, index: u64) -> Sent {
        match index % FIVE {
            WORD => self.word(index),
            PDF if !self.pdfs.is_empty() => self.pdf(index),
            _ => self.laid_out(index),
        }
    }

    fn laid_out(&self, index: u64) -> Sent {
        let options = generate::Options { faults_percent: FAULTS_PERCENT, ..generate::Options::default() };
        generate(self.seed, index, &options).into()
    }

    fn word(&self, index: u64) -> Sent {
        let page = Page::plain(self.seed, index, FAULTS_PERCENT);
        let bytes = docx()(&page);
        Sent {
            file_name: format!("{}.docx", page.name),
            bytes,
            format: "docx",
            truth: page.truth,
            is_superseded: false,
        }
    }

    fn pdf(&self, index: u64) -> Sent {
        let different = self.pdfs.len() as u64;
        let number = index / FIVE;
        let (page, bytes) = &self.pdfs[(number % different) as usize];
        let mut bytes = bytes.clone();
        if number >= different {
            // A comment after the end changes the hash and nothing else.
            bytes.extend_from_slice(format!("\n% {number}\n").as_bytes());
        }
        Sent {
            file_name: format!("{}.pdf", page.name),
            bytes,
            format: "pdf",
            truth: page.truth.clone(),
            is_superseded: index + different * FIVE < self.count,
        }
    }
}

fn docx() -> fn(&Page) -> Vec<u8> {
    let is_docx = |(name, _, _): &&Writer| *name == "docx";
    WRITERS.iter().find(is_docx).map(|(_, _, write)| *write).expect("docx is written by us")
}

/// These pages as PDFs, by LibreOffice or else by chromium.
fn printed(pages: &[Page]) -> Result<Vec<Vec<u8>>> {
    let folder = tempfile::tempdir().context("making a folder")?;
    let (from, into) = (folder.path().join("from"), folder.path().join("pdf"));
    fs::create_dir_all(&from).and_then(|()| fs::create_dir_all(&into)).context("making folders")?;
    let write = |ending: &str, write: fn(&Page) -> Vec<u8>| -> Result<Vec<PathBuf>> {
        let each = pages.iter().enumerate().map(|(number, page)| {
            let path = from.join(format!("{number:05}.{ending}"));
            fs::write(&path, write(page)).context("writing a page")?;
            Ok(path)
        });
        each.collect()
    };
    let words = write("docx", docx())?;
    let by_office = words
        .chunks(CONVERTED_AT_ONCE)
        .try_for_each(|some| soffice(folder.path(), None, "pdf:writer_pdf_Export", &into, some));
    if by_office.is_err() {
        let html = WRITERS[0].2;
        for path in write("html", html)? {
            let name = path.file_stem().unwrap_or_default();
            chromium(&path, &into.join(name).with_extension("pdf"))
                .context("LibreOffice is not installed")?;
        }
    }
    (0..pages.len())
        .map(|number| fs::read(into.join(format!("{number:05}.pdf"))).context("reading a PDF that was made"))
        .collect()
}
