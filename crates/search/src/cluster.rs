//! The engine of many machines: OpenSearch, in a cluster that somebody runs beside gouji.
//!
//! Text is analyzed here: the cluster gets rows of glyphs divided by spaces, so it needs no plugin. Requests use what
//! 2.19 and 3.x have in common. The caller hands in the transport; this module makes requests and reads answers.

mod answer;
mod compile;
mod document;
mod facets;
mod found;
mod generations;
mod mapping;
mod read;
mod sum;
mod walk;
mod write;

use std::sync::Arc;

use serde_json::Value;

pub(crate) use self::document::ClusterParts;
pub(crate) use self::generations::ClusterGenerations;
pub(crate) use self::read::ClusterReader;
pub(crate) use self::write::ClusterWriter;

use self::answer::{error_of, json_of};
use crate::IndexError;

/// Carries requests to a search cluster and brings the answers. Blocks; tries other nodes of the cluster by itself, but
/// repeats no request that a node may have carried out.
pub trait ClusterTransport: Send + Sync {
    /// The answer to a request, whatever its status.
    ///
    /// # Errors
    /// [`ClusterError::Unreachable`] if there is no whole answer; the cluster may have carried the request out.
    fn send(&self, request: &ClusterRequest) -> Result<ClusterAnswer, ClusterError>;

    /// The cluster, as messages name it.
    fn name(&self) -> String;
}

/// A request to a search cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterRequest {
    /// What to do.
    pub method: ClusterMethod,
    /// Path and query, which begin with `/`.
    pub path: String,
    /// JSON, or lines of JSON; empty where the request has no body.
    pub body: String,
}

/// The methods of HTTP that the requests use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterMethod {
    /// `GET`
    Get,
    /// `PUT`
    Put,
    /// `POST`
    Post,
    /// `DELETE`
    Delete,
}

/// The answer of a search cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterAnswer {
    /// The status of HTTP.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Why a search cluster did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// There was no whole answer in time.
    #[error("the search cluster does not answer: {0}")]
    Unreachable(String),
    /// It has too much to do.
    #[error("the search cluster is busy: {0}")]
    Busy(String),
    /// It takes no writes: its disk is full, or an operator closed it.
    #[error("the search cluster takes no writes: {0}")]
    Blocked(String),
    /// A part of the index is not there.
    #[error("a part of the index is not available: {0}")]
    Unavailable(String),
    /// Another process wrote the same document meanwhile.
    #[error("another process wrote {0} meanwhile")]
    Conflict(String),
    /// It refused one report, and takes others.
    #[error("the search cluster refused the report {key}: {why}")]
    Refused {
        /// The key of the report.
        key: String,
        /// What it said.
        why: String,
    },
    /// A field of the index is not as this version makes it.
    #[error("the index {index} was changed: {why}; `gouji reindex` makes a new one")]
    Changed {
        /// The index.
        index: String,
        /// What differs.
        why: String,
    },
    /// The user may not do this.
    #[error("the search cluster forbids it: {0}")]
    Forbidden(String),
    /// Anything else.
    #[error("the search cluster answered {status}: {why}")]
    Unexpected {
        /// The status of HTTP.
        status: u16,
        /// What it said.
        why: String,
    },
}

/// Where an index lies in a search cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterSettings {
    /// The alias that readers use; the generations are `<name>-0001` and so on.
    pub name: String,
    /// Shards of a new generation.
    pub shards: u32,
    /// Copies of each shard.
    pub replicas: u32,
}

impl Default for ClusterSettings {
    fn default() -> Self {
        Self { name: "gouji".into(), shards: 1, replicas: 1 }
    }
}

/// A search cluster.
#[derive(Clone)]
pub(crate) struct Cluster {
    transport: Arc<dyn ClusterTransport>,
    pub(crate) settings: ClusterSettings,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Cluster").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Cluster {
    pub(crate) fn new(transport: Arc<dyn ClusterTransport>, settings: ClusterSettings) -> Self {
        Self { transport, settings }
    }

    /// The index, as messages name it.
    pub(crate) fn place(&self) -> String {
        format!("{}/{}", self.transport.name(), self.settings.name)
    }

    /// The answer to a request; none where what it asks for does not exist.
    fn ask(&self, method: ClusterMethod, path: String, body: String) -> Result<Option<Value>, IndexError> {
        let answer = self.transport.send(&ClusterRequest { method, path, body })?;
        match answer.status {
            200..300 => Ok(Some(json_of(&answer)?)),
            404 => Ok(None),
            _ => Err(error_of(&answer).into()),
        }
    }

    /// The answer to a request about an index that exists.
    fn ask_about(
        &self,
        index: &str,
        method: ClusterMethod,
        path: String,
        body: String,
    ) -> Result<Value, IndexError> {
        let absent = || ClusterError::Unavailable(format!("{index} does not exist"));
        Ok(self.ask(method, path, body)?.ok_or_else(absent)?)
    }
}

/// One generation in the cluster: an index of reports, and one of what only the writer reads.
#[derive(Debug, Clone)]
pub(crate) struct ClusterIndex {
    pub(crate) cluster: Cluster,
    /// The index of reports.
    pub(crate) reports: String,
    /// The position on the log, and the reports that have readings of an original.
    pub(crate) state: String,
}

/// The id of the document with the payload of the last commit.
const PAYLOAD_ID: &str = "payload";
/// The id of a document that is written to find out whether writes are taken.
const PROBE_ID: &str = "probe";

impl ClusterIndex {
    /// See [`crate::Index::payload`].
    pub(crate) fn payload(&self) -> Result<Option<String>, IndexError> {
        let found = self.documents(&self.state, &[PAYLOAD_ID], &["payload"])?;
        let payload = found.into_iter().next().flatten();
        Ok(payload.and_then(|found| Some(found.source.get("payload")?.as_str()?.to_owned())))
    }

    /// Whether every report can be read and written.
    pub(crate) fn check(&self) -> Result<(), IndexError> {
        let path = format!("/_cluster/health/{},{}?timeout=1s", self.reports, self.state);
        let health = self.ask_about(ClusterMethod::Get, path, String::new())?;
        match health.get("status").and_then(Value::as_str) {
            Some("green" | "yellow") => Ok(()),
            status => {
                let status = status.unwrap_or("unknown");
                Err(ClusterError::Unavailable(format!("the health of {} is {status}", self.reports)).into())
            }
        }
    }

    /// Writes a document of that size, to find out whether the cluster takes writes.
    pub(crate) fn check_room(&self) -> Result<(), IndexError> {
        let path = format!("/{}/_doc/{PROBE_ID}", self.state);
        self.ask_about(ClusterMethod::Put, path, r#"{"payload":"probe"}"#.to_owned())?;
        Ok(())
    }

    fn ask_about(&self, method: ClusterMethod, path: String, body: String) -> Result<Value, IndexError> {
        self.cluster.ask_about(&self.reports, method, path, body)
    }
}
