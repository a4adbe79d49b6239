//! `ReportParsed` to `ReportValidated`: runs the rules.

mod published;

use std::sync::Arc;

use bus::Bus;
use policy::PolicyFollower;
use proto::RefusalClass;
use proto::v1::{self, ReportParsed, ReportSubmitted, ReportValidated};
use report::{Report, Review};
use rules::RulePolicy;
use worker::{CpuPool, Handled, Refusal, Service, Worker};

use crate::published::Snapshots;

/// The service.
pub fn service() -> Service {
    Service::new("validate", async |worker: Worker| {
        let follower = PolicyFollower::start(&worker)?;
        // Nothing is judged before the log has said which policy is in force.
        let Some(first) = follower.in_force().await else { return Ok(()) };
        let (cpu, bus) = (worker.cpu().clone(), worker.bus().clone());
        worker
            .work(move |parsed| {
                let in_force = follower.known().unwrap_or_else(|| first.clone());
                validate(cpu.clone(), bus.clone(), in_force.policy, parsed)
            })
            .await
    })
    .checks(|config| {
        RulePolicy::of(config.rule_policy.as_deref())?;
        Ok(())
    })
}

async fn validate(
    cpu: CpuPool,
    bus: Bus,
    policy: Arc<RulePolicy>,
    parsed: ReportParsed,
) -> Handled<ReportValidated> {
    let report = match Report::try_from(&parsed) {
        Ok(report) => report,
        Err(error) => return Err(Refusal::undecodable(error.to_string()).into()),
    };
    let submitted = parsed.submitted.unwrap_or_default();
    if let Some(refusal) = not_yours(&submitted, &report) {
        return Err(refusal.into());
    }
    let snapshots = Snapshots::of(&bus, &submitted).await?;
    if let Some(refusal) = snapshots.unchanged(&report) {
        return Err(refusal.into());
    }
    let review = match submitted.withdraws {
        Some(_) => Review { report, findings: Vec::new(), rules_version: policy.version() },
        None => {
            let day = submitted.day();
            cpu.run(move || {
                let review = rules::review_as(report, None, &policy, day);
                rules::as_published(review, &snapshots.published(), &policy, day)
            })
            .await?
        }
    };
    let validated = ReportValidated {
        submitted: Some(submitted),
        report: parsed.report,
        text: parsed.text,
        text_zstd: parsed.text_zstd,
        reader_version: parsed.reader_version,
        findings: review.findings.iter().map(v1::Finding::from).collect(),
        verdict: v1::Verdict::from(review.verdict()).into(),
        rules_version: review.rules_version,
    };
    Ok(validated.into())
}

/// Why this report goes no further where its sender may not send it: before it can take the place of
/// anybody's. What it is about is only known now, and the same holds for taking one back.
fn not_yours(submitted: &ReportSubmitted, report: &Report) -> Option<Refusal> {
    let scope = submitted.scope.as_ref()?;
    let (region, agency) = (report.region.as_ref(), report.agency.as_deref());
    if scope.covers(region.map(|region| region.code.as_str()), agency) {
        return None;
    }
    let or_unknown = |text: Option<&str>| text.unwrap_or("未能认出").to_owned();
    let message = format!(
        "这份报告（机关：{}，地区：{}）不在报送单位的机关或地区范围内，不能由其报送或撤回。\
         请核对文件；范围有误的，请与管理员联系。",
        or_unknown(agency),
        or_unknown(region.map(|region| region.name.as_str())),
    );
    let detail = format!("{} may send {scope:?} only", submitted.sender);
    Some(Refusal::new(RefusalClass::NotYours, message, detail))
}

#[cfg(test)]
mod tests {
    use proto::v1::Scope;
    use report::Region;

    use super::*;

    #[test]
    fn a_sender_sends_its_own() {
        let check = |scope: Option<&[&str]>, code: Option<&str>, expected: Option<RefusalClass>| {
            let scope = scope.map(|regions| Scope {
                regions: regions.iter().map(|code| (*code).to_owned()).collect(),
                agencies: Vec::new(),
            });
            let submitted = ReportSubmitted { sender: "a".into(), scope, ..Default::default() };
            let region = code.map(|code| Region { code: code.into(), name: "某地".into() });
            let report = Report { agency: Some("某局".into()), region, ..Report::default() };
            let refusal = not_yours(&submitted, &report);
            assert_eq!(refusal.as_ref().map(|refusal| refusal.class), expected, "{refusal:?}");
        };
        check(None, None, None);
        check(Some(&["61"]), Some("610102"), None);
        check(Some(&["61"]), Some("370400"), Some(RefusalClass::NotYours));
        check(Some(&["61"]), None, Some(RefusalClass::NotYours));
    }
}
