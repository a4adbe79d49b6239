//! Renders one problem of a letter: what is wrong, where, by how much, how to correct it, and why.

use report::{Against, CellId, Decimal, Equation, Finding, Form, Judgement, Problem, Repair, Review};

use crate::location;
use crate::problem::problem_summary;
use crate::sides;
use report::full_width_brackets;

use crate::text::{clean, day, number, numeral};

use super::block::{Block, Column, Grid};
use super::cell_groups::{CellGroup, cell_groups};

/// A side of an equation with more terms than this lists only those that are not 0.
const MAX_LISTED_ZEROS: usize = 4;

/// Turns the problems of one review into blocks of a letter.
pub(super) struct FindingBlocks<'a> {
    review: &'a Review,
    file_name: Option<&'a str>,
}

impl<'a> FindingBlocks<'a> {
    pub(super) fn new(review: &'a Review, file_name: Option<&'a str>) -> Self {
        Self { review, file_name }
    }

    /// Adds the problem with this index in its group. The equations of one that several findings show are enclosed.
    pub(super) fn push(&self, blocks: &mut Vec<Block>, index: usize, problem: &Problem) {
        let mark = format!("（{}）", numeral(index + 1));
        match (problem_summary(problem), problem.findings.first()) {
            (Some(summary), _) => self.push_several(blocks, mark, summary, problem),
            (None, Some(finding)) => self.push_one(blocks, mark, finding),
            (None, None) => {}
        }
    }

    fn push_several(&self, blocks: &mut Vec<Block>, mark: String, summary: String, problem: &Problem) {
        blocks.push(Block::Item(mark, format!("{}。相关等式和数字见附件。", clean(&summary))));
        let (report, repair) = (&self.review.report, problem.repair());
        let cell = repair.and_then(|repair| report.cells.get(repair.cell));
        if let Some(cell) = cell {
            let place = cell.origin.and_then(|origin| location::in_file(origin, self.file_name));
            let place = place.map_or(String::new(), |place| format!("，在文件{place}"));
            let content = clean(&location::content(cell));
            blocks.push(Block::Detail("现填", format!("{content}{place}。")));
        }
        blocks.extend(repair.map(|repair| Block::Detail("参考改法", suggested(repair))));
        blocks.extend(bases(&problem.findings));
    }

    fn push_one(&self, blocks: &mut Vec<Block>, mark: String, finding: &Finding) {
        if let Some(waiver) = &finding.waiver {
            blocks.push(Block::Item(mark, self.message_without_hint(finding)));
            let decided = format!(
                "{}同意不作为问题，理由：{}。适用于{}（含当日）前报送的报告。",
                clean(&waiver.who),
                sentence(&waiver.why),
                day(Some(waiver.until)),
            );
            blocks.push(Block::Detail("豁免", decided));
            blocks.extend(bases(&[finding]));
            return;
        }
        blocks.push(Block::Item(mark, message(finding)));
        self.push_evidence_of(blocks, finding);
        blocks.extend(finding.repair.as_ref().map(|repair| Block::Detail("参考改法", suggested(repair))));
        blocks.extend(bases(&[finding]));
    }

    /// Adds where a finding stands, and its numbers.
    fn push_evidence_of(&self, blocks: &mut Vec<Block>, finding: &Finding) {
        blocks.extend(self.location(finding));
        blocks.extend(finding.against.as_ref().and_then(|against| self.against(against)));
        blocks.extend(self.numbers(finding).map(|numbers| Block::Detail("数字", numbers)));
        blocks.extend(self.grid(finding).map(Block::Grid));
    }

    /// Adds every finding of a problem that several show, for the enclosure.
    pub(super) fn push_evidence(&self, blocks: &mut Vec<Block>, problem: &Problem) {
        blocks.extend(problem_summary(problem).map(|summary| Block::Heading(clean(&summary))));
        for (index, finding) in problem.findings.iter().enumerate() {
            blocks.push(Block::Item(format!("{}．", index + 1), message(finding)));
            self.push_evidence_of(blocks, finding);
        }
    }

    /// Adds a problem that is only worth knowing.
    pub(super) fn push_hint(&self, blocks: &mut Vec<Block>, index: usize, problem: &Problem) {
        let Some(finding) = problem.findings.first() else { return };
        let text = problem_summary(problem).map(|summary| format!("{}。", clean(&summary)));
        blocks.push(Block::Item(format!("{}．", index + 1), text.unwrap_or_else(|| message(finding))));
        blocks.extend(self.location(finding));
        blocks.extend(bases(&problem.findings));
    }

    /// The message without its last sentence, which says what to do: a waived finding needs nothing done.
    fn message_without_hint(&self, finding: &Finding) -> String {
        let hint = rules::rule(&finding.rule).map_or("", |rule| rule.hint);
        let what = finding.message.strip_suffix(hint).filter(|what| !what.is_empty());
        full_width_brackets(&clean(what.unwrap_or(&finding.message)))
    }

    /// The location of the finding. None where a table of cells follows, which has the locations.
    fn location(&self, finding: &Finding) -> Option<Block> {
        let report = &self.review.report;
        let cell_at = |id: &CellId| report.cells.get(*id).and_then(|cell| cell.origin);
        let is_of_cell =
            finding.origin.is_none() || finding.cells.iter().any(|id| cell_at(id) == finding.origin);
        let text = match (&finding.cells[..], report.cells.form()) {
            ([id], Some(form)) if is_of_cell => {
                let place = finding.origin.and_then(|origin| location::in_file(origin, self.file_name));
                let place = place.map_or(String::new(), |place| format!("，文件{place}"));
                format!("{}{place}", location::of_cell(form, *id))
            }
            ([_, _, ..], Some(_)) if is_of_cell => return None,
            _ => format!("文件{}", location::location(report, finding.origin?, self.file_name)?),
        };
        Some(Block::Detail("位置", format!("{}。", clean(&text))))
    }

    /// The other report with which the finding compares this one.
    fn against(&self, against: &Against) -> Option<Block> {
        let agency = against.agency.as_deref().map(clean).unwrap_or_default();
        let year = against.year.map_or(String::new(), |year| format!("{year}年度"));
        let location = against.origin.and_then(location::in_other_report);
        let location = location.map_or(String::new(), |location| format!("，文件{location}"));
        let is_named = !agency.is_empty() || !year.is_empty();
        is_named.then(|| Block::Detail("对照", format!("{agency}{year}政府信息公开工作年度报告{location}。")))
    }

    /// Both numbers of the finding by name; none where a table of the equation follows, which has them.
    fn numbers(&self, finding: &Finding) -> Option<String> {
        if sides::equation(&self.review.report, finding).is_some() {
            return None;
        }
        let (left, right) = (finding.left?, finding.right?);
        let sides = sides::sides(&self.review.report, finding)?;
        let gap = number(left.saturating_sub(right).abs());
        let (left, right) = (number(left), number(right));
        Some(format!("{}为{left}，{}为{right}，相差{gap}。", clean(&sides.left), clean(&sides.right)))
    }

    /// Both sides of the equation term by term, or the cells of the finding.
    fn grid(&self, finding: &Finding) -> Option<Grid> {
        let form = self.review.report.cells.form();
        let equation = sides::equation(&self.review.report, finding);
        match (form, equation, finding.left, finding.right) {
            (Some(form), Some(equation), Some(left), Some(right))
                if finding.judgement == Judgement::Fails =>
            {
                Some(self.sides(form, equation, left, right))
            }
            (Some(form), _, _, _) if finding.cells.len() > 1 => Some(self.cells(form, &finding.cells)),
            _ => None,
        }
    }

    fn sides(&self, form: &Form, equation: &Equation, left: Decimal, right: Decimal) -> Grid {
        let mut rows = Vec::new();
        let (name_left, name_right) = sides::names_of_terms(equation);
        for (side, terms, sum) in [(name_left, &equation.left, left), (name_right, &equation.right, right)] {
            let is_zero =
                |id: &&CellId| self.review.report.cells.value(**id).is_some_and(|value| value.is_zero());
            let zeros = if terms.len() > MAX_LISTED_ZEROS { terms.iter().filter(is_zero).count() } else { 0 };
            let shown = terms.iter().filter(|id| zeros == 0 || !is_zero(id));
            rows.extend(shown.map(|id| [vec![side.to_owned()], self.cell(form, *id)].concat()));
            if terms.len() > 1 {
                let rest = if zeros > 0 { format!("（其余{zeros}格为0）") } else { String::new() };
                rows.push(vec![format!("{side}合计"), rest, number(sum), String::new()]);
            }
        }
        let gap = left.saturating_sub(right).abs();
        rows.push(vec!["相差".to_owned(), String::new(), number(gap), String::new()]);
        let side = Column { head: "勾稽关系", class: "side", share: 19, is_figure: false };
        without_empty(Grid { columns: [&[side], &CELL_COLUMNS[..]].concat(), rows })
    }

    fn cells(&self, form: &Form, ids: &[CellId]) -> Grid {
        let report = &self.review.report;
        let row = |group: CellGroup| match &group.cells[..] {
            [id] => self.cell(form, *id),
            _ => {
                let (content, location) = (group.content(report), group.location(report, self.file_name));
                vec![group.name, content, location.unwrap_or_default()]
            }
        };
        let rows = cell_groups(form, ids).into_iter().map(row).collect();
        without_empty(Grid { columns: CELL_COLUMNS.to_vec(), rows })
    }

    /// A cell as a row: its name, its content and its location.
    fn cell(&self, form: &Form, id: CellId) -> Vec<String> {
        let report = &self.review.report;
        let cell = report.cells.get(id);
        let location = cell.and_then(|cell| location::in_file(cell.origin?, self.file_name));
        let content = cell.map(location::content).unwrap_or_default();
        vec![location::of_cell(form, id), clean(&content), location.unwrap_or_default()]
    }
}

const CELL_COLUMNS: [Column; 3] = [
    Column { head: "项目", class: "item", share: 47, is_figure: false },
    Column { head: "报告所填", class: "content", share: 15, is_figure: true },
    Column { head: "文件中的位置", class: "location", share: 19, is_figure: false },
];

/// Without the last column where no row has anything in it: a web page has neither pages nor lines.
fn without_empty(mut grid: Grid) -> Grid {
    if grid.rows.iter().all(|row| row.last().is_none_or(String::is_empty)) {
        grid.columns.pop();
        for row in &mut grid.rows {
            row.pop();
        }
    }
    grid
}

fn message(finding: &Finding) -> String {
    full_width_brackets(&clean(&finding.message))
}

fn suggested(repair: &Repair) -> String {
    let reason = full_width_brackets(&sentence(&repair.reason));
    format!("{reason}。此为按勾稽关系推算的结果，请与申请登记台账核实后更正。")
}

/// The articles, notices or notes of the form behind the rules of findings, each once. The ids of the rules are not
/// for agencies.
fn bases(findings: &[&Finding]) -> Option<Block> {
    let mut bases: Vec<String> = Vec::new();
    for finding in findings {
        let basis = rules::rule(&finding.rule).map(|rule| sentence(rule.basis)).unwrap_or_default();
        if !basis.is_empty() && !bases.contains(&basis) {
            bases.push(basis);
        }
    }
    (!bases.is_empty()).then(|| Block::Detail("依据", format!("{}。", bases.join("；"))))
}

/// A sentence without its full stop.
fn sentence(text: &str) -> String {
    clean(text).trim_end_matches(['。', '；', '，', '.']).to_owned()
}
