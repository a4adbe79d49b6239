//! The outlets and inlets of a settings file: `[[outlet]]` and `[[inlet]]`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::ensure;
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
    /// The stream `EXPORT` of the bus, which the accounts of regions copy.
    Nats,
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

impl Carry {
    /// Its name in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Figures => "figures",
            Self::Findings => "findings",
        }
    }
}

impl OutletConfig {
    /// Whether a report of the region with this code is carried; one whose region is not known, only where all are.
    pub fn includes(&self, region: &str) -> bool {
        self.regions.is_empty() || self.regions.iter().any(|beginning| region.starts_with(beginning.as_str()))
    }

    /// What it chooses of the log: its regions, and what of a report is carried.
    pub fn selection(&self) -> String {
        let regions = match self.regions.as_slice() {
            [] => "all regions".to_owned(),
            regions => format!("regions {}", regions.join(", ")),
        };
        format!("{} of {regions}", self.carry.as_str())
    }

    /// Checks what does not depend on the kind of target.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    fn check(&self) -> anyhow::Result<()> {
        let name = &self.name;
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        ensure!(
            (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(safe),
            "outlet {name:?}: a name has letters, digits and `-`, at most {LONGEST_NAME} of them"
        );
        for region in &self.regions {
            ensure!(
                (2..=9).contains(&region.len()) && region.bytes().all(|byte| byte.is_ascii_digit()),
                "outlet {name}: regions = {region:?}: expected two to nine digits of a region's code"
            );
        }
        let has_its_table = match self.to {
            TargetKind::Folder => self.folder.is_some(),
            TargetKind::Table => self.table.is_some(),
            TargetKind::Kafka => self.kafka.is_some(),
            TargetKind::Webhook => self.webhook.is_some(),
            TargetKind::Nats => true,
        };
        let kind = self.to.as_str();
        ensure!(has_its_table, "outlet {name}: to = {kind:?} needs the table [outlet.{kind}]");
        Ok(())
    }
}

impl TargetKind {
    /// Its name in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Table => "table",
            Self::Kafka => "kafka",
            Self::Webhook => "webhook",
            Self::Nats => "nats",
        }
    }
}

/// The longest name of an outlet: it is part of the names of folders and of subjects on the bus.
const LONGEST_NAME: usize = 40;

/// An exchange folder.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderConfig {
    /// The folder.
    pub path: PathBuf,
    /// How long changes are collected before a batch is written: `30s`, `10m`, `1h`.
    #[serde(default = "ten_minutes", deserialize_with = "length_of_time")]
    pub every: Duration,
    /// A batch is written earlier with so many changes.
    #[serde(default = "ten_thousand")]
    pub rows: usize,
    /// Files beside the CSV: `parquet`, `jsonl`.
    #[serde(default)]
    pub formats: Vec<String>,
}

fn ten_minutes() -> Duration {
    Duration::from_secs(600)
}

/// `0s`, `30s`, `10m`, `1h` or `1d`.
fn length_of_time<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let length = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return None,
        };
        Some(Duration::from_secs(number.parse::<u32>().ok().map(u64::from)? * seconds))
    };
    length().ok_or_else(|| serde::de::Error::custom(format!("{text:?}: expected e.g. 30s, 10m or 1h")))
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
    /// Seconds that a login or a statement may take.
    #[serde(default = "thirty_seconds")]
    pub timeout_seconds: u64,
}

fn thirty_seconds() -> u64 {
    30
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

impl Routes {
    /// The outlet with this name.
    pub fn outlet(&self, name: &str) -> Option<&OutletConfig> {
        self.outlets.iter().find(|outlet| outlet.name == name)
    }

    /// Checks the outlets, as far as that does not depend on the kinds of their targets.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn check_outlets(&self) -> anyhow::Result<()> {
        let mut names = BTreeSet::new();
        for outlet in &self.outlets {
            outlet.check()?;
            ensure!(names.insert(&outlet.name), "two outlets have the name {}", outlet.name);
        }
        let to_nats = self.outlets.iter().filter(|outlet| outlet.to == TargetKind::Nats);
        ensure!(
            to_nats.count() <= 1,
            "two outlets go to = \"nats\", and the bus has one stream for what leaves"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(text: &str) -> Result<Routes, String> {
        let routes: Routes = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        routes.check_outlets().map_err(|error| error.to_string())?;
        Ok(routes)
    }

    fn check(text: &str, part: &str) {
        let message = routes(text).unwrap_err();
        assert!(message.contains(part), "{message}");
    }

    #[test]
    fn an_outlet_says_where_to_and_what() {
        let routes = routes(
            "[[outlet]]\nname = \"sheng\"\nto = \"folder\"\nregions = [\"3704\"]\n\
             [outlet.folder]\npath = \"/out\"\nevery = \"30s\"\n",
        )
        .unwrap();
        let outlet = routes.outlet("sheng").unwrap();
        let folder = outlet.folder.as_ref().unwrap();
        assert_eq!((folder.every, folder.rows), (Duration::from_secs(30), 10_000));
        assert_eq!(outlet.carry, Carry::Figures);
        assert!(outlet.includes("370403") && !outlet.includes("370500") && !outlet.includes(""));
        assert!(OutletConfig { regions: Vec::new(), ..outlet.clone() }.includes(""));
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        let folder = "to = \"folder\"\n[outlet.folder]\npath = \"/out\"\n";
        check("[[outlet]]\nname = \"a b\"\nto = \"kafka\"\n", "letters, digits");
        check("[[outlet]]\nname = \"a\"\nto = \"kafka\"\n", "needs the table [outlet.kafka]");
        check(&format!("[[outlet]]\nname = \"a\"\nregions = [\"3\"]\n{folder}"), "two to nine digits");
        check(&format!("[[outlet]]\nname = \"a\"\n{folder}every = \"soon\"\n"), "30s, 10m or 1h");
        check(
            &format!("[[outlet]]\nname = \"a\"\n{folder}[[outlet]]\nname = \"a\"\n{folder}"),
            "two outlets",
        );
    }
}
