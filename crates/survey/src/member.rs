//! The parts of one report that are compared with those of other agencies.

use report::{Date, Fingerprint, Region, Review, Verdict, Year};

use crate::Figures;

/// The parts of one report that are compared: two kilobytes of about a hundred.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The report: agency, year and kind, whatever its version.
    pub key: String,
    /// This version of it.
    pub id: String,
    /// The SHA-256 of its original.
    pub original: String,
    /// The agency as the report names itself.
    pub agency: Option<String>,
    /// The division the report proves.
    pub region: Option<Region>,
    /// The year it is about.
    pub year: Option<Year>,
    /// The day of publication that it states.
    pub published: Option<Date>,
    /// The day on which it was submitted.
    pub submitted: Option<Date>,
    /// The verdict of its review.
    pub verdict: Verdict,
    /// Its figures; none where it has no form.
    pub figures: Option<Figures>,
    /// The areas that its words say the figures cover, as printed: `全市`, `本机关`.
    pub scopes: Vec<String>,
    /// Signatures of the sections that are written freely.
    pub fingerprints: Vec<Fingerprint>,
}

/// Which agencies the figures of a report cover (口径).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// The agency and all below it.
    Whole,
    /// The agency's own office.
    Own,
}

impl Scope {
    /// The name used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Own => "own",
        }
    }

    /// Its name for those who review reports.
    pub fn title(self) -> &'static str {
        match self {
            Self::Whole => "汇总",
            Self::Own => "本机关",
        }
    }
}

/// What the words of a report say about its scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    /// Nothing.
    Silent,
    /// One thing.
    Say(Scope),
    /// One thing here and another there.
    Contradict,
}

impl Member {
    /// The member for a reviewed report.
    pub fn of(
        review: &Review,
        key: impl Into<String>,
        id: impl Into<String>,
        original: impl Into<String>,
        submitted: Option<Date>,
    ) -> Self {
        let report = &review.report;
        let is_scope = |remark: &&report::Remark| remark.kind == report::RemarkKind::Scope;
        Self {
            key: key.into(),
            id: id.into(),
            original: original.into(),
            agency: report.agency.clone(),
            region: report.region.clone(),
            year: report.year,
            published: report.published,
            submitted,
            verdict: review.verdict(),
            figures: Figures::of(&report.cells),
            scopes: report.remarks.iter().filter(is_scope).map(|remark| remark.text.clone()).collect(),
            fingerprints: report.fingerprints.clone(),
        }
    }

    /// What the words of the report say about its scope. 全市 in the report of a county means the city above
    /// it, and says nothing about the county.
    pub(crate) fn words(&self) -> Words {
        let place = self.region.as_ref().map_or("", |region| region.name.as_str());
        let mut said = self.scopes.iter().filter_map(|words| scope_of(words, place));
        let Some(first) = said.next() else { return Words::Silent };
        if said.all(|scope| scope == first) { Words::Say(first) } else { Words::Contradict }
    }
}

fn scope_of(words: &str, place: &str) -> Option<Scope> {
    const OWN: [&str; 8] = ["本机关", "本级", "本单位", "本部门", "本局", "本办", "办公室", "政府办"];
    match words.trim().strip_prefix('全') {
        Some("系统") => Some(Scope::Whole),
        Some(area) => {
            let area = area.trim_end_matches("范围");
            (!area.is_empty() && (place.is_empty() || place.ends_with(area))).then_some(Scope::Whole)
        }
        None => OWN.iter().any(|own| words.contains(own)).then_some(Scope::Own),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_tell_the_scope_of_their_own_area() {
        for (words, place, expected) in [
            ("全市", "山东省枣庄市", Some(Scope::Whole)),
            ("全市", "重庆市铜梁区", None),
            ("全区", "重庆市铜梁区", Some(Scope::Whole)),
            ("全州", "云南省大理白族自治州", Some(Scope::Whole)),
            ("全系统", "山东省枣庄市", Some(Scope::Whole)),
            ("本机关", "山东省枣庄市", Some(Scope::Own)),
            ("市政府办公室", "山东省枣庄市", Some(Scope::Own)),
            ("全面", "山东省枣庄市", None),
            ("全", "", None),
        ] {
            assert_eq!(scope_of(words, place), expected, "{words} in {place}");
        }
    }
}
