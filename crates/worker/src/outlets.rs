//! The outlets and inlets of a settings file: `[[outlet]]` and `[[inlet]]`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

/// A target that reports are carried to; see docs/buses.md.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutletConfig {
    /// Its name: letters, digits and `-`.
    pub name: String,
    /// What kind of target it is.
    pub to: TargetKind,
    /// Beginnings of region codes; all where it is empty.
    #[serde(default)]
    pub regions: Vec<String>,
    /// What of a report is carried.
    #[serde(default)]
    pub carry: Carry,
    /// The folder, if it is one.
    pub folder: Option<FolderConfig>,
    /// The database, if it is one.
    pub table: Option<TableConfig>,
    /// The topic, if it is one.
    pub kafka: Option<KafkaConfig>,
    /// The address, if it is one.
    pub webhook: Option<WebhookConfig>,
}

/// The kinds of targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// An exchange folder.
    Folder,
    /// Exchange tables of a database, over ODBC.
    Table,
    /// A Kafka topic.
    Kafka,
    /// An HTTP address.
    Webhook,
}

/// What of a report is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Carry {
    /// Who, when, and the verdict.
    Identity,
    /// Also the figures.
    #[default]
    Figures,
    /// Also the findings.
    Findings,
}

/// An exchange folder.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderConfig {
    /// The folder.
    pub path: PathBuf,
    /// How long changes are collected before a batch is written: `30s`, `10m`, `1h`.
    #[serde(default = "ten_minutes")]
    pub every: String,
    /// A batch is written earlier with so many changes.
    #[serde(default = "ten_thousand")]
    pub rows: usize,
    /// Files beside the CSV: `parquet`, `jsonl`.
    #[serde(default)]
    pub formats: Vec<String>,
}

fn ten_minutes() -> String {
    "10m".into()
}

fn ten_thousand() -> usize {
    10_000
}

/// A database that ODBC reaches.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableConfig {
    /// A file with the connection string: `DSN=…;UID=…;PWD=…` or `Driver=…;…`.
    pub dsn: PathBuf,
    /// The schema of the tables; the user's own where it is absent.
    pub schema: Option<String>,
}

/// A Kafka cluster and a topic.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaConfig {
    /// `host:port`, with commas between them.
    pub brokers: String,
    /// The topic.
    #[serde(default = "report_topic")]
    pub topic: String,
    /// The consumer group of an inlet; `gouji-` and its name where it is absent.
    pub group: Option<String>,
    /// How an outlet compresses batches: `lz4`, `gzip`, `snappy` or `none`, which every consumer reads.
    pub compression: Option<String>,
    /// Whether connections use TLS.
    #[serde(default)]
    pub tls: bool,
    /// A PEM file of certificate authorities.
    pub ca: Option<PathBuf>,
    /// A PEM file with the certificate of this process.
    pub certificate: Option<PathBuf>,
    /// A PEM file with its private key.
    pub key: Option<PathBuf>,
    /// `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    pub sasl: Option<String>,
    /// The user.
    pub user: Option<String>,
    /// A file with the password.
    pub password: Option<PathBuf>,
    /// The largest file, in KB, that a message of an inlet may hold; a larger one is sent as a reference.
    #[serde(default = "thousand")]
    pub message_kb: usize,
    /// Hosts from which an inlet fetches files that messages refer to: `files.gov.cn`, `files.gov.cn:8443`, or
    /// `*.gov.cn` for all below it that have no address of an inner network.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// A PEM file of certificate authorities of these hosts.
    pub hosts_ca: Option<PathBuf>,
    /// The object store that messages of an inlet may refer to.
    pub s3: Option<ObjectStoreConfig>,
}

/// An object store with files that messages refer to.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectStoreConfig {
    /// Its buckets that may be read.
    pub buckets: Vec<String>,
    /// Its address; Amazon's of the region where it is absent.
    pub endpoint: Option<String>,
    /// The region that requests are signed for.
    #[serde(default = "first_region")]
    pub region: String,
    /// A file with the access key.
    pub access_key: PathBuf,
    /// A file with the secret key.
    pub secret_key: PathBuf,
    /// A PEM file of certificate authorities.
    pub ca: Option<PathBuf>,
    /// Whether the bucket is part of the path of an address, or of its host.
    #[serde(default)]
    pub path_style: bool,
}

fn report_topic() -> String {
    "gouji.report.v1".into()
}

fn thousand() -> usize {
    1_000
}

fn first_region() -> String {
    "us-east-1".into()
}

/// An address that is called with each change.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// The address.
    pub url: String,
    /// Hosts that may be called; the host of the address has to be one.
    pub hosts: Vec<String>,
    /// Files with the secrets; two while a secret is being replaced.
    #[serde(default)]
    pub secrets: Vec<PathBuf>,
    /// A PEM file of certificate authorities.
    pub ca: Option<PathBuf>,
    /// How requests are signed: `standard` (Standard Webhooks), `gjgxjhpt`, `x-client`, or a scheme.
    #[serde(default)]
    pub sign: SignConfig,
    /// Values that the parts of a scheme name, such as `sid` and `rid`.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// How many reports are sent at once. The changes of one report go one after the other.
    #[serde(default = "four")]
    pub parallel: usize,
}

fn four() -> usize {
    4
}

/// How requests are signed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum SignConfig {
    /// A scheme that is built in.
    Named(String),
    /// A scheme as a platform describes it.
    Scheme(SchemeConfig),
}

impl Default for SignConfig {
    fn default() -> Self {
        Self::Named("standard".into())
    }
}

/// A signature scheme: an algorithm over parts, in headers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemeConfig {
    /// `hmac-sha256`, `hmac-sm3`, `sha1` or `md5`.
    pub algorithm: String,
    /// What is signed, in this order: `time_ms`, `time_s`, `nonce`, `id`, `body`, `secret`, a name in `values`, or a
    /// text in single quotes.
    pub parts: Vec<String>,
    /// What stands between the parts.
    #[serde(default)]
    pub separator: String,
    /// `base64`, `hex` or `hex-upper`.
    pub encoding: String,
    /// The headers and what they say: a part, or `signature`.
    pub headers: BTreeMap<String, String>,
}

/// A source that files are taken from; see docs/buses.md.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InletConfig {
    /// Its name: letters, digits and `-`.
    pub name: String,
    /// What kind of source it is.
    pub from: SourceKind,
    /// The name of the API key whose scope holds; nothing is limited where it is absent.
    pub sender: Option<String>,
    /// The database, if it is one.
    pub table: Option<TableConfig>,
    /// The topic, if it is one.
    pub kafka: Option<KafkaConfig>,
}

/// The kinds of sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// A table of files.
    Table,
    /// A Kafka topic.
    Kafka,
}

/// The outlets and inlets of a settings file.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Routes {
    /// In the order of the file.
    #[serde(default, rename = "outlet")]
    pub outlets: Vec<OutletConfig>,
    /// In the order of the file.
    #[serde(default, rename = "inlet")]
    pub inlets: Vec<InletConfig>,
}
