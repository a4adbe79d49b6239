//! Wholes with the parts that a sentence lists for them.

use report::{Breakdown, Claim, Decimal};

use super::Sentence;
use super::number::Number;

/// Wholes with the parts that 其中, 分别为 or a bare list of outcomes gives for them.
pub(super) fn breakdowns(sentence: &Sentence<'_>, claims: &[Claim]) -> Vec<Breakdown> {
    let (numbers, first) = (&sentence.numbers, sentence.first);
    let mut breakdowns = Vec::new();
    for (word, complete) in [("其中", false), ("包括", false), ("分别为", true), ("分别是", true)] {
        for (at, _) in sentence.text.match_indices(word) {
            let Some((position, whole)) = whole_before(sentence, word, at) else { continue };
            let from = at + word.len();
            let list = List { sentence, behind: position + 1, from };
            let (position, parts) = list.of_whole(claims, position, whole);
            let whole = numbers.get(position).unwrap_or(whole);
            if parts.len() >= 2 {
                let last = parts.last().and_then(|last| numbers.get(*last));
                let ends_in_rest = last.is_some_and(|last| list.ends_in_rest(whole, last));
                let parts = parts.into_iter().map(|part| first + part).collect();
                breakdowns.push(Breakdown {
                    whole: first + position,
                    parts,
                    complete: complete || ends_in_rest,
                });
            }
        }
    }
    breakdowns.extend(outcomes(numbers.len(), first, claims, &breakdowns));
    breakdowns
}

/// The number that a list takes apart: the last before the word that begins it.
fn whole_before<'s>(sentence: &'s Sentence<'_>, word: &str, at: usize) -> Option<(usize, &'s Number)> {
    // 办理6件（含上年结转3件），其中…: a number in closed brackets is no whole for the numbers behind them.
    let is_inside = sentence.brackets.open_at(at).is_some();
    let is_outside = |number: &Number| is_inside || sentence.brackets.open_at(number.range.start).is_none();
    let is_whole = |number: &Number| number.range.end <= at && is_outside(number);
    let mut before = sentence.numbers.iter().enumerate().rev();
    let (position, whole) = before.find(|(_, number)| is_whole(number))?;
    // The whole is directly before the list, not somewhere in the sentence; 包括 introduces many other
    // things besides.
    let between = &sentence.text[whole.range.end..at];
    let allowed = if word == "包括" { 2 } else { 40 };
    let is_near = between.chars().take(allowed + 1).count() <= allowed;
    (is_near && whole.unit != "%").then_some((position, whole))
}

/// The numbers of a sentence behind the word that begins a list.
struct List<'s> {
    sentence: &'s Sentence<'s>,
    /// The first number that can be a part.
    behind: usize,
    /// Where the words of the list begin.
    from: usize,
}

impl List<'_> {
    /// The whole, by its position, and its parts. Where they do not add up to the number before them, an
    /// earlier one that they add up to is the whole: 收到9件，上年结转1件，其中网上5件、信函5件.
    fn of_whole(&self, claims: &[Claim], position: usize, whole: &Number) -> (usize, Vec<usize>) {
        let numbers = &self.sentence.numbers;
        let parts = self.parts(whole);
        if self.sum(&parts) == whole.value {
            return (position, parts);
        }
        let earlier = numbers.iter().enumerate().take(position).rev().take(EARLIER);
        let earlier = earlier.filter(|(_, number)| {
            number.unit == whole.unit && self.sentence.brackets.open_at(number.range.start).is_none()
        });
        let is_of = |position: usize, name: &str| {
            let claim = claims.get(self.sentence.first + position);
            claim.and_then(|claim| claim.about).is_some_and(|about| about.as_str() == name)
        };
        let is_carried_in = is_of(position, "requests.carried_in.total");
        let mut received = None;
        for (other, number) in earlier {
            let parts = self.parts(number);
            if self.sum(&parts) == number.value {
                return (other, parts);
            }
            if is_carried_in && is_of(other, "requests.received.total") {
                received.get_or_insert((other, number));
            }
        }
        // Requests carried in are no whole, but some of those that were handled.
        match received {
            Some((other, number)) => {
                let value = number.value.saturating_add(whole.value);
                let all =
                    Number { value, range: number.range.clone(), unit: number.unit.clone(), exact: true };
                (other, self.parts(&all))
            }
            None => (position, parts),
        }
    }

    fn sum(&self, parts: &[usize]) -> Decimal {
        let values = parts.iter().filter_map(|part| self.sentence.numbers.get(*part)).map(|part| part.value);
        values.fold(Decimal::ZERO, Decimal::saturating_add)
    }
}

/// Numbers before the nearest that a list can take apart.
const EARLIER: usize = 4;

/// Whether the last part is the rest of the whole, 其他130条, and every part has been read: there is no
/// figure without a unit between them.
impl List<'_> {
    fn ends_in_rest(&self, whole: &Number, last: &Number) -> bool {
        let sentence = self.sentence.text;
        let behind = self.sentence.numbers.iter().skip(self.behind);
        let list = &sentence[whole.range.end..last.range.start];
        let lead = list.rsplit(['，', ',', '、', '；']).next().unwrap_or(list).trim();
        // 其他处理 and 其他结果 are names of outcomes, beside which others may go unnamed.
        let is_rest = ["其他", "其它"]
            .iter()
            .filter_map(|word| lead.strip_prefix(word))
            .any(|rest| !["处理", "结果"].iter().any(|outcome| rest.starts_with(outcome)));
        let listed = behind.take_while(|number| number.range.end <= last.range.end);
        let read: usize = listed.map(|number| digits(&sentence[number.range.clone()])).sum();
        let start =
            self.sentence.numbers.get(self.behind).map_or(last.range.start, |number| number.range.start);
        is_rest && digits(&sentence[start..last.range.end]) == read
    }
}

fn digits(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}

/// Requests concluded with the outcomes listed for them, also without 其中: 办结9件：予以公开2件，….
fn outcomes(count: usize, first: usize, claims: &[Claim], known: &[Breakdown]) -> Option<Breakdown> {
    const WHOLES: [&str; 2] = ["requests.concluded.total", "requests.answered.total"];
    const PARTS: [&str; 7] = [
        "requests.disclosed.total",
        "requests.granted.total",
        "requests.partial.total",
        "requests.refused.total",
        "requests.unavailable.total",
        "requests.unprocessed.total",
        "requests.other.total",
    ];
    let about = |position: usize| claims.get(first + position)?.about.map(|about| about.as_str());
    let whole = (0..count).find(|at| about(*at).is_some_and(|name| WHOLES.contains(&name)))?;
    let parts: Vec<usize> =
        (whole + 1..count).filter(|at| about(*at).is_some_and(|name| PARTS.contains(&name))).collect();
    let mut names: Vec<&str> = parts.iter().filter_map(|part| about(*part)).collect();
    names.sort_unstable();
    names.dedup();
    let is_known = known.iter().any(|known| known.whole == first + whole);
    let is_once = names.len() == parts.len();
    let sum = parts.iter().filter_map(|part| claims.get(first + part)).map(|claim| claim.value);
    let sum = sum.fold(Decimal::ZERO, Decimal::saturating_add);
    // Groups without any case are seldom named, so that a list may fall short of its whole.
    let is_enough = claims.get(first + whole).is_some_and(|whole| sum >= whole.value);
    (parts.len() >= 3 && is_once && is_enough && !is_known).then(|| Breakdown {
        whole: first + whole,
        parts: parts.into_iter().map(|part| first + part).collect(),
        complete: false,
    })
}

/// Verbs that begin a statement of its own rather than another part of the list.
const NEW_STATEMENT: [&str; 27] = [
    "办理", "受理", "开展", "召开", "组织", "回应", "收到", "举办", "接待", "发放", "培训", "答复", "处理",
    "较", "比", "同比", "环比", "占", "增", "减", "累计", "平均", "发生", "引发", "产生", "涉及", "被",
];

/// Words for applicants and channels, and for outcomes: 其中网上申请6件，办结9件 mixes both.
const APPLIED: [&str; 14] = [
    "自然人",
    "公民",
    "法人",
    "企业",
    "网上",
    "网络",
    "线上",
    "线下",
    "信函",
    "当面",
    "邮寄",
    "现场",
    "书面",
    "邮件",
];
const BECAME: [&str; 8] = ["办结", "已办结", "结转", "完成", "按期", "按时", "已", "尚"];

impl List<'_> {
    /// The parts: numbers of the whole's unit, until another unit, a statement of its own or the next list
    /// begins. What stands behind a comma may be no part any more: parts that make up the whole end the list
    /// there, and so does the comma behind parts that were listed with 、.
    fn parts(&self, whole: &Number) -> Vec<usize> {
        let (sentence, from) = (self.sentence.text, self.from);
        let until = sentence[from..].find("其中").map_or(sentence.len(), |at| from + at);
        let mut parts: Vec<usize> = Vec::new();
        let mut sum = Decimal::ZERO;
        let mut end = from;
        let mut separator = None;
        let mut turn = None;
        let mut tells_who_applied = false;
        for (index, number) in self.sentence.numbers.iter().enumerate().skip(self.behind) {
            // A number in brackets belongs to the part before it.
            let start = number.range.start;
            if start < from || self.sentence.brackets.is_open_since(from, start) {
                continue;
            }
            let gap = &sentence[end..number.range.start.max(end)];
            let words = gap.trim_start_matches(['，', ',', '、', ' ', '：', ':', '和', '及']);
            // A share describes the part before it.
            if number.unit == "%" && words.contains('占') {
                end = number.range.end;
                continue;
            }
            let begins_with = |verbs: &[&str]| verbs.iter().any(|verb| words.starts_with(verb));
            let begins_statement = !parts.is_empty()
                && (begins_with(&NEW_STATEMENT) || tells_who_applied && begins_with(&BECAME));
            tells_who_applied |= parts.is_empty() && APPLIED.iter().any(|word| words.contains(word));
            if number.range.start >= until || number.unit != whole.unit || begins_statement {
                break;
            }
            if !parts.is_empty() {
                let here = gap.chars().find(|c| matches!(c, '，' | ',' | '、'));
                if here != Some('、') && sum == whole.value {
                    return parts;
                }
                if separator == Some('、') && matches!(here, Some('，' | ',')) {
                    turn.get_or_insert(parts.len());
                }
                separator = separator.or(here);
            }
            sum = sum.saturating_add(number.value);
            parts.push(index);
            end = number.range.end;
        }
        if sum != whole.value {
            parts.truncate(turn.unwrap_or(parts.len()));
        }
        parts
    }
}
