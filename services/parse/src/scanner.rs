//! Reads scans in sandboxed child processes of their own: the recogniser is loaded before a child confines itself,
//! and the limits are those of seconds a page.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use document::{Document, Kind, ReadError, sniff};
use rendition::{Page, RenditionError};
use sandbox::Limits;
use scan::{Pages, Picture, Recogniser, ScanError};

use crate::reader::{Phases, ResponseHead, report_of, respond};

/// The hidden verb under which a program calls [`run_scanner`].
pub const SCANNER_VERB: &str = "sandboxed-scanner";

/// Children that read scans at once: the other cores are for everything else.
pub(crate) const SCANNERS: usize = 1;

/// What reading one scan may cost.
pub const SCANNER_LIMITS: Limits = Limits {
    // Beyond the recogniser: a page of A3 in colour takes 24 MB, straight and turned once more each, and a batch of
    // lines 100 MB.
    memory_bytes: 512 << 20,
    // 20 s, and 8 s for each of 40 pages.
    cpu_seconds: 340,
    wall: Duration::from_secs(3 * 340),
    // Starting a child loads the recogniser again.
    requests: 100,
    reuse_bytes: 384 << 20,
    background: true,
};

/// The whole `main` of a child that reads scans; `arguments` are those after [`SCANNER_VERB`], the folder with the
/// recogniser first.
pub fn run_scanner(arguments: &[String]) -> ExitCode {
    let Some((folder, arguments)) = arguments.split_first() else {
        eprintln!("only the program itself runs this verb");
        return ExitCode::FAILURE;
    };
    let recogniser = match load(Path::new(folder)) {
        Ok(recogniser) => recogniser,
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::FAILURE;
        }
    };
    sandbox::serve(arguments, |file_name, bytes| {
        let mut phases = Phases(Vec::new());
        let read = read(&recogniser, &bytes, &String::from_utf8_lossy(file_name), &mut phases);
        respond(read, phases)
    })
}

fn load(folder: &Path) -> anyhow::Result<Recogniser> {
    let model = scan_model::read(folder)?;
    let missing = || anyhow::anyhow!("{} has no recogniser: run `gouji scans install`", folder.display());
    Ok(Recogniser::load(model.ok_or_else(missing)?)?)
}

fn read(
    recogniser: &Recogniser,
    bytes: &[u8],
    file_name: &str,
    phases: &mut Phases,
) -> Result<(ResponseHead, String), ReadError> {
    phases.enter("scan");
    let document = recognised(recogniser, bytes)?;
    Ok(report_of(&document, file_name, phases))
}

/// The resolution at which pages are read, in dots per inch.
const DPI: f32 = 200.0;
/// The longer side of a sheet of A4, in inches.
const A4: f32 = 11.69;
/// The longer sides that pages have, in points: from A5 to A3. A page of another size was never printed at that
/// size: its pixels were taken for points.
const SIDES: std::ops::RangeInclusive<f32> = 560.0..=1_250.0;

fn recognised(recogniser: &Recogniser, bytes: &[u8]) -> Result<Document, ReadError> {
    let format = sniff(bytes);
    let limits = document::Limits::default();
    let sheets = rendition::read(bytes, &[], &limits).map_err(|error| unreadable(error, format))?.sheets;
    let most = scan::Limits::default();
    if sheets.len() > most.pages {
        return Err(ReadError::TooManyPages { found: sheets.len(), limit: most.pages });
    }
    let mut pages = Pages::new(recogniser, format, most);
    for (number, sheet) in (1..).zip(&sheets) {
        let side = sheet.width.max(sheet.height);
        let inches = if SIDES.contains(&side) { side / 72.0 } else { A4 };
        // So many dots an inch of the sheet as the file counts it make `DPI` on paper.
        let dpi = (DPI * inches * 72.0 / side.max(1.0)).round() as u32;
        let page = Page { number, dpi, quarter_turns: sheet.quarter_turns };
        let drawn = rendition::pixels(bytes, &page, &limits).map_err(|error| unreadable(error, format))?;
        let (width, height) = (drawn.width, drawn.height);
        let longer = width.max(height) as f32;
        let picture = Picture::new(width, height, drawn.rgb, longer / inches, side / longer)
            .ok_or_else(|| ReadError::Broken { format, what: "a page has no pixels".into() })?;
        pages.add(&picture).map_err(|error| failed(error, format))?;
    }
    pages.finish().map_err(|error| failed(error, format))
}

fn unreadable(error: RenditionError, format: Kind) -> ReadError {
    match error {
        RenditionError::Unreadable(error) => error,
        error => ReadError::Broken { format, what: error.to_string() },
    }
}

fn failed(error: ScanError, format: Kind) -> ReadError {
    match error {
        ScanError::Document(error) => error,
        ScanError::Model(error) => ReadError::Broken { format, what: error.to_string() },
    }
}
