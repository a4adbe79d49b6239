//! Whose text is whose copy (SIM-02), how much of a text everybody has (SIM-03), and what came twice
//! (DUP-01).
//!
//! Two steps, because texts are large: [`candidates`] finds from the fingerprints who may have copied
//! from whom, and [`judge`] asks for the texts of those alone.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use report::{Date, Finding, Fingerprint, Form, FormId, SectionKind, Severity, Year, masked};
use rules::copying::{Passage, passages, telling_sentences};
use rules::doc::DOC_04;
use rules::dup::DUP_01;
use rules::sim::{SIM_02, SIM_03};

use crate::division::is_within;
use crate::name::{self, Rank};
use crate::scopes::against;
use crate::{Findings, Member, fails};

/// A report that may be the copy of an earlier one of another agency; both by their positions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The later report.
    pub copy: usize,
    /// The earlier one.
    pub source: usize,
    /// The estimated similarity of the part in which they are most alike, 0 to 1.
    pub similarity: f64,
}

/// The parts that an agency writes in its own words.
const JUDGED: [SectionKind; 2] = [SectionKind::Overview, SectionKind::Problems];
/// Fewer different shingles tell nothing, about two sentences.
const ENOUGH_SHINGLES: u32 = 100;
/// Two thirds of either text stand in the other then.
const ALIKE: f64 = 0.5;
/// How many sources are kept of one report, the nearest.
const SOURCES: usize = 3;
/// With how many of those that share a band a report is compared: the earliest, who may be the source of
/// all, and the latest before it. A template that ten thousand use costs ten thousand times these.
const EARLIEST: usize = 8;
const LATEST: usize = 4;
/// Copied characters that are worth a word, about eight lines.
const ENOUGH_CHARACTERS: usize = 200;

/// Who may have copied from whom within a year, by copy, the nearest source first.
pub fn candidates(members: &[Member]) -> Vec<Candidate> {
    let mut by_year: BTreeMap<Year, Vec<usize>> = BTreeMap::new();
    for (position, member) in members.iter().enumerate() {
        if let Some(year) = member.year {
            by_year.entry(year).or_default().push(position);
        }
    }
    let mut found = Vec::new();
    for mut positions in by_year.into_values() {
        positions.sort_by_cached_key(|position| members.get(*position).map(age));
        let ordered =
            positions.into_iter().filter_map(|position| Some(Entry::new(position, members.get(position)?)));
        let ordered: Vec<Entry> = ordered.collect();
        found.extend(of_year(&ordered).0);
    }
    found.sort_by(|one, other| {
        let key = |candidate: &Candidate| (candidate.copy, candidate.source);
        one.copy
            .cmp(&other.copy)
            .then(other.similarity.total_cmp(&one.similarity))
            .then(key(one).cmp(&key(other)))
    });
    found
}

/// Distinguishes a source from its copy: the earlier one is the source.
fn age(member: &Member) -> (bool, Option<Date>, String) {
    let day = member.published.or(member.submitted);
    (day.is_none(), day, member.key.clone())
}

/// The candidates of one year, whose reports are ordered by age, and how many comparisons it took.
fn of_year(entries: &[Entry]) -> (Vec<Candidate>, usize) {
    let mut bands: Vec<(u64, u32)> = Vec::new();
    for (at, entry) in (0_u32..).zip(entries) {
        bands.extend(judged(entry.member).flat_map(Fingerprint::bands).map(|band| (band, at)));
    }
    // Within a band by age, because positions are.
    bands.sort_unstable();
    let mut sources: Vec<Vec<(usize, f64)>> = vec![Vec::new(); entries.len()];
    let mut comparisons = 0;
    for bucket in bands.chunk_by(|one, other| one.0 == other.0) {
        for (at, (_, later)) in bucket.iter().enumerate().skip(1) {
            let recent = at.saturating_sub(LATEST).max(EARLIEST.min(at));
            for (_, earlier) in
                bucket.iter().take(EARLIEST.min(at)).chain(bucket.get(recent..at).unwrap_or_default())
            {
                let (later, earlier) = (*later as usize, *earlier as usize);
                let Some(known) = sources.get_mut(later) else { continue };
                if later == earlier || is_settled(known, earlier) {
                    continue;
                }
                comparisons += 1;
                let pair = entries.get(later).zip(entries.get(earlier));
                if let Some(similarity) = pair.and_then(|(later, earlier)| similarity(later, earlier)) {
                    known.push((earlier, similarity));
                    known.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
                    known.truncate(SOURCES);
                }
            }
        }
    }
    let candidate = |later: usize, (earlier, similarity): (usize, f64)| {
        Some(Candidate {
            copy: entries.get(later)?.position,
            source: entries.get(earlier)?.position,
            similarity,
        })
    };
    let found = sources.into_iter().enumerate();
    let found = found
        .flat_map(|(later, sources)| sources.into_iter().filter_map(move |source| candidate(later, source)));
    (found.collect(), comparisons)
}

/// Whether a comparison with a report can tell nothing new: it is known, or nothing can be nearer than
/// what is known.
fn is_settled(known: &[(usize, f64)], earlier: usize) -> bool {
    let is_full = known.len() == SOURCES && known.last().is_some_and(|(_, similarity)| *similarity >= 1.0);
    is_full || known.iter().any(|(source, _)| *source == earlier)
}

/// A report among those of its year, with the agency it speaks for.
struct Entry<'a> {
    position: usize,
    member: &'a Member,
    core: String,
}

impl<'a> Entry<'a> {
    fn new(position: usize, member: &'a Member) -> Self {
        let folded = name::fold(member.agency.as_deref().unwrap_or_default());
        Self { position, member, core: name::core(&folded, member.region.as_ref()) }
    }

    /// Whether both are one agency's, or a government's and its office's, which writes for both.
    fn is_one_voice(&self, other: &Self) -> bool {
        let code = |entry: &Self| entry.member.region.as_ref().map(|region| region.code.as_str());
        let speaks_for_government = |entry: &Self| name::rank(&entry.core) != Rank::Department;
        code(self) == code(other)
            && (self.core == other.core || (speaks_for_government(self) && speaks_for_government(other)))
    }
}

fn judged(member: &Member) -> impl Iterator<Item = &Fingerprint> {
    member
        .fingerprints
        .iter()
        .filter(|print| JUDGED.contains(&print.section) && print.shingles >= ENOUGH_SHINGLES)
}

/// How alike two reports of different agencies are in the part in which they are most alike; none where
/// that is not enough, or where it is no wonder.
fn similarity(later: &Entry, earlier: &Entry) -> Option<f64> {
    let alike = judged(later.member).flat_map(|one| {
        judged(earlier.member)
            .filter(move |other| one.section == other.section)
            .map(move |other| one.similarity(other))
    });
    let most = alike.max_by(f64::total_cmp).filter(|similarity| *similarity >= ALIKE)?;
    (!later.is_one_voice(earlier)).then_some(most)
}

/// How many reports have each sentence: what many have tells nothing.
#[derive(Debug, Clone, Default)]
pub struct Phrases {
    counts: HashMap<u64, u32>,
    reports: u32,
}

impl Phrases {
    /// A sentence is everybody's from so many reports on; fewer may copy from each other.
    const LEAST: u32 = 10;
    /// And from one report in so many on, a county among the agencies of a province.
    const ONE_IN: u32 = 200;
    /// So many reports it takes to know what everybody has.
    const ENOUGH_REPORTS: u32 = 50;

    /// Adds the text of a report. A sentence counts once for each report.
    pub fn add(&mut self, text: &str) {
        let mut sentences: Vec<u64> = telling_sentences(text).map(|sentence| hash(&sentence)).collect();
        sentences.sort_unstable();
        sentences.dedup();
        for sentence in sentences {
            *self.counts.entry(sentence).or_default() += 1;
        }
        self.reports += 1;
    }

    /// Whether many reports have a sentence, or the forms themselves.
    pub fn is_common(&self, masked: &str) -> bool {
        let count = self.counts.get(&hash(masked)).copied().unwrap_or(0);
        count >= Self::LEAST.max(self.reports / Self::ONE_IN) || is_of_a_form(masked)
    }

    /// SIM-03: a text of which more than three fifths are sentences that many have.
    pub fn boilerplate(&self, text: &str) -> Option<Finding> {
        if self.reports < Self::ENOUGH_REPORTS {
            return None;
        }
        let own = telling_sentences(text).filter(|sentence| !is_of_a_form(sentence));
        let (mut all, mut common) = (0, 0);
        for sentence in own {
            let length = sentence.chars().count();
            all += length;
            common += if self.is_common(&sentence) { length } else { 0 };
        }
        let is_mostly_common = common >= ENOUGH_CHARACTERS && common * 5 >= all * 3;
        let what = || format!("报告正文约{}%为许多机关通用的语句。", common * 100 / all.max(1));
        is_mostly_common.then(|| fails(&SIM_03, Vec::new(), what()))
    }
}

fn hash(sentence: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    sentence.hash(&mut hasher);
    hasher.finish()
}

/// Whether little is left of a sentence without the labels of the forms.
fn is_of_a_form(sentence: &str) -> bool {
    static LABELS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let labels = FormId::ALL.into_iter().flat_map(|form| Form::get(form).requests.iter());
        labels.map(|row| masked(row.label)).filter(|label| label.chars().count() > 4).collect()
    });
    let mut rest = sentence.to_owned();
    for label in LABELS.iter().filter(|label| sentence.contains(label.as_str())) {
        rest = rest.replace(label, "");
    }
    rest.len() < sentence.len() && rest.chars().count() < 15
}

/// Lays the texts of the candidates side by side; `text` gets the plain text of a report.
///
/// Each report gets a finding for the one source of which it has most. Where a peer's own name was copied along,
/// that is an error of DOC-04.
pub fn judge(
    members: &[Member],
    candidates: &[Candidate],
    phrases: &Phrases,
    mut text: impl FnMut(&Member) -> Option<String>,
) -> Findings {
    let mut findings = Findings::new();
    for candidates in candidates.chunk_by(|one, other| one.copy == other.copy) {
        let Some(copy) = candidates.first().and_then(|candidate| members.get(candidate.copy)) else {
            continue;
        };
        let Some(copy_text) = text(copy) else { continue };
        let mut most: Option<(usize, Vec<Finding>)> = None;
        for source in candidates.iter().filter_map(|candidate| members.get(candidate.source)) {
            let Some(source_text) = text(source) else { continue };
            let shared = passages(&copy_text, &source_text, |sentence| phrases.is_common(sentence));
            let (characters, found) = weigh(copy, source, &copy_text, &shared, phrases);
            if !found.is_empty() && most.as_ref().is_none_or(|(most, _)| characters > *most) {
                most = Some((characters, found));
            }
        }
        if let Some((_, mut found)) = most {
            rules::sort(&mut found);
            findings.entry(copy.key.clone()).or_default().extend(found);
        }
    }
    findings
}

/// How many characters were copied, and what there is to say of it.
fn weigh(
    copy: &Member,
    source: &Member,
    text: &str,
    shared: &[Passage],
    phrases: &Phrases,
) -> (usize, Vec<Finding>) {
    let count = |text: &str| masked(text).chars().count();
    let copied: usize = shared.iter().map(|passage| count(passage.one)).sum();
    let own = telling_sentences(text).filter(|sentence| !phrases.is_common(sentence));
    let all: usize = own.map(|sentence| sentence.chars().count()).sum();
    let longest = shared.iter().map(|passage| passage.one.trim()).max_by_key(|text| text.chars().count());
    let (Some(longest), Some(agency)) = (longest, source.agency.as_deref()) else { return (0, Vec::new()) };
    if copied < ENOUGH_CHARACTERS || copied * 2 < all {
        return (copied, Vec::new());
    }
    let what = format!(
        "正文约{}%的文字（不计通用语句和数字，约{copied}字）与“{agency}”同年度报告相同，如“{}”。",
        (copied * 100 / all.max(1)).min(100),
        beginning(longest)
    );
    let leak = shared.iter().find(|passage| is_leaked(agency, copy, source, passage)).map(|passage| {
        let what =
            format!("相同的文字中留有“{agency}”的名称：“{}”。", beginning(around(passage.one, agency)));
        Finding { severity: Severity::Error, ..fails(&DOC_04, Vec::new(), what) }
    });
    let found = [fails(&SIM_02, Vec::new(), what)].into_iter().chain(leak);
    (copied, found.map(|finding| Finding { against: Some(against(source)), ..finding }).collect())
}

/// Whether the source's own name was copied along. Those above are named by those below for good reason.
fn is_leaked(agency: &str, copy: &Member, source: &Member, passage: &Passage) -> bool {
    let own = copy.agency.as_deref().unwrap_or_default();
    let is_other = !own.is_empty() && !own.contains(agency) && !agency.contains(own);
    let stands_above = copy.region.as_ref().zip(source.region.as_ref()).is_none_or(|(copy, own)| {
        let core = name::core(&name::fold(agency), Some(own));
        is_within(&copy.code, &own.code) && (copy.code != own.code || name::rank(&core) != Rank::Department)
    });
    let is_name = agency.chars().count() > 4;
    is_name && is_other && !stands_above && passage.one.contains(agency) && passage.other.contains(agency)
}

/// The first characters of a passage, in one line.
fn beginning(text: &str) -> String {
    const QUOTED: usize = 40;
    let line: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    match line.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}……", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// A passage from the sentence on in which a name stands.
fn around<'t>(passage: &'t str, name: &str) -> &'t str {
    let at = passage.find(name).unwrap_or(0);
    let before = passage.get(..at).unwrap_or_default();
    let start =
        before.rfind(['。', '；', '\n']).map_or(0, |end| end + before.get(end..).map_or(0, first_length));
    passage.get(start..).unwrap_or(passage)
}

fn first_length(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

/// Reports that came twice (DUP-01): the same text and the same figures for one year. The later one is
/// compared with the earlier. A file may hold reports of several agencies: the same file alone is no fault.
pub fn duplicates(members: &[Member]) -> Findings {
    let mut groups: BTreeMap<u64, Vec<&Member>> = BTreeMap::new();
    for member in members {
        let mut hasher = DefaultHasher::new();
        (member.year, &member.figures).hash(&mut hasher);
        member.fingerprints.iter().for_each(|print| print.minima.hash(&mut hasher));
        groups.entry(hasher.finish()).or_default().push(member);
    }
    let mut findings = Findings::new();
    for mut group in groups.into_values().filter(|group| group.len() > 1) {
        group.sort_by_cached_key(|member| age(member));
        let Some((first, rest)) = group.split_first() else { continue };
        for later in rest.iter().filter(|later| later.key != first.key && is_duplicate(first, later)) {
            let agency = first.agency.as_deref().unwrap_or("其他机关");
            let what = match first.original == later.original {
                true => format!("本报告与“{agency}”已报送的报告是同一份文件。"),
                false => format!("本报告与“{agency}”已报送的报告文字和数字完全相同。"),
            };
            let finding = fails(&DUP_01, Vec::new(), what);
            let finding = Finding { against: Some(against(first)), ..finding };
            findings.entry(later.key.clone()).or_default().push(finding);
        }
    }
    findings
}

fn is_duplicate(one: &Member, other: &Member) -> bool {
    let is_same =
        one.year == other.year && one.figures == other.figures && one.fingerprints == other.fingerprints;
    // A report without text or figures is like any other such.
    let has_figures = one.figures.as_ref().is_some_and(crate::Figures::has_any);
    let says_something = judged(one).next().is_some() && has_figures;
    is_same && (one.original == other.original || says_something)
}

#[cfg(test)]
mod tests;
