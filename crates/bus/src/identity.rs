//! Authentication: how a process identifies itself to the bus, and how it verifies the servers.
//!
//! A secret is in a named file, or before the `@` of the URL; no error message repeats either.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use async_nats::rustls::pki_types::pem::PemObject;
use async_nats::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use async_nats::rustls::{ClientConfig, RootCertStore, crypto};
use async_nats::{ConnectOptions, ServerAddr};
use nkeys::{KeyPair, KeyPairType};
use percent_encoding::percent_decode_str;

use crate::config::BusConfig;

/// The NKey pair of a user: the user keeps the seed, the server knows the public key.
pub struct UserKey(KeyPair);

impl UserKey {
    /// Generates a new key pair.
    pub fn generate() -> Self {
        Self(KeyPair::new_user())
    }

    /// Reads the seed of a key pair from a file.
    ///
    /// # Errors
    /// If the file cannot be read or contains no seed of a user.
    pub fn of_file(path: &Path) -> anyhow::Result<Self> {
        let doing = || format!("reading a seed from {}", path.display());
        let text = std::fs::read_to_string(path).with_context(doing)?;
        // The error of the library is left out: it may repeat a part of the seed.
        let user =
            KeyPair::from_seed(text.trim()).ok().filter(|pair| pair.key_pair_type() == KeyPairType::User);
        user.map(Self).context("it is no seed of a user, which begins with SU").with_context(doing)
    }

    /// The public key, which the server knows; no secret.
    pub fn public(&self) -> String {
        self.0.public_key()
    }

    /// The seed, which proves the identity of the user; a secret.
    ///
    /// # Errors
    /// If the library cannot encode it.
    pub fn seed(&self) -> anyhow::Result<String> {
        self.0.seed().map_err(|error| anyhow::anyhow!("taking the seed of a new key: {error}"))
    }
}

/// The servers of the bus, without user and password.
pub(crate) struct Servers {
    pub(crate) addresses: Vec<ServerAddr>,
    user_and_password: Option<(String, String)>,
}

impl Servers {
    pub(crate) fn of(config: &BusConfig) -> anyhow::Result<Self> {
        let mut servers = Self { addresses: Vec::new(), user_and_password: None };
        for url in config.url().split(',').map(str::trim) {
            let (said, address) = without_user(url);
            let parsed: ServerAddr =
                address.parse().with_context(|| format!("GOUJI_NATS_URL: the server {address}"))?;
            ensure!(!parsed.host().is_empty(), "GOUJI_NATS_URL: the server {address} has no host");
            servers.addresses.push(parsed);
            if let Some(said) = said {
                let (user, password) = said.split_once(':').unwrap_or((said, ""));
                let decoded = |text| percent_decode_str(text).decode_utf8().map(String::from);
                let both = decoded(user).and_then(|user| Ok((user, decoded(password)?)));
                servers.user_and_password =
                    Some(both.context("GOUJI_NATS_URL: user and password are not UTF-8")?);
            }
        }
        Ok(servers)
    }
}

impl std::fmt::Display for Servers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, address) in self.addresses.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}:{}", address.host(), address.port())?;
        }
        Ok(())
    }
}

/// Splits user and password from the address.
fn without_user(url: &str) -> (Option<&str>, String) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("nats", url));
    match rest.rsplit_once('@') {
        Some((user, host)) => (Some(user), format!("{scheme}://{host}")),
        None => (None, format!("{scheme}://{rest}")),
    }
}

/// The options of a connection: our identity, and the authorities that we trust.
///
/// # Errors
/// The first file that cannot be used, or two identities at once.
pub(crate) fn options(config: &BusConfig, servers: &Servers) -> anyhow::Result<ConnectOptions> {
    let ways = [config.credentials.is_some(), config.nkey.is_some(), servers.user_and_password.is_some()];
    if ways.into_iter().filter(|way| *way).count() > 1 {
        bail!(
            "GOUJI_NATS_CREDENTIALS, GOUJI_NATS_NKEY and a user in GOUJI_NATS_URL each say who this process is; \
             keep one"
        );
    }
    let mut options = ConnectOptions::new();
    if let Some(file) = &config.credentials {
        let doing = || format!("GOUJI_NATS_CREDENTIALS: reading credentials from {}", file.display());
        let text = std::fs::read_to_string(file).with_context(doing)?;
        options = options.credentials(&text).with_context(doing)?;
    }
    if let Some(file) = &config.nkey {
        let key = UserKey::of_file(file).context("GOUJI_NATS_NKEY")?;
        options = options.nkey(key.seed()?);
    }
    if let Some((user, password)) = &servers.user_and_password {
        options = options.user_and_password(user.clone(), password.clone());
    }
    check_certificates(config)?;
    if let Some(file) = &config.ca {
        // Require TLS even where the server offers plain text: a named authority must be verified.
        // Ignore discovered servers: servers announce each other by address, but the certificates are for the
        // names that the operator configured.
        options = options.add_root_certificates(file.clone()).require_tls(true).ignore_discovered_servers();
    }
    if let (Some(certificate), Some(key)) = (&config.certificate, &config.key) {
        options = options.add_client_certificate(certificate.clone(), key.clone()).require_tls(true);
    }
    Ok(options)
}

/// Checks the certificate files at start; the client would report a wrong file only when it connects.
fn check_certificates(config: &BusConfig) -> anyhow::Result<()> {
    let certificates = |variable: &str, file: &Path| -> anyhow::Result<Vec<CertificateDer<'static>>> {
        let doing = || format!("{variable}: reading certificates from {}", file.display());
        let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let read = read.with_context(doing)?;
        ensure!(!read.is_empty(), "{}: there is none in it", doing());
        Ok(read)
    };
    let mut trusted = RootCertStore::empty();
    if let Some(file) = &config.ca {
        for certificate in certificates("GOUJI_NATS_CA", file)? {
            let refused = || format!("GOUJI_NATS_CA: a certificate in {}", file.display());
            trusted.add(certificate).with_context(refused)?;
        }
    }
    let (certificate, key) = match (&config.certificate, &config.key) {
        (None, None) => return Ok(()),
        (Some(certificate), Some(key)) => (certificate, key),
        (Some(_), None) => {
            bail!("GOUJI_NATS_CERTIFICATE without GOUJI_NATS_KEY; a certificate needs its key")
        }
        (None, Some(_)) => {
            bail!("GOUJI_NATS_KEY without GOUJI_NATS_CERTIFICATE; a key needs its certificate")
        }
    };
    let chain = certificates("GOUJI_NATS_CERTIFICATE", certificate)?;
    let secret = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("GOUJI_NATS_KEY: reading a private key from {}", key.display()))?;
    let both = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(trusted)
        .with_client_auth_cert(chain, secret);
    both.map(drop).with_context(|| {
        format!("GOUJI_NATS_KEY: {} is not the key of {}", key.display(), certificate.display())
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn config(said: &[(&str, &str)]) -> BusConfig {
        let value =
            |name: &str| said.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        BusConfig {
            url: value("GOUJI_NATS_URL"),
            nkey: value("GOUJI_NATS_NKEY").map(Into::into),
            credentials: value("GOUJI_NATS_CREDENTIALS").map(Into::into),
            ca: value("GOUJI_NATS_CA").map(Into::into),
            certificate: value("GOUJI_NATS_CERTIFICATE").map(Into::into),
            key: value("GOUJI_NATS_KEY").map(Into::into),
            ..BusConfig::default()
        }
    }

    fn error(said: &[(&str, &str)]) -> String {
        let config = config(said);
        let tried = Servers::of(&config).and_then(|servers| options(&config, &servers));
        format!("{:#}", tried.map(drop).unwrap_err())
    }

    #[test]
    fn user_and_password_are_used_and_never_shown() {
        let check = |url: &str, shown: &str, said: Option<(&str, &str)>| {
            let servers = Servers::of(&config(&[("GOUJI_NATS_URL", url)])).unwrap();
            let both = servers.user_and_password.as_ref();
            let both = both.map(|(user, password)| (user.as_str(), password.as_str()));
            assert_eq!((servers.to_string().as_str(), both), (shown, said));
            assert!(servers.addresses.iter().all(|address| !address.as_url_str().contains('@')));
        };
        check("nats://a:4222", "a:4222", None);
        check("tls://a,b:5", "a:4222,b:5", None);
        check("nats://me:p%40ss@a", "a:4222", Some(("me", "p@ss")));
        check("me:p@ss@[::1]:7", "::1:7", Some(("me", "p@ss")));
        let message = error(&[("GOUJI_NATS_URL", "http://me:secret@a")]);
        assert!(message.contains("invalid scheme") && !message.contains("secret"), "{message}");
        let message = error(&[("GOUJI_NATS_URL", "nats://me:secret@a:port")]);
        assert!(message.contains("invalid port") && !message.contains("secret"), "{message}");
    }

    #[test]
    fn an_error_about_a_file_does_not_repeat_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let account = KeyPair::new_account().seed().unwrap();
        let cut = &UserKey::generate().seed().unwrap()[..40];
        for wrong in [account.as_str(), cut, ""] {
            let message = error(&[("GOUJI_NATS_NKEY", &file("seed", wrong))]);
            assert!(
                message.contains("no seed of a user") && (wrong.is_empty() || !message.contains(wrong)),
                "{message}"
            );
        }
        let seed = file("seed", &format!("{}\n", UserKey::generate().seed().unwrap()));
        let check = |said: &[(&str, &str)], part: &str| {
            let message = error(said);
            assert!(message.contains(part), "{message}");
        };
        check(&[("GOUJI_NATS_NKEY", &seed), ("GOUJI_NATS_URL", "nats://a:b@c")], "keep one");
        let empty = file("empty", "");
        check(&[("GOUJI_NATS_CREDENTIALS", &empty)], "cannot parse user JWT");
        check(&[("GOUJI_NATS_CA", &empty)], "there is none in it");
        check(&[("GOUJI_NATS_CERTIFICATE", &empty)], "a certificate needs its key");
        check(&[("GOUJI_NATS_KEY", &empty)], "a key needs its certificate");
        check(&[("GOUJI_NATS_CERTIFICATE", &empty), ("GOUJI_NATS_KEY", &empty)], "there is none in it");
    }
}
