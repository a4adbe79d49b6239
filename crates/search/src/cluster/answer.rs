//! What the answers of a cluster say.

use serde_json::Value;

use crate::{ClusterAnswer, ClusterError, IndexError};

/// Characters of what a cluster says that a message repeats.
const MAX_SAID: usize = 400;

impl From<ClusterError> for IndexError {
    fn from(error: ClusterError) -> Self {
        Self::Cluster(error)
    }
}

/// The JSON of an answer.
pub(super) fn json_of(answer: &ClusterAnswer) -> Result<Value, ClusterError> {
    serde_json::from_slice(&answer.body)
        .map_err(|error| ClusterError::Unreachable(format!("the answer is no whole JSON: {error}")))
}

/// Why a request as a whole was not carried out.
pub(super) fn error_of(answer: &ClusterAnswer) -> ClusterError {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let why = match body.get("error") {
        Some(error) => reason(error),
        None => shortened(&String::from_utf8_lossy(&answer.body)),
    };
    let kind = body.pointer("/error/type").and_then(Value::as_str).unwrap_or_default();
    classified(answer.status, kind, why)
}

/// The error of a status and the name that OpenSearch gives to it.
pub(super) fn classified(status: u16, kind: &str, why: String) -> ClusterError {
    match (status, kind) {
        (_, "cluster_block_exception") => ClusterError::Blocked(why),
        (
            _,
            "index_not_found_exception"
            | "unavailable_shards_exception"
            | "no_shard_available_action_exception",
        ) => ClusterError::Unavailable(why),
        (_, "search_phase_execution_exception") if status >= 500 => ClusterError::Unavailable(why),
        (401 | 403, _) => ClusterError::Forbidden(why),
        (409, _) => ClusterError::Conflict(why),
        (413 | 429, _) => ClusterError::Busy(why),
        (502..=504, _) => ClusterError::Unreachable(why),
        (status, _) => ClusterError::Unexpected { status, why },
    }
}

/// What an `error` of an answer says, with its cause.
pub(super) fn reason(error: &Value) -> String {
    let text = |pointer: &str| error.pointer(pointer).and_then(Value::as_str);
    let causes = [text("/reason"), text("/caused_by/reason"), text("/root_cause/0/reason"), error.as_str()];
    let mut said: Vec<&str> = Vec::new();
    for cause in causes.into_iter().flatten() {
        if !cause.is_empty() && !said.contains(&cause) {
            said.push(cause);
        }
    }
    shortened(&said.join(": "))
}

fn shortened(said: &str) -> String {
    said.chars().take(MAX_SAID).collect()
}
