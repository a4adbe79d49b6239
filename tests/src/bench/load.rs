//! The whole pipeline under load, and then with a little to do.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use bus::{Bus, Feed, Since};
use futures::{StreamExt, TryStreamExt};
use proto::v1::{ReportIndexed, ReportParsed, ReportRefused, ReportSubmitted, ReportValidated};
use proto::{Fact, ReportId, subject};
use sha2::{Digest, Sha256};

use super::SENDER;
use super::mix::{Mix, Sent};
use super::process::{Used, children_cpu_seconds_of, cpu_seconds, used};
use crate::api::{Api, list, zip};
use crate::judge::judge;
use crate::pipeline::{Pipeline, Shape};
use crate::processes::until;

/// What was measured.
#[derive(Debug)]
pub(super) struct Measured {
    /// Reports a second, from the first byte of the upload to the last `ReportIndexed`.
    pub(super) rate: f64,
    pub(super) seconds: f64,
    /// Until the last fact of each kind, left to right.
    pub(super) last_seconds: Vec<(&'static str, f64)>,
    /// What each process used for the bulk.
    pub(super) used: Vec<Used>,
    /// Seconds from the receipt until a search finds it, least first.
    pub(super) searchable_after: Vec<f64>,
    /// How reports of the bulk came out.
    pub(super) readings: Vec<Reading>,
}

/// How a report came out.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) format: &'static str,
    pub(super) printed: usize,
    pub(super) right: usize,
    pub(super) flagged: usize,
    pub(super) complaints: usize,
    pub(super) first_complaint: Option<String>,
}

/// Reports in one archive.
const BATCH: u64 = 1_000;
/// For all to arrive; a pipeline that is slower than this is broken.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// Of a larger bulk only so many reports are asked for again and compared.
const COMPARED: u64 = 3_000;

/// Sends reports `0..bulk` in archives, and then `single` ones with `rate` a second.
pub(super) async fn measure(mix: &Mix, bulk: u64, single: u64, shape: Shape, rate: u64) -> Result<Measured> {
    let mut pipeline = Pipeline::start(shape).await?;
    let (api, observer) = (pipeline.api(), pipeline.observer().await?);
    // The first is made before the clock starts.
    let first = archive_of(mix, 0..bulk.min(BATCH))?;
    let before = usage(&mut pipeline)?;
    let begun_ms = now_ms();
    let last_ms = through(mix, bulk, first, &api, &observer).await?;
    let seconds = (last_ms - begun_ms) as f64 / 1000.0;
    let used = usage(&mut pipeline)?
        .into_iter()
        .zip(before)
        .map(|(after, before)| Used { cpu_seconds: after.cpu_seconds - before.cpu_seconds, ..after });
    let used = used.collect();

    let count = usize::try_from(bulk)?;
    let last_ms = [
        ("submitted", last_of::<ReportSubmitted>(&observer, count).await?),
        ("parsed", last_of::<ReportParsed>(&observer, count).await?),
        ("validated", last_of::<ReportValidated>(&observer, count).await?),
        ("indexed", last_ms),
    ];
    let last_seconds = last_ms.map(|(fact, ms)| (fact, (ms - begun_ms) as f64 / 1000.0)).to_vec();

    let single: Vec<Sent> = (bulk..bulk + single).map(|index| mix.report(index)).collect();
    let searchable_after = light_load(&api, &single, rate).await?;
    let readings = readings(&api, mix, bulk).await?;
    Ok(Measured { rate: bulk as f64 / seconds, seconds, last_seconds, used, searchable_after, readings })
}

/// Sends the bulk and waits until all of it is indexed; when the last one was, by the clock of the log.
pub(super) async fn through(mix: &Mix, bulk: u64, first: Vec<u8>, api: &Api, observer: &Bus) -> Result<i64> {
    let mut indexed = observer.follow(subject::filter::<ReportIndexed>(), Since::Start).await?;
    let mut refused = observer.follow(subject::filter::<ReportRefused>(), Since::Start).await?;
    let send = async {
        let mut archive = first;
        for begin in (0..bulk).step_by(usize::try_from(BATCH)?) {
            if begin > 0 {
                archive = archive_of(mix, begin..bulk.min(begin + BATCH))?;
            }
            let receipt = api.submit(&format!("{begin}.zip"), std::mem::take(&mut archive)).await?;
            ensure!(
                list(&receipt["refused"]).is_empty(),
                "something was not taken in: {}",
                receipt["refused"]
            );
        }
        Ok(())
    };
    let arrive = async {
        tokio::select! {
            last_ms = arrive(&mut indexed, usize::try_from(bulk)?) => last_ms,
            event = refused.next() => {
                let refusal = event.and_then(|event| event.decode::<ReportRefused>());
                anyhow::bail!("a report was refused: {refusal:?}")
            }
        }
    };
    let ((), last_ms) = tokio::try_join!(send, arrive)?;
    Ok(last_ms)
}

pub(super) fn archive_of(mix: &Mix, indices: std::ops::Range<u64>) -> Result<Vec<u8>> {
    let reports: Vec<Sent> = indices.map(|index| mix.report(index)).collect();
    // The same agency may send a page and a PDF of one name.
    let names: Vec<String> = (0..)
        .zip(&reports)
        .map(|(number, report): (usize, _)| format!("{number}/{}", report.file_name))
        .collect();
    zip(names.iter().map(String::as_str).zip(reports.iter().map(|report| report.bytes.as_slice())))
}

/// The value below which this share of the sorted values lie.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let position = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(position.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(f64::NAN)
}

/// When the last of so many facts came to be, as the log says.
async fn arrive(facts: &mut Feed, count: usize) -> Result<i64> {
    let all = async {
        let mut last_ms = 0;
        for _ in 0..count {
            last_ms = facts.next().await.context("the log ended")?.at_ms;
        }
        anyhow::Ok(last_ms)
    };
    tokio::time::timeout(PATIENCE, all).await.context("not every report arrived")?
}

/// When the last of so many facts of one kind came to be.
async fn last_of<F: Fact>(observer: &Bus, count: usize) -> Result<i64> {
    arrive(&mut observer.follow(subject::filter::<F>(), Since::Start).await?, count).await
}

/// What every process has used, the sender among them.
fn usage(pipeline: &mut Pipeline) -> Result<Vec<Used>> {
    let mut all = vec![used("nats-server", pipeline.nats.process())?];
    for service in pipeline.services() {
        all.push(used(service.name(), &service.process)?);
        if service.name().starts_with("parse") {
            let readers = children_cpu_seconds_of(service.process.id())?;
            all.push(Used {
                name: format!("{}, readers", service.name()),
                peak_bytes: 0,
                cpu_seconds: readers,
            });
        }
    }
    // What it holds is the generated reports, so its memory says nothing.
    all.push(Used { name: SENDER.into(), peak_bytes: 0, cpu_seconds: cpu_seconds("self")? });
    Ok(all)
}

/// Sends one after the other, and asks for each until a search finds it.
async fn light_load(api: &Api, single: &[Sent], rate: u64) -> Result<Vec<f64>> {
    let period = Duration::from_secs(1) / u32::try_from(rate.max(1))?;
    let begun = tokio::time::Instant::now();
    let sending = single.iter().zip(0..).map(async |(report, number)| {
        tokio::time::sleep_until(begun + period * number).await;
        searchable(api, report).await
    });
    let mut seconds = futures::future::try_join_all(sending).await?;
    seconds.sort_by(f64::total_cmp);
    Ok(seconds)
}

/// Seconds from the receipt of a report until a search finds it.
async fn searchable(api: &Api, report: &Sent) -> Result<f64> {
    api.submit(&report.file_name, report.bytes.clone()).await?;
    let accepted = Instant::now();
    let (id, year) = (id(&report.bytes)?, report.truth.year.to_string());
    let query = [("agency", report.truth.agency.as_str()), ("year", year.as_str())];
    until("a report to be found", Duration::from_secs(60), async || {
        let page = api.search(&query).await?;
        Ok(list(&page["hits"]).iter().any(|hit| hit["id"] == id.as_str()).then_some(()))
    })
    .await?;
    Ok(accepted.elapsed().as_secs_f64())
}

/// Reports as the console tells them, compared with their truth.
async fn readings(api: &Api, mix: &Mix, bulk: u64) -> Result<Vec<Reading>> {
    let every = bulk.div_ceil(COMPARED).max(1);
    // A step that fives divide would meet one format only.
    let every = if every.is_multiple_of(5) { every + 1 } else { every };
    let compared = (0..bulk).step_by(usize::try_from(every)?).map(|index| mix.report(index));
    let readings =
        futures::stream::iter(compared.filter(|report| !report.is_superseded)).map(async |report| {
            let judgement = judge(&api.report(&id(&report.bytes)?).await?, &report.truth);
            let unread = judgement.printed - judgement.right;
            anyhow::Ok(Reading {
                format: report.format,
                printed: judgement.printed,
                right: judgement.right,
                flagged: judgement.flagged,
                complaints: judgement.complaints.len().saturating_sub(unread),
                first_complaint: judgement
                    .complaints
                    .first()
                    .map(|first| format!("{}: {first}", report.file_name)),
            })
        });
    readings.buffered(4).try_collect().await
}

fn id(bytes: &[u8]) -> Result<String> {
    let sha256: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(ReportId::of(&sha256, 0)?.to_string())
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as i64)
}
