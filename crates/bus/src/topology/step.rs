//! What has to change on the bus, as an operator reads it, and which changes are refused.

use std::fmt;

use serde_json::{Map, Value};

use super::objects::{Kind, Object};

/// What has to change in one stream or one consumer.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// `stream GOUJI` or `consumer parse`.
    pub object: String,
    /// The change.
    pub action: Action,
}

/// How an object gets the settings that it must have.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// It does not exist: create it.
    Create,
    /// It exists with other settings: change them.
    Change(Vec<Difference>),
    /// It exists, cannot be changed and holds nothing: delete it and create it again.
    Replace(Vec<Difference>),
}

/// A setting that differs from what it must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The name that the server gives it, e.g. `num_replicas`.
    pub setting: String,
    /// Its value on the server; null where it is not set.
    pub there: Value,
    /// The value that it must have.
    pub wanted: Value,
    /// Why it is not changed: the change could lose messages.
    pub refused: Option<&'static str>,
}

impl Step {
    /// Whether at least one change can be made.
    pub fn is_to_do(&self) -> bool {
        match &self.action {
            Action::Create => true,
            Action::Change(differences) | Action::Replace(differences) => {
                differences.iter().any(|difference| difference.refused.is_none())
            }
        }
    }

    /// Whether at least one change is refused.
    pub fn is_refused(&self) -> bool {
        match &self.action {
            Action::Create => false,
            Action::Change(differences) | Action::Replace(differences) => {
                differences.iter().any(|difference| difference.refused.is_some())
            }
        }
    }
}

/// A line, and one for each setting.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, differences) = match &self.action {
            Action::Create => ("create", [].as_slice()),
            Action::Change(differences) => ("change", differences.as_slice()),
            Action::Replace(differences) => ("replace", differences.as_slice()),
        };
        write!(f, "{verb} {}", self.object)?;
        for Difference { setting, there, wanted, refused } in differences {
            match refused {
                None => write!(f, "\n  {setting}: {there} → {wanted}")?,
                Some(why) => write!(f, "\n  {setting}: {there} stays, {wanted} is refused: {why}")?,
            }
        }
        Ok(())
    }
}

/// The settings that differ, and which of them must not be changed.
pub(super) fn differences(object: &Object, there: &Map<String, Value>) -> Vec<Difference> {
    let differing = object.settings.iter().filter(|(setting, wanted)| there.get(*setting) != Some(wanted));
    differing
        .map(|(setting, wanted)| {
            let there = there.get(setting).cloned().unwrap_or_default();
            let refused = match object.kind {
                Kind::Stream => refusal_for_stream(setting, &there, wanted),
                Kind::Consumer => refusal_for_consumer(setting),
                Kind::Tally => None,
            };
            Difference { setting: setting.clone(), there, wanted: wanted.clone(), refused }
        })
        .collect()
}

fn refusal_for_stream(setting: &str, there: &Value, wanted: &Value) -> Option<&'static str> {
    let lasts = |value: &Value| value.as_u64().filter(|age| *age > 0).unwrap_or(u64::MAX);
    let covers = |subject: &Value| wanted.as_array().is_some_and(|wanted| wanted.contains(subject));
    match setting {
        "retention" => Some("another retention deletes messages"),
        "storage" => Some("a stream cannot move to another storage"),
        "num_replicas" if there.as_u64() > wanted.as_u64() => {
            Some("fewer copies could lose what was acknowledged; ask for as many with --replicas")
        }
        "subjects" if !there.as_array().is_some_and(|there| there.iter().all(covers)) => {
            Some("messages on the other subjects would be lost")
        }
        "max_age" if lasts(wanted) < lasts(there) => Some("older messages would be deleted"),
        _ => None,
    }
}

fn refusal_for_consumer(setting: &str) -> Option<&'static str> {
    match setting {
        "filter_subject" => Some("facts that the consumer skipped would never be delivered"),
        "deliver_policy" | "ack_policy" => Some("a consumer cannot change it and keep its position"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::objects::wanted;
    use super::*;
    use crate::config::BusConfig;

    fn log() -> Object {
        wanted(&BusConfig { object_store: true, ..BusConfig::default() }).swap_remove(0)
    }

    #[track_caller]
    fn check(setting: &str, there: Value, refused: bool) {
        let object = log();
        let mut settings = object.settings.clone();
        settings.insert("max_bytes".into(), 9.into());
        settings.insert(setting.into(), there);
        let found = differences(&object, &settings);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].setting.as_str(), found[0].refused.is_some()), (setting, refused));
    }

    #[test]
    fn only_what_we_set_can_differ_and_what_could_lose_something_is_refused() {
        check("description", "other".into(), false);
        check("duplicate_window", 1.into(), false);
        check("allow_direct", false.into(), false);
        check("allow_atomic", false.into(), false);
        check("retention", "workqueue".into(), true);
        check("storage", "memory".into(), true);
        check("num_replicas", 3.into(), true);
        check("subjects", serde_json::json!(["gouji.v1.>", "gouji.v0.>"]), true);
        check("subjects", serde_json::json!([]), false);
        check("max_age", 1.into(), false);
        check("max_age", 0.into(), true);
    }
}
