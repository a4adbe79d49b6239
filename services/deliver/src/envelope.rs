//! The CloudEvents attributes of a change, the same on every bus that has them.

use jiff::Timestamp;

use crate::change::Change;

/// The media type of a payload.
pub const CONTENT_TYPE: &str = "application/json";

/// The CloudEvents attributes of a change, without the media type of its payload.
///
/// `source` names this installation, as two of them on one bus have the same sequences. `sequence` orders the changes
/// of one log; a log that was made again has another `logmadeat`.
pub fn attributes(change: &Change, source: &str, log_made_at_ms: i64) -> [(&'static str, String); 8] {
    [
        ("specversion", "1.0".to_owned()),
        ("id", change.id.clone()),
        ("source", source.to_owned()),
        ("type", change.state.event_type().to_owned()),
        ("subject", change.report.clone()),
        ("time", rfc3339(change.at_ms)),
        ("sequence", format!("{:020}", change.sequence)),
        ("logmadeat", rfc3339(log_made_at_ms)),
    ]
}

/// A change as one JSON object with its attributes and its payload as `data`: the structured mode of CloudEvents.
pub fn structured(change: &Change, source: &str, log_made_at_ms: i64) -> String {
    let mut object = serde_json::Map::new();
    for (name, value) in attributes(change, source, log_made_at_ms) {
        object.insert(name.to_owned(), value.into());
    }
    object.insert("datacontenttype".into(), CONTENT_TYPE.into());
    let mut text = serde_json::Value::Object(object).to_string();
    // The payload is JSON already; parsing it could change a figure.
    text.pop();
    format!("{text},\"data\":{}}}", change.json)
}

fn rfc3339(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map(|at| at.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::change::State;

    #[test]
    fn an_envelope_keeps_the_payload_as_it_is() {
        let change = Change {
            sequence: 42,
            at_ms: 1_700_000_000_000,
            id: "r1.v1".into(),
            report: "r1".into(),
            state: State::Gone { region: String::new(), year: 0 },
            json: r#"{"value":"12.50","文":"省"}"#.into(),
        };
        let text = structured(&change, "/gouji/省", 1_600_000_000_000);
        assert!(text.ends_with(r#","data":{"value":"12.50","文":"省"}}"#), "{text}");
        let event: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            event,
            json!({
                "specversion": "1.0", "id": "r1.v1", "source": "/gouji/省", "type": "cn.gouji.report.gone.v1",
                "subject": "r1", "time": "2023-11-14T22:13:20Z", "sequence": "00000000000000000042",
                "logmadeat": "2020-09-13T12:26:40Z", "datacontenttype": "application/json",
                "data": {"value": "12.50", "文": "省"},
            })
        );
    }
}
