//! Facts carry the version of the reader. It changes whenever the reader reads a sample differently.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use report::Report;

/// The version, and the hash of everything that it reads in `samples/reports`.
const READINGS: (&str, u64) = ("2026.12", 0xf49c_5097_b777_7166);

#[test]
fn the_version_changes_with_the_readings() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/reports");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut readings = String::new();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let document = document::read(&fs::read(&path).unwrap(), &document::Limits::default()).unwrap();
        writeln!(readings, "{name}").unwrap();
        draw(&mut readings, &reading::read(&document, Some(name)));
    }
    let found = (reading::VERSION, fnv1a(readings.as_bytes()));
    assert_eq!(
        found,
        READINGS,
        "the samples are read differently: raise reading::VERSION, and set READINGS to {:?} and {:#x}",
        reading::VERSION,
        found.1
    );
}

/// Every figure, claim and note with its place in the file.
fn draw(out: &mut String, report: &Report) {
    let form = report.form.map(|form| form.as_str());
    let region = report.region.as_ref().map(|region| region.code.as_str());
    writeln!(out, "{:?} {region:?} {:?} {form:?}", report.agency, report.year.map(|year| year.get()))
        .unwrap();
    writeln!(out, "{:?} {:?}", report.title, report.published.map(|date| date.to_string())).unwrap();
    let place = |origin: &report::Origin| {
        format!("{:?} {} {}..{}", origin.page, origin.line, origin.start, origin.end)
    };
    for (id, cell) in report.cells.iter() {
        let value = cell.value.map(|value| value.to_string());
        let place = cell.origin.as_ref().map(place);
        writeln!(out, "{id} {} {value:?} {:?} {place:?}", cell.state.as_str(), cell.text).unwrap();
    }
    for claim in &report.claims {
        let about = claim.about.map(|about| about.as_str());
        let place = place(&claim.origin);
        writeln!(out, "{} {} {} {about:?} {place}", claim.text, claim.value, claim.exact).unwrap();
    }
    for note in &report.notes {
        writeln!(out, "{:?} {}", note.kind, note.subject).unwrap();
    }
    for remark in &report.remarks {
        writeln!(out, "{} {}", remark.kind.as_str(), remark.text).unwrap();
    }
    for section in &report.sections {
        writeln!(out, "{} {}", section.heading, section.chars).unwrap();
    }
}

/// The hash FNV-1a, which is the same on every machine.
fn fnv1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, step)
}
