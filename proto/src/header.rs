//! Names of the headers of a fact.
//!
//! The names that begin with `ce-` are the CloudEvents binary mode of the NATS binding: the payload is the
//! bare protobuf message, and headers carry the attributes of the envelope.

/// W3C trace context of the span that published the fact.
pub const TRACEPARENT: &str = "traceparent";

/// Always [`CE_SPECVERSION_VALUE`].
pub const CE_SPECVERSION: &str = "ce-specversion";
/// The version of CloudEvents.
pub const CE_SPECVERSION_VALUE: &str = "1.0";
/// Identity of the event: the fact's name, `.` and its id.
pub const CE_ID: &str = "ce-id";
/// The installation and its service that published, as `/gouji/<installation>/<service>`.
pub const CE_SOURCE: &str = "ce-source";
/// The fact's [`Fact::TYPE`](crate::Fact::TYPE).
pub const CE_TYPE: &str = "ce-type";
/// The id of the reading that the fact is about.
pub const CE_SUBJECT: &str = "ce-subject";
/// When it was published, RFC 3339.
pub const CE_TIME: &str = "ce-time";
/// Always [`CE_DATACONTENTTYPE_VALUE`].
pub const CE_DATACONTENTTYPE: &str = "ce-datacontenttype";
/// Media type of the payload.
pub const CE_DATACONTENTTYPE_VALUE: &str = "application/protobuf";
