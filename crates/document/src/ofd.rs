//! OFD (GB/T 33190), the national format for documents as they are printed.
//!
//! An OFD fixes the position of each character and each line and has no tables. This reader collects
//! them page by page, and the lattice finds the paragraphs and tables. The bytes of a place are those of
//! the packed page in the file.

mod object;
mod page;
mod resources;

use std::collections::HashMap;

use hayro_interpret::kurbo::Rect;

use crate::error::ReadError;
use crate::kind::Kind;
use crate::lattice::{self, Page};
use crate::limits::Limits;
use crate::model::Block;
use crate::package::{Package, Part};
use crate::xml::{Event, Xml, attribute, name};
use object::{Content, Object, is_shown, numbers};
use page::{Painter, Place};
use resources::Resources;

/// Pages of a document; the longest reports have a hundred.
const MOST_PAGES: usize = 2_000;
/// Points of a millimetre.
const POINTS: f64 = 72.0 / 25.4;

/// How many characters and lines may still come.
struct Budget {
    left: usize,
    limit: usize,
}

impl Budget {
    fn spend(&mut self, count: usize) -> Result<(), ReadError> {
        self.left = match self.left.checked_sub(count) {
            Some(left) => left,
            None => return Err(ReadError::TooManyNodes { found: self.limit + count, limit: self.limit }),
        };
        Ok(())
    }
}

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
    let mut budget = Budget { left: limits.nodes, limit: limits.nodes };
    let mut shared = Resources::default();
    for location in &document.resources {
        if let Some(part) = package.part(&resolve(&root, location))? {
            shared.read(&part, &mut budget, limits)?;
        }
    }
    let notes = notes(&mut package, &root, &document, &mut budget, limits)?;
    let mut templates: HashMap<&str, Content> = HashMap::new();
    let mut pages = Vec::with_capacity(document.pages.len());
    let mut has_drawings = false;
    for (id, location) in &document.pages {
        let location = resolve(&root, location);
        let part = package.need(&location)?;
        let content = object::read(&part, &mut budget, limits)?;
        for (template, _) in &content.templates {
            let declared = document.templates.iter().find(|declared| declared.id == *template);
            if let Some(declared) = declared.filter(|declared| !templates.contains_key(declared.id.as_str()))
            {
                let part = package.need(&resolve(&root, &declared.location))?;
                templates.insert(&declared.id, object::read(&part, &mut budget, limits)?);
            }
        }
        let mut own = Resources::default();
        for resource in &content.resources {
            if let Some(part) = package.part(&resolve(&location, resource))? {
                own.read(&part, &mut budget, limits)?;
            }
        }
        let (width, height) = content.size.unwrap_or(document.size);
        let frame = Rect::new(0.0, 0.0, f64::from(width) * POINTS, f64::from(height) * POINTS);
        let mut painter = Painter::new(frame, vec![&own, &shared]);
        let place = Place::page(frame);
        let of_template = |is_over: bool| {
            let wanted = content.templates.iter().filter(move |(_, over)| *over == is_over);
            wanted.filter_map(|(id, _)| templates.get(id.as_str()))
        };
        for template in of_template(false) {
            painter.layers(&template.layers, &place, &mut budget)?;
        }
        painter.layers(&content.layers, &place, &mut budget)?;
        for template in of_template(true) {
            painter.layers(&template.layers, &place, &mut budget)?;
        }
        for note in id.iter().filter_map(|id| notes.get(id)).flatten() {
            let place = place.note(note.boundary, note.is_watermark);
            painter.objects(&note.objects, &place, &mut budget)?;
        }
        has_drawings |= painter.has_drawings;
        let (letters, segments) = painter.canvas.finish();
        let glyphs = letters.into_iter().map(|letter| letter.glyph).collect();
        let height = frame.height() as f32;
        pages.push(Page { height, glyphs, segments, source: part.range });
    }
    if has_drawings && pages.iter().all(|page| page.glyphs.is_empty()) {
        return Err(ReadError::NoText { format: Kind::Ofd });
    }
    lattice::read(pages, limits)
}

/// A note on a page.
struct Note {
    boundary: [f32; 4],
    is_watermark: bool,
    objects: Vec<Object>,
}

/// The notes that are shown, by the number of their page.
fn notes(
    package: &mut Package<'_>,
    root: &str,
    document: &Document,
    budget: &mut Budget,
    limits: &Limits,
) -> Result<HashMap<String, Vec<Note>>, ReadError> {
    let mut found: HashMap<String, Vec<Note>> = HashMap::new();
    let Some(list) = &document.notes else { return Ok(found) };
    let list = resolve(root, list);
    let Some(part) = package.part(&list)? else { return Ok(found) };
    let mut files = Vec::new();
    let mut xml = Xml::new(&part, Kind::Ofd, limits);
    let mut page = None;
    while let Some(event) = xml.next()? {
        let Event::Open(tag) = event else { continue };
        match name(&tag) {
            "Page" => page = attribute(&tag, "PageID").map(|id| id.into_owned()),
            "FileLoc" => files.extend(page.clone().zip(Some(object::text(&mut xml)?))),
            _ => {}
        }
    }
    for (page, location) in files {
        budget.spend(1)?;
        // Some programs name the file as seen from the list, others as seen from the document.
        let location = location.trim();
        let part = match package.part(&resolve(&list, location))? {
            Some(part) => Some(part),
            None => package.part(&resolve(root, location))?,
        };
        if let Some(part) = part {
            found.entry(page).or_default().extend(notes_of(&part, budget, limits)?);
        }
    }
    Ok(found)
}

/// The notes of a part that are shown.
fn notes_of(part: &Part, budget: &mut Budget, limits: &Limits) -> Result<Vec<Note>, ReadError> {
    let mut notes = Vec::new();
    let mut xml = Xml::new(part, Kind::Ofd, limits);
    let mut is_watermark = false;
    while let Some(event) = xml.next()? {
        let Event::Open(tag) = event else { continue };
        match name(&tag) {
            "Annot" if !is_shown(&tag) => xml.skip()?,
            "Annot" => is_watermark = attribute(&tag, "Type").is_some_and(|kind| kind.trim() == "Watermark"),
            "Appearance" if !is_shown(&tag) => xml.skip()?,
            "Appearance" => {
                let boundary = numbers(attribute(&tag, "Boundary").as_deref().unwrap_or(""));
                let boundary = <[f32; 4]>::try_from(boundary).unwrap_or_default();
                let objects = object::children(&mut xml, budget)?;
                notes.push(Note { boundary, is_watermark, objects });
            }
            _ => {}
        }
    }
    Ok(notes)
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
    /// Their numbers and their locations.
    pages: Vec<(Option<String>, String)>,
    templates: Vec<Template>,
    resources: Vec<String>,
    notes: Option<String>,
    /// Width and height of pages that do not say theirs, in millimetres.
    size: (f32, f32),
}

struct Template {
    id: String,
    location: String,
}

fn document(part: &Part, limits: &Limits) -> Result<Document, ReadError> {
    let mut document = Document {
        pages: Vec::new(),
        templates: Vec::new(),
        resources: Vec::new(),
        notes: None,
        size: (210.0, 297.0),
    };
    let mut xml = Xml::new(part, Kind::Ofd, limits);
    while let Some(event) = xml.next()? {
        let Event::Open(tag) = event else { continue };
        let location = attribute(&tag, "BaseLoc").map(|location| location.into_owned());
        let id = attribute(&tag, "ID").map(|id| id.into_owned());
        match (name(&tag), location) {
            ("Page", Some(location)) => document.pages.push((id, location)),
            ("TemplatePage", Some(location)) => {
                document.templates.extend(id.map(|id| Template { id, location }));
            }
            ("PhysicalBox", _) => {
                document.size = object::size(&object::text(&mut xml)?).unwrap_or(document.size);
            }
            ("PublicRes" | "DocumentRes", _) => {
                document.resources.push(object::text(&mut xml)?.trim().to_owned());
            }
            ("Annotations", _) => document.notes = Some(object::text(&mut xml)?.trim().to_owned()),
            _ => {}
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
