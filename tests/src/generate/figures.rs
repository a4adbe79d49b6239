//! Figures that balance, also with those of the same agency's other years.

use std::collections::BTreeMap;

use report::{CellId, Form, FormId};

use super::agency::Agency;
use super::random::Random;

/// What one report counts.
#[derive(Debug, Clone)]
pub(super) struct Figures {
    /// Whole numbers; a `.amount` in hundredths of 万元.
    values: BTreeMap<CellId, i64>,
}

impl Figures {
    pub(super) fn get(&self, id: &str) -> i64 {
        CellId::parse(id).ok().and_then(|id| self.values.get(&id)).copied().unwrap_or(0)
    }

    /// Adds to a figure, which may be negative.
    pub(super) fn add(&mut self, id: &str, change: i64) {
        set(self, id, self.get(id) + change);
    }

    pub(super) fn set(&mut self, id: CellId, value: i64) {
        self.values.insert(id, value);
    }

    /// Sets a figure; false where the form has none such.
    pub(super) fn put(&mut self, id: &str, value: i64) -> bool {
        let id = CellId::parse(id).ok().filter(|id| self.values.contains_key(id));
        id.map(|id| self.values.insert(id, value)).is_some()
    }

    /// Takes over those of another year; false where it has another form.
    pub(super) fn copy(&mut self, other: &Self) -> bool {
        let alike = self.values.keys().eq(other.values.keys());
        if alike {
            self.values.clone_from(&other.values);
        }
        alike
    }

    /// The exact decimal, without padding.
    pub(super) fn text(&self, id: CellId) -> String {
        let value = self.values.get(&id).copied().unwrap_or(0);
        if !id.as_str().ends_with(".amount") {
            return value.to_string();
        }
        match value % 100 {
            0 => (value / 100).to_string(),
            cents if cents % 10 == 0 => format!("{}.{}", value / 100, cents / 10),
            cents => format!("{}.{cents:02}", value / 100),
        }
    }

    /// The sum of the 总计 column over the rows of a group of table three, e.g. `refused`.
    pub(super) fn group(&self, group: &str) -> i64 {
        let prefix = format!("requests.{group}.");
        let totals = self.values.iter().filter(|(id, _)| id.as_str().ends_with(".total"));
        totals.filter(|(id, _)| id.as_str().starts_with(&prefix)).map(|(_, value)| value).sum()
    }

    /// The rules whose equations do not hold.
    pub(super) fn broken_rules(&self, form: &Form) -> Vec<&'static str> {
        let sum =
            |ids: &[CellId]| ids.iter().map(|id| self.values.get(id).copied().unwrap_or(0)).sum::<i64>();
        let broken = form.equations().iter().filter(|equation| sum(&equation.left) != sum(&equation.right));
        let mut rules: Vec<_> = broken.map(|equation| rules::of_equation(equation).id).collect();
        rules.dedup();
        rules
    }
}

/// The figures of this agency and year.
pub(super) fn figures(seed: u64, agency: &Agency, year: u16, form: &Form) -> Figures {
    let mut figures = Figures { values: form.cells().iter().map(|id| (*id, 0)).collect() };
    let mut random = Random::of(&[seed, agency.number, u64::from(year), 2]);
    requests(&mut figures, seed, agency, year, form, &mut random);
    litigation(&mut figures, seed, agency, form, &mut random);
    match form.id {
        FormId::F2021 => active_2021(&mut figures, seed, agency, year, &mut random),
        FormId::F2019 => active_2019(&mut figures, seed, agency, year, &mut random),
    }
    figures
}

/// 自然人, 商业企业, 科研机构, 社会公益组织, 法律服务机构, 其他: how often each applies.
const APPLICANTS: [i64; 6] = [80, 10, 1, 2, 3, 4];

/// How often an application ends so; nobody leaves a fee unpaid, for then section six has to say so.
fn weight(row: &str) -> i64 {
    match row {
        "granted" => 35,
        "unavailable.not_held" => 30,
        "partial" => 10,
        "other" => 6,
        "unavailable.must_create" | "unprocessed.petition" => 5,
        "refused.third_party" | "refused.internal_affairs" | "refused.process" => 4,
        "refused.enforcement_file" | "other.no_correction" => 4,
        "refused.inquiry_matter" | "unprocessed.duplicate" => 3,
        "refused.law_forbids" | "unavailable.still_unclear" | "other.misc" => 2,
        "other.fee_unpaid" | "received" | "carried_in" | "concluded" | "carried_out" => 0,
        _ => 1,
    }
}

/// How many applications this agency gets in an ordinary year: mostly none or a few.
fn applications_in_a_year(seed: u64, agency: &Agency) -> i64 {
    let mut random = Random::of(&[seed, agency.number, 3]);
    let (low, high) =
        [(0, 0), (1, 12), (13, 120), (121, 600), (601, 3000)][random.weighted(&[40, 38, 15, 6, 1])];
    random.between(low, high)
}

/// What is carried over from this year to the next, by applicant.
fn carried_out(seed: u64, agency: &Agency, year: u16) -> [i64; 6] {
    let mut random = Random::of(&[seed, agency.number, u64::from(year), 4]);
    let level = Random::of(&[seed, agency.number, 15]).between(0, applications_in_a_year(seed, agency) / 8);
    let count = level * random.between(60, 140) / 100;
    let mut carried = [0; 6];
    for _ in 0..count {
        carried[random.weighted(&APPLICANTS)] += 1;
    }
    carried
}

fn requests(figures: &mut Figures, seed: u64, agency: &Agency, year: u16, form: &Form, random: &mut Random) {
    let carried_in = carried_out(seed, agency, year - 1);
    let carried_out = carried_out(seed, agency, year);
    let count = applications_in_a_year(seed, agency) * random.between(60, 140) / 100;
    let weights: Vec<i64> = form.requests.iter().map(|row| weight(row.id)).collect();
    let mut counts = vec![[0_i64; 7]; form.requests.len()];
    for _ in 0..count {
        counts[random.weighted(&weights)][random.weighted(&APPLICANTS)] += 1;
    }
    let at =
        |row: &str| form.requests.iter().position(|other| other.id == row).expect("the form has the row");
    for applicant in 0..6 {
        let concluded: i64 = counts.iter().map(|row| row[applicant]).sum();
        // What came over from last year has to end or to be carried on.
        let short = (carried_in[applicant] - concluded - carried_out[applicant]).max(0);
        counts[at("granted")][applicant] += short;
        counts[at("concluded")][applicant] = concluded + short;
        counts[at("carried_out")][applicant] = carried_out[applicant];
        counts[at("carried_in")][applicant] = carried_in[applicant];
        counts[at("received")][applicant] =
            concluded + short + carried_out[applicant] - carried_in[applicant];
    }
    for (row, counts) in form.requests.iter().zip(&mut counts) {
        counts[6] = counts[..6].iter().sum();
        for (column, count) in form.applicants.iter().zip(*counts) {
            figures.set(form.request_cell(row.id, column.id).expect("the form has the cell"), count);
        }
    }
}

/// Who is often taken to court is so year after year.
fn litigation(figures: &mut Figures, seed: u64, agency: &Agency, form: &Form, random: &mut Random) {
    let mut level = Random::of(&[seed, agency.number, 16]);
    let most = (applications_in_a_year(seed, agency) / 8).min(60);
    for (group, share) in form.litigation_groups.iter().zip([100, 50, 30]) {
        let mut counts = [50, 10, 25, 20].map(|weight| {
            let often = if level.chance(40) { level.between(0, most * share * weight / 10_000) } else { 0 };
            // What was pending comes up again, so that there are as many at least.
            if weight == 20 { often } else { often * random.between(60, 140) / 100 }
        });
        // More than half corrected would be worth a remark.
        counts[1] = counts[1].min(counts[0] + counts[2]);
        let total: i64 = counts.iter().sum();
        // Nobody goes to court after a review that was none.
        let after_no_review = group.id == "litigation_after_review" && total > figures.get("review.total");
        for (column, count) in form.litigation_columns.iter().zip(counts.into_iter().chain([total])) {
            let count = if after_no_review { 0 } else { count };
            figures.set(form.litigation_cell(group.id, column.id).expect("the form has the cell"), count);
        }
    }
}

/// A year's decisions: the scale decides the order of magnitude, the agency the level.
fn decisions(seed: u64, agency: &Agency, scale: u8, what: u64, random: &mut Random) -> i64 {
    let (low, high) = [(0, 0), (4, 320), (350, 9_000), (9_000, 60_000)][usize::from(scale)];
    let level = Random::of(&[seed, agency.number, what]).between(low, high);
    level * random.between(75, 125) / 100
}

/// Normative documents made and repealed in a year.
fn documents(seed: u64, agency: &Agency, year: u16) -> (i64, i64) {
    let mut random = Random::of(&[seed, agency.number, u64::from(year), 5]);
    if Random::of(&[seed, agency.number, 6]).chance(55) {
        return (0, 0);
    }
    (random.between(0, 4), random.between(0, 2))
}

/// Documents in force at the end of a year: those of 2018, and what each year made and repealed.
fn documents_in_force(seed: u64, agency: &Agency, year: u16) -> i64 {
    let made_by_year = (2019..=year).map(|year| documents(seed, agency, year));
    let change: i64 = made_by_year.map(|(made, repealed)| made - repealed).sum();
    if Random::of(&[seed, agency.number, 6]).chance(55) {
        return 0;
    }
    Random::of(&[seed, agency.number, 7]).between(16, 40) + change
}

/// Documents published by the end of a year, repealed ones too.
fn documents_made(seed: u64, agency: &Agency, year: u16) -> i64 {
    let since: i64 = (2019..=year).map(|year| documents(seed, agency, year).0).sum();
    documents_in_force(seed, agency, 2018) + 11 + since
}

fn active_2021(figures: &mut Figures, seed: u64, agency: &Agency, year: u16, random: &mut Random) {
    let (made, repealed) = documents(seed, agency, year);
    set(figures, "active.normative_documents.issued", made);
    set(figures, "active.normative_documents.repealed", repealed);
    set(figures, "active.normative_documents.in_force", documents_in_force(seed, agency, year));
    set(figures, "active.licensing.decisions", decisions(seed, agency, agency.licensing, 8, random));
    set(figures, "active.penalty.decisions", decisions(seed, agency, agency.penalty, 9, random));
    set(figures, "active.coercion.decisions", decisions(seed, agency, agency.coercion, 10, random));
    let (low, high) = [(0, 0), (80, 9_000), (9_000, 90_000), (90_000, 480_000)][usize::from(agency.fees)];
    let level = Random::of(&[seed, agency.number, 17]).between(low, high);
    set(figures, "active.fees.amount", level * random.between(75, 125) / 100);
}

/// Items at the end of a year; 2018 is where the form of 2019 begins.
fn items(seed: u64, agency: &Agency, scale: u8, what: u64, year: u16) -> i64 {
    let (low, high) = [(0, 0), (6, 40), (40, 160), (160, 420)][usize::from(scale)];
    let base = Random::of(&[seed, agency.number, what, 11]).between(low, high);
    let changes = (2019..=year).map(|year| {
        let mut random = Random::of(&[seed, agency.number, what, u64::from(year), 12]);
        if scale > 0 && random.chance(50) { random.between(-base / 9, base / 9) } else { 0 }
    });
    base + changes.sum::<i64>()
}

fn active_2019(figures: &mut Figures, seed: u64, agency: &Agency, year: u16, random: &mut Random) {
    let (made, _) = documents(seed, agency, year);
    set(figures, "active.normative_documents.made", made);
    set(figures, "active.normative_documents.published", made);
    set(figures, "active.normative_documents.public_total", documents_made(seed, agency, year));
    let services = agency.licensing.min(2);
    for (row, scale, what) in [
        ("licensing", agency.licensing, 8),
        ("other_services", services, 13),
        ("penalty", agency.penalty, 9),
        ("coercion", agency.coercion, 10),
        ("fees", agency.fees.min(1), 14),
    ] {
        let last_year = items(seed, agency, scale, what, year - 1);
        let change = items(seed, agency, scale, what, year) - last_year;
        set(figures, &format!("active.{row}.items_last_year"), last_year);
        set(figures, &format!("active.{row}.items_change"), change);
        if row != "fees" {
            // A number of decisions that equals the number of items looks like a mistake.
            let decisions = decisions(seed, agency, scale, what, random);
            let alike = decisions != 0 && decisions == last_year + change;
            set(figures, &format!("active.{row}.decisions"), decisions + i64::from(alike));
        }
    }
    let mut level = Random::of(&[seed, agency.number, 18]);
    if level.chance(60) {
        set(figures, "active.procurement.count", level.between(3, 24) * random.between(70, 130) / 100);
        set(
            figures,
            "active.procurement.amount",
            level.between(300, 160_000) * random.between(70, 130) / 100,
        );
    }
}

fn set(figures: &mut Figures, id: &str, value: i64) {
    figures.set(CellId::parse(id).expect("a cell of one of the forms"), value);
}
