//! Finds one report by its key or by the id of one of its versions.

use access::Caller;
use proto::v1::ReportValidated;
use search::{Entry, StoredReport, Withdrawal};

use crate::app::App;
use crate::problem::Problem;

/// A report that was found.
pub(crate) struct LoadedReport {
    /// The version that was asked for. The list of versions is empty where the index does not know it.
    pub(crate) report: StoredReport,
    /// The key under which a search finds the report; none while no version is indexed.
    pub(crate) indexed_key: Option<String>,
    /// Who withdrew the report and why, whichever version was asked for.
    pub(crate) withdrawal: Option<Withdrawal>,
}

impl LoadedReport {
    /// Whether this is the version that searches show: not superseded, and indexed.
    pub(crate) fn is_current(&self) -> bool {
        let latest = self.report.versions.last().map(|latest| &latest.id);
        self.indexed_key.is_some() && latest == Some(&self.report.version.id)
    }
}

/// Finds a report. A key gives the current version. An id gives that version; the log has the versions that
/// were superseded or are not indexed yet. A report that the caller may not see counts as not found.
pub(crate) async fn find(app: &App, caller: &Caller, id: &str) -> Result<Option<LoadedReport>, Problem> {
    let loaded = find_any(app, id).await?;
    Ok(loaded.filter(|loaded| {
        let report = &loaded.report.review.report;
        let region = report.region.as_ref().map(|region| region.code.as_str());
        caller.may_see(region, report.agency.as_deref())
    }))
}

/// Finds a report; the problem is 404 where there is none.
pub(crate) async fn get(app: &App, caller: &Caller, id: &str) -> Result<LoadedReport, Problem> {
    find(app, caller, id).await?.ok_or_else(|| Problem::no_such_report(id))
}

async fn find_any(app: &App, id: &str) -> Result<Option<LoadedReport>, Problem> {
    let name = id.to_owned();
    let indexed = app.read(move |reader| Ok(reader.get(&name)?.or(reader.get_by_id(&name)?))).await?;
    match indexed {
        Some(report) if report.key == id || report.version.id == id => Ok(Some(LoadedReport {
            indexed_key: Some(report.key.clone()),
            withdrawal: report.withdrawal.clone(),
            report,
        })),
        indexed => from_log(app, id, indexed).await,
    }
}

/// The version with this id as the log has it. `indexed` is the current version of the same report.
async fn from_log(
    app: &App,
    id: &str,
    indexed: Option<StoredReport>,
) -> Result<Option<LoadedReport>, Problem> {
    let fact = app.bus().last_of_id::<ReportValidated>(id).await;
    let Some(fact) = fact.map_err(|error| Problem::bus(&error))? else { return Ok(None) };
    let text = text_of(app, &fact).await;
    let entry = Entry::of(&fact, text).map_err(|error| Problem::internal(&error.into()))?;
    let report = StoredReport {
        key: entry.key,
        version: entry.version,
        versions: indexed.as_ref().map(|indexed| indexed.versions.clone()).unwrap_or_default(),
        withdrawal: None,
        review: entry.review,
        published: fact.submitted.as_ref().and_then(|submitted| submitted.published.clone()),
        text: entry.text,
    };
    let (indexed_key, withdrawal) = indexed.map(|indexed| (indexed.key, indexed.withdrawal)).unzip();
    Ok(Some(LoadedReport { report, indexed_key, withdrawal: withdrawal.flatten() }))
}

/// The plain text of a version that is not indexed. It is empty where the blob is lost: the figures are in
/// the fact and can still be shown.
async fn text_of(app: &App, fact: &ReportValidated) -> String {
    let Some(blob) = &fact.text else { return String::new() };
    match app.blobs().get_text(&blob.sha256, &fact.text_zstd).await {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            tracing::warn!(sha256 = %blob.sha256, "reading the text of a report: {error:#}");
            String::new()
        }
    }
}
