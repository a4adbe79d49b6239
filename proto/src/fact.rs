//! What all facts have in common.

use crate::subject::{Subject, SubjectError};
use crate::v1;

/// A fact on the log.
pub trait Fact: prost::Message + Default + Send + Sync + 'static {
    /// Its token in a subject, e.g. `submitted`.
    const NAME: &'static str;
    /// Its CloudEvents type, which is its protobuf name, e.g. `gouji.v1.ReportSubmitted`.
    const TYPE: &'static str;

    /// The submission of its report; none for a fact about no report.
    fn submitted(&self) -> Option<&v1::ReportSubmitted>;

    /// The report year, if it is known.
    fn year(&self) -> Option<u16> {
        None
    }

    /// The code of the administrative division, if it is known.
    fn region(&self) -> Option<String> {
        None
    }

    /// Whether it waits in the bulk lane, so that it is not handled before everybody else's single reports.
    fn is_bulk(&self) -> bool {
        false
    }

    /// The id of the reading; empty if the submission is absent.
    fn id(&self) -> &str {
        self.submitted().map_or("", |submitted| &submitted.id)
    }

    /// The subject it is published on.
    ///
    /// # Errors
    /// If its id cannot be part of a subject. A year or region that cannot becomes `_`.
    fn subject(&self) -> Result<Subject, SubjectError> {
        let region = self.region();
        let subject = Subject::new(Self::NAME, self.id(), self.year(), region.as_deref())?;
        Ok(subject.in_bulk(self.is_bulk()))
    }

    /// Its identity among all events, the `ce-id`: its name, `.` and its id.
    fn event_id(&self) -> String {
        format!("{}.{}", Self::NAME, self.id())
    }
}

impl Fact for v1::ReportSubmitted {
    const NAME: &'static str = "submitted";
    const TYPE: &'static str = "gouji.v1.ReportSubmitted";

    fn submitted(&self) -> Option<&v1::ReportSubmitted> {
        Some(self)
    }

    fn is_bulk(&self) -> bool {
        self.bulk
    }
}

impl Fact for v1::ReportParsed {
    const NAME: &'static str = "parsed";
    const TYPE: &'static str = "gouji.v1.ReportParsed";

    fn submitted(&self) -> Option<&v1::ReportSubmitted> {
        self.submitted.as_ref()
    }

    fn year(&self) -> Option<u16> {
        known_year(self.report.as_ref()?.year)
    }

    fn region(&self) -> Option<String> {
        known_code(self.report.as_ref()?.region.as_ref())
    }
}

impl Fact for v1::ReportValidated {
    const NAME: &'static str = "validated";
    const TYPE: &'static str = "gouji.v1.ReportValidated";

    fn submitted(&self) -> Option<&v1::ReportSubmitted> {
        self.submitted.as_ref()
    }

    fn year(&self) -> Option<u16> {
        known_year(self.report.as_ref()?.year)
    }

    fn region(&self) -> Option<String> {
        known_code(self.report.as_ref()?.region.as_ref())
    }
}

impl Fact for v1::ReportIndexed {
    const NAME: &'static str = "indexed";
    const TYPE: &'static str = "gouji.v1.ReportIndexed";

    fn submitted(&self) -> Option<&v1::ReportSubmitted> {
        self.submitted.as_ref()
    }

    fn year(&self) -> Option<u16> {
        known_year(self.year)
    }

    fn region(&self) -> Option<String> {
        known_code(self.region.as_ref())
    }
}

/// A refusal has the year and region of the event that could not be handled.
impl Fact for v1::ReportRefused {
    const NAME: &'static str = "refused";
    const TYPE: &'static str = "gouji.v1.ReportRefused";

    fn submitted(&self) -> Option<&v1::ReportSubmitted> {
        self.submitted.as_ref()
    }

    fn year(&self) -> Option<u16> {
        Subject::parse(&self.event_subject).ok()?.year()
    }

    fn region(&self) -> Option<String> {
        Subject::parse(&self.event_subject).ok()?.region().map(str::to_owned)
    }
}

/// A roster belongs to no submission and has its own id.
impl Fact for v1::RosterImported {
    const NAME: &'static str = "roster";
    const TYPE: &'static str = "gouji.v1.RosterImported";

    fn submitted(&self) -> Option<&v1::ReportSubmitted> {
        None
    }

    fn id(&self) -> &str {
        &self.id
    }
}

/// A rule policy belongs to no submission and has its own id.
impl Fact for v1::RulePolicyChanged {
    const NAME: &'static str = "policy";
    const TYPE: &'static str = "gouji.v1.RulePolicyChanged";

    fn submitted(&self) -> Option<&v1::ReportSubmitted> {
        None
    }

    fn id(&self) -> &str {
        &self.id
    }
}

/// An action belongs to no submission and has its own id.
impl Fact for v1::ActionTaken {
    const NAME: &'static str = "audited";
    const TYPE: &'static str = "gouji.v1.ActionTaken";

    fn submitted(&self) -> Option<&v1::ReportSubmitted> {
        None
    }

    fn id(&self) -> &str {
        &self.id
    }
}

/// All acts on a report share the beginning of their subjects, with the key of the report in place of an id.
impl Fact for v1::ReportReviewed {
    const NAME: &'static str = "reviewed";
    const TYPE: &'static str = "gouji.v1.ReportReviewed";

    fn submitted(&self) -> Option<&v1::ReportSubmitted> {
        None
    }

    fn year(&self) -> Option<u16> {
        known_year(self.year)
    }

    fn region(&self) -> Option<String> {
        known_code(self.region.as_ref())
    }

    fn id(&self) -> &str {
        &self.report
    }

    fn event_id(&self) -> String {
        format!("{}.{}-{}", Self::NAME, self.report, self.number)
    }
}

/// All judgements of a report share the beginning of their subjects, with the key of the report in place of an id.
impl Fact for v1::ReportRejudged {
    const NAME: &'static str = "rejudged";
    const TYPE: &'static str = "gouji.v1.ReportRejudged";

    fn submitted(&self) -> Option<&v1::ReportSubmitted> {
        None
    }

    fn year(&self) -> Option<u16> {
        known_year(self.year)
    }

    fn region(&self) -> Option<String> {
        known_code(self.region.as_ref())
    }

    fn id(&self) -> &str {
        &self.report
    }

    fn event_id(&self) -> String {
        format!("{}.{}-{}", Self::NAME, self.report, self.number)
    }
}

/// A version may be set aside by several outlets.
impl Fact for v1::ReportUndelivered {
    const NAME: &'static str = "undelivered";
    const TYPE: &'static str = "gouji.v1.ReportUndelivered";

    fn submitted(&self) -> Option<&v1::ReportSubmitted> {
        None
    }

    fn year(&self) -> Option<u16> {
        known_year(self.year)
    }

    fn region(&self) -> Option<String> {
        known_code(self.region.as_ref())
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn event_id(&self) -> String {
        let end = if self.end == 0 { "" } else { ".end" };
        format!("{}.{}.{}{end}", Self::NAME, self.outlet, self.change)
    }
}

fn known_year(year: u32) -> Option<u16> {
    u16::try_from(year).ok().filter(|year| *year != 0)
}

fn known_code(region: Option<&v1::Region>) -> Option<String> {
    region.map(|region| region.code.clone()).filter(|code| !code.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject;

    const ID: &str = "9f86d081884c7d659a2feaa0c55ad015-g0";

    fn check<F: Fact>(fact: &F, expected: &str) {
        assert_eq!(fact.subject().map(|subject| subject.to_string()), Ok(expected.to_owned()));
    }

    fn submitted(id: &str) -> v1::ReportSubmitted {
        v1::ReportSubmitted { id: id.into(), ..Default::default() }
    }

    fn parsed(year: u32, code: &str) -> v1::ReportParsed {
        let region = v1::Region { code: code.into(), name: String::new() };
        let report = v1::Report { year, region: Some(region), ..Default::default() };
        v1::ReportParsed { submitted: Some(submitted(ID)), report: Some(report), ..Default::default() }
    }

    #[test]
    fn each_fact_has_its_subject() {
        let submission = || Some(submitted(ID));
        let region =
            || Some(v1::Region { code: "610103".into(), name: "陕西省西安市碑林区".into() });
        let report = || Some(v1::Report { year: 2024, region: region(), ..Default::default() });
        let validated =
            v1::ReportValidated { submitted: submission(), report: report(), ..Default::default() };
        let indexed =
            v1::ReportIndexed { submitted: submission(), year: 2024, region: region(), ..Default::default() };
        check(&submitted(ID), "gouji.v1.submitted.9f86d081884c7d659a2feaa0c55ad015-g0._._._._");
        let in_bulk = v1::ReportSubmitted { bulk: true, ..submitted(ID) };
        check(&in_bulk, "gouji.v1.submitted.9f86d081884c7d659a2feaa0c55ad015-g0._._._._.bulk");
        check(&parsed(2024, "610103"), "gouji.v1.parsed.9f86d081884c7d659a2feaa0c55ad015-g0.2024.61.01.03");
        check(
            &parsed(2024, "610103002"),
            "gouji.v1.parsed.9f86d081884c7d659a2feaa0c55ad015-g0.2024.61.01.03.002",
        );
        check(&parsed(2024, ""), "gouji.v1.parsed.9f86d081884c7d659a2feaa0c55ad015-g0.2024._._._");
        check(&parsed(0, "610103"), "gouji.v1.parsed.9f86d081884c7d659a2feaa0c55ad015-g0._.61.01.03");
        check(&validated, "gouji.v1.validated.9f86d081884c7d659a2feaa0c55ad015-g0.2024.61.01.03");
        check(&indexed, "gouji.v1.indexed.9f86d081884c7d659a2feaa0c55ad015-g0.2024.61.01.03");
    }

    #[test]
    fn acts_on_a_report_share_the_beginning_of_their_subjects() {
        let region = v1::Region { code: "370400".into(), name: "山东省枣庄市".into() };
        let act = |number, region| v1::ReportReviewed {
            report: "0123abcd".into(),
            number,
            year: 2024,
            region,
            ..Default::default()
        };
        check(&act(1, Some(region)), "gouji.v1.reviewed.0123abcd.2024.37.04.00");
        check(&act(2, None), "gouji.v1.reviewed.0123abcd.2024._._._");
        assert_eq!(act(2, None).event_id(), "reviewed.0123abcd-2");
        assert!(act(1, None).subject().unwrap().to_string().starts_with(
            subject::any_of_id::<v1::ReportReviewed>("0123abcd").unwrap().trim_end_matches('>')
        ));
    }

    #[test]
    fn judgements_of_a_report_are_counted_beside_its_reviews() {
        let region = v1::Region { code: "370403".into(), name: "山东省枣庄市薛城区".into() };
        let fact = v1::ReportRejudged {
            report: "0123abcd".into(),
            number: 3,
            year: 2024,
            region: Some(region),
            ..Default::default()
        };
        check(&fact, "gouji.v1.rejudged.0123abcd.2024.37.04.03");
        assert_eq!(fact.event_id(), "rejudged.0123abcd-3");
    }

    #[test]
    fn a_refusal_has_year_and_region_of_its_event() {
        let refused = |event_subject: &str| v1::ReportRefused {
            submitted: Some(submitted(ID)),
            event_subject: event_subject.into(),
            ..Default::default()
        };
        let known = format!("gouji.v1.parsed.{ID}.2024.61.01.03");
        check(&refused(&known), "gouji.v1.refused.9f86d081884c7d659a2feaa0c55ad015-g0.2024.61.01.03");
        let township = format!("gouji.v1.parsed.{ID}.2024.61.01.03.002");
        check(&refused(&township), "gouji.v1.refused.9f86d081884c7d659a2feaa0c55ad015-g0.2024.61.01.03.002");
        let bulk = format!("gouji.v1.submitted.{ID}._._._._.bulk");
        check(&refused(&bulk), "gouji.v1.refused.9f86d081884c7d659a2feaa0c55ad015-g0._._._._");
        check(&refused(""), "gouji.v1.refused.9f86d081884c7d659a2feaa0c55ad015-g0._._._._");
        check(&refused("elsewhere"), "gouji.v1.refused.9f86d081884c7d659a2feaa0c55ad015-g0._._._._");
    }

    #[test]
    fn hostile_values_stay_out_of_subjects() {
        check(&parsed(99999, "61.>"), "gouji.v1.parsed.9f86d081884c7d659a2feaa0c55ad015-g0._._._._");
        assert!(submitted("a.>").subject().is_err());
        assert!(v1::ReportParsed::default().subject().is_err());
    }
}
