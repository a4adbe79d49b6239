//! An export while it arrives: written to a temporary file, counted, and kept only if it is whole.

use std::fs::File;
use std::future::poll_fn;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::pin::Pin;

use anyhow::{Context as _, Result, bail};
use http_body::Body as _;
use reqwest::header::HeaderMap;
use reqwest::{Body, Response};
use tempfile::NamedTempFile;

use super::Format;
use crate::language::text;

/// Bytes at the end of a file that tell whether it has its directory: as many as the end of a ZIP has.
const END_BYTES: usize = 22;

/// A whole export in a temporary file.
pub(super) struct Received {
    file: NamedTempFile,
    /// Reports in it, as the server said before.
    pub(super) reports: Option<u64>,
    counted: Option<u64>,
    confirmed: Option<u64>,
}

impl Received {
    /// Receives a body into a temporary file in the folder of `target`.
    ///
    /// # Errors
    /// If the body breaks off, or has other rows than the server says.
    pub(super) async fn of(answer: Response, format: Format, target: &Path) -> Result<Self> {
        let folder = folder_of(target);
        let file =
            NamedTempFile::new_in(folder).with_context(|| format!("writing to {}", folder.display()))?;
        let reports = number(answer.headers(), "gouji-reports");
        let announced = number(answer.headers(), "gouji-rows");
        let mut body = Body::from(answer);
        let mut out = BufWriter::new(file);
        let mut rows = RowCounter::of(format);
        let mut end: Vec<u8> = Vec::new();
        let mut trailers = None;
        while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            let frame = frame.with_context(|| broken())?;
            match frame.into_data() {
                Ok(bytes) => {
                    out.write_all(&bytes).with_context(|| format!("writing to {}", folder.display()))?;
                    rows.add(&bytes);
                    keep_end(&mut end, &bytes);
                }
                Err(frame) => trailers = frame.into_trailers().ok(),
            }
        }
        let file = out.into_inner().map_err(|error| error.into_error());
        let file = file.with_context(|| format!("writing to {}", folder.display()))?;
        file.as_file().sync_all().with_context(|| format!("writing to {}", folder.display()))?;
        let written = trailers.as_ref().and_then(|trailers| number(trailers, "gouji-rows-written"));
        let received = Self { file, reports, counted: rows.finish(), confirmed: written.or(announced) };
        received.check(format, &end)?;
        Ok(received)
    }

    /// How many rows it has.
    pub(super) fn rows(&self) -> Option<u64> {
        self.counted.or(self.confirmed)
    }

    pub(super) fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Gives it its name.
    pub(super) fn keep(self, path: &Path) -> Result<()> {
        self.file.persist(path).with_context(|| format!("writing {}", path.display()))?;
        sync_folder(folder_of(path))
    }

    fn check(&self, format: Format, end: &[u8]) -> Result<()> {
        let is_whole = match format {
            Format::Csv | Format::Jsonl => end.is_empty() || end.ends_with(b"\n"),
            Format::Parquet => end.ends_with(b"PAR1"),
            Format::Xlsx | Format::Package => end.starts_with(b"PK\x05\x06"),
        };
        if !is_whole {
            bail!(broken());
        }
        match (self.counted, self.confirmed) {
            (Some(counted), Some(confirmed)) if counted != confirmed => bail!(text!(
                "收到{counted}行，而系统写出{confirmed}行；没有保存，请重试",
                "received {counted} rows, and the server wrote {confirmed}; nothing was kept, try again"
            )),
            (Some(counted), None) => {
                // A proxy has taken the trailer out. The last chunk has come, so the rows are all here.
                eprintln!(
                    "{}",
                    text!(
                        "收到{counted}行；中间的代理去掉了系统写出的行数，无法核对",
                        "received {counted} rows; a proxy took out how many the server wrote"
                    )
                );
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn broken() -> String {
    text!("导出中断，没有保存；请重试", "the export broke off and nothing was kept; try again")
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.with_context(|| format!("writing to {}", folder.display()))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

fn keep_end(end: &mut Vec<u8>, bytes: &[u8]) {
    end.extend_from_slice(bytes.get(bytes.len().saturating_sub(END_BYTES)..).unwrap_or_default());
    end.drain(..end.len().saturating_sub(END_BYTES));
}

/// Counts the rows of a text without its header.
enum RowCounter {
    /// Lines.
    Jsonl(u64),
    /// Records: a line break inside quotes is part of a field.
    Csv { records: u64, is_quoted: bool },
    /// Not a text.
    None,
}

impl RowCounter {
    fn of(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv { records: 0, is_quoted: false },
            Format::Jsonl => Self::Jsonl(0),
            Format::Xlsx | Format::Parquet | Format::Package => Self::None,
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        match self {
            Self::Jsonl(lines) => *lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64,
            Self::Csv { records, is_quoted } => {
                for byte in bytes {
                    match byte {
                        b'"' => *is_quoted = !*is_quoted,
                        b'\n' if !*is_quoted => *records += 1,
                        _ => {}
                    }
                }
            }
            Self::None => {}
        }
    }

    fn finish(self) -> Option<u64> {
        match self {
            Self::Jsonl(lines) => Some(lines),
            Self::Csv { records, .. } => Some(records.saturating_sub(1)),
            Self::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_across_pieces() {
        let check = |format: Format, pieces: &[&str], expected: Option<u64>| {
            let mut rows = RowCounter::of(format);
            pieces.iter().for_each(|piece| rows.add(piece.as_bytes()));
            assert_eq!(rows.finish(), expected, "{pieces:?}");
        };
        check(Format::Csv, &["\u{feff}a,b\r\n"], Some(0));
        check(Format::Csv, &["a,b\r\n1,\"x\r", "\ny \"\"z\"\"\"\r\n2,3\r\n"], Some(2));
        check(Format::Jsonl, &["{}\n{\"a\":\"\\n\"", "}\n"], Some(2));
        check(Format::Parquet, &["PAR1\n"], None);
    }

    #[tokio::test]
    async fn what_is_not_whole_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let check = async |format: Format, body: &'static str, rows: &str, is_kept: bool| {
            let answer = http::Response::builder().header("gouji-rows", rows).body(body).unwrap();
            let target = folder.path().join("out");
            let received = Received::of(answer.into(), format, &target).await;
            assert_eq!(received.is_ok(), is_kept, "{body:?}");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), usize::from(is_kept));
            if let Ok(received) = received {
                received.keep(&target).unwrap();
                assert_eq!(std::fs::read_to_string(&target).unwrap(), body);
                std::fs::remove_file(&target).unwrap();
            }
        };
        check(Format::Csv, "a\r\n1\r\n", "1", true).await;
        check(Format::Csv, "a\r\n1\r\n", "2", false).await;
        check(Format::Csv, "a\r\n1", "1", false).await;
        check(Format::Jsonl, "{}\n", "1", true).await;
        check(Format::Jsonl, "", "0", true).await;
        check(Format::Parquet, "PAR1…PAR1", "1", true).await;
        check(Format::Parquet, "PAR1…", "1", false).await;
        check(Format::Xlsx, "PK\u{3}\u{4}", "1", false).await;
    }
}
