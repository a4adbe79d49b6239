//! Requests to the API of JetStream that the client library does not offer.

use std::time::Duration;

use async_nats::RequestErrorKind;
use async_nats::jetstream::{self, ErrorCode};
use serde_json::Value;

use crate::connect::Bus;

/// Why a request to the API failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("the bus answers: {description}")]
    Answer { code: ErrorCode, status: usize, description: String },
    #[error("nobody answers for JetStream on this bus; is it switched on?")]
    Nobody,
    #[error("{0}")]
    NoAnswer(String),
}

impl ApiError {
    /// Whether the same request may succeed in a second.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Answer { status, .. } => *status == UNAVAILABLE,
            Self::Nobody | Self::NoAnswer(_) => true,
        }
    }
}

/// The status of an answer while the stream has no leader.
const UNAVAILABLE: usize = 503;

/// The prefix of requests to the API of JetStream in our own account.
pub(crate) const OURS: &str = "$JS.API";
/// The same in the account of a region, as identities.conf imports it.
pub(crate) fn of_region(region: &str) -> String {
    format!("REGION.{region}.API")
}

/// Sends a request to the API of JetStream; a null body sends no parameters.
pub(crate) async fn request(bus: &Bus, endpoint: String, body: &Value) -> Result<Value, ApiError> {
    request_to(bus, OURS, endpoint, body).await
}

/// The same to the API with this prefix.
pub(crate) async fn request_to(
    bus: &Bus,
    api: &str,
    endpoint: String,
    body: &Value,
) -> Result<Value, ApiError> {
    let payload = if body.is_null() { String::new() } else { body.to_string() };
    let request = async_nats::Request::new().payload(payload.into()).timeout(Some(ANSWER_TIMEOUT));
    let answer = bus.client.send_request(format!("{api}.{endpoint}"), request).await;
    let answer = answer.map_err(|error| match error.kind() {
        RequestErrorKind::NoResponders => ApiError::Nobody,
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
