//! The letter to an agency that has not reported (催报函).

use report::{Date, Year};

use crate::letter::block::Block;
use crate::letter::contact;
use crate::text::{clean, day, title_lines};
use crate::{Addresser, Letter};

/// An agency of the roster whose report on a year is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    /// Its name.
    pub agency: String,
    /// The year of the report.
    pub year: Year,
    /// The last day for it.
    pub due: Option<Date>,
    /// Earlier years without a report.
    pub missing_years: Vec<Year>,
}

/// Writes the letter. `date` is its day, by which the report is early or late.
pub fn reminder(overdue: &Overdue, office: &Addresser, date: Option<Date>) -> Letter {
    let Overdue { year, .. } = overdue;
    let title = format!("关于报送{year}年政府信息公开工作年度报告的催报函");
    let mut blocks: Vec<Block> = office.number_line().into_iter().collect();
    blocks.extend([
        Block::Title(title_lines(&title)),
        Block::Addressee(format!("{}：", clean(&overdue.agency))),
        Block::Paragraph(LAW.to_owned()),
        Block::Paragraph(standing(overdue, date)),
        Block::Paragraph(format!(
            "请于{}前报送，并按规定向社会公布。确有困难的，请书面说明原因和拟报送的时间。\
             已经报送的，请与我单位联系核对。",
            day(office.deadline)
        )),
        Block::Paragraph("特此函告。".to_owned()),
        office.signature(date),
        Block::Contact(contact(office)),
    ]);
    Letter::new(title, blocks)
}

/// 《条例》第四十九条.
const LAW: &str = "《中华人民共和国政府信息公开条例》第四十九条规定，县级以上人民政府部门应当在每年1月31日前\
                   向本级政府信息公开工作主管部门提交本行政机关上一年度政府信息公开工作年度报告并向社会公布；\
                   县级以上地方人民政府的政府信息公开工作主管部门应当在每年3月31日前向社会公布本级政府\
                   上一年度政府信息公开工作年度报告。";

/// What is missing on the day of the letter.
fn standing(overdue: &Overdue, date: Option<Date>) -> String {
    let Overdue { year, due, missing_years, .. } = overdue;
    let late = date.zip(*due).and_then(|(date, due)| {
        let days = (date - due).get_days();
        (days > 0).then_some(days)
    });
    let limit = match (due, late) {
        (Some(due), Some(days)) => format!("，该报告应于{}前报送，已逾期{days}天", day(Some(*due))),
        (Some(due), None) => format!("，该报告应于{}前报送", day(Some(*due))),
        (None, _) => String::new(),
    };
    let earlier: Vec<String> =
        missing_years.iter().filter(|missing| *missing != year).map(|year| format!("{year}年")).collect();
    let earlier = match earlier.is_empty() {
        true => String::new(),
        false => format!("此前{}的年度报告也没有收到，请一并补报。", earlier.join("、")),
    };
    format!("截至{}，我单位尚未收到你单位{year}年政府信息公开工作年度报告{limit}。{earlier}", day(date))
}
