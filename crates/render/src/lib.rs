//! What leaves the house on paper: the letter to an agency (整改意见) as HTML and DOCX, and the roll-up of
//! a region in the official layout as HTML and XLSX.
//!
//! The same values give the same bytes: every date is handed in, and none is taken from a clock.

mod block;
mod docx;
mod html;
mod letter;
mod official;
mod place;
pub mod roll_up;
#[cfg(test)]
mod tests;
mod text;

pub use letter::{Addresser, Letter, letter};

/// A paper that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// The package of a DOCX file.
    #[error("packing the letter")]
    Package(#[from] zip::result::ZipError),
    /// Writing a part of the package.
    #[error("writing a part of the letter")]
    Write(#[from] std::io::Error),
    /// The workbook of a roll-up.
    #[error("writing the workbook")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
}
