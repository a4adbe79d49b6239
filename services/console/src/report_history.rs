//! The events about one report on the log: how far it has come, and when.

use access::Caller;
use bus::Event;
use proto::ReportState;
use proto::v1::{ReportParsed, ReportRefused, ReportSubmitted};
use search::Withdrawal;

use crate::app::App;
use crate::problem::Problem;

/// The events about one reading of one original, earliest first.
pub(crate) struct ReportHistory {
    pub(crate) id: String,
    pub(crate) events: Vec<Event>,
    /// How far the report has come.
    pub(crate) state: ReportState,
    pub(crate) refusal: Option<ReportRefused>,
    /// Who withdrew the report and why, if it is withdrawn now.
    pub(crate) withdrawal: Option<Withdrawal>,
}

/// Whether the report is of a region that the caller reviews.
fn is_reviewed_by(caller: &Caller, events: &[Event]) -> bool {
    let report = events.iter().find_map(Event::decode::<ReportParsed>).and_then(|parsed| parsed.report);
    let region = report.and_then(|report| report.region).map(|region| region.code);
    caller.is_reviewer() && caller.may_see(region.as_deref(), None)
}

impl ReportHistory {
    /// None where the log has no such id, or where the caller neither sent the report nor reviews it.
    pub(crate) async fn load(app: &App, caller: &Caller, id: &str) -> anyhow::Result<Option<Self>> {
        let events = app.bus().history(id).await?;
        let submitted = events.iter().find_map(Event::decode::<ReportSubmitted>);
        let may_follow = submitted.is_some_and(|submitted| caller.may_follow(&submitted));
        if !caller.sees_all() && !may_follow && !is_reviewed_by(caller, &events) {
            return Ok(None);
        }
        let refusal = events.iter().find_map(Event::decode::<ReportRefused>);
        let state = ReportState::furthest(events.iter().map(Event::fact));
        Ok((!events.is_empty()).then(|| Self {
            id: id.to_owned(),
            events,
            state: state.unwrap_or(ReportState::Submitted),
            refusal,
            withdrawal: None,
        }))
    }

    /// The history of a version by its id, or of the current version of a report by its key, with the withdrawal
    /// of the report.
    ///
    /// # Errors
    /// If the bus does not answer. Without an index, only ids are found, and no report is known to be withdrawn.
    pub(crate) async fn of_id_or_key(app: &App, caller: &Caller, id: &str) -> Result<Option<Self>, Problem> {
        let name = id.to_owned();
        let current = app.read(move |reader| Ok(reader.get(&name)?.or(reader.get_by_id(&name)?))).await;
        let current = current.inspect_err(|problem| tracing::warn!("{}", problem.detail)).ok().flatten();
        let version = current.as_ref().filter(|current| current.key == id).map(|current| &current.version.id);
        let loaded = Self::load(app, caller, version.map_or(id, String::as_str)).await;
        let loaded = loaded.map_err(|error| Problem::bus(&error))?;
        let withdrawal = current.and_then(|current| current.withdrawal);
        Ok(loaded.map(|loaded| Self { withdrawal, ..loaded }))
    }
}
