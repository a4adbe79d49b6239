//! Printed reports, worn and read without their characters.

use std::path::{Path, PathBuf};

mod pages;
mod sandbox;
#[path = "../../../../tests/src/skip.rs"]
#[expect(unreachable_pub, reason = "it is a module of another crate")]
mod skip;

/// The folder with the recogniser; none where it cannot be installed.
fn model(what: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../scans");
    match scan_model::install(&folder, None) {
        Ok(_) => Some(folder),
        Err(error) => {
            skip::skip(what, &format!("no recogniser: {error:#}"), "gouji scans install");
            None
        }
    }
}

/// A page as a browser prints it; none where there is no browser.
fn printed(html: &[u8], style: &str, what: &str) -> Option<Vec<u8>> {
    let printed = worn::print(html, style);
    if printed.is_none() {
        skip::skip(what, "no browser that prints", "apt-get install chromium fonts-noto-cjk");
    }
    printed
}
