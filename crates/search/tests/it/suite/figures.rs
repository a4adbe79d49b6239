//! Figures asked for by their Chinese names, shown in hits, counted by range, and read as records, against a plain
//! computation over random reports.

use std::collections::BTreeMap;

use report::{Cell, CellId, CellState, Cells, Decimal, FormId, Origin, Region, Report, Year};
use search::{Bucket, Distribution, Entry, Query, Reader, field};

use super::{Random, entry, entry_of, find, index_of, numbers, with_cell};

const TOTAL: &str = "requests.received.total";
const FEES: &str = "active.fees.amount";
const IN_FORCE: &str = "active.regulations.in_force";

fn id(name: &str) -> CellId {
    CellId::parse(name).unwrap()
}

#[test]
fn chinese_names_filter_as_ids_do() {
    let values = ["9", "0", "19", "150", "100"];
    let mut entries: Vec<Entry> = (0..)
        .zip(values)
        .map(|(number, value)| with_cell(entry(number, "教育局的文字"), TOTAL, value))
        .collect();
    entries.push(with_cell(entry(5, "公安局的文字"), FEES, "0.5"));
    let (reader, _dir) = index_of(entries);
    let check = |text: &str, expected: &[u32]| {
        let page = find(&reader, text);
        assert_eq!((numbers(&page), page.warnings), (expected.to_vec(), Vec::new()), "{text}");
        assert_eq!(page.questions, [], "{text}");
    };
    check("表三 新收 总计>100", &[3]);
    check("新收总计>=100", &[3, 4]);
    check("新收总计 100..200", &[3, 4]);
    check("教育 新收总计 小于 10", &[0, 1]);
    check("教育 -新收总计<10", &[2, 3, 4]);
    check("(新收总计=9 OR 新收总计=19) 教育", &[0, 2]);
    check("收费金额=5000元", &[5]);
    check("cell.requests.received.total>100", &[3]);
}

#[test]
fn an_ambiguous_name_filters_nothing_and_brings_its_choices() {
    let (reader, _dir) = index_of(vec![with_cell(entry(0, "文"), TOTAL, "9"), entry(1, "文")]);
    let page = find(&reader, "文 新收>5");
    assert_eq!(numbers(&page), [0, 1]);
    assert!(page.warnings[0].contains("“新收”可以指表中的7个数字"), "{:?}", page.warnings);
    let [question] = &page.questions[..] else { panic!("{:?}", page.questions) };
    assert_eq!(question.choices.len(), 7);
    let total = question.choices.iter().find(|choice| choice.cell == id(TOTAL)).unwrap();
    assert_eq!(total.query, "文 表三 新收 总计>5");
    assert_eq!(numbers(&find(&reader, &total.query)), [0]);
    let wrong = find(&reader, "新收总计>5万元");
    assert!(wrong.warnings[0].contains("以件计"), "{:?}", wrong.warnings);
}

#[test]
fn a_hit_shows_the_figures_that_were_asked_for() {
    let (reader, _dir) =
        index_of(vec![with_cell(with_cell(entry(0, "文"), TOTAL, "9"), FEES, "0.1234567"), entry(1, "文")]);
    let drawn = |query: Query| {
        let page = reader.search(&Query { limit: 10, ..query }).unwrap();
        let mut hits: Vec<_> = page.hits.iter().collect();
        hits.sort_by_key(|hit| hit.card.id.clone());
        let figure = |figure: &search::Figure| {
            let state = figure.state.map_or("-", CellState::as_str);
            format!(
                "{} {} {state}",
                figure.cell,
                figure.value.map_or("?".to_owned(), |value| value.to_string())
            )
        };
        hits.iter()
            .map(|hit| hit.figures.iter().map(figure).collect::<Vec<_>>().join(", "))
            .collect::<Vec<_>>()
    };
    let text = |text: &str| Query { text: text.to_owned(), ..Query::default() };
    assert_eq!(drawn(text("文")), ["", ""]);
    assert_eq!(drawn(text("新收总计>5")), ["requests.received.total 9 read"]);
    let filtered = Query { filters: vec![field(&format!("cell.{FEES}"), ">0").unwrap()], ..Query::default() };
    // More digits than the column holds.
    assert_eq!(drawn(filtered), ["active.fees.amount 0.1234567 read"]);
    let ranged = Query { ranges: vec![id(TOTAL)], ..Query::default() };
    assert_eq!(drawn(ranged), ["requests.received.total 9 read", "requests.received.total ? missing"]);
}

/// Reports with every state of cells, of both forms, some without a year or a region.
fn random_reports(random: &mut Random, count: u32) -> Vec<Report> {
    (0..count).map(|number| random_report(random, number)).collect()
}

fn random_report(random: &mut Random, number: u32) -> Report {
    let form = *[FormId::F2019, FormId::F2021, FormId::F2021].get(random.below(3)).unwrap();
    let mut cells = Cells::missing(form);
    for name in [TOTAL, FEES, IN_FORCE] {
        if let Some(cell) = cells.get_mut(id(name)) {
            *cell = random_cell(random, name == FEES);
        }
    }
    Report {
        agency: Some(format!("第{number}号机关")),
        region: (random.below(5) > 0)
            .then(|| Region { code: "370400".into(), name: "山东省枣庄市".into() }),
        year: Year::new(2020 + random.below(5) as i64),
        form: Some(form),
        cells,
        ..Report::default()
    }
}

fn random_cell(random: &mut Random, is_amount: bool) -> Cell {
    let scale = 10_i64.pow(random.below(7) as u32);
    let value = Decimal::new(random.below(10) as i64 * scale, if is_amount { 3 } else { 0 });
    match random.below(8) {
        0 => Cell { state: CellState::Blank, text: Some(String::new()), ..Cell::default() },
        1 => Cell { state: CellState::Placeholder, text: Some("/".into()), ..Cell::default() },
        2 => {
            Cell { state: CellState::Doubtful, value: Some(value), text: Some("9".into()), ..Cell::default() }
        }
        3 => Cell { state: CellState::Derived, value: Some(value), ..Cell::default() },
        4 => Cell::default(),
        _ => Cell::read(value, value.to_string(), Origin::default()),
    }
}

/// The same by a plain computation: every value sorted, every count by hand.
fn plain(reports: &[&Report], cell: CellId) -> Distribution {
    let mut values: Vec<Decimal> = Vec::new();
    let mut unknown: BTreeMap<Option<CellState>, u64> = BTreeMap::new();
    for report in reports {
        match report.cells.get(cell) {
            Some(cell) if cell.known().is_some() => values.extend(cell.known()),
            Some(cell) => *unknown.entry(Some(cell.state)).or_default() += 1,
            None => *unknown.entry(None).or_default() += 1,
        }
    }
    values.sort();
    let quarter = |quarters: usize| {
        let least = |value: &&Decimal| {
            values.iter().filter(|other| other <= value).count() * 4 >= values.len() * quarters
        };
        *values.iter().find(least).unwrap()
    };
    let count = |from: Decimal, to: Decimal| Bucket {
        from,
        to,
        reports: values.iter().filter(|value| (from..=to).contains(value)).count() as u64,
    };
    let mut quarters: Vec<Bucket> = Vec::new();
    for end in (1..=4).map(quarter) {
        let from = values.iter().find(|value| quarters.last().is_none_or(|last| **value > last.to));
        quarters.extend(from.filter(|from| **from <= end).map(|from| count(*from, end)));
    }
    let step = if values.iter().all(|value| value.is_integer()) { Decimal::ONE } else { Decimal::new(1, 6) };
    let mut decades = vec![
        count(Decimal::ZERO, Decimal::ZERO),
        count(Decimal::new(1, 6), Decimal::ONE - Decimal::new(1, 6)),
    ];
    for power in 0..12 {
        let from = Decimal::from(10_i64.pow(power));
        decades.push(count(from, from * Decimal::TEN - step));
    }
    decades.retain(|bucket| bucket.reports > 0);
    Distribution {
        cell,
        reports: values.len() as u64,
        unknown: unknown.into_iter().collect(),
        quartiles: Some(search::Quartiles {
            min: values[0],
            lower: quarter(1),
            median: quarter(2),
            upper: quarter(3),
            max: *values.last().unwrap(),
        }),
        decades,
        quarters,
    }
}

#[test]
fn ranges_and_quartiles_are_exact() {
    for seed in [20_261_130_u64, 7, 99] {
        let mut random = Random(seed);
        let reports = random_reports(&mut random, 400);
        let entries = (0..).zip(&reports).map(|(number, report)| entry_of(number, report.clone(), "文"));
        let (reader, _dir) = index_of(entries.collect());
        for (year, name) in [("", TOTAL), ("2022..2023", TOTAL), ("2021", FEES), ("", FEES), ("", IN_FORCE)] {
            let filters = if year.is_empty() { vec![] } else { vec![field("year", year).unwrap()] };
            let wanted = |report: &&Report| match year {
                "2021" => report.year == Year::new(2021),
                "2022..2023" => [Year::new(2022), Year::new(2023)].contains(&report.year),
                _ => true,
            };
            let expected = plain(&reports.iter().filter(wanted).collect::<Vec<_>>(), id(name));
            let query = Query { filters: filters.clone(), ranges: vec![id(name)], ..Query::default() };
            let page = reader.search(&query).unwrap();
            assert_eq!(page.ranges, [expected], "seed {seed}, {year} {name}");
            let known: u64 =
                page.ranges[0].reports + page.ranges[0].unknown.iter().map(|(_, count)| count).sum::<u64>();
            assert_eq!(known, page.total);
            for bucket in page.ranges[0].decades.iter().chain(&page.ranges[0].quarters) {
                check_link(&reader, &filters, name, bucket);
            }
        }
    }
}

/// The filter of a bucket finds as many reports as the bucket counts.
fn check_link(reader: &Reader, filters: &[search::Clause], name: &str, bucket: &Bucket) {
    let mut filters = filters.to_vec();
    filters.push(field(&format!("cell.{name}"), &format!("{}..{}", bucket.from, bucket.to)).unwrap());
    let page = reader.search(&Query { filters, ..Query::default() }).unwrap();
    assert_eq!(page.total, bucket.reports, "{bucket:?}");
}

#[test]
fn records_say_what_the_reports_say() {
    let mut random = Random(20_261_130);
    let reports = random_reports(&mut random, 300);
    let entries = (0..).zip(&reports).map(|(number, report)| entry_of(number, report.clone(), "文"));
    let (reader, _dir) = index_of(entries.collect());
    let cells = [TOTAL, FEES, IN_FORCE].map(id);
    let query = Query { filters: vec![field("year", "2021..2023").unwrap()], ..Query::default() };
    let mut records = reader.records(&query, &cells).unwrap();
    records.sort_by(|one, other| one.id.cmp(&other.id));
    let of_years = (0_u32..)
        .zip(&reports)
        .filter(|(_, report)| report.year.is_some_and(|year| (2021..=2023).contains(&year.get())));
    let expected: Vec<(String, &Report)> =
        of_years.map(|(number, report)| (format!("{number:032x}-g0"), report)).collect();
    assert_eq!(records.len(), expected.len());
    for (record, (id, report)) in records.iter().zip(expected) {
        assert_eq!(record.id, id);
        assert_eq!(record.key, Entry::key_of(report, &id));
        assert_eq!(record.agency.as_deref(), report.agency.as_deref());
        assert_eq!(record.region.as_deref(), report.region.as_ref());
        assert_eq!((record.year, record.form), (report.year, report.form));
        for figure in &record.figures {
            let cell = report.cells.get(figure.cell);
            assert_eq!(figure.state, cell.map(|cell| cell.state), "{} of {id}", figure.cell);
            assert_eq!(figure.value, cell.and_then(Cell::known), "{} of {id}", figure.cell);
        }
    }
    let mut seen = 0;
    let visit = |record: search::Record, values: Vec<Option<Decimal>>| {
        let report = &reports[usize::from_str_radix(&record.id[..32], 16).unwrap()];
        assert_eq!(values, report.cells.iter().map(|(_, cell)| cell.known()).collect::<Vec<_>>());
        seen += 1;
    };
    reader.each_record_with_cells(&query, visit).unwrap();
    assert_eq!(seen, records.len());
}

#[test]
fn agencies_are_found_by_a_part_of_their_name() {
    let (reader, _dir) = index_of((0..30).map(|number| entry(number, "文")).collect());
    let found = reader.agencies(&Query::default(), "第1", 5).unwrap();
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["第10号机关", "第11号机关", "第12号机关", "第13号机关", "第14号机关"]);
    let query = Query { filters: vec![field("agency", "=第12号机关").unwrap()], ..Query::default() };
    assert_eq!(reader.agencies(&query, "机关", 5).unwrap(), [("第12号机关".to_owned(), 1)]);
}
