//! The plain text of a document: an ordinary one travels compressed in the fact that names it, so that neither the
//! stage that writes it nor the one that reads it asks the store; a long one is a blob.

use std::cell::RefCell;
use std::io;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use zstd::bulk::{Compressor, Decompressor};

use crate::blobs::Blobs;
use crate::error::{GetError, PutError};

/// A longer text is a blob. A hundred times the text of an ordinary report, so that unpacking one takes little memory.
const TRAVELLING_BYTES: usize = 512 << 10;
/// So much of a fact its text may take: ten times what an ordinary one takes. A message may have 1 MiB.
const PACKED_BYTES: usize = 32 << 10;
/// A higher level makes a text a little smaller and takes several times as long.
const LEVEL: i32 = 3;

/// A text that was stored, or that travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredText {
    /// SHA-256 of the text, 64 lower-case hex digits.
    pub sha256: String,
    /// Its size.
    pub size_bytes: u64,
    /// The text as it travels, a frame of zstd; empty where it is a blob.
    pub zstd: Vec<u8>,
}

thread_local! {
    /// Making one takes longer than using it once.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Decompressor<'static>> = RefCell::default();
}

impl Blobs {
    /// Packs a text to travel in a fact; stores one that is too long for that, at most `limit_bytes`.
    ///
    /// # Errors
    /// If it is larger, or cannot be stored.
    pub async fn put_text(&self, text: &str, limit_bytes: u64) -> Result<StoredText, PutError> {
        let packed =
            if text.len() <= TRAVELLING_BYTES { pack(text).map_err(store_error)? } else { Vec::new() };
        if !packed.is_empty() && packed.len() <= PACKED_BYTES {
            let sha256 = HEXLOWER.encode(&Sha256::digest(text));
            return Ok(StoredText { sha256, size_bytes: text.len() as u64, zstd: packed });
        }
        let stored = self.put(text.as_bytes(), limit_bytes).await?;
        Ok(StoredText { sha256: stored.sha256, size_bytes: stored.size_bytes, zstd: Vec::new() })
    }

    /// The text that a fact names by `sha256`, and carries where `zstd` is not empty.
    ///
    /// # Errors
    /// If what travelled is damaged, or the blob does not exist or changed since it was stored.
    pub async fn get_text(&self, sha256: &str, zstd: &[u8]) -> Result<Vec<u8>, GetError> {
        if zstd.is_empty() {
            return Ok(self.get(sha256).await?.into());
        }
        unpack_text(zstd).map_err(|_| GetError::Corrupt(sha256.to_owned()))
    }
}

fn pack(text: &str) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        let compressor = match compressor {
            Some(compressor) => compressor,
            None => {
                let mut made = Compressor::new(LEVEL)?;
                made.include_checksum(true)?;
                compressor.insert(made)
            }
        };
        compressor.compress(text.as_bytes())
    })
}

/// A text that travelled, with its checksum verified.
///
/// # Errors
/// If it is damaged, or longer than a text that travels.
pub fn unpack_text(zstd: &[u8]) -> io::Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|decompressor| decompressor.decompress(zstd, TRAVELLING_BYTES))
}

fn store_error(error: io::Error) -> PutError {
    PutError::Store(error.into())
}
