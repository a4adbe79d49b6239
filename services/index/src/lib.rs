//! `ReportValidated` to `ReportIndexed`: keeps the one writer of the index.
//!
//! Every change of a report is a change of what it is held against: with its batch, the reports of the
//! same agency for the year itself and for the year after are judged anew. One process decides what is
//! current, so the outcome depends on what was sent and not on the order in which it came.
//!
//! A batch is what waits on the log. It is committed before anything of it is acknowledged, so a
//! killed writer finds it again; writing it twice changes nothing, because the index compares versions.

mod neighbours;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use proto::Message as _;
use proto::v1::{self, IndexOutcome, ReportIndexed, ReportValidated};
use report::Review;
use rules::Office;
use search::{Applied, Entry, Error, Index, Withdrawn, Writer};
use stage::{Bounds, Config, Handled, Refusal, Service, Stage, Trouble, class};

/// The service, with its index in a folder on a local disk.
pub fn service() -> Service {
    Service::new("index", serve).checks(|config| office(config).map(drop))
}

/// What the office decided about the rules.
fn office(config: &Config) -> anyhow::Result<Office> {
    Office::of(config.office.as_deref()).context("GOUJI_OFFICE")
}

/// Indexes until it is time to stop.
async fn serve(stage: Stage) -> anyhow::Result<()> {
    let Some(writer) = the_writer(&stage, stage.config().index.clone()).await? else { return Ok(()) };
    let writer = Arc::new(Mutex::new(writer));
    let office = Arc::new(office(stage.config())?);
    let bounds = Bounds { messages: BATCH, bytes: 8 << 20, linger: Duration::from_millis(50), rest: REST };
    stage.batches(bounds, move |stage, facts| index(stage, writer.clone(), office.clone(), facts)).await
}

/// A report takes some 150 KB while it is written: cells, record and terms. More gain nothing.
const BATCH: usize = 400;
/// A commit costs some 75 ms before its first document; a report is found half a second later at most.
const REST: Duration = Duration::from_millis(500);

/// Waits until no other process writes the index: a second one stands by until the first is gone.
async fn the_writer(stage: &Stage, folder: PathBuf) -> anyhow::Result<Option<Writer>> {
    let mut told = false;
    loop {
        let at = folder.clone();
        let opened = stage.cpu(move || Index::open(&at).and_then(|index| index.writer())).await?;
        match opened {
            Ok(writer) => return Ok(Some(writer)),
            Err(Error::LockBusy) => {
                if !told {
                    tracing::info!(index = %folder.display(), "another process writes the index; standing by");
                    told = true;
                }
            }
            Err(error) => return Err(error).with_context(|| format!("index in {}", folder.display())),
        }
        tokio::select! {
            () = stage.stop().wished() => return Ok(None),
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

async fn index(
    stage: Stage,
    writer: Arc<Mutex<Writer>>,
    office: Arc<Office>,
    facts: Vec<ReportValidated>,
) -> Vec<Handled<ReportIndexed>> {
    let texts = texts(&stage, &facts).await;
    let mut entries = Vec::new();
    let mut handled: Vec<Option<Trouble>> = Vec::new();
    for (fact, text) in facts.iter().zip(texts) {
        match text.and_then(|text| entry(fact, text)) {
            Ok(entry) => {
                entries.push(entry);
                handled.push(None);
            }
            Err(trouble) => handled.push(Some(trouble)),
        }
    }
    let keys: Vec<String> = entries.iter().map(|entry| entry.key.clone()).collect();
    let written = stage.cpu(move || write(&writer, &office, entries)).await;
    let mut written = match written {
        Ok(Ok(applied)) => Ok(applied.into_iter().zip(keys)),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(error) => Err(format!("{error:#}")),
    };
    let outcome = |(fact, trouble): (&ReportValidated, Option<Trouble>)| match (trouble, &mut written) {
        (Some(trouble), _) => Err(trouble),
        (None, Ok(applied)) => match applied.next() {
            Some((applied, key)) => Ok(indexed(fact, key, applied).into()),
            None => Err(anyhow::anyhow!("the index answered for fewer entries than it was given").into()),
        },
        (None, Err(error)) => Err(anyhow::anyhow!("{error}").into()),
    };
    facts.iter().zip(handled).map(outcome).collect()
}

/// Applies, judges what changed beside its neighbours, and commits; after that the batch survives anything.
fn write(writer: &Mutex<Writer>, office: &Office, entries: Vec<Entry>) -> Result<Vec<Applied>, Error> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    // A writer whose last batch panicked has been rolled back by the index itself.
    let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
    let keys: Vec<String> = entries.iter().map(|entry| entry.key.clone()).collect();
    let applied = writer.apply(entries)?;
    let changed = keys.into_iter().zip(&applied).filter(|(_, applied)| **applied == Applied::Current);
    neighbours::rejudge(&mut writer, office, &changed.map(|(key, _)| key).collect())?;
    stage::failpoint("applied");
    writer.commit("")?;
    Ok(applied)
}

/// Texts fetched at once.
const FETCHES: usize = 16;

async fn texts(stage: &Stage, facts: &[ReportValidated]) -> Vec<Result<String, Trouble>> {
    use futures::StreamExt;
    let text = |fact: &ReportValidated| {
        let sha256 = fact.text.as_ref().map(|text| text.sha256.clone());
        async move {
            let Some(sha256) = sha256 else { return Ok(String::new()) };
            let bytes = stage.originals().get(&sha256).await?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
    };
    futures::stream::iter(facts.iter().map(text)).buffered(FETCHES).collect().await
}

fn entry(fact: &ReportValidated, text: String) -> Result<Entry, Trouble> {
    let review = Review::try_from(fact).map_err(|error| {
        let message = "系统内部消息无法识别，报告未能入库，请联系运维人员。";
        Refusal::new(class::UNDECODABLE_EVENT, message, error.to_string())
    })?;
    let submitted = fact.submitted.clone().unwrap_or_default();
    let withdraws = submitted.withdraws;
    Ok(Entry {
        key: match &withdraws {
            Some(withdrawal) => withdrawal.report.clone(),
            None => Entry::key_of(&review.report, &submitted.id),
        },
        fact: fact.encode_to_vec(),
        withdrawn: withdraws.map(|withdrawal| Withdrawn { who: withdrawal.who, why: withdrawal.why }),
        version: Entry::version_of(submitted.submitted_at_ms, submitted.generation),
        original: submitted.original.map(|original| original.sha256).unwrap_or_default(),
        id: submitted.id,
        submission: submitted.submission,
        file_name: submitted.file_name,
        submitted_at_ms: submitted.submitted_at_ms,
        review,
        text,
    })
}

fn indexed(fact: &ReportValidated, key: String, applied: Applied) -> ReportIndexed {
    let report = fact.report.clone().unwrap_or_default();
    let outcome = if applied.is_current() { IndexOutcome::Current } else { IndexOutcome::Superseded };
    ReportIndexed {
        submitted: fact.submitted.clone(),
        report: key,
        outcome: v1::IndexOutcome::into(outcome),
        agency: report.agency,
        year: report.year,
        region: report.region,
        verdict: fact.verdict,
    }
}
