//! What people type, as clauses. Nothing typed is an error: what cannot be understood is left out or
//! taken as text, and said in a warning.

use std::ops::Bound;
use std::str::FromStr;

use report::workflow::ReviewState;
use report::{CellId, CellKind, Decimal, Severity, Verdict};

use crate::analyzer::{fold, glyphs};
use crate::cell_name::short_name;
use crate::figure_query::{FigureCondition, Meaning, conditions};
use crate::{Clause, Span, region};

/// Characters of a query that are read.
const MAX_CHARS: usize = 512;
/// Clauses of a query that are read.
const MAX_CLAUSES: usize = 32;
/// Parentheses inside parentheses that are read.
const MAX_DEPTH: usize = 8;

/// A filter that cannot be understood; the message is Chinese, for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FilterError(pub String);

/// A query that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// What a report has to meet.
    pub clause: Clause,
    /// What could not be understood, in Chinese.
    pub warnings: Vec<String>,
    /// The names that may mean several cells. Their conditions are not in the clause.
    pub questions: Vec<Question>,
}

/// A name that may mean several cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The name as it was typed.
    pub name: String,
    /// What it may mean.
    pub choices: Vec<Choice>,
}

/// One cell that a name may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The cell.
    pub cell: CellId,
    /// The query with a name in it that means this cell alone.
    pub query: String,
}

/// [`read_query`], for those who only need the clause and the warnings.
pub fn parse(text: &str) -> (Clause, Vec<String>) {
    let parsed = read_query(text);
    (parsed.clause, parsed.warnings)
}

/// Reads a query: words that all have to be there, `"短语"`, `-排除`, `OR`, parentheses,
/// `字段:值` (see [`field`]) and conditions on figures by their Chinese names (`新收总计>100`).
pub fn read_query(text: &str) -> Parsed {
    let mut parser = Parser { warnings: Vec::new(), clauses: 0, tokens: Vec::new(), next: 0 };
    let mut chars: Vec<char> = text.chars().take(MAX_CHARS + 1).collect();
    if chars.len() > MAX_CHARS {
        chars.truncate(MAX_CHARS);
        parser.warn(format!("检索式过长，只取前{MAX_CHARS}个字"));
    }
    let mut questions = Vec::new();
    let mut from = 0;
    for condition in conditions(&chars) {
        let before = chars.get(from..condition.name.start).unwrap_or_default();
        parser.tokens.extend(tokens(before, true, &mut parser.warnings));
        from = condition.end;
        let name: String = chars.get(condition.name.clone()).unwrap_or_default().iter().collect();
        match &condition.meaning {
            Meaning::Clause(clause) => parser.tokens.push(Token::Figure(clause.clone())),
            Meaning::Ambiguous(cells) => {
                parser.warn(format!(
                    "“{name}”可以指表中的{}个数字，这个条件没有采用，请选择其中一个",
                    cells.len()
                ));
                questions.push(question(&chars, &condition, name, cells));
            }
            Meaning::WrongUnit(cell, unit) => {
                let expected = if cell.kind() == CellKind::Amount { "万元" } else { "件" };
                parser.warn(format!("“{name}”以{expected}计，不能与以“{unit}”计的数比较，这个条件没有采用"));
            }
        }
    }
    parser.tokens.extend(tokens(chars.get(from..).unwrap_or_default(), false, &mut parser.warnings));
    let mut parts = Vec::new();
    while parser.next < parser.tokens.len() {
        match parser.any_of(0) {
            Clause::All => {}
            clause => parts.push(clause),
        }
        if parser.next < parser.tokens.len() {
            parser.next += 1;
            parser.warn("多余的右括号“)”已忽略".to_owned());
        }
    }
    Parsed { clause: all_of(parts), warnings: parser.warnings, questions }
}

/// The choices of an ambiguous name: each is the query with a clear name in the place of the ambiguous one.
fn question(chars: &[char], condition: &FigureCondition, name: String, cells: &[CellId]) -> Question {
    let text = |range: &[char]| range.iter().collect::<String>();
    let before = text(chars.get(..condition.name.start).unwrap_or_default());
    let after = text(chars.get(condition.name.end..).unwrap_or_default());
    let choice =
        |cell: &CellId| Choice { cell: *cell, query: format!("{before}{}{after}", short_name(*cell)) };
    Question { name, choices: cells.iter().map(choice).collect() }
}

/// Reads one filter by the name of its field: `year`, `region`, `agency`, `rule` (or `finding`),
/// `severity`, `verdict`, `form`, `published`, `review`, `assignee`, `due`, `open` or `cell.<id>`, in English or
/// Chinese. Years, days and cells take `2024`, `>100`, `>=100`, `<100`, `<=100`, `100..200`, `100..` and `..200`; a
/// region a code or a part of its name; an agency its whole name after `=`, else a part of it.
///
/// # Errors
/// If there is no such field or cell, or the value is none of this field's.
pub fn field(name: &str, value: &str) -> Result<Clause, FilterError> {
    let typed = value.trim();
    let value: String = typed.chars().map(fold).collect();
    let equal = value.strip_prefix('=').unwrap_or(&value).trim();
    let bad = |expected: &str| FilterError(format!("“{name}”的值“{value}”无法识别，应为{expected}"));
    if equal.is_empty() {
        return Err(bad("非空值"));
    }
    let name = name.trim();
    if let Some(id) = name.strip_prefix("cell.").or_else(|| name.strip_prefix("cells.")) {
        let id = CellId::parse(id).map_err(|_| FilterError(format!("没有名为“{id}”的单元格")))?;
        let span = span(&value, number).ok_or_else(|| bad("数字或区间，如 9、>100、100..200"))?;
        return Ok(Clause::Cell(id, span));
    }
    let lower = equal.to_ascii_lowercase();
    Ok(match canonical(name) {
        Some("year") => {
            Clause::Year(span(&value, year).ok_or_else(|| bad("年度或区间，如 2024、2020..2024"))?)
        }
        Some("published") => {
            let span = span(&value, day).ok_or_else(|| bad("日期或区间，如 2025-01-17、2025-01..2025-03"))?;
            Clause::Published(span)
        }
        Some("region") => match region::prefix(equal) {
            Some(prefix) => Clause::Region(prefix.to_owned()),
            None => Clause::RegionName(equal.to_owned()),
        },
        Some("agency") if value.starts_with('=') => Clause::Agency(equal.to_owned()),
        Some("agency") => Clause::AgencyName(equal.to_owned()),
        Some("rule") => Clause::Rule(rule(equal)),
        Some("severity") => {
            let is_meant = |known: &Severity| [known.as_str(), known.title()].contains(&lower.as_str());
            let severity = Severity::ALL.into_iter().find(is_meant);
            Clause::Severity(severity.ok_or_else(|| bad("error、warning 或 info"))?.as_str().into())
        }
        Some("verdict") => {
            let is_meant = |known: &Verdict| {
                let (name, title) = (known.as_str(), known.title());
                [name, title, title.trim_start_matches('有')].contains(&lower.as_str())
            };
            let verdict = Verdict::ALL.into_iter().find(is_meant);
            Clause::Verdict(verdict.ok_or_else(|| bad("通过、有警告或有错误"))?.as_str().into())
        }
        Some("review") => {
            let is_meant = |known: &ReviewState| [known.as_str(), known.title()].contains(&lower.as_str());
            let state = ReviewState::ALL.into_iter().find(is_meant);
            Clause::Review(state.ok_or_else(|| bad("待审核、退回修改、已重报或已通过"))?.as_str().into())
        }
        // The name of a key or of an account is not folded.
        Some("assignee") => Clause::Assignee(typed.trim_start_matches('=').trim().to_owned()),
        Some("due") => {
            Clause::Due(span(&value, day).ok_or_else(|| bad("日期或区间，如 2025-03-01、<2025-03-01"))?)
        }
        Some("open") => {
            let is_meant = |known: &Severity| [known.as_str(), known.title()].contains(&lower.as_str());
            let severity = Severity::ALL.into_iter().find(is_meant);
            Clause::Open(severity.map_or_else(|| rule(equal), |severity| severity.as_str().into()))
        }
        Some("form") if report::FormId::parse(equal).is_some() => Clause::Form(equal.to_owned()),
        Some("form") => return Err(bad("2019 或 2021")),
        _ => return Err(FilterError(format!("没有名为“{name}”的字段"))),
    })
}

/// Names that people use for the fields.
fn canonical(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "year" | "年度" | "年份" | "年" => "year",
        "published" | "发布日期" | "发布" => "published",
        "region" | "地区" | "区划" => "region",
        "agency" | "机关" | "单位" => "agency",
        "rule" | "finding" | "规则" | "问题" => "rule",
        "severity" | "级别" => "severity",
        "verdict" | "结论" => "verdict",
        "form" | "格式" => "form",
        "review" | "审核" | "审核状态" => "review",
        "assignee" | "经办" | "经办人" => "assignee",
        "due" | "期限" | "整改期限" => "due",
        "open" | "待处理" => "open",
        _ => return None,
    })
}

/// `t3-02B/ERROR` as `T3-02b/error`: the family of a rule is upper case, what follows its number lower.
fn rule(value: &str) -> String {
    let (rule, kind) = value.split_once('/').map_or((value, None), |(rule, kind)| (rule, Some(kind)));
    let (family, number) = rule.split_once('-').map_or((rule, ""), |(family, number)| (family, number));
    let dash = if rule.contains('-') { "-" } else { "" };
    let mut folded = format!("{}{dash}{}", family.to_ascii_uppercase(), number.to_ascii_lowercase());
    if let Some(kind) = kind {
        folded.push('/');
        folded.push_str(&kind.to_ascii_lowercase());
    }
    folded
}

/// A span of what `value` reads: each value covers from its first to its second, as a month covers
/// its days.
fn span<T: Copy>(text: &str, value: impl Fn(&str) -> Option<(T, T)>) -> Option<Span<T>> {
    let text = text.trim();
    let value = |text: &str| value(text.trim());
    if let Some((lower, upper)) = text.trim_start_matches('=').split_once("..") {
        let end = |text: &str| if text.trim().is_empty() { Some(None) } else { value(text).map(Some) };
        let (lower, upper) = (end(lower)?, end(upper)?);
        if lower.is_none() && upper.is_none() {
            return None;
        }
        return Some(Span {
            lower: lower.map_or(Bound::Unbounded, |(first, _)| Bound::Included(first)),
            upper: upper.map_or(Bound::Unbounded, |(_, last)| Bound::Included(last)),
        });
    }
    let (lower, upper) = if let Some(text) = text.strip_prefix(">=").or_else(|| text.strip_prefix('≥')) {
        (Bound::Included(value(text)?.0), Bound::Unbounded)
    } else if let Some(text) = text.strip_prefix("<=").or_else(|| text.strip_prefix('≤')) {
        (Bound::Unbounded, Bound::Included(value(text)?.1))
    } else if let Some(text) = text.strip_prefix('>') {
        (Bound::Excluded(value(text)?.1), Bound::Unbounded)
    } else if let Some(text) = text.strip_prefix('<') {
        (Bound::Unbounded, Bound::Excluded(value(text)?.0))
    } else {
        let (first, last) = value(text.trim_start_matches('='))?;
        (Bound::Included(first), Bound::Included(last))
    };
    Some(Span { lower, upper })
}

fn number(text: &str) -> Option<(Decimal, Decimal)> {
    let number = Decimal::from_str(&text.replace(',', "")).ok()?;
    Some((number, number))
}

fn year(text: &str) -> Option<(i64, i64)> {
    let year = text.strip_suffix('年').unwrap_or(text).parse().ok()?;
    Some((year, year))
}

/// `2025`, `2025-01` and `2025-01-17` as the days they cover.
fn day(text: &str) -> Option<(i64, i64)> {
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let part = |index: usize, least: i64, most: i64| match parts.get(index) {
        None => Some((least, most)),
        Some(part) => part.parse().ok().filter(|part| (least..=most).contains(part)).map(|part| (part, part)),
    };
    let (first_month, last_month) = part(1, 1, 12)?;
    let (first_day, last_day) = part(2, 1, 31)?;
    let (year, _) = part(0, 1900, 2999)?;
    (parts.len() <= 3).then_some(())?;
    let number = |month: i64, day: i64| year * 10_000 + month * 100 + day;
    Some((number(first_month, first_day), number(last_month, last_day)))
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open,
    Close,
    Or,
    Not,
    Phrase(String),
    Word(String),
    Field(String, String),
    /// A condition on a figure by its Chinese name.
    Figure(Clause),
}

struct Parser {
    warnings: Vec<String>,
    clauses: usize,
    tokens: Vec<Token>,
    next: usize,
}

impl Parser {
    /// Alternatives, up to a closing parenthesis, which is left.
    fn any_of(&mut self, depth: usize) -> Clause {
        let mut alternatives = Vec::new();
        let mut parts = Vec::new();
        loop {
            match self.tokens.get(self.next).cloned() {
                None | Some(Token::Close) => break,
                Some(Token::Or) => {
                    self.next += 1;
                    if !parts.is_empty() {
                        alternatives.push(all_of(std::mem::take(&mut parts)));
                    }
                }
                Some(_) => parts.extend(self.part(depth)),
            }
        }
        if !parts.is_empty() {
            alternatives.push(all_of(parts));
        }
        match alternatives.len() {
            0 => Clause::All,
            1 => alternatives.remove(0),
            _ => Clause::Or(alternatives),
        }
    }

    /// One part of a row of parts that all have to hold; none where it says nothing.
    fn part(&mut self, depth: usize) -> Option<Clause> {
        let token = self.tokens.get(self.next).cloned()?;
        self.next += 1;
        let clause = match token {
            Token::Not => {
                let mut negated = true;
                while self.tokens.get(self.next) == Some(&Token::Not) {
                    self.next += 1;
                    negated = !negated;
                }
                return match self.tokens.get(self.next) {
                    None | Some(Token::Close | Token::Or) => None,
                    Some(_) if negated => Some(Clause::Not(Box::new(self.part(depth)?))),
                    Some(_) => self.part(depth),
                };
            }
            Token::Open if depth >= MAX_DEPTH => {
                self.warn("括号嵌套过深，内层括号已忽略".to_owned());
                return None;
            }
            Token::Open => {
                let inner = self.any_of(depth + 1);
                match self.tokens.get(self.next) {
                    Some(Token::Close) => self.next += 1,
                    _ => self.warn("缺少右括号“)”".to_owned()),
                }
                return (inner != Clause::All).then_some(inner);
            }
            Token::Phrase(text) => Clause::Phrase { text, quoted: true },
            Token::Word(text) => Clause::Phrase { text, quoted: false },
            Token::Figure(clause) => clause,
            Token::Field(name, value) => match field(&name, &value) {
                Ok(clause) => clause,
                Err(bad) => {
                    self.warn(bad.0);
                    return None;
                }
            },
            Token::Close | Token::Or => return None,
        };
        if matches!(&clause, Clause::Phrase { text, .. } if glyphs(text).is_empty()) {
            return None;
        }
        self.clauses += 1;
        if self.clauses > MAX_CLAUSES {
            self.warn(format!("检索条件过多，只取前{MAX_CLAUSES}个"));
            return None;
        }
        Some(clause)
    }

    fn warn(&mut self, warning: String) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

fn all_of(mut parts: Vec<Clause>) -> Clause {
    match parts.len() {
        0 => Clause::All,
        1 => parts.remove(0),
        _ => Clause::And(parts),
    }
}

/// The tokens of a piece of a query; `more` says whether a condition on a figure follows it.
fn tokens(chars: &[char], more: bool, warnings: &mut Vec<String>) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let boundary = at == 0 || chars[at - 1].is_whitespace() || chars[at - 1] == '(';
        let goes_on = chars.get(at + 1).map_or(more, |next| !next.is_whitespace());
        match chars[at] {
            char if char.is_whitespace() => at += 1,
            '(' => {
                tokens.push(Token::Open);
                at += 1;
            }
            ')' => {
                tokens.push(Token::Close);
                at += 1;
            }
            '-' | '－' if boundary && goes_on => {
                tokens.push(Token::Not);
                at += 1;
            }
            '"' | '“' => {
                let (phrase, after) = quoted(chars, at, warnings);
                tokens.push(Token::Phrase(phrase));
                at = after;
            }
            _ => {
                let (token, after) = word(chars, at, warnings);
                tokens.extend(token);
                at = after;
            }
        }
    }
    tokens
}

/// The text in the quotes that open here, and where it goes on after them.
fn quoted(chars: &[char], open: usize, warnings: &mut Vec<String>) -> (String, usize) {
    let closes = if chars[open] == '“' { '”' } else { '"' };
    match chars[open + 1..].iter().position(|char| *char == closes) {
        Some(length) => (chars[open + 1..open + 1 + length].iter().collect(), open + length + 2),
        None => {
            warnings.push("缺少右引号".to_owned());
            (chars[open + 1..].iter().collect(), chars.len())
        }
    }
}

/// The word that begins here: a field with its value, an operator or text.
fn word(chars: &[char], start: usize, warnings: &mut Vec<String>) -> (Option<Token>, usize) {
    let mut depth = 0_usize;
    let mut end = start;
    while let Some(&char) = chars.get(end) {
        match char {
            '"' | '“' => break,
            ')' if depth == 0 => break,
            ')' => depth -= 1,
            '(' => depth += 1,
            ':' | '=' | '>' | '<' | '：' | '＝' | '＞' | '＜' | '≥' | '≤' => {
                let name: String = chars[start..end].iter().collect();
                if is_field(&name) {
                    return field_token(chars, name, end, warnings);
                }
                let is_latin = name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
                if char == ':' && is_latin && !name.is_empty() {
                    warnings.push(format!("没有名为“{name}”的字段，已按文字检索"));
                }
            }
            _ if char.is_whitespace() => break,
            _ => {}
        }
        end += 1;
    }
    let word: String = chars[start..end].iter().collect();
    let token = match word.as_str() {
        "OR" | "|" | "||" => Some(Token::Or),
        "AND" | "&&" => None,
        "NOT" => Some(Token::Not),
        _ => Some(Token::Word(word)),
    };
    (token, end)
}

fn is_field(name: &str) -> bool {
    name.starts_with("cell.") || name.starts_with("cells.") || canonical(name).is_some()
}

/// A field whose operator is at this position, with its value.
fn field_token(
    chars: &[char],
    name: String,
    operator: usize,
    warnings: &mut Vec<String>,
) -> (Option<Token>, usize) {
    let mut at = operator;
    if fold(chars[at]) == ':' {
        at += 1;
    }
    let sign: String =
        chars[at..].iter().copied().map(fold).take_while(|char| "=><≥≤".contains(*char)).collect();
    at += sign.chars().count();
    let (value, after) = match chars.get(at) {
        Some('"' | '“') => quoted(chars, at, warnings),
        _ => {
            let rest = chars[at..].iter();
            let length =
                rest.take_while(|char| !char.is_whitespace() && **char != ')' && **char != '"').count();
            (chars[at..at + length].iter().collect(), at + length)
        }
    };
    (Some(Token::Field(name, format!("{sign}{value}"))), after)
}
