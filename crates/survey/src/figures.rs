//! The figures of one report in compact form, so that those of a whole country fit into memory.

use report::{CellId, Cells, Decimal, Form, FormId};

/// What is known of the cells of one form, by position: most figures are zeros, so only the others are
/// kept with their value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Figures {
    form: FormId,
    known: [u64; Self::WORDS],
    /// Ascending by position.
    others: Box<[(u8, Decimal)]>,
}

impl Figures {
    const WORDS: usize = 4;

    /// The figures of a report; none where it has no form.
    pub fn of(cells: &Cells) -> Option<Self> {
        let form = cells.form()?;
        Some(Self::new(form.id, cells.iter().map(|(_, cell)| cell.known())))
    }

    /// A form filled with these values in its order.
    pub fn new(form: FormId, values: impl IntoIterator<Item = Option<Decimal>>) -> Self {
        let (mut known, mut others) = ([0; Self::WORDS], Vec::new());
        for (position, value) in (0..=u8::MAX).zip(values) {
            let Some(value) = value else { continue };
            if let Some(word) = known.get_mut(usize::from(position) / 64) {
                *word |= 1 << (position % 64);
            }
            if !value.is_zero() {
                others.push((position, value));
            }
        }
        Self { form, known, others: others.into() }
    }

    /// Their form.
    pub fn form(&self) -> &'static Form {
        Form::get(self.form)
    }

    /// The value of the cell at a position of the form, if it is known.
    pub fn at(&self, position: usize) -> Option<Decimal> {
        let word = self.known.get(position / 64)?;
        if word >> (position % 64) & 1 == 0 {
            return None;
        }
        let other = self.others.binary_search_by_key(&position, |(position, _)| usize::from(*position));
        Some(other.ok().and_then(|at| self.others.get(at)).map_or(Decimal::ZERO, |(_, value)| *value))
    }

    /// The value of a cell, if it is known.
    pub fn value(&self, id: CellId) -> Option<Decimal> {
        self.at(self.form().position(id)?)
    }

    /// Whether any figure is another than zero.
    pub fn has_any(&self) -> bool {
        !self.others.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_fit() {
        for form in FormId::ALL {
            assert!(Form::get(form).cells().len() <= 64 * Figures::WORDS);
        }
    }

    #[test]
    fn zero_is_known_and_nothing_is_not() {
        let value = |position: usize| match position % 3 {
            0 => None,
            1 => Some(Decimal::ZERO),
            _ => Some(Decimal::from(position)),
        };
        let figures = Figures::new(FormId::F2021, (0..200).map(value));
        for position in 0..200 {
            assert_eq!(figures.at(position), value(position), "{position}");
        }
        assert_eq!(figures.at(200), None);
        assert_eq!(figures.at(2000), None);
    }
}
