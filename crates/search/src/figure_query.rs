//! Conditions on figures as people type them: `表三 新收 总计>100`, `新收总计 大于等于 100`, `收费金额 1..5万元`,
//! `行政复议纠正 不少于5件`.
//!
//! A condition is a name, a comparison and a number. It is looked for from its number backwards: the longest row of
//! words before the comparison that names a cell is its name, and what stands before that is text.

use std::ops::{Bound, Range};
use std::str::FromStr;

use report::{CellId, CellKind, Decimal};

use crate::analyzer::fold;
use crate::cell_name::{Named, cells_named};
use crate::{Clause, Span};

/// Characters of the name of a cell, spelled out with its table and group.
const MAX_NAME_CHARS: usize = 100;

/// A condition in a query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FigureCondition {
    /// The characters it was read from: the name alone, and all of it.
    pub(crate) name: Range<usize>,
    pub(crate) end: usize,
    pub(crate) meaning: Meaning,
}

/// What a condition means.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Meaning {
    Clause(Clause),
    /// The name may mean each of these.
    Ambiguous(Vec<CellId>),
    /// The number has a unit that the cell does not.
    WrongUnit(CellId, String),
}

/// Every condition in a query, in its order.
pub(crate) fn conditions(chars: &[char]) -> Vec<FigureCondition> {
    let mut found: Vec<FigureCondition> = Vec::new();
    let mut least = 0;
    let mut at = 0;
    while at < chars.len() {
        if let Some(after) = closing_quote(chars, at) {
            at = after;
            continue;
        }
        let condition = comparison(chars, at)
            .and_then(|(compared, after)| condition(chars, least, at, &compared).map(|found| (found, after)));
        match condition {
            Some((mut condition, after)) => {
                condition.end = after;
                (least, at) = (after, after);
                found.push(condition);
            }
            None => at += 1,
        }
    }
    found
}

/// Where the quotes that open here are closed, if they begin a word: those inside a word are a part of it.
fn closing_quote(chars: &[char], at: usize) -> Option<usize> {
    let closes = match chars.get(at)? {
        '"' => '"',
        '“' => '”',
        _ => return None,
    };
    let begins =
        at == 0 || chars.get(at - 1).is_some_and(|before| before.is_whitespace() || "(-".contains(*before));
    let length = chars.get(at + 1..)?.iter().position(|char| *char == closes);
    begins.then(|| length.map_or(chars.len(), |length| at + length + 2))
}

/// The condition whose comparison begins at `at`.
fn condition(chars: &[char], least: usize, at: usize, compared: &Compared) -> Option<FigureCondition> {
    let end = at - chars.get(least..at)?.iter().rev().take_while(|char| char.is_whitespace()).count();
    let first = least.max(end.saturating_sub(MAX_NAME_CHARS));
    let (name, cells) = name_before(chars, first..end)?;
    let meaning = match cells {
        Named::Nothing => return None,
        Named::Several(cells) => Meaning::Ambiguous(cells),
        Named::One(cell) => match compared.span_for(cell) {
            Some(span) => Meaning::Clause(Clause::Cell(cell, span)),
            None => Meaning::WrongUnit(cell, compared.unit()),
        },
    };
    Some(FigureCondition { name: name..end, end, meaning })
}

/// The longest name of cells that ends where the range does: of whole words, or else the end of a word that names just
/// one cell.
fn name_before(chars: &[char], range: Range<usize>) -> Option<(usize, Named)> {
    let candidates = || range.clone().filter(|start| may_begin(chars, *start));
    let named = |start: usize| match chars.get(start..range.end) {
        Some(name) if is_balanced(name) => cells_named(&name.iter().collect::<String>()),
        _ => Named::Nothing,
    };
    let is_boundary = |start: &usize| {
        *start == range.start
            || chars.get(*start - 1).is_some_and(|before| before.is_whitespace() || "(-".contains(*before))
    };
    let whole = candidates().filter(is_boundary).map(|start| (start, named(start)));
    let whole = whole.into_iter().find(|(_, cells)| *cells != Named::Nothing);
    whole.or_else(|| {
        let parts = candidates().filter(|start| !is_boundary(start)).map(|start| (start, named(start)));
        parts.into_iter().find(|(_, cells)| matches!(cells, Named::One(_)))
    })
}

/// Whether a name may begin with this character.
fn may_begin(chars: &[char], start: usize) -> bool {
    chars.get(start).is_some_and(|char| char.is_alphanumeric() || "(（".contains(*char))
}

/// Whether every bracket and every quotation mark in a name has its other half in it.
fn is_balanced(name: &[char]) -> bool {
    let count = |wanted: &str| name.iter().filter(|char| wanted.contains(**char)).count();
    count("(（") == count(")）") && count("“") == count("”") && count("\"") == 0
}

/// A comparison with its numbers.
#[derive(Debug, Clone, PartialEq)]
struct Compared {
    lower: Bound<Number>,
    upper: Bound<Number>,
}

/// A number with the unit behind it, as typed.
#[derive(Debug, Clone, PartialEq)]
struct Number {
    value: Decimal,
    unit: String,
}

/// Words of comparison, the longer before those that they begin with. Those in the last list need a name before them
/// like all others, so `为` and `是` in a sentence do no harm.
const AT_LEAST: [&str; 8] = [">=", "≥", "大于或等于", "大于等于", "不少于", "不低于", "不小于", "至少"];
const AT_MOST: [&str; 9] =
    ["<=", "≤", "小于或等于", "小于等于", "不大于", "不超过", "不多于", "不高于", "至多"];
const MORE: [&str; 5] = [">", "大于", "超过", "多于", "高于"];
const LESS: [&str; 5] = ["<", "小于", "少于", "低于", "不足"];
const EQUAL: [&str; 8] = ["=", ":", "等于", "介于", "为", "是", "在", "有"];

/// The comparison that begins here, and where it ends. Without a word or sign of comparison, only a range is one, and a
/// number that is followed by 以上 or 以下.
fn comparison(chars: &[char], at: usize) -> Option<(Compared, usize)> {
    let sign = |words: &[&str]| words.iter().find_map(|word| after_word(chars, at, word));
    if let Some(after) = sign(&AT_LEAST) {
        let (number, after) = number(chars, after)?;
        return Some((Compared { lower: Bound::Included(number), upper: Bound::Unbounded }, after));
    }
    if let Some(after) = sign(&AT_MOST) {
        let (number, after) = number(chars, after)?;
        return Some((Compared { lower: Bound::Unbounded, upper: Bound::Included(number) }, after));
    }
    if let Some(after) = sign(&MORE) {
        let (number, after) = number(chars, after)?;
        return Some((Compared { lower: Bound::Excluded(number), upper: Bound::Unbounded }, after));
    }
    if let Some(after) = sign(&LESS) {
        let (number, after) = number(chars, after)?;
        return Some((Compared { lower: Bound::Unbounded, upper: Bound::Excluded(number) }, after));
    }
    match sign(&EQUAL) {
        Some(after) => range(chars, after).or_else(|| {
            let (number, after) = number(chars, after)?;
            Some((Compared { lower: Bound::Included(number.clone()), upper: Bound::Included(number) }, after))
        }),
        // A number stands on its own: the 3 of `表二3` is none.
        None if chars.get(at.checked_sub(1)?)?.is_whitespace()
            || !chars.get(at - 1)?.is_ascii_alphanumeric() =>
        {
            range(chars, at)
        }
        None => None,
    }
}

/// `100..200`, `100..`, `..200`, `100至200件`, `100和200之间`, `100件以上`, `200以下`.
fn range(chars: &[char], at: usize) -> Option<(Compared, usize)> {
    if let Some(after) = after_word(chars, at, "..") {
        let (upper, after) = number(chars, after)?;
        return Some((Compared { lower: Bound::Unbounded, upper: Bound::Included(upper) }, after));
    }
    let (mut lower, after) = number(chars, at)?;
    if let Some(after) = after_word(chars, after, "以上") {
        return Some((Compared { lower: Bound::Included(lower), upper: Bound::Unbounded }, after));
    }
    if let Some(after) = after_word(chars, after, "以下") {
        return Some((Compared { lower: Bound::Unbounded, upper: Bound::Included(lower) }, after));
    }
    let dots = after_word(chars, after, "..");
    let joins = ["至", "到", "和", "与", "~"].iter().find_map(|word| after_word(chars, after, word));
    let Some((upper, end)) = number(chars, dots.or(joins)?) else {
        let open = Compared { lower: Bound::Included(lower), upper: Bound::Unbounded };
        return dots.map(|after| (open, after));
    };
    // `1至5万元` is from 1万元.
    if lower.unit.is_empty() {
        lower.unit.clone_from(&upper.unit);
    }
    let end = after_word(chars, end, "之间").unwrap_or(end);
    Some((Compared { lower: Bound::Included(lower), upper: Bound::Included(upper) }, end))
}

/// Where the text goes on after this word, which may have white space before it.
fn after_word(chars: &[char], at: usize, word: &str) -> Option<usize> {
    let start = skip_spaces(chars, at);
    let end = start + word.chars().count();
    let here = chars.get(start..end)?.iter().map(|char| fold(*char));
    here.eq(word.chars()).then_some(end)
}

fn skip_spaces(chars: &[char], at: usize) -> usize {
    at + chars.get(at..).unwrap_or_default().iter().take_while(|char| char.is_whitespace()).count()
}

/// Units of figures. 万 before a unit of counts is ten thousand of them.
const UNITS: [&str; 14] =
    ["万元", "亿元", "万件", "万项", "万", "亿", "元", "件", "项", "个", "条", "份", "次", "人"];

/// The number that begins here with its unit, and where it ends.
fn number(chars: &[char], at: usize) -> Option<(Number, usize)> {
    let start = skip_spaces(chars, at);
    let folded = |index: usize| chars.get(index).map(|char| fold(*char));
    let mut end = start;
    let mut text = String::new();
    while let Some(char) = folded(end) {
        let is_sign = char == '-' && end == start;
        let follows_digit = text.ends_with(|char: char| char.is_ascii_digit());
        let before_digit = folded(end + 1).is_some_and(|next| next.is_ascii_digit());
        match char {
            '0'..='9' => text.push(char),
            '-' if is_sign && before_digit => text.push(char),
            '.' if follows_digit && before_digit && !text.contains('.') => text.push(char),
            ',' if follows_digit && before_digit => {}
            _ => break,
        }
        end += 1;
    }
    let value = Decimal::from_str(&text).ok()?;
    // `9a` is no number.
    if folded(end).is_some_and(|next| next.is_ascii_alphabetic() || next == '_') {
        return None;
    }
    let unit = UNITS.iter().find_map(|unit| Some((unit, after_word(chars, end, unit)?)));
    Some(match unit {
        Some((unit, after)) => (Number { value, unit: (*unit).to_owned() }, after),
        None => (Number { value, unit: String::new() }, end),
    })
}

impl Compared {
    /// The span of values of a cell; none where its figures have another unit.
    fn span_for(&self, cell: CellId) -> Option<Span<Decimal>> {
        let bound = |bound: &Bound<Number>| match bound {
            Bound::Included(number) => Some(Bound::Included(number.in_unit_of(cell)?)),
            Bound::Excluded(number) => Some(Bound::Excluded(number.in_unit_of(cell)?)),
            Bound::Unbounded => Some(Bound::Unbounded),
        };
        Some(Span { lower: bound(&self.lower)?, upper: bound(&self.upper)? })
    }

    fn unit(&self) -> String {
        let of = |bound: &Bound<Number>| match bound {
            Bound::Included(number) | Bound::Excluded(number) => Some(number.unit.clone()),
            Bound::Unbounded => None,
        };
        of(&self.lower).or_else(|| of(&self.upper)).unwrap_or_default()
    }
}

impl Number {
    /// The value in the unit of the form: 万元 for money, single ones for everything else.
    fn in_unit_of(&self, cell: CellId) -> Option<Decimal> {
        let ten_thousand = Decimal::from(10_000);
        let value = self.value;
        match (cell.kind(), self.unit.as_str()) {
            (_, "") => Some(value),
            (CellKind::Amount, "万元" | "万") => Some(value),
            (CellKind::Amount, "元") => value.checked_div(ten_thousand),
            (CellKind::Amount, "亿元" | "亿") => value.checked_mul(ten_thousand),
            (CellKind::Amount, _) | (_, "万元" | "亿元" | "元" | "亿") => None,
            (_, "万" | "万件" | "万项") => value.checked_mul(ten_thousand),
            _ => Some(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The conditions of a query, drawn: what stands before each, the cell and its span.
    fn drawn(text: &str) -> String {
        let chars: Vec<char> = text.chars().collect();
        let mut parts = Vec::new();
        let mut at = 0;
        for condition in conditions(&chars) {
            parts.push(chars[at..condition.name.start].iter().collect::<String>().trim().to_owned());
            parts.push(match condition.meaning {
                Meaning::Clause(Clause::Cell(cell, span)) => format!("[{cell} {}]", span_of(&span)),
                Meaning::Clause(_) => unreachable!("conditions are on cells"),
                Meaning::Ambiguous(cells) => format!("[{} cells?]", cells.len()),
                Meaning::WrongUnit(cell, unit) => format!("[{cell} in {unit}?]"),
            });
            at = condition.end;
        }
        parts.push(chars[at..].iter().collect::<String>().trim().to_owned());
        parts.retain(|part| !part.is_empty());
        parts.join(" ")
    }

    fn span_of(span: &Span<Decimal>) -> String {
        let end = |bound: &Bound<Decimal>, included: &str, excluded: &str| match bound {
            Bound::Included(value) => format!("{included}{}", value.normalize()),
            Bound::Excluded(value) => format!("{excluded}{}", value.normalize()),
            Bound::Unbounded => String::new(),
        };
        format!("{}{}", end(&span.lower, ">=", ">"), end(&span.upper, "<=", "<"))
    }

    #[test]
    fn conditions_are_read_in_any_spelling() {
        let check = |text: &str, expected: &str| assert_eq!(drawn(text), expected, "{text}");
        check("表三 新收 总计>100", "[requests.received.total >100]");
        check("新收总计>=100", "[requests.received.total >=100]");
        check("新收总计＞＝１００", "[requests.received.total >=100]");
        check("新收总计 ≥ 1,000 件", "[requests.received.total >=1000]");
        check("主动公开 规章 现行有效>0", "[active.regulations.in_force >0]");
        check("行政复议 纠正 <5", "[review.corrected <5]");
        check("收费金额>0", "[active.fees.amount >0]");
        check("收费金额 大于 5000元", "[active.fees.amount >0.5]");
        check("收费金额不超过1.5亿元", "[active.fees.amount <=15000]");
        check("收费金额1至5万元", "[active.fees.amount >=1<=5]");
        check("新收总计 100..200", "[requests.received.total >=100<=200]");
        check("新收总计=100..200", "[requests.received.total >=100<=200]");
        check("新收总计：100..", "[requests.received.total >=100]");
        check("新收总计 ..200", "[requests.received.total <=200]");
        check("新收总计 介于 100 和 200 之间", "[requests.received.total >=100<=200]");
        check("新收总计在100到200件之间", "[requests.received.total >=100<=200]");
        check("新收总计100件以上", "[requests.received.total >=100]");
        check("新收总计 1万以下", "[requests.received.total <=10000]");
        check("新收总计 等于 0", "[requests.received.total >=0<=0]");
        check("新收总计为0", "[requests.received.total >=0<=0]");
        check("新收总计至少3件", "[requests.received.total >=3]");
        check("行政处罚 增减 < -3", "[active.penalty.items_change <-3]");
        check(
            "（三）不予公开·4.保护第三方合法权益 / 自然人>1",
            "[requests.refused.third_party.natural_person >1]",
        );
        check("(六)其他处理/总计>1", "[requests.other.total >1]");
        check("3.危及“三安全一稳定” 总计>1", "[requests.refused.security_stability.total >1]");
    }

    #[test]
    fn what_is_no_part_of_a_condition_stays_text() {
        let check = |text: &str, expected: &str| assert_eq!(drawn(text), expected, "{text}");
        check("枣庄市 新收 总计>100 教育", "枣庄市 [requests.received.total >100] 教育");
        check("枣庄市新收总计>100", "枣庄市 [requests.received.total >100]");
        check("新收总计>100 复议纠正>0", "[requests.received.total >100] [review.corrected >0]");
        check("(新收总计>100 OR 教育)", "( [requests.received.total >100] OR 教育)");
        check("-新收总计>100", "- [requests.received.total >100]");
        check("“新收总计>100”", "“新收总计>100”");
        check("\"新收总计>100\" 教育", "\"新收总计>100\" 教育");
        check("收到申请9件", "收到申请9件");
        check("新收总计", "新收总计");
        check("新收总计>", "新收总计>");
        check("新收总计>很多", "新收总计>很多");
        check("新收总计>9a", "新收总计>9a");
        check("年度>2023", "年度>2023");
        check("新收总计 2024", "新收总计 2024");
        check("公安局>3", "公安局>3");
        check("2024年", "2024年");
    }

    #[test]
    fn several_cells_are_asked_about() {
        let check = |text: &str, expected: &str| assert_eq!(drawn(text), expected, "{text}");
        check("新收>100", "[7 cells?]");
        check("行政诉讼 总计>1", "[2 cells?]");
        check("新收总计>100万元", "[requests.received.total in 万元?]");
        check("收费金额>5件", "[active.fees.amount in 件?]");
    }

    #[test]
    fn no_text_makes_it_fail() {
        let pieces = [
            "新收", "总计", ">", "100", "(", "”", "“", "\"", "..", " ", "-", "万元", "以上", "（", "在",
            "至", "表三", "的",
        ];
        let mut seed = 20_261_130_u64;
        for _ in 0..3_000 {
            let mut text = String::new();
            for _ in 0..12 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(pieces[(seed >> 33) as usize % pieces.len()]);
            }
            let chars: Vec<char> = text.chars().collect();
            let mut least = 0;
            for condition in conditions(&chars) {
                assert!(least <= condition.name.start && condition.name.end <= condition.end, "{text}");
                assert!(condition.end <= chars.len(), "{text}");
                least = condition.end;
            }
        }
    }
}
