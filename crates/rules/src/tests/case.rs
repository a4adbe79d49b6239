//! A report in one line: what it has beside a balanced report full of zeros.
//!
//! ```text
//! requests.received.total=9     a number, with its unit if one is glued on: 45633件
//! requests.*.total=missing      also blank, derived:0 (not there), proved:0 (there and empty), / and any text;
//!                               as:12:１２ is a number that is printed otherwise
//! note=RowShifted:other.misc    with a count: note=FigureCount:litigation:14
//! claim=9件@requests.received.total      inexact with ~ in front; the words are 正文9件
//! claim=+1件@requests.received.total     more than last year; - for less
//! share=0.32%:258件:805件                 a percentage with its part and its whole
//! remark=Hole:公开信息条                  with a value: remark=Fee:收费:120; in a section: remark=Empty:无::6
//! print=1:0..200                         a fingerprint of section 1, of the characters 0..200 of a long text
//! unsaid=Theme:平台建设                   without this remark; unsaid=Fee without any of the kind
//! dated=Signature:2025-01-17             a day that is stated; dated=Signature:2025-01-17:above stands before the first heading
//! parts=326条:15条+235条        a whole with its parts; parts! if they are all
//! called=Signature:某局  says=Title:2024  sections=1,2,3,3  bare=3  brief=1:99  published=2025-01-17
//! number=5:4  heading=1:—、总体情况       the number and the heading of a section
//! inner=1:一、加强领导                    a heading inside section 1 that is numbered 1
//! title=  agency=  year=2018
//! agency=  region=320800:江苏省淮安市
//! last:                                   what follows is of the report of the year before
//! last-2019:                              the same, in the form of 2019
//! ```

use report::{
    Breakdown, Cell, CellId, CellState, Cells, Claim, Decimal, Doubt, Fingerprint, Form, FormId, Note,
    NoteKind, Origin, Quantity, Region, Relation, Remark, RemarkKind, Report, Section, SectionKind, Share,
    Source, Stated, Year,
};

/// Licences that an 审批局 has to have granted.
const LICENCES: i64 = 12;

/// A balanced report of zeros in this form, but for its licences, with nothing to find.
pub(super) fn zeros(form: FormId) -> Report {
    let year = if form == FormId::F2021 { 2024 } else { 2019 };
    let mut cells = Cells::missing(form);
    for (position, id) in Form::get(form).cells().iter().enumerate() {
        let line = 100 + position as u32;
        *cells.get_mut(*id).unwrap() = Cell::read(Decimal::ZERO, "0", Origin { line, ..Origin::default() });
    }
    let licences = cells.get_mut(CellId::parse("active.licensing.decisions").unwrap()).unwrap();
    (licences.value, licences.text) = (Some(LICENCES.into()), Some(LICENCES.to_string()));
    Report {
        title: Some(format!("枣庄市行政审批服务局{year}年政府信息公开工作年度报告")),
        agency: Some("枣庄市行政审批服务局".into()),
        year: Year::new(year),
        stated_agencies: vec![stated("Title", "枣庄市行政审批服务局".into())],
        stated_years: vec![stated("Title", Year::new(year).unwrap())],
        form: Some(form),
        cells,
        sections: sections("1,2,3,4,5,6"),
        remarks: SAID.map(remark).to_vec(),
        ..Report::default()
    }
}

/// What a report in order says in words.
const SAID: [&str; 6] = [
    "Theme:主动公开::1",
    "Theme:依申请公开::1",
    "Theme:政府信息管理::1",
    "Theme:平台建设::1",
    "Theme:监督保障::1",
    "Fee:未收取信息处理费:0:6",
];

/// The report and, where `last:` stands among the changes, that of the year before.
pub(super) fn years(form: FormId, changes: &str) -> (Report, Option<Report>) {
    let beginnings = [("last-2019:", FormId::F2019), ("last:", form)];
    let (changes, before) = beginnings
        .into_iter()
        .find_map(|(beginning, form)| {
            changes.split_once(beginning).map(|(now, last)| (now, Some((form, last))))
        })
        .unwrap_or((changes, None));
    let report = report(form, changes);
    let year = i64::from(report.year.map_or(2024, Year::get)) - 1;
    let before = before.map(|(form, before)| self::report(form, &format!("year={year} {before}")));
    (report, before)
}

/// The balanced report of zeros with these changes.
pub(crate) fn report(form: FormId, changes: &str) -> Report {
    let mut report = zeros(form);
    for change in changes.split_whitespace() {
        let (name, value) = change.split_once('=').unwrap_or_else(|| panic!("no `=` in `{change}`"));
        apply(&mut report, name, value);
    }
    report
}

fn apply(report: &mut Report, name: &str, value: &str) {
    match name {
        "note" => report.notes.push(note(value)),
        "claim" => report.claims.push(claim(value)),
        "parts" | "parts!" => {
            let (whole, parts) = value.split_once(':').unwrap();
            let first = report.claims.len();
            report.claims.push(claim(whole));
            report.claims.extend(parts.split('+').map(claim));
            let parts = (first + 1..report.claims.len()).collect();
            report.breakdowns.push(Breakdown { whole: first, parts, complete: name.ends_with('!') });
        }
        "share" => {
            let first = report.claims.len();
            report.claims.extend(value.split(':').map(claim));
            report.shares.push(Share { share: first, part: first + 1, whole: first + 2 });
        }
        "print" => report.fingerprints.extend(print(value)),
        "unsaid" => report.remarks.retain(|remark| {
            let is_meant = value == format!("{:?}", remark.kind)
                || value == format!("{:?}:{}", remark.kind, remark.text);
            !is_meant
        }),
        "dated" => {
            let mut parts = value.splitn(3, ':');
            let (source, day) = (parts.next().unwrap(), parts.next().unwrap());
            let start = if parts.next().is_some() { 0 } else { 9_999 };
            let origin = Some(Origin { start, ..Origin::default() });
            report.stated_dates.push(Stated { origin, ..stated(source, day.parse().unwrap()) });
        }
        "remark" => report.remarks.push(remark(value)),
        "says" => {
            let (source, year) = value.split_once(':').unwrap();
            report.stated_years.push(stated(source, Year::new(year.parse().unwrap()).unwrap()));
        }
        "called" => {
            let (source, name) = value.split_once(':').unwrap();
            report.stated_agencies.push(stated(source, name.to_owned()));
        }
        "sections" => report.sections = sections(value),
        "number" => {
            let (section, ordinal) = value.split_once(':').unwrap();
            report.sections[section.parse::<usize>().unwrap() - 1].ordinal = Some(ordinal.parse().unwrap());
        }
        "heading" => {
            let (section, heading) = value.split_once(':').unwrap();
            report.sections[section.parse::<usize>().unwrap() - 1].heading = heading.to_owned();
        }
        "inner" => {
            let (section, heading) = value.split_once(':').unwrap();
            let position = section.parse::<usize>().unwrap();
            let inner = Section { kind: None, heading: heading.to_owned(), ..report.sections[0].clone() };
            report.sections.insert(position, inner);
        }
        "bare" => report.sections[value.parse::<usize>().unwrap() - 1].chars = 0,
        "brief" => {
            let (section, chars) = value.split_once(':').unwrap_or((value, "40"));
            report.sections[section.parse::<usize>().unwrap() - 1].chars = chars.parse().unwrap();
        }
        "title" => report.title = text(value),
        "agency" => report.agency = text(value),
        "region" => {
            let (code, name) = value.split_once(':').unwrap();
            report.region = Some(Region { code: code.into(), name: name.into() });
        }
        "year" => report.year = value.parse().ok().and_then(Year::new),
        "published" => report.published = value.parse().ok(),
        "form" => (report.form, report.cells) = (None, Cells::default()),
        pattern => fill(report, pattern, value),
    }
}

fn fill(report: &mut Report, pattern: &str, value: &str) {
    let (before, after) = pattern.split_once('*').unwrap_or((pattern, ""));
    let is_meant = |id: &CellId| match pattern.contains('*') {
        true => id.as_str().starts_with(before) && id.as_str().ends_with(after),
        false => id.as_str() == pattern,
    };
    let ids: Vec<CellId> = report.cells.iter().map(|(id, _)| id).filter(is_meant).collect();
    assert!(!ids.is_empty(), "no cell is called `{pattern}`");
    for id in ids {
        let cell = report.cells.get_mut(id).unwrap();
        *cell = Cell { origin: cell.origin, ..self::cell(value) };
    }
}

fn cell(text: &str) -> Cell {
    let of = |state, value: &str, text: Option<&str>| Cell {
        state,
        value: value.parse().ok(),
        text: text.map(Into::into),
        origin: None,
        ..Cell::default()
    };
    if let Some((doubt, value)) = text.strip_prefix("doubtful:").and_then(|rest| rest.split_once(':')) {
        let doubt = Doubt::ALL.into_iter().find(|known| known.as_str() == doubt);
        assert!(doubt.is_some(), "no doubt is called `{text}`");
        return Cell { doubt, ..of(CellState::Doubtful, value, Some(value)) };
    }
    if let Some(value) = text.strip_prefix("derived:") {
        return of(CellState::Derived, value, None);
    }
    if let Some(value) = text.strip_prefix("proved:") {
        return of(CellState::Derived, value, Some(""));
    }
    if let Some((value, text)) = text.strip_prefix("as:").and_then(|rest| rest.split_once(':')) {
        return of(CellState::Read, value, Some(text));
    }
    match text {
        "missing" => of(CellState::Missing, "", None),
        "blank" => of(CellState::Blank, "", Some("")),
        "/" | "-" | "无" => of(CellState::Placeholder, "", Some(text)),
        _ => {
            let number = text.trim_end_matches(char::is_alphabetic);
            let state =
                if number.parse::<Decimal>().is_ok() { CellState::Read } else { CellState::Unreadable };
            of(state, number, Some(text))
        }
    }
}

fn note(value: &str) -> Note {
    let mut parts = value.split(':');
    let kind = match parts.next().unwrap() {
        "ColumnAbsent" => NoteKind::ColumnAbsent,
        "RowWithoutFigures" => NoteKind::RowWithoutFigures,
        "RowShifted" => NoteKind::RowShifted,
        "RowCut" => NoteKind::RowCut,
        "RowAbsent" => NoteKind::RowAbsent,
        "TableAbsent" => NoteKind::TableAbsent,
        "FigureCount" => NoteKind::FigureCount,
        "AlignmentChosen" => NoteKind::AlignmentChosen,
        "ForeignRow" => NoteKind::ForeignRow,
        "RowRepeated" => NoteKind::RowRepeated,
        "HeadingAltered" => NoteKind::HeadingAltered,
        "LabelOutdated" => NoteKind::LabelOutdated,
        "MoneyUnit" => NoteKind::MoneyUnit,
        "GroupFigure" => NoteKind::GroupFigure,
        other => panic!("no note is called `{other}`"),
    };
    let subject = parts.next().unwrap().to_owned();
    Note { kind, subject, count: parts.next().map(|count| count.parse().unwrap()), origin: None }
}

fn claim(value: &str) -> Claim {
    let (words, about) = value.split_once('@').map_or((value, None), |(words, id)| (words, Some(id)));
    let exact = !words.starts_with('~');
    let words = words.trim_start_matches('~');
    let relation = match words.chars().next() {
        Some('+') => Relation::Above,
        Some('-') => Relation::Below,
        _ => Relation::Is,
    };
    let words = words.trim_start_matches(['+', '-']);
    let number = words.trim_end_matches(|c: char| c.is_alphabetic() || c == '%');
    Claim {
        text: format!("正文{words}"),
        value: number.parse().unwrap(),
        unit: words[number.len()..].to_owned(),
        exact,
        about: about.map(|id| Quantity::parse(id).unwrap()),
        relation,
        origin: Origin { line: 7, ..Origin::default() },
    }
}

fn remark(value: &str) -> Remark {
    let mut parts = value.split(':');
    let kind = parts.next().unwrap();
    let kind = RemarkKind::ALL.into_iter().find(|known| format!("{known:?}") == kind).unwrap();
    let text = parts.next().unwrap().to_owned();
    let value = parts.next().and_then(|value| value.parse().ok());
    let section = parts.next().map(|ordinal| SectionKind::ALL[ordinal.parse::<usize>().unwrap() - 1]);
    Remark { kind, text, value, section, origin: Origin { line: 8, ..Origin::default() } }
}

fn print(value: &str) -> Option<Fingerprint> {
    let (ordinal, range) = value.split_once(':').unwrap();
    let (from, to) = range.split_once("..").unwrap();
    let characters = from.parse::<u32>().unwrap()..to.parse().unwrap();
    let text: String = characters.filter_map(|at| char::from_u32(0x4e00 + at)).collect();
    Fingerprint::of(SectionKind::ALL[ordinal.parse::<usize>().unwrap() - 1], &text)
}

fn stated<T>(source: &str, value: T) -> Stated<T> {
    let source = Source::ALL.into_iter().find(|known| format!("{known:?}") == source).unwrap();
    Stated { source, value, origin: None }
}

/// Sections by their ordinals; 0 is a heading that is none of the six.
fn sections(ordinals: &str) -> Vec<Section> {
    let ordinals = ordinals.split(',').filter(|ordinal| !ordinal.is_empty());
    ordinals
        .map(|ordinal| {
            let ordinal: u32 = ordinal.parse().unwrap();
            let kind = (ordinal as usize).checked_sub(1).map(|position| SectionKind::ALL[position]);
            let heading = kind.map_or("附件", SectionKind::heading).to_owned();
            let origin = Origin { start: 100, ..Origin::default() };
            Section { kind, heading, ordinal: Some(ordinal), origin, chars: 200 }
        })
        .collect()
}

fn text(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}
