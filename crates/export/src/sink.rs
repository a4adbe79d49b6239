//! Destinations that can be cut off, and that count what they take.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// Cuts off a [`Severable`] when it is dropped, unless the export was finished.
///
/// A ZIP writer completes its archive when it is dropped. After a failure that would turn the beginning of an export
/// into a whole workbook.
#[derive(Debug, Default)]
pub(crate) struct Knife {
    is_severed: Arc<AtomicBool>,
    is_finished: bool,
}

/// A destination that swallows everything once it is cut off.
#[derive(Debug)]
pub(crate) struct Severable<W> {
    inner: W,
    is_severed: Arc<AtomicBool>,
}

impl Knife {
    pub(crate) fn hold<W>(&self, inner: W) -> Severable<W> {
        Severable { inner, is_severed: self.is_severed.clone() }
    }

    /// Lets the end of the export through.
    pub(crate) fn finish(&mut self) {
        self.is_finished = true;
    }

    /// Lets nothing more through.
    pub(crate) fn sever(&self) {
        self.is_severed.store(true, Ordering::Relaxed);
    }
}

impl Drop for Knife {
    fn drop(&mut self) {
        if !self.is_finished {
            self.sever();
        }
    }
}

impl<W: Write> Write for Severable<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_severed.load(Ordering::Relaxed) { Ok(bytes.len()) } else { self.inner.write(bytes) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_severed.load(Ordering::Relaxed) { Ok(()) } else { self.inner.flush() }
    }
}

/// A destination that counts and hashes what it takes.
pub(crate) struct Hashed<W> {
    inner: W,
    size_bytes: u64,
    sha256: Sha256,
}

impl<W: Write> Hashed<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, size_bytes: 0, sha256: Sha256::new() }
    }

    /// How many bytes it took, and their SHA-256.
    pub(crate) fn finish(self) -> (u64, String) {
        (self.size_bytes, HEXLOWER.encode(&self.sha256.finalize()))
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.inner.write(bytes)?;
        self.size_bytes += taken as u64;
        self.sha256.update(bytes.get(..taken).unwrap_or_default());
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    #[test]
    fn an_archive_that_failed_is_not_completed() {
        let half = |finish: bool| {
            let mut bytes = Vec::new();
            {
                // Dropped before the archive.
                let mut archive;
                let mut knife = Knife::default();
                archive = ZipWriter::new_stream(knife.hold(&mut bytes));
                archive.start_file("a", SimpleFileOptions::default()).unwrap();
                archive.write_all(b"half").unwrap();
                if finish {
                    knife.finish();
                }
                drop(knife);
                drop(archive);
            }
            bytes
        };
        let end_of_directory = b"PK\x05\x06";
        let is_whole = |bytes: Vec<u8>| bytes.windows(4).any(|four| four == end_of_directory);
        assert!(is_whole(half(true)));
        assert!(!is_whole(half(false)));
    }
}
