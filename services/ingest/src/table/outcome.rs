//! What became of the reports of a submission.

use anyhow::Context as _;
use bus::{Bus, Event};
use proto::ReportId;
use proto::v1::{ReportIndexed, ReportRefused, ReportSubmitted, ReportValidated};
use report::{Judgement, Review, Severity, Verdict};

use crate::Ingest;
use crate::manifest::Manifest;

/// Reports whose refusal is spelled out; the column has room for no more.
const REASONS: usize = 5;

/// The outcome of a submission of which every report is indexed or refused.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) indexed: usize,
    pub(super) refused: usize,
    /// The worst.
    pub(super) verdict: Option<&'static str>,
    /// Findings that fail: errors and warnings.
    pub(super) counts: [usize; 2],
    /// Chinese, for the sender.
    pub(super) reason: String,
}

/// What became of one report.
enum One {
    Indexed { verdict: Option<Verdict>, counts: [usize; 2] },
    Refused { reason: String },
}

impl Outcome {
    /// The outcome; none while a report is under way.
    pub(super) async fn of(ingest: &Ingest, submission: &str) -> anyhow::Result<Option<Self>> {
        let bytes = ingest.blobs().get(submission).await.context("reading the manifest of a submission")?;
        let manifest: Manifest =
            serde_json::from_slice(&bytes).context("reading the manifest of a submission")?;
        let mut reports = Vec::with_capacity(manifest.files.len());
        for file in &manifest.files {
            let id = id_of(ingest.bus(), submission, &file.original).await?;
            let history =
                ingest.bus().history(&id).await.context("asking the log for the state of a report")?;
            let Some(one) = outcome_of(&file.file_name, &history) else { return Ok(None) };
            reports.push(one);
        }
        let refused = manifest.refused.iter();
        let refused =
            refused.map(|file| One::Refused { reason: format!("{}：{}", file.file_name, file.message) });
        Ok(Some(Self::sum(reports.into_iter().chain(refused))))
    }

    fn sum(reports: impl Iterator<Item = One>) -> Self {
        let mut sum = Self::default();
        let mut worst = None;
        let mut reasons = Vec::new();
        let mut verdicts = [0; 3];
        for one in reports {
            match one {
                One::Indexed { verdict, counts } => {
                    sum.indexed += 1;
                    let [errors, warnings] = sum.counts;
                    sum.counts = [errors + counts[0], warnings + counts[1]];
                    if let Some(verdict) = verdict {
                        verdicts[rank(verdict)] += 1;
                        worst = worst.filter(|worst| rank(*worst) >= rank(verdict)).or(Some(verdict));
                    }
                }
                One::Refused { reason } => {
                    sum.refused += 1;
                    reasons.push(reason);
                }
            }
        }
        sum.verdict = worst.map(Verdict::as_str);
        sum.reason = spelled(&sum, verdicts, &reasons);
        sum
    }
}

fn rank(verdict: Verdict) -> usize {
    match verdict {
        Verdict::Pass => 0,
        Verdict::Warn => 1,
        Verdict::Fail => 2,
    }
}

fn spelled(sum: &Outcome, [passed, warned, failed]: [usize; 3], reasons: &[String]) -> String {
    let mut text = String::new();
    if sum.indexed > 0 {
        text =
            format!("已办结 {} 份：通过 {passed} 份，有提示 {warned} 份，有错误 {failed} 份。", sum.indexed);
    }
    if sum.refused > 0 {
        text =
            format!("{text}未接收 {} 份：{}", sum.refused, reasons[..reasons.len().min(REASONS)].join("；"));
    }
    text
}

/// The id of a report of this submission. The same bytes may have been sent before: then the earlier report counts,
/// unless these were read again.
async fn id_of(bus: &Bus, submission: &str, original: &str) -> anyhow::Result<String> {
    let mut found = ReportId::of(original, 0)?.to_string();
    for generation in 0.. {
        let id = ReportId::of(original, generation)?.to_string();
        let Some(fact) = bus.last_of_id::<ReportSubmitted>(&id).await? else { break };
        let is_ours = fact.submission == submission;
        found = id;
        if is_ours {
            break;
        }
    }
    Ok(found)
}

fn outcome_of(file_name: &str, history: &[Event]) -> Option<One> {
    if history.iter().any(|event| event.decode::<ReportIndexed>().is_some()) {
        let validated = history.iter().find_map(Event::decode::<ReportValidated>);
        let review = validated.and_then(|fact| Review::try_from(&fact).ok());
        let findings = review.as_ref().map_or(&[][..], |review| &review.findings);
        let counts = [Severity::Error, Severity::Warning].map(|severity| {
            let fails = findings.iter().filter(|finding| {
                finding.severity == severity
                    && finding.judgement == Judgement::Fails
                    && finding.waiver.is_none()
            });
            fails.count()
        });
        return Some(One::Indexed { verdict: review.as_ref().map(Review::verdict), counts });
    }
    let refused = history.iter().find_map(Event::decode::<ReportRefused>)?;
    Some(One::Refused { reason: format!("{file_name}：{}", refused.message) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_verdict_is_that_of_the_row() {
        let indexed = |verdict, counts| One::Indexed { verdict: Some(verdict), counts };
        let reports = [indexed(Verdict::Fail, [2, 1]), indexed(Verdict::Pass, [0, 0])];
        let refused = One::Refused { reason: "a.txt：不是年度报告。".into() };
        let outcome = Outcome::sum(reports.into_iter().chain([refused]));
        assert_eq!((outcome.indexed, outcome.refused, outcome.verdict), (2, 1, Some("fail")));
        assert_eq!(outcome.counts, [2, 1]);
        assert_eq!(
            outcome.reason,
            "已办结 2 份：通过 1 份，有提示 0 份，有错误 1 份。未接收 1 份：a.txt：不是年度报告。"
        );
        assert_eq!(Outcome::sum([].into_iter()).verdict, None);
    }
}
