//! The tests of the crate, in one binary.

#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod doc;
mod docx;
mod draw;
mod encodings;
mod formats;
mod html;
mod laws;
mod mht;
mod odt;
mod ofd;
mod pdf;
mod refusals;
mod rtf;
mod seeds;
mod text;
mod workbooks;
