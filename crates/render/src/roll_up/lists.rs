//! The lists behind the tables: agencies that contributed, missing agencies, and doubts.

use report::{Decimal, Form};
use survey::RollUp;

use super::Shown;
use crate::location;
use crate::sides::sides_of_equation;
use report::full_width_brackets;

use crate::text::clean;

/// A list with its title. A list without rows says so in one sentence.
pub(super) struct List {
    pub(super) title: &'static str,
    /// The head of each column, and its width in characters.
    pub(super) columns: &'static [(&'static str, u16)],
    pub(super) rows: Vec<Vec<Entry>>,
    /// The sentence in place of an empty list.
    pub(super) empty: &'static str,
}

/// A cell of a list.
pub(super) enum Entry {
    Text(String),
    Number(Decimal),
}

impl From<String> for Entry {
    fn from(text: String) -> Self {
        Self::Text(clean(&text))
    }
}

impl From<&str> for Entry {
    fn from(text: &str) -> Self {
        Self::Text(clean(text))
    }
}

impl From<usize> for Entry {
    fn from(number: usize) -> Self {
        Self::Number(number.into())
    }
}

impl From<Option<&str>> for Entry {
    fn from(text: Option<&str>) -> Self {
        text.unwrap_or_default().into()
    }
}

/// 填报单位.
pub(super) fn contributors(roll_up: &RollUp) -> List {
    let row = |(index, contributor): (usize, &survey::Contributor)| {
        vec![
            (index + 1).into(),
            contributor.agency.as_str().into(),
            contributor.region.as_deref().into(),
            contributor.scope.map_or("未说明", |(scope, _)| scope.title()).into(),
            contributor.scope.map_or("", |(_, source)| source.title()).into(),
            contributor.how.title().into(),
            format!("{}年格式", contributor.form).into(),
            contributor.verdict.title().into(),
            contributor.key.as_str().into(),
        ]
    };
    List {
        title: "填报单位",
        columns: &[
            ("序号", 6),
            ("机关名称", 36),
            ("区划代码", 12),
            ("统计口径", 10),
            ("口径依据", 10),
            ("计入方式", 24),
            ("表格格式", 11),
            ("校核结论", 10),
            ("报告编号", 30),
        ],
        rows: roll_up.contributors.iter().enumerate().map(row).collect(),
        empty: "没有可以汇总的报告。",
    }
}

/// 缺报与存疑.
pub(super) fn doubts(roll_up: &RollUp) -> [List; 5] {
    [gaps(roll_up), questions(roll_up), open_cells(roll_up), imbalances(roll_up), differences(roll_up)]
}

fn gaps(roll_up: &RollUp) -> List {
    let row = |(index, gap): (usize, &survey::Gap)| {
        let reason = if gap.key.is_some() { "报告中没有可用的表格" } else { "未报送" };
        let below = match gap.counted_below {
            0 => String::new(),
            count => format!("其下级{count}个机关已计入"),
        };
        vec![
            (index + 1).into(),
            gap.agency.as_str().into(),
            gap.region.as_deref().into(),
            reason.into(),
            below.into(),
        ]
    };
    let empty = match roll_up.has_roster {
        true => "机关名录中的机关均已计入。",
        false => "没有机关名录，不能判断是否有机关缺报。",
    };
    List {
        title: "一、缺报的机关",
        columns: &[("序号", 6), ("机关名称", 36), ("区划代码", 12), ("原因", 40), ("备注", 24)],
        rows: roll_up.gaps.iter().enumerate().map(row).collect(),
        empty,
    }
}

fn questions(roll_up: &RollUp) -> List {
    let row = |(index, doubt): (usize, &survey::Doubt)| {
        vec![
            (index + 1).into(),
            doubt.agency.as_str().into(),
            doubt.region.as_deref().into(),
            doubt.kind.sentence().into(),
            doubt.key.as_str().into(),
        ]
    };
    List {
        title: "二、需要核实的事项",
        columns: &[("序号", 6), ("机关名称", 36), ("区划代码", 12), ("事项", 40), ("报告编号", 24)],
        rows: roll_up.doubts.iter().enumerate().map(row).collect(),
        empty: "没有需要核实的事项。",
    }
}

fn open_cells(roll_up: &RollUp) -> List {
    let form = Form::get(roll_up.form);
    let open = roll_up.cells.iter().map(|sum| (sum, Shown::of(sum)));
    let open = open.filter_map(|(sum, shown)| Some((sum, shown.text(), shown.reason()?.to_owned())));
    let row = |(index, (sum, text, reason)): (usize, (&survey::Sum, String, String))| {
        let cell = location::of_cell(form, sum.id);
        let text = if text.is_empty() { "空".to_owned() } else { text };
        vec![
            (index + 1).into(),
            cell.into(),
            text.into(),
            reason.into(),
            Entry::Number(sum.contributors.into()),
        ]
    };
    List {
        title: "三、只有下限或者无法汇总的单元格",
        columns: &[("序号", 6), ("单元格", 36), ("汇总数", 12), ("原因", 40), ("已有数字的机关数", 24)],
        rows: open.enumerate().map(row).collect(),
        empty: "各单元格均已汇总。",
    }
}

fn imbalances(roll_up: &RollUp) -> List {
    let failing = roll_up.balance.iter().filter_map(|(equation, sums)| {
        let (left, right) = (sums.left?, sums.right?);
        (left != right).then_some((*equation, left, right))
    });
    let row = |(index, (equation, left, right)): (usize, (&report::Equation, Decimal, Decimal))| {
        let rule = rules::of_equation(equation);
        let sides = sides_of_equation(equation);
        let place = full_width_brackets(equation.place);
        vec![
            (index + 1).into(),
            format!("{place}：{}", rule.problem).into(),
            rule.id.into(),
            format!("{}{}，{}{}", sides.left, left.normalize(), sides.right, right.normalize()).into(),
            Entry::Number(left.saturating_sub(right)),
        ]
    };
    let is_open = |sums: &report::Sums| sums.hold().is_none();
    let empty = match roll_up.balance.iter().any(|(_, sums)| is_open(sums)) {
        true => "能够核对的勾稽关系均成立，其余因数字不全无法核对。",
        false => "各项勾稽关系均成立。",
    };
    List {
        title: "四、汇总数不平衡之处",
        columns: &[("序号", 6), ("勾稽关系", 36), ("规则", 12), ("数字", 40), ("相差", 24)],
        rows: failing.enumerate().map(row).collect(),
        empty,
    }
}

/// Figures of the report of the region's government that contradict the sums.
fn differences(roll_up: &RollUp) -> List {
    let form = Form::get(roll_up.form);
    let figures = roll_up.whole.iter().flat_map(|whole| &whole.figures);
    let differing = roll_up.cells.iter().zip(figures).filter_map(|(sum, figure)| {
        let (figure, shown) = ((*figure)?, Shown::of(sum));
        let is_proved = match &shown {
            Shown::Number(value) => figure != *value,
            Shown::AtLeast(value, _) => figure < *value,
            Shown::Nothing(_) => false,
        };
        is_proved.then_some((sum, shown, figure))
    });
    let row = |(index, (sum, shown, figure)): (usize, (&survey::Sum, Shown, Decimal))| {
        let gap = figure.saturating_sub(sum.sum.unwrap_or_default());
        let cell = location::of_cell(form, sum.id);
        vec![(index + 1).into(), cell.into(), shown.text().into(), Entry::Number(figure), Entry::Number(gap)]
    };
    let empty = match &roll_up.whole {
        Some(whole) if whole.scope.is_some() => "本级政府的报告与汇总数没有出入。",
        Some(_) => "本级政府的报告未说明统计口径，推定为汇总数，与各机关汇总数没有出入。",
        None => "没有涵盖全地区的本级政府报告可供比对。",
    };
    List {
        title: "五、与本级政府报告不一致之处",
        columns: &[("序号", 6), ("单元格", 36), ("汇总数", 12), ("本级政府报告", 40), ("相差", 24)],
        rows: differing.enumerate().map(row).collect(),
        empty,
    }
}
