use std::collections::HashSet;

use super::*;

const SEED: u64 = 20_240_117;

fn reports(count: u64, options: &Options) -> impl Iterator<Item = Generated> {
    (0..count).map(|index| generate(SEED, index, options))
}

fn text(report: &Generated) -> String {
    match std::str::from_utf8(&report.bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            let (text, _, damaged) = encoding_rs::GB18030.decode(&report.bytes);
            assert!(!damaged, "{} is neither UTF-8 nor GB18030", report.file_name);
            text.into_owned()
        }
    }
}

/// The printed and proved figures as the model's cells.
fn cells(truth: &Truth) -> report::Cells {
    let mut cells = report::Cells::missing(FormId::parse(truth.form).unwrap());
    let printed = truth.cells.iter().filter_map(|(id, value)| Some((id, value.as_ref()?)));
    for (id, value) in printed.chain(&truth.derived) {
        cells.get_mut(CellId::parse(id).unwrap()).unwrap().value = Some(value.parse().unwrap());
    }
    cells
}

#[test]
fn figures_balance_wherever_they_are_known() {
    for report in reports(600, &Options::default()) {
        let cells = cells(&report.truth);
        for equation in cells.form().unwrap().equations() {
            assert_ne!(equation.sums(&cells).hold(), Some(false), "{}: {equation:?}", report.file_name);
        }
        let negative = cells.iter().filter(|(id, cell)| {
            id.kind() != report::CellKind::Change && cell.value.is_some_and(|value| value < 0.into())
        });
        assert_eq!(negative.count(), 0, "{}", report.file_name);
    }
}

#[test]
fn planted_faults_break_the_equations_they_name() {
    let options = Options { faults_percent: 100, ..Options::default() };
    let mut rules = HashSet::new();
    for report in reports(400, &options) {
        let cells = cells(&report.truth);
        let broken: HashSet<_> = cells
            .form()
            .unwrap()
            .equations()
            .iter()
            .filter(|equation| equation.sums(&cells).hold() == Some(false))
            .map(|equation| rules::of_equation(equation).id)
            .collect();
        let named: HashSet<_> =
            report.truth.faults.iter().filter(|fault| fault.cell.is_some()).map(|fault| fault.rule).collect();
        assert_eq!(broken, named, "{}", report.file_name);
        rules.extend(report.truth.faults.iter().map(|fault| fault.rule));
    }
    for rule in ["T3-01", "T3-02", "T3-02b", "T3-03", "T4-01", "NAR-01", "NAR-05", "T3-05", "T3-08", "T3-09"]
    {
        assert!(rules.contains(rule), "{rule} was never planted");
    }
}

#[test]
fn every_report_is_another_agency_or_year() {
    assert!(different_reports() >= 100_000);
    let pairs: HashSet<_> = (0..different_reports())
        .map(|index| agency_and_year(SEED, index))
        .map(|(agency, year)| (agency.name, year))
        .collect();
    assert_eq!(pairs.len() as u64, different_reports());
}

#[test]
fn the_years_of_an_agency_agree() {
    let figures = |number, year| {
        let form = FormId::of_year(Year::new(i64::from(year)).unwrap()).unwrap();
        figures::figures(SEED, &agency::agency(number), year, Form::get(form))
    };
    for number in 0..300 {
        for year in 2020..=2025 {
            let (before, now) = (figures(number, year - 1), figures(number, year));
            for applicant in Form::get(FormId::F2021).applicants.iter().map(|line| line.id) {
                let carried_out = before.get(&format!("requests.carried_out.{applicant}"));
                assert_eq!(carried_out, now.get(&format!("requests.carried_in.{applicant}")));
            }
            if year == 2020 {
                for row in ["licensing", "penalty", "coercion", "fees"] {
                    let items = |figures: &Figures, column| figures.get(&format!("active.{row}.{column}"));
                    let left = items(&before, "items_last_year") + items(&before, "items_change");
                    assert_eq!(items(&now, "items_last_year"), left);
                }
            }
            if year > 2021 {
                let documents =
                    |figures: &Figures, column| figures.get(&format!("active.normative_documents.{column}"));
                let change = documents(&now, "issued") - documents(&now, "repealed");
                assert_eq!(documents(&before, "in_force") + change, documents(&now, "in_force"));
            }
        }
    }
}

#[test]
fn every_layout_and_both_forms_come_up_at_a_realistic_size() {
    let mut seen = HashSet::new();
    for report in reports(400, &Options::default()) {
        seen.insert((report.layout, report.truth.form));
        let text = text(&report);
        assert!((3_500..24_000).contains(&text.len()), "{} has {} bytes", report.file_name, text.len());
        for heading in ["一、", "二、", "三、", "四、", "五、", "六、"] {
            assert!(text.contains(heading), "{} lacks {heading}", report.file_name);
        }
    }
    assert_eq!(seen.len(), 2 * Layout::ALL.len());
}

/// Changes when anything about the reports does: then say so in the commit.
#[test]
fn the_same_seed_gives_the_same_bytes_on_every_machine() {
    let options = Options { faults_percent: 20, ..Options::default() };
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in reports(300, &options).flat_map(|report| report.bytes) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    assert_eq!(format!("{hash:016x}"), "d5dcd86ddb09663a");
}
