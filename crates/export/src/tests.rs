//! Every shape in every format, with a report in which every kind of cell occurs.

use std::io;

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;
use report::workflow::ReviewState;
use report::{
    Cell, CellId, CellState, Cells, Decimal, Doubt, Finding, FormId, Judgement, Origin, Region, Report,
    Review, Severity, Verdict, Waiver, Year,
};
use serde_json::Value as Json;

use crate::{
    ExportError, Format, Licence, Names, Package, Provenance, Record, Records, Request, Shape, VersionRecord,
    write,
};

fn id(name: &str) -> CellId {
    CellId::parse(name).unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A report whose agency is called `agency`.
fn record(agency: &str) -> Record {
    let mut cells = Cells::missing(FormId::F2021);
    let origin = Origin { page: Some(2), line: 7, row: Some(0), column: Some(3), ..Origin::default() };
    let states = [
        ("requests.received.total", CellState::Read, Some("9"), Some("9")),
        ("requests.received.natural_person", CellState::Read, Some("0"), Some("0")),
        ("active.regulations.issued", CellState::Blank, None, Some("")),
        ("active.regulations.repealed", CellState::Placeholder, None, Some("-")),
        ("active.regulations.in_force", CellState::Unreadable, None, Some("=1+1")),
        ("review.total", CellState::Derived, Some("3"), Some("")),
        ("review.upheld", CellState::Doubtful, Some("7"), Some("7")),
        ("review.corrected", CellState::Read, Some("1.5"), Some("1.5")),
        ("review.pending", CellState::Read, Some("-2"), Some("-2")),
    ];
    for (name, state, value, text) in states {
        let doubt = (state == CellState::Doubtful).then_some(Doubt::Covered);
        let value = value.map(decimal);
        *cells.get_mut(id(name)).unwrap() = Cell {
            value,
            state,
            text: text.map(str::to_owned),
            origin: Some(origin),
            doubt,
            ..Cell::default()
        };
    }
    let amount = report::Form::get(FormId::F2021).cells().iter().find(|id| id.as_str().ends_with(".amount"));
    *cells.get_mut(*amount.unwrap()).unwrap() = Cell::read(decimal("542.5500"), "542.5500", origin);
    let finding = |waiver| Finding {
        rule: "T3-01".into(),
        severity: Severity::Error,
        judgement: Judgement::Fails,
        message: "+甲，\"乙\"\n丙".into(),
        cells: vec![id("requests.received.total")],
        left: Some(decimal("9")),
        right: Some(decimal("-8")),
        repair: None,
        origin: Some(origin),
        against: None,
        waiver,
    };
    let waiver =
        Waiver {
            who: "张三".into(), why: "核实无误".into(), until: report::Date::constant(2025, 12, 31)
        };
    let report = Report {
        title: Some("=HYPERLINK(\"http://a\")".into()),
        agency: Some(agency.into()),
        region: Some(Region { code: "370400".into(), name: "山东省枣庄市".into() }),
        year: Year::new(2024),
        form: Some(FormId::F2021),
        published: Some(report::Date::constant(2025, 1, 17)),
        cells,
        ..Report::default()
    };
    let version = |number: u8| VersionRecord {
        id: format!("{number:032x}-g0"),
        submission: "s".into(),
        original: "o".into(),
        submitted_at_ms: 1_736_000_000_000,
        file_name: "@年报.html".into(),
        verdict: Verdict::Fail,
    };
    Record {
        key: format!("key-{agency}"),
        id: version(2).id,
        original: "o".into(),
        submitted_at_ms: 1_736_000_000_000,
        versions: vec![version(1), version(2)],
        review: Review {
            report,
            findings: vec![finding(None), finding(Some(waiver))],
            rules_version: "2026.15".into(),
        },
        verdict: Verdict::Fail,
        review_state: ReviewState::Returned,
        due: Some(report::Date::constant(2025, 3, 1)),
        reader_version: "2026.12".into(),
    }
}

fn records() -> Vec<Record> {
    vec![record("甲局"), record("乙局")]
}

fn provenance() -> Provenance {
    Provenance { made_at_ms: 1_736_000_000_000, position: Some(17), reports: 2, ..Provenance::default() }
}

fn request(shape: Shape, format: Format, names: Names) -> Request {
    Request { shape, format, names, is_public: false, base: "http://a".into() }
}

fn written(shape: Shape, format: Format, names: Names) -> (Vec<u8>, Provenance) {
    let mut out = Vec::new();
    let provenance = write(&request(shape, format, names), provenance(), &*records(), &mut out).unwrap();
    (out, provenance)
}

/// The rows of a CSV as texts by their column.
fn csv_rows(bytes: &[u8]) -> Vec<std::collections::HashMap<String, String>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").expect("a byte order mark");
    csv::Reader::from_reader(bytes).deserialize().collect::<Result<_, _>>().unwrap()
}

fn json_rows(bytes: &[u8]) -> Vec<Json> {
    String::from_utf8_lossy(bytes).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn column_names_are_different_in_both_languages() {
    for shape in Shape::ALL {
        let columns = shape.columns();
        for names in Names::ALL {
            let mut headers: Vec<&str> = columns.iter().map(|column| names.header(column)).collect();
            headers.sort_unstable();
            headers.dedup();
            assert_eq!(headers.len(), columns.len(), "{shape:?} {names:?}");
        }
    }
}

#[test]
fn every_shape_has_as_many_rows_as_it_says() {
    for shape in Shape::ALL {
        let (bytes, provenance) = written(shape, Format::Csv, Names::Id);
        assert_eq!(csv_rows(&bytes).len() as u64, provenance.rows, "{shape:?}");
        if let Some(rows) = shape.rows_of(&[(Some(FormId::F2021), 2)]) {
            assert_eq!(rows, provenance.rows, "{shape:?}");
        }
        for format in Format::ALL {
            assert_eq!(written(shape, format, Names::Zh).1.rows, provenance.rows, "{shape:?} {format:?}");
        }
    }
}

#[test]
fn five_kinds_of_nothing_and_zero_stay_apart() {
    let rows = csv_rows(&written(Shape::Figures, Format::Csv, Names::Id).0);
    let check = |cell: &str, value: &str, state: &str, doubtful: &str, text: &str| {
        let row = rows.iter().find(|row| row["cell"] == cell).unwrap();
        let found = (&*row["value"], &*row["state"], &*row["doubtful_value"], &*row["text"]);
        assert_eq!(found, (value, state, doubtful, text), "{cell}");
    };
    check("requests.received.total", "9", "read", "", "9");
    check("requests.received.natural_person", "0", "read", "", "0");
    check("active.regulations.issued", "", "blank", "", "");
    check("active.regulations.repealed", "", "placeholder", "", "'-");
    check("active.regulations.in_force", "", "unreadable", "", "'=1+1");
    check("review.total", "3", "derived", "", "");
    check("review.upheld", "", "doubtful", "7", "7");
    check("review.corrected", "1.5", "read", "", "1.5");
    check("review.pending", "-2", "read", "", "'-2");
    check("requests.concluded.total", "", "missing", "", "");
}

#[test]
fn the_wide_table_says_why_a_cell_is_empty() {
    let rows = csv_rows(&written(Shape::Reports, Format::Csv, Names::Id).0);
    let row = &rows[0];
    assert_eq!(row["requests.received.natural_person"], "0");
    assert_eq!(row["review.total"], "3");
    assert_eq!(row["review.upheld"], "");
    assert_eq!(row["review.corrected"], "", "a count is a whole number");
    let states: Vec<&str> = row["cell_states"].split(';').collect();
    for state in [
        "review.total:derived",
        "review.upheld:doubtful=7",
        "review.corrected:read=1.5",
        "active.regulations.issued:blank",
        "active.regulations.repealed:placeholder",
        "requests.concluded.total:missing",
    ] {
        assert!(states.contains(&state), "{state} in {states:?}");
    }
    assert!(!row["cell_states"].contains("requests.received.total:"));
    assert_eq!((&*row["errors"], &*row["waived"], &*row["rules"]), ("1", "1", "T3-01"));
    assert_eq!((&*row["review_state"], &*row["due"]), ("returned", "2025-03-01"));
    let zh = csv_rows(&written(Shape::Reports, Format::Csv, Names::Zh).0);
    assert!(zh[0]["单元格状态"].contains("：所见与所存可能不同=7"), "{}", zh[0]["单元格状态"]);
    assert_eq!(zh[0]["校核结论"], Verdict::Fail.title());
}

#[test]
fn no_text_becomes_a_formula_and_numbers_stay() {
    let reports = csv_rows(&written(Shape::Reports, Format::Csv, Names::Id).0);
    assert_eq!(reports[0]["title"], "'=HYPERLINK(\"http://a\")");
    assert_eq!(reports[0]["review.pending"], "-2");
    let findings = csv_rows(&written(Shape::Findings, Format::Csv, Names::Id).0);
    assert_eq!(findings[0]["message"], "'+甲，\"乙\"\n丙");
    assert_eq!(findings[0]["right"], "-8");
    let versions = csv_rows(&written(Shape::Versions, Format::Csv, Names::Id).0);
    assert_eq!(versions[0]["file_name"], "'@年报.html");
    for start in ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"] {
        let mut out = Vec::new();
        let one = [record(&format!("{start}1"))];
        write(&request(Shape::Versions, Format::Csv, Names::Id), provenance(), &one[..], &mut out).unwrap();
        assert_eq!(csv_rows(&out)[0]["agency"], format!("'{start}1"));
    }
    let raw = json_rows(&written(Shape::Reports, Format::Jsonl, Names::Id).0);
    assert_eq!(raw[0]["title"], "=HYPERLINK(\"http://a\")");
}

#[test]
fn a_waiver_does_not_name_who_decided() {
    for format in [Format::Csv, Format::Jsonl] {
        let text = String::from_utf8(written(Shape::Findings, format, Names::Zh).0).unwrap();
        assert!(text.contains("核实无误") && !text.contains("张三"), "{text}");
    }
}

#[test]
fn json_lines_are_exact() {
    let bytes = written(Shape::Figures, Format::Jsonl, Names::Id).0;
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("\"value\":542.55,\"state\":\"read\""), "{text}");
    let row = json_rows(&bytes).into_iter().find(|row| row["cell"] == "requests.received.total").unwrap();
    assert_eq!(row["value"], 9);
    assert_eq!(
        (&row["page"], &row["line"], &row["row"], &row["column"]),
        (&2.into(), &7.into(), &1.into(), &4.into())
    );
    assert_eq!(row["address"], "http://a/reports/key-甲局#cell-requests.received.total");
}

#[test]
fn parquet_has_types_dictionary_and_provenance() {
    let (bytes, _) = written(Shape::Reports, Format::Parquet, Names::Id);
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let metadata = reader.metadata().file_metadata();
    assert_eq!(metadata.num_rows(), 2);
    let metadata_of = |key: &str| -> Json {
        let found = metadata.key_value_metadata().unwrap().iter().find(|one| one.key == key);
        serde_json::from_str(found.unwrap().value.as_ref().unwrap()).unwrap()
    };
    assert_eq!(metadata_of("gouji.provenance")["rows"], "2");
    assert_eq!(metadata_of("gouji.provenance")["rules_versions"], "2026.15");
    let columns = metadata_of("gouji.dictionary");
    let columns = columns["columns"].as_array().unwrap();
    assert_eq!(columns.len(), metadata.schema_descr().num_columns());
    let position = |id: &str| columns.iter().position(|column| column["id"] == id).unwrap();
    let row = reader.get_row_iter(None).unwrap().next().unwrap().unwrap();
    assert_eq!(row.get_long(position("requests.received.total")).unwrap(), 9);
    assert_eq!(row.get_long(position("review.pending")).unwrap(), -2);
    assert!(row.get_long(position("review.upheld")).is_err(), "an empty field is null");
    assert_eq!(row.get_string(position("title")).unwrap(), "=HYPERLINK(\"http://a\")");
}

/// A destination that takes so many bytes.
struct Limited(usize);

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reports of which the last cannot be read.
struct Damaged(Vec<Record>);

impl Records for Damaged {
    fn each(&self, visit: &mut dyn FnMut(&Record) -> Result<(), ExportError>) -> Result<(), ExportError> {
        self.0.iter().try_for_each(visit)?;
        Err(ExportError::Read("damaged".into()))
    }
}

#[test]
fn an_export_that_fails_is_not_whole() {
    for format in Format::ALL {
        let request = request(Shape::Figures, format, Names::Id);
        let refused = write(&request, provenance(), &*records(), Limited(100)).unwrap_err();
        assert!(matches!(refused, ExportError::Write(_) | ExportError::Parquet(_)), "{format:?} {refused:?}");
        let mut out = Vec::new();
        let damaged = write(&request, provenance(), &Damaged(records()), &mut out).unwrap_err();
        assert!(matches!(damaged, ExportError::Read(_)), "{format:?} {damaged:?}");
        match format {
            Format::Xlsx => assert!(zip::ZipArchive::new(io::Cursor::new(out)).is_err()),
            Format::Parquet => assert!(SerializedFileReader::new(bytes::Bytes::from(out)).is_err()),
            Format::Csv | Format::Jsonl => {}
        }
    }
    let mut out = Vec::new();
    let package = Package::default();
    package.write(&provenance(), &Damaged(records()), &mut out).unwrap_err();
    assert!(zip::ZipArchive::new(io::Cursor::new(out)).is_err());
}

#[test]
fn the_same_reports_give_the_same_bytes() {
    for format in Format::ALL {
        let once = written(Shape::Reports, format, Names::Zh).0;
        assert!(once == written(Shape::Reports, format, Names::Zh).0, "{format:?}");
    }
}

#[test]
fn a_package_describes_its_files_and_names_no_sender() {
    use std::io::Read as _;

    use sha2::{Digest as _, Sha256};

    let package = Package {
        title: "某市年度报告数据".into(),
        publisher: "某市政务公开办".into(),
        licence: Licence::new("cc-by-4.0"),
        has_findings: true,
    };
    let mut out = Vec::new();
    package.write(&provenance(), &*records(), &mut out).unwrap();
    let mut archive = zip::ZipArchive::new(io::Cursor::new(out)).unwrap();
    let mut read = |name: &str| {
        let mut bytes = Vec::new();
        archive.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    };
    let described: Json = serde_json::from_slice(&read("datapackage.json")).unwrap();
    let licence = &described["licenses"][0];
    assert_eq!(licence["path"], "https://creativecommons.org/licenses/by/4.0/");
    assert_eq!(described["gouji"]["position"], "17");
    let resources = described["resources"].as_array().unwrap();
    assert_eq!(resources.len(), 7);
    for resource in resources {
        let bytes = read(resource["path"].as_str().unwrap());
        assert_eq!(resource["bytes"], bytes.len());
        let sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes));
        assert_eq!(resource["hash"], format!("sha256:{sha256}"));
        if let Some(fields) = resource["schema"]["fields"].as_array() {
            let header = String::from_utf8(bytes).unwrap().lines().next().unwrap().to_owned();
            let names: Vec<&str> = fields.iter().map(|field| field["name"].as_str().unwrap()).collect();
            assert_eq!(header.trim_start_matches('\u{feff}'), names.join(","));
        }
    }
    let reports = csv_rows(&read("reports.csv"));
    assert_eq!((&*reports[0]["review_state"], &*reports[0]["due"]), ("", ""));
    let entry: Json = serde_json::from_slice(&read("dcat.jsonld")).unwrap();
    assert_eq!(entry["dcat:distribution"].as_array().unwrap().len(), 7);
    assert_eq!(entry["dct:publisher"]["foaf:name"], "某市政务公开办");
    let readme = String::from_utf8(read("README.md")).unwrap();
    assert!(readme.contains("CC-BY-4.0") || readme.contains("cc-by-4.0"), "{readme}");
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    for name in names {
        let mut bytes = Vec::new();
        archive.by_name(&name).unwrap().read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("年报.html") && !text.contains("张三"), "{name}");
    }
}
