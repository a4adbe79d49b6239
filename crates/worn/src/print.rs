//! Prints pages in HTML with a browser, and draws what it printed.

use std::process::Command;

use document::Limits;
use rendition::Page;
use scan::Picture;

/// The look of a printed report.
pub const STYLE: &str = "<style>@page { size: A4; margin: 18mm } \
    body { font: 11pt/1.6 'Noto Serif CJK SC', SimSun, serif; background: #fff; color: #000 } \
    table { border-collapse: collapse; width: 100% !important; font-size: 8pt; line-height: 1.25 } \
    td, th { border: 0.75pt solid #000 !important; padding: 2px; text-align: center }</style>";

/// A page in HTML as a browser prints it, a PDF; none where there is no browser, or it fails.
pub fn print(html: &[u8], style: &str) -> Option<Vec<u8>> {
    let work = tempfile::tempdir().ok()?;
    let (page, pdf) = (work.path().join("page.html"), work.path().join("page.pdf"));
    std::fs::write(&page, [style.as_bytes(), html].concat()).ok()?;
    let run = |program: &str| {
        Command::new(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"])
            .arg(format!("--user-data-dir={}", work.path().join("profile").display()))
            .arg(format!("--print-to-pdf={}", pdf.display()))
            .arg(&page)
            .output()
            .is_ok_and(|output| output.status.success())
    };
    ["chromium", "chromium-browser", "google-chrome"].into_iter().any(run).then_some(())?;
    std::fs::read(pdf).ok()
}

/// The pages of a PDF at a resolution; none where it cannot be drawn.
pub fn pages(pdf: &[u8], dpi: u32) -> Option<Vec<Picture>> {
    let limits = Limits::default();
    let sheets = rendition::read(pdf, &[], &limits).ok()?.sheets;
    let pages = (1..).zip(&sheets).map(|(number, sheet)| {
        let page = Page { number, dpi, quarter_turns: sheet.quarter_turns };
        let drawn = rendition::pixels(pdf, &page, &limits).ok()?;
        Picture::new(drawn.width, drawn.height, drawn.rgb, dpi as f32, 72.0 / dpi as f32)
    });
    pages.collect()
}
