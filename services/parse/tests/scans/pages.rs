//! The reports of the samples, printed, worn and read: what was read is what is printed.

use std::path::Path;
use std::sync::OnceLock;

use document::Document;
use report::{CellState, Report};
use scan::{Limits, Pages, Picture, Recogniser};
use worn::{STYLE, Wear, wear};

const DPI: u32 = 200;

fn recogniser() -> Option<&'static Recogniser> {
    static RECOGNISER: OnceLock<Option<Recogniser>> = OnceLock::new();
    let load = || {
        let model = std::fs::read(crate::model("worn pages")?.join(scan::MODEL_NAME)).unwrap();
        Some(Recogniser::load(model).unwrap())
    };
    RECOGNISER.get_or_init(load).as_ref()
}

fn sample(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/reports").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
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

fn check(name: &str, wears: &[Wear]) {
    let Some(recogniser) = recogniser() else { return };
    let html = sample(name);
    let limits = document::Limits::default();
    let truth = reading::read(&document::read(&html, &limits).unwrap(), Some(name));
    let Some(bytes) = crate::printed(&html, STYLE, "worn pages") else { return };
    let pages = worn::pages(&bytes, DPI).unwrap();
    for kind in wears {
        let pages: Vec<Picture> = (1..).zip(&pages).map(|(seed, page)| wear(page, *kind, seed)).collect();
        if let Some(folder) = std::env::var_os("GOUJI_SHOW") {
            for (number, page) in pages.iter().enumerate() {
                let mut picture = format!("P6 {} {} 255\n", page.width, page.height).into_bytes();
                picture.extend(&page.rgb);
                std::fs::write(Path::new(&folder).join(format!("{name}-{kind:?}-{number}.ppm")), picture)
                    .unwrap();
            }
        }
        let started = cpu();
        let document = read(recogniser, &pages);
        let took = cpu() - started;
        if let Some(folder) = std::env::var_os("GOUJI_SHOW") {
            let path = Path::new(&folder).join(format!("{name}-{kind:?}.txt"));
            std::fs::write(path, document::plain_text(&document)).unwrap();
        }
        let found = reading::read(&document, Some(name));
        let score = score(&truth, &found, &format!("{name} {kind:?}"));
        println!(
            "{name} {kind:?}: {score:?}, {:.1} CPU s a page, {:?} {:?} {:?}",
            took / pages.len() as f64,
            found.agency,
            found.year,
            found.form
        );
        assert_eq!(score.confirmed_wrong, 0, "{name} {kind:?}: {score:?}");
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
