//! The data that controls show: an element of a part of custom XML, named by a path.

use std::collections::HashMap;

use crate::error::ReadError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::package::Part;
use crate::xml::{self, Event, Xml};

/// Steps of a path.
const MOST_STEPS: usize = 32;
/// Elements of a part that are kept, with their texts.
const MOST_ELEMENTS: usize = 10_000;

/// The parts of data by their ids.
#[derive(Default)]
pub(super) struct Bindings {
    parts: HashMap<String, Data>,
}

/// The texts of the elements of a part, by their paths: `/x[1]/v[2]`.
type Data = HashMap<String, String>;

impl Bindings {
    /// Adds a part of data under the id that its properties give it. Data that cannot be read is shown nowhere.
    pub(super) fn add(&mut self, id: &str, part: &Part, limits: &Limits) {
        if let Ok(data) = read(Xml::new(part, Kind::Docx, limits)) {
            self.parts.insert(folded(id), data);
        }
    }

    /// What a control shows; none where it shows its own text.
    pub(super) fn value(&self, id: &str, path: &str) -> Option<String> {
        // Without an id the first part that has such an element.
        let path = canonical(path);
        let part = self.parts.get(&folded(id));
        let mut parts = part.into_iter().chain(self.parts.values().filter(|_| id.is_empty()));
        parts.find_map(|data| data.get(&path).cloned())
    }
}

fn folded(id: &str) -> String {
    id.trim_matches(['{', '}']).to_ascii_lowercase()
}

/// A path with the number of each step and without prefixes.
fn canonical(path: &str) -> String {
    let steps = path.split('/').filter(|step| !step.is_empty()).take(MOST_STEPS);
    steps.fold(String::new(), |path, step| {
        let (name, number) = step.split_once('[').unwrap_or((step, "1]"));
        let name = name.rsplit_once(':').map_or(name, |(_, name)| name);
        format!("{path}/{}[{}", name.trim(), number.trim())
    })
}

fn read(mut xml: Xml) -> Result<Data, ReadError> {
    let mut data = Data::new();
    // The paths of the open elements, with the children that each has had.
    let mut open: Vec<(String, HashMap<String, usize>)> = vec![(String::new(), HashMap::new())];
    while let Some(event) = xml.next()? {
        match event {
            Event::Open(tag) => {
                let name = xml::name(&tag).to_owned();
                let Some((path, children)) = open.last_mut() else { break };
                let number = children.entry(name.clone()).or_default();
                *number += 1;
                let path = format!("{path}/{name}[{number}]");
                if data.len() < MOST_ELEMENTS && open.len() <= MOST_STEPS {
                    data.entry(path.clone()).or_default();
                }
                open.push((path, HashMap::new()));
            }
            Event::Close => drop(open.pop()),
            Event::Text(text) => {
                // The text of an element is that of all in it.
                for (path, _) in &open {
                    if let Some(found) = data.get_mut(path) {
                        found.push_str(&text);
                    }
                }
            }
        }
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_finds_its_element() {
        let part = Part::whole(b"<x xmlns='urn:x'><v>1</v><v>146</v><w><u> 7</u></w></x>");
        let mut bindings = Bindings::default();
        bindings.add("{AB-1}", &part, &Limits::default());
        let value = |id, path| bindings.value(id, path);
        assert_eq!(value("{ab-1}", "/ns0:x[1]/ns0:v[2]").as_deref(), Some("146"));
        assert_eq!(value("", "/x/w").as_deref(), Some(" 7"));
        assert_eq!(value("{AB-1}", "/x/z"), None);
        assert_eq!(value("{AB-2}", "/x/v"), None);
    }
}
