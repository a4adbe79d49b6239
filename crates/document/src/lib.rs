//! Bytes to paragraphs and table grids, each piece with its place in the source.
//!
//! One reader a format. Readers know formats and nothing of reports; what a heading or a row means
//! is the business of `reading`.

mod model;

pub use model::{Block, Cell, Document, Format, Layout, Paragraph, Place, Row, Table, Text};
