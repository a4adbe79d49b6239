//! A report that is in order, to be spoilt in one way each.

use report::{
    Cell, CellId, CellState, Date, Decimal, Finding, Form, FormId, Judgement, Origin, Report, Review,
    Section, SectionKind, Severity, Table, Year,
};

use crate::form_layout::{Content, layout};

/// A report of 2024 with a figure in each cell: nine requests, all answered, and zeros.
pub(crate) fn in_order() -> Report {
    let mut report = Report {
        title: Some("枣庄市行政审批服务局2024年政府信息公开工作年度报告".into()),
        agency: Some("枣庄市行政审批服务局".into()),
        year: Year::new(2024),
        form: Some(FormId::F2021),
        cells: report::Cells::missing(FormId::F2021),
        ..Report::default()
    };
    report.sections = sections();
    for (index, table) in (0..).zip(Table::ALL) {
        for placed in layout(Form::get(FormId::F2021), table) {
            let Content::Figure(id) = placed.content else { continue };
            let origin = Origin {
                line: 16,
                table: Some(index),
                row: Some(placed.row),
                column: Some(placed.column.into()),
                ..Origin::default()
            };
            *report.cells.get_mut(id).unwrap() = Cell::read(0.into(), "0", origin);
        }
    }
    for (cell, value) in [
        ("requests.received.natural_person", 8),
        ("requests.received.enterprise", 1),
        ("requests.received.total", 9),
        ("requests.granted.natural_person", 8),
        ("requests.granted.enterprise", 1),
        ("requests.granted.total", 9),
        ("requests.concluded.natural_person", 8),
        ("requests.concluded.enterprise", 1),
        ("requests.concluded.total", 9),
    ] {
        set(&mut report, cell, value);
    }
    report
}

fn sections() -> Vec<Section> {
    let section = |(index, kind): (usize, SectionKind)| Section {
        kind: Some(kind),
        heading: kind.heading().into(),
        ordinal: Some(index as u32 + 1),
        origin: Origin { line: 10 * index as u32 + 5, ..Origin::default() },
        chars: 100,
    };
    SectionKind::ALL.into_iter().enumerate().map(section).collect()
}

pub(crate) fn id(name: &str) -> CellId {
    CellId::parse(name).unwrap()
}

/// Writes a figure into a cell where it stands.
pub(crate) fn set(report: &mut Report, cell: &str, value: i64) {
    let cell = report.cells.get_mut(id(cell)).unwrap();
    (cell.value, cell.text) = (Some(value.into()), Some(value.to_string()));
}

/// Takes the figure out of a cell and leaves this state and text.
pub(crate) fn unset(report: &mut Report, cell: &str, state: CellState, text: &str) {
    let cell = report.cells.get_mut(id(cell)).unwrap();
    (cell.value, cell.state, cell.text) = (None, state, Some(text.into()));
}

/// A finding with nothing but a rule, a weight and a sentence.
pub(crate) fn finding(rule: &str, severity: Severity, judgement: Judgement, message: &str) -> Finding {
    Finding {
        rule: rule.into(),
        severity,
        judgement,
        message: message.into(),
        cells: Vec::new(),
        left: None,
        right: None,
        repair: None,
        origin: None,
        against: None,
        waiver: None,
    }
}

pub(crate) fn review(report: Report, findings: Vec<Finding>) -> Review {
    Review { report, findings, rules_version: "2026.12".into() }
}

pub(crate) fn decimal(value: i64) -> Option<Decimal> {
    Some(value.into())
}

pub(crate) fn date(year: i16, month: i8, day: i8) -> Option<Date> {
    Some(Date::constant(year, month, day))
}
