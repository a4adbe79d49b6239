//! Why a document cannot be rendered.

/// A document cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The ZIP package of a DOCX file.
    #[error("packing the letter")]
    Package(#[from] zip::result::ZipError),
    /// A part of that package.
    #[error("writing a part of the letter")]
    Write(#[from] std::io::Error),
    /// The workbook of a roll-up.
    #[error("writing the workbook")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
}
