//! The sentences that state figures, each in several ways that people have of saying it.

use super::{Slip, Speaker};
use crate::generate::numeral::{chinese, hundredths, percent};

impl Speaker<'_> {
    /// A number, and that something was said of it.
    fn says(&mut self, about: &'static str, value: i64) -> i64 {
        self.said.insert(about);
        match self.slip {
            Some(Slip::Says(wrong, by)) if wrong == about => value + by,
            _ => value,
        }
    }

    /// A number as it is written: sometimes in Chinese numerals, and large round ones in 万.
    fn count(&mut self, about: &'static str, value: i64) -> String {
        let value = self.says(about, value);
        match value {
            1..=12 if self.random.chance(12) => chinese(value),
            10_000.. if value % 100 == 0 => format!("{}万", hundredths(value / 100)),
            _ => value.to_string(),
        }
    }

    /// A share in percent of what was stated, to the decimals that the author likes.
    fn share(&mut self, part: i64, whole: i64) -> String {
        let decimals = [0, 1, 2][self.random.weighted(&[10, 45, 45])];
        let share = percent(part, whole, decimals);
        hundredths(self.says("share", share / 100) * 100 + share % 100)
    }

    /// A whole and its parts, which are all of them.
    pub(super) fn published(&mut self) -> String {
        let kinds = ["工作动态", "政策文件", "通知公告", "财政资金信息", "办事指南", "人事信息", "其他信息"];
        let count = self.random.between(3, 5) as usize;
        let kinds: Vec<&str> = self.random.some(&kinds, count).into_iter().copied().collect();
        let parts: Vec<(&str, i64)> =
            kinds.into_iter().map(|kind| (kind, self.random.between(3, 240))).collect();
        let whole: i64 = parts.iter().map(|(_, count)| count).sum();
        let list: Vec<String> = parts.iter().map(|(kind, count)| format!("{kind}{count}条")).collect();
        let list = list.join("、");
        let style = self.random.between(1, 4);
        if style == 1 {
            let (kind, part) = parts[0];
            let share = self.share(part, whole);
            return format!(
                "全年主动公开政府信息{whole}条，其中{kind}{part}条，占{share}%。上述信息中，{list}。"
            );
        }
        // Parts may be fewer than all, so that only too small a whole is wrong.
        let stated = 2 * whole - self.says("whole", whole);
        match style {
            2 => format!("全年通过门户网站主动公开政府信息{stated}条，包括{list}。"),
            _ => format!("全年主动公开政府信息{stated}条，其中{list}。"),
        }
    }

    /// What was licensed, punished and coerced.
    pub(super) fn decisions(&mut self) -> String {
        let of = |row: &str| self.figures.get(&format!("active.{row}.decisions"));
        let (licensing, penalty, coercion) = (of("licensing"), of("penalty"), of("coercion"));
        let mut text = String::new();
        if licensing >= 10_000 && self.random.chance(30) {
            text += &format!("全年作出行政许可决定{}万余件。", hundredths(licensing / 1_000 * 10));
        } else if licensing > 0 {
            let count = self.count("licensing", licensing);
            text += &match self.random.between(1, 3) {
                1 => format!("全年办理行政许可{count}件。"),
                2 => format!("本年度作出行政许可决定{count}件，按期办结率继续保持在较高水平。"),
                _ => format!("全年作出行政许可决定{count}件，结果均已公示。"),
            };
        }
        if penalty > 0 && self.random.chance(70) {
            let count = self.count("penalty", penalty);
            text += &match self.random.between(1, 2) {
                1 => format!("全年作出行政处罚决定{count}件"),
                _ => format!("依法实施行政处罚{count}件"),
            };
            if coercion > 0 {
                text += &format!("，实施行政强制{}件", self.count("coercion", coercion));
            }
            text += "。";
        }
        text
    }

    /// Normative documents made, repealed and in force.
    pub(super) fn documents(&mut self) -> String {
        let of = |column: &str| self.figures.get(&format!("active.normative_documents.{column}"));
        let made = if self.year < 2021 { of("made") } else { of("issued") };
        let (repealed, in_force) = (of("repealed"), of("in_force"));
        if self.random.chance(40) {
            return String::new();
        }
        let name = if self.year < 2021 { "规范性文件" } else { "行政规范性文件" };
        let mut text = match made {
            0 => {
                return if self.random.chance(30) {
                    format!("全年未制发{name}。")
                } else {
                    String::new()
                };
            }
            _ => format!("全年制发{name}{}件", self.count("issued", made)),
        };
        if repealed > 0 {
            text += &format!("，废止{}件", self.count("repealed", repealed));
        }
        if self.year >= 2021 && self.random.chance(70) {
            text += &format!("，现行有效{}件", self.count("in_force", in_force));
        }
        text + "。"
    }

    /// What table three says, in words.
    pub(super) fn applications(&mut self) -> String {
        let total = |row: &str| self.figures.get(&format!("requests.{row}.total"));
        let (received, carried_in, carried_out) =
            (total("received"), total("carried_in"), total("carried_out"));
        let (we, year) = (self.agency.we, self.year);
        if self.slip == Some(Slip::NothingReceived) || received == 0 && carried_in == 0 {
            return match self.random.between(1, 4) {
                1 => "全年未收到政府信息公开申请。".to_owned(),
                2 => format!("{year}年，{we}没有收到公民、法人和其他组织提出的政府信息公开申请。"),
                3 => format!("{year}年，{we}未收到政府信息公开申请，也没有上年结转的申请。"),
                _ => format!("{year}年，{we}未收到政府信息公开申请。"),
            };
        }
        if self.slip == Some(Slip::AllConcluded) {
            return format!("{year}年，{we}收到政府信息公开申请{received}件，全部办结。");
        }
        let mut text = self.intake(received, carried_in);
        text += &self.applicants(received);
        text += &self.conclusions(total("concluded"));
        text + &match carried_out {
            0 => "，均在法定期限内答复。".to_owned(),
            _ => {
                let count = self.count("carried_out", carried_out);
                match self.random.between(1, 3) {
                    1 => format!("。结转下年度继续办理{count}件。"),
                    2 => format!("；尚有{count}件结转下年度办理。"),
                    _ => format!("；结转下年度继续办理{count}件。"),
                }
            }
        }
    }

    /// What came in, and how that compares with the year before.
    fn intake(&mut self, received: i64, carried_in: i64) -> String {
        let (we, year) = (self.agency.we, self.year);
        if received == 0 {
            let count = self.count("carried_in", carried_in);
            return format!("{year}年，{we}未收到新的政府信息公开申请，上年结转{count}件。");
        }
        if carried_in > 0 && self.random.chance(35) {
            let both = self.count("to_handle", received + carried_in);
            let (new, old) = (self.count("received", received), self.count("carried_in", carried_in));
            return match self.random.between(1, 2) {
                1 => format!(
                    "{year}年，{we}共受理政府信息公开申请{both}件，其中本年新收{new}件、上年结转{old}件。"
                ),
                _ => format!("{year}年，{we}新收政府信息公开申请{new}件，上年结转{old}件，合计{both}件。"),
            };
        }
        let count = self.count("received", received);
        let mut text = match self.random.between(1, 4) {
            1 => format!("全年共收到政府信息公开申请{count}件"),
            2 => format!("{year}年，{we}新收政府信息公开申请{count}件"),
            3 => format!("{we}本年度收到公民、法人和其他组织提出的政府信息公开申请{count}件"),
            _ => format!("{year}年，{we}收到政府信息公开申请{count}件"),
        };
        if self.random.chance(45) {
            text += &self.compared(received);
        }
        if carried_in > 0 {
            text += &format!("，上年结转{}件", self.count("carried_in", carried_in));
        }
        text + "。"
    }

    /// How what was received compares with the year before.
    fn compared(&mut self, received: i64) -> String {
        let Some(before) = self.last.map(|last| last.get("requests.received.total")) else {
            return String::new();
        };
        let change = (received - before).abs();
        let more = received > before;
        if change == 0 {
            return "，与上年持平".to_owned();
        }
        if before > 0 && self.random.chance(50) {
            let decimals = self.random.between(1, 2) as u32;
            let share = percent(change, before, decimals);
            let share = hundredths(self.says("compared", share / 100) * 100 + share % 100);
            return format!("，同比{}{share}%", if more { "增长" } else { "下降" });
        }
        let count = self.count("compared", change);
        let than = *self.random.pick(&["较上年", "比上年", "较去年"]);
        format!("，{than}{}{count}件", if more { "增加" } else { "减少" })
    }

    /// Who applied.
    fn applicants(&mut self, received: i64) -> String {
        let person = self.figures.get("requests.received.natural_person");
        let others = received - person;
        if received < 5 || others == 0 || self.random.chance(60) {
            return String::new();
        }
        let (of_persons, of_others) = (self.share(person, received), self.share(others, received));
        format!("从申请人看，自然人{person}件，占{of_persons}%；法人或其他组织{others}件，占{of_others}%。")
    }

    fn conclusions(&mut self, concluded: i64) -> String {
        let count = self.count("concluded", concluded);
        let done = *self.random.pick(&["全年办结", "本年度办结", "全年共答复"]);
        let mut text = format!("{done}{count}件");
        if concluded == 0 || self.random.chance(40) {
            return text;
        }
        let style = self.random.between(1, 3);
        text += ["，其中", "：", "，从办理结果看，"][style as usize - 1];
        text + &self.outcomes().join("、")
    }

    /// Every outcome there was.
    fn outcomes(&mut self) -> Vec<String> {
        let figures = self.figures;
        let outcomes = [
            ("granted", "予以公开", figures.get("requests.granted.total")),
            ("partial", "部分公开", figures.get("requests.partial.total")),
            ("refused", "不予公开", figures.group("refused")),
            ("unavailable", "无法提供", figures.group("unavailable")),
            ("unprocessed", "不予处理", figures.group("unprocessed")),
            ("other", "其他处理", figures.group("other")),
        ];
        let there = outcomes.into_iter().filter(|(_, _, count)| *count > 0);
        there.map(|(about, name, count)| format!("{name}{}件", self.count(about, count))).collect()
    }

    /// Reviews and lawsuits.
    pub(super) fn disputes(&mut self) -> String {
        let review = self.figures.get("review.total");
        let lawsuits =
            self.figures.get("direct_litigation.total") + self.figures.get("litigation_after_review.total");
        if review == 0 && lawsuits == 0 {
            let none = [
                "全年未发生因政府信息公开引起的行政复议和行政诉讼。",
                "没有因政府信息公开被申请行政复议、提起行政诉讼的情况。",
            ];
            return (*self.random.pick(&none)).to_owned();
        }
        let reviews = match review {
            0 => "没有行政复议".to_owned(),
            _ => {
                let count = self.count("review", review);
                let results = if self.random.chance(50) { self.results() } else { String::new() };
                format!("因政府信息公开引起的行政复议{count}件{results}")
            }
        };
        let lawsuits = match lawsuits {
            0 => "没有行政诉讼".to_owned(),
            _ => format!("因政府信息公开引起的行政诉讼{}件", self.count("litigation", lawsuits)),
        };
        format!("{reviews}；{lawsuits}。")
    }

    /// How the reviews ended.
    fn results(&mut self) -> String {
        let figures = self.figures;
        let results = [
            ("review.upheld", "结果维持", figures.get("review.upheld")),
            ("review.corrected", "结果纠正", figures.get("review.corrected")),
            ("review.other", "其他结果", figures.get("review.other")),
            ("review.pending", "尚未审结", figures.get("review.pending")),
        ];
        let there = results.into_iter().filter(|(_, _, count)| *count > 0);
        let list: Vec<String> =
            there.map(|(about, name, count)| format!("{name}{}件", self.count(about, count))).collect();
        format!("，其中{}", list.join("、"))
    }
}
