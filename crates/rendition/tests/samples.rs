//! Originals of the samples, drawn and marked.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

use std::time::Duration;

use document::Limits;
use hayro::vello_cpu::Pixmap;
use rendition::{Page, Rendition, RenditionError, Target, draw, read};

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../samples/reports/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn page(number: u32) -> Page {
    Page { number, dpi: 72, quarter_turns: 0 }
}

fn drawn(bytes: &[u8], number: u32) -> Pixmap {
    let png = draw(bytes, &page(number), &Limits::default()).unwrap();
    Pixmap::from_png(std::io::Cursor::new(png)).unwrap()
}

/// Pixels that are not white, by whether they lie in the box.
fn ink(pixmap: &Pixmap, [left, top, right, bottom]: [u16; 4]) -> usize {
    let inside = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
    inside.filter(|(x, y)| pixmap.sample(*x, *y).r < 200).count()
}

#[test]
fn the_lines_of_a_page_are_drawn() {
    for name in ["pdf-heads-repeated.pdf", "ofd-over-pages.ofd", "ofd-thin-boxes.ofd"] {
        let bytes = sample(name);
        let rendition = read(&bytes, &[], &Limits::default()).unwrap();
        let drawn: Vec<Pixmap> =
            (1..).zip(&rendition.sheets).map(|(number, _)| drawn(&bytes, number)).collect();
        for (pixmap, sheet) in drawn.iter().zip(&rendition.sheets) {
            assert_eq!(f32::from(pixmap.width()), sheet.width.round(), "{name}");
            assert_eq!(f32::from(pixmap.height()), sheet.height.round(), "{name}");
        }
        let most = drawn.iter().map(|pixmap| ink(pixmap, [0, 0, pixmap.width(), pixmap.height()])).max();
        assert!(most > Some(2_000), "{name}: {most:?}");
        let text: String =
            rendition.sheets.iter().flat_map(|sheet| &sheet.texts).map(|text| text.text.as_str()).collect();
        assert!(text.contains("政府信息公开"), "{name}: {text}");
    }
}

#[test]
fn a_picture_is_its_own_page() {
    let mut pixmap = Pixmap::new(300, 450);
    pixmap.data_as_u8_slice_mut().fill(255);
    for x in 100..200 {
        pixmap.set_pixel(x, 300, hayro::vello_cpu::color::PremulRgba8 { r: 0, g: 0, b: 0, a: 255 });
        pixmap.set_pixel(x, 301, hayro::vello_cpu::color::PremulRgba8 { r: 0, g: 0, b: 0, a: 255 });
    }
    let png = pixmap.into_png().unwrap();
    let Rendition { sheets, .. } = read(&png, &[], &Limits::default()).unwrap();
    assert_eq!((sheets[0].width, sheets[0].height), (144.0, 216.0));
    let drawn = drawn(&png, 1);
    assert_eq!((drawn.width(), drawn.height()), (144, 216));
    assert!(ink(&drawn, [48, 140, 96, 150]) > 40);
    assert_eq!(ink(&drawn, [0, 0, 144, 130]), 0);
    let second = draw(&png, &page(2), &Limits::default());
    assert_eq!(second, Err(RenditionError::NoSuchPage(2)));
}

#[test]
fn a_figure_is_found_within_its_text() {
    let bytes = "# 一、总体情况\n\n全年收到申请 9 件，办结 9 件。\n\n| 甲 | 9 |\n| --- | --- |\n| 乙 |  |\n"
        .as_bytes();
    let at = |needle: &str, from: usize| {
        let text = std::str::from_utf8(bytes).unwrap();
        let start = from + text[from..].find(needle).unwrap();
        (start as u64, (start + needle.len()) as u64)
    };
    let first = at("9", 0);
    let second = at("9", first.1 as usize);
    let third = at("9", second.1 as usize);
    let target = |line, (start, end)| Target { line, start, end, ..Target::default() };
    let targets = [target(3, first), target(3, second), target(5, third), target(3, at("办结 9 件", 0))];
    let rendition = read(bytes, &targets, &Limits::default()).unwrap();
    let words: Vec<String> = rendition
        .marks
        .iter()
        .map(|mark| {
            let piece = &rendition.pieces[mark.piece as usize];
            let text = match piece.rows.get(mark.row as usize) {
                Some(row) => &row.cells[mark.cell as usize].text,
                None => &piece.text,
            };
            format!("{} {}", mark.target, &text[mark.from as usize..mark.to as usize])
        })
        .collect();
    assert_eq!(words, ["0 9", "1 9", "2 9", "3 办结 9 件"]);
    let (one, other) = (&rendition.marks[0], &rendition.marks[1]);
    assert!(one.piece == other.piece && one.to < other.from, "{rendition:?}");
}

#[test]
fn what_cannot_be_shown_is_named() {
    let limits = Limits::default();
    assert_eq!(draw(b"text", &page(1), &limits), Err(RenditionError::NoPages("text")));
    let pdf = sample("pdf-heads-repeated.pdf");
    assert_eq!(draw(&pdf, &page(0), &limits), Err(RenditionError::NoSuchPage(0)));
    assert_eq!(draw(&pdf, &page(99), &limits), Err(RenditionError::NoSuchPage(99)));
    assert!(matches!(read(b"%PDF-1.7", &[], &limits), Err(RenditionError::Unreadable(_))));
    assert!(matches!(read(b"\x89PNG\r\n\x1A\nnothing", &[], &limits), Err(RenditionError::Picture(_))));
}

/// The goal for a page, of processor time: a person who clicks on a figure waits for it.
const MOST_TO_DRAW: Duration = Duration::from_millis(300);

#[test]
fn a_page_of_tables_is_drawn_in_time() {
    for name in ["pdf-heads-repeated.pdf", "ofd-over-pages.ofd"] {
        let bytes = sample(name);
        let page = Page { number: 2, dpi: 110, quarter_turns: 0 };
        let fastest = (0..3).map(|_| {
            let begun = cpu();
            draw(&bytes, &page, &Limits::default()).unwrap();
            cpu() - begun
        });
        let fastest = fastest.min().unwrap();
        eprintln!("{name}: {} ms of CPU for a page at 110 dots per inch", fastest.as_millis());
        assert!(fastest < MOST_TO_DRAW, "{name}: {fastest:?}");
    }
}

fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}
