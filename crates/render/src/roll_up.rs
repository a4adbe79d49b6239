//! Renders the roll-up of a region in the official layout, with the agencies that contributed and what has to be
//! verified before somebody signs it.

mod lists;
mod page;
mod workbook;

use report::{Decimal, Form, FormId};
use survey::{RollUp, Sum};

use crate::error::RenderError;
use crate::text::{clean, number};

/// The style sheet of [`html`], for a content security policy that names its hash.
pub const STYLE: &str = page::STYLE;

/// The roll-up as one self-contained page of HTML; its one `<style>` element holds [`STYLE`].
pub fn html(roll_up: &RollUp) -> String {
    page::page(roll_up)
}

/// The roll-up as a workbook: 表二, 表三, 表四 in the official layout, 填报单位, 分机关明细, 缺报与存疑.
///
/// # Errors
/// If it exceeds what a workbook can hold.
pub fn xlsx(roll_up: &RollUp) -> Result<Vec<u8>, RenderError> {
    Ok(workbook::workbook(roll_up)?)
}

/// A sum as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shown {
    /// A number.
    Number(Decimal),
    /// A lower bound, with the reason.
    AtLeast(Decimal, String),
    /// An empty cell, never 0, with the reason.
    Nothing(String),
}

impl Shown {
    fn of(sum: &Sum) -> Self {
        let lacking = format!("有{}个机关没有这一格的数字", sum.lacking);
        match (sum.sum, sum.is_exact) {
            (Some(value), true) => Self::Number(value),
            (Some(value), false) => {
                Self::AtLeast(value, format!("{lacking}，汇总数至少为{}。", number(value)))
            }
            (None, _) if sum.lacking > 0 => Self::Nothing(format!("{lacking}，无法汇总。")),
            (None, _) => Self::Nothing("没有可以汇总的数字。".to_owned()),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Number(value) => number(*value),
            Self::AtLeast(value, _) => format!("≥{}", number(*value)),
            Self::Nothing(_) => String::new(),
        }
    }

    fn reason(&self) -> Option<&str> {
        match self {
            Self::Number(_) => None,
            Self::AtLeast(_, reason) | Self::Nothing(reason) => Some(reason),
        }
    }
}

/// A cell of the roll-up as it is shown.
fn shown(roll_up: &RollUp, id: report::CellId) -> Shown {
    let sum = Form::get(roll_up.form).position(id).and_then(|position| roll_up.cells.get(position));
    sum.map_or_else(|| Shown::Nothing("没有可以汇总的数字。".to_owned()), Shown::of)
}

fn title(roll_up: &RollUp) -> String {
    format!("{}{}年政府信息公开工作年度报告数据汇总表", clean(&roll_up.region.name), roll_up.year)
}

/// Notes below the tables.
fn remarks(roll_up: &RollUp) -> Vec<String> {
    let is_bound = |sum: &Sum| matches!(Shown::of(sum), Shown::AtLeast(..));
    let is_nothing = |sum: &Sum| matches!(Shown::of(sum), Shown::Nothing(_));
    let gaps = roll_up.gaps.len();
    let mut remarks = vec![match roll_up.contributors.len() {
        0 => "没有可以汇总的报告。".to_owned(),
        count => format!("本表由{count}份年度报告汇总而成，见“填报单位”。"),
    }];
    if gaps > 0 {
        remarks.push(format!("有{gaps}个机关未报送或者没有可用的表格，数字未计入，见“缺报与存疑”。"));
    }
    if !roll_up.doubts.is_empty() {
        remarks.push(format!("有{}项需要核实，见“缺报与存疑”。", roll_up.doubts.len()));
    }
    if roll_up.cells.iter().any(is_bound) {
        remarks.push("“≥”表示有机关缺少这一格的数字，所列为下限。".to_owned());
    }
    if roll_up.cells.iter().any(is_nothing) {
        remarks.push("空格表示无法汇总，不表示0。".to_owned());
    }
    if roll_up.form == FormId::F2019 {
        remarks.push("采购总金额的单位为万元。".to_owned());
    }
    if !roll_up.has_roster {
        remarks.push("没有机关名录，不能判断是否有机关缺报，汇总数仅就已收到的报告而言。".to_owned());
    }
    if roll_up.unplaced > 0 {
        remarks.push(format!("另有{}份报告不能确定所属地区，未计入。", roll_up.unplaced));
    }
    remarks
}
