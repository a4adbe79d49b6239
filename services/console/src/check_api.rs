//! `POST /api/v1/check`: what `gouji check --format json` says of a file, without anything being stored.

use access::Caller;
use axum::Json;
use axum::extract::{Request, State};
use check::CheckedFile;
use serde_json::Value;

use crate::app::App;
use crate::checks::Upload;
use crate::problem::Problem;

/// The object of one file; a list of them for an archive.
pub(crate) async fn check(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Json<Value>, Problem> {
    let _permit = app.checks().admit(&caller).await?;
    let uploads = Upload::receive(request).await?;
    let policy = app.policy().await?.policy;
    let checked = app.checks().check(&policy, uploads).await?;
    let mut objects = checked.files.iter().map(CheckedFile::to_json);
    Ok(Json(match checked.is_list {
        true => objects.collect(),
        false => objects.next().unwrap_or_default(),
    }))
}
