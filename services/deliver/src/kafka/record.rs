//! The headers of a message: the binary mode of the Kafka binding of CloudEvents.

use rdkafka::message::{Header, OwnedHeaders};

use crate::change::Change;
use crate::envelope::{CONTENT_TYPE, attributes};

/// The envelope of a change. The media type has a header without the prefix, as the binding wants it.
pub(super) fn headers(source: &str, log_made_at_ms: i64, change: &Change) -> OwnedHeaders {
    let attributes = attributes(change, source, log_made_at_ms);
    let headers = OwnedHeaders::new_with_capacity(attributes.len() + 1);
    let headers = attributes.iter().fold(headers, |headers, (name, value)| {
        headers.insert(Header { key: &format!("ce_{name}"), value: Some(value) })
    });
    headers.insert(Header { key: "content-type", value: Some(CONTENT_TYPE) })
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
        let headers = headers("/gouji/枣庄", 1_700_000_000_000, &change);
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
            ("ce_logmadeat", "2023-11-14T22:13:20Z"),
            ("content-type", "application/json"),
        ];
        assert_eq!(found, expected);
    }
}
