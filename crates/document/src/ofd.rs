//! OFD (GB/T 33190), the national format for documents as they are printed.
//!
//! An OFD fixes the position of each character and each line and has no tables. This reader collects
//! them page by page, and the lattice finds the paragraphs and tables. The bytes of a place are those of
//! the packed page in the file.

mod page;

use crate::error::ReadError;
use crate::kind::Kind;
use crate::lattice::{self, Page};
use crate::limits::Limits;
use crate::model::Block;
use crate::package::{Package, Part};
use crate::xml::{Event, Xml, attribute, name};

/// Pages of a document; the longest reports have a hundred.
const MOST_PAGES: usize = 2_000;

/// The blocks of a file.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Vec<Block>, ReadError> {
    let mut package = Package::open(bytes, Kind::Ofd, limits)?;
    if package.part("Encryptions.xml")?.is_some() {
        return Err(ReadError::Encrypted { format: Kind::Ofd });
    }
    let root = root(&package.need("OFD.xml")?, limits)?;
    let document = document(&package.need(&root)?, limits)?;
    if document.pages.len() > MOST_PAGES {
        return Err(broken(format!("it has {} pages, above {MOST_PAGES}", document.pages.len())));
    }
    let mut templates: Vec<Option<page::Content>> = document.templates.iter().map(|_| None).collect();
    let mut objects = page::Budget { left: limits.nodes, limit: limits.nodes };
    let mut pages = Vec::with_capacity(document.pages.len());
    let mut has_drawings = false;
    for location in &document.pages {
        let part = package.need(&resolve(&root, location))?;
        let mut content = page::read(&part, document.height, &mut objects, limits)?;
        for id in std::mem::take(&mut content.templates) {
            let mut found = document.templates.iter().zip(&mut templates);
            let Some((declared, read)) = found.find(|(template, _)| template.id == id) else { continue };
            let template = match read {
                Some(template) => template,
                None => {
                    let part = package.need(&resolve(&root, &declared.location))?;
                    read.insert(page::read(&part, document.height, &mut objects, limits)?)
                }
            };
            objects.spend(template.page.glyphs.len() + template.page.segments.len())?;
            content.page.glyphs.extend(&template.page.glyphs);
            content.page.segments.extend(&template.page.segments);
        }
        has_drawings |= content.has_drawings;
        pages.push(Page { source: part.range, ..content.page });
    }
    if has_drawings && pages.iter().all(|page| page.glyphs.is_empty()) {
        return Err(ReadError::NoText { format: Kind::Ofd });
    }
    lattice::read(pages, limits)
}

/// Where the first document of the file is.
fn root(part: &Part, limits: &Limits) -> Result<String, ReadError> {
    let mut xml = Xml::new(part, Kind::Ofd, limits);
    let mut inside = false;
    while let Some(event) = xml.next()? {
        match event {
            Event::Open(tag) => inside = name(&tag) == "DocRoot",
            Event::Text(text) if inside && !text.trim().is_empty() => return Ok(text.trim().to_owned()),
            _ => {}
        }
    }
    Err(broken("it names no document".into()))
}

/// What a document consists of.
struct Document {
    pages: Vec<String>,
    templates: Vec<Template>,
    /// Height of pages that do not say theirs, in millimetres.
    height: f32,
}

struct Template {
    id: String,
    location: String,
}

fn document(part: &Part, limits: &Limits) -> Result<Document, ReadError> {
    let mut document = Document { pages: Vec::new(), templates: Vec::new(), height: 297.0 };
    let mut xml = Xml::new(part, Kind::Ofd, limits);
    let mut in_box = false;
    while let Some(event) = xml.next()? {
        match event {
            Event::Open(tag) => {
                in_box = name(&tag) == "PhysicalBox";
                let location = || attribute(&tag, "BaseLoc").map(|location| location.into_owned());
                match name(&tag) {
                    "Page" => document.pages.extend(location()),
                    "TemplatePage" => {
                        if let (Some(id), Some(location)) = (attribute(&tag, "ID"), location()) {
                            document.templates.push(Template { id: id.into_owned(), location });
                        }
                    }
                    _ => {}
                }
            }
            Event::Text(text) if in_box => document.height = page::height(&text).unwrap_or(document.height),
            Event::Text(_) => {}
            Event::Close => in_box = false,
        }
    }
    Ok(document)
}

/// A location as a part names it, seen from that part's folder.
fn resolve(part: &str, location: &str) -> String {
    let mut folders: Vec<&str> = match location.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => part.trim_start_matches('/').split('/').collect(),
    };
    folders.pop();
    for step in location.split(['/', '\\']) {
        match step {
            "" | "." => {}
            ".." => drop(folders.pop()),
            step => folders.push(step),
        }
    }
    folders.join("/")
}

fn broken(what: String) -> ReadError {
    ReadError::Broken { format: Kind::Ofd, what }
}
