//! A value survives the way from the model to the wire and back.

use proptest::collection::vec;
use proptest::prelude::*;
use proto::{Message, v1};
use report::{Finding, Report, Review, Verdict};

use crate::arbitrary;

proptest! {
    #[test]
    fn a_report_arrives_as_it_was_sent(sent in arbitrary::report()) {
        let bytes = v1::Report::from(&sent).encode_to_vec();
        let message = v1::Report::decode(bytes.as_slice()).unwrap();
        prop_assert_eq!(Report::try_from(&message).unwrap(), sent);
    }

    #[test]
    fn one_report_has_one_encoding(sent in arbitrary::report()) {
        let first = v1::Report::from(&sent).encode_to_vec();
        let arrived = Report::try_from(&v1::Report::decode(first.as_slice()).unwrap()).unwrap();
        prop_assert_eq!(v1::Report::from(&arrived).encode_to_vec(), first);
    }

    #[test]
    fn a_review_arrives_as_it_was_sent(
        report in arbitrary::report(),
        findings in vec(arbitrary::finding(), 0..8),
    ) {
        let sent = Review { report, findings, rules_version: "2026.11".into() };
        let event = v1::ReportValidated {
            report: Some((&sent.report).into()),
            findings: sent.findings.iter().map(Into::into).collect(),
            verdict: v1::Verdict::from(sent.verdict()).into(),
            rules_version: sent.rules_version.clone(),
            ..Default::default()
        };
        let arrived = v1::ReportValidated::decode(event.encode_to_vec().as_slice()).unwrap();
        prop_assert_eq!(Review::try_from(&arrived).unwrap(), sent);
    }

    /// Random bytes are no message, or a message that the model refuses, or one that it can send again.
    #[test]
    fn any_bytes_are_refused_or_arrive_as_they_are_sent_again(bytes in vec(any::<u8>(), 0..400)) {
        let report = |bytes: &[u8]| Report::try_from(&v1::Report::decode(bytes).ok()?).ok();
        if let Some(read) = report(&bytes) {
            prop_assert_eq!(report(&v1::Report::from(&read).encode_to_vec()), Some(read));
        }
        let finding = |bytes: &[u8]| Finding::try_from(&v1::Finding::decode(bytes).ok()?).ok();
        if let Some(read) = finding(&bytes) {
            prop_assert_eq!(finding(&v1::Finding::from(&read).encode_to_vec()), Some(read));
        }
    }
}

#[test]
fn verdicts_have_the_same_names() {
    for verdict in [Verdict::Pass, Verdict::Warn, Verdict::Fail] {
        assert_eq!(Verdict::try_from(v1::Verdict::from(verdict)), Ok(verdict));
    }
    assert!(Verdict::try_from(v1::Verdict::Unspecified).is_err());
}
