//! Rows with fewer figures than columns and no blank cells that show which are missing. Only the cells
//! on which all possible alignments agree are known.

use report::{CellState, Decimal};

use crate::align;
use crate::figure::Figure;

/// An alignment of a row: for each column its figure.
pub(super) type Way = Vec<Option<usize>>;

/// What is known of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Known {
    /// It has this figure.
    Printed(usize),
    /// It has no figure, but the equation gives this value.
    Proved(Decimal),
    /// Nothing is.
    Nothing,
}

/// The columns of a table: which is the total, and which count towards it.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    pub(super) width: usize,
    pub(super) total: Option<usize>,
    pub(super) parts: Vec<usize>,
}

/// The ways that the equation of the row allows.
pub(super) fn ways(tokens: &[Figure], columns: &Columns) -> Vec<Way> {
    let all = align::ways(tokens.len(), columns.width);
    all.into_iter().filter(|way| values(way, tokens, columns).is_some()).collect()
}

/// What all ways agree on, column by column.
pub(super) fn agreed(ways: &[Way], tokens: &[Figure], columns: &Columns) -> Vec<Known> {
    let filled: Vec<_> = ways.iter().filter_map(|way| values(way, tokens, columns)).collect();
    let column = |column: usize| {
        let (Some(way), Some(values)) = (ways.first(), filled.first()) else { return Known::Nothing };
        let token = way.get(column).copied().flatten();
        let value = values.get(column).copied().flatten();
        match (token, value) {
            (Some(token), _) if ways.iter().all(|way| way.get(column) == Some(&Some(token))) => {
                Known::Printed(token)
            }
            (_, Some(value)) if filled.iter().all(|values| values.get(column) == Some(&Some(value))) => {
                Known::Proved(value)
            }
            _ => Known::Nothing,
        }
    };
    (0..columns.width).map(column).collect()
}

/// The values of all columns, as far as the row's equation gives them; none if it cannot hold.
fn values(way: &Way, tokens: &[Figure], columns: &Columns) -> Option<Vec<Option<Decimal>>> {
    let mut values: Vec<Option<Decimal>> =
        way.iter().map(|token| token.and_then(|token| tokens.get(token)?.value)).collect();
    let Some(total) = columns.total else { return Some(values) };
    let value = |column: usize| values.get(column).copied().flatten();
    let sum: Decimal = columns.parts.iter().filter_map(|part| value(*part)).sum();
    let open: Vec<usize> = columns.parts.iter().copied().filter(|part| value(*part).is_none()).collect();
    // A placeholder proves nothing, but a vanished cell was blank.
    let is_vanished = |column: usize| way.get(column) == Some(&None);
    let mut proved: Vec<(usize, Decimal)> = Vec::new();
    match value(total) {
        Some(total) => {
            let rest = total - sum;
            match open[..] {
                _ if rest < Decimal::ZERO => return None,
                [] => return (rest == Decimal::ZERO).then_some(values),
                [one] if is_vanished(one) => proved.push((one, rest)),
                _ if rest == Decimal::ZERO => {
                    proved.extend(open.iter().filter(|part| is_vanished(**part)).map(|part| (*part, rest)));
                }
                _ => {}
            }
        }
        // Blanks are zeros: a total above zero is printed, unless the row was cut.
        None if is_vanished(total) && sum > Decimal::ZERO && tokens.len() + 1 < columns.width => {
            return None;
        }
        None if is_vanished(total) && open.is_empty() => proved.push((total, sum)),
        None => {}
    }
    for (column, value) in proved {
        if let Some(open) = values.get_mut(column) {
            *open = Some(value);
        }
    }
    Some(values)
}

/// Whether all tokens can be laid at all: each is a figure or a mark.
pub(super) fn is_readable(tokens: &[Figure]) -> bool {
    tokens.iter().all(|token| matches!(token.state, CellState::Read | CellState::Placeholder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure;

    /// `?` is not known, `=3` is proved.
    fn check(row: &str, expected: &str) {
        let tokens: Vec<Figure> = row.split(' ').map(figure::any).collect();
        let columns = Columns { width: 7, total: Some(6), parts: (0..6).collect() };
        let ways = ways(&tokens, &columns);
        let known: Vec<String> = agreed(&ways, &tokens, &columns)
            .into_iter()
            .map(|known| match known {
                Known::Printed(token) => tokens[token].value.map_or("/".into(), |value| value.to_string()),
                Known::Proved(value) => format!("={value}"),
                Known::Nothing => "?".into(),
            })
            .collect();
        assert_eq!(known.join(" "), expected, "{row}");
    }

    #[test]
    fn only_what_every_way_agrees_on_is_known() {
        check("7", "? ? ? ? ? ? 7");
        check("3 3", "? ? ? ? ? ? 3");
        check("2 1 3", "? ? ? ? ? ? 3");
        // No total, and no room for one.
        check("3 1", "? ? ? ? ? ? ?");
        check("0", "? ? ? ? ? ? ?");
        // One column is gone: which, is not known, only where the figures leave no choice.
        check("5 4 3 2 1 15", "? ? ? ? ? ? ?");
        check("5 0 0 0 0 2", "5 0 0 0 0 2 =7");
        check("0 0 0 0 0 0", "=0 =0 =0 =0 =0 =0 =0");
        check("5 4 3 2 1 1", "5 4 3 2 1 1 =16");
    }
}
