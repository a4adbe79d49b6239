//! Forty judged questions: what somebody looks for stands first among the hits.

use report::{Cells, FormId, Report, Year};
use search::{Entry, Index, Query, Reader};
use tests::generate::{Layout, Options, generate};

use super::*;

const REPORTS: usize = 240;
/// So many of the forty at least have a right one as their first hit.
const FIRST: usize = 36;

/// A report as it was generated, with two sentences that name other agencies: they are found by those names too, but
/// not first.
struct Judged {
    agency: String,
    year: u16,
    text: String,
}

/// What is typed, and which reports should come first.
struct Question {
    typed: String,
    is_answer: Box<dyn Fn(&Judged) -> bool>,
}

fn judged() -> Vec<Judged> {
    let options = Options { layouts: vec![Layout::Tabs], ..Options::default() };
    let made: Vec<_> = (0..REPORTS as u64).map(|number| generate(SEED, number, &options)).collect();
    let agency = |number: usize| made[number % REPORTS].truth.agency.clone();
    let text = |number: usize| {
        // Some are in GB18030.
        let own = String::from_utf8(made[number].bytes.clone())
            .unwrap_or_else(|error| encoding_rs::GB18030.decode(error.as_bytes()).0.into_owned());
        let (one, other) = (agency(number + 1), agency(number + 7));
        format!("{own}\n与{one}联合举办培训，并向{other}学习政策解读的做法。\n")
    };
    let judged =
        |number: usize| Judged { agency: agency(number), year: made[number].truth.year, text: text(number) };
    (0..REPORTS).map(judged).collect()
}

fn index_of(reports: &[Judged], folder: &std::path::Path) -> Reader {
    let index = Index::open(folder).unwrap();
    let mut writer = index.writer().unwrap();
    let entries = reports.iter().enumerate().map(|(number, judged)| {
        let report = Report {
            title: judged.text.lines().map(|line| line.trim().to_owned()).find(|line| !line.is_empty()),
            agency: Some(judged.agency.clone()),
            year: Year::new(judged.year.into()),
            form: Some(FormId::F2021),
            cells: Cells::missing(FormId::F2021),
            ..Report::default()
        };
        let submitted = ReportSubmitted { id: format!("{number:032x}-g0"), ..Default::default() };
        let fact = ReportValidated {
            submitted: Some(submitted),
            report: Some(v1::Report::from(&report)),
            verdict: v1::Verdict::Pass.into(),
            ..Default::default()
        };
        Entry::of(&fact, judged.text.clone()).unwrap()
    });
    writer.apply(entries.collect()).unwrap();
    writer.commit("1").unwrap();
    index.reader().unwrap()
}

/// The agency of every so many reports: with its year, by its name alone, and with one character wrong.
fn about_agencies(reports: &[Judged]) -> Vec<Question> {
    let step = |first: usize, step: usize| reports.iter().skip(first).step_by(step);
    let with_year = step(0, REPORTS / 12).map(|judged| {
        let (agency, year) = (judged.agency.clone(), judged.year);
        let is_answer = move |one: &Judged| one.agency == agency && one.year == year;
        Question { typed: format!("{} {year}", judged.agency), is_answer: Box::new(is_answer) }
    });
    let by_agency = |typed: String, agency: String| Question {
        typed,
        is_answer: Box::new(move |one: &Judged| one.agency == agency),
    };
    let alone = step(5, REPORTS / 8).map(|judged| by_agency(judged.agency.clone(), judged.agency.clone()));
    let wrong = step(9, REPORTS / 8).map(|judged| {
        let mut characters: Vec<char> = judged.agency.chars().collect();
        let middle = characters.len() / 2;
        characters[middle] = '龘';
        by_agency(characters.into_iter().collect(), judged.agency.clone())
    });
    with_year.chain(alone).chain(wrong).collect()
}

/// A subject: one of the three reports that speak of it most should come first.
fn about_subjects(reports: &[Judged]) -> Vec<Question> {
    let subjects = [
        "行政复议",
        "政务新媒体",
        "政策解读",
        "不予公开",
        "行政诉讼",
        "培训",
        "第三方",
        "规范性文件",
        "个人隐私",
        "学习 政策解读",
        "个人隐私 行政复议",
        "培训 政务新媒体",
    ];
    let question = |typed: &'static str| {
        let times = move |judged: &Judged| {
            let parts = typed.split(' ').map(|part| judged.text.matches(part).count());
            parts.min().unwrap_or_default()
        };
        let mut counts: Vec<usize> = reports.iter().map(times).collect();
        counts.sort_unstable_by(|one, other| other.cmp(one));
        let enough = counts[2];
        assert!(enough > 0, "{typed}");
        let is_answer = move |judged: &Judged| times(judged) >= enough;
        Question { typed: typed.to_owned(), is_answer: Box::new(is_answer) }
    };
    subjects.map(question).into()
}

#[test]
fn what_is_looked_for_comes_first() {
    let reports = judged();
    let folder = tempfile::tempdir().unwrap();
    let reader = index_of(&reports, folder.path());
    let questions: Vec<Question> =
        about_agencies(&reports).into_iter().chain(about_subjects(&reports)).collect();
    assert_eq!(questions.len(), 40);
    let missed: Vec<String> = questions
        .iter()
        .filter_map(|Question { typed, is_answer }| {
            let page = reader.search(&Query { text: typed.clone(), limit: 1, ..Query::default() }).unwrap();
            let first =
                page.hits.first().and_then(|hit| usize::from_str_radix(hit.card.id.get(..32)?, 16).ok());
            let is_right = first.is_some_and(|number| is_answer(&reports[number]));
            (!is_right).then(|| format!("{typed}: {} hits", page.total))
        })
        .collect();
    assert!(questions.len() - missed.len() >= FIRST, "{missed:#?}");
}
