//! What must be there on the bus: one log, the place of each stage on it, a tally for each fact, the
//! leases, and the bucket of originals.
//!
//! Only [`apply`] creates or changes any of it. Stages bind to what is there, so that a rolling deploy of an
//! old binary flips no setting back, and need no permission to change anything.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use async_nats::RequestErrorKind;
use async_nats::jetstream::consumer::{Consumer, pull};
use async_nats::jetstream::{self, ErrorCode};
use proto::v1::{ReportIndexed, ReportParsed, ReportRefused, ReportSubmitted, ReportValidated};
use proto::{Fact, subject};
use serde_json::{Map, Value, json};

use crate::config::{Config, OriginalsAt};
use crate::connect::Bus;

/// The log.
pub(crate) const STREAM: &str = "GOUJI";
/// The bucket of originals.
pub(crate) const BUCKET: &str = "gouji-originals";
/// The bucket of leases: one key for each thing that only one process may do.
pub const LEASES: &str = "gouji-leases";
/// A lease that was not renewed for so long is free. Its holder renews it three times as often.
pub const LEASE: Duration = Duration::from_secs(15);
/// How long a message may stay unanswered before another worker gets it; progress renews it.
pub(crate) const ACK_WAIT: Duration = Duration::from_secs(30);

/// One season and the time to look back at it.
const MAX_AGE: Duration = Duration::from_secs(400 * 24 * 3600);
/// What the default `max_payload` of the server lets through. A fact is a few KB.
pub(crate) const LARGEST_MESSAGE: i32 = 1 << 20;
/// A convenience for retries; create-once is what holds.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);
/// In flight over all copies of a stage: a full batch of the index and the permits of many workers.
const MAX_ACK_PENDING: i64 = 8192;
/// Pull requests waiting, one for each worker.
const MAX_WAITING: i64 = 2048;
/// How often it is tried while the servers are still electing, a second apart.
const ATTEMPTS: u32 = 30;
/// How often somebody else may have changed something between a look and a change.
const RACES: u32 = 5;

/// The stages that take from the log, and the fact that each takes.
pub(crate) fn durables() -> [(&'static str, String); 3] {
    [
        ("parse", subject::filter::<ReportSubmitted>()),
        ("validate", subject::filter::<ReportParsed>()),
        ("index", subject::filter::<ReportValidated>()),
    ]
}

/// The place on the log that nobody moves, so that the server counts how many facts `F` lie behind it.
pub(crate) fn tally<F: Fact>() -> String {
    format!("tally-{}", F::NAME)
}

/// One stream or one place on the log, with the settings that it must have. Others are the operator's.
struct Object {
    name: String,
    kind: Kind,
    settings: Map<String, Value>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Stream,
    /// The place of a stage: it says what was done already and must never be lost.
    Place,
    /// Counts, and nothing else: it can be made anew at any time.
    Tally,
}

/// All of it, in the order in which it is made.
fn wanted(replicas: usize, originals: &OriginalsAt) -> Vec<Object> {
    let nanoseconds = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let object = |name: &str, kind: Kind, settings: Value| {
        let Value::Object(settings) = settings else { unreachable!("settings are written as an object") };
        Object { name: name.to_owned(), kind, settings }
    };
    let stream = |name: &str, mut settings: Value| {
        settings["name"] = name.into();
        settings["retention"] = "limits".into();
        settings["storage"] = "file".into();
        // A full log refuses; it never forgets what it acknowledged.
        settings["discard"] = "new".into();
        settings["allow_direct"] = true.into();
        settings["num_replicas"] = replicas.into();
        object(name, Kind::Stream, settings)
    };
    let mut objects = vec![
        stream(
            STREAM,
            json!({
                "description": "Facts about reports; see gouji.v1",
                "subjects": [subject::ALL],
                "max_age": nanoseconds(MAX_AGE),
                "max_msg_size": LARGEST_MESSAGE,
                "duplicate_window": nanoseconds(DUPLICATE_WINDOW),
                "compression": "s2",
            }),
        ),
        stream(
            &format!("KV_{LEASES}"),
            json!({
                "description": "Who may do what only one may do",
                "subjects": [format!("$KV.{LEASES}.>")],
                "max_msgs_per_subject": 1,
                "max_age": nanoseconds(LEASE),
                "allow_rollup_hdrs": true,
                "deny_delete": true,
            }),
        ),
    ];
    if *originals == OriginalsAt::Bucket {
        objects.push(stream(
            &format!("OBJ_{BUCKET}"),
            json!({
                "description": "Original reports, named by their SHA-256",
                "subjects": [format!("$O.{BUCKET}.C.>"), format!("$O.{BUCKET}.M.>")],
                "allow_rollup_hdrs": true,
            }),
        ));
    }
    let place = |(name, filter): (&'static str, String)| {
        let settings = json!({
            "durable_name": name,
            "filter_subject": filter,
            "deliver_policy": "all",
            "ack_policy": "explicit",
            "ack_wait": nanoseconds(ACK_WAIT),
            // The application refuses what cannot be handled; a message at its last delivery would just vanish.
            "max_deliver": -1,
            "max_ack_pending": MAX_ACK_PENDING,
            "max_waiting": MAX_WAITING,
        });
        object(name, Kind::Place, settings)
    };
    objects.extend(durables().map(place));
    let tally = |(name, filter): (String, String)| {
        let settings = json!({
            "durable_name": name,
            "filter_subject": filter,
            "deliver_policy": "all",
            "ack_policy": "none",
        });
        object(&name, Kind::Tally, settings)
    };
    let facts = [
        tally_of::<ReportSubmitted>(),
        tally_of::<ReportParsed>(),
        tally_of::<ReportValidated>(),
        tally_of::<ReportIndexed>(),
        tally_of::<ReportRefused>(),
    ];
    objects.extend(facts.map(tally));
    objects
}

fn tally_of<F: Fact>() -> (String, String) {
    (tally::<F>(), subject::filter::<F>())
}

/// What is to be done to one stream or one place on the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// `stream GOUJI` or `consumer parse`.
    pub object: String,
    /// What is to be done.
    pub action: Action,
}

/// What is to be done to make something what it must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// It is not there.
    Create,
    /// It is there with other settings.
    Change(Vec<Difference>),
    /// It is there and cannot be changed, but holds nothing, and is made anew.
    Replace(Vec<Difference>),
}

/// A setting that is not as it must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// As the server calls it, e.g. `num_replicas`.
    pub setting: String,
    /// What it is; null where it is not set.
    pub there: Value,
    /// What it would become.
    pub wanted: Value,
    /// Why it is left as it is: the change could lose something.
    pub refused: Option<&'static str>,
}

impl Step {
    /// Whether some of it can be done.
    pub fn is_to_do(&self) -> bool {
        match &self.action {
            Action::Create => true,
            Action::Change(differences) | Action::Replace(differences) => {
                differences.iter().any(|difference| difference.refused.is_none())
            }
        }
    }

    /// Whether some of it is refused.
    pub fn is_refused(&self) -> bool {
        match &self.action {
            Action::Create => false,
            Action::Change(differences) | Action::Replace(differences) => {
                differences.iter().any(|difference| difference.refused.is_some())
            }
        }
    }
}

/// A line, and one for each setting.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, differences) = match &self.action {
            Action::Create => ("create", [].as_slice()),
            Action::Change(differences) => ("change", differences.as_slice()),
            Action::Replace(differences) => ("make anew", differences.as_slice()),
        };
        write!(f, "{verb} {}", self.object)?;
        for Difference { setting, there, wanted, refused } in differences {
            match refused {
                None => write!(f, "\n  {setting}: {there} → {wanted}")?,
                Some(why) => write!(f, "\n  {setting}: {there} stays, {wanted} is refused: {why}")?,
            }
        }
        Ok(())
    }
}

/// How far [`apply`] may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything but what could lose something.
    Safe,
    /// Only what is not there.
    Missing,
}

/// What [`apply`] would do, and what it would refuse.
///
/// # Errors
/// If the bus cannot be reached, or does not tell.
pub async fn plan(config: &Config) -> anyhow::Result<Vec<Step>> {
    let bus = connect(config).await?;
    let planned = patiently(&bus, async || steps(&bus, config).await).await;
    bus.close().await;
    Ok(planned?.into_iter().map(|(_, step)| step).collect())
}

/// Makes everything on the bus what it must be, as far as that loses nothing, and tells what it did and what
/// it left. From any number of processes at once.
///
/// # Errors
/// If the bus cannot be reached, or does not take a change.
pub async fn apply(config: &Config, extent: Extent) -> anyhow::Result<Vec<Step>> {
    let bus = connect(config).await?;
    let applied = patiently(&bus, async || apply_once(&bus, config, extent).await).await;
    bus.close().await;
    applied
}

/// How long the operator waits for a bus.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection for the operator, who wants to know at once that nobody is there.
pub(crate) async fn connect(config: &Config) -> anyhow::Result<Bus> {
    let bus = Bus::connect(OPERATOR, config).await?;
    let mut connections = bus.connections();
    match tokio::time::timeout(CONNECT_TIMEOUT, connections.wait_for(|count| *count > 0)).await {
        Ok(Ok(_)) => Ok(bus),
        _ => bail!("{}, for {CONNECT_TIMEOUT:?}", bus.trouble().unwrap_or_default()),
    }
}

/// The name under which the operator's tools work.
pub(crate) const OPERATOR: &str = "operator";

async fn apply_once(bus: &Bus, config: &Config, extent: Extent) -> anyhow::Result<Vec<Step>> {
    let mut done = Vec::new();
    for race in 1.. {
        let mut again = false;
        for (object, step) in steps(bus, config).await? {
            let outcome = match (&step.action, extent) {
                (Action::Create, _) => create(bus, &object).await,
                (Action::Change(_) | Action::Replace(_), Extent::Missing) => Ok(()),
                (Action::Change(differences), Extent::Safe) => change(bus, &object, differences).await,
                (Action::Replace(_), Extent::Safe) => replace(bus, &object).await,
            };
            match outcome {
                Ok(()) => {
                    if !done.contains(&step) {
                        done.push(step);
                    }
                }
                // Somebody else was there between the look and the change.
                Err(ApiError::Answer { code, .. }) if RACED.contains(&code) && race < RACES => again = true,
                Err(error) => return Err(error).with_context(|| step.object.clone()),
            }
        }
        if !again {
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

/// Tries again while the servers are still electing.
async fn patiently<T>(bus: &Bus, attempt: impl AsyncFn() -> anyhow::Result<T>) -> anyhow::Result<T> {
    for number in 1..ATTEMPTS {
        match attempt().await {
            // What is denied gets no answer, and looks like servers that elect.
            Err(error) if error.downcast_ref().is_some_and(ApiError::may_pass) => {
                if let Some(trouble) = bus.trouble().filter(|_| bus.is_connected()) {
                    return Err(error.context(trouble));
                }
                tracing::warn!(stage = bus.stage, attempt = number, "the bus is not ready yet: {error:#}");
            }
            outcome => return outcome,
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    attempt().await
}

/// What is not as it must be, in the order in which it is made.
async fn steps(bus: &Bus, config: &Config) -> anyhow::Result<Vec<(Object, Step)>> {
    let mut steps = Vec::new();
    for object in wanted(config.nats_replicas, &config.originals) {
        let there = settings(bus, &object).await.with_context(|| format!("asking for {}", object.label()))?;
        let action = match there {
            None => Action::Create,
            Some(there) => {
                let differences = differences(&object, &there);
                match object.kind {
                    _ if differences.is_empty() => continue,
                    Kind::Tally => Action::Replace(differences),
                    Kind::Stream | Kind::Place => Action::Change(differences),
                }
            }
        };
        let step = Step { object: object.label(), action };
        steps.push((object, step));
    }
    Ok(steps)
}

impl Object {
    fn label(&self) -> String {
        match self.kind {
            Kind::Stream => format!("stream {}", self.name),
            Kind::Place | Kind::Tally => format!("consumer {}", self.name),
        }
    }
}

fn differences(object: &Object, there: &Map<String, Value>) -> Vec<Difference> {
    let differing = object.settings.iter().filter(|(setting, wanted)| there.get(*setting) != Some(wanted));
    differing
        .map(|(setting, wanted)| {
            let there = there.get(setting).cloned().unwrap_or_default();
            let refused = match object.kind {
                Kind::Stream => refused_of_stream(setting, &there, wanted),
                Kind::Place => refused_of_place(setting),
                Kind::Tally => None,
            };
            Difference { setting: setting.clone(), there, wanted: wanted.clone(), refused }
        })
        .collect()
}

fn refused_of_stream(setting: &str, there: &Value, wanted: &Value) -> Option<&'static str> {
    let lasts = |value: &Value| value.as_u64().filter(|age| *age > 0).unwrap_or(u64::MAX);
    let covers = |subject: &Value| wanted.as_array().is_some_and(|wanted| wanted.contains(subject));
    match setting {
        "retention" => Some("another retention deletes what was kept"),
        "storage" => Some("a stream cannot move to another storage"),
        "num_replicas" if there.as_u64() > wanted.as_u64() => {
            Some("fewer copies could lose what was acknowledged; ask for as many with --replicas")
        }
        "subjects" if !there.as_array().is_some_and(|there| there.iter().all(covers)) => {
            Some("what comes on the other subjects would be lost")
        }
        "max_age" if lasts(wanted) < lasts(there) => Some("what is older would be deleted"),
        _ => None,
    }
}

fn refused_of_place(setting: &str) -> Option<&'static str> {
    match setting {
        "filter_subject" => Some("facts that were passed over would never be taken"),
        "deliver_policy" | "ack_policy" => Some("a consumer cannot change it and keep its place"),
        _ => None,
    }
}

/// What is there, if it is.
async fn settings(bus: &Bus, object: &Object) -> Result<Option<Map<String, Value>>, ApiError> {
    let info = match object.kind {
        Kind::Stream => format!("STREAM.INFO.{}", object.name),
        Kind::Place | Kind::Tally => format!("CONSUMER.INFO.{STREAM}.{}", object.name),
    };
    match request(bus, info, &Value::Null).await {
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
    send(bus, object, "CREATE", &object.settings).await
}

/// Settings of the operator that are none of ours stay.
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
    match request(bus, format!("CONSUMER.DELETE.{STREAM}.{}", object.name), &Value::Null).await {
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
        Kind::Place | Kind::Tally => (
            format!("CONSUMER.CREATE.{STREAM}.{name}"),
            json!({"stream_name": STREAM, "config": settings, "action": verb.to_lowercase()}),
        ),
    };
    request(bus, endpoint, &body).await.map(drop)
}

/// What the bus did not do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("the bus answers: {description}")]
    Answer { code: ErrorCode, status: usize, description: String },
    #[error("{0}")]
    NoAnswer(String),
}

impl ApiError {
    /// Whether it may be otherwise in a second.
    fn may_pass(&self) -> bool {
        match self {
            Self::Answer { status, .. } => *status == UNAVAILABLE,
            Self::NoAnswer(_) => true,
        }
    }
}

/// What a server answers that has no leader yet.
const UNAVAILABLE: usize = 503;

/// Asks the API of JetStream; null is no parameters.
pub(crate) async fn request(bus: &Bus, endpoint: String, body: &Value) -> Result<Value, ApiError> {
    let payload = if body.is_null() { String::new() } else { body.to_string() };
    let request = async_nats::Request::new().payload(payload.into()).timeout(Some(ANSWER_TIMEOUT));
    let answer = bus.client.send_request(format!("$JS.API.{endpoint}"), request).await;
    let answer = answer.map_err(|error| match error.kind() {
        RequestErrorKind::NoResponders => {
            ApiError::NoAnswer("nobody answers for JetStream on this bus; is it switched on?".into())
        }
        RequestErrorKind::TimedOut => {
            ApiError::NoAnswer("no answer; does this account have the right to ask?".into())
        }
        _ => ApiError::NoAnswer(error.to_string()),
    })?;
    let mut answer: Value = serde_json::from_slice(&answer.payload)
        .map_err(|error| ApiError::NoAnswer(format!("the answer is no JSON: {error}")))?;
    match serde_json::from_value::<jetstream::Error>(answer["error"].take()) {
        Ok(error) => Err(ApiError::Answer {
            code: error.error_code(),
            status: error.code(),
            description: error.to_string(),
        }),
        Err(_) => Ok(answer),
    }
}

const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// The place of a stage on the log.
pub(crate) async fn bind(bus: &Bus, durable: &str) -> anyhow::Result<Consumer<pull::Config>> {
    bus.jetstream
        .get_consumer_from_stream(durable, STREAM)
        .await
        .map_err(|error| anyhow::anyhow!("binding to {durable} on the log {STREAM}: {error}"))
}

/// Waits until what a stage needs is there; says each few seconds what is not.
pub(crate) async fn wait_for(bus: &Bus, config: &Config) {
    let mut told: Option<Instant> = None;
    while let Err(error) = must_be_there(bus, config).await {
        if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            tracing::warn!(stage = bus.stage, "waiting: {error:#}");
            told = Some(Instant::now());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

const LOOK_EVERY: Duration = Duration::from_millis(250);
const TELL_EVERY: Duration = Duration::from_secs(5);

/// What the stage itself needs, so that it may be allowed to ask for nothing else.
pub(crate) async fn must_be_there(bus: &Bus, config: &Config) -> anyhow::Result<()> {
    let own = durables().into_iter().map(|(durable, _)| durable).find(|durable| *durable == bus.stage);
    let durable = own.unwrap_or("index");
    if let Err(error) = bus.jetstream.get_consumer_from_stream::<pull::Config, _, _>(durable, STREAM).await {
        if let Some(trouble) = bus.trouble() {
            bail!("{trouble}");
        }
        bail!(
            "the log {STREAM} is not on the bus, or not its consumer {durable}; run `gouji topology apply` ({error})"
        );
    }
    if config.originals == OriginalsAt::Bucket {
        let bucket = bus.jetstream.get_object_store(BUCKET).await;
        bucket
            .with_context(|| format!("the bucket {BUCKET} is not on the bus; run `gouji topology apply`"))?;
    }
    Ok(())
}

/// The stage that takes such a fact.
pub(crate) fn durable_of<F: Fact>() -> Option<&'static str> {
    let filter = subject::filter::<F>();
    durables().into_iter().find(|(_, taken)| *taken == filter).map(|(durable, _)| durable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> Object {
        wanted(1, &OriginalsAt::Bucket).swap_remove(0)
    }

    #[track_caller]
    fn check(setting: &str, there: Value, refused: bool) {
        let object = log();
        let mut settings = object.settings.clone();
        settings.insert("max_bytes".into(), 9.into());
        settings.insert(setting.into(), there);
        let found = differences(&object, &settings);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].setting.as_str(), found[0].refused.is_some()), (setting, refused));
    }

    #[test]
    fn only_what_we_set_can_differ_and_what_could_lose_something_is_refused() {
        check("description", "other".into(), false);
        check("duplicate_window", 1.into(), false);
        check("allow_direct", false.into(), false);
        check("retention", "workqueue".into(), true);
        check("storage", "memory".into(), true);
        check("num_replicas", 3.into(), true);
        check("subjects", json!(["gouji.v1.>", "gouji.v0.>"]), true);
        check("subjects", json!([]), false);
        check("max_age", 1.into(), false);
        check("max_age", 0.into(), true);
    }
}
