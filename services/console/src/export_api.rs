//! `GET /api/v1/export`: every row that the filters find, as a file, while it is written.
//!
//! The reports are those of one state of the index. An export that ends early ends its connection too: a body of
//! chunks without its last chunk is a failed download for every browser and every client.

use std::io::{self, Write};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use access::{Caller, Code};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Version, header};
use axum::response::Response;
use export::{ExportError, Provenance, Record, Records, VersionRecord};
use http_body::Frame;
use search::{Found, StoredParts};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use worker::Shutdown;

use crate::app::App;
use crate::download::download;
use crate::export_order::{Content, ExportOrder};
use crate::params::Params;
use crate::problem::Problem;

/// Exports at a time. Each keeps a core busy, and pages have to be answered beside them.
pub(crate) const MAX_EXPORTS: usize = 4;
/// Bytes that are sent together.
const PIECE_BYTES: usize = 64 << 10;
/// Pieces that wait for a client that is slower than the index.
const PIECES: usize = 4;
/// A client that takes nothing for so long is gone, or has forgotten its download.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(300);

/// Reports in the export.
const REPORTS: HeaderName = HeaderName::from_static("gouji-reports");
/// Rows of the export without the header, where the number is known before they are written.
const ROWS: HeaderName = HeaderName::from_static("gouji-rows");
/// The position of the log up to which the index had its facts.
const POSITION: HeaderName = HeaderName::from_static("gouji-log-position");
/// A trailer: rows that were written. It comes after the last byte of a whole export only.
const ROWS_WRITTEN: HeaderName = HeaderName::from_static("gouji-rows-written");

/// Writes the rows that were asked for.
pub(crate) async fn export(
    State(app): State<App>,
    caller: Caller,
    version: Version,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    if version < Version::HTTP_11 {
        return Err(needs_chunks());
    }
    let order = ExportOrder::of(&params, base(&headers))?;
    let query = order.query(&caller)?;
    let permit = Arc::clone(app.exports()).try_acquire_owned().map_err(|_| too_many_exports())?;
    let found = app.read(move |reader| reader.find_all(&query)).await?;
    let provenance = provenance(&order, &found);
    let (sender, receiver) = mpsc::channel(PIECES);
    let mut response = download(
        Body::new(ExportBody { receiver, is_ended: false }),
        order.media_type(),
        &order.file_name(&provenance),
    );
    let rows = match &order.content {
        Content::Table(request) => request.shape.rows_of(found.forms()),
        Content::Package(_) => None,
    };
    let counts = [(REPORTS, Some(found.count())), (ROWS, rows), (POSITION, provenance.position)];
    let fields = response.headers_mut();
    fields.extend(counts.into_iter().filter_map(|(name, count)| Some((name, HeaderValue::from(count?)))));
    fields.insert(header::TRAILER, HeaderValue::from_static("gouji-rows-written"));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let work =
        ExportWork { order, found, provenance, sender, shutdown: app.worker().shutdown().clone(), permit };
    tokio::task::spawn_blocking(move || work.run());
    Ok(response)
}

/// Where the reports of an export come from.
fn provenance(order: &ExportOrder, found: &Found) -> Provenance {
    let mut position = found.payload().unwrap_or_default().split('@').map(str::parse::<i64>);
    let mut next = || position.next().and_then(Result::ok);
    let (sequence, at_ms) = (next(), next());
    Provenance {
        made_at_ms: jiff::Timestamp::now().as_millisecond(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        position: sequence.and_then(|sequence| sequence.try_into().ok()),
        position_at_ms: at_ms,
        filters: order.filters.readable(),
        reports: found.count(),
        ..Provenance::default()
    }
}

/// The address of this installation, as the client wrote it.
fn base(headers: &HeaderMap) -> String {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let host = text(header::HOST);
    let is_plain = |char: char| char.is_ascii_alphanumeric() || ".:-_[]".contains(char);
    if host.is_empty() || !host.chars().all(is_plain) {
        return String::new();
    }
    let is_https = text(HeaderName::from_static("x-forwarded-proto")).eq_ignore_ascii_case("https");
    format!("{}://{host}", if is_https { "https" } else { "http" })
}

/// One export while it is written.
struct ExportWork {
    order: ExportOrder,
    found: Found,
    provenance: Provenance,
    sender: mpsc::Sender<Piece>,
    shutdown: Shutdown,
    permit: OwnedSemaphorePermit,
}

/// What a client gets next.
enum Piece {
    Bytes(Bytes),
    /// The export is whole, and has so many rows.
    End(u64),
    Broken(anyhow::Error),
}

impl ExportWork {
    fn run(self) {
        let Self { order, found, provenance, sender, shutdown, permit } = self;
        let reports = found.count();
        let mut out = PieceWriter { sender: sender.clone(), shutdown, waiting: Vec::new() };
        let found = FoundRecords(found);
        let written = match &order.content {
            Content::Table(request) => export::write(request, provenance, &found, &mut out),
            Content::Package(package) => package.write(&provenance, &found, &mut out),
        };
        let last = match written {
            Ok(provenance) => Piece::End(provenance.rows),
            Err(ExportError::Write(error)) => {
                tracing::info!(reports, "an export was not taken to its end: {error}");
                Piece::Broken(error.into())
            }
            Err(error) => {
                let error = anyhow::Error::new(error);
                tracing::error!(reports, "writing an export: {error:#}");
                Piece::Broken(error)
            }
        };
        // Nobody listens any more where this fails.
        let _ = sender.blocking_send(last);
        drop(permit);
    }
}

/// The reports of the index as an export needs them.
pub struct FoundRecords(pub Found);

impl Records for FoundRecords {
    fn each(&self, visit: &mut dyn FnMut(&Record) -> Result<(), ExportError>) -> Result<(), ExportError> {
        for parts in self.0.iter() {
            let record = parts.and_then(|parts| record(&parts));
            visit(&record.map_err(|error| ExportError::Read(error.into()))?)?;
        }
        Ok(())
    }
}

fn record(parts: &StoredParts) -> Result<Record, search::IndexError> {
    let (fact, review) = parts.fact_and_review()?;
    let card = &parts.card;
    let versions = parts.versions()?.into_iter().map(|version| VersionRecord {
        id: version.id,
        submission: version.submission,
        original: version.original,
        submitted_at_ms: version.submitted_at_ms,
        file_name: version.file_name,
        verdict: version.verdict,
    });
    Ok(Record {
        key: card.key.clone(),
        id: card.id.clone(),
        original: card.original.clone(),
        submitted_at_ms: card.submitted_at_ms,
        versions: versions.collect(),
        review,
        verdict: card.verdict,
        review_state: card.handling.state,
        due: card.handling.due,
        reader_version: fact.reader_version,
    })
}

/// Sends what is written in pieces, and waits while the client has enough of them.
struct PieceWriter {
    sender: mpsc::Sender<Piece>,
    shutdown: Shutdown,
    waiting: Vec<u8>,
}

impl PieceWriter {
    fn send(&mut self) -> io::Result<()> {
        if self.shutdown.is_requested() {
            return Err(io::Error::other("shutdown requested"));
        }
        let piece = Piece::Bytes(mem::take(&mut self.waiting).into());
        let sent = Handle::current().block_on(tokio::time::timeout(CLIENT_TIMEOUT, self.sender.send(piece)));
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone")),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing")),
        }
    }
}

impl Write for PieceWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PIECE_BYTES {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() { Ok(()) } else { self.send() }
    }
}

/// The body of an export. It ends well only after [`Piece::End`].
struct ExportBody {
    receiver: mpsc::Receiver<Piece>,
    is_ended: bool,
}

impl http_body::Body for ExportBody {
    type Data = Bytes;
    type Error = anyhow::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<anyhow::Result<Frame<Bytes>>>> {
        if self.is_ended {
            return Poll::Ready(None);
        }
        let piece = ready!(self.receiver.poll_recv(context));
        let frame = match piece {
            Some(Piece::Bytes(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
            Some(Piece::End(rows)) => {
                let rows = HeaderMap::from_iter([(ROWS_WRITTEN, HeaderValue::from(rows))]);
                Ok(Frame::trailers(rows))
            }
            Some(Piece::Broken(error)) => Err(error),
            // The thread that writes has panicked.
            None => Err(anyhow::anyhow!("the export ended without its end")),
        };
        self.is_ended = true;
        Poll::Ready(Some(frame))
    }
}

/// Room for as many exports as may be written at a time.
pub(crate) fn room() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(MAX_EXPORTS))
}

fn too_many_exports() -> Problem {
    let detail = format!("已有{MAX_EXPORTS}个导出正在进行。");
    Problem::new(Code::TooManyExports, detail, "请等其中一个完成后再试。").retry_after(10)
}

fn needs_chunks() -> Problem {
    let hint = "请用 HTTP/1.1 或更新的版本；经 nginx 转发的，设置 proxy_http_version 1.1。";
    Problem::new(Code::NeedsHttp11, "HTTP/1.0 无法区分导出是否完整，因此不提供导出。", hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_from_the_request_where_it_is_one() {
        let check = |headers: &[(&'static str, &'static str)], expected: &str| {
            let headers = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            assert_eq!(base(&headers.collect()), expected);
        };
        check(&[("host", "127.0.0.1:8470")], "http://127.0.0.1:8470");
        check(&[("host", "gouji.example.cn"), ("x-forwarded-proto", "https")], "https://gouji.example.cn");
        check(&[("host", "a\"><b")], "");
        check(&[], "");
    }
}
