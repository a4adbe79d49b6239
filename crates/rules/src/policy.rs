//! The rule policy of one office, one file of data: which rules weigh more or less, which do not apply,
//! and which findings of which agency are waived and why. `deploy/rule-policy.toml` is an example.

mod difference;
mod edit;
mod weights;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use data_encoding::HEXLOWER;
use report::{Date, Finding, Report, Severity, Waiver, Year};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::Spanned;
use toml::value::Datetime;

pub use self::difference::PolicyDifference;
pub use self::edit::RuleSetting;
pub use self::weights::Weights;
use crate::{Rule, VERSION, catalogue, rule, scanned};

/// What an office decided about the rules. The default changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RulePolicy {
    severities: BTreeMap<&'static str, Severity>,
    off: BTreeSet<&'static str>,
    waivers: Vec<PolicyWaiver>,
    weights: Option<Weights>,
    /// The first digits of the SHA-256 of its file.
    digest: Option<String>,
}

/// A rule that does not count for one agency, or for the agencies of one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyWaiver {
    /// The id of the rule.
    pub rule: &'static str,
    /// The name of the agency; every agency of the region, if none.
    pub agency: Option<String>,
    /// The code of the region, two to nine digits, with all regions below it; everywhere, if none.
    pub region: Option<String>,
    /// The year of the report; every year, if none.
    pub year: Option<Year>,
    /// Who decided it, why, and until when.
    pub waiver: Waiver,
}

/// A policy file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rule policy, line {line}: {what}")]
pub struct PolicyError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there, and what would be right.
    pub what: String,
}

impl RulePolicy {
    /// The policy in the text of a file; the default policy without one.
    ///
    /// # Errors
    /// See [`RulePolicy::parse`].
    pub fn of(file: Option<&str>) -> Result<Self, PolicyError> {
        file.map_or_else(|| Ok(Self::default()), Self::parse)
    }

    /// Reads the text of a policy file.
    ///
    /// # Errors
    /// If it is no TOML, has a key or names a rule that is not known, or if a waiver does not say who
    /// decided it, why, and until when.
    pub fn parse(file: &str) -> Result<Self, PolicyError> {
        let source: File = toml::from_str(file).map_err(|error| PolicyError {
            line: line_of(file, error.span().unwrap_or_default()),
            what: error.message().to_owned(),
        })?;
        let known = |id: &Spanned<String>| known_rule(file, id).map(|rule| rule.id);
        let severities = source.severity.iter().map(|(id, level)| Ok((known(id)?, level.severity())));
        let waivers = source.waiver.into_iter().map(|entry| entry.waiver(file));
        if source.weights.is_some_and(|weights| !weights.is_on_the_scale()) {
            let line = file.lines().position(|line| line.trim() == "[weights]").map_or(1, |at| at + 1);
            return Err(PolicyError { line, what: "a weight is more than 100 points".into() });
        }
        Ok(Self {
            severities: severities.collect::<Result<_, _>>()?,
            off: source.off.iter().map(known).collect::<Result<_, _>>()?,
            waivers: waivers.collect::<Result<_, _>>()?,
            weights: source.weights,
            digest: Some(HEXLOWER.encode(&Sha256::digest(file)[..4])),
        })
    }

    /// The version that a review carries: that of the rule pack, with the digest of the policy file.
    pub fn version(&self) -> String {
        match &self.digest {
            Some(digest) => format!("{VERSION}+{digest}"),
            None => VERSION.to_owned(),
        }
    }

    /// Whether a review of this version was made under this policy, by whatever version of the rule pack.
    pub fn made(&self, rules_version: &str) -> bool {
        rules_version.split_once('+').map(|(_, digest)| digest) == self.digest.as_deref()
    }

    /// Applies the policy to the findings of a report: removes those of rules that are switched off, sets
    /// severities, and marks those that are waived. Without a day of submission no waiver holds.
    pub fn apply(&self, report: &Report, submitted: Option<Date>, findings: Vec<Finding>) -> Vec<Finding> {
        let counts = |finding: &Finding| !self.off.contains(finding.rule.as_str());
        let weigh = |finding: Finding| Finding {
            severity: self.severity(&finding),
            waiver: self.waiver(report, submitted, &finding.rule).cloned(),
            ..finding
        };
        let mut findings: Vec<Finding> = findings.into_iter().filter(counts).map(weigh).collect();
        scanned::soften(report, &mut findings);
        findings
    }

    /// A finding that its rule played down stays played down.
    fn severity(&self, finding: &Finding) -> Severity {
        let Some(decided) = self.severities.get(finding.rule.as_str()) else { return finding.severity };
        match rule(&finding.rule) {
            Some(rule) if finding.severity < rule.severity => finding.severity.min(*decided),
            _ => *decided,
        }
    }

    fn waiver(&self, report: &Report, submitted: Option<Date>, rule: &str) -> Option<&Waiver> {
        let submitted = submitted?;
        let agency = report.agency.as_deref().map(squeezed);
        let region = report.region.as_ref().map(|region| region.code.as_str());
        let is_of = |wanted: &PolicyWaiver| {
            wanted.agency.as_deref().is_none_or(|name| agency.as_ref() == Some(&squeezed(name)))
                && wanted.region.as_deref().is_none_or(|code| region.is_some_and(|own| own.starts_with(code)))
        };
        let holds = |wanted: &&PolicyWaiver| {
            wanted.rule == rule
                && is_of(wanted)
                && wanted.year.is_none_or(|year| report.year == Some(year))
                && submitted <= wanted.waiver.until
        };
        self.waivers.iter().find(holds).map(|wanted| &wanted.waiver)
    }
}

fn squeezed(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace()).collect()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    off: Vec<Spanned<String>>,
    severity: BTreeMap<Spanned<String>, Level>,
    waiver: Vec<Entry>,
    weights: Option<Weights>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Info,
    Warning,
    Error,
}

impl Level {
    fn severity(self) -> Severity {
        match self {
            Self::Info => Severity::Info,
            Self::Warning => Severity::Warning,
            Self::Error => Severity::Error,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: Spanned<String>,
    agency: Option<Spanned<String>>,
    region: Option<Spanned<String>>,
    year: Option<Spanned<i64>>,
    who: Spanned<String>,
    why: Spanned<String>,
    until: Spanned<Datetime>,
}

impl Entry {
    fn waiver(self, file: &str) -> Result<PolicyWaiver, PolicyError> {
        let wrong = |at: Range<usize>, what: String| PolicyError { line: line_of(file, at), what };
        let rule = known_rule(file, &self.rule)?.id;
        let stated = |name: &str, text: Spanned<String>| match text.get_ref().trim() {
            "" => Err(wrong(text.span(), format!("`{name}` of the waiver of {rule} is empty"))),
            text => Ok(text.to_owned()),
        };
        let year = self.year.map(|year| {
            let at = year.span();
            Year::new(*year.get_ref()).ok_or_else(|| {
                wrong(
                    at,
                    format!("`year` of the waiver of {rule} is {}, expected 2007 to 2099", year.get_ref()),
                )
            })
        });
        let until = date(*self.until.get_ref()).ok_or_else(|| {
            let what = format!("`until` of the waiver of {rule} is no day, expected one like 2026-03-31");
            wrong(self.until.span(), what)
        })?;
        if self.agency.is_none() && self.region.is_none() {
            let what = format!("the waiver of {rule} names neither `agency` nor `region`");
            return Err(wrong(self.rule.span(), what));
        }
        let region = self.region.map(|code| match is_region(code.get_ref()) {
            true => Ok(code.into_inner()),
            false => Err(wrong(
                code.span(),
                format!(
                    "`region` of the waiver of {rule} is `{}`, expected a code like \"3704\"",
                    code.get_ref()
                ),
            )),
        });
        Ok(PolicyWaiver {
            rule,
            agency: self.agency.map(|agency| stated("agency", agency)).transpose()?,
            region: region.transpose()?,
            year: year.transpose()?,
            waiver: Waiver { who: stated("who", self.who)?, why: stated("why", self.why)?, until },
        })
    }
}

/// Whether this is the code of a region: two digits a level, three for a township.
pub(crate) fn is_region(code: &str) -> bool {
    [2, 4, 6, 9].contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit())
}

/// A day alone: a time of day would say that the waiver ends within it.
fn date(value: Datetime) -> Option<Date> {
    let date = value.date.filter(|_| value.time.is_none())?;
    let [month, day] = [date.month, date.day].map(i8::try_from);
    Date::new(i16::try_from(date.year).ok()?, month.ok()?, day.ok()?).ok()
}

fn known_rule(file: &str, id: &Spanned<String>) -> Result<&'static Rule, PolicyError> {
    catalogue().iter().copied().find(|rule| rule.id == id.get_ref()).ok_or_else(|| {
        let known: Vec<&str> = catalogue().iter().map(|rule| rule.id).collect();
        let what = format!("no rule is called `{}`, expected one of {}", id.get_ref(), known.join(", "));
        PolicyError { line: line_of(file, id.span()), what }
    })
}

fn line_of(file: &str, at: Range<usize>) -> usize {
    file.bytes().take(at.start).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use report::{FormId, Judgement, Verdict};

    use super::*;
    use crate::tests::report;
    use crate::{review, review_as};

    const FILE: &str = r#"
        off = ["T3-09"]

        [severity]
        "T3-03" = "warning"
        "T2-10" = "error"

        [[waiver]]
        rule = "DOC-11"
        agency = "枣庄市行政审批服务局"
        year = 2020
        who = "市政府办公室 王某"
        why = "机构合并，沿用新格式"
        until = 2021-03-31
    "#;

    fn judged(changes: &str, submitted: &str) -> Vec<Finding> {
        let policy = RulePolicy::parse(FILE).unwrap();
        let submitted = (!submitted.is_empty()).then(|| submitted.parse().unwrap());
        review_as(report(FormId::F2021, changes), None, &policy, submitted).findings
    }

    #[test]
    fn rules_weigh_what_the_policy_says() {
        let changes = "note=RowShifted:other.misc active.licensing.decisions=5件 requests.granted.total=1";
        let of = |findings: &[Finding]| -> Vec<(String, Severity)> {
            findings.iter().map(|finding| (finding.rule.clone(), finding.severity)).collect()
        };
        let (decided, usual) =
            (of(&judged(changes, "")), of(&review(report(FormId::F2021, changes)).findings));
        for (id, under_policy, elsewhere) in [
            ("T3-09", None, Some(Severity::Warning)),
            ("T3-03", Some(Severity::Warning), Some(Severity::Error)),
            ("T2-10", Some(Severity::Error), Some(Severity::Info)),
            ("T3-02", Some(Severity::Error), Some(Severity::Error)),
        ] {
            let severity = |findings: &[(String, Severity)]| {
                findings.iter().find(|(rule, _)| rule == id).map(|(_, severity)| *severity)
            };
            assert_eq!((severity(&decided), severity(&usual)), (under_policy, elsewhere), "{id}");
        }
        assert!(decided.is_sorted_by_key(|(_, severity)| std::cmp::Reverse(*severity)));
    }

    #[test]
    fn what_a_rule_played_down_stays_played_down() {
        let findings = judged("requests.*.research=blank", "");
        let finding = findings.iter().find(|finding| finding.rule == "T3-03").unwrap();
        assert_eq!((finding.severity, finding.judgement), (Severity::Info, Judgement::Unknown));
    }

    #[test]
    fn a_waiver_holds_for_its_agency_and_year_until_its_day() {
        for (changes, submitted, holds) in [
            ("year=2020", "2021-03-31", true),
            ("year=2020", "2021-04-01", false),
            ("year=2020", "", false),
            ("year=2019", "2021-03-31", false),
            ("year=2020 agency=枣庄市财政局", "2021-03-31", false),
            ("year=2020 agency=", "2021-03-31", false),
        ] {
            let findings = judged(changes, submitted);
            let finding = findings.iter().find(|finding| finding.rule == "DOC-11").unwrap();
            assert_eq!(finding.waiver.is_some(), holds, "{changes} submitted on {submitted}");
        }
        let waived = judged("year=2020", "2021-01-20");
        let waived: Vec<Finding> = waived.into_iter().filter(|finding| finding.rule == "DOC-11").collect();
        assert_eq!(waived[0].waiver.as_ref().unwrap().who, "市政府办公室 王某");
        assert_eq!(Verdict::of(&waived), Verdict::Pass);
    }

    #[test]
    fn a_waiver_may_be_for_a_region() {
        let of = |scope: &str| {
            format!(
                "[[waiver]]\nrule = \"DOC-11\"\n{scope}\nwho = \"某人\"\nwhy = \"因故\"\nuntil = 2021-03-31"
            )
        };
        let mut report = report(FormId::F2021, "year=2020");
        report.region = Some(report::Region { code: "370402".into(), name: "某区".into() });
        for (scope, holds) in [
            ("region = \"3704\"", true),
            ("region = \"37\"\nagency = \"枣庄市行政审批服务局\"", true),
            ("region = \"3705\"", false),
            ("region = \"3704\"\nagency = \"枣庄市财政局\"", false),
        ] {
            let policy = RulePolicy::parse(&of(scope)).unwrap();
            let findings = review_as(report.clone(), None, &policy, "2021-01-02".parse().ok()).findings;
            let finding = findings.iter().find(|finding| finding.rule == "DOC-11").unwrap();
            assert_eq!(finding.waiver.is_some(), holds, "{scope}");
        }
        let error = RulePolicy::parse(&of("")).unwrap_err().to_string();
        assert!(error.contains("neither `agency` nor `region`"), "{error}");
        let error = RulePolicy::parse(&of("region = \"山东\"")).unwrap_err().to_string();
        assert!(error.contains("expected a code like"), "{error}");
    }

    #[test]
    fn the_version_names_the_file() {
        assert_eq!(RulePolicy::default().version(), VERSION);
        let version = RulePolicy::parse(FILE).unwrap().version();
        let digest = version.strip_prefix(VERSION).unwrap();
        assert_eq!(digest.len(), "+01234567".len());
        assert_ne!(RulePolicy::parse("off = []").unwrap().version(), version);
    }

    #[test]
    fn a_wrong_file_is_refused_with_the_line() {
        let waiver = |line: &str| {
            format!("[[waiver]]\nrule = \"DOC-11\"\nagency = \"某局\"\nwho = \"某人\"\n{line}\n")
        };
        let ends = "until = 2021-03-31";
        for (file, expected) in [
            (
                "of = []".to_owned(),
                "rule policy, line 1: unknown field `of`, expected one of `off`, `severity`, `waiver`, `weights`",
            ),
            (
                "off = [\n\"T3-08\",\n\"T9-99\"]".into(),
                "rule policy, line 3: no rule is called `T9-99`, expected one of DOC-01,",
            ),
            (
                "[severity]\n\n\"T9-99\" = \"info\"".into(),
                "rule policy, line 3: no rule is called `T9-99`, expected one of DOC-01,",
            ),
            (
                "[severity]\n\"T3-08\" = \"fatal\"".into(),
                "rule policy, line 2: unknown variant `fatal`, expected one of `info`",
            ),
            ("[severity]\n\"T3-08\" = \"info\"\noff = [\"T3-08\"]".into(), "rule policy, line 3: "),
            (
                waiver(&format!("why = \" \"\n{ends}")),
                "rule policy, line 5: `why` of the waiver of DOC-11 is empty",
            ),
            (waiver(ends), "rule policy, line 1: missing field `why`"),
            (waiver("why = \"因故\"\nuntil = 2021-02-30"), "rule policy, line 6: "),
            (waiver("why = \"因故\"\nuntil = \"2021-03-31\""), "rule policy, line 6: "),
            (
                waiver("why = \"因故\"\nuntil = 08:00:00"),
                "rule policy, line 6: `until` of the waiver of DOC-11 is no day",
            ),
            (
                waiver(&format!("why = \"因故\"\n{ends}\nyear = 20")),
                "rule policy, line 7: `year` of the waiver of DOC-11 is 20",
            ),
            (
                waiver(&format!("why = \"因故\"\n{ends}\nreason = 20")),
                "rule policy, line 7: unknown field `reason`",
            ),
            ("off = [".into(), "rule policy, line 1: "),
        ] {
            let error = RulePolicy::parse(&file).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{file}\n{error}");
        }
    }

    #[test]
    fn the_example_can_be_used_as_it_stands() {
        let example = include_str!("../../../deploy/rule-policy.toml");
        let policy = RulePolicy::parse(example).unwrap();
        assert!(policy.severities.is_empty() && policy.off.is_empty() && policy.waivers.is_empty());
        // What is commented out is right too.
        let uncommented: String = example
            .lines()
            .map(|line| line.strip_prefix("# ").filter(|code| code.contains('=') || code.starts_with('[')))
            .map(|line| format!("{}\n", line.unwrap_or_default()))
            .collect();
        let policy = RulePolicy::parse(&uncommented).unwrap();
        assert!(!policy.severities.is_empty() && !policy.off.is_empty() && !policy.waivers.is_empty());
    }
}
