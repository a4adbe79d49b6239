//! The validate service.
