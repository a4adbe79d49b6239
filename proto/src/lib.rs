#![doc = include_str!("../README.md")]

#[cfg(feature = "facts")]
mod convert;
#[cfg(feature = "facts")]
mod fact;
pub mod header;
mod id;
mod refusal;
#[cfg(feature = "facts")]
mod state;
#[cfg(feature = "facts")]
pub mod subject;

#[cfg(feature = "facts")]
pub use convert::ConvertError;
#[cfg(feature = "facts")]
pub use fact::Fact;
pub use id::{ReportId, ReportIdError, next_id};
pub use prost::{DecodeError, Message, decode_length_delimiter};
pub use refusal::{ClassInfo, Fault, RefusalClass, RefusalClassError, Seen};
#[cfg(feature = "facts")]
pub use state::ReportState;

/// What leaves an installation.
pub mod bus {
    /// The messages of package `gouji.bus.v1`, generated from `proto/gouji/bus/v1/bus.proto`.
    #[expect(missing_docs, reason = "the comments are in the .proto files")]
    pub mod v1 {
        include!("generated/gouji.bus.v1.rs");
    }
}

/// The messages of package `gouji.v1`, generated from `proto/gouji/v1/*.proto`.
#[expect(missing_docs, reason = "the comments are in the .proto files")]
pub mod v1 {
    include!("generated/gouji.v1.rs");
}
