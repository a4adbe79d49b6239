//! The Chinese names by which people ask for a cell: `表三 新收 总计`, `行政复议纠正`, `收费金额`.
//!
//! A cell has up to four parts: its table, the group of its row, its row and its column. Each part has the label of
//! the official form and the short words that reviewers use. A name is any row of such words, at most one for each
//! part; what it leaves out stays open. Width, white space and punctuation do not matter.

use std::collections::HashMap;
use std::sync::LazyLock;

use report::{CellId, Form, FormId, Table, full_width_brackets};

use crate::analyzer::fold;

/// The cells that a name may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// No cell is called so.
    Nothing,
    /// Just this one.
    One(CellId),
    /// Each of these, in the order of the forms: the newer form first.
    Several(Vec<CellId>),
}

impl Named {
    fn of(mut cells: Vec<CellId>) -> Self {
        match cells.len() {
            0 => Self::Nothing,
            1 => Self::One(cells.remove(0)),
            _ => Self::Several(cells),
        }
    }
}

/// The cells that this name may mean. The whole official label, with its numbers, means its own cell alone. A name
/// whose words stand in the order of the form (table, group, row, column) is not taken in any other order.
pub fn cells_named(name: &str) -> Named {
    let name = folded(name);
    if name.is_empty() {
        return Named::Nothing;
    }
    if let Some(cell) = NAMES.official.get(&name) {
        return Named::One(*cell);
    }
    let spelled = |in_order: bool| {
        let cells = NAMES.cells.iter().filter(|cell| cell.spells(&name, in_order, End::Whole));
        cells.map(|cell| cell.id).collect::<Vec<_>>()
    };
    let in_order = spelled(true);
    Named::of(if in_order.is_empty() { spelled(false) } else { in_order })
}

/// Cells whose name begins like this, the likeliest first: whole words before begun ones, totals before their parts.
pub fn cells_beginning(name: &str, limit: usize) -> Vec<CellId> {
    let name = folded(name);
    if name.is_empty() {
        return Vec::new();
    }
    let rank = |cell: &CellName| {
        let ends = [(0, true, End::Whole), (1, true, End::Begun), (2, false, End::Begun)];
        ends.into_iter().find(|(_, in_order, end)| cell.spells(&name, *in_order, *end)).map(|(rank, ..)| rank)
    };
    let ranked = NAMES.cells.iter().filter_map(|cell| Some((rank(cell)?, cell)));
    let mut ranked: Vec<(u8, bool, CellId)> =
        ranked.map(|(rank, cell)| (rank, !cell.id.as_str().ends_with(".total"), cell.id)).collect();
    ranked.sort_by_key(|(rank, is_part, _)| (*rank, *is_part));
    ranked.into_iter().map(|(_, _, id)| id).take(limit).collect()
}

/// The shortest name that means this cell alone: `表三 新收 总计`.
pub fn short_name(cell: CellId) -> &'static str {
    NAMES.short.get(&cell).map_or(cell.as_str(), String::as_str)
}

/// Table, row and column of a cell, as the newest form that has it prints them: `表三 一、本年新收政府信息公开申请数量 / 总计`.
pub fn official_name(cell: CellId) -> String {
    let label = form_of(cell).map(|form| full_width_brackets(form.label(cell))).unwrap_or_default();
    format!("{} {label}", cell.table().short_title())
}

/// The newest form that has a cell.
fn form_of(cell: CellId) -> Option<&'static Form> {
    forms().into_iter().find(|form| form.position(cell).is_some())
}

/// The newer form first.
fn forms() -> [&'static Form; 2] {
    [Form::get(FormId::F2021), Form::get(FormId::F2019)]
}

/// A name without what is only spelling: letters, digits and Han characters of half width.
fn folded(name: &str) -> String {
    name.chars().map(fold).filter(|char| char.is_alphanumeric()).collect()
}

/// Words that say nothing about which cell is meant.
const FILLERS: [&str; 3] = ["的", "数量", "件数"];

/// Short words for rows, by the end of the row's id; the first is shown to people.
#[rustfmt::skip]
const ROWS: &[(&str, &[&str])] = &[
    ("regulations", &["规章"]),
    ("normative_documents", &["规范性文件", "行政规范性文件"]),
    ("licensing", &["行政许可", "许可"]),
    ("penalty", &["行政处罚", "处罚"]),
    ("coercion", &["行政强制", "强制"]),
    ("fees", &["行政事业性收费", "收费", "事业性收费"]),
    ("procurement", &["政府集中采购", "采购", "集中采购"]),
    ("other_services", &["其他对外管理服务"]),
    ("received", &["新收", "本年新收", "本年度新收", "新收申请", "本年新收申请"]),
    ("carried_in", &["上年结转", "结转", "上年度结转", "上年结转申请"]),
    ("granted", &["予以公开"]),
    ("partial", &["部分公开"]),
    ("refused.state_secret", &["国家秘密"]),
    ("refused.law_forbids", &["法律行政法规禁止公开", "法律法规禁止公开", "禁止公开"]),
    ("refused.security_stability", &["三安全一稳定"]),
    ("refused.third_party", &["第三方合法权益", "第三方"]),
    ("refused.internal_affairs", &["内部事务信息", "内部事务"]),
    ("refused.process", &["过程性信息", "过程信息"]),
    ("refused.enforcement_file", &["行政执法案卷", "执法案卷"]),
    ("refused.inquiry_matter", &["行政查询事项", "行政查询"]),
    ("unavailable.not_held", &["本机关不掌握", "不掌握", "不掌握相关政府信息"]),
    ("unavailable.must_create", &["需要另行制作", "另行制作", "没有现成信息"]),
    ("unavailable.still_unclear", &["补正后仍不明确", "仍不明确"]),
    ("unprocessed.petition", &["信访举报投诉", "信访"]),
    ("unprocessed.duplicate", &["重复申请"]),
    ("unprocessed.publication", &["公开出版物"]),
    ("unprocessed.excessive", &["大量反复申请", "反复申请"]),
    ("unprocessed.reissue", &["确认或重新出具", "重新出具"]),
    ("other.no_correction", &["逾期不补正", "不补正"]),
    ("other.fee_unpaid", &["逾期未缴费", "未缴费"]),
    ("other.misc", &["其他"]),
    ("other", &["其他处理"]),
    ("concluded", &["办理总计", "总计", "办结总计", "办理结果总计"]),
    ("carried_out", &["结转下年度", "结转", "结转下年"]),
    ("review", &["行政复议", "复议"]),
    ("direct_litigation", &["直接起诉", "未经复议", "未经复议直接起诉"]),
    ("litigation_after_review", &["复议后起诉", "复议后诉讼"]),
];

/// Short words for columns, by the end of the cell's id; the first is shown to people.
#[rustfmt::skip]
const COLUMNS: &[(&str, &[&str])] = &[
    ("issued", &["制发", "本年制发"]),
    ("repealed", &["废止", "本年废止"]),
    ("in_force", &["现行有效", "有效"]),
    ("decisions", &["处理决定", "决定", "处理决定数量", "本年处理决定"]),
    ("fees.amount", &["收费金额", "金额", "本年收费金额"]),
    ("procurement.amount", &["采购金额", "金额"]),
    ("made", &["新制作", "制作"]),
    ("published", &["新公开"]),
    ("public_total", &["对外公开", "公开总数"]),
    ("items_last_year", &["上年项目", "上一年项目", "项目"]),
    ("items_change", &["增减"]),
    ("procurement.count", &["采购项目", "项目", "项目数量"]),
    ("natural_person", &["自然人", "个人"]),
    ("enterprise", &["商业企业", "企业"]),
    ("research", &["科研机构", "科研"]),
    ("social_org", &["社会公益组织", "公益组织"]),
    ("legal_service", &["法律服务机构", "法律服务"]),
    ("other_org", &["其他", "其他组织"]),
    ("total", &["总计", "合计"]),
    ("upheld", &["维持"]),
    ("corrected", &["纠正"]),
    ("other", &["其他结果", "其他"]),
    ("pending", &["尚未审结", "未审结"]),
];

/// Words for a table.
fn table_words(table: Table) -> &'static [&'static str] {
    match table {
        Table::Active => &["表二", "主动公开", "主动公开政府信息", "主动公开政府信息情况"],
        Table::Requests => &[
            "表三",
            "申请",
            "依申请公开",
            "政府信息公开申请",
            "收到和处理政府信息公开申请",
            "收到和处理政府信息公开申请情况",
        ],
        Table::Litigation => &["表四", "复议诉讼", "行政复议行政诉讼", "行政复议行政诉讼情况"],
    }
}

/// How a name has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// With a whole word.
    Whole,
    /// With a word or the beginning of one.
    Begun,
}

/// The words for each part of a cell's name.
struct CellName {
    id: CellId,
    /// Of the table, the group, the row and the column.
    parts: [Vec<String>; 4],
    /// The words for row and column that are shown to people.
    shown: [&'static str; 2],
}

impl CellName {
    const TABLE: usize = 0;

    /// Whether the text is a row of words of this name, at most one for each part. The table alone names no cell.
    fn spells(&self, text: &str, in_order: bool, end: End) -> bool {
        self.spells_rest(text, 0, in_order, end)
    }

    /// The same for the rest of a name; `used` has a bit for each part that was named already.
    fn spells_rest(&self, rest: &str, used: u8, in_order: bool, end: End) -> bool {
        if rest.is_empty() {
            return used & !(1 << Self::TABLE) != 0;
        }
        let fillers = FILLERS.iter().filter_map(|filler| rest.strip_prefix(filler));
        if fillers.into_iter().any(|rest| used != 0 && self.spells_rest(rest, used, in_order, end)) {
            return true;
        }
        // In order, no part may follow one that stands after it.
        let is_open = |part: &usize| if in_order { used >> part == 0 } else { used >> part & 1 == 0 };
        (0..self.parts.len()).filter(is_open).any(|part| {
            self.parts.get(part).into_iter().flatten().any(|word| match rest.strip_prefix(word.as_str()) {
                Some(rest) => self.spells_rest(rest, used | 1 << part, in_order, end),
                None => end == End::Begun && word.starts_with(rest),
            })
        })
    }
}

struct Names {
    /// Every cell, those of the newer form first.
    cells: Vec<CellName>,
    /// By the folded label, alone and after the table.
    official: HashMap<String, CellId>,
    short: HashMap<CellId, String>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let mut names = Names { cells: Vec::new(), official: HashMap::new(), short: HashMap::new() };
    for form in forms() {
        for (id, labels) in labels(form) {
            let label = folded(form.label(id));
            for table in table_words(id.table()) {
                names.official.insert(format!("{table}{label}"), id);
            }
            names.official.insert(folded(&format!("{}{label}", id.table().title())), id);
            names.official.insert(label, id);
            match names.cells.iter_mut().find(|known| known.id == id) {
                Some(known) => known.add(&labels),
                None => names.cells.push(CellName::new(id, &labels)),
            }
        }
    }
    names.short = names.cells.iter().map(|cell| (cell.id, shortest(cell, &names))).collect();
    names
});

/// Group, row and column of a cell as a form prints them.
struct Labels {
    group: String,
    row: &'static str,
    column: &'static str,
}

/// Every cell of a form with its labels, in the order of the form.
fn labels(form: &'static Form) -> Vec<(CellId, Labels)> {
    let mut all = Vec::new();
    let mut add = |id: Option<CellId>, group: &str, row: &'static str, column: &'static str| {
        all.extend(id.map(|id| (id, Labels { group: group.to_owned(), row, column })));
    };
    for block in &form.active {
        for (row, column) in
            block.rows.iter().flat_map(|row| block.columns.iter().map(move |column| (row, column)))
        {
            add(form.active_cell(row.id, column.id), block.article, row.label, column.label);
        }
    }
    for row in &form.requests {
        for column in &form.applicants {
            add(form.request_cell(row.id, column.id), row.under.unwrap_or_default(), row.label, column.label);
        }
    }
    for row in &form.litigation_groups {
        let (group, label) = row.label.split_once('/').unwrap_or(("", row.label));
        for column in &form.litigation_columns {
            add(form.litigation_cell(row.id, column.id), group, label, column.label);
        }
    }
    all
}

impl CellName {
    fn new(id: CellId, labels: &Labels) -> Self {
        let table = table_words(id.table()).iter().map(|word| (*word).to_owned()).collect();
        let mut name = Self { id, parts: [table, Vec::new(), Vec::new(), Vec::new()], shown: ["", ""] };
        let path = id.as_str();
        let (row, _) = path.rsplit_once('.').unwrap_or((path, ""));
        let ends_with = |path: &str, end: &str| {
            path.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('.'))
        };
        // The longest end is the nearest: `other.misc` before `misc`.
        let words = |words: &[(&str, &'static [&'static str])], path: &str| {
            let found = words.iter().filter(|(end, _)| ends_with(path, end));
            found.max_by_key(|(end, _)| end.len()).map_or(&[][..], |(_, words)| *words)
        };
        let (rows, columns) = (words(ROWS, row), words(COLUMNS, path));
        name.shown = [rows, columns].map(|words| words.first().copied().unwrap_or_default());
        name.add(labels);
        for (part, short) in name.parts.iter_mut().skip(2).zip([rows, columns]) {
            part.extend(short.iter().map(|word| (*word).to_owned()));
        }
        name.tidy();
        name
    }

    /// Adds what a form calls the parts, with and without their numbers and explanations.
    fn add(&mut self, labels: &Labels) {
        for (part, label) in
            self.parts.iter_mut().skip(1).zip([labels.group.as_str(), labels.row, labels.column])
        {
            let plain = label.split(['(', '（']).find(|piece| piece.chars().count() > 3).unwrap_or(label);
            let unnumbered = [without_number(label), without_number(plain)];
            part.extend(unnumbered.iter().chain(&[label, plain]).map(|label| folded(label)));
        }
        self.tidy();
    }

    /// Keeps each word once, the longest first.
    fn tidy(&mut self) {
        for part in &mut self.parts {
            part.retain(|word| !word.is_empty());
            part.sort_by(|one, other| other.len().cmp(&one.len()).then(one.cmp(other)));
            part.dedup();
        }
    }
}

/// A label without its number: `一、`, `(三)`, `4.`.
fn without_number(label: &str) -> &str {
    let label = label.trim();
    if let Some(rest) = label.strip_prefix('(') {
        return rest
            .split_once(')')
            .filter(|(number, _)| number.chars().count() == 1)
            .map_or(label, |(_, rest)| rest);
    }
    match label.split_once(['、', '.']) {
        Some((number, rest)) if number.chars().count() == 1 => rest,
        _ => label,
    }
}

/// The shortest of the names that mean this cell alone; the official label where no shorter one does.
fn shortest(cell: &CellName, names: &Names) -> String {
    let table = cell.id.table().short_title();
    let [row, column] = cell.shown;
    if row.is_empty() || column.is_empty() {
        return official_name(cell.id);
    }
    let [_, groups, ..] = &cell.parts;
    let group = groups.iter().rfind(|word| word.chars().count() > 1);
    let mut tried = vec![format!("{table} {row} {column}")];
    tried.extend(group.map(|group| format!("{table} {group} {row} {column}")));
    let means_it_alone = |name: &String| {
        let name = folded(name);
        let spelled = |in_order| {
            let mut cells = names.cells.iter().filter(move |cell| cell.spells(&name, in_order, End::Whole));
            (cells.next().map(|cell| cell.id), cells.next().is_some())
        };
        spelled(true) == (Some(cell.id), false)
    };
    let found = tried.into_iter().find(means_it_alone);
    found.unwrap_or_else(|| official_name(cell.id).replace(" / ", "/").replace(char::is_whitespace, " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(name: &str) -> String {
        match cells_named(name) {
            Named::Nothing => "-".to_owned(),
            Named::One(cell) => cell.to_string(),
            Named::Several(cells) => {
                format!("? {}", cells.iter().map(|cell| cell.as_str()).collect::<Vec<_>>().join(" "))
            }
        }
    }

    #[test]
    fn reviewers_words_name_cells() {
        let check = |name: &str, expected: &str| assert_eq!(names(name), expected, "{name}");
        check("表三 新收 总计", "requests.received.total");
        check("新收总计", "requests.received.total");
        check("新收　合计", "requests.received.total");
        check("总计 新收", "requests.received.total");
        check("主动公开 规章 现行有效", "active.regulations.in_force");
        check("行政复议 纠正", "review.corrected");
        check("复议后起诉 总计", "litigation_after_review.total");
        check("行政诉讼 总计", "? direct_litigation.total litigation_after_review.total");
        check("收费金额", "active.fees.amount");
        check("采购金额", "active.procurement.amount");
        check("行政处罚处理决定数量", "active.penalty.decisions");
        check("国家秘密 自然人", "requests.refused.state_secret.natural_person");
        check("不予公开 国家秘密 自然人", "requests.refused.state_secret.natural_person");
        check("上年结转申请数量的总计", "requests.carried_in.total");
        check("结转 总计", "? requests.carried_in.total requests.carried_out.total");
        check("办理总计 总计", "requests.concluded.total");
        check("（六）其他处理／总计", "requests.other.total");
        check("六其他处理3其他其他", "requests.other.misc.other_org");
        check(
            "其他处理总计",
            "? requests.other.no_correction.total requests.other.fee_unpaid.total requests.other.misc.total requests.other.total",
        );
        check("表三", "-");
        check("新收 总计 总计", "-");
        check("行政审批", "-");
        check("", "-");
        assert!(names("新收").starts_with("? requests.received.natural_person"), "{}", names("新收"));
    }

    /// Every spelling of the official name of every cell of both forms means that cell and no other.
    #[test]
    fn every_official_name_means_its_cell_alone() {
        let mut seen = 0;
        for form in forms() {
            for id in form.cells() {
                let label = form.label(*id);
                let wide: String = label.chars().map(full_width).collect();
                let close: String = label.chars().filter(|char| !char.is_whitespace()).collect();
                let spaced = label.chars().flat_map(|char| [char, '　']).collect();
                for label in [label.to_owned(), full_width_brackets(label), wide, close, spaced] {
                    for table in ["", id.table().short_title(), id.table().title()] {
                        let name = format!("{table}{label}");
                        assert_eq!(cells_named(&name), Named::One(*id), "{name}");
                    }
                }
                seen += 1;
            }
        }
        assert!(seen > 350, "{seen} cells of both forms");
    }

    fn full_width(char: char) -> char {
        match char {
            '!'..='~' => char::from_u32(u32::from(char) + 0xfee0).unwrap_or(char),
            ' ' => '　',
            char => char,
        }
    }

    #[test]
    fn every_short_name_means_its_cell_alone() {
        for cell in &NAMES.cells {
            let name = short_name(cell.id);
            assert_eq!(cells_named(name), Named::One(cell.id), "{name}");
        }
    }

    #[test]
    fn a_beginning_is_completed_with_totals_first() {
        let check = |name: &str, first: &str| {
            assert_eq!(cells_beginning(name, 3).first().map(|cell| cell.as_str()), Some(first), "{name}");
        };
        check("新", "requests.received.total");
        check("表三 新收", "requests.received.total");
        check("新收 自", "requests.received.natural_person");
        check("复议 纠", "review.corrected");
        check("收费", "active.fees.amount");
        assert_eq!(cells_beginning("潍坊市", 3), []);
        assert_eq!(cells_beginning("", 3), []);
    }
}
