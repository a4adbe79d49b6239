//! The words around the tables, with claims that agree with them.

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

/// What the narrative is told to say wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Slips {
    /// Added to the number of applications it says were received.
    pub(super) received: i64,
    /// Taken from the whole whose parts it lists.
    pub(super) whole: i64,
}

/// Who speaks, of which year and which figures.
pub(super) struct Speaker<'a> {
    pub(super) agency: &'a Agency,
    pub(super) year: u16,
    pub(super) figures: &'a Figures,
    pub(super) slips: Slips,
    pub(super) random: Random,
}

/// The whole report; `published` is the day in its signature.
pub(super) fn blocks(speaker: &mut Speaker<'_>, published: Option<&str>) -> Vec<Block> {
    let mut blocks = speaker.title();
    if speaker.random.chance(80) {
        let opening = *speaker.random.pick(OPENING);
        blocks.push(Block::Paragraph(speaker.fill(opening)));
    }
    blocks.push(Block::Heading("一、总体情况".into()));
    blocks.extend(speaker.overview().into_iter().map(Block::Paragraph));
    blocks.push(Block::Heading("二、主动公开政府信息情况".into()));
    blocks.push(Block::Table(0));
    blocks.push(Block::Heading("三、收到和处理政府信息公开申请情况".into()));
    blocks.push(Block::Table(1));
    blocks.push(Block::Heading("四、政府信息公开行政复议、行政诉讼情况".into()));
    blocks.push(Block::Table(2));
    let fifth = *speaker.random.pick(&[
        "五、存在的主要问题及改进情况",
        "五、存在的主要问题及改进情况",
        "五、政府信息公开工作存在的主要问题及改进情况",
    ]);
    blocks.push(Block::Heading(fifth.into()));
    blocks.extend(speaker.problems().into_iter().map(Block::Paragraph));
    blocks.push(Block::Heading("六、其他需要报告的事项".into()));
    blocks.extend(speaker.other().into_iter().map(Block::Paragraph));
    if let Some(day) = published {
        blocks.push(Block::Paragraph(speaker.agency.name.clone()));
        blocks.push(Block::Paragraph(day.to_owned()));
    }
    blocks
}

impl Speaker<'_> {
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
        let published = self.published();
        let licences = self.licences();
        let themes = [
            ("主动公开", published + &self.sentences(PUBLISHING, 2, 3) + &licences),
            ("依申请公开", self.applications()),
            ("政府信息管理", self.sentences(MANAGEMENT, 2, 3)),
            ("政府信息公开平台建设", self.sentences(PLATFORM, 2, 3)),
            ("监督保障", self.sentences(SUPERVISION, 2, 3)),
        ];
        let style = self.random.between(1, 4);
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

    /// A whole and all of its parts.
    fn published(&mut self) -> String {
        let kinds = ["工作动态", "政策文件", "通知公告", "财政资金信息", "办事指南", "人事信息", "其他信息"];
        let count = self.random.between(3, 5) as usize;
        let parts: Vec<(&str, i64)> = self
            .random
            .some(&kinds, count)
            .into_iter()
            .copied()
            .collect::<Vec<_>>()
            .into_iter()
            .map(|kind| (kind, self.random.between(3, 240)))
            .collect();
        let whole = parts.iter().map(|(_, count)| count).sum::<i64>() - self.slips.whole;
        let parts: Vec<String> = parts.iter().map(|(kind, count)| format!("{kind}{count}条")).collect();
        format!("全年主动公开政府信息{whole}条，其中{}。", parts.join("、"))
    }

    fn licences(&mut self) -> String {
        match self.figures.get("active.licensing.decisions") {
            0 => String::new(),
            count => format!("全年作出行政许可决定{count}件，结果均已公示。"),
        }
    }

    /// What table three says, in words.
    fn applications(&mut self) -> String {
        let total = |row: &str| self.figures.get(&format!("requests.{row}.total"));
        let (carried_in, concluded, carried_out) =
            (total("carried_in"), total("concluded"), total("carried_out"));
        let received = total("received") + self.slips.received;
        let year = self.year;
        let mut text = if received == 0 && carried_in == 0 {
            let none = ["未收到政府信息公开申请。", "没有收到公民、法人和其他组织提出的政府信息公开申请。"];
            format!("{year}年，{}{}", self.agency.we, self.random.pick(&none))
        } else {
            let mut text = match received {
                0 => format!("{year}年，{}未收到新的政府信息公开申请", self.agency.we),
                _ => format!("{year}年，{}收到政府信息公开申请{received}件", self.agency.we),
            };
            if carried_in > 0 {
                text += &format!("，上年结转{carried_in}件");
            }
            text += &format!("。全年办结{concluded}件");
            if concluded > 0 && self.random.chance(60) {
                text += &format!("，其中{}", self.outcomes().join("、"));
            }
            match carried_out {
                0 => text + "，均在法定期限内答复。",
                _ => text + &format!("；结转下年度继续办理{carried_out}件。"),
            }
        };
        let review = self.figures.get("review.total");
        let litigation =
            self.figures.get("direct_litigation.total") + self.figures.get("litigation_after_review.total");
        text += &match (review, litigation) {
            (0, 0) => "全年未发生因政府信息公开引起的行政复议和行政诉讼。".to_owned(),
            (review, 0) => format!("因政府信息公开引起的行政复议{review}件，没有行政诉讼。"),
            (0, litigation) => format!("因政府信息公开引起的行政诉讼{litigation}件，没有行政复议。"),
            _ => format!("因政府信息公开引起的行政复议{review}件、行政诉讼{litigation}件。"),
        };
        text
    }

    fn outcomes(&self) -> Vec<String> {
        let figures = self.figures;
        let other = figures.group("other");
        [
            ("予以公开", figures.get("requests.granted.total")),
            ("部分公开", figures.get("requests.partial.total")),
            ("不予公开", figures.group("refused")),
            ("无法提供", figures.group("unavailable")),
            ("不予处理", figures.group("unprocessed")),
            ("其他处理", other),
        ]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{name}{count}件"))
        .collect()
    }

    fn problems(&mut self) -> Vec<String> {
        let count = self.random.between(2, 3) as usize;
        let chosen = self.random.some(PROBLEMS, count);
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
        let fee = match self.random.between(1, 3) {
            1 => format!("{year}年，{we}未收取政府信息公开信息处理费。"),
            2 => format!("按照《政府信息公开信息处理费管理办法》，{we}本年度没有收取信息处理费。"),
            _ => format!("{we}{year}年度没有产生信息处理费。"),
        };
        vec![fee, self.sentences(DUTIES, 1, 3)]
    }

    /// From `low` to `high` of these sentences.
    fn sentences(&mut self, from: &[&str], low: i64, high: i64) -> String {
        let count = self.random.between(low, high) as usize;
        let chosen: Vec<&str> = self.random.some(from, count).into_iter().copied().collect();
        chosen.into_iter().map(|sentence| self.fill(sentence)).collect()
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
                "next" => (self.year + 1).to_string(),
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
