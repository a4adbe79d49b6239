//! What an operator may decide, read once from a file and the environment; see [`crate::settings`].
//! Everything else is a constant with its reason beside it; `OTEL_*` and `RUST_LOG` keep the meaning
//! their owners gave them.

use std::fmt::Display;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use crate::settings;

/// The settings of one process.
#[derive(Debug, Clone)]
pub struct Config {
    /// `GOUJI_NATS_URL`: where the bus is, if it is said; several servers with commas between them.
    pub nats_url: Option<String>,
    /// `GOUJI_NATS_NKEY`: the file with the seed of this process's user on the bus.
    pub nats_nkey: Option<PathBuf>,
    /// `GOUJI_NATS_CREDENTIALS`: a credentials file, where the bus asks for one.
    pub nats_credentials: Option<PathBuf>,
    /// `GOUJI_NATS_CA`: the authority of the bus's certificate.
    pub nats_ca: Option<PathBuf>,
    /// `GOUJI_NATS_CERTIFICATE`: the certificate of this process.
    pub nats_certificate: Option<PathBuf>,
    /// `GOUJI_NATS_KEY`: the private key of that certificate.
    pub nats_key: Option<PathBuf>,
    /// `GOUJI_NATS_REPLICAS`: copies of the log. One, because three need three machines.
    pub nats_replicas: usize,
    /// `GOUJI_ORIGINALS`: where originals are kept.
    pub originals: OriginalsAt,
    /// `GOUJI_INBOX`: a folder whose files ingest takes in.
    pub inbox: Option<PathBuf>,
    /// `GOUJI_INDEX`: the folder of the index.
    pub index: PathBuf,
    /// `GOUJI_RULE_POLICY`: the text of the rule policy file, if one is named.
    pub rule_policy: Option<String>,
    /// `GOUJI_LISTEN`: where `/healthz`, `/readyz` and `/metrics` are served; nowhere by default,
    /// because several processes on one host would fight over a port.
    pub listen: Option<SocketAddr>,
    /// `GOUJI_KEYS`: the file of the keys that the doors ask for.
    pub keys: Option<PathBuf>,
    /// `GOUJI_OPEN`: whether doors without keys listen beyond loopback too.
    pub open: bool,
    /// `GOUJI_RATE`: requests a second of one key, and of one address without a valid key.
    pub rate: usize,
    /// `GOUJI_UPLOAD_MB`: the largest upload, in millions of bytes.
    pub upload_mb: usize,
    /// `GOUJI_UPLOADS`: uploads taken in at once.
    pub uploads: usize,
    /// `GOUJI_HIGH_WATER`: reports between ingest and index above which nothing more is taken in.
    pub high_water: usize,
    /// `GOUJI_RESERVE_MB`: what stays free on the disks of ingest, in millions of bytes.
    pub reserve_mb: usize,
    /// `GOUJI_PERMITS`: messages in flight. Thirty-two: a message computes for a millisecond and waits for
    /// disks for tens of them; seats, not permits, keep the cores.
    pub permits: usize,
    /// `GOUJI_LOG`: for people on a terminal, else one JSON object a line.
    pub log: LogFormat,
    /// `RUST_LOG`: what is logged, in the syntax of `tracing`.
    pub log_filter: String,
    /// `GOUJI_DRAIN_SECONDS`: how long what is in flight may take after a stop. 25, because an
    /// orchestrator kills after 30.
    pub drain: Duration,
}

/// Where a bucket is and how to get in. Names the files of secrets, and holds none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3At {
    /// The bucket, which somebody has made.
    pub bucket: String,
    /// What every name begins with; may be empty.
    pub prefix: String,
    /// Address of the service; without it that of Amazon's region.
    pub endpoint: Option<String>,
    /// Region that requests are signed for.
    pub region: String,
    /// Files with access key and secret key; without them, what the machine or pod is given.
    pub keys: Option<(PathBuf, PathBuf)>,
    /// Certificates to trust beside those of the system.
    pub ca: Option<PathBuf>,
    /// Whether the bucket stands in the path of an address or before its host.
    pub path_style: bool,
    /// Whether an address without TLS will do.
    pub allow_http: bool,
}

/// Where originals are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OriginalsAt {
    /// A folder on a disk that every process of the pipeline sees.
    Folder(PathBuf),
    /// An object store on the bus, for hosts that share no disk.
    Bucket,
    /// A bucket of a service that speaks S3, for hosts that share no disk.
    S3(S3At),
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One line of text.
    Human,
    /// One JSON object.
    Json,
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{variable}={value:?}: {reason}")]
pub struct WrongSetting {
    variable: &'static str,
    value: String,
    reason: String,
}

impl Config {
    /// Reads the environment of the process, behind it a file of settings, if there is one, and behind that
    /// `defaults` by the names of their variables.
    ///
    /// # Errors
    /// What cannot be used of the file, or the first variable whose value cannot be used.
    pub fn load(file: Option<&Path>, defaults: &[(&str, String)]) -> anyhow::Result<Self> {
        let said = file.map(settings::read_file).transpose()?.unwrap_or_default();
        let of_environment =
            |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        let set = |value: &String| !value.is_empty();
        let otherwise = |name: &str| {
            defaults.iter().find(|(variable, _)| *variable == name).map(|(_, value)| value.clone())
        };
        Ok(Self::from_variables(|name| {
            let of_file = || said.get(name).cloned().filter(set);
            of_environment(name).filter(set).or_else(of_file).or_else(|| otherwise(name))
        })?)
    }

    /// Reads variables through `get`. An empty value is an absent one.
    ///
    /// # Errors
    /// The first variable whose value cannot be used.
    pub fn from_variables(get: impl Fn(&str) -> Option<String>) -> Result<Self, WrongSetting> {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        let drain_seconds = number(&get, "GOUJI_DRAIN_SECONDS", 25, 1..=600)?;
        Ok(Self {
            nats_url: get("GOUJI_NATS_URL"),
            nats_nkey: existing_file(&get, "GOUJI_NATS_NKEY")?,
            nats_credentials: existing_file(&get, "GOUJI_NATS_CREDENTIALS")?,
            nats_ca: existing_file(&get, "GOUJI_NATS_CA")?,
            nats_certificate: existing_file(&get, "GOUJI_NATS_CERTIFICATE")?,
            nats_key: existing_file(&get, "GOUJI_NATS_KEY")?,
            nats_replicas: number(&get, "GOUJI_NATS_REPLICAS", 1, 1..=5)?,
            originals: originals(&get)?,
            inbox: get("GOUJI_INBOX").map(PathBuf::from),
            index: get("GOUJI_INDEX").unwrap_or_else(|| "gouji-index".into()).into(),
            rule_policy: text_of_file(&get, "GOUJI_RULE_POLICY")?,
            listen: parsed(&get, "GOUJI_LISTEN")?,
            keys: existing_file(&get, "GOUJI_KEYS")?,
            open: parsed(&get, "GOUJI_OPEN")?.unwrap_or(false),
            rate: number(&get, "GOUJI_RATE", 50, 1..=100_000)?,
            upload_mb: number(&get, "GOUJI_UPLOAD_MB", 4096, 1..=65_536)?,
            uploads: number(&get, "GOUJI_UPLOADS", 32, 1..=1024)?,
            high_water: number(&get, "GOUJI_HIGH_WATER", 20_000, 1..=10_000_000)?,
            reserve_mb: number(&get, "GOUJI_RESERVE_MB", 1000, 0..=100_000_000)?,
            permits: number(&get, "GOUJI_PERMITS", 32, 1..=1024)?,
            log: log_format(get("GOUJI_LOG"))?,
            log_filter: log_filter(get("RUST_LOG"))?,
            drain: Duration::from_secs(drain_seconds as u64),
        })
    }
}

impl Config {
    /// Where the bus is.
    pub fn nats_url(&self) -> &str {
        self.nats_url.as_deref().unwrap_or("nats://127.0.0.1:4222")
    }
}

fn originals(get: &impl Fn(&str) -> Option<String>) -> Result<OriginalsAt, WrongSetting> {
    let Some(at) = get("GOUJI_ORIGINALS") else { return Ok(OriginalsAt::Folder("gouji-originals".into())) };
    match at.split_once(':') {
        Some(("bucket", "")) => Ok(OriginalsAt::Bucket),
        Some(("s3", path)) => s3(get, &at, path).map(OriginalsAt::S3),
        _ => Ok(OriginalsAt::Folder(at.into())),
    }
}

fn s3(get: &impl Fn(&str) -> Option<String>, at: &str, path: &str) -> Result<S3At, WrongSetting> {
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
            let reason = "is without TLS; say https://, or GOUJI_ORIGINALS_ALLOW_HTTP=true";
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
    Ok(S3At {
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

fn log_format(value: Option<String>) -> Result<LogFormat, WrongSetting> {
    match value.as_deref() {
        Some("human") => Ok(LogFormat::Human),
        Some("json") => Ok(LogFormat::Json),
        None if std::io::stderr().is_terminal() => Ok(LogFormat::Human),
        None => Ok(LogFormat::Json),
        Some(other) => Err(wrong("GOUJI_LOG", other, "expected `human` or `json`")),
    }
}

fn log_filter(value: Option<String>) -> Result<String, WrongSetting> {
    let filter = value.unwrap_or_else(|| "info".into());
    match tracing_subscriber::EnvFilter::builder().parse(&filter) {
        Ok(_) => Ok(filter),
        Err(error) => Err(wrong("RUST_LOG", &filter, error)),
    }
}

fn existing_file(
    get: &impl Fn(&str) -> Option<String>,
    variable: &'static str,
) -> Result<Option<PathBuf>, WrongSetting> {
    match get(variable) {
        Some(path) if !std::path::Path::new(&path).is_file() => Err(wrong(variable, &path, "no such file")),
        path => Ok(path.map(PathBuf::from)),
    }
}

fn text_of_file(
    get: &impl Fn(&str) -> Option<String>,
    variable: &'static str,
) -> Result<Option<String>, WrongSetting> {
    let read = |path: String| std::fs::read_to_string(&path).map_err(|error| wrong(variable, &path, error));
    get(variable).map(read).transpose()
}

fn number(
    get: &impl Fn(&str) -> Option<String>,
    variable: &'static str,
    default: usize,
    range: std::ops::RangeInclusive<usize>,
) -> Result<usize, WrongSetting> {
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
) -> Result<Option<T>, WrongSetting> {
    let Some(value) = get(variable) else { return Ok(None) };
    value.parse().map(Some).map_err(|error: T::Err| wrong(variable, &value, error))
}

fn truth(
    get: &impl Fn(&str) -> Option<String>,
    variable: &'static str,
    default: bool,
) -> Result<bool, WrongSetting> {
    Ok(parsed(get, variable)?.unwrap_or(default))
}

fn wrong(variable: &'static str, value: &str, reason: impl Display) -> WrongSetting {
    WrongSetting { variable, value: value.into(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, WrongSetting> {
        Config::from_variables(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_set_is_a_working_configuration() {
        let config = read(&[]).unwrap();
        assert_eq!(config.nats_url(), "nats://127.0.0.1:4222");
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
        assert_eq!(config.originals, OriginalsAt::Bucket);
        assert_eq!(config.listen, Some("127.0.0.1:9100".parse().unwrap()));
        assert_eq!(config.permits, 7);
        assert_eq!(config.log, LogFormat::Json);
        assert_eq!(config.nats_url(), "nats://127.0.0.1:4222");
    }

    #[test]
    fn originals_may_lie_in_s3() {
        let config = read(&[
            ("GOUJI_ORIGINALS", "s3://reports/of/2024/"),
            ("GOUJI_ORIGINALS_ENDPOINT", "http://127.0.0.1:9000"),
            ("GOUJI_ORIGINALS_ALLOW_HTTP", "true"),
        ]);
        let OriginalsAt::S3(at) = config.unwrap().originals else { panic!("no S3") };
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
        check("GOUJI_LISTEN", "9100", r#"GOUJI_LISTEN="9100": invalid socket address syntax"#);
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
