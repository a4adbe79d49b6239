//! Any report that the model can hold, of either form and of none.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use report::{
    Against, Area, Breakdown, Cell, CellId, CellState, Cells, Claim, Date, Decimal, Doubt, Finding,
    Fingerprint, Form, FormId, Judgement, Note, NoteKind, Origin, Quantity, Region, Relation, Remark,
    RemarkKind, Repair, Report, Section, SectionKind, Severity, Share, Source, Stated, Waiver, Witness, Year,
};

/// A report.
pub(crate) fn report() -> impl Strategy<Value = Report> {
    of(select(FormId::ALL.to_vec())).prop_flat_map(|form| {
        let identity = (of(text()), of(text()), of(region()), of(year()), of(date()));
        let tables = (cells(form), vec(note(), 0..8));
        let narrative = (claims(), vec(section(), 0..8), vec(remark(), 0..4), vec(fingerprint(), 0..3));
        let sources = (vec(stated(text()), 0..4), vec(stated(year()), 0..4), vec(stated(date()), 0..4));
        (identity, tables, narrative, sources).prop_map(
            move |(identity, (cells, notes), narrative, sources)| {
                let (title, agency, region, year, published) = identity;
                let ((claims, breakdowns, shares), sections, remarks, fingerprints) = narrative;
                let (stated_agencies, stated_years, stated_dates) = sources;
                Report {
                    title,
                    agency,
                    region,
                    year,
                    stated_agencies,
                    stated_years,
                    stated_dates,
                    form,
                    published,
                    cells,
                    claims,
                    breakdowns,
                    shares,
                    remarks,
                    fingerprints,
                    sections,
                    notes,
                }
            },
        )
    })
}

/// A finding about cells of the newer form.
pub(crate) fn finding() -> impl Strategy<Value = Finding> {
    let weight = (
        select(vec![Severity::Info, Severity::Warning, Severity::Error]),
        select(vec![Judgement::Fails, Judgement::Unknown]),
    );
    let sides = (of(decimal()), of(decimal()));
    let against = (of(text()), of(year()), of(origin())).prop_map(|(agency, year, origin)| Against {
        agency,
        year,
        origin,
    });
    let waiver = (text(), text(), date()).prop_map(|(who, why, until)| Waiver { who, why, until });
    let others = (of(against), of(waiver));
    let repair =
        (cell_id(), decimal(), ".{0,20}").prop_map(|(cell, value, reason)| Repair { cell, value, reason });
    (
        "[A-Z0-9]{2,3}-[0-9]{2}",
        weight,
        ".{0,40}",
        vec(cell_id(), 0..6),
        sides,
        of(repair),
        of(origin()),
        others,
    )
        .prop_map(
            |(
                rule,
                (severity, judgement),
                message,
                cells,
                (left, right),
                repair,
                origin,
                (against, waiver),
            )| Finding {
                rule,
                severity,
                judgement,
                message,
                cells,
                left,
                right,
                repair,
                origin,
                against,
                waiver,
            },
        )
}

/// A text that is not empty, which would be the same as none.
fn text() -> impl Strategy<Value = String> {
    ".{1,30}"
}

fn region() -> impl Strategy<Value = Region> {
    ("[0-9]{6}([0-9]{3})?", ".{0,20}").prop_map(|(code, name)| Region { code, name })
}

fn year() -> impl Strategy<Value = Year> {
    (2007..=2099_i64).prop_map(|year| Year::new(year).unwrap())
}

fn date() -> impl Strategy<Value = Date> {
    (1..=9999_i16, 1..=12_i8, 1..=28_i8).prop_map(|(year, month, day)| Date::new(year, month, day).unwrap())
}

fn decimal() -> impl Strategy<Value = Decimal> {
    let ordinary = (0..100_000_u32).prop_map(Decimal::from);
    let any =
        (any::<[u32; 3]>(), any::<bool>(), 0..=28_u32).prop_map(|([low, middle, high], negative, scale)| {
            Decimal::from_parts(low, middle, high, negative, scale)
        });
    prop_oneof![3 => ordinary, 1 => any]
}

fn origin() -> impl Strategy<Value = Origin> {
    let bytes = any::<(u64, u64)>().prop_map(|(a, b)| (a.min(b), a.max(b)));
    // Places of few kinds, so that those of a row agree now and then.
    let place = (of(0..2_u32), of(0..2_u32), any::<Option<u32>>());
    let area = any::<Option<[u16; 4]>>()
        .prop_map(|edges| edges.map(|[left, top, right, bottom]| Area { left, top, right, bottom }));
    (of(1..3_u32), any::<u32>(), bytes, place, area).prop_map(
        |(page, line, (start, end), (table, row, column), area)| Origin {
            page,
            line,
            start,
            end,
            table,
            row,
            column,
            area,
        },
    )
}

fn cell_id() -> impl Strategy<Value = CellId> {
    select(Form::get(FormId::F2021).cells().to_vec())
}

fn cells(form: Option<FormId>) -> BoxedStrategy<Cells> {
    let Some(form) = form else { return Just(Cells::default()).boxed() };
    let ids = Form::get(form).cells();
    vec(cell(), ids.len())
        .prop_map(move |filled| {
            let mut cells = Cells::missing(form);
            for (id, cell) in ids.iter().zip(filled) {
                *cells.get_mut(*id).unwrap() = cell;
            }
            cells
        })
        .boxed()
}

/// A cell as the types allow it, also where no reading would make it so; only a number that was read
/// has a value and a text.
fn cell() -> impl Strategy<Value = Cell> {
    let read = (decimal(), ".{0,6}", any::<bool>(), of(origin())).prop_map(|(value, text, plain, origin)| {
        let text = if plain { value.normalize().to_string() } else { text };
        Cell {
            value: Some(value),
            state: CellState::Read,
            text: Some(text),
            origin,
            doubt: None,
            witness: Witness::Printed,
        }
    });
    let state = select(vec![
        CellState::Blank,
        CellState::Placeholder,
        CellState::Unreadable,
        CellState::Missing,
        CellState::Derived,
        CellState::Doubtful,
    ]);
    let doubt = of(select(Doubt::ALL.to_vec()));
    let witness = select(Witness::ALL.to_vec());
    let other = (state, of(decimal()), of(".{0,6}"), of(origin()), doubt, witness).prop_map(
        |(state, value, text, origin, doubt, witness)| Cell { value, state, text, origin, doubt, witness },
    );
    prop_oneof![read, other]
}

/// Claims, and breakdowns and shares that point at them.
fn claims() -> impl Strategy<Value = (Vec<Claim>, Vec<Breakdown>, Vec<Share>)> {
    vec(claim(), 0..8).prop_flat_map(|claims| {
        let positions = 0..claims.len().max(1);
        let breakdown = (positions.clone(), vec(positions.clone(), 0..4), any::<bool>())
            .prop_map(|(whole, parts, complete)| Breakdown { whole, parts, complete });
        let share = (positions.clone(), positions.clone(), positions)
            .prop_map(|(share, part, whole)| Share { share, part, whole });
        let count = if claims.is_empty() { 0..1 } else { 0..4 };
        (Just(claims), vec(breakdown, count.clone()), vec(share, count))
    })
}

fn claim() -> impl Strategy<Value = Claim> {
    let about = of(cell_id().prop_map(Quantity::from));
    let relation = select(vec![Relation::Is, Relation::Above, Relation::Below]);
    (".{0,30}", decimal(), "[件条次%]?", any::<bool>(), about, relation, origin()).prop_map(
        |(text, value, unit, exact, about, relation, origin)| Claim {
            text,
            value,
            unit,
            exact,
            about,
            relation,
            origin,
        },
    )
}

fn remark() -> impl Strategy<Value = Remark> {
    let section = of(select(SectionKind::ALL.to_vec()));
    (select(RemarkKind::ALL.to_vec()), ".{0,20}", of(decimal()), section, origin())
        .prop_map(|(kind, text, value, section, origin)| Remark { kind, text, value, section, origin })
}

fn fingerprint() -> impl Strategy<Value = Fingerprint> {
    let minima = vec(any::<u32>(), Fingerprint::HASHES).prop_map(|minima| minima.try_into().unwrap());
    (select(SectionKind::ALL.to_vec()), any::<u32>(), minima)
        .prop_map(|(section, shingles, minima)| Fingerprint { section, shingles, minima })
}

fn section() -> impl Strategy<Value = Section> {
    (of(select(SectionKind::ALL.to_vec())), ".{0,20}", of(1..=u32::MAX), origin(), any::<u32>())
        .prop_map(|(kind, heading, ordinal, origin, chars)| Section { kind, heading, ordinal, origin, chars })
}

fn note() -> impl Strategy<Value = Note> {
    let kind = select(vec![
        NoteKind::ColumnAbsent,
        NoteKind::RowWithoutFigures,
        NoteKind::RowShifted,
        NoteKind::RowCut,
        NoteKind::RowAbsent,
        NoteKind::TableAbsent,
        NoteKind::FigureCount,
        NoteKind::AlignmentChosen,
        NoteKind::RowRepeated,
        NoteKind::ForeignRow,
        NoteKind::HeadingAltered,
        NoteKind::LabelOutdated,
        NoteKind::MoneyUnit,
        NoteKind::GroupFigure,
    ]);
    (kind, "[a-z_.]{0,20}", any::<Option<u32>>(), of(origin()))
        .prop_map(|(kind, subject, count, origin)| Note { kind, subject, count, origin })
}

fn stated<T: std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Stated<T>> {
    let source = select(Source::ALL.to_vec());
    (source, value, of(origin())).prop_map(|(source, value, origin)| Stated { source, value, origin })
}
