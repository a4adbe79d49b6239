//! What a 政府信息公开工作年度报告 is: its two forms as data, its cells and their states, the claims
//! of its narrative, what was noticed while it was read, and what a review found.
//!
//! Pure values. How a report is read is the business of `reading`, what is wrong with it that of
//! `rules`, how it travels that of `proto`.

pub mod beijing;
mod cell;
mod claim;
mod equation;
mod finding;
mod fingerprint;
mod form;
mod identity;
pub mod json;
mod note;
mod origin;
mod quantity;
mod remark;

pub use cell::{Cell, CellState, Cells};
pub use claim::{Breakdown, Claim, Relation, Share};
pub use equation::{Equation, EquationId, Sums};
pub use finding::{Against, Finding, Judgement, Repair, Review, Severity, Verdict, Waiver};
pub use fingerprint::{Fingerprint, masked};
pub use form::{ActiveBlock, CellId, CellKind, Form, FormId, Line, RequestRow, Table, UnknownCell};
pub use identity::{Region, Source, Stated, Year};
pub use jiff::civil::Date;
pub use note::{Note, NoteKind, Section, SectionKind};
pub use origin::{Area, Origin};
pub use quantity::Quantity;
pub use remark::{Remark, RemarkKind};
pub use rust_decimal::Decimal;

/// One report as it was read: who, when, which form, every figure, and what was noticed on the way.
///
/// Nothing here is guessed: what the source does not say, and the equations do not prove, is `None`.
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
    /// What the narrative says in words.
    pub remarks: Vec<Remark>,
    /// Signatures of the sections that are written freely, to find copies.
    pub fingerprints: Vec<Fingerprint>,
    /// The top-level headings in their order.
    pub sections: Vec<Section>,
    /// What was noticed about the tables while they were read.
    pub notes: Vec<Note>,
}

impl Report {
    /// What says that the report was published on that day.
    pub fn published_source(&self) -> Option<Source> {
        let published = self.published?;
        self.stated_dates.iter().find(|stated| stated.value == published).map(|stated| stated.source)
    }
}
