//! What has to hold for any bytes, and how bytes become a file of each format.
//!
//! A packed format is fuzzed by its parts: an input is a list of parts, each behind a line
//! `=== name`, and is packed before it is read, so that a change of one byte is a change of one byte
//! of the XML, and not a broken checksum. The packing itself is what `archive` and `any` are for.

use std::io::{Cursor, Write};

use document::archive::{self, ArchiveLimits};
use document::{Block, Document, Kind, Limits, Text};
use report::Review;

/// One reader, or one way into it.
pub struct Target {
    /// What it is called on the command line, and its folder in `corpus/`.
    pub name: &'static str,
    /// Which samples are its seeds.
    pub kinds: &'static [Kind],
    /// How an input becomes a file.
    pub form: Form,
}

/// How an input becomes a file.
#[derive(Clone, Copy)]
pub enum Form {
    /// It is one.
    Plain,
    /// It is the parts of a ZIP.
    Zip,
    /// It is the streams of an OLE compound file.
    Ole,
    /// It is one, and is opened as an archive.
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

    /// Reads the file that the input makes. Panics where something does not hold.
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

/// What has to hold for any bytes: reading ends, in one of two ways, and what it says is sound.
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

/// The reverse of [`parts`]: what a file is made of, as an input.
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
