//! The streams, consumers and buckets that must exist on the bus, with their settings.

use std::time::Duration;

use proto::v1::{ReportIndexed, ReportParsed, ReportRefused, ReportSubmitted, ReportValidated};
use proto::{Fact, subject};
use serde_json::{Map, Value, json};

use crate::api;
use crate::config::BusConfig;
use crate::names::{
    ACCOUNTS, ACK_WAIT, BUCKET, DURABLES, Durable, EXPORT, LEASE, LEASES, LONGEST_SESSION, MAX_MESSAGE_BYTES,
    MAX_VALUE_BYTES, OUTLETS, PUBLISHED, SESSIONS, STREAM, tally,
};

/// One season and the time to look back at it.
const MAX_AGE: Duration = Duration::from_secs(400 * 24 * 3600);
/// The shortest that the server accepts. Nothing of ours needs it: the expected sequence of each publish prevents
/// a second copy, and a window lets anybody who may publish make the server drop the messages of others.
const DUPLICATE_WINDOW: Duration = Duration::from_millis(100);
/// In flight over all replicas of a stage: a full batch of the index and the permits of many workers.
const MAX_ACK_PENDING: i64 = 8192;
/// Pull requests that wait at the server, one for each worker.
const MAX_WAITING: i64 = 2048;

/// Consumers on the log: those of the stages and the tallies, and some of the operator's own. Feeds
/// need none, so nobody has a reason to make more.
const MAX_CONSUMERS: i64 = 32;
/// Consumers on the stream of outward messages: one for each region's copy, and those of readers without accounts.
const MAX_READERS: i64 = 1024;

/// One stream or one consumer, with the settings that it must have. All other settings are the operator's.
#[derive(Clone)]
pub(super) struct Object {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// The prefix of requests about it.
    pub(super) api: String,
    pub(super) settings: Map<String, Value>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Stream,
    /// The durable consumer of a stage: it knows what was acknowledged. Only `deliver_again` deletes it.
    Consumer,
    /// A consumer that only counts: it can be deleted and created again at any time.
    Tally,
}

/// All objects, in the order in which they are created.
pub(super) fn wanted(config: &BusConfig) -> Vec<Object> {
    let stream = |name: &str, settings: Value| stream(config, name, settings);
    let mut objects = vec![
        stream(
            STREAM,
            json!({
                "description": "Facts about reports; see gouji.v1",
                "subjects": [subject::ALL],
                "max_age": nanoseconds(MAX_AGE),
                "max_msg_size": MAX_MESSAGE_BYTES,
                "duplicate_window": nanoseconds(DUPLICATE_WINDOW),
                // What was acknowledged stays: nobody can delete a fact, and the operator only the whole log.
                "deny_delete": true,
                "deny_purge": true,
                "max_consumers": MAX_CONSUMERS,
                "compression": "s2",
                // Facts are stored in groups that share a flush; see `group_commit`.
                "allow_atomic": true,
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
        // No facts on the log: those expire, and every stage may read them, but only ingest and console may read
        // the hash of a password.
        stream(
            &format!("KV_{ACCOUNTS}"),
            json!({
                "description": "Who may sign in",
                "subjects": [format!("$KV.{ACCOUNTS}.>")],
                "max_msgs_per_subject": 1,
                "max_msg_size": MAX_VALUE_BYTES,
                "deny_delete": true,
            }),
        ),
        stream(
            &format!("KV_{SESSIONS}"),
            json!({
                "description": "Who is signed in",
                "subjects": [format!("$KV.{SESSIONS}.>")],
                "max_msgs_per_subject": 1,
                "max_age": nanoseconds(LONGEST_SESSION),
                "max_msg_size": MAX_VALUE_BYTES,
                "deny_delete": true,
            }),
        ),
        stream(
            &format!("KV_{OUTLETS}"),
            json!({
                "description": "How far each outlet has delivered",
                "subjects": [format!("$KV.{OUTLETS}.>")],
                "max_msgs_per_subject": 1,
                "max_msg_size": MAX_VALUE_BYTES,
                "deny_delete": true,
            }),
        ),
    ];
    objects.push(stream(
        EXPORT,
        json!({
            "description": "What leaves for other data buses; see gouji.bus.v1",
            "subjects": [subject::ALL_OUTWARD],
            "max_age": nanoseconds(MAX_AGE),
            "max_msg_size": MAX_MESSAGE_BYTES,
            "duplicate_window": nanoseconds(DUPLICATE_WINDOW),
            "deny_delete": true,
            "deny_purge": true,
            "max_consumers": MAX_READERS,
            "compression": "s2",
        }),
    ));
    // What was seen of each published page, and when to look again; only ingest visits and writes.
    objects.push(stream(
        &format!("KV_{PUBLISHED}"),
        json!({
            "description": "Published pages that are visited",
            "subjects": [format!("$KV.{PUBLISHED}.>")],
            "max_msgs_per_subject": 1,
            "max_msg_size": MAX_VALUE_BYTES,
            "deny_delete": true,
        }),
    ));
    if config.object_store {
        objects.push(stream(
            &format!("OBJ_{BUCKET}"),
            json!({
                "description": "Original reports, named by their SHA-256",
                "subjects": [format!("$O.{BUCKET}.C.>"), format!("$O.{BUCKET}.M.>")],
                "allow_rollup_hdrs": true,
            }),
        ));
    }
    let consumer = |durable: Durable| {
        let settings = json!({
            "durable_name": durable.name,
            "filter_subject": durable.filter(),
            "deliver_policy": "all",
            "ack_policy": "explicit",
            "ack_wait": nanoseconds(ACK_WAIT),
            // The application publishes a refusal for a message that cannot be handled. A limit here would drop
            // the message silently instead.
            "max_deliver": -1,
            "max_ack_pending": MAX_ACK_PENDING,
            "max_waiting": MAX_WAITING,
        });
        object(durable.name, Kind::Consumer, settings)
    };
    objects.extend(DURABLES.map(consumer));
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

/// The copy of a region: the messages about it and about all below it, in the account of its readers.
pub(super) fn copy_for(config: &BusConfig, region: &str) -> anyhow::Result<Object> {
    let mirror = json!({ "name": EXPORT, "filter_subject": subject::outward_of(region)?, "external": {
        // As identities.conf imports them into the account.
        "api": "LOG.API", "deliver": format!("gouji.export.{region}"),
    } });
    let copy = stream(
        config,
        EXPORT,
        json!({
            "description": format!("What leaves for other data buses about {region}"),
            "mirror": mirror,
            "max_age": nanoseconds(MAX_AGE),
            "max_msg_size": MAX_MESSAGE_BYTES,
            "deny_delete": true,
            "deny_purge": true,
            "max_consumers": MAX_READERS,
            "compression": "s2",
        }),
    );
    Ok(Object { api: api::of_region(region), ..copy })
}

fn stream(config: &BusConfig, name: &str, mut settings: Value) -> Object {
    settings["name"] = name.into();
    settings["retention"] = "limits".into();
    settings["storage"] = "file".into();
    // A full stream refuses new messages; it never deletes acknowledged ones to make room.
    settings["discard"] = "new".into();
    settings["allow_direct"] = true.into();
    settings["num_replicas"] = config.replicas.into();
    object(name, Kind::Stream, settings)
}

fn object(name: &str, kind: Kind, settings: Value) -> Object {
    let Value::Object(settings) = settings else { unreachable!("settings are written as an object") };
    Object { name: name.to_owned(), kind, api: api::OURS.to_owned(), settings }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn tally_of<F: Fact>() -> (String, String) {
    (tally::<F>(), subject::filter::<F>())
}

impl Object {
    /// How messages name it: `stream GOUJI` or `consumer parse`.
    pub(super) fn label(&self) -> String {
        match self.kind {
            Kind::Stream if self.api == api::OURS => format!("stream {}", self.name),
            Kind::Stream => format!("stream {} by {}", self.name, self.api),
            Kind::Consumer | Kind::Tally => format!("consumer {}", self.name),
        }
    }
}
