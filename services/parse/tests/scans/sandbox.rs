//! Scans in the sandbox: a printed report without its characters is read by a child that cannot open a file.

use parse::{LIMITS, READER_VERB, Readers, SCANNER_VERB};
use rendition::Page;
use report::{CellState, Report, Witness};
use sandbox::Program;
use worker::HandlerError;
use worn::STYLE;

const SAMPLE: &[u8] = include_bytes!("../../../../samples/reports/page-utf8.html");
const DPI: u32 = 150;

/// The pages of a PDF as a scanner makes a PDF of them: a grey picture each.
fn scanned(bytes: &[u8]) -> Vec<u8> {
    let limits = document::Limits::default();
    let sheets = rendition::read(bytes, &[], &limits).unwrap().sheets;
    let mut pdf = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::new();
    let mut object = |pdf: &mut Vec<u8>, content: &[u8]| {
        offsets.push(pdf.len());
        pdf.extend(format!("{} 0 obj\n", offsets.len()).bytes());
        pdf.extend(content);
        pdf.extend(b"\nendobj\n");
    };
    let kids: Vec<String> = (0..sheets.len()).map(|index| format!("{} 0 R", 3 + 3 * index)).collect();
    object(&mut pdf, b"<< /Type /Catalog /Pages 2 0 R >>");
    let pages = format!("<< /Type /Pages /Count {} /Kids [{}] >>", sheets.len(), kids.join(" "));
    object(&mut pdf, pages.as_bytes());
    for (index, sheet) in sheets.iter().enumerate() {
        let page = Page { number: index as u32 + 1, dpi: DPI, quarter_turns: sheet.quarter_turns };
        let drawn = rendition::pixels(bytes, &page, &limits).unwrap();
        let (width, height) = (sheet.width, sheet.height);
        let number = 3 + 3 * index;
        let of_page = format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {} 0 R \
             /Resources << /XObject << /Scan {} 0 R >> >> >>",
            number + 1,
            number + 2
        );
        object(&mut pdf, of_page.as_bytes());
        let draw = format!("q {width} 0 0 {height} 0 0 cm /Scan Do Q");
        let contents = format!("<< /Length {} >>\nstream\n{draw}\nendstream", draw.len());
        object(&mut pdf, contents.as_bytes());
        // The ink of a scanner is not quite black, and its paper not quite white.
        let gray: Vec<u8> = drawn.rgb.chunks_exact(3).map(|pixel| 20 + pixel[0] / 10 * 9).collect();
        let mut picture = format!(
            "<< /Type /XObject /Subtype /Image /Width {} /Height {} /ColorSpace /DeviceGray /BitsPerComponent 8 \
             /Length {} >>\nstream\n",
            drawn.width,
            drawn.height,
            gray.len()
        )
        .into_bytes();
        picture.extend(gray);
        picture.extend(b"\nendstream");
        object(&mut pdf, &picture);
    }
    let start = pdf.len();
    pdf.extend(format!("xref\n0 {}\n0000000000 65535 f \n", offsets.len() + 1).bytes());
    for offset in &offsets {
        pdf.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    let size = offsets.len() + 1;
    pdf.extend(format!("trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n").bytes());
    pdf
}

#[tokio::test]
async fn a_scan_is_read_in_the_sandbox_where_the_operator_wants_it() {
    let Some(folder) = crate::model("scans in the sandbox") else { return };
    let limits = document::Limits::default();
    let truth = reading::read(&document::read(SAMPLE, &limits).unwrap(), Some("scan.pdf"));
    let Some(printed) = crate::printed(SAMPLE, STYLE, "scans in the sandbox") else { return };
    let scan = scanned(&printed);
    let program = env!("CARGO_BIN_EXE_gouji-parse");
    let reader = Program::new(program, READER_VERB);

    // Refused by default, as ever.
    match Readers::of(&reader, LIMITS).read(&scan, "scan.pdf").await {
        Err(HandlerError::Refused(refusal)) => assert_eq!(refusal.class.name(), "no-text"),
        other => panic!("{other:?}"),
    }

    let scanner = Program::new(program, SCANNER_VERB).with_argument(folder.display().to_string());
    let read = Readers::with_scanner(&reader, scanner).read(&scan, "scan.pdf").await.unwrap();
    println!("{:.1} CPU s, {} MB", read.cpu.as_secs_f64(), read.peak_bytes >> 20);
    let found = Report::try_from(&read.report).unwrap();
    assert_eq!((&found.agency, found.year, found.form), (&truth.agency, truth.year, truth.form));
    let mut confirmed = 0;
    for (id, cell) in truth.cells.iter().filter(|(_, cell)| cell.state == CellState::Read) {
        let read = found.cells.get(id).unwrap();
        match read.witness {
            Witness::Confirmed1 | Witness::Confirmed2 => {
                assert_eq!(read.value, cell.value, "{id}");
                confirmed += 1;
            }
            Witness::Unconfirmed => assert_eq!(read.state, CellState::Doubtful, "{id}"),
            Witness::Printed => assert!(read.value.is_none() || read.value == cell.value, "{id}: {read:?}"),
        }
    }
    let all = truth.cells.iter().filter(|(_, cell)| cell.state == CellState::Read).count();
    assert!(confirmed * 10 >= all * 8, "only {confirmed} of {all} figures are confirmed");
}
