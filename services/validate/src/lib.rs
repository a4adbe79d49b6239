//! `ReportParsed` to `ReportValidated`: runs the rules.

use std::sync::Arc;

use anyhow::Context as _;
use proto::v1::{self, ReportParsed, ReportValidated};
use report::{Report, Review};
use rules::Office;
use stage::{Config, Handled, Refusal, Service, Stage, class};

/// The service.
pub fn service() -> Service {
    Service::new("validate", async |stage: Stage| {
        let office = Arc::new(office(stage.config())?);
        stage.work(move |stage, parsed| validate(stage, office.clone(), parsed)).await
    })
    .checks(|config| office(config).map(drop))
}

/// What the office decided about the rules.
fn office(config: &Config) -> anyhow::Result<Office> {
    Office::of(config.office.as_deref()).context("GOUJI_OFFICE")
}

async fn validate(stage: Stage, office: Arc<Office>, parsed: ReportParsed) -> Handled<ReportValidated> {
    let report = match Report::try_from(&parsed) {
        Ok(report) => report,
        Err(error) => {
            let message = "系统内部消息无法识别，报告未能校核，请联系运维人员。";
            return Err(Refusal::new(class::UNDECODABLE_EVENT, message, error.to_string()).into());
        }
    };
    let submitted = parsed.submitted.unwrap_or_default();
    let review = match submitted.withdraws {
        Some(_) => Review { report, findings: Vec::new(), rules_version: office.version() },
        None => {
            let day = submitted.day();
            stage.cpu(move || rules::review_as(report, None, &office, day)).await?
        }
    };
    let validated = ReportValidated {
        submitted: Some(submitted),
        report: parsed.report,
        text: parsed.text,
        reader_version: parsed.reader_version,
        findings: review.findings.iter().map(v1::Finding::from).collect(),
        verdict: v1::Verdict::from(review.verdict()).into(),
        rules_version: review.rules_version,
    };
    Ok(validated.into())
}
