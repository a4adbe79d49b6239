//! XML parts of a package as events. Refuses document types, custom entities and elements that are
//! nested too deep.

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event as Raw};
use quick_xml::reader::Reader;

use crate::error::ReadError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::package::Part;

/// Styles, lists or relations of one document; a merged yearbook has some thousand.
const MOST_KEPT: usize = 20_000;

/// The next event of a part.
pub(crate) enum Event<'a> {
    Open(BytesStart<'a>),
    Close,
    Text(Cow<'a, str>),
}

/// A part that is being read.
pub(crate) struct Xml<'a> {
    reader: Reader<&'a [u8]>,
    part: &'a Part,
    format: Kind,
    open: usize,
    depth: usize,
}

impl<'a> Xml<'a> {
    pub(crate) fn new(part: &'a Part, format: Kind, limits: &Limits) -> Xml<'a> {
        let mut reader = Reader::from_str(&part.text);
        reader.config_mut().expand_empty_elements = true;
        Xml { reader, part, format, open: 0, depth: limits.depth }
    }

    /// The next event, none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Event<'a>>, ReadError> {
        loop {
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(error) => return Err(self.broken(&error.to_string())),
            };
            return Ok(Some(match event {
                Raw::Start(tag) => {
                    self.open += 1;
                    if self.open > self.depth {
                        let before = &self.part.text[..self.at()];
                        let line = before.matches('\n').count() as u32 + 1;
                        return Err(ReadError::TooDeep { line, found: self.open, limit: self.depth });
                    }
                    Event::Open(tag)
                }
                Raw::End(_) => {
                    self.open = self.open.saturating_sub(1);
                    Event::Close
                }
                Raw::Text(text) => Event::Text(text.into_inner()),
                Raw::CData(text) => Event::Text(text.into_inner()),
                Raw::GeneralRef(reference) => match entity(&reference) {
                    Some(character) => Event::Text(Cow::Owned(character.to_string())),
                    None => return Err(self.broken("it uses an unknown entity")),
                },
                Raw::DocType(_) => return Err(self.broken("it has a document type, which is not allowed")),
                Raw::Eof if self.open > 0 => return Err(self.broken("it ends before its elements do")),
                Raw::Eof => return Ok(None),
                Raw::Empty(_) | Raw::Comment(_) | Raw::Decl(_) | Raw::PI(_) => continue,
            }));
        }
    }

    /// Skips the element that has just been opened.
    pub(crate) fn skip(&mut self) -> Result<(), ReadError> {
        self.within(|_, _| Ok(()))
    }

    /// Calls `each` with each tag inside the element that has just been opened, up to its end. The
    /// properties before a tracked change (`…Change`) are skipped.
    pub(crate) fn within(
        &mut self,
        mut each: impl FnMut(&BytesStart<'a>, usize) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let outside = self.open;
        // The depth below which everything is old.
        let mut old = usize::MAX;
        while self.open >= outside {
            match self.next()? {
                Some(Event::Open(tag)) if old == usize::MAX => {
                    if name(&tag).ends_with("Change") {
                        old = self.open;
                    } else {
                        each(&tag, self.open - outside)?;
                    }
                }
                Some(Event::Close) if self.open < old => old = usize::MAX,
                Some(_) => {}
                None => break,
            }
        }
        Ok(())
    }

    fn at(&self) -> usize {
        let at = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
        self.part.text.floor_char_boundary(at.min(self.part.text.len()))
    }

    /// Refuses more definitions of one kind than any document has, since all are kept in memory.
    pub(crate) fn no_more_than_kept(&self, count: usize, what: &str) -> Result<(), ReadError> {
        match count > MOST_KEPT {
            true => Err(self.broken(&format!("it has more than {MOST_KEPT} {what}"))),
            false => Ok(()),
        }
    }

    fn broken(&self, what: &str) -> ReadError {
        let line = self.part.text[..self.at()].matches('\n').count() + 1;
        let what = format!("part {}, line {line}: {what}", self.part.name);
        ReadError::Broken { format: self.format, what }
    }
}

/// The name of an element without its prefix.
pub(crate) fn name<'t>(tag: &'t BytesStart) -> &'t str {
    let qualified = tag.name().into_inner();
    qualified.rsplit_once(':').map_or(qualified, |(_, name)| name)
}

/// An attribute by its name without prefix.
pub(crate) fn attribute<'t>(tag: &'t BytesStart, wanted: &str) -> Option<Cow<'t, str>> {
    let mut attributes = tag.attributes();
    attributes.with_checks(false);
    attributes
        .flatten()
        .filter(|attribute| {
            let key = attribute.key.into_inner();
            key.rsplit_once(':').map_or(key, |(_, name)| name) == wanted
        })
        .find_map(|attribute| match attribute.value.contains('&') {
            true => {
                quick_xml::escape::unescape(&attribute.value).ok().map(|value| Cow::Owned(value.into_owned()))
            }
            false => Some(attribute.value),
        })
}

fn entity(reference: &str) -> Option<char> {
    let code = match reference.strip_prefix('#') {
        Some(hex) if hex.starts_with(['x', 'X']) => u32::from_str_radix(&hex[1..], 16).ok()?,
        Some(decimal) => decimal.parse().ok()?,
        None => {
            return Some(match reference {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                _ => return None,
            });
        }
    };
    char::from_u32(code)
}
