//! One finding as a letter tells it: what is wrong, where, by how much, how to mend it, and why.

use report::{Against, CellId, Decimal, Equation, Finding, Form, Judgement, Repair, Review};

use crate::block::{Block, Column, Grid};
use crate::place;
use crate::text::{clean, day, number, numeral, with_wide_brackets};

use super::bundle::{Bundle, bundles};
use super::sides;

/// Terms of one side of an equation up to which zeros are listed too.
const FEW: usize = 4;

/// Findings of one review on their way into a letter.
pub(super) struct Items<'a> {
    review: &'a Review,
    file_name: Option<&'a str>,
    /// The last repair that was told, and the number of the finding that told it.
    told: Option<(&'a Repair, String)>,
}

impl<'a> Items<'a> {
    pub(super) fn new(review: &'a Review, file_name: Option<&'a str>) -> Self {
        Self { review, file_name, told: None }
    }

    /// Adds the finding at this place of its group with all that belongs to it.
    pub(super) fn push(&mut self, blocks: &mut Vec<Block>, index: usize, finding: &'a Finding) {
        let mark = format!("（{}）", numeral(index + 1));
        if index == 0 {
            self.told = None;
        }
        if let Some(waiver) = &finding.waiver {
            blocks.push(Block::Item(mark, self.message_without_hint(finding)));
            let decided = format!(
                "{}同意不作为问题，理由：{}。适用于{}（含当日）前报送的报告。",
                clean(&waiver.who),
                sentence(&waiver.why),
                day(Some(waiver.until)),
            );
            blocks.push(Block::Detail("豁免", decided));
            blocks.extend(basis(finding));
            return;
        }
        blocks.push(Block::Item(mark.clone(), message(finding)));
        blocks.extend(self.place(finding));
        blocks.extend(finding.against.as_ref().and_then(|against| self.against(against)));
        blocks.extend(sides::told(&self.review.report, finding).map(|told| Block::Detail("数字", told)));
        blocks.extend(self.grid(finding).map(Block::Grid));
        if let Some(repair) = &finding.repair {
            blocks.push(Block::Detail("参考改法", self.repair(repair, mark)));
        }
        blocks.extend(basis(finding));
    }

    /// Adds a finding that is only worth knowing.
    pub(super) fn push_hint(&self, blocks: &mut Vec<Block>, index: usize, finding: &Finding) {
        blocks.push(Block::Item(format!("{}．", index + 1), message(finding)));
        blocks.extend(self.place(finding));
        blocks.extend(basis(finding));
    }

    /// What is wrong without what to do about it, which nobody has to do.
    fn message_without_hint(&self, finding: &Finding) -> String {
        let hint = rules::rule(&finding.rule).map_or("", |rule| rule.hint);
        let what = finding.message.strip_suffix(hint).filter(|what| !what.is_empty());
        with_wide_brackets(&clean(what.unwrap_or(&finding.message)))
    }

    /// Where it stands; a table of cells says so itself.
    fn place(&self, finding: &Finding) -> Option<Block> {
        let report = &self.review.report;
        let cell_at = |id: &CellId| report.cells.get(*id).and_then(|cell| cell.origin);
        let is_of_cell =
            finding.origin.is_none() || finding.cells.iter().any(|id| cell_at(id) == finding.origin);
        let spot = finding.origin.and_then(|origin| place::of_origin(report, origin, self.file_name));
        let text = match (&finding.cells[..], report.cells.form()) {
            ([id], Some(form)) if is_of_cell => {
                let spot = spot.map_or(String::new(), |spot| format!("，文件{spot}"));
                format!("{}{spot}", place::of_cell(form, *id))
            }
            ([_, _, ..], Some(_)) if is_of_cell => return None,
            _ => format!("文件{}", spot?),
        };
        Some(Block::Detail("位置", format!("{}。", clean(&text))))
    }

    /// The other report that it was held against.
    fn against(&self, against: &Against) -> Option<Block> {
        let agency = against.agency.as_deref().map(clean).unwrap_or_default();
        let year = against.year.map_or(String::new(), |year| format!("{year}年度"));
        let place = against.origin.and_then(place::elsewhere);
        let place = place.map_or(String::new(), |place| format!("，文件{place}"));
        let is_named = !agency.is_empty() || !year.is_empty();
        is_named.then(|| Block::Detail("对照", format!("{agency}{year}政府信息公开工作年度报告{place}。")))
    }

    /// Both sides of the equation term by term, or the cells it is about.
    fn grid(&self, finding: &Finding) -> Option<Grid> {
        let form = self.review.report.cells.form();
        let equation = form.and_then(|form| equation(form, finding));
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
        for (side, terms, sum) in [("左边", &equation.left, left), ("右边", &equation.right, right)] {
            let is_zero =
                |id: &&CellId| self.review.report.cells.value(**id).is_some_and(|value| value.is_zero());
            let zeros = if terms.len() > FEW { terms.iter().filter(is_zero).count() } else { 0 };
            let shown = terms.iter().filter(|id| zeros == 0 || !is_zero(id));
            rows.extend(shown.map(|id| [vec![side.to_owned()], self.cell(form, *id)].concat()));
            if terms.len() > 1 {
                let rest = if zeros > 0 { format!("（其余{zeros}格为0）") } else { String::new() };
                rows.push(vec![format!("{side}合计"), rest, number(sum), String::new()]);
            }
        }
        let gap = left.saturating_sub(right).abs();
        rows.push(vec!["相差".to_owned(), String::new(), number(gap), String::new()]);
        let side = Column { head: "等式", share: 13, is_figure: false };
        Grid { columns: [&[side], &CELL_COLUMNS[..]].concat(), rows }
    }

    fn cells(&self, form: &Form, ids: &[CellId]) -> Grid {
        let report = &self.review.report;
        let row = |bundle: Bundle| match &bundle.cells[..] {
            [id] => self.cell(form, *id),
            _ => {
                let (filled, place) = (bundle.filled(report), bundle.place(report));
                vec![bundle.name, filled, place.unwrap_or_default()]
            }
        };
        let rows = bundles(form, ids).into_iter().map(row).collect();
        Grid { columns: CELL_COLUMNS.to_vec(), rows }
    }

    /// A cell as a row: its name, what stands in it, where.
    fn cell(&self, form: &Form, id: CellId) -> Vec<String> {
        let report = &self.review.report;
        let cell = report.cells.get(id);
        let place = cell.and_then(|cell| place::of_origin(report, cell.origin?, self.file_name));
        let filled = cell.map(place::filled).unwrap_or_default();
        vec![place::label(form, id), clean(&filled), place.unwrap_or_default()]
    }

    fn repair(&mut self, repair: &'a Repair, mark: String) -> String {
        match &self.told {
            Some((told, at)) if *told == repair => format!("与{at}相同。"),
            _ => {
                self.told = Some((repair, mark));
                let reason = with_wide_brackets(&sentence(&repair.reason));
                format!("{reason}。此为按勾稽关系推算的结果，请与申请登记台账核实后更正。")
            }
        }
    }
}

const CELL_COLUMNS: [Column; 3] = [
    Column { head: "项目", share: 39, is_figure: false },
    Column { head: "报告所填", share: 15, is_figure: true },
    Column { head: "文件中的位置", share: 33, is_figure: false },
];

/// The equation that the finding is about.
fn equation(form: &'static Form, finding: &Finding) -> Option<&'static Equation> {
    let is_it = |equation: &&Equation| {
        rules::of_equation(equation).made(finding) && equation.terms().eq(finding.cells.iter().copied())
    };
    form.equations().iter().find(is_it)
}

fn message(finding: &Finding) -> String {
    with_wide_brackets(&clean(&finding.message))
}

/// On what article, notice or note of the form it stands, and by which rule it was found.
fn basis(finding: &Finding) -> Option<Block> {
    let id = clean(&finding.rule);
    let text = match rules::rule(&finding.rule) {
        Some(rule) if !rule.basis.is_empty() => format!("{}（规则{id}）。", sentence(rule.basis)),
        _ => format!("核对规则{id}。"),
    };
    Some(Block::Detail("依据", text))
}

/// A sentence without its full stop.
fn sentence(text: &str) -> String {
    clean(text).trim_end_matches(['。', '；', '，', '.']).to_owned()
}
