//! Documents that are ZIP archives of XML parts: DOCX, XLSX and ODT, and the same parts in one XML
//! file as Word saves them on request (flat OPC).
//!
//! Names of parts are never used as paths. The inflated bytes are counted, because the headers can be wrong.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::ops::Range;

use encoding_rs::{Encoding, UTF_8};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::error::ReadError;
use crate::kind::Kind;
use crate::limits::Limits;

/// Parts of one package; an office makes some fifty, pictures included.
const MOST_PARTS: usize = 20_000;

/// An opened archive.
pub(crate) struct Package<'a> {
    source: Source<'a>,
    /// Parts by name, in lower case, as the names of parts ignore case.
    parts: HashMap<String, usize>,
    format: Kind,
    /// Bytes of the file.
    length: u64,
    /// Bytes that may still be inflated.
    left: usize,
    limit: usize,
}

enum Source<'a> {
    Zip(ZipArchive<Cursor<&'a [u8]>>),
    /// The parts in one XML file.
    Flat(Vec<String>),
}

/// The bytes of a part, and the range of its packed bytes in the file.
type Packed = (Vec<u8>, Range<u64>);

/// A part as text.
pub(crate) struct Part {
    /// Its name as it was asked for, for messages.
    pub(crate) name: String,
    pub(crate) text: String,
    /// The range of its packed bytes in the file.
    pub(crate) range: Range<u64>,
}

impl<'a> Package<'a> {
    pub(crate) fn open(bytes: &'a [u8], format: Kind, limits: &Limits) -> Result<Package<'a>, ReadError> {
        if !bytes.starts_with(b"PK") {
            return Package::open_flat(bytes, format, limits);
        }
        let broken = |what: String| ReadError::Broken { format, what };
        let archive = ZipArchive::new(Cursor::new(bytes));
        let archive = archive.map_err(|error| of_zip(format, error.to_string(), error))?;
        if archive.len() > MOST_PARTS {
            return Err(broken(format!("it has {} parts, above {MOST_PARTS}", archive.len())));
        }
        let mut parts = HashMap::new();
        for (index, name) in archive.file_names_raw().enumerate() {
            let name = String::from_utf8_lossy(name).replace('\\', "/").to_lowercase();
            if parts.insert(name.clone(), index).is_some() {
                return Err(broken(format!("it has two parts {name}")));
            }
        }
        let (left, limit, length) = (limits.inflated_bytes, limits.inflated_bytes, bytes.len() as u64);
        Ok(Package { source: Source::Zip(archive), length, parts, format, left, limit })
    }

    /// Opens parts in one XML file. Only parts that are XML themselves are kept.
    fn open_flat(bytes: &[u8], format: Kind, limits: &Limits) -> Result<Package<'a>, ReadError> {
        let file = Part::whole(bytes);
        let (mut texts, mut parts) = (Vec::new(), HashMap::new());
        for part in file.text.split("<pkg:part ").skip(1) {
            let name = part.split_once("pkg:name=\"").and_then(|(_, rest)| rest.split_once('"'));
            let content = part.split_once("<pkg:xmlData").and_then(|(_, rest)| rest.split_once('>'));
            let content = content.and_then(|(_, rest)| rest.rsplit_once("</pkg:xmlData>"));
            if let (Some((name, _)), Some((content, _))) = (name, content) {
                parts.insert(name.trim_start_matches('/').to_lowercase(), texts.len());
                texts.push(content.to_owned());
            }
        }
        let (left, limit, length) = (limits.inflated_bytes, limits.inflated_bytes, bytes.len() as u64);
        Ok(Package { source: Source::Flat(texts), length, parts, format, left, limit })
    }

    /// A part by its name, none if there is no such part.
    pub(crate) fn part(&mut self, name: &str) -> Result<Option<Part>, ReadError> {
        let found = self.bytes(name)?;
        let part = |(bytes, range)| Part {
            name: name.trim_start_matches('/').to_owned(),
            text: decode(bytes),
            range,
        };
        Ok(found.map(part))
    }

    /// The bytes of a part, and the range of its packed bytes in the file.
    pub(crate) fn bytes(&mut self, name: &str) -> Result<Option<Packed>, ReadError> {
        let name = name.trim_start_matches('/');
        let Some(&index) = self.parts.get(&name.to_lowercase()) else { return Ok(None) };
        let format = self.format;
        let what = |error: &dyn std::fmt::Display| format!("part {name} cannot be unpacked: {error}");
        let archive = match &mut self.source {
            Source::Flat(texts) => {
                return Ok(texts.get(index).map(|text| (text.clone().into_bytes(), 0..self.length)));
            }
            Source::Zip(archive) => archive,
        };
        let file = match archive.by_index(index) {
            Ok(file) if file.encrypted() => return Err(ReadError::Encrypted { format }),
            Ok(file) => file,
            Err(ZipError::UnsupportedArchive(reason)) if reason.contains("assword") => {
                return Err(ReadError::Encrypted { format });
            }
            Err(error) => return Err(of_zip(format, what(&error), error)),
        };
        // A damaged directory can have a size that goes beyond the file.
        let start = file.data_start().unwrap_or(0).min(self.length);
        let range = start..start.saturating_add(file.compressed_size()).min(self.length);
        let mut bytes = Vec::new();
        let read = file.take(self.left as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|error| ReadError::of_io(format, what(&error), &error))?;
        self.left = match self.left.checked_sub(bytes.len()) {
            Some(left) => left,
            None => return Err(ReadError::TooMuchInflated { format, limit: self.limit }),
        };
        Ok(Some((bytes, range)))
    }

    /// A part that the document cannot do without.
    pub(crate) fn need(&mut self, name: &str) -> Result<Part, ReadError> {
        let missing = ReadError::Broken { format: self.format, what: format!("part {name} is missing") };
        self.part(name)?.ok_or(missing)
    }
}

/// The error for an archive or a part that cannot be opened.
fn of_zip(format: Kind, what: String, error: ZipError) -> ReadError {
    match error {
        ZipError::Io(error) => ReadError::of_io(format, what, &error),
        _ => ReadError::Broken { format, what },
    }
}

impl Part {
    /// A file that is one part by itself.
    pub(crate) fn whole(bytes: &[u8]) -> Part {
        Part { name: "file".into(), text: decode(bytes.to_vec()), range: 0..bytes.len() as u64 }
    }
}

/// XML is UTF-8 unless a byte order mark or its declaration says otherwise.
fn decode(bytes: Vec<u8>) -> String {
    let declared = || {
        let head = bytes.get(..200).unwrap_or(&bytes);
        let after = head.windows(9).position(|window| window == b"encoding=")? + 10;
        let length = head.get(after..)?.iter().position(|byte| matches!(byte, b'"' | b'\''))?;
        Encoding::for_label(head.get(after..after + length)?)
    };
    let (encoding, bom) = Encoding::for_bom(&bytes).unwrap_or_else(|| (declared().unwrap_or(UTF_8), 0));
    if encoding == UTF_8 && bom == 0 {
        return String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    }
    encoding.decode_without_bom_handling(bytes.get(bom..).unwrap_or_default()).0.into_owned()
}
