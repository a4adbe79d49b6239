//! What a text that is being typed may go on with: figures, agencies, regions and rules.

use access::Caller;
use search::{IndexError, Query, Reader};

use crate::region_lookup;

/// Words at the end of a text that may be the beginning of one name, such as `表三 新收 总`.
const MAX_WORDS: usize = 4;
/// Fewer characters say nothing about which agency, region or rule is meant.
const MIN_CHARS: usize = 2;
/// Suggestions of one kind, where there are several kinds.
const MAX_OF_A_KIND: usize = 6;

/// What a suggestion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Cell,
    Agency,
    Region,
    Rule,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Cell, Self::Agency, Self::Region, Self::Rule];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Cell => "cell",
            Self::Agency => "agency",
            Self::Region => "region",
            Self::Rule => "rule",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suggestion {
    pub(crate) kind: Kind,
    /// The thing itself: the name of the figure, agency or region, or the id of the rule.
    pub(crate) value: String,
    /// What tells it apart from the others.
    pub(crate) detail: String,
    /// The whole text with it.
    pub(crate) query: String,
}

/// The ways to go on with a text; of one kind, or of all.
pub(crate) fn complete(
    reader: &Reader,
    scope: Query,
    text: &str,
    only: Option<Kind>,
    limit: usize,
) -> Result<Vec<Suggestion>, IndexError> {
    let of_a_kind = if only.is_some() { limit } else { MAX_OF_A_KIND.min(limit) };
    let wants = |kind: Kind| only.is_none_or(|only| only == kind);
    let mut found = Vec::new();
    if wants(Kind::Cell) {
        found.extend(cells(text, of_a_kind));
    }
    let (before, word) = last_word(text);
    if word.chars().count() >= MIN_CHARS {
        let suggest = |kind: Kind, value: String, detail: String, typed: String| Suggestion {
            query: format!("{before}{typed}"),
            kind,
            value,
            detail,
        };
        if wants(Kind::Agency) {
            for (agency, reports) in reader.agencies(&scope, word, of_a_kind)? {
                let typed = format!("机关:=\"{agency}\" ");
                found.push(suggest(Kind::Agency, agency, format!("{reports}份年度报告"), typed));
            }
        }
        if wants(Kind::Region) {
            for region in region_lookup::containing(word, of_a_kind) {
                let typed = format!("地区:{} ", region.name);
                found.push(suggest(Kind::Region, region.name, region.code, typed));
            }
        }
        if wants(Kind::Rule) {
            let upper = word.to_uppercase();
            let is_meant = |rule: &&&rules::Rule| rule.id.starts_with(&upper) || rule.problem.contains(word);
            let mut found_rules: Vec<_> = rules::catalogue().iter().filter(is_meant).collect();
            found_rules.sort_by_key(|rule| !rule.id.starts_with(&upper));
            for rule in found_rules.into_iter().take(of_a_kind) {
                let typed = format!("问题:{} ", rule.id);
                found.push(suggest(Kind::Rule, rule.id.to_owned(), rule.problem.to_owned(), typed));
            }
        }
    }
    found.truncate(limit);
    Ok(found)
}

/// Cells whose name the longest possible end of the text begins.
fn cells(text: &str, limit: usize) -> Vec<Suggestion> {
    for (before, words) in ends(text) {
        let cells = search::cells_beginning(words, limit);
        if !cells.is_empty() {
            let suggest = |cell: report::CellId| Suggestion {
                kind: Kind::Cell,
                value: search::short_name(cell).to_owned(),
                detail: search::official_name(cell),
                query: format!("{before}{}>", search::short_name(cell)),
            };
            return cells.into_iter().map(suggest).collect();
        }
    }
    Vec::new()
}

/// The last words of a text, the most first, each with what stands before them. A bracket or a minus before a word is
/// no part of it; the minus inside `T3-01` is.
fn ends(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut starts = Vec::new();
    let mut is_start = true;
    for (at, char) in text.char_indices() {
        match char {
            char if char.is_whitespace() => is_start = true,
            '(' | '（' => is_start = true,
            '-' if is_start => {}
            _ => {
                if is_start {
                    starts.push(at);
                }
                is_start = false;
            }
        }
    }
    let from = starts.len().saturating_sub(MAX_WORDS);
    starts.into_iter().skip(from).map(|at| text.split_at(at))
}

/// The last word of a text and what stands before it.
fn last_word(text: &str) -> (&str, &str) {
    if text.ends_with(char::is_whitespace) {
        return (text, "");
    }
    ends(text).last().unwrap_or((text, ""))
}

/// The reports whose agencies the caller may see.
pub(crate) fn scope_of(caller: &Caller) -> Result<Query, crate::problem::Problem> {
    crate::search_query::restrict_to_scope(Query::default(), caller)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_text_is_completed() {
        let check = |text: &str, expected: Option<&str>| {
            let first = cells(text, 3).into_iter().next().map(|suggestion| suggestion.query);
            assert_eq!(first.as_deref(), expected, "{text}");
        };
        check("新", Some("表三 新收 总计>"));
        check("教育局 表三 新收 自", Some("教育局 表三 新收 自然人>"));
        check("教育局 (复议 纠", Some("教育局 (表四 行政复议 纠正>"));
        check("教育局", None);
        check("", None);
    }

    #[test]
    fn the_last_word_ends_with_the_text() {
        assert_eq!(last_word("甲 乙局"), ("甲 ", "乙局"));
        assert_eq!(last_word("-乙局"), ("-", "乙局"));
        assert_eq!(last_word("甲 t3-01"), ("甲 ", "t3-01"));
        assert_eq!(last_word("甲 "), ("甲 ", ""));
        assert_eq!(last_word(""), ("", ""));
    }
}
