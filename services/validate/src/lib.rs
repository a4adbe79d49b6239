//! `ReportParsed` to `ReportValidated`: runs the rules.

use proto::v1::{self, ReportParsed, ReportValidated};
use report::{Report, Review};
use stage::{Handled, Refusal, Service, Stage, class};

/// The service.
pub fn service() -> Service {
    Service::new("validate", async |stage: Stage| stage.work(validate).await)
}

async fn validate(stage: Stage, parsed: ReportParsed) -> Handled<ReportValidated> {
    let report = match Report::try_from(&parsed) {
        Ok(report) => report,
        Err(error) => {
            let message = "系统内部消息无法识别，报告未能校核，请联系运维人员。";
            return Err(Refusal::new(class::UNDECODABLE_EVENT, message, error.to_string()).into());
        }
    };
    let takes_back = parsed.submitted.as_ref().is_some_and(|submitted| submitted.withdraws.is_some());
    let review = match takes_back {
        true => Review { report, findings: Vec::new(), rules_version: rules::VERSION.to_owned() },
        false => stage.cpu(move || rules::review(report)).await?,
    };
    let validated = ReportValidated {
        submitted: parsed.submitted,
        report: parsed.report,
        text: parsed.text,
        reader_version: parsed.reader_version,
        findings: review.findings.iter().map(v1::Finding::from).collect(),
        verdict: v1::Verdict::from(review.verdict()).into(),
        rules_version: review.rules_version,
    };
    Ok(validated.into())
}
