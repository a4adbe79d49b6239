//! Detects the character encoding, and refuses files that are not text.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};

use crate::error::ReadError;
use crate::model::is_blank;
use crate::source::Source;

/// How many bytes are used to guess the encoding. More bytes do not improve the guess.
const HEAD: usize = 4_096;

/// Decodes a file. Refuses a blank one and one that is no text. `html` as for [`encoding`].
pub(crate) fn decode(bytes: &[u8], html: bool) -> Result<Source<'_>, ReadError> {
    let (encoding, bom) = encoding(bytes, html);
    let source = Source::decode(bytes, encoding, bom);
    if source.text.chars().all(is_blank) {
        return Err(ReadError::Empty);
    }
    check(&source.text)?;
    Ok(source)
}

/// The encoding of a file and the length of its byte order mark. `html` allows a `<meta>` to speak.
pub(crate) fn encoding(bytes: &[u8], html: bool) -> (&'static Encoding, usize) {
    if let Some(found) = Encoding::for_bom(bytes) {
        return found;
    }
    let encoding = wide(bytes)
        .or_else(|| mostly_utf8(bytes).then_some(UTF_8))
        .or_else(|| html.then(|| declared(bytes)).flatten())
        .unwrap_or_else(|| guessed(bytes));
    (encoding, 0)
}

/// The beginning of a file as text, roughly; for sniffing.
pub(crate) fn head(bytes: &[u8]) -> String {
    let encoding =
        Encoding::for_bom(bytes).map(|(encoding, _)| encoding).or_else(|| wide(bytes)).unwrap_or(UTF_8);
    encoding.decode(bytes).0.into_owned()
}

/// Refuses a file that is not text: a program, a damaged or an encrypted file.
pub(crate) fn check(text: &str) -> Result<(), ReadError> {
    let (mut characters, mut broken, mut nuls) = (0, 0, 0);
    for character in text.chars() {
        characters += 1;
        match character {
            '\0' => nuls += 1,
            '\t' | '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{1A}' => {}
            '\u{FFFD}' => broken += 1,
            _ if character.is_control() => broken += 1,
            _ => {}
        }
    }
    // A page cut in the middle of a character or with a few glyphs lost is still text.
    if broken * 20 > characters || nuls * 1_000 > characters {
        return Err(ReadError::NotText { broken: broken + nuls, characters });
    }
    Ok(())
}

/// UTF-16 without a byte order mark: nearly every pair of bytes is a character that Chinese text has.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..bytes.len().min(HEAD) & !1).unwrap_or_default();
    if head.is_empty() || !head.contains(&0) {
        return None;
    }
    let plausible = |unit: u16| {
        matches!(unit, 0x09 | 0x0A | 0x0D | 0x20..=0x7E | 0xA0..=0xFF | 0x2000..=0x27BF
            | 0x3000..=0x33FF | 0x4E00..=0x9FFF | 0xFE30..=0xFE4F | 0xFF00..=0xFFEF)
    };
    let (pairs, _) = head.as_chunks::<2>();
    let share = |unit: fn([u8; 2]) -> u16| {
        pairs.iter().filter(|pair| plausible(unit(**pair))).count() * 100 / pairs.len()
    };
    let (little, big) = (share(u16::from_le_bytes), share(u16::from_be_bytes));
    match () {
        () if little >= 95 && little > big => Some(UTF_16LE),
        () if big >= 95 && big > little => Some(UTF_16BE),
        () => None,
    }
}

/// Whether the bytes are UTF-8, or were before a few of them were damaged.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut sound, mut broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        sound += chunk.valid().bytes().filter(|byte| *byte >= 0xC0).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    broken * 20 <= sound
}

/// The encoding in `<meta charset>`, if it is one of the encodings of Chinese pages.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..HEAD).unwrap_or(bytes).to_ascii_lowercase();
    let at = head.windows(7).position(|window| window == b"charset")? + 7;
    let label: Vec<u8> = head
        .get(at..)?
        .iter()
        .copied()
        .skip_while(|byte| matches!(byte, b' ' | b'=' | b'"' | b'\''))
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        .collect();
    chinese(Encoding::for_label(&label)?)
}

fn guessed(bytes: &[u8]) -> &'static Encoding {
    // Skip tags: they are ASCII, so they do not help, and they are most of a page.
    let (mut text, mut inside) = (Vec::with_capacity(HEAD), false);
    for &byte in bytes.iter().take(HEAD * 16) {
        match byte {
            b'<' => inside = true,
            b'>' => inside = false,
            _ if !inside && text.len() < HEAD => text.push(byte),
            _ => {}
        }
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&text, true);
    chinese(detector.guess(Some(b"cn"), Utf8Detection::Deny)).unwrap_or(GB18030)
}

/// GB2312 and GBK pages hold characters of GB18030, which contains both. Other scripts are not expected.
fn chinese(encoding: &'static Encoding) -> Option<&'static Encoding> {
    match encoding {
        encoding if encoding == GBK || encoding == GB18030 => Some(GB18030),
        encoding if encoding == BIG5 => Some(BIG5),
        _ => None,
    }
}
