//! The words around the tables, with claims that agree with them.

mod facts;

use std::collections::BTreeSet;

use super::agency::Agency;
use super::figures::Figures;
use super::random::Random;
use super::sentences::{DUTIES, MANAGEMENT, OPENING, OVERVIEW, PLATFORM, PROBLEMS, PUBLISHING, SUPERVISION};

/// A piece of the report, in reading order.
#[derive(Debug, Clone)]
pub(super) enum Block {
    Title(String),
    Heading(String),
    Paragraph(String),
    /// One of the three tables, from 0.
    Table(usize),
}

/// What the narrative says wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slip {
    /// Added to what it says of something.
    Says(&'static str, i64),
    /// That nothing was received.
    NothingReceived,
    /// That everything was answered, and nothing of what was carried over.
    AllConcluded,
    /// Nothing of a theme of the overview.
    Silent(&'static str),
    /// What was said the year before, but for the facts.
    Copied,
}

/// Who speaks, of which year and which figures.
pub(super) struct Speaker<'a> {
    pub(super) seed: u64,
    pub(super) agency: &'a Agency,
    pub(super) year: u16,
    pub(super) figures: &'a Figures,
    /// Those of the year before, where there was a form.
    pub(super) last: Option<&'a Figures>,
    pub(super) slip: Option<Slip>,
    /// What it has said exact numbers of.
    pub(super) said: BTreeSet<&'static str>,
    random: Random,
}

impl<'a> Speaker<'a> {
    pub(super) fn new(
        seed: u64,
        (agency, year): (&'a Agency, u16),
        (figures, last): (&'a Figures, Option<&'a Figures>),
        slip: Option<Slip>,
    ) -> Self {
        let random = Random::of(&[]);
        Self { seed, agency, year, figures, last, slip, said: BTreeSet::new(), random }
    }

    /// The whole report; `published` is the day in its signature.
    pub(super) fn blocks(&mut self, published: Option<&str>) -> Vec<Block> {
        self.part(1);
        let mut blocks = self.title();
        if self.random.chance(80) {
            let opening = *self.random.pick(OPENING);
            blocks.push(Block::Paragraph(self.fill(opening)));
        }
        blocks.push(Block::Heading("一、总体情况".into()));
        self.part(2);
        blocks.extend(self.overview().into_iter().map(Block::Paragraph));
        blocks.push(Block::Heading("二、主动公开政府信息情况".into()));
        blocks.push(Block::Table(0));
        blocks.push(Block::Heading("三、收到和处理政府信息公开申请情况".into()));
        blocks.push(Block::Table(1));
        blocks.push(Block::Heading("四、政府信息公开行政复议、行政诉讼情况".into()));
        blocks.push(Block::Table(2));
        self.part(3);
        let fifth = *self.random.pick(&[
            "五、存在的主要问题及改进情况",
            "五、存在的主要问题及改进情况",
            "五、政府信息公开工作存在的主要问题及改进情况",
        ]);
        blocks.push(Block::Heading(fifth.into()));
        blocks.extend(self.problems().into_iter().map(Block::Paragraph));
        blocks.push(Block::Heading("六、其他需要报告的事项".into()));
        self.part(4);
        blocks.extend(self.other().into_iter().map(Block::Paragraph));
        if let Some(day) = published {
            blocks.push(Block::Paragraph(self.agency.name.clone()));
            blocks.push(Block::Paragraph(day.to_owned()));
        }
        blocks
    }

    /// Begins a part, which has its own choice of words.
    fn part(&mut self, part: u64) {
        self.random = Random::of(&[self.seed, self.agency.number, u64::from(self.words_of()), part, 2]);
    }

    /// The year whose words are used.
    fn words_of(&self) -> u16 {
        self.year - u16::from(self.slip == Some(Slip::Copied))
    }

    fn title(&mut self) -> Vec<Block> {
        let Self { agency, year, .. } = self;
        let name = &agency.name;
        let title = match self.random.between(1, 10) {
            1 => format!("{name}关于{year}年度政府信息公开工作的报告"),
            2 | 3 => format!("{name}{year}年度政府信息公开工作年度报告"),
            4 => {
                let first = Block::Title(format!("{name}{year}年"));
                return vec![first, Block::Paragraph("政府信息公开工作年度报告".into())];
            }
            _ => format!("{name}{year}年政府信息公开工作年度报告"),
        };
        vec![Block::Title(title)]
    }

    fn overview(&mut self) -> Vec<String> {
        let mut paragraphs = vec![self.sentences(OVERVIEW, 1, 2)];
        let style = self.random.between(1, 4);
        let mut themes = vec![
            ("主动公开", self.sentences(PUBLISHING, 2, 3)),
            ("依申请公开", String::new()),
            ("政府信息管理", self.sentences(MANAGEMENT, 2, 3)),
            ("政府信息公开平台建设", self.sentences(PLATFORM, 2, 3)),
            ("监督保障", self.sentences(SUPERVISION, 2, 3)),
        ];
        let published = self.published();
        themes[0].1 = published + &themes[0].1 + &self.decisions();
        themes[1].1 = self.applications() + &self.disputes();
        themes[2].1 += &self.documents();
        themes.retain(|(name, _)| self.slip != Some(Slip::Silent(name)));
        for ((name, text), ordinal) in themes.into_iter().zip(["一", "二", "三", "四", "五"]) {
            match style {
                1 => paragraphs.push(format!("（{ordinal}）{name}。{text}")),
                2 => paragraphs.extend([format!("（{ordinal}）{name}情况"), text]),
                3 => paragraphs.extend([name.to_owned(), text]),
                _ => paragraphs.push(format!("{ordinal}是{name}方面。{text}")),
            }
        }
        paragraphs
    }

    fn problems(&mut self) -> Vec<String> {
        let count = self.random.between(2, 3) as usize;
        let chosen = self.turn(PROBLEMS, count);
        let list = |items: Vec<&str>| -> String {
            let ordinals = ["一是", "二是", "三是"];
            items
                .iter()
                .zip(ordinals)
                .map(|(item, ordinal)| format!("{ordinal}{item}"))
                .collect::<Vec<_>>()
                .join("；")
        };
        let problems = list(chosen.iter().map(|(problem, _)| *problem).collect());
        let measures = list(chosen.iter().map(|(_, measure)| *measure).collect());
        let we = self.agency.we;
        let next = self.year + 1;
        let first = *self.random.pick(&[
            "从全年情况看，公开工作还存在一些不足",
            "对照群众期待，工作中仍有差距",
            "主要问题有以下几个方面",
        ]);
        let then = *self.random.pick(&["下一步", "针对上述问题", "在今后的工作中"]);
        match self.random.chance(50) {
            true => vec![
                "（一）存在的主要问题".to_owned(),
                format!("{first}：{problems}。"),
                "（二）改进情况".to_owned(),
                format!("{next}年，{we}将重点抓好以下工作：{measures}。"),
            ],
            false => {
                vec![format!("{first}：{problems}。"), format!("{then}，{we}将采取以下措施：{measures}。")]
            }
        }
    }

    fn other(&mut self) -> Vec<String> {
        if self.year < 2021 {
            return vec![self.sentences(DUTIES, 1, 2)];
        }
        let (we, year) = (self.agency.we, self.year);
        let fee = match self.random.between(1, 5) {
            1 => format!("{year}年，{we}未收取政府信息公开信息处理费。"),
            2 => format!("按照《政府信息公开信息处理费管理办法》，{we}本年度没有收取信息处理费。"),
            3 => "依据《政府信息公开信息处理费管理办法》收取信息处理费的情况：本年度收取信息处理费0元。"
                .to_owned(),
            4 => format!("本年度{we}无收取信息处理费的情况。"),
            _ => format!("{we}{year}年度没有产生信息处理费。"),
        };
        vec![fee, self.sentences(DUTIES, 1, 3)]
    }

    /// From `low` to `high` of these sentences.
    fn sentences(&mut self, from: &[&str], low: i64, high: i64) -> String {
        let count = self.random.between(low, high) as usize;
        self.turn(from, count).into_iter().map(|sentence| self.fill(sentence)).collect()
    }

    /// Up to three of these, other ones than the year before: the agency goes round in its own order. Seven
    /// or more, and a prime number of them, are needed for that.
    fn turn<'b, T>(&self, from: &'b [T], count: usize) -> Vec<&'b T> {
        let drawn = Random::of(&[self.agency.number, from.len() as u64, 21]).between(0, 1 << 20) as usize;
        let stride = 1 + drawn % (from.len() - 1).max(1);
        let first = drawn + usize::from(self.words_of()) * 3;
        (first..first + count).map(|turn| &from[turn * stride % from.len()]).collect()
    }

    /// The sentence with its blanks filled.
    fn fill(&mut self, sentence: &str) -> String {
        let mut pieces = sentence.split('{');
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (blank, rest) = piece.split_once('}').expect("every blank of our sentences is closed");
            text += &match blank {
                "we" => self.agency.we.to_owned(),
                "agency" => self.agency.name.clone(),
                "year" => self.year.to_string(),
                "last" => (self.year - 1).to_string(),
                "next" => (self.year + 1).to_string(),
                "notice" if self.year < 2021 => "国办公开办函〔2019〕60号".to_owned(),
                "notice" => "国办公开办函〔2021〕30号".to_owned(),
                range => {
                    let (low, high) = range.split_once('-').expect("any other blank is a range");
                    let bound = |bound: &str| bound.parse().expect("a range has two numbers");
                    self.random.between(bound(low), bound(high)).to_string()
                }
            };
            text += rest;
        }
        text
    }
}
