//! How far each stage is on the log, and how many facts there are.

/// The backlog of one stage, or of one of its lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// The durable consumer: the name of its stage, of a bulk lane with `-bulk`.
    pub stage: &'static str,
    /// Facts not delivered to any worker yet.
    pub waiting: u64,
    /// Facts delivered and not acknowledged yet.
    pub in_flight: u64,
    /// Of these, how many were delivered more than once.
    pub redelivered: u64,
    /// The ack floor: everything up to this sequence is acknowledged.
    pub done_up_to: u64,
    /// The last sequence that was delivered.
    pub handed_up_to: u64,
    /// Until when an operator paused the stage, milliseconds since 1970-01-01 UTC.
    pub paused_until_ms: Option<i64>,
}

/// How many facts of each kind are on the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accepted by ingest.
    pub submitted: u64,
    /// Read by parse.
    pub parsed: u64,
    /// Judged by validate.
    pub validated: u64,
    /// Searchable.
    pub indexed: u64,
    /// Refused by any stage.
    pub refused: u64,
}

impl Lag {
    /// Everything that the stage still has to do.
    pub fn total(&self) -> u64 {
        self.waiting + self.in_flight
    }
}
