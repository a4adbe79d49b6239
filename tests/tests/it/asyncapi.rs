//! The description of what leaves, `proto/asyncapi.json`.

use std::collections::BTreeMap;

use serde_json::json;
use tests::asyncapi::{Message, check, check_description};

#[test]
fn the_description_is_asyncapi() {
    check_description("asyncapi::the_description_is_asyncapi");
}

#[test]
fn a_report_that_is_gone_is_described() {
    let data = json!({"report": "0123abcd", "region": {"code": "370400"}, "year": 2024});
    let event = json!({
        "specversion": "1.0",
        "id": "0123abcd.9f86d081884c7d659a2feaa0c55ad015-g0",
        "source": "/gouji/zaozhuang",
        "type": "cn.gouji.report.gone.v1",
        "subject": "0123abcd",
        "time": "2026-11-30T07:00:00Z",
        "sequence": "00000000000000000042",
        "logmadeat": "2026-01-01T00:00:00Z",
        "datacontenttype": "application/json",
        "data": data,
    });
    let of = |channel, payload: &serde_json::Value| Message {
        channel,
        headers: BTreeMap::new(),
        payload: payload.to_string(),
    };
    check("asyncapi::a_report_that_is_gone_is_described", &[of("webhook", &event), of("lines", &data)]);
}
