//! Limits the inflated size of a PDF before the interpreter inflates its streams.

use std::io::Read;

use flate2::read::ZlibDecoder;
use memchr::memmem;

use crate::error::ReadError;
use crate::kind::Kind;
use crate::limits::Limits;

/// Layers of compression of one stream.
const MOST_LAYERS: usize = 4;
/// Bytes before a stream that can hold its dictionary.
const DESCRIPTION: usize = 1_024;

/// Refuses a file whose streams inflate to more than the limit. Pictures do not count: they are inflated only
/// where a figure lies over or under one, and then they are counted first.
pub(super) fn check(bytes: &[u8], limits: &Limits) -> Result<(), ReadError> {
    count(bytes, limits, false)
}

/// The same with the pictures.
pub(super) fn check_with_pictures(bytes: &[u8], limits: &Limits) -> Result<(), ReadError> {
    count(bytes, limits, true)
}

fn count(bytes: &[u8], limits: &Limits, with_pictures: bool) -> Result<(), ReadError> {
    let mut left = limits.inflated_bytes;
    for at in memmem::find_iter(bytes, b"stream") {
        let from = at + b"stream".len();
        let rest = bytes.get(from..).unwrap_or_default();
        let breaks = rest.iter().take(2).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let content = rest.get(breaks..).unwrap_or_default();
        let before = bytes.get(at.saturating_sub(DESCRIPTION)..at).unwrap_or_default();
        let is_begin = breaks > 0 && !before.ends_with(b"end");
        let own = find_last(before, b" obj").and_then(|own| before.get(own..)).unwrap_or_default();
        if is_begin && is_packed(content) && (with_pictures || !contains(own, b"/Image")) {
            let length = unpack(content, MOST_LAYERS, left);
            left = left
                .checked_sub(length)
                .ok_or(ReadError::TooMuchInflated { format: Kind::Pdf, limit: limits.inflated_bytes })?;
        }
    }
    Ok(())
}

/// Whether bytes begin as a zlib stream does.
fn is_packed(bytes: &[u8]) -> bool {
    matches!(bytes, [first, second, ..]
        if first & 0x0F == 8 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0)
}

/// Bytes of a stream and of what is packed in it again, counted to one above the limit.
fn unpack(bytes: &[u8], layers: usize, limit: usize) -> usize {
    let mut decoder = ZlibDecoder::new(bytes);
    let mut head = [0; 2];
    let mut length = 0;
    let mut inner = Vec::new();
    let mut buffer = [0; 16_384];
    while length <= limit {
        match decoder.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(count) => {
                if length == 0 {
                    head.copy_from_slice(&[buffer[0], if count > 1 { buffer[1] } else { 0 }]);
                }
                if is_packed(&head) && layers > 0 {
                    inner.extend_from_slice(buffer.get(..count).unwrap_or(&buffer));
                }
                length += count;
            }
        }
    }
    if inner.is_empty() || length > limit {
        length
    } else {
        length + unpack(&inner, layers - 1, limit - length)
    }
}

fn find_last(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    memmem::rfind(bytes, needle)
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    memmem::find(bytes, needle).is_some()
}
