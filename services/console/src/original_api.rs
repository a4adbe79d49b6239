//! `GET /api/v1/reports/{id}/page/{page}` and `GET /api/v1/reports/{id}/rendition`: the original as a person sees it.

use access::Caller;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, html};
use rendition::{Page, Rendition};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::assets;
use crate::download::{self, Original};
use crate::original::{self, Place};
use crate::pages::original_view;
use crate::params::{Id, Params};
use crate::problem::Problem;
use crate::report_lookup::{self, LoadedReport};

/// Dots per inch where none are asked for: the figures of an A4 page are readable on a screen.
pub(crate) const DPI: u32 = 110;

/// One page as a PNG.
pub(crate) async fn page(
    State(app): State<App>,
    caller: Caller,
    Path((id, name)): Path<(String, String)>,
    params: Params,
) -> Result<Response, Problem> {
    let number = name.strip_suffix(".png").and_then(|number| number.parse::<u32>().ok());
    let number = number.filter(|number| *number > 0).ok_or_else(|| {
        Problem::not_found(format!("没有页面 {name}。"))
            .hint("页面的名称是页码加 .png，页码从1起，例如 1.png。")
    })?;
    let dpi = dots_per_inch(&params)?;
    let original = download::find_original(&app, &caller, &id).await?;
    let original = original.ok_or_else(|| Problem::no_such_report(&id))?;
    // The rendition has the turn of the page with its size.
    let rendition = load(&app, &original, &[]).await?;
    let sheet = (number as usize).checked_sub(1).and_then(|index| rendition.sheets.get(index));
    let sheet = sheet.ok_or_else(|| {
        let pages = rendition.sheets.len();
        Problem::not_found(format!("原件没有第{number}页。")).hint(match pages {
            0 => "这种格式没有页面，请查看 /rendition。",
            _ => "请查看 /rendition，那里列出每一页。",
        })
    })?;
    let page = Page { number, dpi, quarter_turns: sheet.quarter_turns };
    let bytes = download::bytes_of(&app, &original, &id);
    let png = app.originals().page(&original.sha256, page, bytes).await?;
    let response = ([(header::CONTENT_TYPE, HeaderValue::from_static("image/png"))], png.as_ref().clone());
    let tag = Sha256::digest(format!("{} {number} {dpi} {}", original.sha256, original::VERSION));
    let mut response =
        access::with_tag(response.into_response(), &data_encoding::HEXLOWER.encode(&tag[..12]));
    // The pixels of an original never change, but who may see it does.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=600"));
    Ok(response)
}

fn dots_per_inch(params: &Params) -> Result<u32, Problem> {
    let Some(wanted) = params.get("dpi") else { return Ok(DPI) };
    let dpi = wanted.parse().ok().filter(|dpi| rendition::DPI.contains(dpi));
    dpi.ok_or_else(|| {
        Problem::bad_parameter("dpi", format!("分辨率“{wanted}”不能用。")).hint("dpi 为36至200之间的整数。")
    })
}

/// The whole original as a page by itself: each figure has an element with the id `at-cell-` and the id of its cell.
pub(crate) async fn rendition(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Response, Problem> {
    let (rendition, places) = match report_lookup::find(&app, &caller, &id).await? {
        Some(loaded) => of_report(&app, &loaded).await?,
        None => {
            let original = download::find_original(&app, &caller, &id).await?;
            let original = original.ok_or_else(|| Problem::no_such_report(&id))?;
            (load(&app, &original, &[]).await?, Vec::new())
        }
    };
    let page = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "原件 · 勾稽" }
                link rel="stylesheet" href={ "/assets/console.css?v=" (*assets::VERSION) };
                link rel="stylesheet" href={ "/assets/report.css?v=" (*assets::VERSION) };
            }
            body { main.original { (original_view::original(&rendition, &places, &id, original_view::Links::None)) } }
        }
    };
    Ok(access::tagged("text/html; charset=utf-8", page.into_string()))
}

/// The original of a report, and where its figures stand in it.
pub(crate) async fn of_report(
    app: &App,
    loaded: &LoadedReport,
) -> Result<(std::sync::Arc<Rendition>, Vec<Place>), Problem> {
    let places = original::places(&loaded.report.review);
    let version = &loaded.report.version;
    let original = Original { sha256: version.original.clone(), file_name: version.file_name.clone() };
    Ok((load(app, &original, &places).await?, places))
}

/// An original that is no report, such as a file that was refused.
pub(crate) async fn of_file(
    app: &App,
    caller: &Caller,
    id: &str,
) -> Result<std::sync::Arc<Rendition>, Problem> {
    let original = download::find_original(app, caller, id).await?;
    load(app, &original.ok_or_else(|| Problem::no_such_report(id))?, &[]).await
}

async fn load(
    app: &App,
    original: &Original,
    places: &[Place],
) -> Result<std::sync::Arc<Rendition>, Problem> {
    let bytes = download::bytes_of(app, original, &original.file_name);
    app.originals().rendition(&original.sha256, original::targets(places), bytes).await
}
