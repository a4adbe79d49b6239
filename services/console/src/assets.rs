//! The files of the pages (style, script, icon) and the description of the API.

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::Response;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::params::{Id, Params};
use crate::problem::Problem;

/// The description of the API of console and ingest.
pub(crate) const OPENAPI: &str = include_str!("../openapi.json");

pub(crate) async fn openapi() -> Response {
    access::tagged("application/json", OPENAPI)
}

const ASSETS: &[(&str, &str, &str)] = &[
    ("compare.css", "text/css; charset=utf-8", include_str!("../assets/compare.css")),
    ("complete.css", "text/css; charset=utf-8", include_str!("../assets/complete.css")),
    ("complete.js", "text/javascript; charset=utf-8", include_str!("../assets/complete.js")),
    ("console.css", "text/css; charset=utf-8", include_str!("../assets/console.css")),
    ("account.css", "text/css; charset=utf-8", include_str!("../assets/account.css")),
    ("help.css", "text/css; charset=utf-8", include_str!("../assets/help.css")),
    ("news.css", "text/css; charset=utf-8", include_str!("../assets/news.css")),
    ("send.css", "text/css; charset=utf-8", include_str!("../assets/send.css")),
    ("send.js", "text/javascript; charset=utf-8", include_str!("../assets/send.js")),
    ("drop.js", "text/javascript; charset=utf-8", include_str!("../assets/drop.js")),
    ("console.js", "text/javascript; charset=utf-8", include_str!("../assets/console.js")),
    ("report.css", "text/css; charset=utf-8", include_str!("../assets/report.css")),
    ("report.js", "text/javascript; charset=utf-8", include_str!("../assets/report.js")),
    ("export.css", "text/css; charset=utf-8", include_str!("../assets/export.css")),
    ("export.js", "text/javascript; charset=utf-8", include_str!("../assets/export.js")),
    ("review.css", "text/css; charset=utf-8", include_str!("../assets/review.css")),
    ("review.js", "text/javascript; charset=utf-8", include_str!("../assets/review.js")),
    ("office.css", "text/css; charset=utf-8", include_str!("../assets/office.css")),
    ("icon.svg", "image/svg+xml", include_str!("../assets/icon.svg")),
];

/// The hash of all files, which their addresses carry, so that a browser keeps them for good and never mixes those of
/// two versions.
pub(crate) static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = Sha256::new();
    ASSETS.iter().for_each(|(_, _, text)| hasher.update(text));
    HEXLOWER.encode(&hasher.finalize()[..8])
});

/// The icon, where browsers look for it on a page that names none, such as a letter.
pub(crate) async fn icon() -> Response {
    access::tagged("image/svg+xml", include_str!("../assets/icon.svg"))
}

/// A file with the hash in its address never changes.
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

pub(crate) async fn asset(Id(name): Id, params: Params) -> Result<Response, Problem> {
    let asset = ASSETS.iter().find(|(known, ..)| *known == name);
    let &(_, media_type, text) = asset.ok_or_else(|| Problem::not_found(format!("没有文件 {name}。")))?;
    let mut response = access::tagged(media_type, text);
    // A page of another version of the program asks for another hash, and gets the file of this one.
    if params.get("v") == Some(&VERSION) {
        response.headers_mut().insert(header::CACHE_CONTROL, FOR_GOOD);
    }
    Ok(response)
}
