//! What must exist on the bus: the log, the durable consumer of each stage, a tally for each fact, the
//! leases, and the bucket of originals.
//!
//! Only [`apply`] creates or changes any of it. Stages bind to what exists, so that a rolling deploy of an
//! old binary reverts no setting, and so that stages need no permission to change anything.

mod objects;
mod step;

use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream::ErrorCode;
use data_encoding::BASE64;
use jiff::Timestamp;
use proto::Message as _;
use proto::v1::ReportSubmitted;
use serde_json::{Map, Value, json};

use crate::api::{self, ApiError};
use crate::config::BusConfig;
use crate::connect::Bus;
use crate::names::{EXPORT, STREAM};

use objects::{Kind, Object, copy_for, wanted};
use step::differences;
pub use step::{Action, Difference, Step};

/// Attempts while the servers are still electing a leader, a second apart.
const ATTEMPTS: u32 = 30;
/// How often another process may change an object between our read and our change.
const RACES: u32 = 5;

/// Which changes [`apply`] makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changes {
    /// All changes that cannot lose messages.
    Safe,
    /// Creates what is missing and changes nothing else.
    Missing,
}

/// The changes that [`apply`] would make, and those that it would refuse.
///
/// # Errors
/// If the bus cannot be reached, or does not answer.
pub async fn plan(config: &BusConfig) -> anyhow::Result<Vec<Step>> {
    let bus = Bus::connect_now(config).await?;
    let planned = with_retries(&bus, async || steps(&bus, wanted(config)).await).await;
    bus.close().await;
    Ok(planned?.into_iter().map(|(_, step)| step).collect())
}

/// What has become of the copy of a region.
#[derive(Debug, Clone, PartialEq)]
pub enum Copied {
    /// It is there as it must be, with this many messages.
    Ready(u64),
    /// This has to be done, or was done.
    Step(Step),
    /// It is there, and the server does not fill it: the account is one that the server learnt by a reload, and its
    /// imports work after a second one (nats-server#8560).
    Silent,
    /// The server does not know the account of the region.
    NoAccount,
}

/// How long a copy may take until it follows the stream that it copies; the server asks for that at once.
const FOLLOWS: Duration = Duration::from_secs(10);
/// How often it is asked whether it does.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// What has to be done so that the account of a region has its copy of the outward messages; with `apply` it is done.
///
/// # Errors
/// If the code is no region's, or the bus does not answer or refuses.
pub async fn copy_for_region(config: &BusConfig, region: &str, apply: bool) -> anyhow::Result<Copied> {
    let wanted = copy_for(config, region)?;
    let bus = Bus::connect_now(config).await?;
    let copied = copy(&bus, wanted, apply).await;
    bus.close().await;
    copied.with_context(|| format!("the copy of region {region}"))
}

/// Whether a copy that was made follows the stream that it copies.
///
/// # Errors
/// If the code is no region's, or the bus does not answer.
pub async fn copy_follows(config: &BusConfig, region: &str) -> anyhow::Result<bool> {
    let wanted = copy_for(config, region)?;
    let bus = Bus::connect_now(config).await?;
    let follows = follows(&bus, &wanted).await;
    bus.close().await;
    follows.with_context(|| format!("the copy of region {region}"))
}

/// Waits until a copy follows; false if it does not in time.
async fn follows(bus: &Bus, copy: &Object) -> anyhow::Result<bool> {
    let asked = async {
        loop {
            let info =
                api::request_to(bus, &copy.api, format!("STREAM.INFO.{}", copy.name), &Value::Null).await?;
            // The time since the copy heard of its origin last; -1 where it never did.
            if info["mirror"]["active"].as_i64().is_some_and(|active| active >= 0) {
                return Ok::<_, anyhow::Error>(true);
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    };
    tokio::time::timeout(FOLLOWS, asked).await.unwrap_or(Ok(false))
}

async fn copy(bus: &Bus, wanted: Object, apply: bool) -> anyhow::Result<Copied> {
    let info =
        match api::request_to(bus, &wanted.api, format!("STREAM.INFO.{}", wanted.name), &Value::Null).await {
            Err(ApiError::Nobody) => return Ok(Copied::NoAccount),
            Ok(info) => info,
            Err(_) => Value::Null,
        };
    let Some((object, step)) = steps(bus, vec![wanted.clone()]).await?.pop() else {
        return Ok(match follows(bus, &wanted).await? {
            true => Copied::Ready(info["state"]["messages"].as_u64().unwrap_or_default()),
            false => Copied::Silent,
        });
    };
    match &step.action {
        _ if !apply => (),
        Action::Create => create(bus, &object).await?,
        Action::Change(differences) => change(bus, &object, differences).await?,
        Action::Replace(_) => (),
    }
    Ok(Copied::Step(step))
}

/// Creates and changes streams and consumers, as far as that cannot lose messages. Returns what it changed and
/// what it refused. Several processes may run it at once.
///
/// # Errors
/// If the bus cannot be reached, or refuses a change.
pub async fn apply(config: &BusConfig, changes: Changes) -> anyhow::Result<Vec<Step>> {
    let bus = Bus::connect_now(config).await?;
    let applied = with_retries(&bus, async || apply_once(&bus, config, changes).await).await;
    bus.close().await;
    applied
}

/// Has each stage get every fact of its own again, whatever was acknowledged. A log that is not flushed with each
/// message may keep a fact and lose what was made of it, and the acknowledgement does not say so. Whose successor is
/// there is acknowledged once more.
///
/// # Errors
/// If the bus does not answer or refuses.
pub async fn deliver_again(bus: &Bus, config: &BusConfig) -> anyhow::Result<()> {
    for consumer in wanted(config).iter().filter(|object| object.kind == Kind::Consumer) {
        replace(bus, consumer).await.with_context(|| consumer.label())?;
    }
    Ok(())
}

async fn apply_once(bus: &Bus, config: &BusConfig, changes: Changes) -> anyhow::Result<Vec<Step>> {
    let mut done = Vec::new();
    for race in 1.. {
        let mut raced = false;
        for (object, step) in steps(bus, wanted(config)).await? {
            let outcome = match (&step.action, changes) {
                (Action::Create, _) => create(bus, &object).await,
                (Action::Change(_) | Action::Replace(_), Changes::Missing) => Ok(()),
                (Action::Change(differences), Changes::Safe) => change(bus, &object, differences).await,
                (Action::Replace(_), Changes::Safe) => replace(bus, &object).await,
            };
            match outcome {
                Ok(()) => {
                    if !done.contains(&step) {
                        done.push(step);
                    }
                }
                // Another process changed the object since we read its settings.
                Err(ApiError::Answer { code, .. }) if RACED.contains(&code) && race < RACES => raced = true,
                Err(error) => return Err(error).with_context(|| step.object.clone()),
            }
        }
        if !raced {
            break;
        }
    }
    Ok(done)
}

const RACED: [ErrorCode; 5] = [
    ErrorCode::STREAM_NAME_EXIST,
    ErrorCode::CONSUMER_NAME_EXIST,
    ErrorCode::CONSUMER_ALREADY_EXISTS,
    ErrorCode::STREAM_NOT_FOUND,
    ErrorCode::CONSUMER_NOT_FOUND,
];

/// Retries while the servers are still electing a leader.
async fn with_retries<T>(bus: &Bus, attempt: impl AsyncFn() -> anyhow::Result<T>) -> anyhow::Result<T> {
    for number in 1..ATTEMPTS {
        match attempt().await {
            // A denied request gets no answer, like a request during an election.
            Err(error) if error.downcast_ref().is_some_and(ApiError::is_transient) => {
                if let Some(problem) = bus.problem().filter(|_| bus.is_connected()) {
                    return Err(error.context(problem));
                }
                tracing::warn!(stage = bus.stage, attempt = number, "the bus is not ready yet: {error:#}");
            }
            outcome => return outcome,
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    attempt().await
}

/// The objects that differ from what they must be, in the order in which they are created.
async fn steps(bus: &Bus, wanted: Vec<Object>) -> anyhow::Result<Vec<(Object, Step)>> {
    check_version(bus).await?;
    let mut steps = Vec::new();
    for object in wanted {
        let there = settings(bus, &object).await.with_context(|| format!("asking for {}", object.label()))?;
        let action = match there {
            None => Action::Create,
            Some(there) => {
                let differences = differences(&object, &there);
                match object.kind {
                    _ if differences.is_empty() => continue,
                    Kind::Tally => Action::Replace(differences),
                    Kind::Stream | Kind::Consumer => Action::Change(differences),
                }
            }
        };
        let step = Step { object: object.label(), action };
        steps.push((object, step));
    }
    Ok(steps)
}

/// Submissions on the subjects of the version before: `gouji.v1.submitted.<year>.<region>.<id>`.
const EARLIER: &str = "gouji.v1.submitted.*.*.*";

/// Refuses a log of the version before, which had the id at the end of a subject: a stage would find no history
/// of its reports, and refuse them.
async fn check_version(bus: &Bus) -> anyhow::Result<()> {
    let request = json!({ "seq": 1, "next_by_subj": EARLIER });
    // Not a direct read: an operator may have created the log without `allow_direct`.
    let found = match api::request(bus, format!("STREAM.MSG.GET.{STREAM}"), &request).await {
        Ok(found) => found,
        Err(ApiError::Answer { code, .. })
            if [ErrorCode::STREAM_NOT_FOUND, ErrorCode::NO_MESSAGE_FOUND].contains(&code) =>
        {
            return Ok(());
        }
        Err(error) => return Err(error).context("reading the log"),
    };
    let subject = found["message"]["subject"].as_str().unwrap_or_default();
    let payload = BASE64.decode(found["message"]["data"].as_str().unwrap_or_default().as_bytes());
    let submitted = ReportSubmitted::decode(payload.unwrap_or_default().as_slice()).unwrap_or_default();
    anyhow::ensure!(
        subject.rsplit('.').next() != Some(&submitted.id),
        "the log has facts on the subjects of an earlier version, such as {subject}; move it as docs/operations.md \
         says under \"A log of an earlier version\""
    );
    Ok(())
}

/// The settings of an object on the server; none where it does not exist.
async fn settings(bus: &Bus, object: &Object) -> Result<Option<Map<String, Value>>, ApiError> {
    let info = match object.kind {
        Kind::Stream => format!("STREAM.INFO.{}", object.name),
        Kind::Consumer | Kind::Tally => format!("CONSUMER.INFO.{STREAM}.{}", object.name),
    };
    match api::request_to(bus, &object.api, info, &Value::Null).await {
        Ok(mut info) => match info["config"].take() {
            Value::Object(settings) => Ok(Some(settings)),
            _ => Ok(Some(Map::new())),
        },
        Err(ApiError::Answer { code, .. })
            if [ErrorCode::STREAM_NOT_FOUND, ErrorCode::CONSUMER_NOT_FOUND].contains(&code) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn create(bus: &Bus, object: &Object) -> Result<(), ApiError> {
    let mut settings = object.settings.clone();
    if object.name == EXPORT && object.api == api::OURS {
        settings.insert(FIRST_SEQUENCE.into(), Timestamp::now().as_millisecond().into());
    }
    send(bus, object, "CREATE", &settings).await
}

/// The sequence of the first message of a stream. Copies of the stream of outward messages ask for what comes after
/// their last sequence: if the stream is made again and begins at 1, they wait for ever and report no error. The time
/// in milliseconds is beyond every sequence of an earlier stream, so they go on.
const FIRST_SEQUENCE: &str = "first_seq";

/// Changes only our settings; all others stay as the operator set them.
async fn change(bus: &Bus, object: &Object, differences: &[Difference]) -> Result<(), ApiError> {
    let safe: Vec<&Difference> = differences.iter().filter(|one| one.refused.is_none()).collect();
    if safe.is_empty() {
        return Ok(());
    }
    let mut merged = settings(bus, object).await?.unwrap_or_default();
    for Difference { setting, wanted, .. } in safe {
        merged.insert(setting.clone(), wanted.clone());
    }
    send(bus, object, "UPDATE", &merged).await
}

async fn replace(bus: &Bus, object: &Object) -> Result<(), ApiError> {
    match api::request(bus, format!("CONSUMER.DELETE.{STREAM}.{}", object.name), &Value::Null).await {
        Err(ApiError::Answer { code: ErrorCode::CONSUMER_NOT_FOUND, .. }) | Ok(_) => {
            create(bus, object).await
        }
        Err(error) => Err(error),
    }
}

async fn send(bus: &Bus, object: &Object, verb: &str, settings: &Map<String, Value>) -> Result<(), ApiError> {
    let name = &object.name;
    let (endpoint, body) = match object.kind {
        Kind::Stream => (format!("STREAM.{verb}.{name}"), json!(settings)),
        Kind::Consumer | Kind::Tally => (
            format!("CONSUMER.CREATE.{STREAM}.{name}"),
            json!({"stream_name": STREAM, "config": settings, "action": verb.to_lowercase()}),
        ),
    };
    api::request_to(bus, &object.api, endpoint, &body).await.map(drop)
}
