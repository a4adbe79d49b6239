//! The sources of settings: one commented file, and the environment, which takes precedence.
//!
//! Both name the settings listed in [`SETTINGS`], so a file and the environment of a container can
//! contain the same. An unknown key in the file is an error with its line.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A setting that an operator may change.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its key in the file, `section.name`.
    pub key: &'static str,
    /// The environment variable, which takes precedence over the file.
    pub variable: &'static str,
    /// The default, written as in the file; empty where there is none.
    pub default: &'static str,
    /// What it means and why this default; one line each.
    pub about: &'static [&'static str],
}

const fn setting(
    key: &'static str,
    variable: &'static str,
    default: &'static str,
    about: &'static [&'static str],
) -> Setting {
    Setting { key, variable, default, about }
}

/// Every setting of every service, in the order of the file.
pub const SETTINGS: &[Setting] = &[
    setting(
        "bus.url",
        "GOUJI_NATS_URL",
        "\"nats://127.0.0.1:4222\"",
        &[
            "Several servers with commas between them. A user and a password may stand before an @; a seed in a",
            "file of its own is better, because it is not in every listing of this file.",
        ],
    ),
    setting(
        "bus.nkey",
        "GOUJI_NATS_NKEY",
        "",
        &[
            "A file with the seed of this process's user on the bus; `gouji bus init` makes one for each service.",
        ],
    ),
    setting(
        "bus.credentials",
        "GOUJI_NATS_CREDENTIALS",
        "",
        &["A credentials file (.creds) instead, where the bus knows its users by accounts and tokens."],
    ),
    setting(
        "bus.ca",
        "GOUJI_NATS_CA",
        "",
        &[
            "The authority whose certificate the bus must show, a PEM file. With it there is no connection",
            "without TLS; without it TLS is what the bus asks for, by the system's authorities.",
        ],
    ),
    setting(
        "bus.certificate",
        "GOUJI_NATS_CERTIFICATE",
        "",
        &["The certificate of this process, a PEM file, where the bus asks for one."],
    ),
    setting("bus.key", "GOUJI_NATS_KEY", "", &["The private key of that certificate, a PEM file."]),
    setting(
        "bus.replicas",
        "GOUJI_NATS_REPLICAS",
        "1",
        &[
            "Copies of the log and of the bucket, 1 to 5, when `gouji topology apply` makes them.",
            "One, because three need three machines.",
        ],
    ),
    setting(
        "originals.at",
        "GOUJI_ORIGINALS",
        "\"gouji-originals\"",
        &[
            "A folder on a disk that every process sees; where hosts share no disk, \"s3://bucket/prefix\" in",
            "S3-compatible storage, or \"bucket:\" for an object store on the bus.",
        ],
    ),
    setting(
        "originals.endpoint",
        "GOUJI_ORIGINALS_ENDPOINT",
        "",
        &["Address of the S3 service, https://host:port; without it that of Amazon in the region."],
    ),
    setting(
        "originals.region",
        "GOUJI_ORIGINALS_REGION",
        "\"us-east-1\"",
        &["Region that requests are signed for; most services of one's own take any."],
    ),
    setting(
        "originals.access_key",
        "GOUJI_ORIGINALS_ACCESS_KEY",
        "",
        &["File with the access key of the S3 service; without it, what the machine or pod is given."],
    ),
    setting("originals.secret_key", "GOUJI_ORIGINALS_SECRET_KEY", "", &["File with the secret key."]),
    setting(
        "originals.ca",
        "GOUJI_ORIGINALS_CA",
        "",
        &["PEM file of certificates to trust beside those of the system."],
    ),
    setting(
        "originals.path_style",
        "GOUJI_ORIGINALS_PATH_STYLE",
        "true",
        &["Whether the bucket stands in the path of an address (true) or before its host (false)."],
    ),
    setting(
        "originals.allow_http",
        "GOUJI_ORIGINALS_ALLOW_HTTP",
        "false",
        &["Whether an endpoint without TLS will do; only within one machine or a network of one's own."],
    ),
    setting(
        "http.listen",
        "GOUJI_LISTEN",
        "",
        &[
            "Address of /healthz, /readyz and /metrics, and of the doors of ingest and console.",
            "None, because several processes on one host would fight over a port.",
        ],
    ),
    setting(
        "http.keys",
        "GOUJI_KEYS",
        "",
        &[
            "The file of the keys that the doors of ingest and console ask for; `gouji key new` makes one.",
            "Without it the doors ask for nothing and listen on loopback only.",
        ],
    ),
    setting(
        "http.open",
        "GOUJI_OPEN",
        "false",
        &[
            "Whether doors without keys listen beyond loopback too: only behind a proxy that asks who is there,",
            "and on an address that nobody else reaches.",
        ],
    ),
    setting(
        "http.rate",
        "GOUJI_RATE",
        "50",
        &[
            "Requests a second of one key, and of one address without a valid key, where there are keys; ten",
            "seconds' worth may come at once. 50, because a page takes five and `gouji submit` twenty.",
        ],
    ),
    setting(
        "work.permits",
        "GOUJI_PERMITS",
        "32",
        &[
            "Messages in flight in one process, 1 to 1024: a message computes for a millisecond and waits for",
            "disks for tens of them. One computation a core runs at a time, whatever this says.",
        ],
    ),
    setting(
        "work.drain_seconds",
        "GOUJI_DRAIN_SECONDS",
        "25",
        &[
            "How long what is in flight may take after a stop, 1 to 600. 25, because an orchestrator kills after 30.",
        ],
    ),
    setting(
        "ingest.inbox",
        "GOUJI_INBOX",
        "",
        &["A drop folder: files that lie still go to done/ or refused/ in it, with a receipt beside them."],
    ),
    setting(
        "ingest.upload_mb",
        "GOUJI_UPLOAD_MB",
        "4096",
        &["Largest upload in millions of bytes, 1 to 65536: a province's archive is 4,000."],
    ),
    setting(
        "ingest.uploads",
        "GOUJI_UPLOADS",
        "32",
        &["Uploads taken in at once, 1 to 1024; further ones are told to come back. Each takes up to 3 MB."],
    ),
    setting(
        "ingest.high_water",
        "GOUJI_HIGH_WATER",
        "20000",
        &["Reports between ingest and index above which nothing more is taken in until some are through."],
    ),
    setting(
        "ingest.reserve_mb",
        "GOUJI_RESERVE_MB",
        "1000",
        &[
            "Millions of bytes that stay free on the disks of originals and of uploads on their way in; below it",
            "nothing more is taken in, so that what is there can still be finished.",
        ],
    ),
    setting(
        "index.folder",
        "GOUJI_INDEX",
        "\"gouji-index\"",
        &["The index, on a local disk of index and console."],
    ),
    setting(
        "rules.policy",
        "GOUJI_RULE_POLICY",
        "",
        &[
            "The rule policy: severities, rules switched off, waivers.",
            "deploy/rule-policy.toml is an example.",
        ],
    ),
    setting(
        "log.format",
        "GOUJI_LOG",
        "",
        &["\"human\" or \"json\"; without it people on a terminal get lines and machines get JSON."],
    ),
    setting("log.filter", "RUST_LOG", "\"info\"", &["What is logged, in the syntax of tracing."]),
];

/// Why a settings file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct SettingsFileError {
    file: String,
    line: usize,
    reason: String,
}

/// Values by the names of their variables.
pub type Values = BTreeMap<&'static str, String>;

/// Reads the settings in a file.
///
/// # Errors
/// If it cannot be read, is no TOML, has an unknown key, or a value of another type.
pub fn read_file(path: &Path) -> Result<Values, SettingsFileError> {
    let file = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text).map_err(|(line, reason)| SettingsFileError { file, line, reason }),
        Err(error) => Err(SettingsFileError { file, line: 0, reason: error.to_string() }),
    }
}

fn parse(text: &str) -> Result<Values, (usize, String)> {
    let line = |at: Range<usize>| 1 + text[..at.start.min(text.len())].matches('\n').count();
    let parsed = DeTable::parse(text)
        .map_err(|error| (line(error.span().unwrap_or_default()), error.message().to_owned()))?;
    let mut values = Values::new();
    for (section, settings) in parsed.get_ref() {
        let DeValue::Table(settings) = settings.get_ref() else {
            return Err((line(section.span()), unknown(section.get_ref())));
        };
        for (name, value) in settings {
            let key = format!("{}.{}", section.get_ref(), name.get_ref());
            let known = SETTINGS.iter().find(|setting| setting.key == key);
            let setting = known.ok_or_else(|| (line(name.span()), unknown(&key)))?;
            let value = written(value)
                .ok_or_else(|| (line(value.span()), format!("{key} is a text, a number or true or false")))?;
            values.insert(setting.variable, value);
        }
    }
    Ok(values)
}

fn written(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().replace('_', "")),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// The message for an unknown key, with the keys that may have been meant.
fn unknown(key: &str) -> String {
    let (section, name) = key.split_once('.').unwrap_or((key, ""));
    let is_similar = |setting: &&Setting| {
        let (its_section, its_name) = setting.key.split_once('.').unwrap_or_default();
        its_section == section || (!name.is_empty() && its_name == name)
    };
    let similar: Vec<&str> = SETTINGS.iter().filter(is_similar).map(|setting| setting.key).collect();
    match &similar[..] {
        [] => {
            let mut sections: Vec<&str> =
                SETTINGS.iter().filter_map(|setting| setting.key.split('.').next()).collect();
            sections.dedup();
            format!("there is no setting {key}; the sections are {}", sections.join(", "))
        }
        similar => format!("there is no setting {key}; there are {}", similar.join(", ")),
    }
}

/// The commented file with every setting at its default.
pub fn example() -> String {
    let mut text = String::from(
        "# Settings of gouji. Every process takes this file by --config or GOUJI_CONFIG; the variable named\n\
         # beside a setting says the same and goes before the file. A key that is none of these is an error.\n\
         # `gouji config FILE` checks a file, `gouji config` prints this one.\n",
    );
    let mut last = "";
    for setting in SETTINGS {
        let (section, name) = setting.key.split_once('.').unwrap_or(("", setting.key));
        if section != last {
            text.push_str(&format!("\n[{section}]\n"));
            last = section;
        }
        for line in setting.about {
            text.push_str(&format!("# {line}\n"));
        }
        let value = if setting.default.is_empty() { "\"\"" } else { setting.default };
        text.push_str(&format!("# {name} = {value}  # {}\n", setting.variable));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, line: usize, what: &str) {
        let (at, told) = parse(text).unwrap_err();
        assert!(at == line && told.contains(what), "line {at}: {told}");
    }

    #[test]
    fn a_file_says_what_variables_say() {
        let values =
            parse("[bus]\nurl = \"nats://a:4222\"\nreplicas = 3\n[work]\npermits = 1_000\n").unwrap();
        let expected =
            [("GOUJI_NATS_REPLICAS", "3"), ("GOUJI_NATS_URL", "nats://a:4222"), ("GOUJI_PERMITS", "1000")];
        assert_eq!(values, expected.map(|(variable, value)| (variable, value.to_owned())).into());
    }

    #[test]
    fn what_is_no_setting_is_told_with_its_line() {
        check("[bus]\n\nurls = \"x\"\n", 3, "no setting bus.urls; there are bus.url, bus.nkey");
        check("[bux]\nurl = \"x\"\n", 2, "there are bus.url");
        check("[nets]\nx = 1\n", 2, "the sections are bus, originals");
        check("permits = 3\n", 1, "no setting permits");
        check("[bus]\nurl = [\"a\"]\n", 2, "bus.url is a text");
        check("[bus\n", 1, "");
    }

    #[test]
    fn the_example_is_a_file_that_says_nothing_until_it_is_uncommented() {
        assert_eq!(parse(&example()).unwrap(), Values::new());
        let said: String = example()
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if rest.contains(" = ") && rest.contains("  # ") => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        assert_eq!(parse(&said).unwrap().len(), SETTINGS.len());
    }
}
