//! OFD (GB/T 33190), the national format for documents as they are printed.
//!
//! An OFD fixes the position of each character and each line and has no tables. This reader collects
//! them page by page, and the lattice finds the paragraphs and tables. The bytes of a place are those of
//! the packed page in the file.

pub(crate) mod drawing;
mod media;
mod object;
mod page;
mod resources;

use std::collections::HashMap;
use std::ops::Range;

use hayro_interpret::kurbo::Rect;

use crate::error::ReadError;
use crate::kind::Kind;
use crate::lattice::{self, Page};
use crate::limits::Limits;
use crate::model::{Block, PageSize};
use crate::package::{Package, Part};
use crate::xml::{Event, Xml, attribute, name};
use drawing::{Brush, Painting};
use media::Media;
use object::{Content, Layer, Object, is_shown, numbers};
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
    let mut file = File::open(bytes, limits)?;
    let mut pages = Vec::with_capacity(file.document.pages.len());
    let mut has_drawings = false;
    for index in 0..file.document.pages.len() {
        let Some(sheet) = file.sheet(index)? else { break };
        let mut painter = Painter::new(sheet.frame, vec![&sheet.own, &file.shared]);
        let place = Place::page(sheet.frame);
        for layers in sheet.layers(&file.templates) {
            painter.layers(layers, &place, &mut file.budget)?;
        }
        for note in sheet.notes(&file.notes) {
            let place = place.note(note.boundary, note.is_watermark);
            painter.objects(&note.objects, &place, &mut file.budget)?;
        }
        has_drawings |= painter.has_drawings;
        let (letters, segments) = painter.canvas.finish();
        let glyphs = letters.into_iter().map(|letter| letter.glyph).collect();
        let height = sheet.frame.height() as f32;
        pages.push(Page { height, glyphs, segments, source: sheet.source });
    }
    if has_drawings && pages.iter().all(|page| page.glyphs.is_empty()) {
        return Err(ReadError::NoText { format: Kind::Ofd });
    }
    lattice::read(pages, limits)
}

/// The sizes of the pages.
pub(crate) fn page_sizes(bytes: &[u8], limits: &Limits) -> Result<Vec<PageSize>, ReadError> {
    let mut file = File::open(bytes, limits)?;
    let mut sizes = Vec::with_capacity(file.document.pages.len());
    for index in 0..file.document.pages.len() {
        let Some(sheet) = file.sheet(index)? else { break };
        let (width, height) = (sheet.frame.width() as f32, sheet.frame.height() as f32);
        sizes.push(PageSize { width, height, quarter_turns: 0 });
    }
    Ok(sizes)
}

/// What a page paints; pages count from 1.
pub(crate) fn painting(bytes: &[u8], number: u32, limits: &Limits) -> Result<Option<Painting>, ReadError> {
    let mut file = File::open(bytes, limits)?;
    let Some(index) = (number as usize).checked_sub(1) else { return Ok(None) };
    let Some(sheet) = file.sheet(index)? else { return Ok(None) };
    let mut media = Media::default();
    for (part, location) in file.document.resources.iter().map(|location| (file.root.as_str(), location)) {
        media.read(&mut file.package, &resolve(part, location), limits)?;
    }
    for resource in &sheet.content.resources {
        media.read(&mut file.package, &resolve(&sheet.location, resource), limits)?;
    }
    let mut brush = Brush::new(vec![&sheet.own, &file.shared], &media);
    for layers in sheet.layers(&file.templates) {
        brush.layers(layers, &mut file.budget)?;
    }
    for note in sheet.notes(&file.notes) {
        brush.note(note.boundary, &note.objects, &mut file.budget)?;
    }
    let drawn = brush.finish();
    media.painting(&mut file.package, sheet.frame, drawn).map(Some)
}

/// An opened file, and how much of it may still be read.
struct File<'a> {
    package: Package<'a>,
    root: String,
    document: Document,
    shared: Resources,
    notes: HashMap<String, Vec<Note>>,
    /// Those that were needed so far.
    templates: HashMap<String, Content>,
    budget: Budget,
    limits: &'a Limits,
}

/// A page with what it is made of.
struct Sheet {
    id: Option<String>,
    location: String,
    content: Content,
    own: Resources,
    frame: Rect,
    /// The range of its packed bytes in the file.
    source: Range<u64>,
}

impl<'a> File<'a> {
    fn open(bytes: &'a [u8], limits: &'a Limits) -> Result<Self, ReadError> {
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
        Ok(Self { package, root, document, shared, notes, templates: HashMap::new(), budget, limits })
    }

    /// A page by its index; none where there is no such page.
    fn sheet(&mut self, index: usize) -> Result<Option<Sheet>, ReadError> {
        let Some((id, location)) = self.document.pages.get(index) else { return Ok(None) };
        let location = resolve(&self.root, location);
        let part = self.package.need(&location)?;
        let content = object::read(&part, &mut self.budget, self.limits)?;
        for (template, _) in &content.templates {
            let declared = self.document.templates.iter().find(|declared| declared.id == *template);
            if let Some(declared) = declared.filter(|declared| !self.templates.contains_key(&declared.id)) {
                let part = self.package.need(&resolve(&self.root, &declared.location))?;
                let template = object::read(&part, &mut self.budget, self.limits)?;
                self.templates.insert(declared.id.clone(), template);
            }
        }
        let mut own = Resources::default();
        for resource in &content.resources {
            if let Some(part) = self.package.part(&resolve(&location, resource))? {
                own.read(&part, &mut self.budget, self.limits)?;
            }
        }
        let (width, height) = content.size.unwrap_or(self.document.size);
        let frame = Rect::new(0.0, 0.0, f64::from(width) * POINTS, f64::from(height) * POINTS);
        Ok(Some(Sheet { id: id.clone(), location, content, own, frame, source: part.range }))
    }
}

impl Sheet {
    /// The layers in the order in which they are painted.
    fn layers<'s>(&'s self, templates: &'s HashMap<String, Content>) -> Vec<&'s [Layer]> {
        let of_template = |is_over: bool| {
            let wanted = self.content.templates.iter().filter(move |(_, over)| *over == is_over);
            wanted.filter_map(|(id, _)| templates.get(id)).map(|template| template.layers.as_slice())
        };
        of_template(false).chain([self.content.layers.as_slice()]).chain(of_template(true)).collect()
    }

    /// The notes on the page.
    fn notes<'n>(&self, notes: &'n HashMap<String, Vec<Note>>) -> &'n [Note] {
        self.id.as_ref().and_then(|id| notes.get(id)).map(Vec::as_slice).unwrap_or_default()
    }
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
