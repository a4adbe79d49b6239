//! Rows whose label is lost: which they are, where the rows around them and the equations leave no choice.

use document::Layout;
use report::Form;

use super::label::{Official, rows_of};
use super::{Row, filled};
use crate::grid::Slot;
use crate::label;

/// Figures of one row, without a label that the form knows.
#[derive(Debug, Clone)]
pub(super) struct Lost<'a> {
    /// The order of the row above; none above the first row.
    pub(super) above: Option<usize>,
    /// What is left of its label.
    pub(super) label: String,
    pub(super) layout: Layout,
    pub(super) slots: Vec<Slot<'a>>,
}

impl Lost<'_> {
    /// How many of its cells are filled with anything.
    pub(super) fn figures(&self) -> usize {
        filled(&self.slots)
    }
}

/// The lost rows by their place: between two rows that are known there have to be just as many as the
/// form has there.
pub(super) fn by_position<'a>(lost: &[Lost<'a>], rows: &[Row<'a>], form: &'static Form) -> Vec<Vec<Row<'a>>> {
    let is_found = |official: &Official| rows.iter().any(|row| row.official.id == official.id);
    let groups = lost.chunk_by(|one, next| one.above == next.above);
    let named = groups.filter_map(|group| {
        let group: Vec<&Lost<'a>> = group.iter().filter(|lost| !is_sum(lost)).collect();
        let above = group.first()?.above;
        let is_below = |order: usize| above.is_none_or(|above| order > above);
        let below = rows.iter().map(|row| row.official.order).filter(|order| is_below(*order)).min()?;
        let gap = rows_of(form).filter(|row| is_below(row.order) && row.order < below);
        let gap: Vec<&'static Official> = gap.filter(|row| !is_found(row)).collect();
        let fits = gap.len() == group.len()
            && gap.iter().zip(&group).all(|(official, lost)| resembles(&lost.label, official));
        fits.then(|| gap.into_iter().zip(group).filter_map(|(official, lost)| lost.named(official)).collect())
    });
    named.collect()
}

impl<'a> Lost<'a> {
    fn named(&self, official: &'static Official) -> Option<Row<'a>> {
        let label = *self.slots.first()?;
        Some(Row {
            official,
            label,
            layout: self.layout,
            slots: self.slots.clone(),
            table: 0,
            line_cells: 0,
            is_joined: false,
        })
    }
}

/// Rows that agencies add, and that the form does not have.
fn is_sum(lost: &Lost<'_>) -> bool {
    ["小计", "合计"].iter().any(|word| label::normalise(&lost.label).contains(word))
}

/// Whether what is left of a label can be this one.
fn resembles(printed: &str, official: &Official) -> bool {
    let normalised = label::normalise(printed);
    let shared = normalised.chars().filter(|c| official.label.as_str().contains(*c)).count();
    shared * 2 >= normalised.chars().count()
}
