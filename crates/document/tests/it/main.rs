//! The tests of the crate, in one binary.

#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod doc;
mod docx;
mod docx_ink;
mod draw;
mod encodings;
mod formats;
mod html;
mod html_ink;
mod laws;
mod mht;
mod odt;
mod odt_ink;
mod ofd;
mod pdf;
mod refusals;
mod rtf;
mod rtf_ink;
mod seeds;
#[path = "../../../../tests/src/skip.rs"]
#[expect(unreachable_pub, reason = "it is public in `tests`, where it belongs")]
mod skip;
mod text;
mod workbooks;
mod workbooks_ink;
