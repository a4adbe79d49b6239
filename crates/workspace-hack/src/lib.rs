//! Empty: this crate exists for its manifest, which `cargo xtask features` writes.
