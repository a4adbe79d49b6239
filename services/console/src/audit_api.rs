//! `GET /api/v1/audit`: the audit trail as a stream, for a spreadsheet or a log collector.

use access::{Caller, Role};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use proto::v1::ActionTaken;
use report::beijing;
use serde_json::json;
use tokio::sync::mpsc;

use crate::app::App;
use crate::audit::{AuditFilter, Pages, action_title};
use crate::audit_detail;
use crate::download::{bad_format, download};
use crate::params::Params;
use crate::problem::Problem;

/// Pages of the log in flight to a client that is slower than the log.
const BUFFER: usize = 4;
/// Excel takes a file without it for the encoding of the machine.
const BYTE_ORDER_MARK: &str = "\u{feff}";
const COLUMNS: [&str; 9] = ["时间", "何人", "角色", "操作", "操作代码", "对象", "结果", "说明", "来源"];

/// How an entry is written.
#[derive(Clone, Copy)]
enum Format {
    Csv,
    JsonLines,
}

/// Streams every entry that the filter finds, the oldest first. A stream that ends early breaks the connection.
pub(crate) async fn export(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Response, Problem> {
    let filter = AuditFilter::parse(&params)?;
    let format = match params.get("format").unwrap_or("jsonl") {
        "csv" => Format::Csv,
        "jsonl" => Format::JsonLines,
        other => return Err(bad_format(other, "可用 csv、jsonl。")),
    };
    let action = access::Action { name: "export-audit", object: "", detail: "" };
    app.access().record(&caller, action).await?;
    let (sender, receiver) = mpsc::channel::<anyhow::Result<Bytes>>(BUFFER);
    tokio::spawn(async move {
        if let Err(error) = send_each(&app, &filter, format, &sender).await {
            tracing::error!("streaming the audit trail: {error:#}");
            // An error ends the body early, so that the client knows that it is incomplete.
            let _ = sender.send(Err(error)).await;
        }
    });
    let stream =
        futures::stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    let body = Body::from_stream(futures::StreamExt::fuse(stream));
    Ok(match format {
        Format::Csv => download(body, "text/csv; charset=utf-8", "操作记录.csv"),
        Format::JsonLines => {
            let media_type = HeaderValue::from_static("application/jsonl");
            ([(header::CONTENT_TYPE, media_type)], body).into_response()
        }
    })
}

async fn send_each(
    app: &App,
    filter: &AuditFilter,
    format: Format,
    sender: &mpsc::Sender<anyhow::Result<Bytes>>,
) -> anyhow::Result<()> {
    if let Format::Csv = format {
        let head = format!("{BYTE_ORDER_MARK}{}", row(&COLUMNS.map(str::to_owned)));
        sender.send(Ok(head.into())).await?;
    }
    let mut pages = Pages::open(app, filter).await?;
    while let Some(page) = pages.next().await? {
        let lines = page.iter().map(|entry| match format {
            Format::Csv => csv_row(entry),
            Format::JsonLines => json_line(entry),
        });
        sender.send(Ok(lines.collect::<String>().into())).await?;
    }
    Ok(())
}

fn csv_row(entry: &ActionTaken) -> String {
    let role = Role::parse(&entry.role).map_or(entry.role.as_str(), |role| role.title());
    let outcome = if entry.allowed { "完成" } else { "拒绝" };
    row(&[
        beijing::format_time(entry.at_ms),
        entry.who.clone(),
        role.to_owned(),
        action_title(&entry.action).to_owned(),
        entry.action.clone(),
        entry.object.clone(),
        outcome.to_owned(),
        audit_detail::detail(entry).into_owned(),
        audit_detail::origin(entry).to_owned(),
    ])
}

/// A row as RFC 4180 has it.
fn row(cells: &[String]) -> String {
    let quoted =
        cells.iter().map(|cell| format!("\"{}\"", export::without_formula(cell).replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(",") + "\r\n"
}

fn json_line(entry: &ActionTaken) -> String {
    let entry = json!({
        "id": entry.id,
        "at_ms": entry.at_ms,
        "who": entry.who,
        "role": entry.role,
        "action": entry.action,
        "object": entry.object,
        "allowed": entry.allowed,
        "detail": entry.detail,
        "origin": entry.origin,
    });
    format!("{entry}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_no_formula_and_breaks_nowhere() {
        let row = row(&["=1+1".into(), "说\"好\"".into(), "a\nb".into(), "-".into()]);
        assert_eq!(row, "\"'=1+1\",\"说\"\"好\"\"\",\"a\nb\",\"'-\"\r\n");
    }
}
