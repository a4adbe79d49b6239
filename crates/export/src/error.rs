//! Why an export ended early.

use std::error::Error;
use std::io;

/// Why an export ended early. What was written until then is not a whole export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The destination took no more, e.g. because the client has gone.
    #[error("the destination takes no more")]
    Write(#[source] io::Error),
    /// A report could not be read.
    #[error("a report could not be read")]
    Read(#[source] Box<dyn Error + Send + Sync>),
    /// The Parquet writer failed.
    #[error("the Parquet file could not be written")]
    Parquet(#[source] parquet::errors::ParquetError),
}

impl From<io::Error> for ExportError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

impl From<parquet::errors::ParquetError> for ExportError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::Parquet(error)
    }
}

impl From<zip::result::ZipError> for ExportError {
    fn from(error: zip::result::ZipError) -> Self {
        Self::Write(error.into())
    }
}

impl From<csv::Error> for ExportError {
    fn from(error: csv::Error) -> Self {
        Self::Write(error.into())
    }
}
