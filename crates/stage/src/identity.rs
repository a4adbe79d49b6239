//! Who a process is on the bus, and how it knows that the bus is the right one.
//!
//! A secret is a file that is named, or stands before the `@` of the bus's URL; no error repeats either.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use async_nats::rustls::pki_types::pem::PemObject;
use async_nats::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use async_nats::rustls::{ClientConfig, RootCertStore, crypto};
use async_nats::{ConnectOptions, ServerAddr};
use nkeys::{KeyPair, KeyPairType};
use percent_encoding::percent_decode_str;

use crate::config::Config;

/// A user's key pair: the seed stays with the user, the server knows the public key.
pub struct UserKey(KeyPair);

impl UserKey {
    /// A new one.
    pub fn generate() -> Self {
        Self(KeyPair::new_user())
    }

    /// The one whose seed is in this file.
    ///
    /// # Errors
    /// If the file cannot be read or holds no seed of a user.
    pub fn of_file(path: &Path) -> anyhow::Result<Self> {
        let doing = || format!("reading a seed from {}", path.display());
        let text = std::fs::read_to_string(path).with_context(doing)?;
        // What the library says of a wrong one is left out: it may repeat a part.
        let user =
            KeyPair::from_seed(text.trim()).ok().filter(|pair| pair.key_pair_type() == KeyPairType::User);
        user.map(Self).context("it is no seed of a user, which begins with SU").with_context(doing)
    }

    /// What the server knows it by; no secret.
    pub fn public(&self) -> String {
        self.0.public_key()
    }

    /// What proves who one is; a secret.
    pub fn seed(&self) -> anyhow::Result<String> {
        self.0.seed().map_err(|error| anyhow::anyhow!("taking the seed of a new key: {error}"))
    }
}

/// Where the bus is, without what may stand before an `@`.
pub(crate) struct Servers {
    pub(crate) addresses: Vec<ServerAddr>,
    user_and_password: Option<(String, String)>,
}

impl Servers {
    pub(crate) fn of(config: &Config) -> anyhow::Result<Self> {
        let mut servers = Self { addresses: Vec::new(), user_and_password: None };
        for url in config.nats_url().split(',').map(str::trim) {
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
        for (place, address) in self.addresses.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{}:{}", address.host(), address.port())?;
        }
        Ok(())
    }
}

/// What stands before the `@`, and the rest.
fn without_user(url: &str) -> (Option<&str>, String) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("nats", url));
    match rest.rsplit_once('@') {
        Some((user, host)) => (Some(user), format!("{scheme}://{host}")),
        None => (None, format!("{scheme}://{rest}")),
    }
}

/// How to come in: who we are, and whom we trust.
///
/// # Errors
/// The first file that cannot be used, or two ways to say who we are.
pub(crate) fn options(config: &Config, servers: &Servers) -> anyhow::Result<ConnectOptions> {
    let ways =
        [config.nats_credentials.is_some(), config.nats_nkey.is_some(), servers.user_and_password.is_some()];
    if ways.into_iter().filter(|way| *way).count() > 1 {
        bail!(
            "GOUJI_NATS_CREDENTIALS, GOUJI_NATS_NKEY and a user in GOUJI_NATS_URL each say who this process is; \
             keep one"
        );
    }
    let mut options = ConnectOptions::new();
    if let Some(file) = &config.nats_credentials {
        let doing = || format!("GOUJI_NATS_CREDENTIALS: reading credentials from {}", file.display());
        let text = std::fs::read_to_string(file).with_context(doing)?;
        options = options.credentials(&text).with_context(doing)?;
    }
    if let Some(file) = &config.nats_nkey {
        let key = UserKey::of_file(file).context("GOUJI_NATS_NKEY")?;
        options = options.nkey(key.seed()?);
    }
    if let Some((user, password)) = &servers.user_and_password {
        options = options.user_and_password(user.clone(), password.clone());
    }
    check_certificates(config)?;
    if let Some(file) = &config.nats_ca {
        // Also where the server did not ask for it: who names an authority wants no other answer.
        // Servers tell of each other by addresses, and certificates are for the names that the operator gave.
        options = options.add_root_certificates(file.clone()).require_tls(true).ignore_discovered_servers();
    }
    if let (Some(certificate), Some(key)) = (&config.nats_certificate, &config.nats_key) {
        options = options.add_client_certificate(certificate.clone(), key.clone()).require_tls(true);
    }
    Ok(options)
}

/// The client reads these files with each connection, which is late to hear of a wrong one.
fn check_certificates(config: &Config) -> anyhow::Result<()> {
    let certificates = |variable: &str, file: &Path| -> anyhow::Result<Vec<CertificateDer<'static>>> {
        let doing = || format!("{variable}: reading certificates from {}", file.display());
        let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let read = read.with_context(doing)?;
        ensure!(!read.is_empty(), "{}: there is none in it", doing());
        Ok(read)
    };
    let mut trusted = RootCertStore::empty();
    if let Some(file) = &config.nats_ca {
        for certificate in certificates("GOUJI_NATS_CA", file)? {
            let refused = || format!("GOUJI_NATS_CA: a certificate in {}", file.display());
            trusted.add(certificate).with_context(refused)?;
        }
    }
    let (certificate, key) = match (&config.nats_certificate, &config.nats_key) {
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

    fn config(said: &[(&str, &str)]) -> Config {
        let value =
            |name: &str| said.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Config::from_variables(value).unwrap()
    }

    fn trouble(said: &[(&str, &str)]) -> String {
        let config = config(said);
        let tried = Servers::of(&config).and_then(|servers| options(&config, &servers));
        format!("{:#}", tried.map(drop).unwrap_err())
    }

    #[test]
    fn what_stands_before_the_at_is_taken_and_never_shown() {
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
        let told = trouble(&[("GOUJI_NATS_URL", "http://me:secret@a")]);
        assert!(told.contains("invalid scheme") && !told.contains("secret"), "{told}");
        let told = trouble(&[("GOUJI_NATS_URL", "nats://me:secret@a:port")]);
        assert!(told.contains("invalid port") && !told.contains("secret"), "{told}");
    }

    #[test]
    fn a_wrong_file_is_told_without_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let account = KeyPair::new_account().seed().unwrap();
        let cut = &UserKey::generate().seed().unwrap()[..40];
        for wrong in [account.as_str(), cut, ""] {
            let told = trouble(&[("GOUJI_NATS_NKEY", &file("seed", wrong))]);
            assert!(
                told.contains("no seed of a user") && (wrong.is_empty() || !told.contains(wrong)),
                "{told}"
            );
        }
        let seed = file("seed", &format!("{}\n", UserKey::generate().seed().unwrap()));
        let check = |said: &[(&str, &str)], part: &str| {
            let told = trouble(said);
            assert!(told.contains(part), "{told}");
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
