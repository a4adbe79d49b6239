//! The memory of every process while it has the largest file in hand that is allowed, one format at a time,
//! and archives of many files. Each input has a pipeline of its own, as peaks never fall.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{Cursor, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::process::{peak_bytes, used};
use super::say;
use crate::generate::{Options as Of, generate};
use crate::pipeline::{Pipeline, Shape};
use crate::processes::until;

/// Measure the memory of every process under the largest inputs.
#[derive(Debug, Parser)]
pub struct Options {
    /// Files of 40 MB in the archive of large files; 100 of them are 4 GB.
    #[arg(long, default_value_t = 10)]
    large_files: usize,
    /// Reports in the archive of many files.
    #[arg(long, default_value_t = 3_000)]
    many_files: u64,
}

/// An archive of gigabytes takes its time to be read.
const PATIENCE: Duration = Duration::from_secs(1800);

/// Measures, and prints a table.
///
/// # Errors
/// If something cannot be started, or an input does not come to its end.
pub fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("starting threads")?;
    say("| input | MB | outcome | ingest | parse | its readers | validate | index | console |");
    say("| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (name, make) in INPUTS {
        runtime.block_on(measure(name, make(), 1))?;
    }
    let large = archive((0..options.large_files).map(|number| (format!("{number}.txt"), text(40, number))))?;
    runtime.block_on(measure(
        &format!("{} files of 40 MB, zip", options.large_files),
        large,
        options.large_files,
    ))?;
    let many = (0..options.many_files).map(|index| generate(23, index, &Of::default()));
    let many = archive(
        many.enumerate().map(|(number, report)| (format!("{number}-{}", report.file_name), report.bytes)),
    )?;
    let count = usize::try_from(options.many_files)?;
    runtime.block_on(measure(&format!("{count} reports, zip"), many, count))
}

/// Files at the limits of their format: 50 MB each, 20 MB for HTML, 128 MB of what is packed.
type Input = (&'static str, fn() -> Vec<u8>);

const INPUTS: [Input; 5] = [
    ("text.txt", || text(49, 0)),
    ("page.html", html),
    ("letter.docx", docx),
    ("book.xlsx", xlsx),
    ("print.pdf", pdf),
];

async fn measure(name: &str, bytes: Vec<u8>, reports: usize) -> Result<()> {
    let pipeline = Pipeline::start(Shape::default()).await?;
    let size_mb = bytes.len() / 1_000_000;
    let readers = Readers::watch(pipeline.parse[0].process.id());
    let api = pipeline.api();
    let (status, answer) = api.send(name, bytes, None).await?;
    ensure!(status == 202, "{name} was answered with {status}: {answer}");
    let counts = until(&format!("{name} to come to its end"), PATIENCE, async || {
        let counts = api.status().await?["counts"].take();
        let count = |fact: &str| counts[fact].as_u64().unwrap_or_default();
        let ended = count("indexed") + count("refused") >= reports as u64;
        Ok(ended.then_some(counts))
    })
    .await?;
    // The console has a report in memory while somebody looks at it.
    let found = api.search(&[("limit", "100")]).await?;
    let outcome = outcome(&counts, &found);
    let readers = readers.peak_bytes();
    let peak = |service: &crate::pipeline::Service| -> Result<u64> {
        Ok(used(service.name(), &service.process)?.peak_bytes >> 20)
    };
    say(&format!(
        "| {name} | {size_mb} | {outcome} | {} | {} | {} | {} | {} | {} |",
        peak(&pipeline.ingest)?,
        peak(&pipeline.parse[0])?,
        readers >> 20,
        peak(&pipeline.validate[0])?,
        peak(&pipeline.index)?,
        peak(&pipeline.console)?,
    ));
    Ok(())
}

fn outcome(counts: &Value, found: &Value) -> String {
    let mut outcome = format!("{} indexed", counts["indexed"]);
    if counts["refused"] != 0 {
        // Writing to a text does not fail.
        let _ = write!(outcome, ", {} refused", counts["refused"]);
    }
    let _ = write!(outcome, ", {} found", found["total"]);
    outcome
}

/// The peaks of the children of a process, all that live at one time together.
struct Readers {
    over: Arc<AtomicBool>,
    watching: std::thread::JoinHandle<u64>,
}

impl Readers {
    fn watch(parent: u32) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let ended = over.clone();
        let watching = std::thread::spawn(move || {
            let mut most = 0;
            while !ended.load(Ordering::Relaxed) {
                most = most.max(children(parent).values().sum());
                std::thread::sleep(Duration::from_millis(10));
            }
            most
        });
        Self { over, watching }
    }

    fn peak_bytes(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        self.watching.join().unwrap_or_default()
    }
}

fn children(parent: u32) -> BTreeMap<String, u64> {
    let path = format!("/proc/{parent}/task");
    let tasks = fs::read_dir(path).into_iter().flatten().flatten();
    let ids = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let ids: Vec<String> =
        ids.flat_map(|ids| ids.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
    ids.into_iter().filter_map(|id| Some((id.clone(), peak_bytes(&id).ok()?))).collect()
}

/// Lines of one cell each; `number` makes the file another.
fn text(megabytes: usize, number: usize) -> Vec<u8> {
    let line = format!("一、本年新收政府信息公开申请数量 {number}\t9\n");
    line.repeat(megabytes * 1_000_000 / line.len()).into_bytes()
}

fn html() -> Vec<u8> {
    let paragraph = "<p>一、本年新收政府信息公开申请数量</p>";
    format!("<html><body>{}</body></html>", paragraph.repeat(19_900_000 / paragraph.len()).as_str())
        .into_bytes()
}

fn docx() -> Vec<u8> {
    let paragraph = "<w:p><w:r><w:t>一、本年新收政府信息公开申请数量</w:t></w:r></w:p>";
    let body = paragraph.repeat(80_000_000 / paragraph.len());
    let document = format!(
        "<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>{body}</w:body></w:document>"
    );
    let types = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>";
    package(&[("[Content_Types].xml", types.as_bytes()), ("word/document.xml", document.as_bytes())])
}

fn xlsx() -> Vec<u8> {
    let mut rows = String::new();
    for row in 1..=19_000 {
        rows.push_str("<row>");
        for column in 'A'..='J' {
            let _ = write!(
                rows,
                "<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>一、本年新收政府信息公开申请数量{row}</t></is></c>"
            );
        }
        rows.push_str("</row>");
    }
    let main = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let workbook = format!(
        "<workbook {main} xmlns:r=\"{relations}\"><sheets><sheet name=\"1\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
    );
    let related = format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"{relations}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
    );
    let sheet = format!("<worksheet {main}><sheetData>{rows}</sheetData></worksheet>");
    let types = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>";
    package(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("xl/workbook.xml", workbook.as_bytes()),
        ("xl/_rels/workbook.xml.rels", related.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

/// A package of these parts, with a picture that fills it up to the limit.
fn package(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let packed = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in parts {
        zip.start_file(*name, packed).and_then(|()| Ok(zip.write_all(bytes)?)).expect("memory takes it");
    }
    let picture = vec![7; 48_000_000];
    zip.start_file("media/1.png", stored)
        .and_then(|()| Ok(zip.write_all(&picture)?))
        .expect("memory takes it");
    zip.finish().expect("memory takes it").into_inner()
}

/// A thousand pages of text, and a picture that nobody shows.
fn pdf() -> Vec<u8> {
    const PAGES: usize = 1_000;
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    let mut object = |file: &mut Vec<u8>, body: &[u8]| {
        places.push(file.len());
        let _ = writeln!(file, "{} 0 obj", places.len());
        file.extend_from_slice(body);
        file.extend_from_slice(b"\nendobj\n");
    };
    object(&mut file, b"<< /Type /Catalog /Pages 2 0 R >>");
    let kids: String = (0..PAGES).map(|page| format!("{} 0 R ", 4 + 2 * page)).collect();
    object(&mut file, format!("<< /Type /Pages /Count {PAGES} /Kids [{kids}] >>").as_bytes());
    object(&mut file, b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
    for page in 0..PAGES {
        let contents = 5 + 2 * page;
        object(
            &mut file,
            format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F 3 0 R >> >> /Contents {contents} 0 R >>").as_bytes(),
        );
        let lines = "(the number of requests that were received is 9) Tj 0 -12 Td ".repeat(40);
        let lines = format!("BT /F 10 Tf 40 780 Td {lines} ET");
        object(&mut file, format!("<< /Length {} >>\nstream\n{lines}\nendstream", lines.len()).as_bytes());
    }
    let mut picture = b"<< /Length 45000000 >>\nstream\n".to_vec();
    picture.resize(picture.len() + 45_000_000, 7);
    picture.extend_from_slice(b"\nendstream");
    object(&mut file, &picture);
    let start = file.len();
    let _ = write!(file, "xref\n0 {}\n0000000000 65535 f \n", places.len() + 1);
    for place in &places {
        let _ = writeln!(file, "{place:010} 00000 n ");
    }
    let size = places.len() + 1;
    let _ = write!(file, "trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    file
}

fn archive(files: impl Iterator<Item = (String, Vec<u8>)>) -> Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let packed = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in files {
        zip.start_file(name, packed).context("packing")?;
        zip.write_all(&bytes).context("packing")?;
    }
    Ok(zip.finish().context("packing")?.into_inner())
}
