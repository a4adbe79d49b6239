//! The loop of an outlet: it follows the log, makes batches of changes, and hands them to the target.
//!
//! One process serves an outlet: it holds the lease `outlet.<name>`, and others stand by. Its place is with the
//! target, or in a bucket on the bus. While the target is away the loop tries again and refuses nothing. A batch that
//! is refused is halved until the one change that is at fault is found; that one is tried five times and then set
//! aside as a fact. Each change says all that stands about its report, so a later change of the same report goes on;
//! the earlier one is not tried again after it.

mod collect;
mod refused;

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::Context as _;
use bus::{Extent, Lease, Since};
use proto::subject;
use tokio::time::Instant;
use worker::outlets::OutletConfig;
use worker::{OutletState, OutletStates, Position, Worker};

use self::collect::Collecting;
use self::refused::AtFault;
use crate::any::AnyTarget;
use crate::change::{Batch, Change, Place};
use crate::outward::{Outward, leading_facts};
use crate::set_aside::SetAside;
use crate::standby::Candidate;
use crate::target::{Kept, Target, TargetError};

/// How often a change is tried that its target refuses.
const ATTEMPTS: u32 = 5;
/// So many changes in a row may be set aside while the target takes nothing else; then the target is at fault. They
/// are tried again once it takes something.
const MOST_IN_A_ROW: usize = 8;
/// How often the loop looks at what operators asked, and tells how it stands.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often it tells that it is there while nothing changes.
const SEEN_EVERY_MS: i64 = 30_000;
/// How often it asks whether the log was made again.
const ASK_LOG_EVERY: Duration = Duration::from_secs(10);
/// The pauses between tries: doubled from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Why the loop leaves what it does.
enum Stop {
    /// The process shuts down.
    Shutdown,
    /// Another process has the lease.
    LeaseLost,
    /// It begins again: an operator rewound the outlet, or the log was made again.
    Again,
    /// The bus does not answer.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// Serves an outlet until the process shuts down. `is_alone` says whether this process serves nothing else, so that
/// it is not ready while it cannot deliver.
pub(crate) async fn run(worker: Worker, outlet: OutletConfig, is_alone: bool) -> anyhow::Result<()> {
    let name = &outlet.name;
    let candidate = Candidate::of(&worker, name);
    let mut lease = worker.bus().lease(format!("outlet.{name}"), candidate.name().to_owned());
    let mut failures = 0;
    while worker.shutdown().unless_requested(lease.acquired()).await {
        match serve(&worker, &outlet, &lease, is_alone).await {
            Stop::Shutdown => break,
            Stop::LeaseLost | Stop::Again => failures = 0,
            Stop::Failed(error) => {
                failures += 1;
                tracing::warn!(outlet = name, "outlet {name}: {error:#}; trying again");
                if !worker.shutdown().unless_requested(tokio::time::sleep(pause(failures))).await {
                    break;
                }
            }
        }
    }
    lease.release().await;
    Ok(())
}

async fn serve(worker: &Worker, outlet: &OutletConfig, lease: &Lease, is_alone: bool) -> Stop {
    let mut session = Session {
        worker,
        outlet,
        lease,
        is_alone,
        states: OutletStates::new(worker.bus()),
        target: None,
        is_kept_on_bus: false,
        state: OutletState::default(),
        place: Place { log_made_at_ms: 0, sequence: 0 },
        read_to: 0,
        left: 0,
        ready: VecDeque::new(),
        set_aside: SetAside::default(),
        in_a_row: Vec::new(),
        unsaved: 0,
        is_problem_reported: false,
        looked_at: None,
        asked_log_at: Instant::now(),
    };
    match session.serve().await {
        Ok(()) => Stop::Again,
        Err(stop) => stop,
    }
}

/// The time between one try and the next.
fn pause(failed: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(failed.saturating_sub(1))).min(LONGEST_PAUSE)
}

struct Session<'a> {
    worker: &'a Worker,
    outlet: &'a OutletConfig,
    lease: &'a Lease,
    is_alone: bool,
    states: OutletStates,
    /// None until it could be opened.
    target: Option<AnyTarget>,
    is_kept_on_bus: bool,
    /// As it was read or written last.
    state: OutletState,
    /// Everything up to here is delivered or set aside.
    place: Place,
    /// The last fact that was read.
    read_to: u64,
    /// Facts on the log behind it.
    left: u64,
    /// Changes that wait, and their size.
    ready: VecDeque<Change>,
    set_aside: SetAside,
    /// Ids of changes that were set aside since the target took something last.
    in_a_row: Vec<String>,
    /// Changes that were delivered since the state was written last.
    unsaved: u64,
    /// Whether the bus knows that nothing is in the way any more.
    is_problem_reported: bool,
    looked_at: Option<Instant>,
    asked_log_at: Instant,
}

impl Session<'_> {
    async fn serve(&mut self) -> Result<(), Stop> {
        self.state = self.states.read(&self.outlet.name).await?;
        self.wait_while_paused().await?;
        self.open().await?;
        self.rewind_if_asked().await?;
        self.find_place().await?;
        self.note_selection().await?;
        // What was in the way of an earlier process; if it still is, that is reported again.
        self.unblocked();
        let bus = self.worker.bus();
        // What was set aside on another log says nothing about this one.
        let is_same_log = self.state.position.log_made_at_ms == self.place.log_made_at_ms;
        let from = if is_same_log { self.state.set_aside_from } else { 0 };
        self.set_aside = SetAside::of(bus, &self.outlet.name, from).await?;
        let mut outward = Outward::catch_up(bus, self.outlet, self.place.sequence).await?;
        self.read_to = self.place.sequence;
        let since = Since::Sequence(self.place.sequence + 1);
        let mut feed = bus.follow_waking_on(subject::ALL, &leading_facts(), since).await?;
        self.left = feed.left();
        let (name, from) = (&self.outlet.name, self.place.sequence);
        tracing::info!(outlet = name, from, "outlet {name} delivers what is on the log after {from}");
        let mut collecting = Collecting::default();
        loop {
            self.look(&mut outward).await?;
            let Some(batch) = self.collect(&mut feed, &mut outward, &mut collecting).await? else { continue };
            self.deliver(batch).await?;
        }
    }

    // The beginning.

    async fn open(&mut self) -> Result<(), Stop> {
        let mut failed = 0;
        while self.target.is_none() {
            match AnyTarget::open(
                self.outlet,
                &self.worker.config().bus.installation,
                Some(self.worker.bus()),
            ) {
                Ok(target) => self.target = Some(target),
                Err(error) => {
                    failed += 1;
                    self.blocked(&error, failed).await?;
                }
            }
        }
        Ok(())
    }

    fn target(&mut self) -> Result<&mut AnyTarget, Stop> {
        Ok(self.target.as_mut().context("the target is opened first")?)
    }

    async fn rewind_if_asked(&mut self) -> Result<(), Stop> {
        let Some(to) = self.state.rewind else { return Ok(()) };
        let place = Place { log_made_at_ms: to.log_made_at_ms, sequence: to.sequence };
        let mut failed = 0;
        while let Err(error) = rewind(self.target()?, place).await {
            let error = self.not_ended(error).await?;
            failed += 1;
            self.blocked(&error, failed).await?;
        }
        let last = self.worker.bus().extent().await?.last;
        let name = &self.outlet.name;
        tracing::info!(outlet = name, to = place.sequence, "outlet {name} was rewound to {}", place.sequence);
        let done = self.states.change(name, |state| {
            // Where another rewind was asked for meanwhile, that one follows.
            state.rewind = state.rewind.filter(|asked| *asked != to);
            state.position = to;
            state.set_aside_from = last;
            state.retry.clear();
            if to.sequence == 0 {
                state.selected_from = 0;
            }
            Ok(())
        });
        self.state = done.await?.0;
        Ok(())
    }

    async fn find_place(&mut self) -> Result<(), Stop> {
        let mut failed = 0;
        loop {
            let log = self.worker.bus().extent().await?;
            let found = match self.target()?.place().await {
                Ok(kept) => self.place_of(kept, &log),
                Err(error) => Err(self.not_ended(error).await?),
            };
            match found {
                Ok(place) => {
                    self.place = place;
                    return Ok(());
                }
                Err(error) => {
                    failed += 1;
                    self.blocked(&error, failed).await?;
                }
            }
        }
    }

    /// The place to go on from.
    fn place_of(&mut self, kept: Kept, log: &Extent) -> anyhow::Result<Place> {
        let start = Place { log_made_at_ms: log.made_at_ms, sequence: 0 };
        let on_bus = Place {
            log_made_at_ms: self.state.position.log_made_at_ms,
            sequence: self.state.position.sequence,
        };
        let name = &self.outlet.name;
        self.is_kept_on_bus = kept == Kept::OnBus;
        let place = match kept {
            Kept::OnBus => on_bus,
            Kept::AtTarget(Some(place)) => place,
            Kept::AtTarget(None) if on_bus.log_made_at_ms == log.made_at_ms && on_bus.sequence > 0 => {
                anyhow::bail!(
                    "the target took everything up to {} and has no place of it any more: is it the right one, and \
                     is it there as a whole? If all is to be delivered again: gouji outlet rewind {name} --to start",
                    on_bus.sequence
                )
            }
            Kept::AtTarget(None) => start,
        };
        if place.log_made_at_ms != log.made_at_ms {
            if place.sequence > 0 {
                tracing::warn!(
                    outlet = name,
                    "outlet {name}: the log was made again; delivering it from its start"
                );
            }
            return Ok(start);
        }
        anyhow::ensure!(
            place.sequence <= log.last,
            "the log ends at {} and {} was delivered already: it has lost its end. Once that is understood: \
             gouji outlet rewind {name} --to {}",
            log.last,
            place.sequence,
            log.last
        );
        Ok(place)
    }

    /// Remembers since when the settings choose other regions, or carry something else: what was delivered before is
    /// as it was chosen then, and what was left out stays out until an operator rewinds the outlet.
    async fn note_selection(&mut self) -> Result<(), Stop> {
        let selection = self.outlet.selection();
        if self.state.selection == selection {
            return Ok(());
        }
        let (name, place) = (&self.outlet.name, self.place.sequence);
        let is_changed = !self.state.selection.is_empty() && place > 0;
        if is_changed {
            let before = &self.state.selection;
            tracing::warn!(
                outlet = name,
                "outlet {name} carries {selection} from {place} on, and carried {before} before; \
                 `gouji outlet rewind {name} --to start` delivers everything by the new settings"
            );
        }
        let noted = self.states.change(name, |state| {
            state.selection.clone_from(&selection);
            if is_changed {
                state.selected_from = place;
            }
            Ok(())
        });
        self.state = noted.await?.0;
        Ok(())
    }

    // What operators ask, and how the outlet stands.

    /// Ends the session where it may not go on, and does what operators asked.
    async fn look(&mut self, outward: &mut Outward) -> Result<(), Stop> {
        if self.worker.shutdown().is_requested() {
            self.save().await?;
            return Err(Stop::Shutdown);
        }
        if !self.lease.is_held() {
            return Err(Stop::LeaseLost);
        }
        if self.looked_at.is_some_and(|at| at.elapsed() < LOOK_EVERY) {
            return Ok(());
        }
        self.looked_at = Some(Instant::now());
        self.save().await?;
        if self.state.paused {
            self.wait_while_paused().await?;
        }
        if self.state.rewind.is_some() {
            return Err(Stop::Again);
        }
        if self.asked_log_at.elapsed() >= ASK_LOG_EVERY {
            self.asked_log_at = Instant::now();
            if self.worker.bus().extent().await?.made_at_ms != self.place.log_made_at_ms {
                return Err(Stop::Again);
            }
        }
        if !self.state.retry.is_empty() {
            self.retry(outward).await?;
        }
        Ok(())
    }

    async fn wait_while_paused(&mut self) -> Result<(), Stop> {
        let name = &self.outlet.name;
        if self.state.paused {
            tracing::info!(outlet = name, "outlet {name} is paused");
        }
        while self.state.paused {
            self.wait(LOOK_EVERY).await?;
            self.state = self.states.read(name).await?;
        }
        Ok(())
    }

    /// Waits; an error where the process shuts down or loses the lease meanwhile.
    async fn wait(&self, time: Duration) -> Result<(), Stop> {
        if !self.worker.shutdown().unless_requested(tokio::time::sleep(time)).await {
            return Err(Stop::Shutdown);
        }
        if self.lease.is_held() { Ok(()) } else { Err(Stop::LeaseLost) }
    }

    /// Writes how the outlet stands, and reads what operators asked. Where nothing has changed it writes only now and
    /// then, because the bus flushes each write.
    async fn save(&mut self) -> Result<(), Stop> {
        let now = jiff::Timestamp::now().as_millisecond();
        let before = self.state.position;
        // A clock that was set back is no reason to be silent until it has caught up.
        if self.is_written() && (now - self.state.seen_at_ms).abs() < SEEN_EVERY_MS {
            let written = std::mem::take(&mut self.state);
            self.state = self.states.read(&self.outlet.name).await?;
            return if self.state.position == written.position { Ok(()) } else { Err(Stop::Again) };
        }
        let position = Position { log_made_at_ms: self.place.log_made_at_ms, sequence: self.place.sequence };
        let waiting = self.left + self.ready.len() as u64;
        let oldest_ms = self.ready.front().map_or(0, |change| change.at_ms);
        let (set_aside, delivered) = (self.set_aside.open().count() as u64, self.unsaved);
        let problem = (self.state.problem.clone(), self.state.problem_since_ms);
        let written = self.states.change(&self.outlet.name, |state| {
            // Another process took over while this one was suspended.
            let is_ours = state.position == before;
            if is_ours {
                if state.position.log_made_at_ms != position.log_made_at_ms {
                    state.set_aside_from = 0;
                    state.selected_from = 0;
                    state.retry.clear();
                }
                state.position = position;
                (state.waiting, state.oldest_ms, state.set_aside) = (waiting, oldest_ms, set_aside);
                (state.problem, state.problem_since_ms) = problem.clone();
                state.delivered += delivered;
                if delivered > 0 {
                    state.delivered_at_ms = now;
                }
                state.seen_at_ms = now;
            }
            Ok(is_ours)
        });
        let (state, is_ours) = written.await?;
        self.state = state;
        self.unsaved = 0;
        self.is_problem_reported = true;
        if is_ours { Ok(()) } else { Err(Stop::Again) }
    }

    /// Whether the bus has everything that this process would write.
    fn is_written(&self) -> bool {
        let OutletState { position, waiting, oldest_ms, set_aside, .. } = &self.state;
        let oldest = self.ready.front().map_or(0, |change| change.at_ms);
        self.unsaved == 0
            && self.is_problem_reported
            && (position.log_made_at_ms, position.sequence)
                == (self.place.log_made_at_ms, self.place.sequence)
            && *waiting == self.left + self.ready.len() as u64
            && (*oldest_ms, *set_aside) == (oldest, self.set_aside.open().count() as u64)
    }

    /// Says once why nothing is delivered, and waits before the next try.
    async fn blocked(&mut self, why: &anyhow::Error, failed: u32) -> Result<(), Stop> {
        let (name, why) = (&self.outlet.name, format!("{why:#}"));
        if self.state.problem != why {
            tracing::error!(outlet = name, "outlet {name} cannot deliver, and tries until it can: {why}");
            if self.state.problem.is_empty() {
                self.state.problem_since_ms = jiff::Timestamp::now().as_millisecond();
            }
            self.state.problem = why;
        }
        if self.is_alone {
            self.worker.set_degraded(Some(format!("outlet {name}: {}", self.state.problem)));
        }
        let (problem, since) = (self.state.problem.clone(), self.state.problem_since_ms);
        let now = jiff::Timestamp::now().as_millisecond();
        let written = self.states.change(&self.outlet.name, |state| {
            (state.problem, state.problem_since_ms, state.seen_at_ms) = (problem.clone(), since, now);
            Ok(())
        });
        self.state = written.await?.0;
        if self.state.paused || self.state.rewind.is_some() {
            return Err(Stop::Again);
        }
        self.wait(pause(failed)).await
    }

    /// The error, unless the target wants no more: then the outlet is paused until an operator resumes it.
    async fn not_ended(&mut self, error: TargetError) -> Result<anyhow::Error, Stop> {
        let why = match error {
            TargetError::Blocked(error) | TargetError::Refused(error) => return Ok(error),
            TargetError::Ended(error) => format!("{error:#}"),
        };
        let name = &self.outlet.name;
        tracing::error!(outlet = name, "outlet {name} is paused, because its target wants no more: {why}");
        let now = jiff::Timestamp::now().as_millisecond();
        let paused = self.states.change(name, |state| {
            (state.paused, state.problem, state.problem_since_ms) = (true, why.clone(), now);
            Ok(())
        });
        paused.await?;
        Err(Stop::Again)
    }

    fn unblocked(&mut self) {
        if self.state.problem.is_empty() {
            return;
        }
        let name = &self.outlet.name;
        tracing::info!(outlet = name, "outlet {name} delivers again");
        self.state.problem.clear();
        self.state.problem_since_ms = 0;
        self.is_problem_reported = false;
        if self.is_alone {
            self.worker.set_degraded(None);
        }
    }

    // From batches to the target.

    /// Hands a batch over, in parts where the target refuses it as a whole.
    async fn deliver(&mut self, batch: Batch) -> Result<(), Stop> {
        let mut parts = VecDeque::from([batch]);
        while let Some(mut part) = parts.pop_front() {
            part.from = self.place.sequence + 1;
            let Err(refused) = self.attempt(&part).await? else {
                self.delivered(&part).await?;
                continue;
            };
            if part.changes.len() > 1 {
                let (earlier, later) = halves(part);
                parts.push_front(later);
                parts.push_front(earlier);
                continue;
            }
            if self.attempt_alone(&part, refused).await? {
                self.delivered(&part).await?;
            } else if self.is_kept_on_bus {
                self.place.sequence = part.to;
            }
        }
        Ok(())
    }

    /// Tries until the target is there; whether it takes the batch.
    async fn attempt(&mut self, batch: &Batch) -> Result<Result<(), anyhow::Error>, Stop> {
        let mut failed = 0;
        loop {
            if self.worker.shutdown().is_requested() {
                return Err(Stop::Shutdown);
            }
            if !self.lease.is_held() {
                return Err(Stop::LeaseLost);
            }
            match self.target()?.deliver(batch).await {
                Ok(()) => {
                    self.unblocked();
                    return Ok(Ok(()));
                }
                Err(TargetError::Refused(error)) => return Ok(Err(error)),
                Err(error) => {
                    let error = self.not_ended(error).await?;
                    failed += 1;
                    self.blocked(&error, failed).await?;
                }
            }
        }
    }

    /// Tries one change again that was refused; whether the target took it. If not, it is set aside.
    async fn attempt_alone(&mut self, part: &Batch, refused: anyhow::Error) -> Result<bool, Stop> {
        let [change] = part.changes.as_slice() else { return Ok(false) };
        let (mut why, mut attempts, mut failed) = (refused, 1, 0);
        loop {
            while attempts < ATTEMPTS {
                self.wait(pause(attempts)).await?;
                match self.attempt(part).await? {
                    Ok(()) => return Ok(true),
                    Err(refused) => (why, attempts) = (refused, attempts + 1),
                }
            }
            let at_fault = match self.target()?.test().await {
                Err(error) => Some(self.not_ended(error).await?),
                Ok(_) if self.in_a_row.len() >= MOST_IN_A_ROW => {
                    Some(anyhow::anyhow!("the target refuses one change after the other: {why:#}"))
                }
                Ok(_) => None,
            };
            let Some(error) = at_fault else { break };
            failed += 1;
            self.blocked(&error, failed).await?;
            // One try more, and a look at the target again.
            attempts = ATTEMPTS - 1;
        }
        self.in_a_row.push(change.id.clone());
        let fact = AtFault::from(change).undelivered(&self.outlet.name, &format!("{why:#}"), attempts);
        self.set_aside(fact).await?;
        Ok(false)
    }

    /// Notes that the target took a batch.
    async fn delivered(&mut self, part: &Batch) -> Result<(), Stop> {
        self.place.sequence = self.place.sequence.max(part.to);
        self.unsaved += part.changes.len() as u64;
        bus::failpoint("delivered");
        if self.in_a_row.len() > 1 {
            // Not one of them was at fault alone, so perhaps none was.
            let again = std::mem::take(&mut self.in_a_row);
            let asked = self.states.change(&self.outlet.name, |state| {
                state.retry.extend(again.iter().cloned());
                Ok(())
            });
            self.state.retry = asked.await?.0.retry;
        }
        self.in_a_row.clear();
        let is_time = self.looked_at.is_none_or(|at| at.elapsed() >= LOOK_EVERY);
        if self.is_kept_on_bus || is_time { self.save().await } else { Ok(()) }
    }
}

/// Moves the place of a target that keeps it.
async fn rewind(target: &mut AnyTarget, to: Place) -> Result<(), TargetError> {
    target.rewind(to).await?;
    match target.place().await? {
        Kept::AtTarget(Some(place)) if place != to => Err(TargetError::Blocked(anyhow::anyhow!(
            "the target keeps its place itself, at {}, and does not move it; move it there",
            place.sequence
        ))),
        Kept::AtTarget(_) | Kept::OnBus => Ok(()),
    }
}

/// The earlier and the later half of a batch of at least two changes.
fn halves(mut batch: Batch) -> (Batch, Batch) {
    let later = batch.changes.split_off(batch.changes.len() / 2);
    let middle = batch.changes.last().map_or(batch.from, |change| change.sequence);
    let later = Batch { from: middle + 1, changes: later, ..batch };
    (Batch { to: middle, ..batch }, later)
}
