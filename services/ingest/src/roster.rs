//! `POST /api/v1/roster`: who should report, below whom, and until when. The latest roster stands.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use encoding_rs::GB18030;
use proto::v1::{Blob, RosterImported};
use serde_json::{Value, json};
use stage::Stage;
use survey::Roster;

use crate::accept::now_ms;
use crate::problem::Problem;

/// A country's agencies with all their names.
const LARGEST_BYTES: usize = 64 << 20;
/// Faults that are told at once; who mends these sees the next.
const FAULTS: usize = 100;

pub(crate) fn router(stage: Stage) -> Router {
    let limit = DefaultBodyLimit::max(LARGEST_BYTES);
    Router::new().route("/api/v1/roster", post(import)).layer(limit).with_state(stage)
}

/// Takes a CSV file, in UTF-8 or as Chinese spreadsheets write it; it is stored in UTF-8.
async fn import(State(stage): State<Stage>, body: Bytes) -> Result<(StatusCode, Json<Value>), Problem> {
    let ours = |error: anyhow::Error| Problem::ours(&error);
    let text = match std::str::from_utf8(&body) {
        Ok(text) => text.to_owned(),
        Err(_) => GB18030.decode(&body).0.into_owned(),
    };
    let checked = text.clone();
    let roster = stage.cpu(move || Roster::parse(&checked)).await.map_err(ours)?.map_err(|wrong| {
        let told: Vec<String> = wrong.to_string().lines().take(FAULTS).map(str::to_owned).collect();
        let hint = "请按所列行号更正后重新导入；各列的写法见 docs/operations.md。";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong-roster", told.join("\n"), hint)
    })?;
    let stored = stage.originals().put(text.as_bytes(), text.len() as u64).await;
    let stored = stored.map_err(|error| ours(error.into()))?;
    let imported_at_ms = now_ms();
    let fact = RosterImported {
        id: format!("{}-r{imported_at_ms}", &stored.sha256[..32]),
        original: Some(Blob {
            sha256: stored.sha256,
            size_bytes: stored.size_bytes,
            media_type: "text/csv".into(),
        }),
        imported_at_ms,
        agencies: u32::try_from(roster.agencies().len()).unwrap_or(u32::MAX),
    };
    stage.publish_once(&fact).await.map_err(|error| ours(error.into()))?;
    Ok((StatusCode::CREATED, Json(json!({"id": fact.id, "agencies": fact.agencies}))))
}
