//! What stands in the parts of an office file.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use quick_xml::Reader;
use quick_xml::events::Event;
use zip::ZipArchive;

/// Every part of a package by its name; each has to be XML.
pub(crate) fn parts(package: &[u8]) -> BTreeMap<String, String> {
    let mut archive = ZipArchive::new(Cursor::new(package)).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    let mut part = |name: String| {
        let mut text = String::new();
        archive.by_name(&name).unwrap().read_to_string(&mut text).unwrap();
        events(&text, |_| {});
        (name, text)
    };
    names.into_iter().map(&mut part).collect()
}

fn events(text: &str, mut each: impl FnMut(Event)) {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            event => each(event),
        }
    }
}

/// The cells of one sheet by their names, each as it stands in the file: `s` before text, `n` before a
/// number, `f` before a formula.
pub(crate) fn sheet(parts: &BTreeMap<String, String>, number: usize) -> BTreeMap<String, String> {
    let strings = strings(&parts["xl/sharedStrings.xml"]);
    let (mut cells, mut cell, mut is_shared) = (BTreeMap::new(), String::new(), false);
    let mut element = String::new();
    events(&parts[&format!("xl/worksheets/sheet{number}.xml")], |event| match event {
        Event::Start(tag) => {
            element = tag.name().as_ref().to_owned();
            if element == "c" {
                let attribute = |name: &str| {
                    let found = tag.try_get_attribute(name).unwrap();
                    found.map(|found| found.value.into_owned())
                };
                cell = attribute("r").unwrap();
                is_shared = attribute("t").as_deref() == Some("s");
            }
        }
        Event::Text(text) => {
            let text = text.into_inner().into_owned();
            let value = match element.as_str() {
                "v" if is_shared => format!("s{}", strings[text.parse::<usize>().unwrap()]),
                "v" => format!("n{text}"),
                "f" => format!("f{text}"),
                _ => return,
            };
            cells.insert(cell.clone(), value);
        }
        _ => {}
    });
    cells
}

fn strings(part: &str) -> Vec<String> {
    let item = |item: &str| {
        let text = item.split_once('>')?.1.split_once("</t>")?.0;
        Some(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    };
    part.split("<t").skip(1).filter_map(item).collect()
}
