//! A message that is no report is an error with the field and its value; nothing is guessed.

use proto::v1;
use report::{Cell, CellState, FormId, Report, Review};

/// A message that is in order, to be broken in one place.
fn sound() -> v1::Report {
    let mut report = Report { form: Some(FormId::F2021), ..Report::default() };
    report.cells = report::Cells::missing(FormId::F2021);
    let mut message = v1::Report::from(&report);
    message.region = Some(v1::Region { code: "370400".into(), name: "山东省枣庄市".into() });
    message.year = 2024;
    message.published = "2025-01-17".into();
    message.claims.push(v1::Claim {
        value: "9".into(),
        about: "requests.received.total".into(),
        origin: Some(v1::Origin::default()),
        ..Default::default()
    });
    message.breakdowns.push(v1::Breakdown { whole: 0, parts: vec![0], complete: false });
    message.sections.push(v1::Section { origin: Some(v1::Origin::default()), ..Default::default() });
    message.notes.push(v1::Note { kind: v1::NoteKind::RowCut.into(), ..Default::default() });
    message.stated_years.push(v1::StatedYear { source: 1, year: 2024, origin: None });
    message
}

fn check(break_it: impl FnOnce(&mut v1::Report), expected: &str) {
    let mut message = sound();
    break_it(&mut message);
    let error = Report::try_from(&message).expect_err("it was broken");
    assert_eq!(error.to_string(), expected);
    assert!(expected.starts_with(error.field()));
}

#[test]
fn a_sound_message_is_read() {
    let report = Report::try_from(&sound()).unwrap();
    assert_eq!(report.cells.iter().len(), 200);
    assert_eq!(report.sections[0].kind, None);
}

#[test]
fn the_identity() {
    check(|report| report.year = 3024, "year: `3024` is not a year from 2007 to 2099");
    check(
        |report| report.published = "2025-1-17".into(),
        "published: `2025-1-17` is not a date (YYYY-MM-DD)",
    );
    check(|report| report.published = "20250117".into(), "published: `20250117` is not a date (YYYY-MM-DD)");
    check(|report| report.form = "2031".into(), "form: `2031` is not known to this version");
    check(
        |report| report.form.clear(),
        "rows[0].id: `active.regulations` is not a row of a form that is named",
    );
    check(
        |report| report.region = Some(v1::Region { code: "3704".into(), name: String::new() }),
        "region.code: `3704` is not six or nine digits",
    );
}

#[test]
fn the_rows() {
    check(
        |report| report.rows[1].id = "active.x".into(),
        "rows[1].id: `active.x` is not known to this version",
    );
    check(
        |report| report.rows[2] = report.rows[0].clone(),
        "rows[2].id: `active.regulations` is not a row that was not there before",
    );
    check(
        |report| report.rows[0].figures.truncate(2),
        "rows[0].figures: `2 figures of active.regulations` is not one figure for each column of the form",
    );
    check(
        |report| report.rows[0].figures.push(v1::Figure::default()),
        "rows[0].figures: `4 figures of active.regulations` is not one figure for each column of the form",
    );
}

#[test]
fn the_figures() {
    fn figure(report: &mut v1::Report) -> &mut v1::Figure {
        &mut report.rows[0].figures[2]
    }
    check(|report| figure(report).state = 0, "rows[0].figures[2].state: `0` is not known to this version");
    check(|report| figure(report).state = 99, "rows[0].figures[2].state: `99` is not known to this version");
    for value in ["1e5", "1,000", "+1", ".5", "5.", "--1", "1_000", "９", "1.2.3", " 1", &"9".repeat(40)] {
        check(
            |report| figure(report).value = value.into(),
            &format!("rows[0].figures[2].value: `{value}` is not a decimal"),
        );
    }
    check(
        |report| figure(report).state = v1::CellState::Read.into(),
        "rows[0].figures[2].value: `` is not a decimal, though one was read",
    );
    check(
        |report| {
            figure(report).origin = Some(v1::Origin { start: u64::MAX, length: 1, ..Default::default() })
        },
        "rows[0].figures[2].origin.length: `1` is not the length of something in a file",
    );
}

#[test]
fn the_narrative() {
    check(|report| report.claims[0].value.clear(), "claims[0].value: `` is not a decimal");
    check(|report| report.claims[0].about = "x".into(), "claims[0].about: `x` is not known to this version");
    check(|report| report.claims[0].origin = None, "claims[0].origin: is absent");
    check(|report| report.breakdowns[0].whole = 1, "breakdowns[0].whole: `1` is not the position of a claim");
    check(
        |report| report.breakdowns[0].parts.push(7),
        "breakdowns[0].parts: `7` is not the position of a claim",
    );
    check(|report| report.sections[0].kind = 9, "sections[0].kind: `9` is not known to this version");
    check(|report| report.sections[0].origin = None, "sections[0].origin: is absent");
    check(|report| report.notes[0].kind = 0, "notes[0].kind: `0` is not known to this version");
    check(
        |report| report.stated_years[0].source = 0,
        "stated_years[0].source: `0` is not known to this version",
    );
    check(
        |report| report.stated_years[0].year = 0,
        "stated_years[0].year: `0` is not a year from 2007 to 2099",
    );
}

#[test]
fn the_review() {
    fn check(break_it: impl FnOnce(&mut v1::ReportValidated), expected: &str) {
        let repair = v1::Repair { cell: "review.total".into(), value: "1".into(), reason: String::new() };
        let finding = v1::Finding { severity: 3, judgement: 1, repair: Some(repair), ..Default::default() };
        let mut event =
            v1::ReportValidated { report: Some(sound()), findings: vec![finding], ..Default::default() };
        assert_eq!(Review::try_from(&event).err(), None);
        break_it(&mut event);
        assert_eq!(Review::try_from(&event).expect_err("it was broken").to_string(), expected);
    }
    check(|event| event.report = None, "report: is absent");
    check(
        |event| event.report.as_mut().unwrap().rows[0].figures[0].state = 99,
        "report.rows[0].figures[0].state: `99` is not known to this version",
    );
    check(|event| event.findings[0].severity = 0, "findings[0].severity: `0` is not known to this version");
    check(|event| event.findings[0].left = "x".into(), "findings[0].left: `x` is not a decimal");
    check(
        |event| event.findings[0].cells = vec!["review.total".into(), "x".into()],
        "findings[0].cells[1]: `x` is not known to this version",
    );
    check(
        |event| event.findings[0].repair.as_mut().unwrap().value.clear(),
        "findings[0].repair.value: `` is not a decimal",
    );
}

#[test]
fn rows_that_were_not_sent_are_missing_and_their_order_is_free() {
    let mut message = sound();
    message.rows.retain(|row| row.id != "active.regulations");
    message.rows.reverse();
    let report = Report::try_from(&message).unwrap();
    let (id, first) = report.cells.iter().next().unwrap();
    assert_eq!((id.as_str(), first), ("active.regulations.issued", &Cell::default()));
    assert_eq!(report.cells.count_by_state()[&CellState::Missing], 200);
}

#[test]
fn a_figure_stands_where_its_row_does_unless_it_says_more() {
    let mut message = sound();
    let row = &mut message.rows[0];
    (row.page, row.table, row.row) = (3, Some(1), Some(0));
    row.figures[0].origin = Some(v1::Origin { start: 7, length: 1, ..Default::default() });
    row.figures[1].origin = Some(v1::Origin { page: 4, table: Some(2), row: Some(5), ..Default::default() });
    let report = Report::try_from(&message).unwrap();
    let place = |index: usize| {
        let origin = report.cells.iter().nth(index).unwrap().1.origin;
        origin.map(|origin| (origin.page, origin.table, origin.row))
    };
    assert_eq!(place(0), Some((Some(3), Some(1), Some(0))));
    assert_eq!(place(1), Some((Some(4), Some(2), Some(5))));
    assert_eq!(place(2), None);
}

#[test]
fn a_region_with_nothing_in_it_is_none() {
    let message = v1::Report { region: Some(v1::Region::default()), ..Default::default() };
    assert_eq!(Report::try_from(&message).unwrap(), Report::default());
}
