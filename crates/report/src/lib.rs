//! The model of a 政府信息公开工作年度报告: its two forms as data, its cells and their states, the claims of
//! its narrative, the notes of the reader, and the findings of a review.
//!
//! It holds values only. `reading` makes a report from a document, `rules` judges it, and `proto` encodes it.

pub mod beijing;
mod brackets;
mod cell;
mod claim;
mod doubt;
mod equation;
mod finding;
mod fingerprint;
mod form;
mod identity;
pub mod json;
mod note;
mod origin;
mod problem;
mod quantity;
mod reading;
mod remark;
mod simplified;
mod witness;
pub mod workflow;

pub use brackets::full_width_brackets;
pub use cell::{Cell, CellState, Cells};
pub use claim::{Breakdown, Claim, Relation, Share};
pub use doubt::Doubt;
pub use equation::{Equation, EquationId, Sums};
pub use finding::{Against, Finding, Judgement, Repair, Review, Severity, Verdict, Waiver};
pub use fingerprint::{Fingerprint, masked};
pub use form::{ActiveBlock, CellId, CellKind, Form, FormId, Line, RequestRow, Table, UnknownCell};
pub use identity::{Region, Source, Stated, Year};
pub use jiff::civil::Date;
pub use note::{Note, NoteKind, Section, SectionKind};
pub use origin::{Area, Origin};
pub use problem::{Problem, count_problems, problems};
pub use quantity::Quantity;
pub use remark::{Remark, RemarkKind};
pub use rust_decimal::Decimal;
pub use simplified::simplified;
pub use witness::Witness;

/// One report as it was read: agency, year, form, figures, and the notes of the reader.
///
/// No value is guessed: it is `None` unless the source states it or the equations prove it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// The line that names the report, e.g. `枣庄市行政审批服务局2024年政府信息公开工作年度报告`.
    pub title: Option<String>,
    /// The agency as the report names itself in full.
    pub agency: Option<String>,
    /// The administrative division that the report itself proves.
    pub region: Option<Region>,
    /// The year the report is about.
    pub year: Option<Year>,
    /// Every name it gives its agency, and where.
    pub stated_agencies: Vec<Stated<String>>,
    /// Every year the report states for itself, and where.
    pub stated_years: Vec<Stated<Year>>,
    /// Every day of publication it states, and where.
    pub stated_dates: Vec<Stated<Date>>,
    /// The form its tables follow, whatever its year.
    pub form: Option<FormId>,
    /// The day of publication; [`Report::published_source`] says by which source.
    pub published: Option<Date>,
    /// Every cell of the form, in the form's order; empty where there is no form.
    pub cells: Cells,
    /// Numbers of the narrative.
    pub claims: Vec<Claim>,
    /// Wholes of the narrative with the parts that were listed for them.
    pub breakdowns: Vec<Breakdown>,
    /// Percentages of the narrative with what they are shares of.
    pub shares: Vec<Share>,
    /// Statements of the narrative in words.
    pub remarks: Vec<Remark>,
    /// Signatures of the sections that are written freely, to find copies.
    pub fingerprints: Vec<Fingerprint>,
    /// The top-level headings in their order.
    pub sections: Vec<Section>,
    /// Notes of the reader about the tables.
    pub notes: Vec<Note>,
}

impl Report {
    /// The source of the day of publication.
    pub fn published_source(&self) -> Option<Source> {
        let published = self.published?;
        self.stated_dates.iter().find(|stated| stated.value == published).map(|stated| stated.source)
    }
}
