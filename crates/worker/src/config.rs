//! The settings of a process, read once from a file and the environment; see [`crate::settings`].
//! Everything else is a constant with its reason beside it. `OTEL_*` and `RUST_LOG` have the meaning that
//! OpenTelemetry and `tracing` define.

use std::fmt::Display;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use blobs::{BlobsConfig, S3Config};
use bus::BusConfig;

use crate::outlets::Routes;
use crate::settings;

/// The settings of one process.
#[derive(Debug, Clone)]
pub struct Config {
    /// `GOUJI_NATS_*`: the connection to the bus.
    pub bus: BusConfig,
    /// `GOUJI_ORIGINALS*`: the store of originals and texts.
    pub originals: BlobsConfig,
    /// `GOUJI_INBOX`: the exchange folder whose files ingest accepts.
    pub inbox: Option<PathBuf>,
    /// `GOUJI_INBOX_QUIET_SECONDS`: how long a file of the exchange folder must not change before it is
    /// accepted, unless it has an end mark.
    pub inbox_quiet: Duration,
    /// `GOUJI_FETCH_*`: the visits to published pages.
    pub fetch: FetchConfig,
    /// `GOUJI_INBOX_RECEIPTS`: the folder of the receipts; in the exchange folder itself where it is not set.
    pub inbox_receipts: Option<PathBuf>,
    /// `GOUJI_INDEX`: the folder of the index.
    pub index: PathBuf,
    /// `GOUJI_RULE_POLICY`: the text of the rule policy file, if one is named.
    pub rule_policy: Option<String>,
    /// `GOUJI_OFFICE_*`: the office that sends letters and notices.
    pub office: OfficeConfig,
    /// `GOUJI_LISTEN`: the address of the HTTP server; none by default, because several processes on one host
    /// would need the same port.
    pub listen: Option<SocketAddr>,
    /// `GOUJI_MONITOR_LISTEN`: the address of a server of its own for `/healthz`, `/readyz` and `/metrics`, which
    /// asks for no key.
    pub monitor_listen: Option<SocketAddr>,
    /// `GOUJI_KEYS`: the file of API keys.
    pub keys: Option<PathBuf>,
    /// `GOUJI_OPEN`: whether a server without API keys may listen on other addresses than loopback.
    pub open: bool,
    /// `GOUJI_ADDRESS`: the address under which browsers reach the pages, without a slash at its end.
    pub address: Option<String>,
    /// `GOUJI_ACCOUNTS`: whether people sign in with accounts.
    pub accounts: bool,
    /// `GOUJI_SESSION_IDLE_MINUTES`: a session ends so long after its last request.
    pub session_idle: Duration,
    /// `GOUJI_OIDC_*`: the identity provider that signs people in.
    pub oidc: Option<OidcConfig>,
    /// `GOUJI_RATE`: requests per second of one key, and of one address without a valid key.
    pub rate: usize,
    /// `GOUJI_UPLOAD_MB`: the largest upload, in millions of bytes.
    pub upload_mb: usize,
    /// `GOUJI_UPLOADS`: uploads received at once.
    pub uploads: usize,
    /// `GOUJI_HIGH_WATER`: the number of reports between ingest and index above which ingest accepts no more.
    pub high_water: usize,
    /// `GOUJI_RESERVE_MB`: the free space that ingest leaves on its disks, in millions of bytes.
    pub reserve_mb: usize,
    /// `GOUJI_CHECK_OPEN`: whether anybody may check a file, also without a key.
    pub check_open: bool,
    /// `GOUJI_CHECKS`: files that are checked at once.
    pub checks: usize,
    /// `GOUJI_CHECK_RATE`: checks per minute of one address.
    pub check_rate: usize,
    /// `GOUJI_PERMITS`: messages in flight. Thirty-two: a message computes for a millisecond and waits for
    /// disks for tens of milliseconds. The CPU pool, not the permits, limits the use of the cores.
    pub permits: usize,
    /// `GOUJI_SANDBOX`: what the kernel must enforce on the readers of documents.
    pub sandbox: SandboxRequirement,
    /// `GOUJI_SCANS`: whether scans are read or refused.
    pub reads_scans: bool,
    /// `GOUJI_SCAN_MODEL`: the folder with the recogniser of scans; that of the user where none is named.
    pub scan_model: Option<PathBuf>,
    /// `GOUJI_LOG`: text on a terminal, else one JSON object per line.
    pub log: LogFormat,
    /// `RUST_LOG`: what is logged, in the syntax of `tracing`.
    pub log_filter: String,
    /// `GOUJI_DRAIN_SECONDS`: how long messages in flight may take after a shutdown was requested. 25, because an
    /// orchestrator kills after 30.
    pub drain: Duration,
    /// `[[outlet]]` and `[[inlet]]` of the settings file.
    pub routes: Routes,
}

/// The visits to published pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchConfig {
    /// `GOUJI_FETCH_EVERY_HOURS`: how often each page is visited; only when somebody asks, if none.
    pub every: Option<Duration>,
    /// `GOUJI_FETCH_DELAY_MS`: the pause between two requests to one host.
    pub delay: Duration,
    /// `GOUJI_FETCH_GONE_HOURS`: how far apart two visits that miss a report have to be until it counts as gone.
    pub gone_after: Duration,
    /// `GOUJI_FETCH_CONTACT`: whom the operators of a site may ask.
    pub contact: String,
    /// `GOUJI_FETCH_NETWORKS`: the inner networks that may be visited.
    pub networks: String,
}

/// An identity provider that speaks OpenID Connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcConfig {
    /// `GOUJI_OIDC_ISSUER`: its address; `/.well-known/openid-configuration` below it says the rest.
    pub issuer: String,
    /// `GOUJI_OIDC_CLIENT_ID`: the id under which it knows this installation.
    pub client_id: String,
    /// `GOUJI_OIDC_CLIENT_SECRET`: the file with the secret of this installation; none for a public client.
    pub client_secret: Option<PathBuf>,
    /// `GOUJI_OIDC_CA`: a PEM file of certificates to trust in addition to those of the system.
    pub ca: Option<PathBuf>,
    /// `GOUJI_OIDC_NAME_CLAIM`: the claim that is the name of the account.
    pub name_claim: String,
    /// `GOUJI_OIDC_ROLE_CLAIM`: the claim that gives the role; none where an administrator makes every account.
    pub role_claim: Option<String>,
    /// `GOUJI_OIDC_ROLES`: `value=role` or `value=role:region+region`, with commas between them.
    pub roles: String,
    /// `GOUJI_OIDC_REGION_CLAIM`: the claim that gives the regions of a scope.
    pub region_claim: Option<String>,
    /// `GOUJI_OIDC_AGENCY_CLAIM`: the claim that gives the agencies of a scope.
    pub agency_claim: Option<String>,
}

/// The office that sends letters and notices. A page may say otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfficeConfig {
    /// `GOUJI_OFFICE_NAME`: the name in the signature.
    pub name: Option<String>,
    /// `GOUJI_OFFICE_NUMBER`: the number of a document, with `{n}` for the running number.
    pub number: Option<String>,
    /// `GOUJI_OFFICE_SIGNER`: who signs documents off.
    pub signer: Option<String>,
    /// `GOUJI_OFFICE_CONTACT`: the person to ask.
    pub contact: Option<String>,
    /// `GOUJI_OFFICE_TELEPHONE`: the telephone number of that person.
    pub telephone: Option<String>,
    /// `GOUJI_OFFICE_DEADLINE_DAYS`: the days that an agency has to answer.
    pub deadline_days: usize,
    /// `GOUJI_OFFICE_WEIGHTS`: the weights of the ranking, as text.
    pub weights: String,
}

/// What the kernel must enforce on the readers of documents, for `parse` to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxRequirement {
    /// Landlock and a seccomp filter.
    Required,
    /// Whatever this kernel has.
    Weak,
}

/// The code of a kernel that enforces less than [`SandboxRequirement::Required`].
pub const WEAK_SANDBOX: &str = "weak-sandbox";

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line of text.
    Human,
    /// A JSON object.
    Json,
}

/// A setting with a value that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{variable}={value:?}: {reason}")]
pub struct SettingError {
    variable: &'static str,
    value: String,
    reason: String,
}

impl Config {
    /// Reads the environment of the process, then the settings file where there is one, then `defaults`, which
    /// are named by their variables. The first value found counts.
    ///
    /// # Errors
    /// If the file cannot be used, or the value of a variable cannot be used.
    pub fn load(file: Option<&Path>, defaults: &[(&str, String)]) -> anyhow::Result<Self> {
        let in_file = file.map(settings::read_file).transpose()?.unwrap_or_default();
        let of_environment =
            |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        let set = |value: &String| !value.is_empty();
        let default = |name: &str| {
            defaults.iter().find(|(variable, _)| *variable == name).map(|(_, value)| value.clone())
        };
        let config = Self::from_variables(|name| {
            let of_file = || in_file.get(name).cloned().filter(set);
            of_environment(name).filter(set).or_else(of_file).or_else(|| default(name))
        })?;
        let routes = file.map(settings::read_routes).transpose()?.unwrap_or_default();
        Ok(Self { routes, ..config })
    }

    /// Reads variables through `get`. An empty value counts as absent.
    ///
    /// # Errors
    /// The first variable whose value cannot be used.
    pub fn from_variables(get: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        let originals = originals(&get)?;
        let drain_seconds = number(&get, "GOUJI_DRAIN_SECONDS", 25, 1..=600)?;
        Ok(Self {
            bus: BusConfig {
                installation: installation(&get)?,
                url: get("GOUJI_NATS_URL"),
                nkey: existing_file(&get, "GOUJI_NATS_NKEY")?,
                credentials: existing_file(&get, "GOUJI_NATS_CREDENTIALS")?,
                ca: existing_file(&get, "GOUJI_NATS_CA")?,
                certificate: existing_file(&get, "GOUJI_NATS_CERTIFICATE")?,
                key: existing_file(&get, "GOUJI_NATS_KEY")?,
                replicas: number(&get, "GOUJI_NATS_REPLICAS", 1, 1..=5)?,
                object_store: originals == BlobsConfig::Bucket,
            },
            originals,
            inbox: get("GOUJI_INBOX").map(PathBuf::from),
            inbox_quiet: Duration::from_secs(
                number(&get, "GOUJI_INBOX_QUIET_SECONDS", 90, 0..=86_400)? as u64
            ),
            fetch: fetch(&get)?,
            inbox_receipts: get("GOUJI_INBOX_RECEIPTS").map(PathBuf::from),
            index: get("GOUJI_INDEX").unwrap_or_else(|| "gouji-index".into()).into(),
            rule_policy: text_of_file(&get, "GOUJI_RULE_POLICY")?,
            office: office(&get)?,
            listen: parsed(&get, "GOUJI_LISTEN")?,
            monitor_listen: parsed(&get, "GOUJI_MONITOR_LISTEN")?,
            keys: existing_file(&get, "GOUJI_KEYS")?,
            open: parsed(&get, "GOUJI_OPEN")?.unwrap_or(false),
            address: address(&get)?,
            accounts: truth(&get, "GOUJI_ACCOUNTS", false)?,
            session_idle: Duration::from_secs(
                60 * number(&get, "GOUJI_SESSION_IDLE_MINUTES", 60, 1..=720)? as u64,
            ),
            oidc: oidc(&get)?,
            rate: number(&get, "GOUJI_RATE", 50, 1..=100_000)?,
            upload_mb: number(&get, "GOUJI_UPLOAD_MB", 4096, 1..=65_536)?,
            uploads: number(&get, "GOUJI_UPLOADS", 32, 1..=1024)?,
            high_water: number(&get, "GOUJI_HIGH_WATER", 20_000, 1..=10_000_000)?,
            reserve_mb: number(&get, "GOUJI_RESERVE_MB", 1000, 0..=100_000_000)?,
            check_open: truth(&get, "GOUJI_CHECK_OPEN", false)?,
            checks: number(&get, "GOUJI_CHECKS", 4, 1..=64)?,
            check_rate: number(&get, "GOUJI_CHECK_RATE", 30, 1..=100_000)?,
            permits: number(&get, "GOUJI_PERMITS", 32, 1..=1024)?,
            sandbox: sandbox(get("GOUJI_SANDBOX"))?,
            reads_scans: reads_scans(get("GOUJI_SCANS"))?,
            scan_model: get("GOUJI_SCAN_MODEL").map(PathBuf::from),
            log: log_format(get("GOUJI_LOG"))?,
            log_filter: log_filter(get("RUST_LOG"))?,
            drain: Duration::from_secs(drain_seconds as u64),
            routes: Routes::default(),
        })
    }
}

fn fetch(get: &impl Fn(&str) -> Option<String>) -> Result<FetchConfig, SettingError> {
    let hours = |count: usize| Duration::from_secs(3_600 * count as u64);
    let every = number(get, "GOUJI_FETCH_EVERY_HOURS", 0, 0..=8_760)?;
    Ok(FetchConfig {
        every: (every > 0).then(|| hours(every)),
        delay: Duration::from_millis(number(get, "GOUJI_FETCH_DELAY_MS", 3_000, 0..=600_000)? as u64),
        gone_after: hours(number(get, "GOUJI_FETCH_GONE_HOURS", 24, 0..=720)?),
        contact: get("GOUJI_FETCH_CONTACT").unwrap_or_default(),
        networks: get("GOUJI_FETCH_NETWORKS").unwrap_or_default(),
    })
}

/// The name of this installation, by default that of the host.
fn installation(get: &impl Fn(&str) -> Option<String>) -> Result<String, SettingError> {
    let safe = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    match get("GOUJI_INSTALLATION") {
        Some(name) if safe(&name) => Ok(name),
        Some(name) => Err(wrong("GOUJI_INSTALLATION", &name, "expected letters, digits, `-`, `_` and `.`")),
        None => Ok(rustix::system::uname().nodename().to_string_lossy().into_owned()),
    }
}

/// Where browsers reach the pages.
fn address(get: &impl Fn(&str) -> Option<String>) -> Result<Option<String>, SettingError> {
    let Some(address) = get("GOUJI_ADDRESS") else { return Ok(None) };
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    match rest.map(|rest| rest.trim_end_matches('/')) {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', ' ']) => {
            Ok(Some(address.trim_end_matches('/').to_owned()))
        }
        _ => Err(wrong(
            "GOUJI_ADDRESS",
            &address,
            "expected https://host or https://host:port, without a path",
        )),
    }
}

fn oidc(get: &impl Fn(&str) -> Option<String>) -> Result<Option<OidcConfig>, SettingError> {
    let Some(issuer) = get("GOUJI_OIDC_ISSUER") else { return Ok(None) };
    let host = issuer.strip_prefix("http://").map(|rest| rest.split(['/', ':']).next().unwrap_or_default());
    if !issuer.starts_with("https://") && !matches!(host, Some("127.0.0.1" | "localhost")) {
        return Err(wrong("GOUJI_OIDC_ISSUER", &issuer, "expected https://…; http only on this machine"));
    }
    if !truth(get, "GOUJI_ACCOUNTS", false)? {
        return Err(wrong("GOUJI_OIDC_ISSUER", &issuer, "an identity provider needs GOUJI_ACCOUNTS=true"));
    }
    if get("GOUJI_ADDRESS").is_none() {
        let reason = "an identity provider needs GOUJI_ADDRESS, to which it sends people back";
        return Err(wrong("GOUJI_OIDC_ISSUER", &issuer, reason));
    }
    let client_id = get("GOUJI_OIDC_CLIENT_ID")
        .ok_or_else(|| wrong("GOUJI_OIDC_CLIENT_ID", "", "the identity provider knows gouji by an id"))?;
    let role_claim = get("GOUJI_OIDC_ROLE_CLAIM");
    let roles = get("GOUJI_OIDC_ROLES").unwrap_or_default();
    if role_claim.is_some() && roles.is_empty() {
        return Err(wrong(
            "GOUJI_OIDC_ROLES",
            "",
            "expected the role of each value of GOUJI_OIDC_ROLE_CLAIM",
        ));
    }
    Ok(Some(OidcConfig {
        issuer,
        client_id,
        client_secret: existing_file(get, "GOUJI_OIDC_CLIENT_SECRET")?,
        ca: existing_file(get, "GOUJI_OIDC_CA")?,
        name_claim: get("GOUJI_OIDC_NAME_CLAIM").unwrap_or_else(|| "preferred_username".into()),
        role_claim,
        roles,
        region_claim: get("GOUJI_OIDC_REGION_CLAIM"),
        agency_claim: get("GOUJI_OIDC_AGENCY_CLAIM"),
    }))
}

fn office(get: &impl Fn(&str) -> Option<String>) -> Result<OfficeConfig, SettingError> {
    Ok(OfficeConfig {
        name: get("GOUJI_OFFICE_NAME"),
        number: get("GOUJI_OFFICE_NUMBER"),
        signer: get("GOUJI_OFFICE_SIGNER"),
        contact: get("GOUJI_OFFICE_CONTACT"),
        telephone: get("GOUJI_OFFICE_TELEPHONE"),
        deadline_days: number(get, "GOUJI_OFFICE_DEADLINE_DAYS", 15, 1..=365)?,
        weights: get("GOUJI_OFFICE_WEIGHTS").unwrap_or_default(),
    })
}

fn sandbox(text: Option<String>) -> Result<SandboxRequirement, SettingError> {
    match text.as_deref() {
        None | Some("required") => Ok(SandboxRequirement::Required),
        Some("weak") => Ok(SandboxRequirement::Weak),
        Some(other) => Err(wrong("GOUJI_SANDBOX", other, "expected `required` or `weak`")),
    }
}

fn reads_scans(text: Option<String>) -> Result<bool, SettingError> {
    match text.as_deref() {
        None | Some("refuse") => Ok(false),
        Some("read") => Ok(true),
        Some(other) => Err(wrong("GOUJI_SCANS", other, "expected `refuse` or `read`")),
    }
}

fn originals(get: &impl Fn(&str) -> Option<String>) -> Result<BlobsConfig, SettingError> {
    let Some(at) = get("GOUJI_ORIGINALS") else { return Ok(BlobsConfig::Folder("gouji-originals".into())) };
    match at.split_once(':') {
        Some(("bucket", "")) => Ok(BlobsConfig::Bucket),
        Some(("s3", path)) => s3(get, &at, path).map(BlobsConfig::S3),
        _ => Ok(BlobsConfig::Folder(at.into())),
    }
}

fn s3(get: &impl Fn(&str) -> Option<String>, at: &str, path: &str) -> Result<S3Config, SettingError> {
    let path = path.trim_matches('/');
    let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
    if bucket.is_empty() {
        return Err(wrong("GOUJI_ORIGINALS", at, "expected `s3://bucket` or `s3://bucket/prefix`"));
    }
    let endpoint = get("GOUJI_ORIGINALS_ENDPOINT");
    let allow_http = truth(get, "GOUJI_ORIGINALS_ALLOW_HTTP", false)?;
    if let Some(address) = &endpoint {
        let without_tls = address.starts_with("http://");
        if without_tls && !allow_http {
            let reason = "is without TLS; use https://, or set GOUJI_ORIGINALS_ALLOW_HTTP=true";
            return Err(wrong("GOUJI_ORIGINALS_ENDPOINT", address, reason));
        }
        if !without_tls && !address.starts_with("https://") {
            return Err(wrong("GOUJI_ORIGINALS_ENDPOINT", address, "expected https://host:port"));
        }
    }
    let access = existing_file(get, "GOUJI_ORIGINALS_ACCESS_KEY")?;
    let secret = existing_file(get, "GOUJI_ORIGINALS_SECRET_KEY")?;
    let keys = match (access, secret) {
        (Some(access), Some(secret)) => Some((access, secret)),
        (None, None) => None,
        (Some(_), None) => return Err(wrong("GOUJI_ORIGINALS_SECRET_KEY", "", "the access key needs it")),
        (None, Some(_)) => return Err(wrong("GOUJI_ORIGINALS_ACCESS_KEY", "", "the secret key needs it")),
    };
    Ok(S3Config {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
        endpoint,
        region: get("GOUJI_ORIGINALS_REGION").unwrap_or_else(|| "us-east-1".into()),
        keys,
        ca: existing_file(get, "GOUJI_ORIGINALS_CA")?,
        path_style: truth(get, "GOUJI_ORIGINALS_PATH_STYLE", true)?,
        allow_http,
    })
}

fn log_format(value: Option<String>) -> Result<LogFormat, SettingError> {
    match value.as_deref() {
        Some("human") => Ok(LogFormat::Human),
        Some("json") => Ok(LogFormat::Json),
        None if std::io::stderr().is_terminal() => Ok(LogFormat::Human),
        None => Ok(LogFormat::Json),
        Some(other) => Err(wrong("GOUJI_LOG", other, "expected `human` or `json`")),
    }
}

fn log_filter(value: Option<String>) -> Result<String, SettingError> {
    let filter = value.unwrap_or_else(|| "info".into());
    match tracing_subscriber::EnvFilter::builder().parse(&filter) {
        Ok(_) => Ok(filter),
        Err(error) => Err(wrong("RUST_LOG", &filter, error)),
    }
}

fn existing_file(
    get: &impl Fn(&str) -> Option<String>,
    variable: &'static str,
) -> Result<Option<PathBuf>, SettingError> {
    match get(variable) {
        Some(path) if !std::path::Path::new(&path).is_file() => Err(wrong(variable, &path, "no such file")),
        path => Ok(path.map(PathBuf::from)),
    }
}

fn text_of_file(
    get: &impl Fn(&str) -> Option<String>,
    variable: &'static str,
) -> Result<Option<String>, SettingError> {
    let read = |path: String| std::fs::read_to_string(&path).map_err(|error| wrong(variable, &path, error));
    get(variable).map(read).transpose()
}

fn number(
    get: &impl Fn(&str) -> Option<String>,
    variable: &'static str,
    default: usize,
    range: std::ops::RangeInclusive<usize>,
) -> Result<usize, SettingError> {
    match parsed(get, variable)? {
        None => Ok(default),
        Some(number) if range.contains(&number) => Ok(number),
        Some(number) => Err(wrong(
            variable,
            &number.to_string(),
            format!("expected {} to {}", range.start(), range.end()),
        )),
    }
}

fn parsed<T: FromStr<Err: Display>>(
    get: &impl Fn(&str) -> Option<String>,
    variable: &'static str,
) -> Result<Option<T>, SettingError> {
    let Some(value) = get(variable) else { return Ok(None) };
    value.parse().map(Some).map_err(|error: T::Err| wrong(variable, &value, error))
}

fn truth(
    get: &impl Fn(&str) -> Option<String>,
    variable: &'static str,
    default: bool,
) -> Result<bool, SettingError> {
    Ok(parsed(get, variable)?.unwrap_or(default))
}

fn wrong(variable: &'static str, value: &str, reason: impl Display) -> SettingError {
    SettingError { variable, value: value.into(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, SettingError> {
        Config::from_variables(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_set_is_a_working_configuration() {
        let config = read(&[]).unwrap();
        assert_eq!(config.bus.url(), "nats://127.0.0.1:4222");
        assert_eq!(config.drain, Duration::from_secs(25));
        assert_eq!(config.listen, None);
    }

    #[test]
    fn settings_are_read() {
        let config = read(&[
            ("GOUJI_ORIGINALS", "bucket:"),
            ("GOUJI_LISTEN", "127.0.0.1:9100"),
            ("GOUJI_PERMITS", "7"),
            ("GOUJI_LOG", "json"),
            ("GOUJI_NATS_URL", ""),
        ])
        .unwrap();
        assert_eq!(config.originals, BlobsConfig::Bucket);
        assert!(config.bus.object_store);
        assert_eq!(config.listen, Some("127.0.0.1:9100".parse().unwrap()));
        assert_eq!(config.permits, 7);
        assert_eq!(config.log, LogFormat::Json);
        assert_eq!(config.bus.url(), "nats://127.0.0.1:4222");
    }

    #[test]
    fn an_identity_provider_needs_accounts_and_an_address() {
        let issuer = ("GOUJI_OIDC_ISSUER", "https://id.example");
        let accounts = ("GOUJI_ACCOUNTS", "true");
        let address = ("GOUJI_ADDRESS", "https://gouji.example/");
        let client = ("GOUJI_OIDC_CLIENT_ID", "gouji");
        let check = |variables: &[(&str, &str)], what: &str| {
            let error = read(variables).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        };
        check(&[issuer], "GOUJI_ACCOUNTS=true");
        check(&[issuer, accounts], "GOUJI_ADDRESS");
        check(&[issuer, accounts, address], "GOUJI_OIDC_CLIENT_ID");
        check(&[issuer, accounts, address, client, ("GOUJI_OIDC_ROLE_CLAIM", "groups")], "GOUJI_OIDC_ROLES");
        let config = read(&[issuer, accounts, address, client]).unwrap();
        assert_eq!(config.address.as_deref(), Some("https://gouji.example"));
        assert_eq!(config.oidc.unwrap().name_claim, "preferred_username");
    }

    #[test]
    fn originals_may_lie_in_s3() {
        let config = read(&[
            ("GOUJI_ORIGINALS", "s3://reports/of/2024/"),
            ("GOUJI_ORIGINALS_ENDPOINT", "http://127.0.0.1:9000"),
            ("GOUJI_ORIGINALS_ALLOW_HTTP", "true"),
        ]);
        let BlobsConfig::S3(at) = config.unwrap().originals else { panic!("no S3") };
        assert_eq!((at.bucket.as_str(), at.prefix.as_str()), ("reports", "of/2024"));
        assert_eq!(at.endpoint.as_deref(), Some("http://127.0.0.1:9000"));
        assert_eq!((at.region.as_str(), at.path_style, at.keys), ("us-east-1", true, None));
    }

    #[test]
    fn a_wrong_value_names_its_variable() {
        let check = |variable, value, line: &str| {
            assert_eq!(read(&[(variable, value)]).unwrap_err().to_string(), line)
        };
        check("GOUJI_PERMITS", "0", r#"GOUJI_PERMITS="0": expected 1 to 1024"#);
        check("GOUJI_PERMITS", "many", r#"GOUJI_PERMITS="many": invalid digit found in string"#);
        check(
            "GOUJI_ADDRESS",
            "gouji.example",
            r#"GOUJI_ADDRESS="gouji.example": expected https://host or https://host:port, without a path"#,
        );
        check(
            "GOUJI_OIDC_ISSUER",
            "http://id.example",
            r#"GOUJI_OIDC_ISSUER="http://id.example": expected https://…; http only on this machine"#,
        );
        check("GOUJI_LISTEN", "9100", r#"GOUJI_LISTEN="9100": invalid socket address syntax"#);
        check("GOUJI_SANDBOX", "none", r#"GOUJI_SANDBOX="none": expected `required` or `weak`"#);
        check("GOUJI_LOG", "loud", r#"GOUJI_LOG="loud": expected `human` or `json`"#);
        check("GOUJI_NATS_CREDENTIALS", "/no/such", r#"GOUJI_NATS_CREDENTIALS="/no/such": no such file"#);
        check(
            "GOUJI_ORIGINALS",
            "s3://",
            r#"GOUJI_ORIGINALS="s3://": expected `s3://bucket` or `s3://bucket/prefix`"#,
        );
        check("GOUJI_NATS_REPLICAS", "9", r#"GOUJI_NATS_REPLICAS="9": expected 1 to 5"#);
    }
}
