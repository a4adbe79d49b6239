//! DOCX and its kin (DOCM, DOTX, zip-based WPS, the XML of Word 2003): the words and tables as they are printed with all
//! tracked changes accepted. Headers, footers, notes and comments are in other parts and are skipped.
//!
//! Origins: `line` is the running number of the paragraph, or of the table row, in the document;
//! `start..end` are the packed bytes of the main part in the file.

mod binding;
mod numbering;
mod styles;
mod table;
mod walk;

use std::collections::HashMap;

use crate::error::ReadError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::model::{Block, Document};
use crate::package::{Package, Part};
use crate::sniff::sniff;
use crate::xml::{self, Event, Xml};
use binding::Bindings;
use numbering::Numbering;
use styles::Styles;

/// Documents that one document takes in.
const MOST_CHUNKS: usize = 100;

/// Reads an embedded file of another format; `crate::read` passes itself.
pub(crate) type ReadEmbedded = fn(&[u8], &Limits) -> Result<Document, ReadError>;

/// The blocks of a DOCX, with the blocks of the files embedded in it (`altChunk`).
pub(crate) fn read(
    bytes: &[u8],
    limits: &Limits,
    read_embedded: ReadEmbedded,
) -> Result<Vec<Block>, ReadError> {
    read_with(bytes, limits, |package, relations| {
        let is_chunk = |relation: &&Relation| relation.kind.ends_with("/aFChunk");
        let mut chunks = HashMap::new();
        for relation in relations.iter().filter(is_chunk).take(MOST_CHUNKS) {
            if let Some((bytes, _)) = package.bytes(&relation.target)? {
                chunks.insert(relation.id.clone(), chunk(&bytes, limits, read_embedded)?);
            }
        }
        Ok(chunks)
    })
}

/// The blocks of an embedded file. Files embedded in that one are ignored.
fn chunk(bytes: &[u8], limits: &Limits, read_embedded: ReadEmbedded) -> Result<Vec<Block>, ReadError> {
    match sniff(bytes) {
        Kind::Docx => read_with(bytes, limits, |_, _| Ok(HashMap::new())),
        Kind::Text | Kind::Html | Kind::Mhtml | Kind::Rtf | Kind::WordXml => {
            match read_embedded(bytes, limits) {
                Ok(document) => Ok(document.blocks),
                Err(ReadError::Empty) => Ok(Vec::new()),
                Err(error) => Err(error),
            }
        }
        _ => Ok(Vec::new()),
    }
}

/// The blocks of a document of Word 2003 in one XML file.
pub(crate) fn read_xml(bytes: &[u8], limits: &Limits) -> Result<Vec<Block>, ReadError> {
    let main = Part::whole(bytes);
    let styles = Styles::read(Xml::new(&main, Kind::WordXml, limits))?;
    walk::walk(&main, Kind::WordXml, walk::Around { styles, ..Default::default() }, limits)
}

fn read_with(
    bytes: &[u8],
    limits: &Limits,
    chunks: impl FnOnce(&mut Package, &[Relation]) -> Result<HashMap<String, Vec<Block>>, ReadError>,
) -> Result<Vec<Block>, ReadError> {
    let mut package = Package::open(bytes, Kind::Docx, limits)?;
    let main = main_part(&mut package, limits)?;
    let (folder, file) = main.name.rsplit_once('/').unwrap_or(("", &main.name));
    let relations = match package.part(&format!("{folder}/_rels/{file}.rels"))? {
        Some(part) => relations(&part, folder, limits)?,
        None => Vec::new(),
    };
    let styles = match related(&mut package, &relations, "/styles")? {
        Some(part) => Styles::read(Xml::new(&part, Kind::Docx, limits))?,
        None => Styles::default(),
    };
    let numbering = match related(&mut package, &relations, "/numbering")? {
        Some(part) => Numbering::read(Xml::new(&part, Kind::Docx, limits))?,
        None => Numbering::default(),
    };
    let chunks = chunks(&mut package, &relations)?;
    let bindings = bindings(&mut package, &relations, limits)?;
    walk::walk(&main, Kind::Docx, walk::Around { styles, numbering, chunks, bindings }, limits)
}

/// The data that the package keeps for its controls.
fn bindings(package: &mut Package, relations: &[Relation], limits: &Limits) -> Result<Bindings, ReadError> {
    let mut bindings = Bindings::default();
    for relation in
        relations.iter().filter(|relation| relation.kind.ends_with("/customXml")).take(MOST_CHUNKS)
    {
        let Some(item) = package.part(&relation.target)? else { continue };
        let (folder, file) = relation.target.rsplit_once('/').unwrap_or(("", &relation.target));
        let properties = match package.part(&format!("{folder}/_rels/{file}.rels"))? {
            Some(part) => self::relations(&part, folder, limits)?,
            None => Vec::new(),
        };
        let id = match related(package, &properties, "/customXmlProps")? {
            Some(part) => item_id(&part, limits)?,
            None => String::new(),
        };
        bindings.add(&id, &item, limits);
    }
    // Two parts have ids that never change.
    for (id, name) in [(CORE, "docProps/core.xml"), (EXTENDED, "docProps/app.xml")] {
        if let Some(part) = package.part(name)? {
            bindings.add(id, &part, limits);
        }
    }
    Ok(bindings)
}

/// The ids of the properties of the document.
const CORE: &str = "6C3C8BC8-F283-45AE-878A-BAB7291924A1";
const EXTENDED: &str = "6668398D-A668-4E3E-A5EB-62B293D839F1";

/// The id of a part of data, from its properties.
fn item_id(part: &Part, limits: &Limits) -> Result<String, ReadError> {
    let mut xml = Xml::new(part, Kind::Docx, limits);
    while let Some(event) = xml.next()? {
        if let Event::Open(tag) = event
            && let Some(id) = xml::attribute(&tag, "itemID")
        {
            return Ok(id.into_owned());
        }
    }
    Ok(String::new())
}

/// The main part is the one that the package names, and has any name.
fn main_part(package: &mut Package, limits: &Limits) -> Result<Part, ReadError> {
    let named = match package.part("_rels/.rels")? {
        Some(part) => relations(&part, "", limits)?,
        None => Vec::new(),
    };
    if let Some(part) = related(package, &named, "/officeDocument")? {
        return Ok(part);
    }
    let mut name = "word/document.xml".to_owned();
    if let Some(part) = package.part("[Content_Types].xml")? {
        let mut xml = Xml::new(&part, Kind::Docx, limits);
        while let Some(event) = xml.next()? {
            let Event::Open(tag) = event else { continue };
            let kind = xml::attribute(&tag, "ContentType").unwrap_or_default();
            let is_main = kind.ends_with(".main+xml") && (kind.contains("word"));
            if let (true, Some(part)) = (is_main, xml::attribute(&tag, "PartName")) {
                name = part.into_owned();
            }
        }
    }
    package.need(&name)
}

/// A part that another one is related to.
struct Relation {
    id: String,
    /// The URI of the kind of relation. Its beginning differs in strict files.
    kind: String,
    target: String,
}

fn relations(part: &Part, folder: &str, limits: &Limits) -> Result<Vec<Relation>, ReadError> {
    let mut relations = Vec::new();
    let mut xml = Xml::new(part, Kind::Docx, limits);
    while let Some(event) = xml.next()? {
        let Event::Open(tag) = event else { continue };
        let value = |name| xml::attribute(&tag, name).unwrap_or_default();
        if xml::name(&tag) == "Relationship" && value("TargetMode") != "External" {
            let target = resolve(folder, &value("Target"));
            let (id, kind) = (value("Id").into_owned(), value("Type").into_owned());
            relations.push(Relation { id, kind, target });
            xml.no_more_than_kept(relations.len(), "relations")?;
        }
    }
    Ok(relations)
}

fn related(package: &mut Package, relations: &[Relation], kind: &str) -> Result<Option<Part>, ReadError> {
    match relations.iter().find(|relation| relation.kind.ends_with(kind)) {
        Some(relation) => package.part(&relation.target),
        None => Ok(None),
    }
}

/// The name of a part that is named from inside a folder.
fn resolve(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut steps: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.join("/")
}
