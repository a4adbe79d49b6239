//! The earlier snapshots of a report that was fetched from a web site. They are on the log, because ingest visits an
//! address again only after its last snapshot has gone through the pipeline.

use bus::Bus;
use proto::RefusalClass;
use proto::v1::{Publication, ReportParsed, ReportSubmitted};
use report::{Report, beijing};
use rules::{Gone, Published};
use worker::Refusal;

/// What is known of a report on the site where it was published; nothing of one that somebody sent.
#[derive(Debug, Default)]
pub(crate) struct Snapshots {
    publication: Publication,
    /// The snapshot before this one.
    last: Option<Report>,
    /// The first one.
    first: Option<Report>,
}

impl Snapshots {
    /// Reads the earlier snapshots of a submission from the log.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub(crate) async fn of(bus: &Bus, submitted: &ReportSubmitted) -> anyhow::Result<Self> {
        let Some(publication) = submitted.published.clone() else { return Ok(Self::default()) };
        let last = read(bus, &publication.replaces).await?;
        let first = match publication.first == publication.replaces {
            true => last.clone(),
            false => read(bus, &publication.first).await?,
        };
        Ok(Self { publication, last, first })
    }

    /// Why the report goes no further where only the page around it has changed.
    pub(crate) fn unchanged(&self, report: &Report) -> Option<Refusal> {
        if !self.last.as_ref()?.reads_like(report) {
            return None;
        }
        let Publication { address, replaces, .. } = &self.publication;
        let message = format!("网页 {address} 有改动，其中的报告没有变化，仍以此前抓取的版本为准。");
        let detail = format!("it reads like {replaces}");
        Some(Refusal::new(RefusalClass::Unchanged, message, detail))
    }

    /// What the rules ask.
    pub(crate) fn published(&self) -> Published<'_> {
        let Publication { fetched_at_ms, first_fetched_at_ms, gone_status, gone_since_ms, .. } =
            self.publication;
        let status = u16::try_from(gone_status).ok().filter(|status| *status != 0);
        Published {
            first: self.first.as_ref().zip(beijing::day(first_fetched_at_ms)),
            seen: beijing::day(fetched_at_ms),
            gone: status.zip(beijing::day(gone_since_ms)).map(|(status, since)| Gone { status, since }),
        }
    }
}

/// The report of a snapshot; none where there is no such snapshot, or it was not read.
async fn read(bus: &Bus, id: &str) -> anyhow::Result<Option<Report>> {
    if id.is_empty() {
        return Ok(None);
    }
    let parsed = bus.last_of_id::<ReportParsed>(id).await?;
    Ok(parsed.and_then(|parsed| Report::try_from(&parsed).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_that_reads_the_same_goes_no_further() {
        let report = |agency: &str| Report { agency: Some(agency.into()), ..Report::default() };
        let of = |last: Option<Report>| Snapshots { last, ..Snapshots::default() };
        let class = |snapshots: Snapshots| snapshots.unchanged(&report("甲局")).map(|refusal| refusal.class);
        assert_eq!(class(of(Some(report("甲局")))), Some(RefusalClass::Unchanged));
        assert_eq!(class(of(Some(report("乙局")))), None);
        assert_eq!(class(of(None)), None);
    }
}
