//! `POST /api/v1/roster`: which agencies should report, their superiors, and the deadlines. The latest roster counts.

use access::{Action, Caller, Code, Problem};
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use bus::Published;
use document::Limits;
use encoding_rs::GB18030;
use fetch::{ListedAddress, Url, web_address};
use proto::v1::{Blob, RosterImported};
use serde_json::{Value, json};
use survey::{Agency, AgencyChange, Roster, RosterChanges};

use crate::Ingest;
use crate::builder::now_ms;

/// Enough for all agencies of the country with all their names.
const LARGEST_BYTES: usize = 16 << 20;
/// Most faults in one answer.
const FAULTS: usize = 100;

/// The parameters of an import.
#[derive(Debug, Default, PartialEq, Eq)]
struct Params {
    /// Whether only to say what the import would change.
    dry_run: bool,
    /// The id of the roster that the caller has seen; any, if none.
    current: Option<String>,
}

impl Params {
    fn parse(query: &str) -> Result<Self, Problem> {
        let mut params = Self::default();
        for (name, value) in access::pairs(query) {
            match (name.as_str(), value.as_str()) {
                ("dry_run", "true") => params.dry_run = true,
                ("dry_run", "false") => params.dry_run = false,
                ("current", _) => params.current = Some(value),
                _ => {
                    let problem = Problem::bad_parameter(&name, format!("参数“{name}”不能是“{value}”。"));
                    return Err(problem.hint("dry_run 可为 true 或 false。"));
                }
            }
        }
        Ok(params)
    }
}

/// Imports a spreadsheet (XLSX, XLS, ODS), or a CSV file in UTF-8 or GB18030, and stores it as CSV in UTF-8.
pub(crate) async fn import(
    State(ingest): State<Ingest>,
    caller: Caller,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let params = Params::parse(query.as_deref().unwrap_or_default())?;
    let unavailable = |error: anyhow::Error| Problem::unavailable(&error);
    let body = to_bytes(body, LARGEST_BYTES).await.map_err(|_| {
        let detail = format!("名录没有完整收到，或超过 {} MB。", LARGEST_BYTES >> 20);
        Problem::new(Code::RosterTooLarge, detail, "请核对文件后重新导入。")
    })?;
    let read = ingest.worker().cpu().run(move || read(&body)).await.map_err(unavailable)?;
    let (text, roster) = read?;
    let latest = ingest.bus().latest::<RosterImported>().await.map_err(unavailable)?;
    let latest_id = latest.as_ref().map_or("", |latest| &latest.id);
    if params.current.as_deref().is_some_and(|seen| seen != latest_id) {
        return Err(changed_meanwhile());
    }
    if params.dry_run {
        let before = current(&ingest, latest.as_ref()).await?;
        return Ok((StatusCode::OK, Json(preview(latest_id, &roster, &before.changes(&roster)))));
    }
    let stored = ingest.blobs().put(text.as_bytes(), text.len() as u64).await;
    let stored = stored.map_err(|error| unavailable(error.into()))?;
    let fact = RosterImported {
        id: proto::next_id("roster", Some(latest_id)),
        original: Some(Blob {
            sha256: stored.sha256,
            size_bytes: stored.size_bytes,
            media_type: "text/csv".into(),
        }),
        imported_at_ms: now_ms(),
        agencies: u32::try_from(roster.agencies().len()).unwrap_or(u32::MAX),
        who: caller.name.clone(),
        why: String::new(),
    };
    let detail = format!("{} agencies", fact.agencies);
    let action = Action { name: "import-roster", object: &fact.id, detail: &detail };
    ingest.access().record(&caller, action).await?;
    match ingest.bus().publish(&fact).await.map_err(|error| unavailable(error.into()))? {
        Published::New => {}
        // Another import followed the same roster at the same moment.
        Published::AlreadyThere => return Err(changed_meanwhile()),
    }
    Ok((StatusCode::CREATED, Json(json!({"id": fact.id, "agencies": fact.agencies}))))
}

/// The roster in a file, and its text as CSV.
fn read(bytes: &[u8]) -> Result<(String, Roster), Problem> {
    let rows = document::spreadsheet_rows(bytes, &Limits::default()).map_err(|error| {
        tracing::info!("a roster cannot be read: {error}");
        let detail = "电子表格不能读取，可能已经损坏或者加密。";
        Problem::new(Code::WrongRoster, detail, "请另存为 XLSX 或 CSV 文件后重新导入。")
    })?;
    let text = match (rows, std::str::from_utf8(bytes)) {
        (Some(rows), _) => survey::csv_of(rows),
        (None, Ok(text)) => text.to_owned(),
        (None, Err(_)) => GB18030.decode(bytes).0.into_owned(),
    };
    match Roster::parse(&text) {
        Ok(roster) => Ok((text, roster)),
        Err(wrong) => {
            let faults: Vec<String> =
                wrong.faults.iter().take(FAULTS).map(survey::Fault::in_chinese).collect();
            let hint = "请按所列行号更正后重新导入；各列的写法见 docs/operations.md。";
            Err(Problem::new(Code::WrongRoster, faults.join("\n"), hint))
        }
    }
}

/// The roster that counts now; an empty one where none was imported.
async fn current(ingest: &Ingest, latest: Option<&RosterImported>) -> Result<Roster, Problem> {
    let Some(blob) = latest.and_then(|latest| latest.original.as_ref()) else { return Ok(Roster::default()) };
    let bytes = ingest.blobs().get(&blob.sha256).await;
    let bytes = bytes.map_err(|error| Problem::unavailable(&error.into()))?;
    let roster = std::str::from_utf8(&bytes).ok().and_then(|text| Roster::parse(text).ok());
    // An earlier version took a roster that this one does not; then everything is new.
    Ok(roster.unwrap_or_default())
}

/// The addresses in the roster that counts now, each with its agency.
pub(crate) async fn addresses(ingest: &Ingest) -> Result<Vec<ListedAddress>, Problem> {
    let latest = ingest.bus().latest::<RosterImported>().await;
    let latest = latest.map_err(|error| Problem::unavailable(&error))?;
    let roster = current(ingest, latest.as_ref()).await?;
    let of = |agency: &Agency| {
        let (name, region) = (agency.name.clone(), agency.region.clone().unwrap_or_default());
        let urls = agency.pages.iter().filter_map(|page| web_address(page));
        let listed = move |url: Url| ListedAddress {
            address: url.into(),
            agency: name.clone(),
            region: region.clone(),
            year: None,
        };
        urls.map(listed).collect::<Vec<_>>()
    };
    Ok(roster.agencies().iter().flat_map(of).collect())
}

fn changed_meanwhile() -> Problem {
    Problem::new(Code::ChangedMeanwhile, "机关名录刚刚被他人更新，这次没有导入。", "请重新核对后再导入。")
}

fn preview(latest_id: &str, roster: &Roster, changes: &RosterChanges) -> Value {
    let changed = |change: &AgencyChange| {
        let columns = change.columns.iter();
        let columns = columns
            .map(|(column, before, after)| json!({"column": column, "before": before, "after": after}));
        json!({"agency": change.agency, "columns": columns.collect::<Value>()})
    };
    json!({
        "current": latest_id,
        "agencies": roster.agencies().len(),
        "added": changes.added,
        "removed": changes.removed,
        "changed": changes.changed.iter().map(changed).collect::<Value>(),
        "same": changes.same,
    })
}
