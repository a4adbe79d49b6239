//! Fuzz targets of the readers: how input bytes become a file, and what must hold for any file.
//!
//! A packed format is fuzzed by its parts: an input is a list of parts, each after a line `=== name`,
//! and is packed before it is read. So a mutation changes a byte of the XML and does not break a
//! checksum. The targets `archive` and `any` fuzz the packing itself.

use std::io::{Cursor, Write};

use document::archive::{self, ArchiveLimits};
use document::{Block, Document, Kind, Limits, Text};
use report::Review;

/// One fuzz target: a reader, or one way to call it.
pub struct Target {
    /// The name on the command line, and of the folder in `corpus/`.
    pub name: &'static str,
    /// The formats of the samples that seed it.
    pub kinds: &'static [Kind],
    /// How an input becomes a file.
    pub form: Form,
}

/// How an input becomes a file.
#[derive(Clone, Copy)]
pub enum Form {
    /// The input is the file.
    Plain,
    /// The input is the parts of a ZIP.
    Zip,
    /// The input is the streams of an OLE compound file.
    Ole,
    /// The input is the file, and is opened as an archive.
    Archive,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    target("text", &[Kind::Text], Form::Plain),
    target("html", &[Kind::Html], Form::Plain),
    target("mht", &[Kind::Mhtml], Form::Plain),
    target("rtf", &[Kind::Rtf], Form::Plain),
    target("office-xml", &[Kind::WordXml, Kind::ExcelXml], Form::Plain),
    target("pdf", &[Kind::Pdf], Form::Plain),
    target("docx", &[Kind::Docx], Form::Zip),
    target("odt", &[Kind::Odt], Form::Zip),
    target("ods", &[Kind::Ods], Form::Zip),
    target("xlsx", &[Kind::Xlsx], Form::Zip),
    target("ofd", &[Kind::Ofd], Form::Zip),
    target("doc", &[Kind::Doc], Form::Ole),
    target("xls", &[Kind::Xls], Form::Ole),
    target("archive", &[Kind::Docx, Kind::Ofd], Form::Archive),
    target("any", &[Kind::Doc, Kind::Xls, Kind::Docx, Kind::Pdf, Kind::Html], Form::Plain),
];

const fn target(name: &'static str, kinds: &'static [Kind], form: Form) -> Target {
    Target { name, kinds, form }
}

impl Target {
    /// The target of this name.
    pub fn named(name: &str) -> Option<&'static Target> {
        TARGETS.iter().find(|target| target.name == name)
    }

    /// Reads the file made from the input.
    ///
    /// # Panics
    /// If an invariant does not hold.
    pub fn run(&self, input: &[u8]) {
        match self.form {
            Form::Plain => check(input),
            Form::Zip => check(&zip(&parts(input))),
            Form::Ole => check(&ole(&parts(input))),
            Form::Archive => {
                let limits = ArchiveLimits::default();
                let _ = archive::open(Cursor::new(input), &limits, &mut |_| true);
            }
        }
    }
}

/// Reads any bytes and checks the invariants: a refusal has a code and a message, and every place is
/// inside the file.
///
/// # Panics
/// If an invariant does not hold.
pub fn check(bytes: &[u8]) {
    let document = match document::read(bytes, &Limits::default()) {
        Ok(document) => document,
        Err(error) => {
            assert!(!error.class().is_empty() && !error.message().is_empty());
            return;
        }
    };
    for text in texts(&document) {
        let place = text.place();
        assert!(place.start <= place.end && place.end <= bytes.len() as u64, "{place:?}");
    }
    document::plain_text(&document);
    let report = reading::read(&document, None);
    for (id, cell) in report.cells.iter() {
        let ends = cell.origin.map_or(0, |origin| origin.end);
        assert!(ends <= bytes.len() as u64, "{id}: byte {ends} of {}", bytes.len());
    }
    let review: Review = rules::review(report);
    report::json::review(&review);
}

fn texts(document: &Document) -> impl Iterator<Item = &Text> {
    fn of_block(block: &Block) -> Vec<&Text> {
        match block {
            Block::Paragraph(paragraph) => vec![&paragraph.text],
            Block::Table(table) => {
                table.rows.iter().flat_map(|row| &row.cells).map(|cell| &cell.text).collect()
            }
        }
    }
    document.title.iter().chain(document.blocks.iter().flat_map(of_block))
}

const MARK: &[u8] = b"\n=== ";

/// The parts of an input with their names.
fn parts(input: &[u8]) -> Vec<(&str, &[u8])> {
    let mut parts = Vec::new();
    let mut rest = input.strip_prefix(&MARK[1..]).unwrap_or(input);
    while !rest.is_empty() {
        let end = rest.windows(MARK.len()).position(|window| window == MARK).unwrap_or(rest.len());
        let line = rest[..end].iter().position(|byte| *byte == b'\n').unwrap_or(end);
        if let Ok(name) = std::str::from_utf8(&rest[..line]) {
            parts.push((name, &rest[(line + 1).min(end)..end]));
        }
        rest = &rest[(end + MARK.len()).min(rest.len())..];
    }
    parts
}

/// The reverse of [`parts`]: an input from the parts of a file.
pub fn unpack(form: Form, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut input = Vec::new();
    let mut add = |name: &str, part: &[u8]| {
        input.extend_from_slice(if input.is_empty() { &MARK[1..] } else { MARK });
        input.extend_from_slice(name.as_bytes());
        input.push(b'\n');
        input.extend_from_slice(part);
    };
    match form {
        Form::Plain | Form::Archive => return Some(bytes.to_vec()),
        Form::Zip => {
            let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
            for index in 0..archive.len() {
                let mut file = archive.by_index(index).ok()?;
                let name = file.name().ok()?.into_owned();
                let mut part = Vec::new();
                std::io::copy(&mut file, &mut part).ok()?;
                if name.ends_with(".xml") || name.ends_with(".rels") || name == "mimetype" {
                    add(&name, &part);
                }
            }
        }
        Form::Ole => {
            let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).ok()?;
            let streams: Vec<_> = file.walk().filter(cfb::Entry::is_stream).collect();
            for entry in streams {
                let mut part = Vec::new();
                std::io::copy(&mut file.open_stream(entry.path()).ok()?, &mut part).ok()?;
                if !entry.name().starts_with('\u{5}') {
                    add(entry.name(), &part);
                }
            }
        }
    }
    Some(input)
}

fn zip(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in parts {
        // A name twice is refused by the writer; the rest of the file is still a file.
        if writer.start_file(*name, stored).is_ok() {
            let _ = writer.write_all(part);
        }
    }
    writer.finish().map(Cursor::into_inner).unwrap_or_default()
}

fn ole(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let Ok(mut file) = cfb::CompoundFile::create(Cursor::new(Vec::new())) else { return Vec::new() };
    for (name, part) in parts {
        // The writer takes no name that the format does not allow.
        if !name.chars().all(|c| c.is_ascii_alphanumeric()) || name.len() > 31 {
            continue;
        }
        if let Ok(mut stream) = file.create_new_stream(format!("/{name}")) {
            let _ = stream.write_all(part);
        }
    }
    let _ = file.flush();
    file.into_inner().into_inner()
}
