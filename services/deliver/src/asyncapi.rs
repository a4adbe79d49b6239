//! What leaves, as AsyncAPI 3.0: `proto/asyncapi.json`.
//!
//! The messages are the same on every bus. Kafka and NATS carry the attributes of CloudEvents in headers and the
//! object as the payload; a webhook gets both as one JSON object. A folder has the same facts as rows, and its
//! manifest is the message that says that they are whole.
//!
//! `GOUJI_GENERATE=1 cargo test -p deliver asyncapi` writes the file again; without it that test compares.

use report::{CellState, Doubt, Form, FormId, Judgement, Severity, Verdict, Witness, full_width_brackets};
use serde_json::{Map, Value, json};

use crate::envelope;

/// The version of the contract: a field that is added raises the second number, anything else the first.
const VERSION: &str = "1.0.0";

/// The whole description.
pub fn document() -> Value {
    json!({
        "asyncapi": "3.0.0",
        "id": "urn:cn:gouji:bus:v1",
        "info": {
            "title": "gouji.bus.v1",
            "version": VERSION,
            "description": "What an installation of gouji (勾稽) tells data buses about annual reports on government \
                information disclosure (政府信息公开工作年度报告): which version of a report stands, with its figures, \
                and which report was taken back. Nothing says who sent a report, under which file name, or what \
                anybody did with it inside the installation.",
            "license": {"name": "Apache-2.0"},
            "tags": [{"name": "政府信息公开"}, {"name": "政务信息资源"}],
        },
        "defaultContentType": envelope::CONTENT_TYPE,
        "servers": servers(),
        "channels": channels(),
        "operations": operations(),
        "components": {"messages": messages(), "schemas": schemas()},
    })
}

/// The buses. Their addresses are the office's.
fn servers() -> Value {
    let host = |what: &str| json!({"host": {"description": what, "default": "bus.example"}});
    json!({
        "kafka": {
            "host": "{host}:9092",
            "protocol": "kafka",
            "description": "A Kafka cluster: `[[outlet]] to = \"kafka\"`.",
            "variables": host("`outlet.kafka.brokers`"),
        },
        "nats": {
            "host": "{host}:4222",
            "protocol": "nats",
            "description": "A NATS server, by the stream EXPORT: `[[outlet]] to = \"nats\"`.",
            "variables": host("the server that readers connect to, or their leaf node"),
        },
        "webhook": {
            "host": "{host}",
            "protocol": "https",
            "description": "An address that is called: `[[outlet]] to = \"webhook\"`.",
            "variables": host("the host of `outlet.webhook.url`"),
        },
        "folder": {
            "host": "{host}",
            "protocol": "sftp",
            "description": "An exchange folder (前置机), read locally, by SFTP or by whatever carries files: \
                `[[outlet]] to = \"folder\"`.",
            "variables": host("the front machine"),
        },
    })
}

/// Where messages are, on each bus.
fn channels() -> Value {
    let on = |server: &str| json!([{"$ref": format!("#/servers/{server}")}]);
    let both = |bus: &str| {
        json!({
            "stands": {"$ref": format!("#/components/messages/ReportStands{bus}")},
            "gone": {"$ref": format!("#/components/messages/ReportGone{bus}")},
        })
    };
    json!({
        "kafka": {
            "address": "{topic}",
            "title": "A topic",
            "description": "Keyed by the report, so a topic with `cleanup.policy=compact` keeps what stands of each.",
            "servers": on("kafka"),
            "parameters": {"topic": {"description": "`outlet.kafka.topic`", "default": "gouji.report.v1"}},
            "messages": both("OnKafka"),
        },
        "nats": {
            "address": "gouji.bus.v1.{fact}.{province}.{city}.{county}.{report}",
            "title": "The subjects of the stream EXPORT",
            "description": "A city hears its counties by `gouji.bus.v1.*.37.04.>`.",
            "servers": on("nats"),
            "parameters": {
                "fact": {"description": "What the message says", "enum": ["stands", "gone"]},
                "province": {"description": "The first two digits of the region's code; `_` where it is not known"},
                "city": {"description": "The next two digits"},
                "county": {"description": "The next two digits; `00` for the city itself"},
                "report": {"description": "The key of the report"},
            },
            "messages": both("OnNats"),
        },
        "webhook": {
            "address": "{path}",
            "title": "One POST a message",
            "description": "Headers of Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`), or \
                the signature of a platform.",
            "servers": on("webhook"),
            "parameters": {"path": {"description": "The path of `outlet.webhook.url`"}},
            "messages": both("AtWebhook"),
            "bindings": {"http": {"bindingVersion": "0.3.0"}},
        },
        "folder": {
            "address": "{outlet}-{made}-{from}-{to}/manifest.json",
            "title": "A batch in a folder",
            "description": "A directory a batch. It is whole and never changes once it has `manifest.json`. Its \
                tables are `reports.csv`, `cells.csv` and `findings.csv`, UTF-8 with a byte order mark.",
            "servers": on("folder"),
            "parameters": {
                "outlet": {"description": "The name of the outlet"},
                "made": {"description": "When the log was made"},
                "from": {"description": "The first sequence of the batch"},
                "to": {"description": "The last sequence of the batch"},
            },
            "messages": {"manifest": {"$ref": "#/components/messages/Manifest"}},
        },
        "lines": {
            "address": "{outlet}-{made}-{from}-{to}/reports.jsonl",
            "title": "The messages of a batch as lines of JSON",
            "description": "Where `outlet.folder.formats` asks for `jsonl`: a payload a line. `reports.csv` has the \
                attributes of each.",
            "servers": on("folder"),
            "parameters": {
                "outlet": {"description": "The name of the outlet"},
                "made": {"description": "When the log was made"},
                "from": {"description": "The first sequence of the batch"},
                "to": {"description": "The last sequence of the batch"},
            },
            "messages": both("InFolder"),
        },
    })
}

fn operations() -> Value {
    let send = |channel: &str, what: &str| json!({"action": "send", "channel": {"$ref": format!("#/channels/{channel}")}, "summary": what});
    json!({
        "toKafka": send("kafka", "Each change is a message, at least once, in order for each report."),
        "toNats": send("nats", "Each change is a message, once, in order for each report."),
        "toWebhook": send("webhook", "Each change is a request, at least once, in order for each report."),
        "toFolder": send("folder", "Changes are collected into batches, each written once."),
    })
}

/// A fact that leaves.
struct Outward {
    name: &'static str,
    event_type: &'static str,
    title: &'static str,
    summary: &'static str,
}

const OUTWARD: [Outward; 2] = [
    Outward {
        name: "ReportStands",
        event_type: "cn.gouji.report.stands.v1",
        title: "A version of a report stands",
        summary: "It takes the place of everything that was said about this report before. It comes again where its \
            findings change beside other reports or under another rule policy (`rejudged`).",
    },
    Outward {
        name: "ReportGone",
        event_type: "cn.gouji.report.gone.v1",
        title: "A report was taken back",
        summary: "Nothing stands of it until a message says that a version stands.",
    },
];

fn messages() -> Value {
    let mut messages = Map::new();
    for fact in &OUTWARD {
        let payload = json!({"$ref": format!("#/components/schemas/{}", fact.name)});
        let message = |bus: &str, content_type: &str, headers: Option<Value>, payload: Value| {
            let mut message = json!({
                "name": fact.event_type,
                "title": fact.title,
                "summary": fact.summary,
                "contentType": content_type,
                "payload": payload,
            });
            if let Some(headers) = headers {
                message["headers"] = headers;
            }
            (format!("{}{bus}", fact.name), message)
        };
        let mut kafka = headers("ce_", fact.event_type, "content-type");
        kafka["description"] = "CloudEvents 1.0, binary mode of the Kafka binding.".into();
        let mut nats = headers("ce-", fact.event_type, "ce-datacontenttype");
        nats["description"] =
            "CloudEvents 1.0, binary mode of the NATS binding; values are percent-encoded.".into();
        let (name, mut on_kafka) = message("OnKafka", envelope::CONTENT_TYPE, Some(kafka), payload.clone());
        on_kafka["bindings"] =
            json!({"kafka": {"key": {"type": "string", "description": "The key of the report."}}});
        messages.insert(name, on_kafka);
        messages.extend([message("OnNats", envelope::CONTENT_TYPE, Some(nats), payload.clone())]);
        messages.extend([message("InFolder", envelope::CONTENT_TYPE, None, payload.clone())]);
        let event = json!({"$ref": format!("#/components/schemas/{}Event", fact.name)});
        messages.extend([message("AtWebhook", "application/cloudevents+json", None, event)]);
    }
    messages.insert(
        "Manifest".into(),
        json!({
            "name": "manifest.json",
            "title": "A batch in a folder is whole",
            "contentType": "application/json",
            "payload": {"$ref": "#/components/schemas/Manifest"},
        }),
    );
    messages.into()
}

/// The attributes of CloudEvents, without the media type of the payload.
fn attributes(event_type: &str) -> [(&'static str, Value); 8] {
    [
        ("specversion", json!({"type": "string", "const": "1.0"})),
        (
            "id",
            text(
                "`<report>.<version>`, with the number of the judgement after it where it was judged again. The \
            same whenever the message comes again.",
            ),
        ),
        (
            "source",
            json!({"type": "string", "pattern": "^/gouji(/.+)?$", "description": "The installation."}),
        ),
        ("type", json!({"type": "string", "const": event_type})),
        ("subject", text("The key of the report.")),
        ("time", instant("When the log of the installation stored it.")),
        (
            "sequence",
            json!({
                "type": "string",
                "pattern": "^[0-9]{20}$",
                "description": "Its place on that log: of two messages about a report the greater one stands, as long as \
                    `logmadeat` is the same.",
            }),
        ),
        ("logmadeat", instant("When that log was made. A log that was rebuilt counts from 1.")),
    ]
}

/// The headers of the binary mode.
fn headers(prefix: &str, event_type: &str, media_type: &str) -> Value {
    let mut properties: Map<String, Value> = attributes(event_type)
        .into_iter()
        .map(|(name, schema)| (format!("{prefix}{name}"), schema))
        .collect();
    properties.insert(media_type.into(), json!({"type": "string", "const": envelope::CONTENT_TYPE}));
    let required: Vec<String> = properties.keys().cloned().collect();
    json!({"type": "object", "required": required, "properties": properties})
}

fn schemas() -> Value {
    let mut schemas = Map::new();
    for fact in &OUTWARD {
        schemas.insert(format!("{}Event", fact.name), event(fact));
    }
    schemas.extend([
        ("ReportStands".to_owned(), report_stands()),
        ("ReportGone".to_owned(), report_gone()),
        ("Region".to_owned(), region()),
        ("Cell".to_owned(), cell()),
        ("Origin".to_owned(), origin()),
        ("Claim".to_owned(), claim()),
        ("Finding".to_owned(), finding()),
        ("Decimal".to_owned(), decimal()),
        ("Manifest".to_owned(), manifest()),
    ]);
    schemas.extend(FormId::ALL.map(|form| (cells_of(form), cells(Form::get(form)))));
    schemas.into()
}

/// The structured mode: the attributes and the payload in one object.
fn event(fact: &Outward) -> Value {
    let mut properties: Map<String, Value> =
        attributes(fact.event_type).into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    properties.insert("datacontenttype".into(), json!({"type": "string", "const": envelope::CONTENT_TYPE}));
    properties.insert("data".into(), json!({"$ref": format!("#/components/schemas/{}", fact.name)}));
    closed(properties)
}

fn report_stands() -> Value {
    let mut schema = with_optional(
        json!({
            "report": text("Key of the report: the same for every version of it."),
            "version": text("The version: `<32 hex digits of the original>-g<generation>`."),
            "sha256": json!({"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "Of the original."}),
            "media_type": text("Of the original, by its bytes; empty where it is not known."),
            "status": one_of(&["read", "partial"], "Whether every cell was read, or some are missing or no numbers."),
            "reason": or_null(text("Why not everything was read, Chinese.")),
            "agency": or_null(text("As the report names itself.")),
            "region": or_null(refer("Region")),
            "year": or_null(json!({"type": "integer", "minimum": 2007, "maximum": 2099})),
            "form": or_null(one_of(&FormId::ALL.map(FormId::as_str), "The official form that its tables follow.")),
            "published": or_null(json!({"type": "string", "format": "date"})),
            "published_source": or_null(text("Where the day of publication stands.")),
            "verdict": one_of(&Verdict::ALL.map(Verdict::as_str), "On the whole report, after all findings."),
            "errors": json!({"type": "integer", "minimum": 0, "description": "Findings that are errors and count."}),
            "warnings": json!({"type": "integer", "minimum": 0, "description": "The same of warnings."}),
            "rejudged": json!({
                "type": "boolean",
                "description": "Judged again after it was indexed: beside another year's report, another version, or \
                    under another rule policy.",
            }),
        }),
        json!({
            "cells": json!({
                "description": "Every cell of the form by its id. Where the outlet carries figures.",
                "type": "object",
            }),
            "claims": json!({
                "type": "array",
                "items": refer("Claim"),
                "description": "Numbers of the narrative. Where the outlet carries figures.",
            }),
            "findings": json!({
                "type": "array",
                "items": refer("Finding"),
                "description": "Where the outlet carries findings.",
            }),
        }),
    );
    // The ids of the cells follow from the form; a report without a form has none.
    schema["allOf"] = FormId::ALL
        .map(|form| {
            json!({
                "if": {"properties": {"form": {"const": form.as_str()}}},
                "then": {"properties": {"cells": refer(&cells_of(form))}},
            })
        })
        .into_iter()
        .chain([json!({
            "if": {"properties": {"form": {"type": "null"}}},
            "then": {"properties": {"cells": {"maxProperties": 0}}},
        })])
        .collect();
    schema
}

fn report_gone() -> Value {
    closed(fields(json!({
        "report": text("Key of the report."),
        "region": or_null(json!({
            "type": "object",
            "required": ["code"],
            "properties": {"code": region_code()},
            "additionalProperties": false,
        })),
        "year": or_null(json!({"type": "integer", "minimum": 2007, "maximum": 2099})),
    })))
}

fn region() -> Value {
    closed(fields(json!({"code": region_code(), "name": text("Full name from the province down.")})))
}

fn region_code() -> Value {
    json!({
        "type": "string",
        "pattern": "^([0-9]{6}|[0-9]{9})$",
        "description": "GB/T 2260, six digits down to the county; nine for a township.",
    })
}

fn cells_of(form: FormId) -> String {
    format!("Cells{}", form.as_str())
}

/// The cells of a form, all of them.
fn cells(form: &Form) -> Value {
    let of = |id: &report::CellId| {
        let title = format!("{}·{}", id.table().short_title(), full_width_brackets(form.label(*id)));
        (id.as_str().to_owned(), json!({"title": title, "allOf": [refer("Cell")]}))
    };
    closed(form.cells().iter().map(of).collect())
}

fn cell() -> Value {
    let mut schema = with_optional(
        json!({
            "value": or_null(refer("Decimal")),
            "state": one_of(
                &CellState::ALL.map(CellState::as_str),
                "`read`: printed. `derived`: not printed, but the only value that the equations allow. `doubtful`: \
                 what is stored and what is seen may differ, and nothing may be concluded from the value. `blank`, \
                 `placeholder`, `unreadable`, `missing`: no value, and none of them is 0.",
            ),
            "text": or_null(text("As printed.")),
            "origin": or_null(refer("Origin")),
        }),
        json!({
            "doubt": one_of(&Doubt::ALL.map(Doubt::as_str), "Why it is doubtful; in no other state."),
            "witness": one_of(
                &Witness::ALL.map(Witness::as_str),
                "What speaks for a figure that was read off a scan; absent where the file holds its characters.",
            ),
        }),
    );
    let has_value = |states: &[CellState], value: Value| {
        let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        json!({
            "if": {"properties": {"state": {"enum": states}}},
            "then": {"properties": {"value": value}},
        })
    };
    use CellState::{Blank, Derived, Missing, Placeholder, Read, Unreadable};
    schema["allOf"] = json!([
        has_value(&[Read, Derived], json!({"type": "string"})),
        has_value(&[Blank, Placeholder, Unreadable, Missing], json!({"type": "null"})),
    ]);
    schema
}

fn origin() -> Value {
    let number = || or_null(json!({"type": "integer", "minimum": 0}));
    let mut properties: Map<String, Value> = ["page", "line", "start", "end", "table", "row", "column"]
        .map(|name| (name.to_owned(), number()))
        .into_iter()
        .collect();
    properties.insert(
        "box".into(),
        or_null(json!({
            "type": "array",
            "items": {"type": "integer"},
            "minItems": 4,
            "maxItems": 4,
            "description": "Left, top, right and bottom in points from the page's top left corner.",
        })),
    );
    let mut schema = closed(properties);
    schema["description"] = "Where it stands in the original; `start` and `end` are bytes.".into();
    schema
}

fn claim() -> Value {
    closed(fields(json!({
        "text": text("The words around the number, as printed."),
        "value": refer("Decimal"),
        "unit": {"type": "string"},
        "exact": {"type": "boolean", "description": "False for 余, 约 and their like."},
        "about": or_null(text("Id of the cell, or of a named sum of cells, that it speaks of.")),
        "relation": one_of(&["is", "above", "below"], "Whether it is the quantity, or by how much that differs from \
            last year's."),
        "origin": refer("Origin"),
    })))
}

fn finding() -> Value {
    closed(fields(json!({
        "rule": text("Id of the rule, e.g. `T3-01`."),
        "severity": one_of(&Severity::ALL.map(Severity::as_str), "How much it weighs."),
        "verdict": one_of(&Judgement::ALL.map(Judgement::as_str), "Whether it fails, or cannot be judged."),
        "message": text("A sentence for the agency, Chinese."),
        "cells": {"type": "array", "items": {"type": "string"}, "description": "Ids of the cells it is about."},
        "left": or_null(refer("Decimal")),
        "right": or_null(refer("Decimal")),
        "repair": or_null(closed(fields(json!({
            "cell": {"type": "string"},
            "value": refer("Decimal"),
            "reason": {"type": "string"},
        })))),
        "origin": or_null(refer("Origin")),
        "against": or_null(closed(fields(json!({
            "agency": or_null(json!({"type": "string"})),
            "year": or_null(json!({"type": "integer"})),
            "origin": or_null(refer("Origin")),
        })))),
        "waiver": or_null(closed(fields(json!({
            "why": {"type": "string"},
            "until": {"type": "string", "format": "date"},
        })))),
    })))
}

fn decimal() -> Value {
    json!({
        "type": "string",
        "pattern": "^-?[0-9]+(\\.[0-9]+)?$",
        "description": "An exact decimal without padding, in the unit of the form: `9`, `542.55`.",
    })
}

fn manifest() -> Value {
    closed(fields(json!({
        "outlet": text("Its name."),
        "log_made_at": instant("When the log was made that the sequences count."),
        "from": {"type": "integer", "minimum": 1, "description": "The first sequence of the batch."},
        "to": {"type": "integer", "minimum": 1, "description": "The last sequence of the batch."},
        "sequences": text("The sequences of its messages, `3,5-9`."),
        "files": {
            "type": "array",
            "items": closed(fields(json!({
                "name": {"type": "string"},
                "rows": {"type": "integer", "minimum": 0, "description": "Without the heading."},
                "size": {"type": "integer", "minimum": 0, "description": "Bytes."},
                "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                "sm3": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            }))),
        },
    })))
}

fn text(what: &str) -> Value {
    json!({"type": "string", "description": what})
}

fn instant(what: &str) -> Value {
    json!({"type": "string", "format": "date-time", "description": what})
}

fn one_of(names: &[&str], what: &str) -> Value {
    json!({"type": "string", "enum": names, "description": what})
}

fn refer(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn or_null(schema: Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}

fn fields(object: Value) -> Map<String, Value> {
    let Value::Object(fields) = object else { unreachable!("json! of braces is an object") };
    fields
}

/// An object that has these fields and no other.
fn closed(properties: Map<String, Value>) -> Value {
    let required: Vec<String> = properties.keys().cloned().collect();
    json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
}

/// The same, with fields that may be absent.
fn with_optional(required: Value, optional: Value) -> Value {
    let mut schema = closed(fields(required));
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.extend(fields(optional));
    }
    schema
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::change::State;

    #[test]
    fn the_committed_description_is_what_leaves() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/asyncapi.json");
        let fresh = format!("{:#}\n", document());
        if std::env::var_os("GOUJI_GENERATE").is_some_and(|value| value == "1") {
            std::fs::write(&path, fresh).unwrap();
        } else if std::fs::read_to_string(&path).unwrap_or_default() != fresh {
            panic!(
                "proto/asyncapi.json is not what leaves; run `GOUJI_GENERATE=1 cargo test -p deliver asyncapi`"
            );
        }
    }

    #[test]
    fn types_are_those_of_changes() {
        let gone = State::Gone { region: String::new(), year: 0 };
        assert_eq!(gone.event_type(), OUTWARD[1].event_type);
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
            match value {
                Value::Object(fields) => {
                    found.extend(fields.get("$ref").and_then(Value::as_str));
                    fields.values().for_each(|field| references(field, found));
                }
                Value::Array(items) => items.iter().for_each(|item| references(item, found)),
                _ => (),
            }
        }
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 300, "{}", found.len());
        for reference in found {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
    }
}
