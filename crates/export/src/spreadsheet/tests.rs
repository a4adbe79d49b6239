use std::io::{BufRead as _, Cursor, Read as _};

use report::Date;
use zip::ZipArchive;

use super::*;
use crate::Format;

/// The parts of a workbook with so many rows of two columns, by their path.
fn sheets(rows: i64, limits: SheetLimits) -> Vec<String> {
    let request = Request {
        shape: Shape::Figures,
        format: Format::Xlsx,
        names: Names::Id,
        is_public: false,
        base: String::new(),
    };
    let columns = vec![
        Column::new("number", "数", Kind::Integer, "一个数"),
        Column::new("text", "文字", Kind::Text, "一段文字"),
    ];
    let mut out = Vec::new();
    let mut book = Spreadsheet::new(Book::of(&request), columns, limits, &mut out).unwrap();
    for number in 0..rows {
        book.row(&[Value::Integer(number), Value::text("=1+1")]).unwrap();
    }
    Box::new(book).finish(&Provenance::default()).unwrap();
    let mut archive = ZipArchive::new(Cursor::new(out)).unwrap();
    let count =
        archive.file_names().filter(|name| name.as_ref().unwrap().starts_with("xl/worksheets/")).count();
    let mut read = |path: String| {
        let mut text = String::new();
        archive.by_name(&path).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    (1..=count).map(|number| read(package::sheet_path(number))).collect()
}

#[test]
fn rows_go_on_in_further_sheets() {
    let check = |rows: i64, limits: SheetLimits, expected: &[usize]| {
        let sheets = sheets(rows, limits);
        // Without the dictionary and the provenance.
        let of_rows = &sheets[..sheets.len() - 2];
        let counts: Vec<usize> = of_rows.iter().map(|sheet| sheet.matches("<row ").count()).collect();
        assert_eq!(counts, expected, "{rows} rows");
        assert!(of_rows.iter().all(|sheet| sheet.contains("number</t>")), "every sheet has the header");
        let numbers = of_rows.iter().flat_map(|sheet| sheet.split("<v>").skip(1));
        let numbers = numbers.map(|rest| rest.split_once('<').unwrap().0.parse::<i64>().unwrap());
        assert!(numbers.eq(0..rows), "every row is there once, in order");
    };
    let ten = SheetLimits { rows: 10, ..SheetLimits::EXCEL };
    check(0, ten, &[1]);
    check(9, ten, &[10]);
    check(10, ten, &[10, 2]);
    check(27, ten, &[10, 10, 10]);
    let small = SheetLimits { rows: 1_000, size_bytes: 2_000 };
    assert!(sheets(100, small).len() > 4);
}

/// One row more than Excel takes in a sheet, written and read back in the memory of one row.
#[test]
fn a_workbook_has_more_rows_than_a_sheet_of_excel() {
    let columns = vec![Column::new("number", "数", Kind::Integer, "一个数")];
    let book = Book { title: "年度报告".into(), names: Names::Zh, shape: None };
    let mut file = tempfile::tempfile().unwrap();
    let rows = i64::from(SheetLimits::EXCEL.rows);
    let out = std::io::BufWriter::new(&mut file);
    let mut table = Spreadsheet::new(book, columns, SheetLimits::EXCEL, out).unwrap();
    for number in 1..=rows {
        table.row(&[Value::Integer(number)]).unwrap();
    }
    Box::new(table).finish(&Provenance::default()).unwrap();
    let mut archive = ZipArchive::new(std::io::BufReader::new(file)).unwrap();
    let mut check = |sheet: usize, rows: u32, last: &str| {
        let (mut counted, mut tail) = (0, String::new());
        let part = archive.by_name(&package::sheet_path(sheet)).unwrap();
        for piece in std::io::BufReader::new(part).split(b'>') {
            let piece = piece.unwrap();
            counted += u32::from(piece.starts_with(b"<row "));
            if piece.starts_with(b"<row ") {
                tail.clear();
            }
            tail.push_str(&String::from_utf8(piece).unwrap());
        }
        assert_eq!(counted, rows, "rows of sheet {sheet}");
        assert!(tail.contains(last), "the last row of sheet {sheet}: {tail}");
    };
    check(1, SheetLimits::EXCEL.rows, "<v1048575</v");
    check(2, 2, "<v1048576</v");
}

#[test]
fn a_text_is_a_text_and_a_number_a_number() {
    let sheets = sheets(1, SheetLimits::EXCEL);
    assert!(sheets[0].contains("<c r=\"A2\" s=\"0\"><v>0</v></c>"), "{}", sheets[0]);
    let text = "<c r=\"B2\" s=\"4\" t=\"inlineStr\"><is><t xml:space=\"preserve\">=1+1</t></is></c>";
    assert!(sheets[0].contains(text), "{}", sheets[0]);
    assert!(sheets.iter().all(|sheet| !sheet.contains("<f>")));
}

#[test]
fn a_number_that_would_be_rounded_is_a_text() {
    let check = |number: &str, expected: &str| {
        let mut line = String::new();
        decimal_cell(&mut line, "A", 1, number.parse().unwrap());
        assert!(line.contains(expected), "{line}");
    };
    check("999999999999999", "<v>999999999999999</v>");
    check("-12.5", "<v>-12.5</v>");
    check("0", "<v>0</v>");
    check("1000000000000001", ">1000000000000001</t>");
}

#[test]
fn days_and_moments_are_those_of_a_spreadsheet() {
    assert_eq!(days_since_1900(Date::constant(2025, 1, 17)), 45_674);
    // 2025-01-17 12:00 in Beijing.
    assert_eq!(serial(1_737_086_400_000), Some(45_674.5));
}
