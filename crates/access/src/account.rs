//! Accounts: the people who sign in, their passwords, and their sessions.
//!
//! They are in two buckets on the bus and not on the log: facts expire, every stage may read them, and the hash of a
//! password is for nobody but ingest and console. What is done to an account is recorded in the audit trail.

mod directory;
mod password;
mod session;
mod store;

pub use directory::{Account, AccountError, Directory, NewAccount, Profile};
pub use password::{Password, WeakPassword};
pub use session::{Session, SessionId, Way};
pub(crate) use session::{SessionError, Sessions};
pub(crate) use store::Accounts;
pub use store::ChangeError;

/// Random bytes as lower-case hex digits.
pub(crate) fn random_hex<const BYTES: usize>() -> anyhow::Result<String> {
    let mut random = [0; BYTES];
    getrandom::fill(&mut random)?;
    Ok(data_encoding::HEXLOWER.encode(&random))
}
