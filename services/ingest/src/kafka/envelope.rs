//! What a message says: the bytes of a file, or where the file is.

use access::redact;
use data_encoding::BASE64;
use proto::RefusalClass;
use rdkafka::message::{Headers as _, Message as _, OwnedMessage};
use serde::Deserialize;
use serde_json::Value;

use crate::manifest::RefusedFile;

/// A message and its headers.
pub(super) struct Envelope<'a> {
    message: &'a OwnedMessage,
}

/// What is to be submitted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// The file.
    Bytes(Vec<u8>),
    /// Where it is.
    Reference(Reference),
}

/// A file that is elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Reference {
    /// Its address.
    pub(super) url: Option<String>,
    /// Its place in an object store, `s3://bucket/key`.
    pub(super) s3: Option<String>,
    /// SHA-256 of its bytes.
    pub(super) sha256: String,
    /// Its name; that of the message where it is absent.
    pub(super) file_name: Option<String>,
}

/// Why a message is no submission.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unusable {
    pub(super) class: RefusalClass,
    /// Chinese, for the sender.
    pub(super) message: String,
    /// English, for the operator.
    pub(super) detail: String,
}

/// Longest `ce_id` and `ce_source` that are part of a key; longer ones are cut, and the place makes up for it.
const LONGEST: usize = 500;

impl<'a> Envelope<'a> {
    pub(super) fn of(message: &'a OwnedMessage) -> Self {
        Self { message }
    }

    /// The text of the first header with one of these names; names are compared without regard to case.
    fn header(&self, name: &str) -> Option<&'a str> {
        let headers = self.message.headers()?;
        let found = headers.iter().find(|header| header.key.eq_ignore_ascii_case(name));
        let text = std::str::from_utf8(found?.value?).ok()?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// The media type, without parameters.
    fn media_type(&self) -> String {
        let header = self.header("content-type").unwrap_or_default();
        header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The name of the file: the header `file_name`, else the subject of the event, else the place of the message.
    pub(super) fn file_name(&self) -> String {
        let named = self.header("file_name").or_else(|| self.header("ce_subject"));
        named.map_or_else(|| self.place(), str::to_owned)
    }

    /// `topic-partition-offset`.
    pub(super) fn place(&self) -> String {
        format!("{}-{}-{}", self.message.topic(), self.message.partition(), self.message.offset())
    }

    /// The Idempotency-Key of its submission: the identity of the event, else the place of the message, with its
    /// time, because a topic that was made again counts from 0 again.
    pub(super) fn key(&self, inlet: &str) -> String {
        let id = self.header("ce_id").filter(|id| id.len() <= LONGEST);
        let source = self.header("ce_source").unwrap_or_default();
        match id {
            Some(id) if source.len() <= LONGEST => format!("kafka {inlet} {source} {id}"),
            _ => {
                let at_ms = self.message.timestamp().to_millis().unwrap_or_default();
                format!("kafka {inlet} {} {at_ms}", self.place())
            }
        }
    }

    /// A detail with where the message is.
    pub(super) fn about(&self, detail: &str) -> String {
        let place = self.place();
        redact(&match self.header("ce_id") {
            Some(id) => format!("{place} (ce_id {id}): {detail}"),
            None => format!("{place}: {detail}"),
        })
    }

    /// What is to be submitted. `most` is the largest file that a message may hold.
    pub(super) fn content(&self, most: usize) -> Result<Content, Unusable> {
        let payload = self.message.payload().unwrap_or_default();
        if payload.is_empty() {
            let message = "消息是空的，没有文件。请发送文件内容，或文件的地址和SHA-256。";
            return Err(Unusable::new(message, "the value is empty"));
        }
        let media_type = self.media_type();
        let content = match &*media_type {
            "application/cloudevents+json" => structured(payload)?,
            "application/cloudevents-batch+json" => {
                let message = "一条消息只能有一个事件。请逐个发送。";
                return Err(Unusable::new(message, "a batch of events; send one event a message"));
            }
            "application/json" => Content::Reference(reference(payload)?),
            _ => Content::Bytes(payload.to_vec()),
        };
        match content {
            Content::Bytes(bytes) if bytes.len() > most => {
                let (kb, most_kb) = (bytes.len() / 1_000, most / 1_000);
                Err(Unusable {
                    class: RefusalClass::TooLarge,
                    message: format!(
                        "文件有 {kb} KB，一条消息最多 {most_kb} KB。请改为发送文件的地址和SHA-256。"
                    ),
                    detail: format!("{kb} KB, and kafka.message_kb is {most_kb}; send a reference"),
                })
            }
            content => Ok(content),
        }
    }
}

/// An event in the structured mode of CloudEvents, whose data are a file or a reference.
fn structured(payload: &[u8]) -> Result<Content, Unusable> {
    let event: Value = json(payload)?;
    if let Some(data) = event.get("data_base64").and_then(Value::as_str) {
        let bytes = BASE64.decode(data.as_bytes()).map_err(|error| {
            let message = "事件的 data_base64 不是Base64。请检查发送程序。";
            Unusable::new(message, &format!("data_base64: {error}"))
        })?;
        return Ok(Content::Bytes(bytes));
    }
    match event.get("data") {
        Some(data @ Value::Object(_)) => Ok(Content::Reference(reference(data.to_string().as_bytes())?)),
        Some(Value::String(text)) => Ok(Content::Bytes(text.clone().into_bytes())),
        _ => {
            let message = "事件没有数据。请在 data_base64 中发送文件，或在 data 中写明文件的地址和SHA-256。";
            Err(Unusable::new(message, "an event without data_base64 and without data"))
        }
    }
}

fn reference(payload: &[u8]) -> Result<Reference, Unusable> {
    let reference: Reference = json(payload)?;
    let is_hash =
        reference.sha256.len() == 64 && reference.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
    match (&reference.url, &reference.s3) {
        (Some(_), None) | (None, Some(_)) if is_hash => Ok(reference),
        (Some(_), None) | (None, Some(_)) => {
            let message = "sha256 应为64位十六进制数，即文件的SHA-256。";
            Err(Unusable::new(message, "sha256 is not 64 hex digits"))
        }
        _ => {
            let message = "消息应写明 url 或 s3 中的一个。";
            Err(Unusable::new(message, "a reference has `url` or `s3`, and not both"))
        }
    }
}

fn json<T: for<'de> Deserialize<'de>>(payload: &[u8]) -> Result<T, Unusable> {
    serde_json::from_slice(payload).map_err(|error| {
        let message = "消息的类型是JSON，内容却不是所要的JSON：{\"url\"或\"s3\"、\"sha256\"、\"file_name\"}。发送文件本身时，请改正 content-type。";
        Unusable::new(message, &format!("not the JSON of a reference: {error}"))
    })
}

impl Unusable {
    /// A message of which nothing can be made.
    pub(super) fn new(message: &str, detail: &str) -> Self {
        Self { class: RefusalClass::BadEnvelope, message: message.to_owned(), detail: detail.to_owned() }
    }

    /// A file that was not accepted, such as an archive that cannot be opened.
    pub(super) fn of_file(refused: &RefusedFile) -> Self {
        let RefusedFile { class, message, file_name } = refused;
        Self { class: *class, message: message.clone(), detail: format!("{file_name}: {class}") }
    }

    /// A file that could not be fetched for too long.
    pub(super) fn not_fetched(why: &anyhow::Error) -> Self {
        let message = "多次尝试仍取不到消息所指的文件。请确认文件可以下载后重新发送。";
        Self::new(message, &format!("given up: {why:#}"))
    }

    /// A message with the identity of another one.
    pub(super) fn reused() -> Self {
        let message = "这个 ce_id 已用于另一份文件，内容与这次不同。发送其他文件请换一个新的标识。";
        Self::new(message, "another message with this ce_id had other content")
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::message::{Header, OwnedHeaders, Timestamp};

    use super::*;

    const SHA256: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    fn message(headers: &[(&str, &str)], payload: Option<&[u8]>) -> OwnedMessage {
        let owned = headers.iter().fold(OwnedHeaders::new(), |owned, (key, value)| {
            owned.insert(Header { key, value: Some(*value) })
        });
        let timestamp = Timestamp::CreateTime(1_700_000_000_000);
        OwnedMessage::new(payload.map(<[u8]>::to_vec), None, "t".into(), timestamp, 2, 7, Some(owned))
    }

    #[test]
    fn a_message_has_a_name_and_an_identity() {
        let check = |headers: &[(&str, &str)], name: &str, key: &str| {
            let message = message(headers, Some(b"a"));
            let envelope = Envelope::of(&message);
            assert_eq!(
                (envelope.file_name().as_str(), envelope.key("i").as_str()),
                (name, key),
                "{headers:?}"
            );
        };
        check(&[], "t-2-7", "kafka i t-2-7 1700000000000");
        check(&[("ce_subject", "年报.docx")], "年报.docx", "kafka i t-2-7 1700000000000");
        check(&[("File_Name", "a.html"), ("ce_subject", "b")], "a.html", "kafka i t-2-7 1700000000000");
        check(&[("ce_id", "1"), ("ce_source", "/局")], "t-2-7", "kafka i /局 1");
        check(&[("ce_id", " ")], "t-2-7", "kafka i t-2-7 1700000000000");
        check(&[("ce_id", &"长".repeat(LONGEST))], "t-2-7", "kafka i t-2-7 1700000000000");
    }

    #[test]
    fn the_value_is_a_file_or_says_where_it_is() {
        let of = |media_type: &str, payload: &[u8]| {
            let headers: &[(&str, &str)] = &[("content-type", media_type)];
            Envelope::of(&message(headers, Some(payload))).content(10_000)
        };
        let bytes = |bytes: &[u8]| Ok(Content::Bytes(bytes.to_vec()));
        assert_eq!(of("text/html; charset=gbk", b"<html>"), bytes(b"<html>"));
        assert_eq!(of("", b"{}"), bytes(b"{}"), "nothing says that it is JSON");
        let url = format!(r#"{{"url":"https://a/b","sha256":"{SHA256}","file_name":"b.docx","size":3}}"#);
        let Ok(Content::Reference(reference)) = of("Application/JSON; charset=utf-8", url.as_bytes()) else {
            panic!("{url}");
        };
        assert_eq!(
            (reference.url.as_deref(), reference.file_name.as_deref()),
            (Some("https://a/b"), Some("b.docx"))
        );
        let event = format!(r#"{{"specversion":"1.0","id":"1","data":{url}}}"#);
        assert_eq!(of("application/cloudevents+json", event.as_bytes()), Ok(Content::Reference(reference)));
        assert_eq!(of("application/cloudevents+json", br#"{"data_base64":"PGh0bWw+"}"#), bytes(b"<html>"));
    }

    #[test]
    fn what_is_no_submission_says_why() {
        let check = |media_type: &str, payload: Option<&[u8]>, class: RefusalClass, why: &str| {
            let message = message(&[("content-type", media_type)], payload);
            let unusable = Envelope::of(&message).content(1_000).unwrap_err();
            assert!(unusable.class == class && unusable.detail.contains(why), "{unusable:?}");
        };
        let bad = RefusalClass::BadEnvelope;
        check("text/html", None, bad, "empty");
        check("application/json", Some(b"<html>"), bad, "expected value");
        check("application/json", Some(br#"{"url":"https://a/b"}"#), bad, "sha256");
        check("application/json", Some(br#"{"url":"https://a/b","sha256":"12"}"#), bad, "64 hex digits");
        let both = format!(r#"{{"url":"https://a/b","s3":"s3://a/b","sha256":"{SHA256}"}}"#);
        check("application/json", Some(both.as_bytes()), bad, "and not both");
        check(
            "application/json",
            Some(format!(r#"{{"sha256":"{SHA256}"}}"#).as_bytes()),
            bad,
            "`url` or `s3`",
        );
        check("application/cloudevents+json", Some(b"{}"), bad, "without data");
        check("application/cloudevents+json", Some(br#"{"data_base64":"?"}"#), bad, "data_base64");
        check("application/cloudevents-batch+json", Some(b"[]"), bad, "one event a message");
        check("text/html", Some(&[b'a'; 1_001]), RefusalClass::TooLarge, "kafka.message_kb is 1");
    }
}
