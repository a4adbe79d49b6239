//! The roster that counts, imports that try it out first, and the exceptions of single agencies.
//!
//! Every change is a new import of the whole roster, which names the one it follows: of two changes to the same
//! roster the log takes one.

use access::{Action, Caller, Code};
use anyhow::Context as _;
use bus::Published;
use document::Limits;
use jiff::Timestamp;
use proto::v1::{Blob, RosterImported};
use survey::{Fault, Roster};

use crate::app::App;
use crate::problem::Problem;

/// Most faults in one answer.
const FAULTS: usize = 100;

/// The roster that counts.
#[derive(Debug, Default)]
pub(crate) struct Current {
    /// Its import; none where there was none.
    pub(crate) imported: Option<RosterImported>,
    /// Its agencies.
    pub(crate) roster: Roster,
}

impl Current {
    /// The id of its import; empty where there was none.
    pub(crate) fn id(&self) -> &str {
        self.imported.as_ref().map_or("", |imported| &imported.id)
    }
}

/// The roster that was imported last.
///
/// # Errors
/// If the bus or the store does not answer, or the stored roster cannot be read.
pub(crate) async fn current(app: &App) -> Result<Current, Problem> {
    let imported = app.bus().latest::<RosterImported>().await.map_err(|error| Problem::bus(&error))?;
    let Some(blob) = imported.as_ref().and_then(|imported| imported.original.as_ref()) else {
        return Ok(Current::default());
    };
    let stored = app.blobs().get(&blob.sha256).await;
    let bytes = stored.map_err(|error| Problem::internal(&error.into()))?;
    let parsed = tokio::task::spawn_blocking(move || {
        let text = std::str::from_utf8(&bytes).context("the stored roster is not UTF-8")?;
        // It was valid when it was imported, but a newer version of this program may check more.
        Roster::parse(text).context("the stored roster is not valid; import it again")
    });
    let parsed = parsed.await.map_err(anyhow::Error::from).flatten();
    let roster = parsed.map_err(|error| Problem::internal(&error))?;
    Ok(Current { imported, roster })
}

/// The roster in a file: a spreadsheet, or CSV in UTF-8 or GB18030.
///
/// # Errors
/// The faults of the file, each a line in Chinese.
pub(crate) fn read(bytes: &[u8]) -> Result<Roster, Vec<String>> {
    let rows = document::spreadsheet_rows(bytes, &Limits::default()).map_err(|error| {
        tracing::info!("a roster cannot be read: {error}");
        vec!["电子表格不能读取，可能已经损坏或者加密。请另存为 XLSX 或 CSV 文件后重新导入。".to_owned()]
    })?;
    let text = match (rows, std::str::from_utf8(bytes)) {
        (Some(rows), _) => survey::csv_of(rows),
        (None, Ok(text)) => text.to_owned(),
        (None, Err(_)) => encoding_rs::GB18030.decode(bytes).0.into_owned(),
    };
    Roster::parse(&text).map_err(|wrong| {
        let more = wrong.faults.len().saturating_sub(FAULTS);
        let faults = wrong.faults.iter().take(FAULTS).map(Fault::in_chinese);
        faults.chain((more > 0).then(|| format!("另有{more}处错误没有列出。"))).collect()
    })
}

/// Imports a roster in place of the one that the caller has seen, and records who did it and why.
///
/// # Errors
/// If another roster counts by now, or the bus or the store does not answer.
pub(crate) async fn import(
    app: &App,
    caller: &Caller,
    roster: &Roster,
    seen: &str,
    why: &str,
) -> Result<RosterImported, Problem> {
    check_office(caller)?;
    let latest = app.bus().latest::<RosterImported>().await.map_err(|error| Problem::bus(&error))?;
    let latest = latest.map(|latest| latest.id).unwrap_or_default();
    if latest != seen {
        return Err(changed_meanwhile());
    }
    let text = roster.to_csv();
    let stored = app.blobs().put(text.as_bytes(), text.len() as u64).await;
    let stored = stored.map_err(|error| Problem::internal(&error.into()))?;
    let fact = RosterImported {
        id: proto::next_id("roster", Some(&latest)),
        original: Some(Blob {
            sha256: stored.sha256,
            size_bytes: stored.size_bytes,
            media_type: "text/csv".into(),
        }),
        imported_at_ms: Timestamp::now().as_millisecond(),
        agencies: u32::try_from(roster.agencies().len()).unwrap_or(u32::MAX),
        who: caller.name.clone(),
        why: why.to_owned(),
    };
    let detail = format!("{} agencies {why}", fact.agencies);
    app.access().record(caller, Action { name: "import-roster", object: &fact.id, detail: &detail }).await?;
    match app.bus().publish(&fact).await.map_err(|error| Problem::bus(&error.into()))? {
        Published::New => Ok(fact),
        Published::AlreadyThere => Err(changed_meanwhile()),
    }
}

/// The roster and the rule policy are those of the whole office, not of the regions of one chief.
///
/// # Errors
/// If the caller may see only some regions.
pub(crate) fn check_office(caller: &Caller) -> Result<(), Problem> {
    if caller.sees_all() {
        return Ok(());
    }
    let hint = "请联系不限地区的负责人或管理员。";
    Err(Problem::new(
        Code::OutsideScope,
        "机关名录和校核政策由全办公室共用，您只负责部分地区，不能改动。",
        hint,
    ))
}

fn changed_meanwhile() -> Problem {
    Problem::new(
        Code::ChangedMeanwhile,
        "机关名录刚刚被他人更新，这次没有改动。",
        "请刷新页面，核对最新的名录后再操作。",
    )
}
