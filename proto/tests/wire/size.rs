//! Events stay small: a stream of a hundred thousand reports is written to disk event by event.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use proto::{Message, ReportId, v1};
use report::{
    Cell, CellId, Cells, Claim, Date, Decimal, Fingerprint, Form, FormId, Origin, Quantity, Region, Relation,
    Remark, RemarkKind, Report, Section, SectionKind, Source, Stated, Table, Year,
};

const SHA256: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// A page of a portal: 200 cells, each a `<td>` on a line of its own some 200 bytes from the last.
fn ordinary() -> Report {
    let form = Form::get(FormId::F2021);
    let mut cells = Cells::missing(form.id);
    let mut byte_place = (0..).map(place);
    for (row, ids) in form.cells().chunk_by(|a, b| row_of(*a) == row_of(*b)).enumerate() {
        for (column, id) in ids.iter().enumerate() {
            let table = Table::ALL.iter().position(|table| *table == id.table()).unwrap();
            let [table, row, column] = [table, row, column + 3].map(|number| Some(number as u32));
            let origin = Origin { table, row, column, ..byte_place.next().unwrap() };
            *cells.get_mut(*id).unwrap() = Cell::read(Decimal::ZERO, "0", origin);
        }
    }
    let year = Year::new(2024);
    Report {
        title: Some("枣庄市行政审批服务局2024年政府信息公开工作年度报告".into()),
        agency: Some("枣庄市行政审批服务局".into()),
        region: Some(Region { code: "370400".into(), name: "山东省枣庄市".into() }),
        year,
        stated_agencies: [Source::Title, Source::Signature, Source::FileName]
            .map(|source| Stated {
                source, value: "枣庄市行政审批服务局".into(), origin: Some(place(1))
            })
            .into(),
        stated_years: [Source::Title, Source::Period, Source::FileName]
            .map(|source| Stated { source, value: year.unwrap(), origin: Some(place(1)) })
            .into(),
        stated_dates: [Source::Signature, Source::Page]
            .map(|source| Stated { source, value: Date::constant(2025, 1, 17), origin: Some(place(1)) })
            .into(),
        form: Some(form.id),
        published: Some(Date::new(2025, 1, 17).unwrap()),
        cells,
        claims: (0..12).map(claim).collect(),
        breakdowns: Vec::new(),
        shares: Vec::new(),
        remarks: (0..16).map(remark).collect(),
        fingerprints: [SectionKind::Overview, SectionKind::Problems, SectionKind::Other]
            .map(fingerprint)
            .into(),
        sections: SectionKind::ALL.map(section).into(),
        notes: Vec::new(),
    }
}

fn row_of(id: CellId) -> &'static str {
    id.as_str().rsplit_once('.').unwrap().0
}

fn place(position: u64) -> Origin {
    let start = 61_440 + 200 * position;
    Origin { line: 400 + position as u32, start, end: start + 150, ..Origin::default() }
}

fn claim(position: u64) -> Claim {
    Claim {
        text: "全年收到政府信息公开申请9件，上年结转".into(),
        value: Decimal::from(9),
        unit: "件".into(),
        exact: true,
        about: Quantity::parse("requests.received.total"),
        relation: Relation::Is,
        origin: place(position),
    }
}

fn remark(position: u64) -> Remark {
    Remark {
        kind: RemarkKind::Citation,
        text: "国办公开办函〔2021〕30号".into(),
        value: None,
        section: Some(SectionKind::Overview),
        origin: place(position),
    }
}

fn fingerprint(section: SectionKind) -> Fingerprint {
    let minima = std::array::from_fn(|at| at as u32 * 0x0101_0101);
    Fingerprint { section, shingles: 600, minima }
}

fn section(kind: SectionKind) -> Section {
    let heading = kind.heading().to_owned();
    Section { kind: Some(kind), heading, ordinal: Some(1), origin: place(2), chars: 800 }
}

#[test]
fn an_ordinary_report_is_under_ten_kilobytes() {
    let blob = |media_type: &str| v1::Blob {
        sha256: SHA256.into(),
        size_bytes: 180_000,
        media_type: media_type.into(),
    };
    let submitted = v1::ReportSubmitted {
        id: ReportId::of(SHA256, 0).unwrap().to_string(),
        submission: "01JD8Z3V7Q4H5K6M7N8P9QRSTV".into(),
        original: Some(blob("text/html")),
        file_name: "2024年度/枣庄市行政审批服务局2024年政府信息公开工作年度报告.html".into(),
        submitted_at_ms: 1_795_350_000_000,
        generation: 0,
        door: "http".into(),
        withdraws: None,
        sender: String::new(),
        replays: String::new(),
        scope: None,
        bulk: false,
        published: None,
        known_refusal: None,
    };
    let event = v1::ReportParsed {
        submitted: Some(submitted),
        report: Some(v1::Report::from(&ordinary())),
        text: Some(blob("text/plain")),
        reader_version: "0.1.0".into(),
        text_zstd: Vec::new(),
    };
    let size_bytes = event.encoded_len();
    assert!(size_bytes < 10 * 1024, "{size_bytes} bytes");
}
