//! Compression of one part of one report.

use std::cell::RefCell;
use std::io;

use zstd::bulk::{Compressor, Decompressor};

/// A higher level makes a report a little smaller and indexing slower.
const LEVEL: i32 = 3;
/// The most that a part takes when it is unpacked, so that a damaged length cannot ask for all memory.
const MAX_PART_BYTES: usize = 1 << 30;

/// Compresses parts; one writer uses it for all of them.
pub(crate) struct Packer(Compressor<'static>);

impl Packer {
    pub(crate) fn new() -> io::Result<Self> {
        Compressor::new(LEVEL).map(Self)
    }

    /// The part as it is stored; nothing of nothing.
    pub(crate) fn pack(&mut self, part: &[u8]) -> io::Result<Vec<u8>> {
        if part.is_empty() { Ok(Vec::new()) } else { self.0.compress(part) }
    }
}

thread_local! {
    static UNPACKER: RefCell<Decompressor<'static>> = RefCell::default();
}

/// A part as it was before [`Packer::pack`].
pub(crate) fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    if packed.is_empty() {
        return Ok(Vec::new());
    }
    UNPACKER.with_borrow_mut(|unpacker| unpacker.decompress(packed, MAX_PART_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_unpack_as_they_were_and_damage_is_an_error() {
        let mut packer = Packer::new().unwrap();
        for part in ["", "一", &"政府信息公开工作年度报告".repeat(5_000)] {
            let packed = packer.pack(part.as_bytes()).unwrap();
            assert_eq!(unpack(&packed).unwrap(), part.as_bytes());
            for end in 1..packed.len() {
                unpack(&packed[..end]).unwrap_err();
            }
        }
        unpack(b"no frame of zstd").unwrap_err();
    }
}
