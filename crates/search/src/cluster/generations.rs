//! The generations of an index in a cluster: an alias names the current one.

use serde_json::{Value, json};

use super::mapping::{self, VERSION, difference};
use super::{Cluster, ClusterError, ClusterIndex, ClusterMethod};
use crate::{Compatibility, IndexError};

/// The indexes `<name>-0001`, `<name>-0001-state`, …, and the alias `<name>`.
#[derive(Debug, Clone)]
pub(crate) struct ClusterGenerations(pub(crate) Cluster);

/// Why an index is not there when it is made: another process made it a moment ago.
const EXISTS: &str = "resource_already_exists_exception";

impl ClusterGenerations {
    fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// A generation as messages name it.
    pub(crate) fn place(&self, generation: u32) -> String {
        format!("{}-{generation:04}", self.0.place())
    }

    fn index(&self, generation: u32) -> ClusterIndex {
        let reports = format!("{}-{generation:04}", self.name());
        ClusterIndex { cluster: self.0.clone(), state: format!("{reports}-state"), reports }
    }

    /// The number of the generation whose index has this name.
    fn number_of(&self, index: &str) -> Option<u32> {
        let number = index.strip_prefix(self.name())?.strip_prefix('-')?;
        number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok()).flatten()
    }

    pub(crate) fn current(&self) -> Result<Option<u32>, IndexError> {
        let found = self.0.ask(ClusterMethod::Get, format!("/_alias/{}", self.name()), String::new())?;
        let indexes = found.as_ref().and_then(Value::as_object).map(serde_json::Map::keys);
        Ok(indexes.into_iter().flatten().filter_map(|index| self.number_of(index)).max())
    }

    /// Every generation, in order.
    pub(crate) fn numbers(&self) -> Result<Vec<u32>, IndexError> {
        let path = format!("/{}-*/_alias?expand_wildcards=open", self.name());
        let found = self.0.ask(ClusterMethod::Get, path, String::new())?;
        let indexes = found.as_ref().and_then(Value::as_object).map(serde_json::Map::keys);
        let mut numbers: Vec<u32> =
            indexes.into_iter().flatten().filter_map(|index| self.number_of(index)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Opens a generation that exists.
    pub(crate) fn open(&self, generation: u32) -> Result<ClusterIndex, IndexError> {
        let index = self.index(generation);
        for (name, wanted) in [
            (&index.reports, mapping::reports(&self.0.settings)),
            (&index.state, mapping::state(&self.0.settings)),
        ] {
            let Some(found) = self.mapping(name)? else {
                return Err(IndexError::Absent { dir: self.place(generation).into() });
            };
            let made_by =
                found.pointer("/_meta/gouji").and_then(Value::as_str).unwrap_or("an unknown version");
            if made_by != VERSION {
                return Err(IndexError::NeedsRebuild {
                    dir: self.place(generation).into(),
                    found: made_by.to_owned(),
                    wanted: VERSION.to_owned(),
                });
            }
            let wanted = wanted.pointer("/mappings/properties").cloned().unwrap_or_default();
            let properties = found.get("properties").cloned().unwrap_or_default();
            if let Some(field) = difference(&wanted, &properties) {
                let why = format!("its field {field} is not as gouji made it");
                return Err(ClusterError::Changed { index: name.clone(), why }.into());
            }
        }
        Ok(index)
    }

    /// Opens a generation; makes it where there is none.
    pub(crate) fn open_or_make(&self, generation: u32) -> Result<ClusterIndex, IndexError> {
        let index = self.index(generation);
        // The reports last: a generation counts from the moment that it has both.
        self.make(&index.state, &mapping::state(&self.0.settings))?;
        self.make(&index.reports, &mapping::reports(&self.0.settings))?;
        self.open(generation)
    }

    fn make(&self, name: &str, body: &Value) -> Result<(), IndexError> {
        if self.mapping(name)?.is_some() {
            return Ok(());
        }
        let path = format!("/{name}?wait_for_active_shards=1");
        match self.0.ask(ClusterMethod::Put, path, body.to_string()) {
            Err(IndexError::Cluster(ClusterError::Unexpected { why, .. }))
                if why.contains("already exists") || why.contains(EXISTS) =>
            {
                Ok(())
            }
            made => made.map(drop),
        }
    }

    fn mapping(&self, index: &str) -> Result<Option<Value>, IndexError> {
        let found = self.0.ask(ClusterMethod::Get, format!("/{index}/_mapping"), String::new())?;
        Ok(found.and_then(|found| found.get(index)?.get("mappings").cloned()))
    }

    pub(crate) fn compatibility(&self, generation: u32) -> Result<Compatibility, IndexError> {
        let found = self.mapping(&self.index(generation).reports)?;
        Ok(match found.as_ref().map(|found| found.pointer("/_meta/gouji").and_then(Value::as_str)) {
            None => Compatibility::Absent,
            Some(Some(VERSION)) => Compatibility::Compatible,
            Some(_) => Compatibility::Incompatible,
        })
    }

    /// Makes the alias name this generation; in one step, so that readers always find one.
    pub(crate) fn switch_to(&self, generation: u32) -> Result<(), IndexError> {
        let (alias, index) = (self.name(), self.index(generation).reports);
        let others = self.numbers()?.into_iter().filter(|number| *number != generation);
        let mut actions: Vec<Value> = others
            .map(|number| {
                let index = self.index(number).reports;
                json!({"remove": {"index": index, "alias": alias, "must_exist": false}})
            })
            .collect();
        actions.push(json!({"add": {"index": index, "alias": alias}}));
        let body = json!({"actions": actions}).to_string();
        self.0.ask_about(&index, ClusterMethod::Post, "/_aliases".into(), body)?;
        Ok(())
    }

    pub(crate) fn remove(&self, generation: u32) -> Result<(), IndexError> {
        let index = self.index(generation);
        for name in [index.reports, index.state] {
            self.0.ask(ClusterMethod::Delete, format!("/{name}"), String::new())?;
        }
        Ok(())
    }

    /// How much disk a generation takes, with its copies.
    pub(crate) fn size_bytes(&self, generation: u32) -> Result<u64, IndexError> {
        let index = self.index(generation).reports;
        let stats = self.0.ask(ClusterMethod::Get, format!("/{index}/_stats/store"), String::new())?;
        let size =
            stats.as_ref().and_then(|stats| stats.pointer("/_all/total/store/size_in_bytes")?.as_u64());
        Ok(size.unwrap_or_default())
    }
}
