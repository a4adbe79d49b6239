//! Judges the equations of a form with the cells of a report.

use report::{
    Cell, CellId, CellState, Cells, Decimal, Equation, EquationId, Finding, Form, Note, NoteKind, Report,
    Severity, Table,
};

use crate::place::{
    SPELLED, column_of, difference, has_note, is_absent, is_filled, is_mixed, number, quoted, row_label,
    row_of, rows,
};
use crate::{Rule, repair};

/// An equation that fails, with the known sums of its sides.
pub(crate) struct Imbalance<'a> {
    /// The form it belongs to.
    pub(crate) form: &'a Form,
    /// The cells that break it.
    pub(crate) cells: &'a Cells,
    /// The equation.
    pub(crate) equation: &'a Equation,
    /// The sum of the known terms on the left.
    pub(crate) left: Decimal,
    /// The sum of the known terms on the right.
    pub(crate) right: Decimal,
    /// The figure of the row that stands for the three rows 其他处理.
    group: Option<Decimal>,
}

/// The findings of a rule that checks an equation of the form. `describe` writes the message.
pub(crate) fn check(
    rule: &Rule,
    report: &Report,
    id: EquationId,
    describe: fn(&Imbalance) -> String,
) -> Vec<Finding> {
    let Some(form) = report.cells.form().filter(|form| rule.forms.contains(&form.id)) else {
        return Vec::new();
    };
    let equations: Vec<&Equation> = form.equations().iter().filter(|equation| equation.id == id).collect();
    let table = id.table();
    if is_absent(report, table) {
        return Vec::new();
    }
    let cells = &report.cells;
    let mut findings = Vec::new();
    let mut open = Vec::new();
    for equation in equations.into_iter().filter(|equation| !is_miscounted(report, equation)) {
        let group = group_figure(report, equation);
        match judge(equation, cells, group) {
            Balance::Holds => {}
            Balance::Fails { left, right } => {
                let imbalance = Imbalance { form, cells, equation, left, right, group };
                findings.push(Finding {
                    left: Some(left),
                    right: Some(right),
                    repair: repair::of_table(form, cells, table).filter(|_| group.is_none()),
                    ..rule.fails(report, equation.terms().collect(), describe(&imbalance))
                });
            }
            Balance::Unknown { .. } if is_explained(report, equation) => {}
            Balance::Unknown { holds_with_zeros } => open.push((equation, holds_with_zeros)),
        }
    }
    findings.extend(merge(rule, report, id, &open));
    findings
}

/// Makes one finding for all rows or columns that cannot be judged; information only, if the equations
/// would hold with 0 in each blank cell.
fn merge(rule: &Rule, report: &Report, id: EquationId, open: &[(&Equation, bool)]) -> Option<Finding> {
    let form = report.cells.form()?;
    let holds_with_zeros = open.iter().all(|(_, holds)| *holds);
    let mut unknown: Vec<CellId> =
        open.iter().flat_map(|(equation, _)| open_terms(equation, &report.cells)).collect();
    unknown.sort_unstable_by_key(|id| form.position(*id));
    unknown.dedup();
    if unknown.is_empty() {
        return None;
    }
    let places = quoted(open.iter().map(|(equation, _)| place(form, equation)), "");
    let line = match id {
        EquationId::ApplicantsAddUp => "行",
        EquationId::RequestsBalance | EquationId::OutcomesAddUp => "列",
        EquationId::ReviewAddsUp
        | EquationId::DirectLitigationAddsUp
        | EquationId::LitigationAfterReviewAddsUp => "",
    };
    let zeros = if holds_with_zeros { "（空格按0计则平衡）" } else { "" };
    let message = format!(
        "{}{places}{line}有{}格没有数字，无法核对“{}”{zeros}。请补填后重新核对，没有发生的填0。",
        id.table().short_title(),
        unknown.len(),
        rule.requirement,
    );
    let severity = if holds_with_zeros { Severity::Info } else { rule.severity };
    Some(Finding { severity, ..rule.unknown(report, unknown, message) })
}

/// Where an equation has to hold: its row with the row's group, or its column.
fn place<'a>(form: &'a Form, equation: &'a Equation) -> &'a str {
    match equation.right.first() {
        Some(id) if equation.id == EquationId::ApplicantsAddUp => row_label(form, *id),
        _ => equation.place,
    }
}

#[derive(Debug, PartialEq)]
enum Balance {
    Holds,
    Fails { left: Decimal, right: Decimal },
    Unknown { holds_with_zeros: bool },
}

/// Counts are never negative. So an equation also fails if the known terms of one side exceed the other
/// side, and every term of that other side is known.
///
/// `group` is the figure of the one row that stands for the three rows 其他处理.
fn judge(equation: &Equation, cells: &Cells, group: Option<Decimal>) -> Balance {
    let known = |terms: &[CellId]| {
        terms.iter().filter_map(|id| cells.value(*id)).fold(Decimal::ZERO, Decimal::saturating_add)
    };
    let is_in_group = |id: CellId| group.is_some() && is_of_group(id);
    let is_full = |terms: &[CellId]| terms.iter().all(|id| cells.value(*id).is_some() || is_in_group(*id));
    let parts: Vec<CellId> = equation.left.iter().copied().filter(|id| !is_in_group(*id)).collect();
    let left = known(&parts).saturating_add(group.unwrap_or_default());
    let right = known(&equation.right);
    match (is_full(&equation.left), is_full(&equation.right)) {
        (true, true) if left == right => Balance::Holds,
        (true, true) => Balance::Fails { left, right },
        (false, true) if left > right => Balance::Fails { left, right },
        (true, false) if right > left => Balance::Fails { left, right },
        _ => {
            let is_unfilled = |cell: &Cell| matches!(cell.state, CellState::Blank | CellState::Placeholder);
            let mut open = open_terms(equation, cells).filter_map(|id| cells.get(id));
            Balance::Unknown { holds_with_zeros: left == right && open.all(is_unfilled) }
        }
    }
}

/// The figure of the one row that stands for the three rows 其他处理 in the column of this equation.
fn group_figure(report: &Report, equation: &Equation) -> Option<Decimal> {
    let column = equation.right.first().filter(|_| equation.id == EquationId::OutcomesAddUp)?;
    let is_here = |note: &&Note| note.kind == NoteKind::GroupFigure && note.subject == column_of(*column);
    report.notes.iter().find(is_here)?.count.map(Decimal::from)
}

fn is_of_group(id: CellId) -> bool {
    row_of(id).starts_with("other.")
}

/// Whether it is unknown which figure belongs to which cell; T4-04 reports it.
fn is_miscounted(report: &Report, equation: &Equation) -> bool {
    let is_noted = |id: CellId| {
        [row_of(id), id.table().as_str()]
            .into_iter()
            .any(|subject| has_note(report, NoteKind::FigureCount, subject))
    };
    equation.right.iter().any(|id| id.table() == Table::Litigation && is_noted(*id))
}

fn open_terms<'a>(equation: &'a Equation, cells: &'a Cells) -> impl Iterator<Item = CellId> + 'a {
    equation.terms().filter(|id| cells.value(*id).is_none())
}

/// Whether other findings explain every unknown term.
fn is_explained(report: &Report, equation: &Equation) -> bool {
    open_terms(equation, &report.cells).all(|id| {
        let is_noted =
            |kind| has_note(report, kind, row_of(id)) || has_note(report, kind, id.table().as_str());
        let is_reported = |cell: &Cell| matches!(cell.state, CellState::Unreadable | CellState::Doubtful);
        report.cells.get(id).is_some_and(is_reported)
            || [
                NoteKind::RowWithoutFigures,
                NoteKind::RowAbsent,
                NoteKind::RowCut,
                NoteKind::RowRepeated,
                NoteKind::FigureCount,
            ]
            .into_iter()
            .any(is_noted)
            || id.table() == Table::Requests && is_explained_in_table_three(report, id)
            || id.table() == Table::Litigation && !is_filled_anywhere(report, id.table())
    })
}

fn is_explained_in_table_three(report: &Report, id: CellId) -> bool {
    has_note(report, NoteKind::ColumnAbsent, column_of(id))
        || is_mixed(report) && row_of(id).starts_with("other")
        || rows(report, Table::Requests).iter().any(|row| row.id == row_of(id) && !row.has_figure())
}

fn is_filled_anywhere(report: &Report, table: Table) -> bool {
    report.cells.iter().any(|(id, cell)| id.table() == table && is_filled(cell))
}

impl Imbalance<'_> {
    /// How far the sides are apart.
    pub(crate) fn gap(&self) -> String {
        difference(self.left, self.right)
    }

    /// A term as the message writes it: `3件`, or `（未填）`.
    pub(crate) fn term(&self, id: CellId) -> String {
        self.cells.value(id).map_or("（未填）".to_owned(), |value| format!("{}件", number(value)))
    }

    /// The terms of the left side that are not zero, by the names given: `自然人2件+商业企业1件`.
    pub(crate) fn parts<'b>(&'b self, name: fn(&'b Form, CellId) -> &'b str) -> String {
        let mut parts: Vec<String> = self
            .equation
            .left
            .iter()
            .filter(|id| self.cells.value(**id).is_some_and(|value| !value.is_zero()))
            .map(|id| format!("{}{}", name(self.form, *id), self.term(*id)))
            .collect();
        let group = self.group.filter(|figure| !figure.is_zero());
        parts.extend(group.map(|figure| format!("(六)其他处理{}件", number(figure))));
        match parts.len() {
            0 => "各项均为0".to_owned(),
            count if count > SPELLED => format!("{}等{count}项", parts[..SPELLED].join("+")),
            _ => parts.join("+"),
        }
    }

    /// The first term on the right, the total, as the message writes it.
    pub(crate) fn total(&self) -> String {
        self.equation.right.first().map_or(String::new(), |id| self.term(*id))
    }

    /// The label of the place, with the row's group.
    pub(crate) fn place(&self) -> &str {
        place(self.form, self.equation)
    }

    /// How many cells without a number the sums leave out, for the message; empty if there are none.
    pub(crate) fn caveat(&self) -> String {
        let is_open = |id: &CellId| self.group.is_none() || !is_of_group(*id);
        match open_terms(self.equation, self.cells).filter(is_open).count() {
            0 => String::new(),
            count => format!("（另有{count}格没有数字，未计入）"),
        }
    }
}
