//! OLE compound files, the container of documents and workbooks before 2007.

use std::io::{Cursor, Read};

use cfb::CompoundFile;

use crate::error::ReadError;
use crate::kind::Kind;

/// An open compound file.
pub(crate) struct Compound<'a> {
    file: CompoundFile<Cursor<&'a [u8]>>,
    bytes: usize,
    format: Kind,
}

impl<'a> Compound<'a> {
    /// Opens a file of this format.
    pub(crate) fn open(bytes: &'a [u8], format: Kind) -> Result<Self, ReadError> {
        let file = CompoundFile::open(Cursor::new(bytes))
            .map_err(|error| ReadError::of_io(format, error.to_string(), &error))?;
        Ok(Compound { file, bytes: bytes.len(), format })
    }

    /// A stream of the root, whose name may be in any case.
    pub(crate) fn stream(&mut self, name: &str) -> Result<Option<Vec<u8>>, ReadError> {
        let path = format!("/{name}");
        if !self.file.is_stream(&path) {
            return Ok(None);
        }
        let format = self.format;
        let broken =
            |error: std::io::Error| ReadError::of_io(format, format!("stream {name}: {error}"), &error);
        let mut bytes = Vec::new();
        // No stream can have more bytes than its file, even if its declared length is larger.
        let stream = self.file.open_stream(&path).map_err(broken)?;
        stream.take(self.bytes as u64).read_to_end(&mut bytes).map_err(broken)?;
        Ok(Some(bytes))
    }
}

/// The format of a compound file, by the streams of its root; none if it cannot be opened.
pub(crate) fn kind(bytes: &[u8]) -> Option<Kind> {
    let file = CompoundFile::open(Cursor::new(bytes)).ok()?;
    let has = |name: &str| file.is_stream(name);
    Some(match () {
        () if has("/WordDocument") => Kind::Doc,
        () if has("/Workbook") || has("/Book") => Kind::Xls,
        () => Kind::Ole,
    })
}

/// The error for a compound file that is neither a document nor a workbook.
pub(crate) fn refusal(bytes: &[u8]) -> ReadError {
    let format = Kind::Ole;
    match CompoundFile::open(Cursor::new(bytes)) {
        Err(error) => ReadError::of_io(format, error.to_string(), &error),
        // Since 2007 a file with a password is packed into a compound file.
        Ok(file) if file.is_stream("/EncryptedPackage") => ReadError::Encrypted { format },
        Ok(_) => ReadError::Unsupported { format },
    }
}

/// Two bytes of a record, the lower one first.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

/// Four bytes of a record, the lowest one first.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
