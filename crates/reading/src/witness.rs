//! Judges the figures of a scan: which of them something else confirms.
//!
//! A figure counts only with an equation, or a sentence of the text, and a second witness: a recogniser that is
//! sure, and ink that is plain. An equation alone is no proof, because systematic misreadings balance each other, and
//! a recogniser alone is none, because it is sure of digits that lost a stroke. A figure that nothing confirms
//! becomes doubtful: it is shown, and nothing is concluded from it.
//!
//! An equation says less where it repeats a figure, as 4 + 0 = 4 does: a stroke that every 4 has lost makes 1 + 0 = 1
//! of it. Such an equation needs a recogniser that is quite sure, and on pages of black and white only, where thin
//! strokes are lost everywhere, no equation confirms a digit that the other side has at the same place.

use document::scanned::{Confidence, Flag, Reading, Scan};
use report::{
    Area, Cell, CellId, CellState, Cells, Claim, Decimal, Doubt, Equation, Form, Relation, Witness,
};

use crate::figure;

/// What the ink of one cell says.
#[derive(Debug, Clone, Default)]
struct Evidence {
    confidence: Option<Confidence>,
    is_plain: bool,
    /// The page has no greys, so that the same stroke may be lost wherever a digit stands.
    is_bilevel: bool,
    alternatives: Vec<String>,
}

impl Evidence {
    /// Whether the recogniser or the ink leaves doubt.
    fn is_doubtful(&self) -> bool {
        !self.is_plain || self.confidence != Some(Confidence::High)
    }

    fn is_sure(&self) -> bool {
        self.confidence >= Some(Confidence::Middle)
    }
}

/// Gives every figure its witness, and makes those that nothing confirms doubtful.
pub(crate) fn judge(form: &Form, cells: &mut Cells, scan: &Scan, claims: &[Claim]) {
    let evidence: Vec<(CellId, Evidence)> = cells
        .iter()
        .filter(|(_, cell)| is_figure(cell))
        .map(|(id, cell)| (id, evidence_of(cell, scan)))
        .collect();
    let of = |id: CellId| evidence.iter().find(|(other, _)| *other == id).map(|(_, evidence)| evidence);
    for (id, evidence) in evidence.iter().filter(|(_, evidence)| evidence.is_doubtful()) {
        let is_sure = |other: CellId| other == *id || of(other).is_none_or(|other| !other.is_doubtful());
        if let Some((value, text)) = chosen(form, cells, *id, evidence, is_sure)
            && let Some(cell) = cells.get_mut(*id)
        {
            (cell.value, cell.text, cell.witness) = (Some(value), Some(text), Witness::Confirmed1);
        }
    }
    let witnesses: Vec<(CellId, Witness)> =
        evidence.iter().map(|(id, evidence)| (*id, witness(form, cells, *id, evidence, claims))).collect();
    for (id, witness) in witnesses {
        let Some(cell) = cells.get_mut(id) else { continue };
        cell.witness = witness;
        if witness == Witness::Unconfirmed {
            cell.state = CellState::Doubtful;
            cell.doubt = cell.doubt.or(Some(Doubt::Unconfirmed));
        }
    }
}

fn is_figure(cell: &Cell) -> bool {
    cell.state == CellState::Read && cell.value.is_some()
}

fn witness(form: &Form, cells: &Cells, id: CellId, evidence: &Evidence, claims: &[Claim]) -> Witness {
    let was_chosen = cells.get(id).is_some_and(|cell| cell.witness == Witness::Confirmed1);
    let Support { strong, weak, against } = support(form, cells, id, evidence, claims);
    if against > 0 {
        return Witness::Unconfirmed;
    }
    if was_chosen {
        return Witness::Confirmed1;
    }
    let is_certain = evidence.confidence == Some(Confidence::High);
    match (strong, weak, evidence.is_sure(), evidence.is_plain) {
        (2.., _, true, true) | (1, 1.., true, true) => Witness::Confirmed2,
        (2.., _, true, false) | (1, _, true, true) => Witness::Confirmed1,
        (1, 1.., _, false) | (0, 1.., _, true) if is_certain => Witness::Confirmed1,
        _ => Witness::Unconfirmed,
    }
}

/// What speaks for a figure and against it.
#[derive(Debug, Default)]
struct Support {
    /// Equations that hold and do not merely repeat the figure.
    strong: usize,
    /// Equations that repeat it, and sentences that state it.
    weak: usize,
    /// Equations that cannot hold, and sentences that state another figure.
    against: usize,
}

fn support(form: &Form, cells: &Cells, id: CellId, evidence: &Evidence, claims: &[Claim]) -> Support {
    let mut support = Support::default();
    for equation in form.equations().iter().filter(|equation| equation.terms().any(|term| term == id)) {
        match holds(equation, cells) {
            Some(false) => support.against += 1,
            Some(true) if evidence.is_bilevel && mirrors(equation, cells, id) => {}
            Some(true) if repeats(equation, cells, id) => support.weak += 1,
            Some(true) => support.strong += 1,
            None => {}
        }
    }
    for claim in claims.iter().filter(|claim| is_about(claim, form, id)) {
        match cells.get(id).and_then(|cell| cell.value) == Some(claim.value) {
            true if evidence.is_bilevel => {}
            true => support.weak += 1,
            false => support.against += 1,
        }
    }
    support
}

/// The side of an equation that a cell is on, and the other one.
fn sides(equation: &Equation, id: CellId) -> (&[CellId], &[CellId]) {
    match equation.left.contains(&id) {
        true => (&equation.left, &equation.right),
        false => (&equation.right, &equation.left),
    }
}

/// Whether an equation that holds only repeats a figure: nothing else on its side, and it alone on the other.
fn repeats(equation: &Equation, cells: &Cells, id: CellId) -> bool {
    let (own, other) = sides(equation, id);
    let is_something = |term: &&CellId| counted(cells, **term).is_some_and(|value| value != Decimal::ZERO);
    let others = own.iter().filter(|term| **term != id).filter(is_something).count();
    let opposite = other.iter().filter(is_something).count();
    others == 0 && opposite <= 1
}

/// Whether a figure on the other side of an equation has the same digit at the same place: if both lost the same
/// stroke, the equation holds all the same.
fn mirrors(equation: &Equation, cells: &Cells, id: CellId) -> bool {
    let digits = |id: CellId| -> Vec<u8> {
        let text = counted(cells, id).map(|value| value.to_string()).unwrap_or_default();
        text.bytes().rev().collect()
    };
    let own = digits(id);
    let has_same = |term: &CellId| digits(*term).iter().zip(&own).any(|(one, other)| one == other);
    sides(equation, id).1.iter().any(has_same)
}

/// Whether a sentence states the figure of this cell exactly, and no other reading of the sentence is possible.
fn is_about(claim: &Claim, form: &Form, id: CellId) -> bool {
    let Some(quantity) = claim.about.filter(|_| claim.exact && claim.relation == Relation::Is) else {
        return false;
    };
    matches!(&quantity.readings(form)[..], [only] if only[..] == [id])
}

/// How many equations of a cell hold, and how many cannot.
fn equations(form: &Form, cells: &Cells, id: CellId) -> (usize, usize) {
    let own = form.equations().iter().filter(|equation| equation.terms().any(|term| term == id));
    own.fold((0, 0), |(holding, failing), equation| match holds(equation, cells) {
        Some(true) => (holding + 1, failing),
        Some(false) => (holding, failing + 1),
        None => (holding, failing),
    })
}

/// Whether an equation holds with what was read; none where a term is open and it may.
fn holds(equation: &Equation, cells: &Cells) -> Option<bool> {
    let side = |terms: &[CellId]| {
        let values = terms.iter().map(|term| counted(cells, *term));
        values.fold((Decimal::ZERO, false), |(sum, is_open), value| match value {
            Some(value) => (sum + value, is_open),
            None => (sum, true),
        })
    };
    let ((left, left_open), (right, right_open)) = (side(&equation.left), side(&equation.right));
    match (left_open, right_open) {
        (false, false) => Some(left == right),
        (true, false) if left > right => Some(false),
        (false, true) if right > left => Some(false),
        _ => None,
    }
}

/// What a cell adds to a sum: a blank and a mark add nothing.
fn counted(cells: &Cells, id: CellId) -> Option<Decimal> {
    let cell = cells.get(id)?;
    match cell.state {
        CellState::Blank | CellState::Placeholder => Some(Decimal::ZERO),
        _ => cell.value,
    }
}

/// The only alternative with which every equation of a doubtful cell holds, where no other cell of them is doubtful.
/// A cell that the recogniser is sure of stays as it is printed: a change would mend the agency's fault.
fn chosen(
    form: &Form,
    cells: &Cells,
    id: CellId,
    evidence: &Evidence,
    is_sure: impl Fn(CellId) -> bool,
) -> Option<(Decimal, String)> {
    let own = || form.equations().iter().filter(|equation| equation.terms().any(|term| term == id));
    let (_, failing) = equations(form, cells, id);
    if failing == 0 || own().count() < 2 || !own().all(|equation| equation.terms().all(&is_sure)) {
        return None;
    }
    let mut changed = cells.clone();
    let mut fits = evidence.alternatives.iter().filter_map(|text| {
        let value = figure::parse(text, id.kind()).value?;
        changed.get_mut(id)?.value = Some(value);
        own().all(|equation| holds(equation, &changed) == Some(true)).then(|| (value, text.clone()))
    });
    fits.next().filter(|_| fits.next().is_none())
}

/// What was recognised where a cell stands.
fn evidence_of(cell: &Cell, scan: &Scan) -> Evidence {
    let Some((page, area)) = cell.origin.and_then(|origin| Some((origin.page?, origin.area?))) else {
        return Evidence::default();
    };
    let here: Vec<&Reading> =
        scan.readings.iter().filter(|reading| reading.page == page && lies_in(reading.area, area)).collect();
    let same: String =
        cell.text.iter().flat_map(|text| text.chars()).filter(|c| !c.is_whitespace()).collect();
    let read: String = here.iter().map(|reading| reading.text.as_str()).collect();
    if read != same {
        // Something else stands there too, or the figure is a part of a text.
        return Evidence::default();
    }
    let has = |flag: Flag| here.iter().any(|reading| reading.flags.contains(&flag));
    let is_plain = here.iter().all(|reading| reading.flags.iter().all(|flag| *flag == Flag::Bilevel));
    // What belongs to no figure leaves the recogniser unsure, whatever the rest says.
    let is_outside = has(Flag::Outside);
    Evidence {
        confidence: here.iter().map(|reading| reading.confidence).min().filter(|_| !is_outside),
        is_plain: is_plain && here.len() == 1,
        is_bilevel: has(Flag::Bilevel),
        alternatives: match here[..] {
            [only] => only.alternatives.clone(),
            _ => Vec::new(),
        },
    }
}

/// Whether most of a box lies in another.
fn lies_in(inner: document::Area, outer: Area) -> bool {
    let overlap = |from: u16, to: u16, other_from: u16, other_to: u16| {
        u32::from(to.min(other_to).saturating_sub(from.max(other_from)))
    };
    let width = overlap(inner.left, inner.right, outer.left, outer.right);
    let height = overlap(inner.top, inner.bottom, outer.top, outer.bottom);
    let whole = u32::from(inner.right - inner.left) * u32::from(inner.bottom - inner.top);
    2 * width * height > whole
}

#[cfg(test)]
mod tests {
    use report::{FormId, Origin};

    use super::*;

    const HIGH: Confidence = Confidence::High;

    /// A cell with what was read in it: text, confidence, flags, alternatives.
    type Change<'a> = (&'a str, &'a str, Confidence, &'a [Flag], &'a [&'a str]);

    /// Table four, its rows `review`, `direct_litigation` and `litigation_after_review`, read off a scan.
    fn read(changes: &[Change<'_>]) -> (Cells, Scan) {
        let form = Form::get(FormId::F2021);
        let mut cells = Cells::missing(FormId::F2021);
        let mut scan = Scan::default();
        for (index, id) in form.cells().iter().enumerate() {
            let change = changes.iter().find(|(name, ..)| *name == id.as_str());
            let (text, confidence, flags, alternatives) = change
                .map_or(("0", HIGH, &[][..], &[][..]), |(_, text, confidence, flags, others)| {
                    (*text, *confidence, *flags, *others)
                });
            let top = 10 * index as u16;
            let area = Area { left: 10, top, right: 30, bottom: top + 8 };
            let origin = Origin { page: Some(1), area: Some(area), ..Origin::default() };
            *cells.get_mut(*id).unwrap() = Cell::read(text.parse().unwrap(), text, origin);
            scan.readings.push(Reading {
                page: 1,
                area: document::Area { left: 10, top, right: 30, bottom: top + 8 },
                text: text.to_owned(),
                confidence,
                alternatives: alternatives.iter().map(|text| (*text).to_owned()).collect(),
                flags: flags.to_vec(),
            });
        }
        (cells, scan)
    }

    fn judged(changes: &[Change<'_>], id: &str) -> (Witness, CellState, String) {
        let (mut cells, scan) = read(changes);
        judge(Form::get(FormId::F2021), &mut cells, &scan, &[]);
        let cell = cells.get(CellId::parse(id).unwrap()).unwrap();
        (cell.witness, cell.state, cell.text.clone().unwrap())
    }

    #[test]
    fn a_figure_needs_an_equation_and_a_second_witness() {
        use CellState::{Doubtful, Read};
        use Confidence::{Low, Middle};
        use Witness::{Confirmed1, Confirmed2, Unconfirmed};
        let check = |confidence, flags: &[Flag], total: &str, witness, state| {
            let changes = [
                ("review.upheld", "3", confidence, flags, &[][..]),
                ("review.total", total, HIGH, &[][..], &[][..]),
            ];
            let (found, as_state, _) = judged(&changes, "review.upheld");
            assert_eq!((found, as_state), (witness, state), "{confidence:?} {flags:?} {total}");
        };
        // The equation of this row repeats the figure, which a recogniser has to be quite sure of then.
        check(HIGH, &[], "3", Confirmed1, Read);
        check(Middle, &[], "3", Unconfirmed, Doubtful);
        check(Low, &[], "3", Unconfirmed, Doubtful);
        check(HIGH, &[Flag::Pieces], "3", Unconfirmed, Doubtful);
        check(HIGH, &[], "4", Unconfirmed, Doubtful);
        // Cells of table three have two equations.
        let sums = |confidence, flags: &'static [Flag]| {
            [
                ("review.upheld", "3", confidence, flags, &[][..]),
                ("review.corrected", "4", HIGH, &[][..], &[][..]),
                ("review.total", "7", HIGH, &[][..], &[][..]),
            ]
        };
        assert_eq!(judged(&sums(HIGH, &[]), "review.upheld").0, Confirmed1);
        assert_eq!(judged(&sums(Middle, &[]), "review.upheld").0, Confirmed1);
        assert_eq!(judged(&sums(HIGH, &[Flag::Bilevel]), "review.upheld").0, Confirmed1);
        let repeated = [
            ("review.upheld", "3", HIGH, &[Flag::Bilevel][..], &[][..]),
            ("review.total", "3", HIGH, &[Flag::Bilevel][..], &[][..]),
        ];
        assert_eq!(judged(&repeated, "review.upheld").0, Unconfirmed);
        assert_eq!(judged(&[], "requests.granted.total").0, Confirmed1);
        let flagged = [("requests.granted.total", "0", HIGH, &[Flag::Coloured][..], &[][..])];
        assert_eq!(judged(&flagged, "requests.granted.total").0, Unconfirmed);
        let outside = [("requests.granted.total", "0", HIGH, &[Flag::Outside][..], &[][..])];
        assert_eq!(judged(&outside, "requests.granted.total").0, Unconfirmed);
        // Two sums with other figures.
        let sums = [
            ("requests.granted.natural_person", "3"),
            ("requests.granted.enterprise", "4"),
            ("requests.granted.total", "7"),
            ("requests.partial.natural_person", "2"),
            ("requests.partial.total", "2"),
            ("requests.concluded.natural_person", "5"),
            ("requests.concluded.enterprise", "4"),
            ("requests.concluded.total", "9"),
            ("requests.received.natural_person", "5"),
            ("requests.received.enterprise", "4"),
            ("requests.received.total", "9"),
        ];
        let sums = sums.map(|(id, text)| (id, text, HIGH, &[][..], &[][..]));
        assert_eq!(judged(&sums, "requests.granted.natural_person").0, Confirmed2);
        // No equation speaks of table two.
        assert_eq!(judged(&[], "active.regulations.issued").0, Unconfirmed);
    }

    #[test]
    fn equations_choose_only_in_doubtful_cells() {
        use Confidence::Low;
        let row = |confidence, others: &'static [&'static str]| {
            [
                ("requests.granted.natural_person", "7", confidence, &[][..], others),
                ("requests.granted.total", "1", HIGH, &[][..], &[][..]),
                ("requests.concluded.natural_person", "1", HIGH, &[][..], &[][..]),
                ("requests.concluded.total", "1", HIGH, &[][..], &[][..]),
                ("requests.received.natural_person", "1", HIGH, &[][..], &[][..]),
                ("requests.received.total", "1", HIGH, &[][..], &[][..]),
            ]
        };
        let id = "requests.granted.natural_person";
        assert_eq!(judged(&row(Low, &["4", "1"]), id), (Witness::Confirmed1, CellState::Read, "1".into()));
        assert_eq!(judged(&row(Low, &["4"]), id).0, Witness::Unconfirmed);
        // The agency's own fault stays as it is printed.
        let (witness, state, text) = judged(&row(HIGH, &["1"]), id);
        assert_eq!((witness, state, text.as_str()), (Witness::Unconfirmed, CellState::Doubtful, "7"));
    }
}
