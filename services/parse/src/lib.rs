//! The parse service.
