//! The description of the API as data, for the page that shows it. Schemas stay JSON: a page only names them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::assets::OPENAPI;

/// The description, which a test of the routes compares with what is served.
pub(crate) static DESCRIPTION: LazyLock<Description> =
    LazyLock::new(|| Description::parse(OPENAPI).expect("the tests parse the same text"));

/// What the page shows of the description.
#[derive(Debug)]
pub(crate) struct Description {
    pub(crate) about: String,
    pub(crate) tags: Vec<Tag>,
    /// In the order of the file.
    pub(crate) operations: Vec<Operation>,
    /// The named schemas in the order of the file.
    pub(crate) schemas: Map<String, Value>,
    responses: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Tag {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
}

/// A method of a path.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) details: Details,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Details {
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    #[serde(default)]
    pub(crate) operation_id: String,
    #[serde(default)]
    pub(crate) summary: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) request_body: Option<RequestBody>,
    #[serde(default)]
    responses: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) r#in: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) required: bool,
    #[serde(default)]
    pub(crate) deprecated: bool,
    #[serde(default)]
    pub(crate) schema: Value,
    pub(crate) example: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct RequestBody {
    /// By media type.
    #[serde(default)]
    pub(crate) content: BTreeMap<String, Content>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Content {
    #[serde(default)]
    pub(crate) schema: Value,
}

/// An answer to an operation.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    pub(crate) description: String,
    /// By media type.
    #[serde(default)]
    pub(crate) content: BTreeMap<String, Content>,
}

#[derive(Deserialize)]
struct File {
    info: Info,
    tags: Vec<Tag>,
    paths: Map<String, Value>,
    components: Components,
}

#[derive(Deserialize)]
struct Info {
    description: String,
}

#[derive(Deserialize)]
struct Components {
    schemas: Map<String, Value>,
    responses: Map<String, Value>,
}

impl Description {
    fn parse(text: &str) -> serde_json::Result<Self> {
        let File { info, tags, paths, components } = serde_json::from_str(text)?;
        let mut operations = Vec::new();
        for (path, methods) in paths {
            for (method, details) in serde_json::from_value::<Map<String, Value>>(methods)? {
                let details = serde_json::from_value(details)?;
                operations.push(Operation { method, path: path.clone(), details });
            }
        }
        let Components { schemas, responses } = components;
        Ok(Self { about: info.description, tags, operations, schemas, responses })
    }

    /// The operations of a tag.
    pub(crate) fn of_tag<'a>(&'a self, tag: &'a str) -> impl Iterator<Item = &'a Operation> {
        let is_tagged = move |operation: &&Operation| operation.details.tags.iter().any(|own| own == tag);
        self.operations.iter().filter(is_tagged)
    }

    /// The answers to an operation, each with its status.
    pub(crate) fn answers(&self, operation: &Operation) -> Vec<(String, Answer)> {
        let answer = |(status, written): (&String, &Value)| {
            let written = referenced(written).map_or(Some(written), |name| self.responses.get(name))?;
            Some((status.clone(), Answer::deserialize(written).ok()?))
        };
        operation.details.responses.iter().filter_map(answer).collect()
    }
}

/// The name at the end of a reference.
pub(crate) fn referenced(written: &Value) -> Option<&str> {
    written["$ref"].as_str()?.rsplit('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_shown_under_a_tag_and_every_reference_leads_somewhere() {
        let description = Description::parse(OPENAPI).unwrap();
        let shown: usize = description.tags.iter().map(|tag| description.of_tag(&tag.name).count()).sum();
        assert_eq!(shown, description.operations.len());
        for operation in &description.operations {
            let written = operation.details.responses.len();
            assert_eq!(description.answers(operation).len(), written, "{}", operation.path);
            assert!(!operation.details.operation_id.is_empty(), "{}", operation.path);
        }
        for at in OPENAPI.match_indices("#/components/").map(|(at, _)| at) {
            let pointer = OPENAPI[at + 1..].split('"').next().unwrap();
            let whole: Value = serde_json::from_str(OPENAPI).unwrap();
            assert!(whole.pointer(pointer).is_some(), "{pointer}");
        }
    }
}
