//! What the index stores of a report, part by part.
//!
//! The [`Card`] is what a hit shows, and is stored as it is. The list of versions, the fact, the findings of
//! comparisons and the text are compressed one by one, so that a reader pays only for the parts it asks for;
//! the engine's own store compresses nothing.

use proto::Message as _;
use proto::v1::{Publication, ReportValidated};
use report::workflow::{ReviewState, Workflow};
use report::{Date, Decimal, Finding, FormId, Region, Review, Severity, Verdict, Year};

use crate::cluster::ClusterParts;
use crate::damage::DamageError;
use crate::folder::FolderParts;
use crate::reviews::Acts;
use crate::versions::{IndexedReport, Judged};
use crate::{IndexError, Version, Withdrawal};

mod layout;
mod pack;

pub(crate) use layout::{History, StoredActs};
pub(crate) use pack::Packer;

/// What a hit shows of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// The report; see [`crate::Entry::key`].
    pub key: String,
    /// Its current version; see [`Version::id`].
    pub id: String,
    /// Its title; the name of the file where the report has no title.
    pub title: String,
    /// The agency, if it is known.
    pub agency: Option<String>,
    /// The year, if it is known.
    pub year: Option<Year>,
    /// The region, if it is known.
    pub region: Option<Region>,
    /// The form, if it is known.
    pub form: Option<FormId>,
    /// The verdict, which also counts the findings of comparisons with other reports.
    pub verdict: Verdict,
    /// The day of publication, if it is known.
    pub published: Option<Date>,
    /// How many versions of the report there are.
    pub versions: usize,
    /// Whether it was withdrawn.
    pub is_withdrawn: bool,
    /// When the current version was accepted, milliseconds since 1970-01-01 UTC.
    pub submitted_at_ms: i64,
    /// SHA-256 of the original of the current version.
    pub original: String,
    /// What the report says of whom its figures cover (统计口径), as printed.
    pub scopes: Vec<String>,
    /// Where it stands with its reviewers.
    pub handling: CardHandling,
}

/// What a list shows of the review of a report by people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardHandling {
    /// Where it stands.
    pub state: ReviewState,
    /// Since when, milliseconds since 1970-01-01 UTC.
    pub since_ms: i64,
    /// The last day to send a corrected version, while it is returned.
    pub due: Option<Date>,
    /// Who is responsible for it.
    pub assignee: Option<String>,
    /// How many acts of reviewers there are; the next one says so, so that two do not overwrite each other.
    pub acts: u32,
    /// Errors that no reviewer dismissed or waived.
    pub open_errors: u32,
    /// Warnings that no reviewer dismissed or waived.
    pub open_warnings: u32,
    /// The rule of the first open problem that is an error or a warning.
    pub first_rule: Option<String>,
    /// How many such problems there are; findings that one change would settle are one.
    pub problems: u32,
}

/// The state of a report for its reviewers, with the findings that are open.
pub(crate) struct Handling<'a> {
    pub(crate) workflow: Workflow,
    pub(crate) acts: u32,
    pub(crate) open: Vec<&'a Finding>,
}

/// An error weighs more than all warnings that a report has.
const WEIGHT_OF_ERROR: i64 = 10_000;

impl<'a> Handling<'a> {
    pub(crate) fn of(acts: &Acts, current: &Version, findings: &'a [Finding]) -> Self {
        let workflow = acts.workflow(current);
        let open = workflow.open(findings);
        Self { workflow, acts: u32::try_from(acts.0.len()).unwrap_or(u32::MAX), open }
    }

    /// The open findings that weigh in a verdict: errors, and warnings that could be judged.
    fn weighing(&self) -> impl Iterator<Item = &'a Finding> {
        let weighs = |finding: &&Finding| {
            Verdict::of_counted([(finding.severity, finding.judgement)]) != Verdict::Pass
        };
        self.open.iter().copied().filter(weighs)
    }

    fn count(&self, severity: Severity) -> u32 {
        let count = self.weighing().filter(|finding| finding.severity == severity).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// How much is open, as a number to sort by.
    pub(crate) fn weight(&self) -> i64 {
        let [errors, warnings] =
            [Severity::Error, Severity::Warning].map(|severity| self.count(severity).into());
        errors * WEIGHT_OF_ERROR + i64::min(warnings, WEIGHT_OF_ERROR - 1)
    }

    fn card(&self) -> CardHandling {
        let problems = report::problems(self.weighing());
        let Workflow { state, since_ms, due, assignee, .. } = &self.workflow;
        CardHandling {
            state: *state,
            since_ms: *since_ms,
            due: *due,
            assignee: assignee.clone(),
            acts: self.acts,
            open_errors: self.count(Severity::Error),
            open_warnings: self.count(Severity::Warning),
            first_rule: problems.first().and_then(|first| Some(first.findings.first()?.rule.clone())),
            problems: u32::try_from(problems.len()).unwrap_or(u32::MAX),
        }
    }
}

/// One report as the index has it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredReport {
    /// The report; see [`crate::Entry::key`].
    pub key: String,
    /// The version that is shown.
    pub version: Version,
    /// Every version, earliest first.
    pub versions: Vec<Version>,
    /// Who withdrew the report and why, where somebody did.
    pub withdrawal: Option<Withdrawal>,
    /// The report with all findings, also those of comparisons with other reports.
    pub review: Review,
    /// Where the shown version was published and fetched, where it was.
    pub published: Option<Publication>,
    /// The plain text of the document.
    pub text: String,
}

/// A part of a report as every engine stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// What a hit shows, not compressed.
    Card,
    /// The list of versions.
    History,
    /// What reviewers did.
    Acts,
    /// The fact of the current version.
    Fact,
    /// The findings of comparisons with other reports.
    Compared,
    /// The plain text.
    Text,
}

/// The parts of one stored report. Each method unpacks the part it needs.
#[derive(Debug, Clone)]
pub struct StoredParts {
    /// What a hit shows.
    pub card: Card,
    has_rounded_cells: bool,
    packed: PackedParts,
}

/// The parts as an engine brings them.
#[derive(Debug, Clone)]
pub(crate) enum PackedParts {
    Folder(FolderParts),
    Cluster(ClusterParts),
}

impl PackedParts {
    fn part(&self, part: Part) -> &[u8] {
        match self {
            Self::Folder(parts) => parts.part(part),
            Self::Cluster(parts) => parts.part(part),
        }
    }
}

/// A card as it is stored.
pub(crate) fn card(
    indexed: &IndexedReport,
    review: &Review,
    verdict: Verdict,
    handling: &Handling<'_>,
) -> Vec<u8> {
    layout::Card::of(indexed, &review.report, verdict, &handling.card()).encode_to_vec()
}

impl StoredParts {
    /// The parts that an engine brings of the report that is stored at `place`.
    pub(crate) fn of(packed: PackedParts, place: &dyn std::fmt::Debug) -> Result<Self, IndexError> {
        let card = layout::Card::decode(packed.part(Part::Card));
        let card =
            card.map_err(|error| IndexError::Damaged { key: format!("{place:?}"), source: error.into() })?;
        Ok(Self { has_rounded_cells: card.has_rounded_cells, card: card.into(), packed })
    }

    /// Whether the columns hold a cell of it rounded or cut off.
    pub(crate) fn has_rounded_cells(&self) -> bool {
        self.has_rounded_cells
    }

    /// The fact of the current version.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] if it cannot be read.
    pub fn fact(&self) -> Result<ReportValidated, IndexError> {
        self.damaged(|| Ok(ReportValidated::decode(&*self.part(Part::Fact)?)?))
    }

    /// The fact of the current version, and the report with all findings, unpacked once for both.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] if it cannot be read, or was written by a version of the program that knows more.
    pub fn fact_and_review(&self) -> Result<(ReportValidated, Review), IndexError> {
        let fact = self.fact()?;
        let mut review = self.damaged(|| Ok(Review::try_from(&fact)?))?;
        if let Some(judged) = self.damaged(|| self.compared())? {
            review.findings = judged.findings;
            // An index of an earlier program has none here.
            if !judged.rules_version.is_empty() {
                review.rules_version = judged.rules_version;
            }
        }
        Ok((fact, review))
    }

    /// The report with what the rules found in it alone.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] if it cannot be read, or was written by a version of the program that knows more.
    pub fn review_alone(&self) -> Result<Review, IndexError> {
        let fact = self.fact()?;
        self.damaged(|| Ok(Review::try_from(&fact)?))
    }

    /// The report with all findings, also those of comparisons with other reports.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] if it cannot be read, or was written by a version of the program that knows more.
    pub fn review(&self) -> Result<Review, IndexError> {
        Ok(self.fact_and_review()?.1)
    }

    /// The values of its cells in the order of its form, from the fact.
    pub(crate) fn stored_cell_values(&self) -> Result<Vec<Option<Decimal>>, IndexError> {
        let report = self.review_alone()?.report;
        Ok(report.cells.iter().map(|(_, cell)| cell.known()).collect())
    }

    /// The plain text of the document.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] if it cannot be read.
    pub fn text(&self) -> Result<String, IndexError> {
        let bytes = self.damaged(|| self.part(Part::Text))?;
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// Every part together.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] if one of them cannot be read.
    pub fn report(&self) -> Result<StoredReport, IndexError> {
        let (versions, withdrawal) = self.damaged(|| self.history())?;
        let version = versions.iter().find(|version| version.id == self.card.id).cloned();
        let version = self.damaged(|| version.ok_or(DamageError::Versions))?;
        let (fact, review) = self.fact_and_review()?;
        Ok(StoredReport {
            key: self.card.key.clone(),
            version,
            versions,
            withdrawal,
            review,
            published: fact.submitted.and_then(|submitted| submitted.published),
            text: self.text()?,
        })
    }

    /// Every version, earliest first.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] if they cannot be read.
    pub fn versions(&self) -> Result<Vec<Version>, IndexError> {
        Ok(self.damaged(|| self.history())?.0)
    }

    /// Everything, as a writer needs it; the fact stays encoded.
    pub(crate) fn indexed(&self) -> Result<IndexedReport, IndexError> {
        self.damaged(|| {
            let (versions, withdrawal) = self.history()?;
            let current = versions.iter().find(|version| version.id == self.card.id).cloned();
            Ok(IndexedReport {
                key: self.card.key.clone(),
                current: current.ok_or(DamageError::Versions)?,
                versions: versions.into_iter().map(|version| (version.id.clone(), version)).collect(),
                withdrawal,
                fact: self.part(Part::Fact)?,
                compared: self.compared()?,
                text: String::from_utf8_lossy(&self.part(Part::Text)?).into_owned(),
                packed_text: self.packed.part(Part::Text).to_owned(),
                review: Default::default(),
            })
        })
    }

    /// Where the report stands with its reviewers, with what they decided on its findings.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] if it cannot be read.
    pub fn workflow(&self) -> Result<Workflow, IndexError> {
        let (acts, current) = (self.acts()?, &self.card);
        let (versions, _) = self.damaged(|| self.history())?;
        let version = versions.iter().find(|version| version.id == current.id);
        self.damaged(|| Ok(acts.workflow(version.ok_or(DamageError::Versions)?)))
    }

    /// What reviewers did to the report.
    pub(crate) fn acts(&self) -> Result<Acts, IndexError> {
        self.damaged(|| Ok(Acts::try_from(layout::StoredActs::decode(&*self.part(Part::Acts)?)?)?))
    }

    fn history(&self) -> Result<(Vec<Version>, Option<Withdrawal>), DamageError> {
        let history = layout::History::decode(&*self.part(Part::History)?)?;
        let mut versions: Vec<Version> = history.versions.into_iter().map(Version::from).collect();
        versions.sort();
        Ok((versions, history.withdrawal.map(Withdrawal::from)))
    }

    fn compared(&self) -> Result<Option<Judged>, DamageError> {
        let part = self.part(Part::Compared)?;
        if part.is_empty() {
            return Ok(None);
        }
        let fact = ReportValidated::decode(&*part)?;
        let findings = fact.findings.iter().map(Finding::try_from).collect::<Result<_, _>>()?;
        Ok(Some(Judged { findings, rules_version: fact.rules_version }))
    }

    /// A part as it was before it was packed; empty where nothing is stored.
    fn part(&self, part: Part) -> Result<Vec<u8>, DamageError> {
        let packed = self.packed.part(part);
        if packed.is_empty() { Ok(Vec::new()) } else { Ok(pack::unpack(packed)?) }
    }

    fn damaged<T>(&self, read: impl FnOnce() -> Result<T, DamageError>) -> Result<T, IndexError> {
        read().map_err(|source| IndexError::Damaged { key: self.card.key.clone(), source })
    }
}
