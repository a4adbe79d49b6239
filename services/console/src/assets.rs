//! The files of the pages (style, script, icon) and the description of the API.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::params::Id;
use crate::problem::Problem;

/// The description of the API of console and ingest.
pub(crate) const OPENAPI: &str = include_str!("../openapi.json");

pub(crate) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

const ASSETS: [(&str, &str, &str); 3] = [
    ("console.css", "text/css; charset=utf-8", include_str!("../assets/console.css")),
    ("console.js", "text/javascript; charset=utf-8", include_str!("../assets/console.js")),
    ("icon.svg", "image/svg+xml", include_str!("../assets/icon.svg")),
];

pub(crate) async fn asset(Id(name): Id) -> Result<Response, Problem> {
    let asset = ASSETS.into_iter().find(|(known, ..)| *known == name);
    let (_, media_type, text) = asset.ok_or_else(|| Problem::not_found(format!("没有文件 {name}。")))?;
    Ok(([(header::CONTENT_TYPE, media_type)], text).into_response())
}
