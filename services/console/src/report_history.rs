//! The events about one report on the log: how far it has come, and when.

use access::Caller;
use bus::Event;
use proto::ReportState;
use proto::v1::{ReportRefused, ReportSubmitted};

use crate::app::App;

/// The events about one reading of one original, earliest first.
pub(crate) struct ReportHistory {
    pub(crate) events: Vec<Event>,
    /// How far the report has come.
    pub(crate) state: ReportState,
    pub(crate) refusal: Option<ReportRefused>,
}

impl ReportHistory {
    /// None where the log has no such id, or where the caller did not send the report.
    pub(crate) async fn load(app: &App, caller: &Caller, id: &str) -> anyhow::Result<Option<Self>> {
        let events = app.bus().history(id).await?;
        let submitted = events.iter().find_map(Event::decode::<ReportSubmitted>);
        if !caller.sees_all() && !submitted.is_some_and(|submitted| caller.may_follow(&submitted)) {
            return Ok(None);
        }
        let refusal = events.iter().find_map(Event::decode::<ReportRefused>);
        let state = ReportState::furthest(events.iter().map(Event::fact));
        Ok((!events.is_empty()).then(|| Self {
            events,
            state: state.unwrap_or(ReportState::Submitted),
            refusal,
        }))
    }
}
