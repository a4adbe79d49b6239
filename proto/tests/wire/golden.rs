//! Events that an earlier version wrote are still decoded to the same values.
//!
//! `golden/*.hex` are such events, each with every field filled. They are never regenerated, because logs
//! hold events like them.

use std::fmt::Debug;
use std::fs;
use std::path::Path;

use proto::{Fact, Message as _, v1};
use report::Review;

/// Field 1000 with the text "x", which this version does not know.
const UNKNOWN_FIELD: [u8; 4] = [0xc2, 0x3e, 0x01, b'x'];

/// Decodes an event of an earlier version, as it is and with a field that only a newer writer knows.
fn check<F: Fact + PartialEq + Debug>(expected: F) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/wire/golden/{}.hex", F::NAME));
    let written = bytes(&fs::read_to_string(&path).unwrap_or_default());
    let newer = [written.as_slice(), &UNKNOWN_FIELD].concat();
    for event in [&written, &newer] {
        let decoded = F::decode(event.as_slice()).expect("an event of the past can be decoded");
        assert_eq!(decoded, expected, "{} no longer says what it said", path.display());
    }
}

#[test]
fn submitted_is_understood() {
    check(submitted());
}

#[test]
fn parsed_is_understood() {
    check(v1::ReportParsed {
        submitted: Some(submitted()),
        report: Some(report()),
        text: Some(blob("text/plain")),
        reader_version: "0.1.0".into(),
        // The text of an earlier version is in the store of originals.
        text_zstd: Vec::new(),
    });
}

#[test]
fn validated_is_understood() {
    let event = v1::ReportValidated {
        submitted: Some(submitted()),
        report: Some(report()),
        text: Some(blob("text/plain")),
        reader_version: "0.1.0".into(),
        findings: vec![finding()],
        verdict: 3,
        rules_version: "2026.11".into(),
        text_zstd: Vec::new(),
    };
    Review::try_from(&event).expect("and it is a review");
    check(event);
}

#[test]
fn a_text_travels_in_a_field_that_earlier_versions_skip() {
    let parsed = v1::ReportParsed { text_zstd: b"x".to_vec(), ..v1::ReportParsed::default() };
    let validated = v1::ReportValidated { text_zstd: b"x".to_vec(), ..v1::ReportValidated::default() };
    assert_eq!(parsed.encode_to_vec(), [0x2a, 0x01, b'x']);
    assert_eq!(validated.encode_to_vec(), [0x42, 0x01, b'x']);
}

#[test]
fn indexed_is_understood() {
    check(v1::ReportIndexed {
        submitted: Some(submitted()),
        report: "370400-2024-annual".into(),
        outcome: 2,
        agency: "枣庄市行政审批服务局".into(),
        year: 2024,
        region: Some(region()),
        verdict: 1,
    });
}

#[test]
fn refused_is_understood() {
    check(v1::ReportRefused {
        submitted: Some(submitted()),
        stage: "parse".into(),
        class: "unsupported-format".into(),
        message: "无法识别文件格式".into(),
        detail: "no reader takes these bytes".into(),
        origin: Some(origin()),
        attempts: vec![v1::Attempt { at_ms: 1_795_350_000_001, error: "store is gone".into() }],
        event: vec![0, 255, 16],
        event_subject: "gouji.v1.submitted._._.9f86d081884c7d659a2feaa0c55ad015-g2".into(),
    });
}

/// A number of the wire means what it meant; new names come after the last.
#[test]
fn enumerations_keep_their_numbers() {
    fn check(name_of: impl Fn(i32) -> Option<&'static str>, prefix: &str, names: &[&str]) {
        for (number, name) in names.iter().enumerate() {
            assert_eq!(name_of(number as i32), Some(format!("{prefix}_{name}").as_str()));
        }
    }
    macro_rules! names {
        ($enumeration:ident) => {
            |number| v1::$enumeration::try_from(number).ok().map(|value| value.as_str_name())
        };
    }
    check(
        names!(CellState),
        "CELL_STATE",
        &["UNSPECIFIED", "READ", "BLANK", "PLACEHOLDER", "UNREADABLE", "MISSING", "DERIVED", "DOUBTFUL"],
    );
    check(
        names!(Doubt),
        "DOUBT",
        &[
            "UNSPECIFIED",
            "COVERED",
            "OVERLAPPING",
            "SAME_COLOUR",
            "FAINT",
            "TINY",
            "CLIPPED",
            "STRUCK",
            "HIDDEN",
            "RAISED",
            "FRACTION",
            "REORDERED",
            "OTHER_SHAPE",
            "GENERATED",
            "FORMATTED",
            "SEVERAL_FIGURES",
            "UNCONFIRMED",
        ],
    );
    check(names!(IndexOutcome), "INDEX_OUTCOME", &["UNSPECIFIED", "CURRENT", "SUPERSEDED"]);
    check(names!(Judgement), "JUDGEMENT", &["UNSPECIFIED", "FAILS", "UNKNOWN"]);
    check(
        names!(NoteKind),
        "NOTE_KIND",
        &[
            "UNSPECIFIED",
            "COLUMN_ABSENT",
            "ROW_WITHOUT_FIGURES",
            "ROW_SHIFTED",
            "ROW_CUT",
            "ROW_ABSENT",
            "TABLE_ABSENT",
            "FIGURE_COUNT",
            "ALIGNMENT_CHOSEN",
            "ROW_REPEATED",
            "FOREIGN_ROW",
        ],
    );
    check(
        names!(SectionKind),
        "SECTION_KIND",
        &["UNSPECIFIED", "OVERVIEW", "ACTIVE", "REQUESTS", "LITIGATION", "PROBLEMS", "OTHER"],
    );
    check(names!(Severity), "SEVERITY", &["UNSPECIFIED", "INFO", "WARNING", "ERROR"]);
    check(names!(Verdict), "VERDICT", &["UNSPECIFIED", "PASS", "WARN", "FAIL"]);
    check(names!(Witness), "WITNESS", &["UNSPECIFIED", "CONFIRMED2", "CONFIRMED1", "UNCONFIRMED"]);
    check(
        names!(YearSource),
        "YEAR_SOURCE",
        &["UNSPECIFIED", "TITLE", "PERIOD", "NARRATIVE", "FILE_NAME", "SIGNATURE", "PAGE"],
    );
}

// Enumerations stand as numbers in the events below, as they do on the wire.

fn submitted() -> v1::ReportSubmitted {
    v1::ReportSubmitted {
        id: "9f86d081884c7d659a2feaa0c55ad015-g2".into(),
        submission: "01JD8Z3V7Q4H5K6M7N8P9QRSTV".into(),
        original: Some(blob("text/html")),
        file_name: "2024/枣庄市行政审批服务局.html".into(),
        submitted_at_ms: 1_795_350_000_000,
        generation: 2,
        door: "http".into(),
        withdraws: None,
        sender: String::new(),
        replays: String::new(),
        scope: None,
        bulk: false,
        published: None,
        known_refusal: None,
    }
}

fn blob(media_type: &str) -> v1::Blob {
    v1::Blob {
        sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
        size_bytes: 180_000,
        media_type: media_type.into(),
    }
}

fn region() -> v1::Region {
    v1::Region { code: "370400".into(), name: "山东省枣庄市".into() }
}

fn origin() -> v1::Origin {
    v1::Origin {
        page: 3,
        line: 88,
        start: 5120,
        length: 1,
        table: Some(0),
        row: Some(1),
        column: Some(6),
        // Came later.
        area: None,
    }
}

fn report() -> v1::Report {
    let figure = |state, value: &str, text: Option<&str>| v1::Figure {
        state,
        value: value.into(),
        text: text.map(Into::into),
        origin: Some(origin()),
        // Came later.
        doubt: 0,
        witness: 0,
    };
    let row =
        |id: &str, figures| v1::FigureRow { id: id.into(), figures, page: 3, table: Some(1), row: Some(2) };
    v1::Report {
        title: "枣庄市行政审批服务局2024年政府信息公开工作年度报告".into(),
        agency: "枣庄市行政审批服务局".into(),
        region: Some(region()),
        year: 2024,
        form: "2021".into(),
        published: "2025-01-17".into(),
        rows: vec![
            row(
                "active.regulations",
                vec![figure(1, "9", None), figure(2, "", Some("")), figure(3, "", Some("/"))],
            ),
            row("active.licensing", vec![figure(4, "", Some("见附件"))]),
            row("active.penalty", vec![figure(5, "", None)]),
            row("active.fees", vec![figure(6, "542.55", Some(""))]),
        ],
        claims: ["9", "37.4"]
            .map(|value| v1::Claim {
                text: "收到政府信息公开申请".into(),
                value: value.into(),
                unit: "件".into(),
                exact: true,
                about: "requests.received.total".into(),
                origin: Some(origin()),
                // Came later.
                relation: 0,
            })
            .into(),
        breakdowns: vec![v1::Breakdown { whole: 1, parts: vec![0, 1], complete: true }],
        sections: (0..=6)
            .map(|kind| v1::Section {
                kind,
                heading: "一、总体情况".into(),
                ordinal: 1,
                origin: Some(origin()),
                chars: 800,
            })
            .collect(),
        notes: (1..=10)
            .map(|kind| v1::Note { kind, subject: "total".into(), count: Some(6), origin: Some(origin()) })
            .collect(),
        stated_years: (1..=4)
            .map(|source| v1::StatedYear { source, year: 2024, origin: Some(origin()) })
            .collect(),
        // Came later.
        stated_agencies: Vec::new(),
        stated_dates: Vec::new(),
        shares: Vec::new(),
        remarks: Vec::new(),
        fingerprints: Vec::new(),
    }
}

fn finding() -> v1::Finding {
    v1::Finding {
        rule: "T3-01".into(),
        severity: 3,
        judgement: 1,
        message: "各列之和不等于总计，请核对。".into(),
        cells: vec!["requests.received.total".into()],
        left: "12".into(),
        right: "11".into(),
        repair: Some(v1::Repair {
            cell: "requests.received.total".into(),
            value: "11".into(),
            reason: "只改此处即可全部平衡".into(),
        }),
        origin: Some(origin()),
        // Came later.
        against: None,
        waiver: None,
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}
