//! How the figures of a printed row can be laid against the columns of its table.

use crate::figure::Figure;

/// Tokens `first_token..first_token + count` are in the columns from `first_column` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placement {
    pub(crate) first_token: usize,
    pub(crate) first_column: usize,
    pub(crate) count: usize,
}

/// From the first to the last token that is not blank, as a range of positions.
pub(crate) fn core(tokens: &[Figure]) -> Option<std::ops::Range<usize>> {
    let first = tokens.iter().position(|token| !token.is_blank())?;
    let last = tokens.iter().rposition(|token| !token.is_blank())?;
    Some(first..last + 1)
}

/// The ways to lay a row's tokens against `columns` columns, likeliest first. More than one only where
/// the row has too few figures and its blanks do not show which are missing.
///
/// `lead` is the number of blanks between label and figures in full rows of the same kind, if known;
/// `widest` means that no printed line of the table has more cells.
pub(crate) fn placements(
    tokens: &[Figure],
    columns: usize,
    lead: Option<usize>,
    widest: bool,
) -> Vec<Placement> {
    let Some(core) = core(tokens) else { return Vec::new() };
    if core.len() > columns {
        return Vec::new();
    }
    if core.len() == columns {
        return vec![Placement { first_token: core.start, first_column: 0, count: columns }];
    }
    let mut placements = Vec::new();
    let mut add = |placement: Placement| {
        let covers =
            placement.first_token <= core.start && placement.first_token + placement.count >= core.end;
        let fits = placement.first_column + placement.count <= columns;
        if covers && fits && !placements.contains(&placement) {
            placements.push(placement);
        }
    };
    if let Some(lead) = lead.filter(|lead| *lead <= core.start) {
        add(Placement { first_token: lead, first_column: 0, count: columns.min(tokens.len() - lead) });
    }
    // The row is printed whole, blanks and all: its last cell is the last column.
    let is_behind_lead =
        |first_token: usize| lead.is_none_or(|lead| first_token >= lead || lead > core.start);
    if tokens.len() >= columns && core.end == tokens.len() && is_behind_lead(tokens.len() - columns) {
        add(Placement { first_token: tokens.len() - columns, first_column: 0, count: columns });
    }
    if tokens.len() == columns && is_behind_lead(0) {
        add(Placement { first_token: 0, first_column: 0, count: columns });
    }
    // Figures that follow their label at once begin in the first column: the row was cut at its end.
    if widest {
        let left = Placement { first_token: core.start, first_column: 0, count: core.len() };
        let right = Placement { first_column: columns - core.len(), ..left };
        if core.start == 0 {
            add(left);
            add(right);
        } else {
            add(right);
            add(left);
        }
    }
    placements
}

/// Every way to lay so many figures against so many columns in their order: for each column the figure
/// that stands there.
pub(crate) fn ways(figures: usize, columns: usize) -> Vec<Vec<Option<usize>>> {
    if figures > columns {
        return Vec::new();
    }
    let mut ways = vec![Vec::new()];
    for column in 0..columns {
        let mut longer = Vec::new();
        for way in ways {
            let laid = way.iter().flatten().count();
            if figures - laid < columns - column {
                longer.push([&way[..], &[None]].concat());
            }
            if laid < figures {
                longer.push([&way[..], &[Some(laid)]].concat());
            }
        }
        ways = longer;
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure;

    /// Draws the likeliest placement: one character a column, `.` for a column without a token.
    fn check(row: &str, columns: usize, lead: Option<usize>, expected: &str) {
        let cells: Vec<&str> = row.split('|').map(|cell| if cell == "_" { "" } else { cell }).collect();
        let tokens: Vec<Figure> = cells.iter().map(|cell| figure::any(cell)).collect();
        let drawn = placements(&tokens, columns, lead, true).first().map(|placement| {
            (0..columns)
                .map(|column| match column.checked_sub(placement.first_column) {
                    Some(index) if index < placement.count => match cells[placement.first_token + index] {
                        "" => "_",
                        cell => cell,
                    },
                    _ => ".",
                })
                .collect::<String>()
        });
        assert_eq!(drawn.as_deref().unwrap_or("none"), expected, "{row}");
    }

    #[test]
    fn figures_stand_in_their_order_in_every_way() {
        for (figures, columns, expected) in [(7, 7, 1), (6, 7, 7), (2, 7, 21), (0, 7, 1), (8, 7, 0)] {
            assert_eq!(ways(figures, columns).len(), expected, "{figures} of {columns}");
        }
    }

    #[test]
    fn rows_are_laid_against_their_columns() {
        check("1|2|3|4|5|6|7", 7, None, "1234567");
        check("_|1|2|3|4|5|6|7|_", 7, None, "1234567");
        // Blanks that the label left are known from full rows.
        check("_|_|2|3|4|5|6|7|_", 7, Some(1), "_234567");
        // Totals only.
        check("_|_|_|_|_|_|7", 7, None, "______7");
        check("_|_|_|_|_|_|_|_|7", 7, None, "______7");
        // Total left blank.
        check("1|2|3|4|5|6|_", 7, None, "123456_");
        // Cut at the end.
        check("1|2|3|4|5", 6, None, "12345.");
        // Blanks have vanished.
        check("_|7", 7, None, "......7");
        check("1|2|3|4|5|6|7|8", 7, None, "none");
        check("_|_", 7, None, "none");
    }
}
