//! A province with known truth, the same for the same seed.

use report::{Date, Decimal, Form, FormId, Region, Verdict, Year};

use crate::{Figures, Member, Scope};

/// Numbers that look random (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn is_one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at as u64 + 1) as usize);
        }
    }
}

pub(crate) fn year() -> Year {
    Year::new(2024).unwrap()
}

pub(crate) const FORM: FormId = FormId::F2021;

/// One value for each cell of the form; none where it is not known.
pub(crate) type Values = Vec<Option<Decimal>>;

/// How one agency of the province stands.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    /// It reports what its own office did.
    Own,
    /// It reports what it and all below did.
    Whole,
    /// It did not report.
    Absent,
}

pub(crate) struct Province {
    pub(crate) region: Region,
    pub(crate) members: Vec<Member>,
    /// The roster, as a file.
    pub(crate) csv: String,
    /// What the roll-up has to be: sum, contributors and lacking of each cell.
    pub(crate) truth: Vec<(Decimal, u32, u32)>,
    pub(crate) contributors: usize,
    pub(crate) gaps: usize,
    pub(crate) agencies: usize,
}

/// How much there is of everything.
pub(crate) struct Size {
    pub(crate) cities: u64,
    pub(crate) counties: u64,
    pub(crate) towns: u64,
    pub(crate) departments: u64,
}

struct Builder {
    random: Random,
    province: Province,
    /// Whether scopes stand in the roster, else in the words of the reports.
    in_roster: bool,
}

/// What a division adds up to.
struct Added {
    truth: Vec<(Decimal, u32, u32)>,
    contributors: usize,
    gaps: usize,
}

const DEPARTMENTS: [&str; 12] = [
    "公安局",
    "教育局",
    "民政局",
    "财政局",
    "司法局",
    "统计局",
    "审计局",
    "水利局",
    "交通运输局",
    "应急管理局",
    "信访局",
    "行政审批服务局",
];

pub(crate) fn province(seed: u64, size: &Size, in_roster: bool) -> Province {
    let region = Region { code: "370000".into(), name: "山东省".into() };
    let province = Province {
        region: region.clone(),
        members: Vec::new(),
        csv: "机关名称,区划代码,上级,口径\n".into(),
        truth: Vec::new(),
        contributors: 0,
        gaps: 0,
        agencies: 0,
    };
    let mut builder = Builder { random: Random(seed), province, in_roster };
    let added = builder.division(&region, "", 0, size);
    Province { truth: added.truth, contributors: added.contributors, gaps: added.gaps, ..builder.province }
}

impl Builder {
    /// Builds a division with its government, its departments and all divisions below, and says what its
    /// part of the roll-up is.
    fn division(&mut self, region: &Region, parent: &str, depth: usize, size: &Size) -> Added {
        let place = region.name.rfind('城').map_or(region.name.as_str(), |at| &region.name[at..]);
        let government = format!("{place}人民政府");
        let mut below = Added {
            truth: vec![(Decimal::ZERO, 0, 0); Form::get(FORM).cells().len()],
            contributors: 0,
            gaps: 0,
        };
        let departments = if depth == 3 { 0 } else { size.departments.min(DEPARTMENTS.len() as u64) };
        for department in 0..departments {
            let name = format!("{place}{}", DEPARTMENTS[department as usize]);
            let fate = if self.random.is_one_in(20) { Fate::Absent } else { Fate::Own };
            let values = self.values();
            self.agency(region, &name, &government, fate, &values, None);
            below.add_leaf(fate, &values);
        }
        let divisions = [size.cities, size.counties, size.towns, 0][depth];
        for number in 1..=divisions {
            let (code, name) = match depth {
                0 => (format!("37{number:02}00"), format!("城{number}市")),
                1 => (format!("{}{number:02}", &region.code[..4]), format!("城{number}县")),
                _ => (format!("{}{number:03}", region.code), format!("城{number}镇")),
            };
            let inner = Region { code, name: format!("{}{name}", region.name) };
            let added = self.division(&inner, &government, depth + 1, size);
            below.merge(&added);
        }
        let own = self.values();
        let is_root = depth == 0;
        let is_leaf = below.contributors + below.gaps == 0;
        let fate = match self.random.below(10) {
            _ if is_root => Fate::Absent,
            0 => Fate::Absent,
            1..=4 if !is_leaf => Fate::Whole,
            _ => Fate::Own,
        };
        // What it claims to cover need not be what those below reported: some of them did not.
        let values: Values = match fate {
            Fate::Whole => {
                own.iter().zip(&below.truth).map(|(own, (sum, ..))| own.map(|own| own + sum)).collect()
            }
            _ => own,
        };
        // Where nothing says so, figures nowhere less than those below are taken to cover these.
        let mut fate = fate;
        let is_declared = is_leaf || !self.random.is_one_in(3);
        if !is_declared && fate != Fate::Absent {
            fate = if dominates(&values, &below.truth) { Fate::Whole } else { Fate::Own };
        }
        let scope = match fate {
            _ if !is_declared => None,
            Fate::Whole => Some(Scope::Whole),
            Fate::Own if !is_leaf => Some(Scope::Own),
            _ => None,
        };
        self.agency(region, &government, parent, fate, &values, scope);
        match fate {
            Fate::Whole => {
                below = Added { truth: vec![(Decimal::ZERO, 0, 0); values.len()], contributors: 0, gaps: 0 };
                below.add_leaf(fate, &values);
            }
            Fate::Absent if is_root => {}
            _ => below.add_leaf(fate, &values),
        }
        below
    }

    fn agency(
        &mut self,
        region: &Region,
        name: &str,
        parent: &str,
        fate: Fate,
        values: &Values,
        scope: Option<Scope>,
    ) {
        let Province { members, csv, agencies, .. } = &mut self.province;
        *agencies += 1;
        let stated = scope.filter(|_| self.in_roster).map_or("", |scope| scope.title());
        // The roster may leave the parent to codes and names.
        let parent = if self.random.is_one_in(2) { parent } else { "" };
        *csv += &format!("{name},{},{parent},{stated}\n", region.code);
        if fate == Fate::Absent {
            return;
        }
        let key = format!("{}-{name}", region.code);
        let words = scope.filter(|_| !self.in_roster).map(|scope| match scope {
            Scope::Whole => format!("全{}", region.name.chars().last().unwrap()),
            Scope::Own => "本机关".to_owned(),
        });
        let member = |version: u64, values: &Values| Member {
            key: key.clone(),
            id: format!("{key}-{version}"),
            original: format!("{key}-{version}"),
            agency: Some(name.to_owned()),
            region: Some(region.clone()),
            year: Some(year()),
            published: None,
            submitted: Date::new(2025, 1, 10 + version as i8).ok(),
            verdict: Verdict::Pass,
            figures: Some(Figures::new(FORM, values.iter().copied())),
            scopes: words.iter().cloned().collect(),
            fingerprints: Vec::new(),
        };
        if self.random.is_one_in(10) {
            // It was corrected; last year's report is there too.
            let wrong: Values = values.iter().map(|_| Some(Decimal::ONE_HUNDRED)).collect();
            members.push(member(0, &wrong));
            members.push(Member { year: Year::new(2023), ..member(2, &wrong) });
        }
        members.push(member(1, values));
    }

    fn values(&mut self) -> Values {
        let is_amount = |id: &report::CellId| id.kind() == report::CellKind::Amount;
        let value = |id: &report::CellId| match self.random.below(40) {
            0 => None,
            1..=25 => Some(Decimal::ZERO),
            _ if is_amount(id) => Some(Decimal::new(self.random.below(1_000_000) as i64, 4)),
            _ => Some(Decimal::from(self.random.below(500))),
        };
        Form::get(FORM).cells().iter().map(value).collect()
    }
}

/// Whether figures of tables three and four, which begin at the tenth cell, are nowhere less.
fn dominates(values: &Values, below: &[(Decimal, u32, u32)]) -> bool {
    let known = || {
        values.iter().zip(below).skip(10).filter_map(|(own, (sum, given, _))| Some(((*own)?, *sum, *given)))
    };
    known().all(|(own, sum, given)| given == 0 || own >= sum) && known().any(|(_, sum, _)| !sum.is_zero())
}

impl Added {
    fn add_leaf(&mut self, fate: Fate, values: &Values) {
        match fate {
            Fate::Absent => self.gaps += 1,
            Fate::Own | Fate::Whole => self.contributors += 1,
        }
        for ((sum, contributors, lacking), value) in self.truth.iter_mut().zip(values) {
            match value.filter(|_| fate != Fate::Absent) {
                Some(value) => (*sum, *contributors) = (*sum + value, *contributors + 1),
                None => *lacking += 1,
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        self.contributors += other.contributors;
        self.gaps += other.gaps;
        for (own, other) in self.truth.iter_mut().zip(&other.truth) {
            *own = (own.0 + other.0, own.1 + other.1, own.2 + other.2);
        }
    }
}
