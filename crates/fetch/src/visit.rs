//! One visit to an address: the snapshot of a report, the reports of a list, or nothing any longer.

use reqwest::Url;

use crate::charset;
use crate::choice::{Attachment, attachments, choose, resolved};
use crate::fetcher::{Answer, Body, Fetcher, Validators};
use crate::list::{self, Found, ListPage};
use crate::outline::Outline;
use crate::{FetchError, choice};

/// Pages of a list that are followed, a hundred reports each for the list API.
pub(crate) const LIST_PAGES: usize = 50;
/// Reports of one list; a province with its counties publishes some thousands a year.
const LISTED: usize = 5_000;
/// Bytes of a page. A report with its pictures in the page has some millions.
const PAGE_BYTES: usize = 20_000_000;
/// Bytes of an attachment: what one report may have.
const DOCUMENT_BYTES: usize = 50_000_000;

/// What an earlier visit found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Of the page.
    pub page: Validators,
    /// The attachment that is the report, if it is one.
    pub attachment: Option<Document>,
}

/// A document at an address of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Where it is.
    pub url: Url,
    /// For the next visit.
    pub validators: Validators,
}

/// What a visit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visit {
    /// The same as before.
    Unchanged,
    /// The bytes of a report.
    Snapshot(Snapshot),
    /// A list of reports.
    List(Vec<Found>),
    /// Nothing any longer: 404 or 410.
    Gone(u16),
}

/// The bytes of a report as they were published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The address that they came from, after redirects.
    pub url: Url,
    /// A name for the file.
    pub name: String,
    /// For the next visit.
    pub known: Known,
}

/// Visits an address. `lists` says whether it may be a list; what a list links to is a report.
///
/// # Errors
/// If the site does not answer, or may not be visited.
pub async fn visit(
    fetcher: &Fetcher,
    address: &Url,
    known: &Known,
    lists: bool,
) -> Result<Visit, FetchError> {
    let mut at = address.clone();
    // A page that refreshes to another is followed once.
    for _ in 0..2 {
        let body = match fetcher.get(&at, &known.page, DOCUMENT_BYTES).await? {
            Answer::Gone(status) => return Ok(Visit::Gone(status)),
            Answer::Unchanged => return unchanged(fetcher, known).await,
            Answer::Body(body) => body,
        };
        if lists && let Some((first, seen)) = list::of_json(&body.bytes, &body.url, 0) {
            return further(fetcher, &body.url, first, seen).await.map(Visit::List);
        }
        if lists && let Some(first) = records(&body) {
            return further(fetcher, &body.url, first, 0).await.map(Visit::List);
        }
        if !is_page(&body) {
            let name = file_name(&body.url);
            return Ok(snapshot(body, name, None));
        }
        if body.bytes.len() > PAGE_BYTES {
            return Err(FetchError::TooLarge { url: body.url, limit: PAGE_BYTES });
        }
        let outline = Outline::of(&charset::decode(&body.bytes, body.content_type.as_deref()));
        let refresh = outline.refresh.as_deref().and_then(|to| resolved(&outline, &body.url, to));
        if let Some(to) = refresh.filter(|to| outline.figures == 0 && *to != at) {
            at = to;
            continue;
        }
        if lists && list::is_list(&outline, &body.url) {
            let first = list::of_page(&outline, &body.url);
            return further(fetcher, &body.url, first, 0).await.map(Visit::List);
        }
        return match choose(&outline, &attachments(&outline, &body.url)) {
            None => {
                let title = if outline.title.is_empty() { file_name(&body.url) } else { outline.title };
                Ok(snapshot(body, format!("{title}.html"), None))
            }
            Some(attachment) => attached(fetcher, known, body, attachment).await,
        };
    }
    Err(FetchError::TooManyRedirects { from: address.clone(), limit: 1 })
}

/// The page says nothing new; its attachment may have been replaced under its name.
async fn unchanged(fetcher: &Fetcher, known: &Known) -> Result<Visit, FetchError> {
    let Some(attachment) = &known.attachment else { return Ok(Visit::Unchanged) };
    match fetcher.get(&attachment.url, &attachment.validators, DOCUMENT_BYTES).await? {
        Answer::Unchanged => Ok(Visit::Unchanged),
        Answer::Gone(status) => Ok(Visit::Gone(status)),
        Answer::Body(document) => {
            let name = file_name(&document.url);
            Ok(snapshot(document, name, Some((known.page.clone(), attachment.url.clone()))))
        }
    }
}

/// The attachment of a page.
async fn attached(
    fetcher: &Fetcher,
    known: &Known,
    page: Body,
    Attachment { url, name, .. }: Attachment,
) -> Result<Visit, FetchError> {
    let before = known.attachment.as_ref().filter(|before| before.url == url);
    let validators = before.map(|before| before.validators.clone()).unwrap_or_default();
    match fetcher.get(&url, &validators, DOCUMENT_BYTES).await? {
        Answer::Unchanged => Ok(Visit::Unchanged),
        Answer::Gone(status) => Ok(Visit::Gone(status)),
        Answer::Body(document) => Ok(snapshot(document, name, Some((page.validators, url)))),
    }
}

/// `page` has what the site said of the page, where the document is its attachment, and the address of the link.
fn snapshot(document: Body, name: String, page: Option<(Validators, Url)>) -> Visit {
    let known = match page {
        None => Known { page: document.validators, attachment: None },
        Some((page, url)) => {
            Known { page, attachment: Some(Document { url, validators: document.validators }) }
        }
    };
    Visit::Snapshot(Snapshot { bytes: document.bytes, url: document.url, name, known })
}

/// The reports of a list, with those of its further pages.
async fn further(
    fetcher: &Fetcher,
    at: &Url,
    first: ListPage,
    mut seen: usize,
) -> Result<Vec<Found>, FetchError> {
    let ListPage { mut found, next: mut waiting } = first;
    let mut visited = vec![at.clone()];
    waiting.reverse();
    while let Some(url) = waiting.pop() {
        if visited.len() >= LIST_PAGES || found.len() >= LISTED {
            break;
        }
        if visited.contains(&url) {
            continue;
        }
        visited.push(url.clone());
        let Answer::Body(body) = fetcher.get(&url, &Validators::default(), PAGE_BYTES).await? else {
            continue;
        };
        let page = match list::of_json(&body.bytes, &url, seen) {
            Some((page, so_far)) => {
                seen = so_far;
                page
            }
            None => {
                let text = charset::decode(&body.bytes, body.content_type.as_deref());
                records(&body).unwrap_or_else(|| list::of_page(&Outline::of(&text), &body.url))
            }
        };
        waiting.extend(page.next.into_iter().rev());
        let new: Vec<Found> =
            page.found.into_iter().filter(|one| found.iter().all(|known| known.url != one.url)).collect();
        found.extend(new);
    }
    found.truncate(LISTED);
    Ok(found)
}

/// The reports in an answer of `jpage`; none if it is none. A document of fifty megabytes is not decoded for that.
fn records(body: &Body) -> Option<ListPage> {
    let head = &body.bytes[..body.bytes.len().min(512)];
    let is_answer = head.windows(b"<datastore".len()).any(|part| part == b"<datastore");
    is_answer
        .then(|| charset::decode(&body.bytes, body.content_type.as_deref()))
        .and_then(|text| list::of_records(&text, &body.url))
}

/// Whether bytes are a page: the header or their beginning says HTML.
fn is_page(body: &Body) -> bool {
    let is_html = body.content_type.as_deref().is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    let head = &body.bytes[..body.bytes.len().min(512)];
    // A document that is sent as text/html begins with the bytes of its format.
    let is_document = ["%PDF", "PK\u{3}\u{4}", "{\\rtf"].iter().any(|mark| head.starts_with(mark.as_bytes()))
        || head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]);
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    !is_document && (is_html || head.contains("<html") || head.contains("<!doctype html"))
}

/// The name of the file in an address.
fn file_name(url: &Url) -> String {
    choice::last_part(url).unwrap_or_else(|| url.host_str().unwrap_or("report").to_owned())
}
