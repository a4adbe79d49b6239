//! What Word shows in one of several ways, and what it arranges by itself.

use quick_xml::events::BytesStart;

use super::{Element, Opened, skip};
use crate::xml::{self, Xml};

/// Prefixes of the extensions that Word reads.
const KNOWN: [&str; 22] = [
    "a14", "aink", "am3d", "c14", "m", "o", "pic", "r", "v", "w", "w10", "w14", "w15", "w16", "wne", "wp",
    "wp14", "wpc", "wpg", "wpi", "wps", "a16",
];

/// The first of several ways that Word understands is read.
pub(super) fn open(tag: &BytesStart, open: &mut [Element], xml: &mut Xml) -> Opened {
    let is_known =
        |prefix: &str| KNOWN.contains(&prefix) || prefix.starts_with("w16") || prefix.starts_with("cx");
    let requires = xml::attribute(tag, "Requires").unwrap_or_default();
    let is_understood = requires.split_whitespace().all(is_known);
    match open.last_mut() {
        Some(Element::Alternatives(read)) if *read || !is_understood => skip(xml),
        Some(Element::Alternatives(read)) => {
            *read = true;
            Ok(Some(Element::Other))
        }
        _ => Ok(Some(Element::Other)),
    }
}

/// Whether an element of a formula puts its letters beside the line, or draws something with them.
pub(super) fn is_arranged(name: &str) -> bool {
    matches!(
        name,
        "f" | "sSup"
            | "sSub"
            | "sSubSup"
            | "sPre"
            | "rad"
            | "nary"
            | "eqArr"
            | "m"
            | "limLow"
            | "limUpp"
            | "borderBox"
            | "phant"
            | "d"
            | "acc"
            | "bar"
            | "groupChr"
    )
}
