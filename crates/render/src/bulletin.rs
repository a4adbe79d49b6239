//! The notice of a region and a year (通报): what was received, late and missing, the verdicts, common problems, and
//! a ranking by the office's own weights.

use std::cmp::Reverse;

use report::{Date, Year};
use rules::Weights;

use crate::letter::block::{Block, Column, Grid};
use crate::letter::contact;
use crate::text::{clean, day, title_lines};
use crate::{Addresser, Letter};

/// Everything that a notice says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulletin {
    /// The name of the region.
    pub region: String,
    /// The year of the reports.
    pub year: Year,
    /// The counts of the year.
    pub totals: Totals,
    /// The counts of the year before; none where nothing is known of it.
    pub last_year: Option<Totals>,
    /// The reports after their deadlines.
    pub late: Vec<LateReport>,
    /// The agencies that have not reported, with their deadlines.
    pub missing: Vec<(String, Option<Date>)>,
    /// The agencies that need not report, with the reason where one is known.
    pub exempt: Vec<(String, Option<String>)>,
    /// The problems of more than one agency, the most frequent first.
    pub problems: Vec<CommonProblem>,
    /// What each agency of the roster achieved.
    pub standings: Vec<Standing>,
    /// The weights of the ranking.
    pub weights: Weights,
}

/// The counts of a year.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Agencies that have to report.
    pub expected: usize,
    /// Those that have, in time.
    pub in_time: usize,
    /// Those that have, late.
    pub late: usize,
    /// Those that have not.
    pub missing: usize,
    /// Reports that passed, have warnings, and have errors.
    pub verdicts: [usize; 3],
}

/// A report after its deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateReport {
    /// The agency.
    pub agency: String,
    /// The first day on which a report of it was there.
    pub day: Date,
    /// Its deadline.
    pub due: Date,
}

/// A problem that several agencies have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommonProblem {
    /// What is wrong, in a few words.
    pub name: String,
    /// How many agencies have it; each counts once.
    pub agencies: usize,
    /// How many had it the year before; none where nothing is known of it.
    pub last_year: Option<usize>,
}

/// What an agency achieved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The agency.
    pub agency: String,
    /// Whether there is a report.
    pub has_reported: bool,
    /// Whether it came after the deadline.
    pub is_late: bool,
    /// Problems that have to be corrected.
    pub errors: usize,
    /// Matters to be verified.
    pub warnings: usize,
    /// Whether it was corrected and sent again, and has no errors now.
    pub is_corrected: bool,
}

/// An agency in the ranking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranked<'a> {
    /// Its place; agencies with the same points share one.
    pub place: usize,
    /// Its points, 0 to 100.
    pub points: u64,
    /// What it achieved.
    pub standing: &'a Standing,
}

impl Standing {
    /// The points by these weights: 0 without a report.
    pub fn points(&self, weights: Weights) -> u64 {
        if !self.has_reported {
            return 0;
        }
        let each = |count: usize, points: u32| (count as u64).saturating_mul(points.into());
        let gained = each(self.is_corrected.into(), weights.corrected);
        let lost = each(self.is_late.into(), weights.late)
            .saturating_add(each(self.errors, weights.error))
            .saturating_add(each(self.warnings, weights.warning));
        (FULL + gained).saturating_sub(lost).min(FULL)
    }
}

/// The points of a report in order and in time.
const FULL: u64 = 100;

impl Bulletin {
    /// The agencies by their points, then in the order of the roster.
    pub fn ranking(&self) -> Vec<Ranked<'_>> {
        let mut ranked: Vec<(u64, &Standing)> =
            self.standings.iter().map(|standing| (standing.points(self.weights), standing)).collect();
        ranked.sort_by_key(|(points, standing)| (!standing.has_reported, Reverse(*points)));
        let mut places: Vec<Ranked> = Vec::with_capacity(ranked.len());
        for (index, (points, standing)) in ranked.into_iter().enumerate() {
            let place = match places.last() {
                Some(last)
                    if last.points == points && last.standing.has_reported == standing.has_reported =>
                {
                    last.place
                }
                _ => index + 1,
            };
            places.push(Ranked { place, points, standing });
        }
        places
    }
}

/// Writes the notice.
pub fn bulletin(bulletin: &Bulletin, office: &Addresser, date: Option<Date>) -> Letter {
    let Bulletin { region, year, .. } = bulletin;
    let title = format!("关于{}{year}年政府信息公开工作年度报告报送和校核情况的通报", clean(region));
    let mut blocks: Vec<Block> = office.number_line().into_iter().collect();
    blocks.extend([
        Block::Title(title_lines(&title)),
        Block::Addressee("各有关单位：".to_owned()),
        Block::Paragraph(format!(
            "根据《中华人民共和国政府信息公开条例》第四十九条、第五十条，对{}各行政机关{year}年政府信息公开工作\
             年度报告的报送情况和报告质量进行了核对。截至{}，有关情况通报如下：",
            clean(region),
            day(date)
        )),
    ]);
    let parts = [attendance(bulletin), verdicts(bulletin), problems(bulletin), ranking(bulletin)];
    let numbers = ["一", "二", "三", "四", "五"];
    let demands = demands(bulletin, office);
    for (number, (heading, content)) in numbers.into_iter().zip(parts.into_iter().chain([demands])) {
        blocks.push(Block::Heading(format!("{number}、{heading}")));
        blocks.extend(content);
    }
    blocks.extend([office.signature(date), Block::Contact(contact(office))]);
    Letter::new(title, blocks)
}

fn attendance(bulletin: &Bulletin) -> (&'static str, Vec<Block>) {
    let Totals { expected, in_time, late, missing, .. } = bulletin.totals;
    let received = in_time + late;
    let mut blocks = vec![Block::Paragraph(format!(
        "应报送{expected}个机关，已报送{received}个，其中按时报送{in_time}个、迟报{late}个；未报送{missing}个。{}",
        compared(bulletin)
    ))];
    if !bulletin.late.is_empty() {
        blocks.push(Block::Paragraph("迟报的机关：".to_owned()));
        let rows = bulletin
            .late
            .iter()
            .map(|late| vec![late.agency.clone(), day(Some(late.due)), day(Some(late.day))]);
        blocks.push(grid(&[AGENCY, DUE, REPORTED], rows));
    }
    if !bulletin.missing.is_empty() {
        blocks.push(Block::Paragraph("未报送的机关：".to_owned()));
        let rows = bulletin.missing.iter().map(|(agency, due)| {
            vec![agency.clone(), due.map_or_else(|| "—".to_owned(), |due| day(Some(due)))]
        });
        blocks.push(grid(&[AGENCY, DUE], rows));
    }
    if !bulletin.exempt.is_empty() {
        let named = bulletin.exempt.iter().map(|(agency, note)| match note {
            Some(note) => format!("{}（{}）", clean(agency), clean(note)),
            None => clean(agency),
        });
        let named = named.collect::<Vec<_>>().join("、");
        blocks.push(Block::Paragraph(format!("免予报送{}个机关：{named}。", bulletin.exempt.len())));
    }
    ("报送情况", blocks)
}

/// The counts beside those of the year before.
fn compared(bulletin: &Bulletin) -> String {
    let Some(before) = bulletin.last_year else { return String::new() };
    let now = bulletin.totals;
    let counts = [
        ("按时报送", now.in_time, before.in_time),
        ("迟报", now.late, before.late),
        ("未报送", now.missing, before.missing),
    ];
    let counts = counts.map(|(name, now, before)| format!("{name}{}", difference(now, before)));
    format!("与上年相比，{}。", counts.join("，"))
}

fn difference(now: usize, before: usize) -> String {
    match now.cmp(&before) {
        std::cmp::Ordering::Greater => format!("增加{}个", now - before),
        std::cmp::Ordering::Less => format!("减少{}个", before - now),
        std::cmp::Ordering::Equal => "持平".to_owned(),
    }
}

fn verdicts(bulletin: &Bulletin) -> (&'static str, Vec<Block>) {
    let [pass, warn, fail] = bulletin.totals.verdicts;
    let text =
        format!("已报送的报告中，未发现问题的{pass}份，有需要核实事项的{warn}份，有必须整改问题的{fail}份。");
    let mut blocks = vec![Block::Paragraph(text)];
    if let Some(before) = bulletin.last_year {
        let names = ["未发现问题", "有需要核实的事项", "有必须整改的问题"];
        let pairs = bulletin.totals.verdicts.into_iter().zip(before.verdicts);
        let rows = names.into_iter().zip(pairs).map(|(name, (now, before))| {
            let gap = i128::try_from(now).unwrap_or(0) - i128::try_from(before).unwrap_or(0);
            vec![name.to_owned(), now.to_string(), before.to_string(), format!("{gap:+}").replace("+0", "0")]
        });
        blocks.push(grid(&[VERDICT, THIS_YEAR, LAST_YEAR, CHANGE], rows));
    }
    ("校核结论", blocks)
}

fn problems(bulletin: &Bulletin) -> (&'static str, Vec<Block>) {
    if bulletin.problems.is_empty() {
        let none = "没有发现两个以上机关共有的问题。".to_owned();
        return ("共性问题", vec![Block::Paragraph(none)]);
    }
    let rows = bulletin.problems.iter().map(|problem| {
        let before = problem.last_year.map_or_else(|| "—".to_owned(), |count| count.to_string());
        vec![problem.name.clone(), problem.agencies.to_string(), before]
    });
    let text = "两个以上机关共有的问题如下，一个机关的同类问题只计一次：".to_owned();
    ("共性问题", vec![Block::Paragraph(text), grid(&[SUBJECT, AGENCIES, BEFORE], rows)])
}

fn ranking(bulletin: &Bulletin) -> (&'static str, Vec<Block>) {
    let rows = bulletin.ranking().into_iter().map(|ranked| {
        let Ranked { place, points, standing } = ranked;
        let attendance = match (standing.has_reported, standing.is_late) {
            (false, _) => "未报送",
            (true, true) => "迟报",
            (true, false) => "按时",
        };
        let problems = match standing.has_reported {
            true => format!("{}／{}", standing.errors, standing.warnings),
            false => "—".to_owned(),
        };
        vec![place.to_string(), standing.agency.clone(), points.to_string(), attendance.to_owned(), problems]
    });
    let table = grid(&[PLACE, AGENCY, POINTS, ATTENDANCE, PROBLEMS], rows);
    ("评分排名", vec![Block::Paragraph(formula(bulletin.weights)), table])
}

/// How the points come about, so that everybody can calculate them again.
fn formula(weights: Weights) -> String {
    let Weights { late, error, warning, corrected } = weights;
    format!(
        "得分＝100－迟报{late}分－必须整改的问题每项{error}分－需要核实的事项每项{warning}分＋更正后重新报送且已无\
         必须整改的问题{corrected}分；最高100分，最低0分，未报送的计0分并排在最后。得分相同的并列。\
         同一处差错引起的多项不符只计一项。"
    )
}

fn demands(bulletin: &Bulletin, office: &Addresser) -> (&'static str, Vec<Block>) {
    let deadline = day(office.deadline);
    let mut demands = Vec::new();
    if bulletin.totals.missing > 0 {
        demands.push(format!("未报送的机关应于{deadline}前报送并向社会公布"));
    }
    if bulletin.totals.verdicts.iter().skip(1).any(|count| *count > 0) {
        demands.push(format!("有问题的机关应于{deadline}前按照整改意见逐项更正、核实，并重新报送"));
    }
    let text = match demands.is_empty() {
        true => "请各单位继续做好政府信息公开工作年度报告的编制、报送和公布工作。".to_owned(),
        false => format!("{}。", demands.join("；")),
    };
    ("工作要求", vec![Block::Paragraph(text)])
}

fn grid(columns: &[Column], rows: impl Iterator<Item = Vec<String>>) -> Block {
    Block::Grid(Grid { columns: columns.to_vec(), rows: rows.collect() })
}

const AGENCY: Column = Column { head: "机关", class: "agency", share: 41, is_figure: false };
const DUE: Column = Column { head: "截止日期", class: "day", share: 20, is_figure: false };
const REPORTED: Column = Column { head: "报送日期", class: "day", share: 20, is_figure: false };
const VERDICT: Column = Column { head: "校核结论", class: "agency", share: 41, is_figure: false };
const THIS_YEAR: Column = Column { head: "本年（份）", class: "count", share: 14, is_figure: true };
const LAST_YEAR: Column = Column { head: "上年（份）", class: "count", share: 14, is_figure: true };
const CHANGE: Column = Column { head: "增减", class: "count", share: 14, is_figure: true };
const SUBJECT: Column = Column { head: "问题", class: "subject", share: 50, is_figure: false };
const AGENCIES: Column = Column { head: "机关数", class: "count", share: 14, is_figure: true };
const BEFORE: Column = Column { head: "上年", class: "count", share: 14, is_figure: true };
const PLACE: Column = Column { head: "名次", class: "rank", share: 9, is_figure: true };
const POINTS: Column = Column { head: "得分", class: "rank", share: 9, is_figure: true };
const ATTENDANCE: Column = Column { head: "报送", class: "count", share: 14, is_figure: false };
const PROBLEMS: Column = Column { head: "整改／核实", class: "count", share: 14, is_figure: true };
