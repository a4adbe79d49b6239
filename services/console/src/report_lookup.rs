//! One report by its key or by the id of one of its versions.

use access::Caller;
use proto::v1::ReportValidated;
use report::Review;
use search::{Entry, Version};
use serde_json::{Map, Value, json};

use crate::problem::Problem;
use crate::{App, record};

/// A report that was asked for.
pub(crate) struct Loaded {
    /// See [`crate::record`].
    pub(crate) record: Value,
    /// The plain text of the document.
    pub(crate) text: String,
    /// The key of the report, where a search finds it.
    pub(crate) key: Option<String>,
    /// Who took the report back and why, whichever version was asked for; null where nobody did.
    pub(crate) withdrawn: Value,
}

impl Loaded {
    /// A field of the record that is a string.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.record[name].as_str().unwrap_or_default()
    }

    /// Whether the report was taken back.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.withdrawn.is_object()
    }

    /// Whether this is what a search shows: not an earlier version, and not one on its way in.
    pub(crate) fn is_current(&self) -> bool {
        let versions = self.record["versions"].as_array();
        let latest = versions.and_then(|versions| versions.last()).map(|latest| &latest["id"]);
        self.key.is_some() && latest == Some(&self.record["id"])
    }
}

/// By key, the current version. By id, that version: an earlier one, or one that is not indexed yet,
/// comes from the log. What the caller may not see is not there.
pub(crate) async fn load(app: &App, caller: &Caller, id: &str) -> Result<Option<Loaded>, Problem> {
    let loaded = load_any(app, id).await?;
    Ok(loaded.filter(|loaded| {
        let (region, agency) = (&loaded.record["region"]["code"], &loaded.record["agency"]);
        caller.may_see(region.as_str(), agency.as_str())
    }))
}

async fn load_any(app: &App, id: &str) -> Result<Option<Loaded>, Problem> {
    let asked = id.to_owned();
    let found = app.read(move |reader| Ok(reader.get(&asked)?.or(reader.get_by_id(&asked)?))).await?;
    let indexed = found.as_ref().map(record::record);
    if let (Some(found), Some(record)) = (&found, &indexed)
        && (found.key == id || found.version.id == id)
    {
        return Ok(Some(Loaded {
            record: record.clone(),
            text: found.text.clone(),
            key: Some(found.key.clone()),
            withdrawn: record["withdrawn"].clone(),
        }));
    }
    let fact = match app.bus().last_of_id::<ReportValidated>(id).await {
        Ok(Some(fact)) => fact,
        Ok(None) => return Ok(None),
        Err(error) => return Err(Problem::bus(&error)),
    };
    let text = text(app, &fact).await;
    let key = found.map(|found| found.key);
    let withdrawn = indexed.as_ref().map(|record| record["withdrawn"].clone()).unwrap_or_default();
    let record = from_log(fact, indexed.as_ref()).map_err(|error| Problem::internal(&error))?;
    Ok(Some(Loaded { record: Value::Object(record), text, key, withdrawn }))
}

/// The same or a problem.
pub(crate) async fn must_load(app: &App, caller: &Caller, id: &str) -> Result<Loaded, Problem> {
    load(app, caller, id).await?.ok_or_else(|| Problem::no_such_report(id))
}

/// The text of a report that the index does not hold; nothing where it is lost, the figures stand.
async fn text(app: &App, fact: &ReportValidated) -> String {
    let Some(blob) = &fact.text else { return String::new() };
    match app.blobs().get(&blob.sha256).await {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            tracing::warn!(sha256 = %blob.sha256, "reading a text: {error:#}");
            String::new()
        }
    }
}

/// The record of a report that is not in the index, or not in this version.
fn from_log(fact: ReportValidated, indexed: Option<&Value>) -> anyhow::Result<Map<String, Value>> {
    let review = Review::try_from(&fact)?;
    let submitted = fact.submitted.unwrap_or_default();
    let mut record = Map::new();
    record.insert("key".into(), Entry::key_of(&review.report, &submitted.id).into());
    let number = Version::number_of(submitted.submitted_at_ms, submitted.generation);
    record.insert("version".into(), number.into());
    record.insert("title".into(), json!(review.report.title));
    record.insert("submission".into(), submitted.submission.into());
    record.insert("original".into(), submitted.original.map(|original| original.sha256).into());
    record.insert("file_name".into(), submitted.file_name.into());
    record.insert("submitted_at_ms".into(), submitted.submitted_at_ms.into());
    record.insert("id".into(), submitted.id.into());
    record.extend(report::json::review(&review));
    record.insert("rules_version".into(), review.rules_version.into());
    record.insert("withdrawn".into(), Value::Null);
    record
        .insert("versions".into(), indexed.map_or_else(|| json!([]), |indexed| indexed["versions"].clone()));
    Ok(record)
}
