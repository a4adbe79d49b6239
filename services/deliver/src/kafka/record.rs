//! The headers of a message: the binary mode of the Kafka binding of CloudEvents.

use jiff::Timestamp;
use rdkafka::message::{Header, OwnedHeaders};

use crate::change::Change;

/// The header of the sequence on the log, twenty digits, so that texts compare like numbers.
pub(super) const SEQUENCE: &str = "ce_sequence";
/// The header of when the log was made, milliseconds since 1970-01-01 UTC. Sequences of two logs do not compare.
pub(super) const LOG_MADE_AT: &str = "ce_logmadeat";

/// The envelope of a change.
pub(super) fn headers(source: &str, log_made_at_ms: i64, change: &Change) -> OwnedHeaders {
    let sequence = format!("{:020}", change.sequence);
    let log_made_at = log_made_at_ms.to_string();
    let time = Timestamp::from_millisecond(change.at_ms).unwrap_or_default().to_string();
    let attributes = [
        ("ce_specversion", "1.0"),
        ("ce_id", &change.id),
        ("ce_source", source),
        ("ce_type", change.state.event_type()),
        ("ce_subject", &change.report),
        ("ce_time", &time),
        (SEQUENCE, &sequence),
        (LOG_MADE_AT, &log_made_at),
        ("content-type", "application/json"),
    ];
    let headers = OwnedHeaders::new_with_capacity(attributes.len());
    attributes
        .into_iter()
        .fold(headers, |headers, (key, value)| headers.insert(Header { key, value: Some(value) }))
}

#[cfg(test)]
mod tests {
    use rdkafka::message::Headers as _;

    use super::*;
    use crate::change::State;

    #[test]
    fn the_envelope_is_that_of_the_binding() {
        let change = Change {
            sequence: 42,
            at_ms: 1_736_000_000_123,
            id: "k.v".into(),
            report: "k".into(),
            state: State::Gone { region: "370400".into(), year: 2024 },
            json: "{}".into(),
        };
        let headers = headers("/gouji/枣庄", 7, &change);
        let found: Vec<(&str, &str)> = headers
            .iter()
            .map(|header| (header.key, std::str::from_utf8(header.value.unwrap_or_default()).unwrap()))
            .collect();
        let expected = [
            ("ce_specversion", "1.0"),
            ("ce_id", "k.v"),
            ("ce_source", "/gouji/枣庄"),
            ("ce_type", "cn.gouji.report.gone.v1"),
            ("ce_subject", "k"),
            ("ce_time", "2025-01-04T14:13:20.123Z"),
            ("ce_sequence", "00000000000000000042"),
            ("ce_logmadeat", "7"),
            ("content-type", "application/json"),
        ];
        assert_eq!(found, expected);
    }
}
