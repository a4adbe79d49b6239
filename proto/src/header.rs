//! Names of the headers that a fact carries.
//!
//! The names that begin with `ce-` are the CloudEvents binary mode of the NATS binding: the message is
//! the bare protobuf and the attributes of the envelope are headers.

/// Makes a second publish of the same fact recognisable: the fact's name, `.` and its id.
pub const MESSAGE_ID: &str = "Nats-Msg-Id";
/// W3C trace context of the work that published the fact.
pub const TRACEPARENT: &str = "traceparent";

/// Always [`CE_SPECVERSION_VALUE`].
pub const CE_SPECVERSION: &str = "ce-specversion";
/// The version of CloudEvents that is spoken.
pub const CE_SPECVERSION_VALUE: &str = "1.0";
/// Identity of the event: the same as [`MESSAGE_ID`].
pub const CE_ID: &str = "ce-id";
/// The stage that published, as `/gouji/<stage>`.
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
