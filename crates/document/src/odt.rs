//! ODT: the words and tables as they are printed with all tracked changes accepted. Headers and footers
//! are in another part and are skipped, as are notes, comments and tables of contents.
//!
//! Origins: `line` is the running number of the paragraph, or of the table row, in the document;
//! `start..end` are the packed bytes of `content.xml` in the file.

mod lists;
mod walk;

use crate::error::ReadError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::model::Block;
use crate::package::{Package, Part};
use crate::xml::Xml;
use lists::Styles;
pub(crate) use lists::twips;

/// The blocks of an ODT.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Vec<Block>, ReadError> {
    if !bytes.starts_with(b"PK") {
        // Everything in one XML file.
        let content = Part::whole(bytes);
        let mut styles = Styles::default();
        styles.read(Xml::new(&content, Kind::Odt, limits))?;
        return walk::walk(&content, styles, limits);
    }
    let mut package = Package::open(bytes, Kind::Odt, limits)?;
    if let Some(manifest) = package.part("META-INF/manifest.xml")?
        && manifest.text.contains("encryption-data")
    {
        return Err(ReadError::Encrypted { format: Kind::Odt });
    }
    let mut styles = Styles::default();
    if let Some(part) = package.part("styles.xml")? {
        styles.read(Xml::new(&part, Kind::Odt, limits))?;
    }
    let content = package.need("content.xml")?;
    styles.read(Xml::new(&content, Kind::Odt, limits))?;
    walk::walk(&content, styles, limits)
}
