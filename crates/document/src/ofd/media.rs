//! The fonts and pictures that the resources of an OFD name.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hayro_interpret::kurbo::Rect;

use super::drawing::{Drawn, Painting, Shape};
use super::{object, resolve};
use crate::error::ReadError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::package::Package;
use crate::xml::{Event, Xml, attribute, name};

/// Where the fonts and pictures are, by their number.
#[derive(Default)]
pub(super) struct Media {
    fonts: HashMap<String, Font>,
    pictures: HashMap<String, String>,
}

struct Font {
    name: String,
    /// None where the file does not hold the font.
    file: Option<String>,
}

/// What the element is about that is open.
enum Open {
    Nothing,
    Font(String),
    Picture(String),
}

impl Media {
    /// Adds those of a part with resources.
    pub(super) fn read(
        &mut self,
        package: &mut Package<'_>,
        location: &str,
        limits: &Limits,
    ) -> Result<(), ReadError> {
        let Some(part) = package.part(location)? else { return Ok(()) };
        let mut xml = Xml::new(&part, Kind::Ofd, limits);
        let (mut folder, mut open) = (String::new(), Open::Nothing);
        while let Some(event) = xml.next()? {
            let Event::Open(tag) = event else { continue };
            let id = attribute(&tag, "ID").map(|id| id.into_owned());
            match (name(&tag), id) {
                ("Res", _) => {
                    folder = attribute(&tag, "BaseLoc").map(|folder| folder.into_owned()).unwrap_or_default();
                }
                ("Font", Some(id)) => {
                    let name = attribute(&tag, "FamilyName").or_else(|| attribute(&tag, "FontName"));
                    let name = name.map(|name| name.into_owned()).unwrap_or_default();
                    self.fonts.insert(id.clone(), Font { name, file: None });
                    open = Open::Font(id);
                }
                ("MultiMedia", Some(id)) => open = Open::Picture(id),
                ("FontFile" | "MediaFile", _) => {
                    let file = object::text(&mut xml)?;
                    let file = resolve(location, &format!("{folder}/{}", file.trim()));
                    match &open {
                        Open::Font(id) => {
                            if let Some(font) = self.fonts.get_mut(id) {
                                font.file = Some(file);
                            }
                        }
                        Open::Picture(id) => drop(self.pictures.insert(id.clone(), file)),
                        Open::Nothing => {}
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The name of a font.
    pub(super) fn font_name(&self, id: &str) -> &str {
        self.fonts.get(id).map(|font| font.name.as_str()).unwrap_or_default()
    }

    /// A painting with the files that it needs.
    pub(super) fn painting(
        &self,
        package: &mut Package<'_>,
        frame: Rect,
        drawn: Vec<Drawn>,
    ) -> Result<Painting, ReadError> {
        let (mut fonts, mut pictures) = (BTreeMap::new(), BTreeMap::new());
        for one in &drawn {
            let (files, file, id) = match &one.shape {
                Shape::Character { font: Some(id), .. } => {
                    (&mut fonts, self.fonts.get(id).and_then(|font| font.file.as_ref()), id)
                }
                Shape::Picture { id } => (&mut pictures, self.pictures.get(id), id),
                _ => continue,
            };
            let Some(file) = file.filter(|_| !files.contains_key(id)) else { continue };
            if let Some((bytes, _)) = package.bytes(file)? {
                files.insert(id.clone(), Arc::new(bytes));
            }
        }
        Ok(Painting { width: frame.width(), height: frame.height(), fonts, pictures, drawn })
    }
}
