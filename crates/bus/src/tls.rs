//! The cryptography provider of every TLS connection of the process.

/// Installs ring as the default provider of rustls, unless one is installed already. An HTTP client cannot
/// be made before.
pub fn prepare() {
    // Fails where a provider is installed; that one stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
