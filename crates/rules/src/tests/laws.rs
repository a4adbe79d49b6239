//! Laws: a report in order has no error, one wrong figure is found and its repair named.

use proptest::prelude::*;
use report::{CellId, CellState, Decimal, Form, FormId, Judgement, Report, Severity, Table, Year};

use super::case::{report, zeros};
use crate::{RulePolicy, compare, review, review_as};

proptest! {
    #[test]
    fn a_report_in_order_has_no_error(report in balanced()) {
        let mut findings = review(report).findings;
        findings.retain(|finding| finding.severity == Severity::Error);
        prop_assert!(findings.is_empty(), "{findings:#?}");
    }

    #[test]
    fn one_wrong_figure_of_table_three_is_found_and_mended(
        report in balanced(),
        position in 0..1000_usize,
        change in prop_oneof![1..=9_i64, -9..=-1_i64],
    ) {
        let ids: Vec<CellId> = table(&report, Table::Requests);
        let id = ids[position % ids.len()];
        let right = report.cells.value(id).unwrap();
        let wrong = right + Decimal::from(change);
        prop_assume!(wrong >= Decimal::ZERO);
        let mut report = report;
        set(&mut report, id, wrong);
        let findings = review(report).findings;
        prop_assert!(findings.iter().any(|finding| finding.rule.starts_with("T3-0")));
        let of_equations = ["T3-01", "T3-02", "T3-02b", "T3-03"];
        for finding in findings.iter().filter(|finding| of_equations.contains(&finding.rule.as_str())) {
            prop_assert_eq!(finding.judgement, Judgement::Fails);
            prop_assert_eq!(finding.severity, Severity::Error);
            prop_assert!(finding.cells.contains(&id));
            let repair = finding.repair.as_ref().map(|repair| (repair.cell, repair.value));
            prop_assert_eq!(repair, Some((id, right)), "{:#?}", finding);
        }
    }

    #[test]
    fn no_filling_of_the_cells_makes_it_panic(
        forms in prop::array::uniform2(prop::sample::select(FormId::ALL.to_vec())),
        fillings in prop::array::uniform2(prop::collection::vec((0..1000_usize, filling()), 0..300)),
    ) {
        let claims = "claim=+1件@requests.received.total claim=-0.5%@active.licensing.decisions";
        let [mut report, mut last_year] = forms.map(|form| report(form, claims));
        for (report, fillings) in [&mut report, &mut last_year].into_iter().zip(fillings) {
            let ids = report.cells.form().unwrap().cells();
            for (position, (state, value, text)) in fillings {
                let cell = report.cells.get_mut(ids[position % ids.len()]).unwrap();
                (cell.state, cell.value, cell.text) = (state, value, text);
            }
        }
        last_year.year = report.year.and_then(|year| Year::new(i64::from(year.get()) - 1));
        for finding in review_as(report, Some(&last_year), &RulePolicy::default(), None).findings {
            prop_assert!(finding.message.ends_with('。'), "{}", finding.message);
        }
    }

    #[test]
    fn what_was_carried_over_in_full_is_no_error(report in balanced()) {
        let mut last_year = report.clone();
        last_year.year = report.year.and_then(|year| Year::new(i64::from(year.get()) - 1));
        for column in report.cells.form().map_or(&[][..], |form| &form.applicants) {
            let id = |row: &str| CellId::parse(&format!("requests.{row}.{}", column.id)).unwrap();
            let carried = report.cells.value(id("carried_in")).unwrap();
            set(&mut last_year, id("carried_out"), carried);
        }
        let findings = compare(&report, &last_year);
        prop_assert!(findings.iter().all(|finding| finding.severity < Severity::Error), "{:#?}", findings);
    }
}

type Filling = (CellState, Option<Decimal>, Option<String>);

fn filling() -> impl Strategy<Value = Filling> {
    let value = prop_oneof![
        (-9..=9_i64).prop_map(Decimal::from),
        (-999..=999_i64).prop_map(|value| Decimal::new(value, 2)),
        Just(Decimal::MAX),
        Just(Decimal::MIN),
    ];
    let text = prop::option::of("[0-9/件 　.]{0,6}");
    let states = [CellState::Blank, CellState::Placeholder, CellState::Unreadable, CellState::Missing];
    prop_oneof![
        (prop::sample::select(vec![CellState::Read, CellState::Derived]), value.prop_map(Some), text.clone()),
        (prop::sample::select(states.to_vec()), Just(None), text),
    ]
}

/// Reports of either form with any figures that balance.
fn balanced() -> impl Strategy<Value = Report> {
    let form = prop::sample::select(FormId::ALL.to_vec());
    let figure = prop_oneof![3 => Just(0_u32), 2 => 0..20_u32, 1 => 0..4_000_000_u32];
    (form, prop::collection::vec(figure, 400)).prop_map(|(form, figures)| fill(form, &figures))
}

fn fill(form: FormId, figures: &[u32]) -> Report {
    let mut report = zeros(form);
    let mut figures = figures.iter().copied().map(Decimal::from);
    for id in table(&report, Table::Active) {
        set(&mut report, id, figures.next().unwrap());
    }
    let form = Form::get(form);
    let request = |row: &str, column: &str| form.request_cell(row, column).unwrap();
    for column in form.applicants.iter().filter(|column| column.id != "total") {
        let parts = form.requests.iter().filter(|row| row.under.is_some() && row.id != "concluded");
        let mut concluded = Decimal::ZERO;
        for row in parts {
            let figure = figures.next().unwrap();
            concluded += figure;
            set(&mut report, request(row.id, column.id), figure);
        }
        let carried_out = figures.next().unwrap();
        let carried_in = figures.next().unwrap().min(concluded + carried_out);
        set(&mut report, request("concluded", column.id), concluded);
        set(&mut report, request("carried_out", column.id), carried_out);
        set(&mut report, request("carried_in", column.id), carried_in);
        set(&mut report, request("received", column.id), concluded + carried_out - carried_in);
    }
    for row in &form.requests {
        let parts = form.applicants.iter().filter(|column| column.id != "total");
        let total = parts.map(|column| report.cells.value(request(row.id, column.id)).unwrap()).sum();
        set(&mut report, request(row.id, "total"), total);
    }
    for group in &form.litigation_groups {
        let mut total = Decimal::ZERO;
        for column in form.litigation_columns.iter().filter(|column| column.id != "total") {
            let figure = figures.next().unwrap();
            total += figure;
            set(&mut report, form.litigation_cell(group.id, column.id).unwrap(), figure);
        }
        set(&mut report, form.litigation_cell(group.id, "total").unwrap(), total);
    }
    report
}

fn set(report: &mut Report, id: CellId, value: Decimal) {
    let cell = report.cells.get_mut(id).unwrap();
    (cell.value, cell.text) = (Some(value), Some(value.to_string()));
}

fn table(report: &Report, table: Table) -> Vec<CellId> {
    report.cells.iter().map(|(id, _)| id).filter(|id| id.table() == table).collect()
}
