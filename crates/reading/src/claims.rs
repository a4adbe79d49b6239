//! Claims: the numbers of the narrative, their quantities, and which numbers are parts of others.

mod brackets;
mod list;
mod number;
mod received;
mod relation;
mod scope;
mod share;
mod silence;
mod subject;
mod topic;

use std::ops::Range;
use std::sync::LazyLock;

use document::{Block, Document, Text};
use regex::Regex;
use report::{Breakdown, Claim, Decimal, Origin, Quantity, Relation, Remark, RemarkKind, SectionKind, Share};

use crate::label;
use crate::origin::origin_of;
use crate::outline::Outline;
use crate::pattern::pattern;
use brackets::Brackets;
use number::{Number, numbers};
pub(crate) use scope::Reporter;
use topic::Topic;

/// The claims of the narrative.
#[derive(Debug, Default)]
pub(crate) struct Narrative {
    pub(crate) claims: Vec<Claim>,
    pub(crate) breakdowns: Vec<Breakdown>,
    pub(crate) shares: Vec<Share>,
    /// Passages that were not judged.
    pub(crate) overlong: Vec<Remark>,
}

/// Claims kept of one report; real ones have some dozens.
const CLAIMS: usize = 2_000;

/// Numbers of a sentence times its characters: what finding out what the numbers are about may cost, since the
/// words before each have to be read. A list of sixty numbers in a thousand characters is the longest seen in
/// the field.
const WORDS_OF_NUMBERS: usize = 200_000;

/// Longest subheading that gives the topic of the next paragraph, such as （二）依申请公开情况.
const SUBHEADING_CHARS: usize = 30;

/// Reads every paragraph below the first heading.
pub(crate) fn extract(document: &Document, outline: &Outline, reporter: Reporter<'_>) -> Narrative {
    let mut narrative = Narrative::default();
    let from = outline.blocks.first().copied().unwrap_or_default();
    let mut heading = String::new();
    for (position, block) in document.blocks.iter().enumerate().skip(from) {
        let Block::Paragraph(paragraph) = block else { continue };
        if outline.blocks.binary_search(&position).is_ok() {
            heading.clear();
            continue;
        }
        if narrative.claims.len() >= CLAIMS {
            let words = format!("正文的数字超过{CLAIMS}个");
            narrative.skip(words, origin_of(paragraph.text.place()));
            break;
        }
        let mut passage = Passage::under(section(outline, position), reporter);
        passage.read(&label::plain(&heading));
        narrative.paragraph(&paragraph.text, passage);
        let text = paragraph.text.as_str();
        heading.clear();
        if text.chars().count() <= SUBHEADING_CHARS && !text.contains('。') {
            heading.push_str(text);
        }
    }
    narrative
}

fn section(outline: &Outline, position: usize) -> Option<SectionKind> {
    let below = outline.blocks.partition_point(|heading| *heading <= position);
    outline.sections.get(below.checked_sub(1)?)?.kind
}

/// The state while a paragraph is read from number to number.
#[derive(Debug, Clone)]
struct Passage<'r> {
    reporter: Reporter<'r>,
    topic: Topic,
    /// Whether it has spoken of the disclosure of information.
    is_disclosure: bool,
    /// What the number before was about.
    last: Option<Quantity>,
    /// The last whole that parts can belong to, as a position among the claims.
    whole: Option<usize>,
    /// Whether it speaks of another office or time until it returns to the report's own.
    is_elsewhere: bool,
}

static DISCLOSURE: LazyLock<Regex> = LazyLock::new(|| pattern("信息公开|依申请|公开申请|申请公开"));

static PUBLISHING: LazyLock<Regex> =
    LazyLock::new(|| pattern("公开|公示|公布|发布|上传|归集|录入|推送|平台|栏目|清单|专栏"));

/// Rows of figures: cells parted by tabs, pipes or nothing but white space.
static ROW: LazyLock<Regex> = LazyLock::new(|| pattern(r"[\t|]|\d\s*[件条项个]?[\s\u{3000}]+\d"));

impl<'r> Passage<'r> {
    fn under(section: Option<SectionKind>, reporter: Reporter<'r>) -> Self {
        let topic = if section == Some(SectionKind::Requests) { Topic::Requests } else { Topic::Other };
        let is_disclosure = matches!(section, Some(SectionKind::Requests | SectionKind::Litigation));
        Self { reporter, topic, is_disclosure, last: None, whole: None, is_elsewhere: false }
    }

    /// Takes in words that are plain.
    fn read(&mut self, words: &str) {
        self.topic = self.topic.after(words);
        self.is_disclosure |= DISCLOSURE.is_match(words);
    }
}

/// A sentence with its numbers.
struct Sentence<'s> {
    text: &'s str,
    numbers: Vec<Number>,
    brackets: Brackets,
    /// The index of the claim of its first number.
    first: usize,
}

/// The words around a number, plain and relative to the year of the report.
struct Context {
    /// The sentence up to the number.
    sentence: String,
    /// From the number before, or from the begin of the sentence.
    before: String,
    /// The same without closed brackets: 12件，比上年（16件）减少4件.
    besides: String,
    /// Up to the next number, or to the end of the sentence.
    behind: String,
    unit: String,
    /// The quantity of the number before the bracket, if this number is in a bracket.
    bracketed: Option<Option<Quantity>>,
}

impl Sentence<'_> {
    /// The words up to a number.
    fn until(&self, position: usize) -> &str {
        let end = self.numbers.get(position).map_or(self.text.len(), |number| number.range.start);
        self.text.get(..end).unwrap_or_default()
    }

    /// The words between two numbers. Without a first number they begin with the sentence; without a
    /// second one they end with it.
    fn between(&self, first: Option<usize>, second: Option<usize>) -> &str {
        let start = first.and_then(|first| self.numbers.get(first)).map_or(0, |first| first.range.end);
        let end = second.and_then(|second| self.numbers.get(second));
        let end = end.map_or(self.text.len(), |second| second.range.start);
        self.text.get(start..end).unwrap_or_default()
    }

    /// The words behind the last number.
    fn behind_numbers(&self) -> &str {
        self.between(self.numbers.len().checked_sub(1), None)
    }
}

impl Narrative {
    fn paragraph(&mut self, text: &Text, mut passage: Passage<'_>) {
        for range in sentences(text.as_str()) {
            self.sentence(text, range, &mut passage);
        }
    }

    /// Notes that a passage is not judged, once for each reason.
    fn skip(&mut self, words: String, origin: Origin) {
        if self.overlong.iter().all(|known| known.text != words) {
            let kind = RemarkKind::Overlong;
            self.overlong.push(Remark { kind, text: words, value: None, section: None, origin });
        }
    }

    fn sentence(&mut self, text: &Text, range: Range<usize>, passage: &mut Passage<'_>) {
        let words = text.as_str().get(range.clone()).unwrap_or_default();
        let found = numbers(words);
        if found.len().saturating_mul(words.chars().count()) > WORDS_OF_NUMBERS {
            let reason = "一句话的数字和文字过多".to_owned();
            self.skip(reason, origin_of(text.place_of(range)));
            return;
        }
        let origin =
            |part: Range<usize>| origin_of(text.place_of(range.start + part.start..range.start + part.end));
        let is_row = ROW.is_match(words);
        let brackets = Brackets::of(words);
        let sentence = Sentence { text: words, numbers: found, brackets, first: self.claims.len() };
        let outer = passage.whole;
        let mut levels = Vec::new();
        for (position, number) in sentence.numbers.iter().enumerate() {
            let context = self.context(&sentence, position, passage.reporter);
            passage.read(&context.before);
            let (about, relation) = if is_row { (None, Relation::Is) } else { self.about(&context, passage) };
            let clause = clause(words, number.range.start);
            self.claims.push(Claim {
                text: words.get(clause..number.range.end).unwrap_or_default().trim().to_owned(),
                value: number.value,
                unit: number.unit.clone(),
                exact: number.exact,
                about,
                relation,
                origin: origin(number.range.clone()),
            });
            if relation == Relation::Is && context.bracketed.is_none() {
                passage.last = about;
                if about.is_some_and(is_total) {
                    passage.whole = Some(self.claims.len() - 1);
                }
            }
            levels.extend(self.level(&context.behind));
        }
        passage.read(&label::plain(sentence.behind_numbers()));
        let lists = list::breakdowns(&sentence, &self.claims);
        self.shares.extend(share::shares(&sentence, &lists, &self.claims, outer));
        self.breakdowns.extend(lists);
        self.claims.extend(levels);
        if !is_row {
            silence::append(&mut self.claims, sentence.first, words, passage, origin);
        }
    }

    /// The words around one of the numbers of a sentence.
    fn context(&self, sentence: &Sentence<'_>, position: usize, reporter: Reporter<'_>) -> Context {
        let plain = |words: &str| scope::relative(&label::plain(words), reporter.year);
        let until_number = sentence.until(position);
        let unbracketed = subject::unbracketed(until_number);
        let last = numbers(&unbracketed).last().map_or(0, |last| last.range.end);
        let before = plain(sentence.between(position.checked_sub(1), Some(position)));
        let is_behind_bracket = subject::unbracketed(&before).len() < before.len() || before.contains(')');
        let besides = unbracketed.get(last..).unwrap_or_default();
        Context {
            sentence: plain(until_number),
            besides: if is_behind_bracket { plain(besides) } else { before.clone() },
            before,
            behind: plain(sentence.between(Some(position), Some(position + 1))),
            unit: sentence.numbers.get(position).map_or(String::new(), |number| number.unit.clone()),
            bracketed: sentence.brackets.open_at(until_number.len()).map(|bracket| {
                let outside = sentence.numbers.partition_point(|number| number.range.start < bracket);
                let before = self.claims.len().checked_sub(position - outside.min(position) + 1);
                let before = before.filter(|before| *before >= sentence.first);
                before.and_then(|before| self.claims.get(before)?.about)
            }),
        }
    }

    /// What a number is about and how, where its words leave no doubt.
    fn about(&self, context: &Context, passage: &mut Passage<'_>) -> (Option<Quantity>, Relation) {
        if let Some(compared) = relation::compared(&context.besides) {
            let about = if relation::is_of_received(compared.subject) && !passage.is_elsewhere {
                Quantity::parse("requests.received.total")
            } else {
                passage.last.filter(|_| relation::is_of_number_before(compared.subject))
            };
            return (about, compared.relation);
        }
        (self.quantity(context, passage), Relation::Is)
    }

    /// The claim that the last number is the same as in the year before, if the words behind it say so.
    fn level(&self, behind: &str) -> Option<Claim> {
        let last =
            self.claims.last().filter(|claim| claim.about.is_some() && claim.relation == Relation::Is)?;
        relation::level(behind).filter(|subject| relation::is_of_number_before(subject))?;
        Some(Claim { value: Decimal::ZERO, exact: true, relation: Relation::Above, ..last.clone() })
    }

    fn quantity(&self, context: &Context, passage: &mut Passage<'_>) -> Option<Quantity> {
        const UNITS: [&str; 11] = ["件", "条", "份", "宗", "起", "次", "项", "例", "个", "件次", "部"];
        if !UNITS.contains(&context.unit.as_str()) {
            return None;
        }
        let agency = passage.reporter.agency;
        let lead = subject::lead(&context.before);
        let is_elsewhere = scope::is_of_another_time(&context.sentence)
            || scope::is_of_another_office(&context.sentence, agency)
            || received::is_of_stranger(&lead, agency);
        if received::is_received(&lead, &context.behind, agency) {
            passage.is_elsewhere = is_elsewhere;
            passage.topic = Topic::Requests;
            return Quantity::parse("requests.received.total").filter(|_| !is_elsewhere);
        }
        // A number in the brackets of a part is a part of that part.
        if context.bracketed.is_some_and(|about| !about.is_some_and(is_whole)) {
            return None;
        }
        // The outcomes of one part are not those of all requests, unless the total came before.
        let is_of_a_part = passage.whole.is_none() && received::is_of_one_way(&lead);
        passage.is_elsewhere |= is_elsewhere || is_of_a_part;
        if passage.is_elsewhere {
            return None;
        }
        subject::subject(&subject::Words {
            before: &context.before,
            behind: &context.behind,
            topic: passage.topic,
            is_disclosure: passage.is_disclosure,
            is_publishing: PUBLISHING.is_match(&context.sentence),
            last: passage.last,
            whole: passage.whole.and_then(|whole| self.claims.get(whole)?.about),
        })
    }
}

/// Totals that are taken apart into applicants, outcomes or results.
const TOTALS: [&str; 9] = [
    "requests.received.total",
    "requests.handled.total",
    "requests.concluded.total",
    "requests.answered.total",
    "review.total",
    "litigation.total",
    "direct_litigation.total",
    "litigation_after_review.total",
    "disputes.total",
];

/// Groups of outcomes that are taken apart into reasons.
const GROUPS: [&str; 4] = [
    "requests.refused.total",
    "requests.unavailable.total",
    "requests.unprocessed.total",
    "requests.other.total",
];

fn is_total(about: Quantity) -> bool {
    TOTALS.contains(&about.as_str())
}

fn is_whole(about: Quantity) -> bool {
    is_total(about) || GROUPS.contains(&about.as_str())
}

/// Sentences end at 。；！？; commas and enumeration commas do not end one.
fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        if matches!(c, '。' | '；' | ';' | '！' | '？') {
            sentences.push(start..at);
            start = at + c.len_utf8();
        }
    }
    sentences.push(start..text.len());
    sentences.retain(|range| !range.is_empty());
    sentences
}

/// The start of the clause of a number.
fn clause(sentence: &str, number: usize) -> usize {
    let is_break = |c: char| matches!(c, '，' | ',' | '、' | '：' | ':' | '（' | '(' | '）' | ')');
    sentence[..number].char_indices().rev().find(|(_, c)| is_break(*c)).map_or(0, |(at, c)| at + c.len_utf8())
}

#[cfg(test)]
mod tests;
