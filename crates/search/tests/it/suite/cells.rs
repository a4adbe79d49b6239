//! Cells as numbers: equality, ranges, order and sums, exact.

use report::CellId;
use search::{GroupBy, Query, Reader, Sort, field};

use super::{entry, entry_of, find, index_of, number_of, numbers, with_cell, with_region};
use crate::place::Place;

const TOTAL: &str = "requests.received.total";
const FEES: &str = "active.fees.amount";

fn filled() -> (Reader, Place) {
    let totals = ["9", "0", "19", "1000000000000", "999999999999", "9"];
    let mut entries: Vec<_> =
        (0..).zip(totals).map(|(number, total)| with_cell(entry(number, "文"), TOTAL, total)).collect();
    for (number, amount) in [(0, "542.55"), (1, "542.5"), (2, "542.550001"), (3, "-3")] {
        entries[number] = with_cell(entries[number].clone(), FEES, amount);
    }
    entries[0] = with_region(entries[0].clone(), "370400", "山东省枣庄市");
    entries[2] = with_region(entries[2].clone(), "370402", "山东省枣庄市市中区");
    entries[5].review.report.year = report::Year::new(2022);
    entries.push(entry(6, "文"));
    index_of(entries)
}

#[test]
fn cells_narrow() {
    let (reader, _dir) = filled();
    let check = |condition: &str, expected: &[u32]| {
        let page = find(&reader, &format!("cell.{condition}"));
        assert_eq!((numbers(&page), page.warnings), (expected.to_vec(), Vec::new()), "{condition}");
    };
    check("requests.received.total=9", &[0, 5]);
    check("requests.received.total:9", &[0, 5]);
    check("requests.received.total:=9", &[0, 5]);
    check("requests.received.total:９", &[0, 5]);
    check("requests.received.total:0", &[1]);
    check("requests.received.total:>9", &[2, 3, 4]);
    check("requests.received.total>=9", &[0, 2, 3, 4, 5]);
    check("requests.received.total:<9", &[1]);
    check("requests.received.total:<=9", &[0, 1, 5]);
    check("requests.received.total:9..19", &[0, 2, 5]);
    check("requests.received.total:10..", &[2, 3, 4]);
    check("requests.received.total:..8", &[1]);
    check("requests.received.total:1,000,000,000,000", &[3]);
    check("requests.received.total:999999999999", &[4]);
    check("requests.received.total:>999999999999", &[3]);
    check("requests.received.total:>99999999999999999999", &[]);
    check("requests.received.total:9.0", &[0, 5]);
    check("requests.received.total:9.0000001", &[]);
    check("requests.received.total:>8.9999999", &[0, 2, 3, 4, 5]);
    check("requests.received.total:>9.0000001", &[2, 3, 4]);
    check("requests.received.total:<9.0000001", &[0, 1, 5]);
    check("active.fees.amount:542.55", &[0]);
    check("active.fees.amount:>542.5", &[0, 2]);
    check("active.fees.amount:>542.55", &[2]);
    check("active.fees.amount:<0", &[3]);
    check("active.fees.amount:-3", &[3]);
    check("active.fees.amount:..542.5", &[1, 3]);
}

#[test]
fn order_by_cell_puts_the_unknown_last() {
    let (reader, _dir) = filled();
    let check = |sort: &str, expected: &[u32]| {
        let query = Query { sort: Sort::parse(sort).unwrap(), limit: 200, ..Query::default() };
        let order: Vec<u32> = reader.search(&query).unwrap().hits.iter().map(number_of).collect();
        // Reports with the same value come in the order of their keys, whatever that is.
        let mut sorted = order.clone();
        if expected.len() > 3 {
            sorted.retain(|number| *number != 5);
        }
        assert_eq!(sorted[..expected.len()], *expected, "{sort}");
    };
    check("cell.requests.received.total", &[1, 0, 2, 4, 3, 6]);
    check("-cell.requests.received.total", &[3, 4, 2, 0, 1, 6]);
    check("cell.active.fees.amount", &[3, 1, 0, 2]);
    check("-cell.active.fees.amount", &[2, 0, 1, 3]);
    check("year", &[5]);
    assert_eq!(Sort::parse("cell.no.such"), None);
}

#[test]
fn sums_are_exact() {
    let (reader, _dir) = filled();
    let check = |text: &str, cell: &str, by: GroupBy, expected: &str| {
        let query = Query { text: text.to_owned(), ..Query::default() };
        let sums = reader.sum(&query, CellId::parse(cell).unwrap(), by).unwrap();
        let drawn = sums.iter().map(|sum| {
            let group = sum.group.as_deref().unwrap_or("-");
            format!("{group}: {} in {} from {} to {}", sum.sum, sum.reports, sum.min, sum.max)
        });
        assert_eq!(drawn.collect::<Vec<_>>().join("; "), expected);
    };
    check("", TOTAL, GroupBy::Nothing, "-: 2000000000036 in 6 from 0 to 1000000000000");
    check("cell.requests.received.total:..19", TOTAL, GroupBy::Nothing, "-: 37 in 4 from 0 to 19");
    check(
        "cell.requests.received.total:..19",
        TOTAL,
        GroupBy::Year,
        "2022: 9 in 1 from 9 to 9; 2024: 28 in 3 from 0 to 19",
    );
    check("region:37", TOTAL, GroupBy::Province, "37: 28 in 2 from 9 to 19");
    check(
        "",
        FEES,
        GroupBy::City,
        "-: 539.5 in 2 from -3 to 542.5; 3704: 1085.100001 in 2 from 542.55 to 542.550001",
    );
    check("税", TOTAL, GroupBy::Agency, "");
}

#[test]
fn filters_say_what_is_wrong() {
    let check = |name: &str, value: &str, expected: &str| {
        let error = field(name, value).unwrap_err().to_string();
        assert!(error.contains(expected), "{name} {value}: {error}");
    };
    check("cell.no.such", "9", "没有名为“no.such”的单元格");
    check("cell.requests.received.total", "九", "数字");
    check("cell.requests.received.total", "..", "数字");
    check("year", "", "非空");
    check("nothing", "1", "没有名为“nothing”的字段");
    check("form", "2020", "2019 或 2021");
    check("published", "2025-13", "日期");
}

#[test]
fn a_walk_reads_the_values_that_the_facts_have() {
    // Exact in whole millionths, finer than that, and beyond the range of the column.
    let amounts = ["542.55", "-3", "0.0000001", "123456789012345678901234", "0"];
    let entries = (0..).zip(amounts).map(|(number, amount)| with_cell(entry(number, "文"), FEES, amount));
    let (reader, _dir) = index_of(entries.chain([entry_of(9, report::Report::default(), "文")]).collect());
    let (mut seen, mut without_form) = (0, 0);
    let visit = |parts: search::StoredParts, values: Vec<Option<report::Decimal>>| {
        let report = parts.review_alone().unwrap().report;
        let expected: Vec<_> = report.cells.iter().map(|(_, cell)| cell.value).collect();
        assert_eq!(values, expected);
        seen += 1;
        without_form += usize::from(values.is_empty());
        true
    };
    reader.each_with_cells(&Query::default(), visit).unwrap();
    assert_eq!((seen, without_form), (6, 1));
    let mut visits = 0;
    let once = |_, _| {
        visits += 1;
        false
    };
    reader.each_with_cells(&Query::default(), once).unwrap();
    assert_eq!(visits, 1);
}
