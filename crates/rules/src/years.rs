//! A report beside that of the year before: what was carried over, what grew, what was copied.
//!
//! Each rule is silent where the two are not of consecutive years, or a table that it needs is not there
//! at all: the rules of the one report say so.

mod carried;
mod comparison;

use report::{Against, CellId, Decimal, Finding, Form, FormId, Report, Severity, Table};

use self::carried::{carried_over, carried_over_corrected};
use self::comparison::comparisons_hold;
use crate::place::{
    active_label, cells_of, column_of, difference, is_absent, number, quoted_cells, row_label, row_of,
};
use crate::{BOTH, Check, ONLY_2019, ONLY_2021, Rule};

const ACCURATE: &str = "国办公开办函〔2021〕30号（四）：内容不准确、不全面的，追究责任";
const FORMS: &str = "国办公开办函〔2021〕30号、〔2019〕60号所附格式";

pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: "XY-01",
        severity: Severity::Error,
        forms: BOTH,
        title: "上年结转等于上年度报告的结转下年度",
        basis: "国办公开办函〔2021〕30号、〔2019〕60号所附格式，表三：上年结转政府信息公开申请数量、结转下年度继续办理",
        hint: "请与上年度报告核对后更正，确属上年数据有误的请说明。",
        formula: "每列：carried_in(本年) = carried_out(上年)",
        check: Check::Years(carried_over),
    },
    Rule {
        id: "XY-02",
        severity: Severity::Warning,
        forms: BOTH,
        title: "上年结转与上年度报告相差很小的，说明更正原因",
        basis: "国办公开办函〔2021〕30号、〔2019〕60号所附格式，表三",
        hint: "请核对是否为事后更正，并说明原因。",
        formula: "carried_in(本年) ≠ carried_out(上年)，各列相差不超过上年总计的5%，且本年表三各列平衡",
        check: Check::Years(carried_over_corrected),
    },
    Rule {
        id: "XY-03",
        severity: Severity::Warning,
        forms: ONLY_2021,
        title: "现行有效件数与上年度报告衔接",
        basis: "国办公开办函〔2021〕30号所附格式，表二",
        hint: "请与上年度报告核对，因失效、清理或者统计口径变化的请说明。",
        formula: "in_force(本年) = in_force(上年) + issued(本年) − repealed(本年)，两年均为2021年格式",
        check: Check::Years(documents_follow),
    },
    Rule {
        id: "XY-04",
        severity: Severity::Info,
        forms: ONLY_2021,
        title: "现行有效件数不沿用对外公开总数量",
        basis: "国办公开办函〔2021〕30号与〔2019〕60号所附格式，表二：两种格式口径不同",
        hint: "请核对现行有效件数是否按2021年格式的口径统计。",
        formula: "上年为2019年格式：in_force(本年) ∉ {public_total(上年)，public_total(上年) + issued − repealed}，均为0的除外",
        check: Check::Years(documents_recounted),
    },
    Rule {
        id: "XY-05",
        severity: Severity::Warning,
        forms: ONLY_2019,
        title: "上一年项目数量与上年度报告衔接",
        basis: "国办公开办函〔2019〕60号所附格式，表二",
        hint: "请与上年度报告核对后更正。",
        formula: "items_last_year(本年) = items_last_year(上年) + items_change(上年)，两年均为2019年格式",
        check: Check::Years(items_follow),
    },
    Rule {
        id: "XY-06",
        severity: Severity::Info,
        forms: BOTH,
        title: "上年尚未审结的案件在本年有着落",
        basis: "国办公开办函〔2021〕30号、〔2019〕60号所附格式，表四",
        hint: "请核对上年尚未审结的案件是否计入本年的审结结果或者尚未审结，各地口径不同的无需改动。",
        formula: "每组：total(本年) ≥ pending(上年)",
        check: Check::Years(pending_resolved),
    },
    Rule {
        id: "XY-07",
        severity: Severity::Warning,
        forms: BOTH,
        title: "主要数字与上年相比没有剧变",
        basis: ACCURATE,
        hint: "请核对数字和计量单位，情况属实的请在报送时说明原因。",
        formula: "主要数字：0.2 ≤ 本年 ÷ 上年 ≤ 5，或者 |本年 − 上年| < 10",
        check: Check::Years(no_jumps),
    },
    Rule {
        id: "XY-08",
        severity: Severity::Warning,
        forms: BOTH,
        title: "表格不沿用上年的数字",
        basis: "国办公开办函〔2021〕30号（四）：内容雷同、敷衍塞责的，追究责任",
        hint: "请核对是否误用了上年的表格，并按本年实际情况填写。",
        formula: "表中各格不与上年全部相同（非0的格太少、数字太小的不判断）",
        check: Check::Years(not_last_years_table),
    },
    Rule {
        id: "XY-09",
        severity: Severity::Warning,
        forms: BOTH,
        title: "正文与上年的比较同两年的表格一致",
        basis: ACCURATE,
        hint: "请核对正文的比较与两年的数字后更正。",
        formula: "正文的增减件数 = 本年 − 上年；正文的增减百分比 = (本年 − 上年) ÷ 上年，允许四舍五入、截尾和0.1个百分点的误差",
        check: Check::Years(comparisons_hold),
    },
    Rule {
        id: "T4-06",
        severity: Severity::Info,
        forms: BOTH,
        title: "复议后起诉不多于本年和上年的行政复议",
        basis: FORMS,
        hint: "请核对是否误将直接起诉的案件计入复议后起诉。",
        formula: "litigation_after_review.total ≤ review.total(本年) + review.total(上年)",
        check: Check::Years(litigation_after_reviews),
    },
    Rule {
        id: "T4-07",
        severity: Severity::Warning,
        forms: BOTH,
        title: "复议、诉讼不多于本年和上年办结的申请",
        basis: FORMS,
        hint: "请核对表四是否计入了与政府信息公开无关的案件。",
        formula: "review.total + direct_litigation.total + litigation_after_review.total ≤ concluded.total(本年) + concluded.total(上年)；\
                  仅因复议后起诉而超过的，只作提示",
        check: Check::Years(disputes_of_requests),
    },
    Rule {
        id: "T2-16",
        severity: Severity::Warning,
        forms: ONLY_2021,
        title: "收费金额不是上年的收费项目数量",
        basis: "国办公开办函〔2021〕30号所附格式，表二：本年收费金额（单位：万元）",
        hint: "请核对是否沿用了收费项目数量，改填本年收费金额。",
        formula: "上年为2019年格式：fees.amount(本年) ≠ items_last_year(上年) + items_change(上年)，均为0的除外",
        check: Check::Years(fees_are_money),
    },
];

/// A report and the one of the year before, each with its form.
struct Pair<'a> {
    report: &'a Report,
    last: &'a Report,
    form: &'static Form,
    last_form: &'static Form,
}

impl<'a> Pair<'a> {
    /// Both, where they are of consecutive years and have this table.
    fn of(report: &'a Report, last: &'a Report, table: Table) -> Option<Self> {
        let (form, last_form) = (report.cells.form()?, last.cells.form()?);
        let follows = report.year?.get() == last.year?.get() + 1;
        let is_there = !is_absent(report, table) && !is_absent(last, table);
        (follows && is_there).then_some(Self { report, last, form, last_form })
    }

    /// The same, where they follow these forms.
    fn of_forms(report: &'a Report, last: &'a Report, form: FormId, last_form: FormId) -> Option<Self> {
        let pair = Self::of(report, last, Table::Active)?;
        (pair.form.id == form && pair.last_form.id == last_form).then_some(pair)
    }

    fn now(&self, id: CellId) -> Option<Decimal> {
        self.report.cells.value(id)
    }

    fn before(&self, id: CellId) -> Option<Decimal> {
        self.last.cells.value(id)
    }

    /// Both values of a cell of this name, where both are known.
    fn both(&self, name: &str) -> Option<(CellId, Decimal, Decimal)> {
        let id = CellId::parse(name).ok()?;
        Some((id, self.now(id)?, self.before(id)?))
    }

    /// `2023年度报告`.
    fn last_report(&self) -> String {
        self.last.year.map_or("上年度报告".to_owned(), |year| format!("{year}年度报告"))
    }

    /// The finding with the place in last year's report and what both years say.
    fn against(
        &self,
        finding: Finding,
        places: &[CellId],
        now: Option<Decimal>,
        before: Option<Decimal>,
    ) -> Finding {
        let origin = places.iter().find_map(|id| self.last.cells.get(*id)?.origin);
        let against = Against { agency: self.last.agency.clone(), year: self.last.year, origin };
        Finding { left: now, right: before, against: Some(against), ..finding }
    }
}

const DOCUMENTS: [&str; 2] = ["regulations", "normative_documents"];

/// XY-03.
fn documents_follow(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let Some(pair) = Pair::of_forms(report, last, FormId::F2021, FormId::F2021) else { return Vec::new() };
    let judge = |row: &str| {
        let cell = |column| pair.form.active_cell(row, column);
        let (issued_id, repealed_id, id) = (cell("issued")?, cell("repealed")?, cell("in_force")?);
        let (issued, repealed, now) = (pair.now(issued_id)?, pair.now(repealed_id)?, pair.now(id)?);
        let cells = vec![id, issued_id, repealed_id];
        let label = row_label(pair.form, id);
        let Some(before) = pair.before(id) else {
            let message = format!(
                "{}表二“{label}”行没有可用的现行有效件数，无法核对两年是否衔接。请补填后重新核对，没有发生的填0。",
                pair.last_report()
            );
            return Some(pair.against(rule.unknown(report, cells, message), &[id], Some(now), None));
        };
        let expected = before.saturating_add(issued).saturating_sub(repealed);
        if now == expected {
            return None;
        }
        let what = format!(
            "表二“{label}”行现行有效{}件，而{}现行有效{}件，加本年制发{}件、减本年废止{}件应为{}件，相差{}件。",
            number(now),
            pair.last_report(),
            number(before),
            number(issued),
            number(repealed),
            number(expected),
            difference(now, expected)
        );
        Some(pair.against(rule.fails(report, cells, what), &[id], Some(now), Some(expected)))
    };
    DOCUMENTS.into_iter().filter_map(judge).collect()
}

/// XY-04. What was published over all years is not what is in force.
fn documents_recounted(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let Some(pair) = Pair::of_forms(report, last, FormId::F2021, FormId::F2019) else { return Vec::new() };
    let judge = |row: &str| {
        let id = pair.form.active_cell(row, "in_force")?;
        let last_id = pair.last_form.active_cell(row, "public_total")?;
        let (now, before) = (pair.now(id)?, pair.before(last_id)?);
        let change = |column| pair.now(pair.form.active_cell(row, column)?);
        let grown = change("issued").zip(change("repealed"));
        let grown = grown.map(|(issued, repealed)| before.saturating_add(issued).saturating_sub(repealed));
        if now.is_zero() || before.is_zero() || now != before && Some(now) != grown {
            return None;
        }
        let what = format!(
            "表二“{}”行现行有效{}件，与{}的对外公开总数量{}件衔接，而两者口径不同。",
            row_label(pair.form, id),
            number(now),
            pair.last_report(),
            number(before)
        );
        Some(pair.against(rule.fails(report, vec![id], what), &[last_id], Some(now), Some(before)))
    };
    DOCUMENTS.into_iter().filter_map(judge).collect()
}

/// XY-05, one finding for all rows.
fn items_follow(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let Some(pair) = Pair::of_forms(report, last, FormId::F2019, FormId::F2019) else { return Vec::new() };
    let rows = pair.form.cells().iter().copied().filter(|id| column_of(*id) == "items_last_year");
    let broken = rows.filter_map(|id| {
        let change = pair.last_form.active_cell(row_of(id), "items_change")?;
        let expected = pair.before(id)?.saturating_add(pair.before(change)?);
        let now = pair.now(id)?;
        (now != expected).then_some((id, now, expected))
    });
    let broken: Vec<(CellId, Decimal, Decimal)> = broken.collect();
    let Some((_, now, before)) = broken.first() else { return Vec::new() };
    let places = broken.iter().map(|(id, now, expected)| {
        format!("“{}”填{}项，应为{}项", row_label(pair.form, *id), number(*now), number(*expected))
    });
    let places: Vec<String> = places.collect();
    let what = format!(
        "表二的上一年项目数量与{}的项目数量加减后不一致：{}。",
        pair.last_report(),
        places.join("，")
    );
    let cells: Vec<CellId> = broken.iter().map(|(id, ..)| *id).collect();
    let finding = rule.fails(report, cells.clone(), what);
    vec![pair.against(finding, &cells, Some(*now), Some(*before))]
}

/// XY-06. Only a bound: the form does not say whether a case of last year is counted again.
fn pending_resolved(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let Some(pair) = Pair::of(report, last, Table::Litigation) else { return Vec::new() };
    let judge = |group: &report::Line| {
        let id = pair.form.litigation_cell(group.id, "total")?;
        let last_id = pair.last_form.litigation_cell(group.id, "pending")?;
        let (now, pending) = (pair.now(id)?, pair.before(last_id)?);
        if now >= pending {
            return None;
        }
        let what = format!(
            "{}表四“{}”尚未审结{}件，本年总计却只有{}件。",
            pair.last_report(),
            group.label,
            number(pending),
            number(now)
        );
        Some(pair.against(rule.fails(report, vec![id], what), &[last_id], Some(now), Some(pending)))
    };
    pair.form.litigation_groups.iter().filter_map(judge).collect()
}

/// Figures that say how much an agency does.
const MAIN_FIGURES: [&str; 10] = [
    "requests.received.total",
    "active.normative_documents.in_force",
    "active.licensing.decisions",
    "active.other_services.decisions",
    "active.penalty.decisions",
    "active.coercion.decisions",
    "active.fees.amount",
    "active.procurement.amount",
    "review.total",
    "direct_litigation.total",
];
/// How many times more or less is a jump.
const JUMP: i64 = 5;
/// Smaller changes are none, whatever their ratio: 1 to 6.
const JUMP_FLOOR: i64 = 10;

/// XY-07, one finding for all figures.
fn no_jumps(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let jump = |name: &&str| {
        let table = CellId::parse(name).ok()?.table();
        let (id, now, before) = Pair::of(report, last, table)?.both(name)?;
        let times = |value: Decimal| value.saturating_mul(JUMP.into());
        let is_jump = now > times(before) || before > times(now);
        let is_large = now.saturating_sub(before).abs() >= JUMP_FLOOR.into();
        (is_jump && is_large).then_some((id, now, before))
    };
    let jumps: Vec<(CellId, Decimal, Decimal)> = MAIN_FIGURES.iter().filter_map(jump).collect();
    let Some((id, now, before)) = jumps.first() else { return Vec::new() };
    let Some(pair) = Pair::of(report, last, id.table()) else { return Vec::new() };
    let places = jumps.iter().map(|(id, now, before)| {
        format!("“{}”由{}变为{}", pair.form.label(*id), number(*before), number(*now))
    });
    let places: Vec<String> = places.collect();
    let what = format!("与{}相比变化很大：{}。", pair.last_report(), places.join("，"));
    let cells: Vec<CellId> = jumps.iter().map(|(id, ..)| *id).collect();
    let finding = rule.fails(report, cells.clone(), what);
    vec![pair.against(finding, &cells, Some(*now), Some(*before))]
}

/// What has to agree before chance is out of question: a table of a few small figures may well be the
/// same twice, one with a five-digit figure or with six small ones is not.
const TELLING: usize = 6;

/// How much a figure tells when it stands there again: one digit, little; others, more with each digit.
fn tells(value: Decimal) -> usize {
    let digits = number(value.trunc().abs()).len();
    if digits == 1 { 1 } else { digits + 1 }
}

/// XY-08.
fn not_last_years_table(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let judge = |table| {
        let pair = Pair::of(report, last, table)?;
        let is_same = pair.form.id == pair.last_form.id
            && cells_of(report, table).all(|(id, cell)| cell.value == pair.before(id));
        if !is_same {
            return None;
        }
        let figures = cells_of(report, table).filter(|(id, _)| is_of_the_year(*id));
        let figures =
            figures.filter_map(|(id, cell)| Some((id, cell.value.filter(|value| !value.is_zero())?)));
        let figures: Vec<(CellId, Decimal)> = figures.collect();
        if figures.iter().map(|(_, value)| tells(*value)).sum::<usize>() < TELLING {
            return None;
        }
        let cells: Vec<CellId> = figures.iter().map(|(id, _)| *id).collect();
        let what = format!(
            "{}的全部数字与{}完全相同，其中不为0的有{}。",
            table.short_title(),
            pair.last_report(),
            quoted_cells(report, &cells)
        );
        let finding = rule.fails(report, cells.clone(), what);
        Some(pair.against(finding, &cells, None, None))
    };
    Table::ALL.into_iter().filter_map(judge).collect()
}

/// Whether a figure is made anew each year and does not follow from others: neither a stock nor a sum.
fn is_of_the_year(id: CellId) -> bool {
    let is_stock = ["in_force", "public_total", "items_last_year"].contains(&column_of(id));
    let is_sum = column_of(id) == "total" || ["received", "concluded"].contains(&row_of(id));
    !is_stock && !is_sum
}

/// T4-06.
fn litigation_after_reviews(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let judge = || {
        let pair = Pair::of(report, last, Table::Litigation)?;
        let (review, now, before) = pair.both("review.total")?;
        let id = CellId::parse("litigation_after_review.total").ok()?;
        let (litigation, reviews) = (pair.now(id)?, now.saturating_add(before));
        if litigation <= reviews {
            return None;
        }
        let what = format!(
            "表四复议后起诉{}件，多于本年行政复议{}件与{}行政复议{}件之和。",
            number(litigation),
            number(now),
            pair.last_report(),
            number(before)
        );
        let finding = rule.fails(report, vec![id, review], what);
        Some(pair.against(finding, &[review], Some(litigation), Some(reviews)))
    };
    judge().into_iter().collect()
}

/// T4-07. Who sues after a review is counted twice, so that excess alone is no fault.
fn disputes_of_requests(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let judge = || {
        let pair = Pair::of(report, last, Table::Requests)?;
        let (concluded_id, now, before) = pair.both("requests.concluded.total")?;
        let groups: Vec<CellId> = pair
            .form
            .litigation_groups
            .iter()
            .filter_map(|group| pair.form.litigation_cell(group.id, "total"))
            .collect();
        let [review, direct, after] = groups[..] else { return None };
        let first = pair.now(review)?.saturating_add(pair.now(direct)?);
        let disputes = first.saturating_add(pair.now(after)?);
        let concluded = now.saturating_add(before);
        if disputes <= concluded {
            return None;
        }
        let what = format!(
            "表四行政复议、行政诉讼共{}件，多于本年办结的申请{}件与{}办结的{}件之和。",
            number(disputes),
            number(now),
            pair.last_report(),
            number(before)
        );
        let severity = if first > concluded { rule.severity } else { Severity::Info };
        let finding = rule.fails(report, vec![review, direct, after, concluded_id], what);
        let finding = Finding { severity, ..finding };
        Some(pair.against(finding, &[concluded_id], Some(disputes), Some(concluded)))
    };
    judge().into_iter().collect()
}

/// T2-16.
fn fees_are_money(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let judge = || {
        let pair = Pair::of_forms(report, last, FormId::F2021, FormId::F2019)?;
        let id = pair.form.active_cell("fees", "amount")?;
        let items_id = pair.last_form.active_cell("fees", "items_last_year")?;
        let change_id = pair.last_form.active_cell("fees", "items_change")?;
        let amount = pair.now(id).filter(|amount| !amount.is_zero())?;
        let items = pair.before(items_id)?.saturating_add(pair.before(change_id)?);
        if amount != items {
            return None;
        }
        let what = format!(
            "表二“{}”的收费金额为{}万元，恰与{}的收费项目数量相同。",
            active_label("fees").unwrap_or_default(),
            number(amount),
            pair.last_report()
        );
        let finding = rule.fails(report, vec![id], what);
        Some(pair.against(finding, &[items_id, change_id], Some(amount), Some(items)))
    };
    judge().into_iter().collect()
}
