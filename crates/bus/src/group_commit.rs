//! Group commit: facts that are ready at about the same time are stored together, so that they share one flush of the
//! log.
//!
//! With `sync_interval: always` nats-server flushes the log for every message, and that is most of what a message
//! costs it. It stores the messages of an atomic batch with one flush, so a process sends what is ready as one batch:
//! all of it is on the disk before the batch is acknowledged, or none of it is stored.
//!
//! A batch never decides about a fact: if the log refuses one, or does not answer, each of its facts is published by
//! itself, and only the one that broke the batch is refused.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_nats::header::{NATS_BATCH_COMMIT, NATS_BATCH_ID, NATS_BATCH_SEQUENCE};
use async_nats::jetstream::Context;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::{Client, HeaderMap};
use bytes::Bytes;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;

use crate::failpoint::failpoint;

/// The most facts in one batch, of the 1,000 that the server takes. The server stages each batch in files of its own,
/// so it needs less for a few large ones; with more, a refused batch costs more.
const MOST_FACTS: usize = 256;
/// The most bytes in one batch, so that it is sent long before the server abandons it (after ten seconds).
const MOST_BYTES: usize = 2 << 20;
/// A fact of more bytes is published by itself: the flush is the smaller part of what it costs.
const LARGE_FACT: usize = 128 << 10;
/// Fewer facts are published one by one: the server stages each batch in files of its own, which costs it as much as
/// some ten flushes.
pub(crate) const FEWEST_FACTS: usize = 16;
/// How long facts gather while others of this process are on their way to the log.
const SHORT_WAIT: Duration = Duration::from_millis(10);
/// How long facts gather while their source has announced so many others that a batch will come of them. The
/// sender of so much waits longer for the reading of it.
const LONG_WAIT: Duration = Duration::from_millis(250);
/// Groups that one process has on their way at once. A server has room for 50 batches a stream.
const MOST_ON_THEIR_WAY: usize = 4;
/// How long a batch may take to be sent and answered: the answer alone takes up to five seconds.
const LONGEST_SEND: Duration = Duration::from_secs(8);
/// A log that does not allow batches is asked again after this time: `gouji topology apply` may have changed it.
const ASK_AGAIN: Duration = Duration::from_secs(60);
/// The first nats-server that flushes once for a batch: earlier ones flush for every message of it.
const SHARES_FLUSHES: (u64, u64) = (2, 15);

/// What the log had to say to a fact of a group.
pub(crate) enum Verdict {
    /// Its batch is stored.
    Stored,
    /// It has to be published by itself. Others gather until this is dropped.
    Alone(Arc<OnItsWay>),
    /// Its batch may be stored or not.
    Unknown(String),
}

/// A message that is ready to be published.
pub(crate) struct Ready {
    /// The id that it is about. The log compares each message of a batch with what it had before the batch, so two
    /// about one id must not be in the same.
    pub(crate) id: String,
    pub(crate) subject: String,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Bytes,
}

/// A source of facts that says how many of them are about to be published: the deliveries that a consumer has in this
/// process, or the files of an archive.
pub(crate) struct Announcer {
    to_come: AtomicUsize,
    /// Those that wait for their group.
    waiting: AtomicUsize,
    changed: Arc<Notify>,
}

/// A fact that is about to be published, so that others wait for it. It is no longer to come once it is published, or
/// when this is dropped.
pub struct Announced {
    announcer: Arc<Announcer>,
    ended: AtomicBool,
}

/// Facts are on their way to the log as long as this exists.
pub(crate) struct OnItsWay {
    count: Arc<AtomicUsize>,
    changed: Arc<Notify>,
}

/// The group commit of one process; clones share it.
#[derive(Clone)]
pub(crate) struct GroupCommit {
    arrivals: mpsc::UnboundedSender<Waiting>,
    changed: Arc<Notify>,
}

/// A message that waits for its group.
struct Waiting {
    ready: Ready,
    announcer: Option<Arc<Announcer>>,
    since: Instant,
    tell: oneshot::Sender<Verdict>,
}

impl GroupCommit {
    /// Starts it for a connection; it ends when the last clone is dropped.
    pub(crate) fn start(client: &Client, jetstream: &Context) -> Self {
        let (sender, arrivals) = mpsc::unbounded_channel();
        let changed = Arc::new(Notify::new());
        let committer = Committer {
            client: client.clone(),
            jetstream: jetstream.clone(),
            arrivals,
            waiting: VecDeque::new(),
            on_their_way: Arc::default(),
            changed: changed.clone(),
            not_before: Arc::default(),
        };
        tokio::spawn(committer.run());
        Self { arrivals: sender, changed }
    }

    /// For a new source of facts.
    pub(crate) fn announcer(&self) -> Arc<Announcer> {
        Arc::new(Announcer {
            to_come: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            changed: self.changed.clone(),
        })
    }

    /// Stores a message with others, or says that it has to be published by itself.
    pub(crate) async fn store(&self, ready: Ready, announced: Option<&Announced>) -> Verdict {
        let (tell, verdict) = oneshot::channel();
        let announcer = announced.map(|announced| announced.announcer.clone());
        if let Some(announcer) = &announcer {
            announcer.waiting.fetch_add(1, Ordering::Relaxed);
        }
        let waiting = Waiting { ready, announcer, since: Instant::now(), tell };
        self.arrivals.send(waiting).ok();
        if let Some(announced) = announced {
            announced.has_come();
        }
        verdict.await.unwrap_or_else(|_| Verdict::Unknown("the runtime shuts down".into()))
    }
}

impl Announcer {
    /// One more is about to be published.
    pub(crate) fn announce(self: &Arc<Self>) -> Announced {
        self.to_come.fetch_add(1, Ordering::Relaxed);
        Announced { announcer: self.clone(), ended: AtomicBool::new(false) }
    }
}

impl Announced {
    fn has_come(&self) {
        if !self.ended.swap(true, Ordering::Relaxed) {
            self.announcer.to_come.fetch_sub(1, Ordering::Relaxed);
            self.announcer.changed.notify_one();
        }
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        self.has_come();
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.changed.notify_one();
    }
}

impl Waiting {
    /// How long it waits for others at most.
    fn patience(&self, any_on_their_way: bool) -> Duration {
        let of_company = |count: fn(&Announcer) -> &AtomicUsize| {
            self.announcer.as_ref().map_or(0, |announcer| count(announcer).load(Ordering::Relaxed))
        };
        let (to_come, waiting) = (of_company(|one| &one.to_come), of_company(|one| &one.waiting));
        if to_come > 0 && waiting + to_come >= FEWEST_FACTS {
            LONG_WAIT
        } else if any_on_their_way {
            SHORT_WAIT
        } else {
            Duration::ZERO
        }
    }

    /// How much longer it waits.
    fn left(&self, now: Instant, any_on_their_way: bool) -> Duration {
        (self.since + self.patience(any_on_their_way)).saturating_duration_since(now)
    }
}

struct Committer {
    client: Client,
    jetstream: Context,
    arrivals: mpsc::UnboundedReceiver<Waiting>,
    waiting: VecDeque<Waiting>,
    on_their_way: Arc<AtomicUsize>,
    /// Something is no longer on its way, or no longer to come.
    changed: Arc<Notify>,
    /// The log does not allow batches: none before this time.
    not_before: Arc<std::sync::Mutex<Option<Instant>>>,
}

impl Committer {
    async fn run(mut self) {
        loop {
            let until_due = self.until_due(Instant::now());
            let due = async {
                match until_due {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                arrived = self.arrivals.recv() => match arrived {
                    Some(waiting) => self.waiting.push_back(waiting),
                    None => break,
                },
                () = self.changed.notified() => (),
                () = due => (),
            }
            while let Ok(waiting) = self.arrivals.try_recv() {
                self.waiting.push_back(waiting);
            }
            let now = Instant::now();
            while self.until_due(now) == Some(Duration::ZERO) {
                let group = self.next_group(now);
                if group.is_empty() {
                    break;
                }
                self.dispatch(group);
            }
        }
    }

    /// How long until a group is due; none where it is due only when something else happens.
    fn until_due(&self, now: Instant) -> Option<Duration> {
        let on_their_way = self.on_their_way.load(Ordering::Relaxed);
        if self.waiting.is_empty() || on_their_way >= MOST_ON_THEIR_WAY {
            return None;
        }
        let bytes: usize = self.waiting.iter().map(|waiting| waiting.ready.payload.len()).sum();
        if self.waiting.len() >= MOST_FACTS || bytes >= MOST_BYTES {
            return Some(Duration::ZERO);
        }
        self.waiting.iter().map(|waiting| waiting.left(now, on_their_way > 0)).min()
    }

    /// What fits into a batch, the longest waiting first. Where no batch comes of it, only what is due.
    fn next_group(&mut self, now: Instant) -> Vec<Waiting> {
        let any_on_their_way = self.on_their_way.load(Ordering::Relaxed) > 0;
        let is_batch = self.waiting.len() >= FEWEST_FACTS;
        let (mut group, mut ids, mut bytes) = (Vec::new(), HashSet::new(), 0);
        for waiting in std::mem::take(&mut self.waiting) {
            let size = waiting.ready.payload.len();
            let fits = group.len() < MOST_FACTS && (group.is_empty() || bytes + size <= MOST_BYTES);
            let goes = is_batch || waiting.left(now, any_on_their_way).is_zero();
            if fits && goes && ids.insert(waiting.ready.id.clone()) {
                bytes += size;
                if let Some(announcer) = &waiting.announcer {
                    announcer.waiting.fetch_sub(1, Ordering::Relaxed);
                }
                group.push(waiting);
            } else {
                self.waiting.push_back(waiting);
            }
        }
        group
    }

    fn dispatch(&self, group: Vec<Waiting>) {
        self.on_their_way.fetch_add(1, Ordering::Relaxed);
        let on_its_way =
            Arc::new(OnItsWay { count: self.on_their_way.clone(), changed: self.changed.clone() });
        if group.len() < FEWEST_FACTS || !self.may_send_batches() {
            tell_alone(group, &on_its_way);
            return;
        }
        let (jetstream, client) = (self.jetstream.clone(), self.client.clone());
        let not_before = self.not_before.clone();
        tokio::spawn(async move {
            let (messages, tell): (Vec<Ready>, Vec<_>) =
                group.into_iter().map(|waiting| (waiting.ready, waiting.tell)).unzip();
            // The client waits without a limit for room in its buffer while there is no connection.
            let sent = tokio::time::timeout(LONGEST_SEND, send(&client, &jetstream, messages)).await;
            let outcome = sent.unwrap_or_else(|_| Outcome::Unknown("no connection to the bus".into()));
            if matches!(outcome, Outcome::NotAllowed) {
                *not_before.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
                    Some(Instant::now() + ASK_AGAIN);
            }
            for tell in tell {
                tell.send(outcome.verdict(&on_its_way)).ok();
            }
        });
    }

    fn may_send_batches(&self) -> bool {
        let not_before = *self.not_before.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let shares_flushes =
            version(&self.client.server_info().version).is_some_and(|version| version >= SHARES_FLUSHES);
        shares_flushes && not_before.is_none_or(|not_before| Instant::now() >= not_before)
    }
}

fn tell_alone(group: Vec<Waiting>, on_its_way: &Arc<OnItsWay>) {
    for waiting in group {
        waiting.tell.send(Verdict::Alone(on_its_way.clone())).ok();
    }
}

/// Major and minor number of `2.15.1` or `2.15.0-beta.1`.
fn version(text: &str) -> Option<(u64, u64)> {
    let mut numbers = text.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// What became of a batch.
enum Outcome {
    /// All of it is on the disk.
    Stored,
    /// Nothing of it is stored.
    Refused,
    /// Nothing of it is stored, because the log takes no batches.
    NotAllowed,
    /// All, nothing or, from a server that ignored the headers of a batch, some of it may be stored.
    Unknown(String),
}

impl Outcome {
    fn verdict(&self, on_its_way: &Arc<OnItsWay>) -> Verdict {
        match self {
            Self::Stored => Verdict::Stored,
            Self::Refused | Self::NotAllowed => Verdict::Alone(on_its_way.clone()),
            Self::Unknown(reason) => Verdict::Unknown(reason.clone()),
        }
    }
}

/// Sends a batch and waits until it is stored. Only its last message is answered.
async fn send(client: &Client, jetstream: &Context, messages: Vec<Ready>) -> Outcome {
    let inbox = client.new_inbox();
    let batch_id = inbox.rsplit('.').next().unwrap_or(&inbox).to_owned();
    let count = messages.len();
    let mut answer = None;
    for (position, Ready { subject, mut headers, payload, .. }) in (1..).zip(messages) {
        headers.insert(NATS_BATCH_ID, batch_id.as_str());
        headers.insert(NATS_BATCH_SEQUENCE, position.to_string().as_str());
        if position < count {
            if client.publish_with_headers(subject, headers, payload).await.is_err() {
                // Without its commit the server abandons the batch.
                return Outcome::Refused;
            }
            continue;
        }
        headers.insert(NATS_BATCH_COMMIT, "1");
        let commit = PublishMessage::build().payload(payload).headers(headers);
        match jetstream.send_publish(subject, commit).await {
            Ok(sent) => answer = Some(sent),
            Err(error) => return outcome_of(&error),
        }
    }
    (0..count).for_each(|_| failpoint("sent"));
    let Some(answer) = answer else { return Outcome::Refused };
    match answer.await {
        Ok(ack) if ack.batch_id.as_ref() == Some(&batch_id) && ack.batch_size == Some(count as u64) => {
            failpoint("stored");
            Outcome::Stored
        }
        Ok(_) => Outcome::Unknown("the server did not take the messages for a batch".into()),
        Err(error) => outcome_of(&error),
    }
}

/// The server's words for [`async_nats::jetstream::ErrorCode::ATOMIC_PUBLISH_DISABLED`]; the client does not give the
/// code.
const DISABLED: &str = "atomic publish is disabled";

fn outcome_of(error: &PublishError) -> Outcome {
    let reason = error.to_string();
    match error.kind() {
        PublishErrorKind::WrongLastSequence | PublishErrorKind::MaxPayloadExceeded => Outcome::Refused,
        PublishErrorKind::Other if reason.contains(DISABLED) => Outcome::NotAllowed,
        // The server refuses a batch as a whole, whatever its reason.
        PublishErrorKind::Other => Outcome::Refused,
        _ => Outcome::Unknown(reason),
    }
}

/// Whether a message of this size is stored with others.
pub(crate) fn is_groupable(payload: &Bytes) -> bool {
    payload.len() <= LARGE_FACT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_servers() {
        let check = |text: &str, expected| assert_eq!(version(text), expected, "{text}");
        check("2.15.1", Some((2, 15)));
        check("2.15.0-beta.1", Some((2, 15)));
        check("3.0.0", Some((3, 0)));
        check("", None);
        check("main", None);
        assert!(version("2.9.25").unwrap() < SHARES_FLUSHES);
        assert!(version("3.0.0").unwrap() > SHARES_FLUSHES);
    }

    fn announcer() -> Arc<Announcer> {
        Arc::new(Announcer {
            to_come: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            changed: Arc::new(Notify::new()),
        })
    }

    fn waiting(id: &str, bytes: usize, announcer: Option<&Arc<Announcer>>) -> Waiting {
        let ready = Ready {
            id: id.into(),
            subject: String::new(),
            headers: HeaderMap::new(),
            payload: Bytes::from(vec![0; bytes]),
        };
        Waiting { ready, announcer: announcer.cloned(), since: Instant::now(), tell: oneshot::channel().0 }
    }

    #[tokio::test(start_paused = true)]
    async fn a_fact_waits_only_for_others_that_make_a_batch_with_it() {
        let announcer = announcer();
        let alone = waiting("a", 1, None);
        assert_eq!(alone.patience(false), Duration::ZERO);
        assert_eq!(alone.patience(true), SHORT_WAIT);
        let announced: Vec<Announced> = (0..20).map(|_| announcer.announce()).collect();
        let first = waiting("b", 1, Some(&announcer));
        announcer.waiting.fetch_add(1, Ordering::Relaxed);
        announced[0].has_come();
        assert_eq!(first.patience(false), LONG_WAIT, "19 are to come");
        announced[0].has_come();
        assert_eq!(announcer.to_come.load(Ordering::Relaxed), 19, "each ends once");
        drop(announced);
        assert_eq!(first.patience(false), Duration::ZERO, "nobody is to come");
        let _few: Vec<Announced> = (0..5).map(|_| announcer.announce()).collect();
        assert_eq!(first.patience(false), Duration::ZERO, "no batch comes of six");
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_has_no_id_twice_and_is_limited() {
        let client = async_nats::ConnectOptions::new()
            .retry_on_initial_connect()
            .connect("127.0.0.1:1")
            .await
            .expect("it connects in the background");
        let mut committer = Committer {
            jetstream: async_nats::jetstream::new(client.clone()),
            client,
            arrivals: mpsc::unbounded_channel().1,
            waiting: VecDeque::new(),
            on_their_way: Arc::default(),
            changed: Arc::default(),
            not_before: Arc::default(),
        };
        let now = Instant::now();
        let sizes = |committer: &mut Committer, facts: &[(String, usize)]| {
            committer.waiting = facts.iter().map(|(id, bytes)| waiting(id, *bytes, None)).collect();
            let mut sizes = Vec::new();
            while !committer.waiting.is_empty() {
                assert_eq!(committer.until_due(now), Some(Duration::ZERO));
                sizes.push(committer.next_group(now).len());
            }
            sizes
        };
        let different: Vec<_> = (0..600).map(|number| (number.to_string(), 10)).collect();
        assert_eq!(sizes(&mut committer, &different), [256, 256, 88]);
        let twice: Vec<_> = (0..40).map(|number| ((number % 20).to_string(), 10)).collect();
        assert_eq!(sizes(&mut committer, &twice), [20, 20]);
        let large: Vec<_> = (0..20).map(|number| (number.to_string(), LARGE_FACT)).collect();
        assert_eq!(sizes(&mut committer, &large), [16, 4]);
        // Those that wait for announced ones stay behind.
        let announcer = announcer();
        let _to_come: Vec<Announced> = (0..30).map(|_| announcer.announce()).collect();
        committer.waiting = [waiting("a", 1, Some(&announcer)), waiting("b", 1, None)].into();
        assert_eq!(committer.next_group(now).len(), 1);
        assert_eq!(committer.until_due(now), Some(LONG_WAIT));
    }
}
