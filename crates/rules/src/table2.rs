//! Table two, 主动公开政府信息情况: figures, all of them, and of the right kind.

use report::{Cell, CellId, CellKind, CellState, Decimal, Finding, NoteKind, Report, Severity, Table};

use crate::place::{
    Row, active_label, cells_of, has_note, ids_where, is_absent, is_blank, number, quoted, quoted_cells,
    row_of, rows, value_in,
};
use crate::standing::{self, Standing};
use crate::{BOTH, Check, ONLY_2019, ONLY_2021, Rule};

/// Fees of a year, in 万元, that no single agency below a government takes.
const FEES_OF_A_GOVERNMENT: i64 = 100_000;
/// An amount in 万元 that is a whole multiple of this is more likely one in 元.
const ROUND_FEES: i64 = 1_000;

const FORM_2021: &str = "国办公开办函〔2021〕30号所附格式，表二";
const FORM_2019: &str = "国办公开办函〔2019〕60号所附格式，表二";
const FORM: &str = "国办公开办函〔2021〕30号、〔2019〕60号所附格式，表二；《条例》第二十条";

pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: "T2-01",
        severity: Severity::Error,
        forms: BOTH,
        title: "表二各格都填有数字",
        basis: FORM,
        hint: "请补填，没有发生的填0。",
        formula: "active.* 的每一格都有数字",
        check: Check::Report(all_numeric),
    },
    Rule {
        id: "T2-02",
        severity: Severity::Error,
        forms: BOTH,
        title: "表二数量为非负整数",
        basis: FORM,
        hint: "请核对后更正；只有“本年增/减”可以为负数，只有金额可以有小数。",
        formula: "件数、项数 ∈ {0, 1, 2, …}；items_change ∈ {…, −1, 0, 1, …}；amount ≥ 0",
        check: Check::Report(whole_numbers),
    },
    Rule {
        id: "T2-03",
        severity: Severity::Warning,
        forms: ONLY_2021,
        title: "现行有效件数不少于制发减废止",
        basis: FORM_2021,
        hint: "请核对制发、废止和现行有效件数。",
        formula: "in_force ≥ issued − repealed，in_force > 0（规章、行政规范性文件各行；in_force = 0 见 T2-04）",
        check: Check::Report(|rule, report| documents_in_force(rule, report, false)),
    },
    Rule {
        id: "T2-04",
        severity: Severity::Warning,
        forms: ONLY_2021,
        title: "本年制发的文件未全部废止的，有现行有效件数",
        basis: FORM_2021,
        hint: "请核对后补填现行有效件数，包括以往年度制发、目前仍然有效的文件。",
        formula: "issued > repealed ⇒ in_force > 0（规章、行政规范性文件各行）",
        check: Check::Report(|rule, report| documents_in_force(rule, report, true)),
    },
    Rule {
        id: "T2-05",
        severity: Severity::Info,
        forms: ONLY_2019,
        title: "制作、公开数量与对外公开总数量相称",
        basis: FORM_2019,
        hint: "请核对三个数量，确有原因的无需改动。",
        formula: "published ≤ public_total，made ≤ public_total，made = published（规章、规范性文件各行）",
        check: Check::Report(documents_published),
    },
    Rule {
        id: "T2-06",
        severity: Severity::Warning,
        forms: ONLY_2019,
        title: "处理决定数量不是项目数量的结余",
        basis: FORM_2019,
        hint: "请核对后更正；“处理决定数量”是本年作出决定的件数，与项目数量无关。",
        formula: "decisions ≠ items_last_year + items_change，两边均为0的除外",
        check: Check::Report(decisions_are_no_balance),
    },
    Rule {
        id: "T2-07",
        severity: Severity::Warning,
        forms: ONLY_2019,
        title: "减少的项目不多于上一年项目",
        basis: FORM_2019,
        hint: "请核对上一年项目数量和本年增/减。",
        formula: "items_last_year + items_change ≥ 0",
        check: Check::Report(items_stay_positive),
    },
    Rule {
        id: "T2-08",
        severity: Severity::Warning,
        forms: ONLY_2021,
        title: "收费金额以万元为单位",
        basis: "国办公开办函〔2021〕30号所附格式，表二：本年收费金额（单位：万元）",
        hint: "请核对单位，按万元填写。",
        formula: "表头和 fees.amount 均以万元计；fees.amount 为1000的整倍数，或部门达到100000的，疑为以元计",
        check: Check::Report(fees_in_the_unit),
    },
    Rule {
        id: "T2-09",
        severity: Severity::Warning,
        forms: ONLY_2019,
        title: "采购金额写明单位，与采购项目数量相符",
        basis: FORM_2019,
        hint: "请核对后写明金额单位，没有采购的两格均填0。",
        formula: "procurement.amount 或其表头写有单位；procurement.count = 0 ⇔ procurement.amount = 0",
        check: Check::Report(procurement_is_plain),
    },
    Rule {
        id: "T2-10",
        severity: Severity::Info,
        forms: BOTH,
        title: "数量格内只填数字",
        basis: FORM,
        hint: "请删去单位，只保留数字。",
        formula: "件数、项数各格的文字 = 数字，不带 件、条、宗、个、项 等",
        check: Check::Report(no_units),
    },
    Rule {
        id: "T2-11",
        severity: Severity::Warning,
        forms: BOTH,
        title: "没有规章制定权的机关不填规章",
        basis: "《立法法》第九十一条、第九十三条：规章由国务院部门和省、自治区、直辖市、设区的市、自治州的人民政府制定",
        hint: "请核对是否误填；部门文件、县乡文件符合条件的填入“行政规范性文件”。",
        formula: "机关无规章制定权 ⇒ regulations.* = 0",
        check: Check::Report(regulations_by_those_who_may),
    },
    Rule {
        id: "T2-12",
        severity: Severity::Warning,
        forms: BOTH,
        title: "本职的行政行为不为0",
        basis: "《条例》第二十条第（五）、（六）项：公开行政许可、行政处罚的结果",
        hint: "请核对是否漏填或者按其他口径统计；确未发生的，请在报送时说明。",
        formula: "行政审批局：licensing.decisions > 0；公安、市场监管、城管执法、税务机关：penalty.decisions > 0",
        check: Check::Report(core_business),
    },
    Rule {
        id: "T2-13",
        severity: Severity::Warning,
        forms: ONLY_2021,
        title: "表二表头与规定格式一致",
        basis: FORM_2021,
        hint: "请按规定格式恢复表头，并核对各数字是否按规定口径填写。",
        formula: "各列表头 = 规定的表头",
        check: Check::Report(headings_of_the_form),
    },
    Rule {
        id: "T2-14",
        severity: Severity::Warning,
        forms: ONLY_2021,
        title: "表二各行名称与规定格式一致",
        basis: FORM_2021,
        hint: "请按2021年格式填写。",
        formula: "各行名称 = 规定的名称；没有“规范性文件”、“其他对外管理服务事项”、“政府集中采购”",
        check: Check::Report(labels_of_the_form),
    },
    Rule {
        id: "T2-15",
        severity: Severity::Info,
        forms: ONLY_2021,
        title: "填了制发、废止的，也填现行有效",
        basis: FORM_2021,
        hint: "请补填；现行有效件数包括以往年度制发、目前仍然有效的文件。",
        formula: "issued、repealed 有数字 ⇒ in_force 有数字（规章、行政规范性文件各行）",
        check: Check::Report(in_force_is_filled),
    },
];

/// T2-01, one finding that says which cells lack a number and why.
fn all_numeric(rule: &Rule, report: &Report) -> Vec<Finding> {
    if is_absent(report, Table::Active) {
        return Vec::new();
    }
    let of = |state: CellState| ids_where(report, Table::Active, move |cell| cell.state == state);
    // A row that stands twice is there, and T3-18 says so.
    let mut missing = of(CellState::Missing);
    missing.retain(|id| !has_note(report, NoteKind::RowRepeated, row_of(*id)));
    let kinds = [
        ("缺失", missing),
        ("空白", ids_where(report, Table::Active, is_blank)),
        ("填的是符号", of(CellState::Placeholder)),
        ("填的不是数字", of(CellState::Unreadable)),
    ];
    let parts: Vec<String> = kinds
        .iter()
        .filter(|(_, ids)| !ids.is_empty())
        .map(|(what, ids)| format!("{what}的是{}", quoted_cells(report, ids)))
        .collect();
    let cells: Vec<CellId> = kinds.into_iter().flat_map(|(_, ids)| ids).collect();
    if cells.is_empty() {
        return Vec::new();
    }
    let what = format!("表二有{}格没有填写数字：{}。", cells.len(), parts.join("；"));
    vec![rule.fails(report, cells, what)]
}

/// T2-02.
fn whole_numbers(rule: &Rule, report: &Report) -> Vec<Finding> {
    let wrong = |id: CellId, value: Decimal| match id.kind() {
        CellKind::Count => value < Decimal::ZERO || !value.fract().is_zero(),
        CellKind::Change => !value.fract().is_zero(),
        CellKind::Amount => value < Decimal::ZERO,
    };
    let cells = cells_of(report, Table::Active).filter_map(|(id, cell)| Some((id, cell.value?)));
    cells
        .filter(|(id, value)| wrong(*id, *value))
        .map(|(id, value)| {
            let cell = quoted_cells(report, &[id]);
            let what = format!("表二{cell}填的是{}，应为{}。", number(value), expected(id.kind()));
            Finding { left: Some(value), ..rule.fails(report, vec![id], what) }
        })
        .collect()
}

fn expected(kind: CellKind) -> &'static str {
    match kind {
        CellKind::Count => "非负整数",
        CellKind::Change => "整数",
        CellKind::Amount => "非负金额",
    }
}

/// T2-10. The number was read without its unit; money may name its own.
fn no_units(rule: &Rule, report: &Report) -> Vec<Finding> {
    let counts = cells_of(report, Table::Active).filter(|(id, _)| id.kind() != CellKind::Amount);
    let glued: Vec<(CellId, &str, Decimal)> = counts.filter_map(|(id, cell)| glued_unit(id, cell)).collect();
    if glued.is_empty() {
        return Vec::new();
    }
    let cells: Vec<CellId> = glued.iter().map(|(id, ..)| *id).collect();
    let texts: Vec<String> =
        glued.iter().map(|(_, text, value)| format!("“{text}”已按{}读取", number(*value))).collect();
    let what = format!("表二{}在数字后写了单位：{}。", quoted_cells(report, &cells), texts.join("，"));
    vec![rule.fails(report, cells, what)]
}

fn glued_unit(id: CellId, cell: &Cell) -> Option<(CellId, &str, Decimal)> {
    let text = cell.text.as_deref().filter(|_| cell.state == CellState::Read)?;
    let has_unit = text.trim_end().chars().next_back().is_some_and(char::is_alphabetic);
    has_unit.then_some((id, text, cell.value?))
}

/// The rows of table two that have all these columns filled, with their figures.
fn filled<'a, const N: usize>(
    report: &'a Report,
    columns: [&str; N],
) -> impl Iterator<Item = (Row<'a>, [Decimal; N])> {
    let values = move |row: &Row<'_>| {
        let mut values = [Decimal::ZERO; N];
        for (value, column) in values.iter_mut().zip(columns) {
            *value = value_in(row, column)?;
        }
        Some(values)
    };
    rows(report, Table::Active).into_iter().filter_map(move |row| values(&row).map(|values| (row, values)))
}

/// T2-03 and T2-04: a document of this year that was not repealed is in force. Where nothing at all is
/// said to be in force the cell was overlooked, which is another fault.
fn documents_in_force(rule: &Rule, report: &Report, when_none: bool) -> Vec<Finding> {
    filled(report, ["issued", "repealed", "in_force"])
        .filter(|(_, [issued, repealed, in_force])| {
            in_force.is_zero() == when_none && *in_force < issued.saturating_sub(*repealed)
        })
        .map(|(row, [issued, repealed, in_force])| {
            let what = format!(
                "表二“{}”行本年制发{}件、废止{}件，现行有效却为{}件。",
                row.label,
                number(issued),
                number(repealed),
                number(in_force)
            );
            let (left, right) = (Some(in_force), Some(issued.saturating_sub(repealed)));
            Finding { left, right, ..rule.fails(report, row.ids().collect(), what) }
        })
        .collect()
}

/// T2-05.
fn documents_published(rule: &Rule, report: &Report) -> Vec<Finding> {
    filled(report, ["made", "published", "public_total"])
        .filter_map(|(row, [made, published, total])| {
            let odd = if published > total {
                "新公开多于对外公开总数量"
            } else if made > total {
                "新制作多于对外公开总数量"
            } else if made != published {
                "新制作与新公开不相等"
            } else {
                return None;
            };
            let what = format!(
                "表二“{}”行本年新制作{}件、新公开{}件，对外公开总数量{}件，{odd}。",
                row.label,
                number(made),
                number(published),
                number(total)
            );
            Some(rule.fails(report, row.ids().collect(), what))
        })
        .collect()
}

/// T2-06, one finding for all rows, since one misreading fills them all.
fn decisions_are_no_balance(rule: &Rule, report: &Report) -> Vec<Finding> {
    let rows = filled(report, ["items_last_year", "items_change", "decisions"]);
    let misread = rows.filter(|(_, [last_year, change, decisions])| {
        !decisions.is_zero() && last_year.saturating_add(*change) == *decisions
    });
    let misread: Vec<(Row<'_>, [Decimal; 3])> = misread.collect();
    if misread.is_empty() {
        return Vec::new();
    }
    let sums = misread.iter().map(|(row, [last_year, change, decisions])| {
        let sign = if change.is_sign_negative() { '−' } else { '+' };
        let (last_year, change) = (number(*last_year), number(change.abs()));
        format!("“{}”{last_year}{sign}{change}={}", row.label, number(*decisions))
    });
    let sums: Vec<String> = sums.collect();
    let what = format!("表二的处理决定数量恰为上一年项目数量与本年增/减之和：{}。", sums.join("，"));
    vec![rule.fails(report, misread.iter().flat_map(|(row, _)| row.ids()).collect(), what)]
}

/// T2-07.
fn items_stay_positive(rule: &Rule, report: &Report) -> Vec<Finding> {
    filled(report, ["items_last_year", "items_change"])
        .filter(|(_, [last_year, change])| last_year.saturating_add(*change) < Decimal::ZERO)
        .map(|(row, [last_year, change])| {
            let (last_year, change) = (number(last_year), number(change.abs()));
            let what = format!("表二“{}”行上一年项目{last_year}项，本年却减少{change}项。", row.label);
            rule.fails(report, row.ids().collect(), what)
        })
        .collect()
}

/// T2-08. The amount was read in 万元 by the unit that the cell or its heading names.
fn fees_in_the_unit(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some((id, cell)) = cells_of(report, Table::Active).find(|(id, _)| row_of(*id) == "fees") else {
        return Vec::new();
    };
    let Some(value) = cell.value.filter(|_| cell.state == CellState::Read) else { return Vec::new() };
    let text = cell.text.as_deref().unwrap_or_default().trim();
    let heading = report.notes.iter().find(|note| note.kind == NoteKind::MoneyUnit && note.subject == "fees");
    let is_whole_multiple =
        value >= ROUND_FEES.into() && value.checked_rem(ROUND_FEES.into()).is_some_and(|rest| rest.is_zero());
    let is_large = value >= FEES_OF_A_GOVERNMENT.into() && standing::of(report) == Some(Standing::Department);
    let what = if text.ends_with('元') && !text.ends_with("万元") {
        format!("表二“行政事业性收费”填的是“{text}”，已按{}万元读取。", number(value))
    } else if heading.is_some() && !text.ends_with('元') {
        format!("表二收费金额的表头单位不是万元，“{text}”已按{}万元读取。", number(value))
    } else if is_whole_multiple || is_large {
        format!("表二“行政事业性收费”为{}万元，疑为以元计的金额。", number(value))
    } else {
        return Vec::new();
    };
    vec![Finding { left: Some(value), ..rule.fails(report, vec![id], what) }]
}

/// T2-09.
fn procurement_is_plain(rule: &Rule, report: &Report) -> Vec<Finding> {
    let procurement = filled(report, ["count", "amount"]).find(|(row, _)| row.id == "procurement");
    let Some((row, [count, amount])) = procurement else { return Vec::new() };
    let says_unit =
        |(_, cell): &(CellId, &Cell)| cell.text.as_deref().is_some_and(|text| text.contains('元'));
    let names_unit = row.cells.iter().any(says_unit) || has_note(report, NoteKind::MoneyUnit, "procurement");
    let what = if count.is_zero() != amount.is_zero() {
        format!("表二“政府集中采购”项目{}个，金额却为{}万元。", number(count), number(amount))
    } else if !amount.is_zero() && !names_unit {
        format!("表二“政府集中采购”的采购总金额只写了{}，没有写明是元还是万元。", number(amount))
    } else {
        return Vec::new();
    };
    vec![rule.fails(report, row.ids().collect(), what)]
}

/// T2-11.
fn regulations_by_those_who_may(rule: &Rule, report: &Report) -> Vec<Finding> {
    let may_not = match standing::of(report) {
        Some(Standing::Department) => "是政府部门",
        Some(Standing::LowerGovernment) => "是县级以下政府或者派出机关",
        Some(Standing::HigherGovernment) | None => return Vec::new(),
    };
    let regulations = cells_of(report, Table::Active).filter(|(id, _)| row_of(*id) == "regulations");
    let filled = regulations.filter(|(_, cell)| cell.value.is_some_and(|value| value > Decimal::ZERO));
    let cells: Vec<CellId> = filled.map(|(id, _)| id).collect();
    if cells.is_empty() {
        return Vec::new();
    }
    let agency = report.agency.as_deref().unwrap_or_default();
    let what = format!("表二{}不为0，而{agency}{may_not}，没有规章制定权。", quoted_cells(report, &cells));
    vec![rule.fails(report, cells, what)]
}

/// T2-12.
fn core_business(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some((row_id, business)) = report.agency.as_deref().and_then(standing::core_business) else {
        return Vec::new();
    };
    filled(report, ["decisions"])
        .filter(|(row, [decisions])| row.id == row_id && decisions.is_zero())
        .map(|(row, _)| {
            let cells = row.cells.iter().map(|(id, _)| *id).filter(|id| id.as_str().ends_with(".decisions"));
            let what = format!("{business}的“{}”处理决定数量为0。", row.label);
            rule.fails(report, cells.collect(), what)
        })
        .collect()
}

/// T2-13.
fn headings_of_the_form(rule: &Rule, report: &Report) -> Vec<Finding> {
    let altered: Vec<_> = report.notes.iter().filter(|note| note.kind == NoteKind::HeadingAltered).collect();
    let Some(first) = altered.first() else { return Vec::new() };
    let headings = quoted(altered.iter().map(|note| note.subject.as_str()), "处");
    let finding = rule.fails(report, Vec::new(), format!("表二的表头改动了规定的文字：{headings}。"));
    vec![Finding { origin: first.origin, ..finding }]
}

/// T2-14. Rows that only the form of 2019 has are left over from it, like the label.
fn labels_of_the_form(rule: &Rule, report: &Report) -> Vec<Finding> {
    let is_outdated = |note: &&report::Note| match note.kind {
        NoteKind::LabelOutdated => true,
        NoteKind::ForeignRow => active_label(&note.subject).is_some(),
        _ => false,
    };
    let outdated: Vec<_> = report.notes.iter().filter(is_outdated).collect();
    let Some(first) = outdated.first() else { return Vec::new() };
    let parts = outdated.iter().map(|note| match note.kind {
        NoteKind::LabelOutdated => "“行政规范性文件”仍写作“规范性文件”".to_owned(),
        _ => format!("仍有“{}”行", active_label(&note.subject).unwrap_or(&note.subject)),
    });
    let parts: Vec<String> = parts.collect();
    let cells = rows(report, Table::Active).into_iter();
    let cells = cells.filter(|row| outdated.iter().any(|note| note.subject == row.id));
    let cells: Vec<CellId> = cells.flat_map(|row| row.ids().collect::<Vec<_>>()).collect();
    let finding = rule.fails(report, cells, format!("表二沿用了2019年格式的行名：{}。", parts.join("，")));
    vec![Finding { origin: first.origin.or(finding.origin), ..finding }]
}

/// T2-15. T2-01 says that the cell is blank; this says what belongs there.
fn in_force_is_filled(rule: &Rule, report: &Report) -> Vec<Finding> {
    filled(report, ["issued", "repealed"])
        .filter_map(|(row, _)| {
            let (id, _) =
                row.cells.iter().find(|(id, cell)| id.as_str().ends_with(".in_force") && is_blank(cell))?;
            let what = format!("表二“{}”行填了制发、废止件数，现行有效件数空白。", row.label);
            Some(rule.fails(report, vec![*id], what))
        })
        .collect()
}
