//! `POST /api/v1/roster`: which agencies should report, their superiors, and the deadline. The latest roster counts.

use access::{Action, Caller, Code, Problem};
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::StatusCode;
use encoding_rs::GB18030;
use proto::v1::{Blob, RosterImported};
use serde_json::{Value, json};
use survey::Roster;

use crate::Ingest;
use crate::builder::now_ms;

/// Enough for all agencies of the country with all their names.
const LARGEST_BYTES: usize = 16 << 20;
/// Most faults in one answer.
const FAULTS: usize = 100;

/// Imports a CSV file in UTF-8 or GB18030, and stores it in UTF-8.
pub(crate) async fn import(
    State(ingest): State<Ingest>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let unavailable = |error: anyhow::Error| Problem::unavailable(&error);
    let body = to_bytes(body, LARGEST_BYTES).await.map_err(|_| {
        let detail = format!("名录没有完整收到，或超过 {} MB。", LARGEST_BYTES >> 20);
        Problem::new(Code::RosterTooLarge, detail, "请核对文件后重新导入。")
    })?;
    let text = match std::str::from_utf8(&body) {
        Ok(text) => text.to_owned(),
        Err(_) => GB18030.decode(&body).0.into_owned(),
    };
    let checked = text.clone();
    let roster =
        ingest.worker().cpu().run(move || Roster::parse(&checked)).await.map_err(unavailable)?.map_err(
            |wrong| {
                let faults: Vec<String> =
                    wrong.faults.iter().take(FAULTS).map(survey::Fault::in_chinese).collect();
                let hint = "请按所列行号更正后重新导入；各列的写法见 docs/operations.md。";
                Problem::new(Code::WrongRoster, faults.join("\n"), hint)
            },
        )?;
    let stored = ingest.blobs().put(text.as_bytes(), text.len() as u64).await;
    let stored = stored.map_err(|error| unavailable(error.into()))?;
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
    let detail = format!("{} agencies", fact.agencies);
    let action = Action { name: "import-roster", object: &fact.id, detail: &detail };
    ingest.access().record(&caller, action).await?;
    ingest.bus().publish(&fact).await.map_err(|error| unavailable(error.into()))?;
    Ok((StatusCode::CREATED, Json(json!({"id": fact.id, "agencies": fact.agencies}))))
}
