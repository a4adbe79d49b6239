//! The reports of the samples, printed, worn and read: what was read is what is printed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use document::Document;
use rendition::Page;
use report::{CellState, Report};
use scan::{Limits, Pages, Picture, Recogniser};

use crate::worn::{Wear, wear};

const DPI: u32 = 200;

fn model() -> Option<&'static Recogniser> {
    static MODEL: OnceLock<Option<Recogniser>> = OnceLock::new();
    let load = || {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../scans");
        match scan_model::install(&folder, None) {
            Ok(path) => Some(Recogniser::load(std::fs::read(path).unwrap()).unwrap()),
            Err(error) => {
                crate::skip::skip("scan", &format!("no recogniser: {error:#}"), "gouji scans install");
                None
            }
        }
    };
    MODEL.get_or_init(load).as_ref()
}

fn sample(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../samples/reports").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pages of a file as a printer prints them.
fn printed(bytes: &[u8]) -> Vec<Picture> {
    let limits = document::Limits::default();
    let sheets = rendition::read(bytes, &[], &limits).unwrap().sheets;
    let numbers = (1..).zip(&sheets);
    let pages = numbers.map(|(number, sheet)| {
        let page = Page { number, dpi: DPI, quarter_turns: sheet.quarter_turns };
        let drawn = rendition::pixels(bytes, &page, &limits).unwrap();
        let (dpi, points) = (DPI as f32, 72.0 / DPI as f32);
        Picture::new(drawn.width, drawn.height, drawn.rgb, dpi, points).unwrap()
    });
    pages.collect()
}

fn read(recogniser: &Recogniser, pages: &[Picture]) -> Document {
    let mut read = Pages::new(recogniser, document::Kind::Pdf, Limits::default());
    pages.iter().for_each(|page| read.add(page).unwrap());
    read.finish().unwrap()
}

/// Of the cells that are printed: read as they are printed, read otherwise, not read; and how many figures that
/// differ count as confirmed.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Score {
    cells: usize,
    right: usize,
    wrong: usize,
    unread: usize,
    confirmed: usize,
    confirmed_wrong: usize,
}

fn score(truth: &Report, found: &Report, name: &str) -> Score {
    let mut score = Score::default();
    for (id, cell) in truth.cells.iter() {
        if cell.state != CellState::Read {
            continue;
        }
        score.cells += 1;
        let read = found.cells.get(id);
        let value = read.and_then(|read| read.value);
        let is_confirmed = read.is_some_and(|read| read.known().is_some());
        score.confirmed += usize::from(is_confirmed);
        match value {
            None => {
                score.unread += 1;
                if std::env::var_os("GOUJI_SHOW").is_some() {
                    println!(
                        "{name}: {id} {:?} unread: {:?}",
                        cell.text,
                        read.map(|read| (read.state, &read.text))
                    );
                }
            }
            Some(value) if Some(value) == cell.value => score.right += 1,
            Some(value) => {
                score.wrong += 1;
                score.confirmed_wrong += usize::from(is_confirmed);
                println!(
                    "{name}: {id} is printed {:?} and read {value} (confirmed: {is_confirmed})",
                    cell.text
                );
            }
        }
    }
    score
}

/// The look of a printed report.
const STYLE: &str = "<style>@page { size: A4; margin: 18mm } \
    body { font: 11pt/1.6 'Noto Serif CJK SC', SimSun, serif; background: #fff; color: #000 } \
    table { border-collapse: collapse; width: 100% !important; font-size: 8pt; line-height: 1.25 } \
    td, th { border: 0.75pt solid #000 !important; padding: 2px; text-align: center }</style>";

/// A sample in HTML as a browser prints it; none where there is no browser.
fn printed_by_browser(html: &[u8]) -> Option<Vec<u8>> {
    let work = tempfile::tempdir().unwrap();
    let (page, pdf) = (work.path().join("page.html"), work.path().join("page.pdf"));
    std::fs::write(&page, [STYLE.as_bytes(), html].concat()).unwrap();
    let run = |program: &str| {
        Command::new(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"])
            .arg(format!("--user-data-dir={}", work.path().join("profile").display()))
            .arg(format!("--print-to-pdf={}", pdf.display()))
            .arg(&page)
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if !["chromium", "chromium-browser", "google-chrome"].into_iter().any(run) {
        crate::skip::skip("worn pages", "no browser that prints", "apt-get install chromium fonts-noto-cjk");
        return None;
    }
    Some(std::fs::read(pdf).unwrap())
}

fn check(name: &str, wears: &[Wear]) {
    let Some(recogniser) = model() else { return };
    let html = sample(name);
    let limits = document::Limits::default();
    let truth = reading::read(&document::read(&html, &limits).unwrap(), Some(name));
    let Some(bytes) = printed_by_browser(&html) else { return };
    let pages = printed(&bytes);
    for worn in wears {
        let pages: Vec<Picture> = (1..).zip(&pages).map(|(seed, page)| wear(page, *worn, seed)).collect();
        if let Some(folder) = std::env::var_os("GOUJI_SHOW") {
            for (number, page) in pages.iter().enumerate() {
                let mut picture = format!("P6 {} {} 255\n", page.width, page.height).into_bytes();
                picture.extend(&page.rgb);
                std::fs::write(Path::new(&folder).join(format!("{name}-{worn:?}-{number}.ppm")), picture)
                    .unwrap();
            }
        }
        let started = cpu();
        let document = read(recogniser, &pages);
        let took = cpu() - started;
        if let Some(folder) = std::env::var_os("GOUJI_SHOW") {
            let path = Path::new(&folder).join(format!("{name}-{worn:?}.txt"));
            std::fs::write(path, document::plain_text(&document)).unwrap();
        }
        let found = reading::read(&document, Some(name));
        let score = score(&truth, &found, &format!("{name} {worn:?}"));
        println!(
            "{name} {worn:?}: {score:?}, {:.1} CPU s a page, {:?} {:?} {:?}",
            took / pages.len() as f64,
            found.agency,
            found.year,
            found.form
        );
        assert_eq!(score.confirmed_wrong, 0, "{name} {worn:?}: {score:?}");
    }
}

/// Seconds of CPU time that this process has used.
fn cpu() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

#[test]
fn figures_of_a_worn_page_are_those_that_are_printed() {
    let wears: Vec<Wear> = match std::env::var("GOUJI_WEAR") {
        Ok(names) => Wear::ALL.into_iter().filter(|wear| names.contains(&format!("{wear:?}"))).collect(),
        Err(_) => vec![Wear::Office],
    };
    let names = std::env::var("GOUJI_SAMPLE").unwrap_or_else(|_| "page-utf8.html".into());
    names.split(',').for_each(|name| check(name, &wears));
}
