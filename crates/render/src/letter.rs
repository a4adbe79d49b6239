//! The letter to an agency (整改意见): what was checked, what has to be corrected, and by when.

pub(crate) mod block;
mod cell_groups;
mod docx;
mod findings;
mod html;

use report::{CellState, Date, Finding, FormId, Judgement, Problem, Review, Severity};

use self::block::Block;
use crate::error::RenderError;
use crate::text::{clean, day, numeral, title_lines};

/// The office that writes the letter. A field that is none is printed as a blank to be filled in by hand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresser {
    /// The name in the signature.
    pub name: Option<String>,
    /// The contact person.
    pub contact: Option<String>,
    /// The telephone number of the contact person.
    pub telephone: Option<String>,
    /// The day by which the agency has to answer.
    pub deadline: Option<Date>,
    /// The number of the document (发文字号), e.g. `枣政公开函〔2025〕3号`. Without one no line is printed for it.
    pub number: Option<String>,
    /// Who signs it off (签发人), beside the number.
    pub signer: Option<String>,
}

impl Addresser {
    /// The line above the title with the number and who signs the document off; none where neither is given.
    pub(crate) fn number_line(&self) -> Option<Block> {
        let text = |field: &Option<String>| field.as_deref().map(clean).filter(|text| !text.is_empty());
        let (number, signer) = (text(&self.number), text(&self.signer));
        let is_given = number.is_some() || signer.is_some();
        is_given.then(|| Block::Number(number.unwrap_or_default(), signer))
    }

    /// The name and the day below the text.
    pub(crate) fn signature(&self, date: Option<Date>) -> Block {
        let name = self.name.as_deref().map(clean).filter(|name| !name.is_empty());
        Block::Signature(name.unwrap_or_else(|| "________________".to_owned()), day(date))
    }
}

/// A letter, ready to be rendered as HTML or DOCX.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    title: String,
    pub(crate) blocks: Vec<Block>,
}

impl Letter {
    pub(crate) fn new(title: String, blocks: Vec<Block>) -> Self {
        Self { title, blocks }
    }

    /// The style sheet of [`Letter::html`], for a content security policy that names its hash.
    pub const STYLE: &str = html::STYLE;

    /// Its title, e.g. `关于《某县财政局2024年政府信息公开工作年度报告》的整改意见`.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// One self-contained page of HTML, without scripts, fonts or images from elsewhere; its one `<style>` element
    /// holds [`Letter::STYLE`].
    pub fn html(&self) -> String {
        html::page(&self.title, &self.blocks)
    }

    /// The letter as a file for Word and WPS.
    ///
    /// # Errors
    /// If the text exceeds what a ZIP file can hold.
    pub fn docx(&self) -> Result<Vec<u8>, RenderError> {
        docx::package(&self.title, &self.blocks)
    }
}

/// Writes the letter to the agency about a review. `file_name` is the file that was submitted, `date` the day of
/// the letter.
pub fn letter(review: &Review, file_name: Option<&str>, office: &Addresser, date: Option<Date>) -> Letter {
    let file_name = file_name.map(clean).filter(|name| !name.is_empty());
    let groups = Groups::of(&review.findings);
    let title = title(review, &groups);
    let agency = review.report.agency.as_deref().map(clean).filter(|agency| !agency.is_empty());
    let mut blocks: Vec<Block> = office.number_line().into_iter().collect();
    blocks.extend([
        Block::Title(title_lines(&title)),
        Block::Addressee(format!("{}：", agency.as_deref().unwrap_or("________________"))),
        Block::Paragraph(opening(review, &groups, date)),
    ]);
    let items = findings::FindingBlocks::new(review, file_name.as_deref());
    for (heading, problems) in groups.sections() {
        blocks.push(Block::Heading(heading));
        for (index, problem) in problems.iter().enumerate() {
            items.push(&mut blocks, index, problem);
        }
    }
    blocks.extend(closing(&groups, office).map(Block::Paragraph));
    let enclosures = enclosures(&groups, &items);
    blocks.extend(list_of(&enclosures));
    blocks.push(office.signature(date));
    blocks.push(Block::Contact(contact(office)));
    let is_only = enclosures.len() == 1;
    for (index, (title, enclosed)) in enclosures.into_iter().enumerate() {
        let number = if is_only { String::new() } else { (index + 1).to_string() };
        blocks.extend([Block::Enclosure(format!("附件{number}")), Block::Title(vec![title.to_owned()])]);
        blocks.extend(enclosed);
    }
    Letter { title, blocks }
}

const EQUATIONS: &str = "相关等式和数字";
const HINTS: &str = "供参考的提示";

/// What follows the letter: the equations behind the problems that several findings show, and the hints.
fn enclosures(groups: &Groups, items: &findings::FindingBlocks) -> Vec<(&'static str, Vec<Block>)> {
    let (mut equations, mut hints) = (Vec::new(), Vec::new());
    for problem in groups.must.iter().chain(&groups.should).filter(|problem| problem.findings.len() > 1) {
        items.push_evidence(&mut equations, problem);
    }
    for (index, problem) in groups.hints.iter().enumerate() {
        items.push_hint(&mut hints, index, problem);
    }
    let enclosures = [(EQUATIONS, equations), (HINTS, hints)];
    enclosures.into_iter().filter(|(_, enclosed)| !enclosed.is_empty()).collect()
}

/// The list of enclosures at the end of the letter, as GB/T 9704 sets it.
fn list_of(enclosures: &[(&'static str, Vec<Block>)]) -> Vec<Block> {
    let lines = enclosures.iter().enumerate().map(|(index, (title, _))| match (enclosures.len(), index) {
        (1, _) => format!("附件：{title}"),
        (_, 0) => format!("附件：1．{title}"),
        (_, index) => format!("　　　{}．{title}", index + 1),
    });
    lines.map(Block::Paragraph).collect()
}

/// The problems by what the agency has to do about them, each group in the order of the review.
struct Groups<'a> {
    must: Vec<Problem<'a>>,
    should: Vec<Problem<'a>>,
    unknown: Vec<Problem<'a>>,
    waived: Vec<Problem<'a>>,
    hints: Vec<Problem<'a>>,
}

impl<'a> Groups<'a> {
    fn of(findings: &'a [Finding]) -> Self {
        let mut groups = Self {
            must: Vec::new(),
            should: Vec::new(),
            unknown: Vec::new(),
            waived: Vec::new(),
            hints: Vec::new(),
        };
        for problem in report::problems(findings) {
            let Some(first) = problem.findings.first() else { continue };
            let group = match (&first.waiver, problem.severity(), first.judgement) {
                (Some(_), _, _) => &mut groups.waived,
                (None, Severity::Info, _) => &mut groups.hints,
                (None, _, Judgement::Unknown) => &mut groups.unknown,
                (None, Severity::Error, Judgement::Fails) => &mut groups.must,
                (None, Severity::Warning, Judgement::Fails) => &mut groups.should,
            };
            group.push(problem);
        }
        groups
    }

    /// Whether the agency has nothing to do.
    fn is_clean(&self) -> bool {
        self.must.is_empty() && self.should.is_empty() && self.unknown.is_empty()
    }

    /// The groups that are not empty, each with its numbered heading; hints go to the enclosure.
    fn sections(&self) -> impl Iterator<Item = (String, &[Problem<'a>])> {
        let sections = [
            ("必须整改的问题", &self.must),
            ("建议核实的事项", &self.should),
            ("暂时无法核对的事项", &self.unknown),
            ("已同意豁免的事项", &self.waived),
        ];
        let filled = sections.into_iter().filter(|(_, problems)| !problems.is_empty()).enumerate();
        filled.map(|(index, (title, problems))| {
            (format!("{}、{title}", numeral(index + 1)), problems.as_slice())
        })
    }
}

/// A letter that demands no correction is called 审核意见.
fn title(review: &Review, groups: &Groups) -> String {
    let kind = if groups.must.is_empty() { "审核意见" } else { "整改意见" };
    let name = report_name(review);
    // 关于 must not occur twice in a title.
    match name.contains("关于") {
        true => format!("对{name}的{kind}"),
        false => format!("关于{name}的{kind}"),
    }
}

/// The report's own title in 《》.
fn report_name(review: &Review) -> String {
    let report = &review.report;
    let title = report.title.as_deref().map(clean).filter(|title| !title.is_empty()).unwrap_or_else(|| {
        let agency = report.agency.as_deref().map(clean).unwrap_or_default();
        let year = report.year.map_or(String::new(), |year| format!("{year}年"));
        format!("{agency}{year}政府信息公开工作年度报告")
    });
    let bare = title.strip_prefix('《').and_then(|title| title.strip_suffix('》')).unwrap_or(&title);
    format!("《{}》", bare.replace('《', "〈").replace('》', "〉"))
}

/// What was checked, on which basis, and the result.
fn opening(review: &Review, groups: &Groups, date: Option<Date>) -> String {
    let day = date.map_or(String::new(), |date| format!("（核对日期：{}）", day(Some(date))));
    format!(
        "根据{}，对你单位{}进行了核对{day}。{}{}",
        basis(review),
        report_name(review),
        scope(review),
        outcome(groups),
    )
}

/// The regulation, and the notice that prescribes the form of the year.
fn basis(review: &Review) -> String {
    let regulation = "《中华人民共和国政府信息公开条例》";
    let notice = |form: &str| {
        format!("{regulation}第四十九条、第五十条和《中华人民共和国政府信息公开工作年度报告格式{form}")
    };
    match review.report.year.map(FormId::of_year) {
        Some(Some(FormId::F2021)) => notice("》（国办公开办函〔2021〕30号）"),
        Some(Some(FormId::F2019)) => notice("（试行）》（国办公开办函〔2019〕60号）"),
        Some(None) => regulation.to_owned(),
        None => format!("{regulation}第四十九条、第五十条"),
    }
}

fn scope(review: &Review) -> String {
    let report = &review.report;
    let others = match review.findings.iter().any(|finding| finding.against.is_some()) {
        true => "，并与其他年度或者其他机关的报告作了比对",
        false => "",
    };
    let general = format!(
        "核对内容包括报告的格式和各组成部分、各表的填写和勾稽关系、\
         正文与表格及正文前后的数字是否一致{others}。"
    );
    if report.form.is_none() {
        return match report.year.filter(|year| FormId::of_year(*year).is_none()) {
            Some(_) => "该年度尚未施行统一的报告格式，仅对报告的文字部分进行核对。".to_owned(),
            None => format!("{general}报告中未能识别出规定格式的表格，表格部分未能核对。"),
        };
    }
    let all = report.cells.iter().len();
    let printed = report.cells.iter().filter(|(_, cell)| cell.state == CellState::Read).count();
    match printed {
        0 => format!("{general}三张表格中没有读取到数字。"),
        _ if printed == all => format!("{general}三张表格共{all}格，均填有数字。"),
        _ => format!("{general}三张表格共{all}格，其中{printed}格填有数字。"),
    }
}

fn outcome(groups: &Groups) -> String {
    let counts = [
        ("必须整改的问题", groups.must.len()),
        ("建议核实的事项", groups.should.len()),
        ("暂时无法核对的事项", groups.unknown.len()),
        ("已同意豁免的事项", groups.waived.len()),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| format!("{what}{count}项"))
        .collect();
    match (groups.is_clean(), groups.waived.len()) {
        (true, 0) => "经核对，未发现需要整改或者核实的问题。".to_owned(),
        (true, waived) => format!("经核对，除已同意豁免的{waived}项外，未发现需要整改或者核实的问题。"),
        (false, _) => format!("经核对，共有{}，具体意见如下：", counts.join("、")),
    }
}

/// What the agency has to do, and by which day.
fn closing(groups: &Groups, office: &Addresser) -> impl Iterator<Item = String> {
    let deadline = day(office.deadline);
    let demand = match (groups.is_clean(), groups.must.is_empty()) {
        (true, _) => (!groups.hints.is_empty()).then(|| "另有供参考的提示，见附件，无需反馈。".to_owned()),
        (false, true) => Some(format!(
            "请于{deadline}前对上述事项逐项核实，确有错漏的及时更正并重新公布年度报告，\
             并将核实情况书面反馈我单位。"
        )),
        (false, false) => {
            let others = !groups.should.is_empty() || !groups.unknown.is_empty();
            let others = if others { "、对其他事项逐项核实" } else { "" };
            Some(format!(
                "请于{deadline}前对上述问题逐项整改{others}，更正后重新公布年度报告，\
                 并将整改情况书面反馈我单位。"
            ))
        }
    };
    demand.into_iter().chain(groups.is_clean().then(|| "特此函告。".to_owned()))
}

pub(crate) fn contact(office: &Addresser) -> String {
    let given = |field: &Option<String>| {
        field.as_deref().map(clean).filter(|text| !text.is_empty()).unwrap_or_else(|| "________".to_owned())
    };
    format!("（联系人：{}；联系电话：{}）", given(&office.contact), given(&office.telephone))
}
