//! Web pages in one MIME file, as browsers and Word save them (MHT), and mails with a page in them.
//!
//! Of the pages inside the one that the file is about is read, as any web page is.
//! Origins: `line` is the running number of the paragraph or table row, and `start..end` is where the
//! encoded page is in the file.

use std::borrow::Cow;
use std::ops::Range;

use crate::error::ReadError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::model::Content;
use crate::nested_tables::moved;
use crate::source::Source;
use crate::{decode, html, nested_tables, text};

/// Parts of one file; a page has some hundred pictures.
const MOST_PARTS: usize = 10_000;
/// Parts inside parts; each level is looked through once.
const MOST_LEVELS: usize = 16;
/// Bytes of the head of a part.
const LONGEST_HEAD: usize = 65_536;

/// The title and the blocks of the page.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Content, ReadError> {
    let broken = |what: &str| ReadError::Broken { format: Kind::Mhtml, what: what.into() };
    let leaves = leaves(bytes).ok_or_else(|| broken("it has no head"))?;
    let is_page = |leaf: &&Leaf| matches!(leaf.kind.as_str(), "text/html" | "application/xhtml+xml");
    let mut pages: Vec<&Leaf> = leaves.iter().filter(is_page).collect();
    // The root page that the file names comes first.
    pages.sort_by_key(|leaf| !leaf.is_root);
    let plain = || leaves.iter().filter(|leaf| leaf.kind == "text/plain");
    if pages.is_empty() {
        pages.extend(plain());
    }
    if pages.is_empty() {
        return Err(broken("it has no page"));
    }
    // A frameset has no words; its frames follow it.
    let mut found = Content::default();
    for page in pages {
        found = read_page(bytes, page, limits)?;
        if !found.blocks.is_empty() {
            break;
        }
    }
    Ok(found)
}

fn read_page(bytes: &[u8], page: &Leaf, limits: &Limits) -> Result<Content, ReadError> {
    let body = page.body(bytes);
    if body.len() > limits.html_bytes {
        return Err(ReadError::TooLarge { found: body.len(), limit: limits.html_bytes });
    }
    let is_html = page.kind != "text/plain";
    let (encoding, bom) = decode::encoding(&body, is_html);
    let source = Source::decode(&body, encoding, bom);
    decode::check(&source.text)?;
    let content = match is_html {
        true => html::read(&source, limits)?,
        false => text::read(&source, 0..source.text.len(), limits)?.into(),
    };
    let place = page.body.start as u64..page.body.end as u64;
    let title = content.title.map(|title| nested_tables::whole(title.as_str(), 1, &place));
    Ok(Content { title, ..moved(content.blocks, &mut 0, &place).into() })
}

/// Whether a file begins as a MIME message with a page or with parts.
pub(crate) fn is_message(bytes: &[u8]) -> bool {
    let Some(head) = Head::read(bytes, 0) else { return false };
    let is_mime = head.value("mime-version").is_some() || head.value("content-transfer-encoding").is_some();
    let kind = head.kind();
    kind.starts_with("multipart/") || is_mime && matches!(kind.as_str(), "text/html" | "message/rfc822")
}

/// A part that holds no others.
struct Leaf {
    /// `text/html`
    kind: String,
    encoding: String,
    body: Range<usize>,
    /// Whether the file names it as the one that it is about.
    is_root: bool,
}

impl Leaf {
    fn body<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let body = bytes.get(self.body.clone()).unwrap_or_default();
        match self.encoding.as_str() {
            "quoted-printable" => Cow::Owned(unquoted(body)),
            "base64" => Cow::Owned(unpacked(body)),
            _ => Cow::Borrowed(body),
        }
    }
}

/// All parts in order; parts inside parts are opened without recursion. None if there is no head.
fn leaves(bytes: &[u8]) -> Option<Vec<Leaf>> {
    let mut leaves = Vec::new();
    // Parts still to be read, the next one last, each with its level and the name of the root among its
    // siblings.
    let mut open: Vec<(Range<usize>, usize, Option<String>)> = vec![(0..bytes.len(), 1, None)];
    let mut count = 0;
    while let Some((range, level, root)) = open.pop() {
        count += 1;
        if count > MOST_PARTS {
            break;
        }
        if level > MOST_LEVELS {
            continue;
        }
        let part = bytes.get(..range.end).unwrap_or(bytes);
        let head = match Head::read(part, range.start) {
            Some(head) => head,
            None if count == 1 => return None,
            None => continue,
        };
        let kind = head.kind();
        let body = head.end..range.end;
        let boundary = head.parameter("boundary").filter(|_| kind.starts_with("multipart/"));
        if let Some(boundary) = boundary {
            let start = head.parameter("start");
            let parts = parts(bytes, body, &boundary);
            open.extend(parts.into_iter().rev().map(|part| (part, level + 1, start.clone())));
        } else if kind == "message/rfc822" {
            open.push((body, level + 1, None));
        } else {
            let encoding = head.value("content-transfer-encoding").unwrap_or_default();
            let id = head.value("content-id");
            let is_root = root.is_some() && id == root.as_deref();
            leaves.push(Leaf { kind, encoding: encoding.trim().to_ascii_lowercase(), body, is_root });
        }
    }
    Some(leaves)
}

/// The parts between lines of `--boundary`. Each level of parts is looked through once.
fn parts(bytes: &[u8], body: Range<usize>, boundary: &str) -> Vec<Range<usize>> {
    let mark = format!("--{boundary}");
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut begun = None;
    let mut at = body.start;
    while at < body.end && parts.len() < MOST_PARTS {
        let next = line_end(bytes, at..body.end);
        let line = bytes.get(at..next).unwrap_or_default().trim_ascii_end();
        if let Some(rest) = line.strip_prefix(mark.as_bytes())
            && matches!(rest, b"" | b"--")
        {
            parts.extend(begun.map(|start: usize| start..at));
            begun = (rest == b"").then_some(next);
        }
        at = next;
    }
    // A file cut short has no last line.
    parts.extend(begun.map(|start| start..body.end));
    parts
}

/// Where the line ends that begins a range, its line break included.
fn line_end(bytes: &[u8], range: Range<usize>) -> usize {
    let line = bytes.get(range.clone()).unwrap_or_default();
    let length = line.iter().position(|byte| *byte == b'\n');
    length.map_or(range.end, |length| range.start + length + 1)
}

/// The lines in front of a part.
struct Head {
    /// Names in lower case, and values with their lines joined.
    lines: Vec<(String, String)>,
    /// Where the part itself begins.
    end: usize,
}

impl Head {
    /// The head that begins at a byte; none if there is none.
    fn read(bytes: &[u8], start: usize) -> Option<Head> {
        let mut lines: Vec<(String, String)> = Vec::new();
        let mut at = start;
        if bytes.get(at..).is_some_and(|rest| rest.starts_with(b"\xEF\xBB\xBF")) {
            at += 3;
        }
        let most = bytes.len().min(start.saturating_add(LONGEST_HEAD));
        while at < most {
            let next = line_end(bytes, at..most);
            let line = String::from_utf8_lossy(bytes.get(at..next).unwrap_or_default().trim_ascii_end());
            at = next;
            if line.is_empty() {
                // Blank lines in front of the head do no harm.
                if lines.is_empty() {
                    continue;
                }
                return Some(Head { lines, end: at });
            }
            match (line.starts_with([' ', '\t']), lines.last_mut(), line.split_once(':')) {
                (true, Some((_, value)), _) => value.push_str(&line),
                (_, _, Some((name, value))) if is_name(name) => {
                    lines.push((name.to_ascii_lowercase(), value.trim().to_owned()));
                }
                _ => return None,
            }
        }
        (!lines.is_empty()).then_some(Head { lines, end: at })
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.lines.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The media type in lower case; a part that does not say is plain text.
    fn kind(&self) -> String {
        let value = self.value("content-type").unwrap_or("text/plain");
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// A parameter of the media type.
    fn parameter(&self, name: &str) -> Option<String> {
        let value = self.value("content-type")?;
        let mut parameters = value.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
        let (_, value) = parameters.find(|(found, _)| found.trim().eq_ignore_ascii_case(name))?;
        Some(value.trim().trim_matches('"').to_owned())
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Quoted-printable to bytes: `=B1` is a byte, and `=` at the end of a line joins it to the next one.
fn unquoted(body: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut bytes = Vec::with_capacity(body.len());
    let mut at = 0;
    while let Some(&byte) = body.get(at) {
        at += 1;
        if byte != b'=' {
            bytes.push(byte);
            continue;
        }
        match (digit(body.get(at)), digit(body.get(at + 1))) {
            (Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                at += 2;
            }
            _ => {
                let rest = body.get(at..).unwrap_or_default();
                let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
                match body.get(at + blanks) {
                    Some(b'\n') => at += blanks + 1,
                    _ => bytes.push(byte),
                }
            }
        }
    }
    bytes
}

/// Decodes base64 and ignores other characters.
fn unpacked(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in body {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => continue,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
