//! Conditional formats of a sheet that can make a cell look like something else.

use super::formats::{Change, Theme};
use super::xlsx::{Node, attribute, is_true, merge, number_of};
use super::{Merge, Sheet};
use crate::model::Doubt;
use crate::xml;

/// Cells that are compared with conditions, each as often as there are conditions for it.
const MOST_COMPARED: usize = 2_000_000;
/// Ranges of one condition.
const MOST_RANGES: usize = 10_000;

/// The conditional formats of a sheet.
#[derive(Default)]
pub(super) struct Conditions {
    rules: Vec<(Vec<Merge>, Vec<Rule>)>,
    ranges: Vec<Merge>,
    open: Vec<Rule>,
    is_open: bool,
    text: Reads,
    in_change: bool,
    in_fill: bool,
}

/// What the text that comes next is.
#[derive(Default, Clone, Copy, PartialEq)]
enum Reads {
    #[default]
    Nothing,
    Formula,
    Ranges,
}

#[derive(Default)]
struct Rule {
    kind: String,
    operator: String,
    formulas: Vec<String>,
    /// The number of what it changes, or the change itself.
    number: Option<usize>,
    change: Option<Change>,
    /// Bars and icons that stand in place of the number.
    hides: bool,
}

impl Conditions {
    /// Reads an element or a text of the sheet.
    pub(super) fn node(&mut self, node: &Node) {
        match node {
            Node::Start(element) => match xml::name(element) {
                "conditionalFormatting" => {
                    self.is_open = true;
                    self.ranges = ranges(&attribute(element, "sqref").unwrap_or_default());
                }
                _ if !self.is_open => {}
                "cfRule" => {
                    let value = |name| attribute(element, name).unwrap_or_default();
                    let (kind, operator) = (value("type"), value("operator"));
                    self.open.push(Rule {
                        kind,
                        operator,
                        number: number_of(element, "dxfId"),
                        ..Rule::default()
                    });
                }
                "dataBar" | "iconSet" => {
                    let hides = attribute(element, "showValue").is_some_and(|value| !is_true(Some(value)));
                    self.open.last_mut().into_iter().for_each(|rule| rule.hides |= hides);
                }
                "formula" | "f" => {
                    self.text = Reads::Formula;
                    self.open.last_mut().into_iter().for_each(|rule| rule.formulas.push(String::new()));
                }
                "sqref" => self.text = Reads::Ranges,
                "dxf" => {
                    self.in_change = true;
                    self.open.last_mut().into_iter().for_each(|rule| rule.change = Some(Change::default()));
                }
                "fill" => self.in_fill = true,
                _ if self.in_change => {
                    if let Some(change) = self.open.last_mut().and_then(|rule| rule.change.as_mut()) {
                        // These formats name their colours themselves.
                        change.read(element, self.in_fill, &Theme::default());
                    }
                }
                _ => {}
            },
            Node::Text(text) => match self.text {
                Reads::Formula => {
                    let rule = self.open.last_mut();
                    rule.and_then(|rule| rule.formulas.last_mut())
                        .into_iter()
                        .for_each(|formula| *formula += text);
                }
                Reads::Ranges => self.ranges.extend(ranges(text)),
                Reads::Nothing => {}
            },
            Node::End("conditionalFormatting") => {
                self.is_open = false;
                let ranges = std::mem::take(&mut self.ranges);
                self.rules.push((ranges, std::mem::take(&mut self.open)));
            }
            Node::End("dxf") => self.in_change = false,
            Node::End("fill") => self.in_fill = false,
            Node::End("formula" | "f" | "sqref") => self.text = Reads::Nothing,
            Node::End(_) => {}
        }
    }

    /// Marks the cells that may look like something else; `changes` are those of the workbook.
    pub(super) fn mark(self, sheet: &mut Sheet, changes: &[Change]) {
        let mut left = MOST_COMPARED;
        for (ranges, rules) in self.rules {
            for rule in rules {
                let change = rule.change.as_ref().or(rule.number.and_then(|number| changes.get(number)));
                if !rule.hides && !change.is_some_and(Change::matters) {
                    continue;
                }
                let doubt = |text: &str| match change {
                    _ if rule.hides => Some(Doubt::Hidden),
                    Some(change) if rule.may_hold(text) => change.doubt(text),
                    _ => None,
                };
                for range in &ranges {
                    let cost =
                        sheet.cells.range((range.top, 0)..=(range.bottom, u32::MAX)).take(left + 1).count();
                    match left.checked_sub(cost + 1) {
                        Some(rest) => left = rest,
                        // More conditions than are compared: what they do is not known.
                        None => {
                            let all = Merge { top: 0, left: 0, bottom: u32::MAX, right: u32::MAX };
                            return sheet.doubt(all, |_| Some(Doubt::Formatted));
                        }
                    }
                    sheet.doubt(*range, doubt);
                }
            }
        }
    }
}

impl Rule {
    /// Whether the condition may hold for a cell with this text. Only comparisons with numbers are computed.
    fn may_hold(&self, text: &str) -> bool {
        let number = |text: &String| text.trim().trim_matches('"').parse::<f64>().ok();
        let (Ok(value), Some(first)) = (text.trim().parse::<f64>(), self.formulas.first().and_then(number))
        else {
            return true;
        };
        if self.kind != "cellIs" {
            return true;
        }
        let second = self.formulas.get(1).and_then(number);
        match (self.operator.as_str(), second) {
            ("lessThan", _) => value < first,
            ("lessThanOrEqual", _) => value <= first,
            ("equal", _) => value == first,
            ("notEqual", _) => value != first,
            ("greaterThanOrEqual", _) => value >= first,
            ("greaterThan", _) => value > first,
            ("between", Some(second)) => (first.min(second)..=first.max(second)).contains(&value),
            ("notBetween", Some(second)) => !(first.min(second)..=first.max(second)).contains(&value),
            _ => true,
        }
    }
}

/// `A1:B2 C3` as ranges.
fn ranges(text: &str) -> Vec<Merge> {
    let one = |range: &str| merge(range).or_else(|| merge(&format!("{range}:{range}")));
    text.split_whitespace().take(MOST_RANGES).filter_map(one).collect()
}
