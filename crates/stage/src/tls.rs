//! One choice of cryptography for every TLS connection of the process.

/// Makes ring what TLS computes with, where nothing is chosen yet. An HTTP client cannot be made before.
pub fn prepare() {
    // Fails where somebody chose before, and then that stands.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
