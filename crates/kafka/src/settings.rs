//! The properties of librdkafka from the settings of an outlet or inlet.

use std::path::Path;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use worker::outlets::KafkaConfig;

/// The mechanisms of SASL that need nothing but a user and a password.
const MECHANISMS: [&str; 3] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

/// A setting of `kafka` that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// No broker is named.
    #[error("kafka.brokers is empty; name one broker at least, e.g. `kafka1:9092`")]
    NoBrokers,
    /// No topic is named.
    #[error("kafka.topic is empty")]
    NoTopic,
    /// Files of TLS are named and TLS is off.
    #[error("kafka.{0} is set and kafka.tls is not; set `tls = true`")]
    NotTls(&'static str),
    /// A certificate without its key, or a key without its certificate.
    #[error("kafka.certificate and kafka.key belong together; kafka.{0} is missing")]
    Half(&'static str),
    /// A mechanism that is not supported.
    #[error("kafka.sasl = \"{0}\" is none of PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512")]
    Mechanism(String),
    /// A user or password is missing, or is set without `sasl`.
    #[error("kafka.sasl, kafka.user and kafka.password belong together; kafka.{0} is missing")]
    Sasl(&'static str),
    /// A file cannot be read.
    #[error("kafka.{name} = \"{file}\"")]
    File {
        /// The setting.
        name: &'static str,
        /// The file.
        file: String,
        /// Why.
        #[source]
        error: std::io::Error,
    },
}

/// The properties that every client of this cluster has. `client` is the name that the brokers log.
///
/// Reads the file of the password, so a new password counts from the next connection on.
///
/// # Errors
/// The first setting that cannot be used.
pub fn settings(client: &str, config: &KafkaConfig) -> Result<ClientConfig, SettingsError> {
    if config.brokers.trim().is_empty() {
        return Err(SettingsError::NoBrokers);
    }
    if config.topic.trim().is_empty() {
        return Err(SettingsError::NoTopic);
    }
    let mut properties = ClientConfig::new();
    properties
        .set("client.id", client)
        .set("bootstrap.servers", &config.brokers)
        // A topic is made by those who run the cluster, who know how many partitions and replicas it needs.
        .set("allow.auto.create.topics", "false")
        // Figures about this process are no business of the cluster.
        .set("enable.metrics.push", "false")
        // Firewalls forget connections that are quiet for long.
        .set("socket.keepalive.enable", "true")
        .set("security.protocol", protocol(config))
        .set_log_level(RDKafkaLogLevel::Info);
    encrypt(&mut properties, config)?;
    authenticate(&mut properties, config)?;
    Ok(properties)
}

fn protocol(config: &KafkaConfig) -> &'static str {
    match (config.tls, config.sasl.is_some()) {
        (false, false) => "plaintext",
        (false, true) => "sasl_plaintext",
        (true, false) => "ssl",
        (true, true) => "sasl_ssl",
    }
}

fn encrypt(properties: &mut ClientConfig, config: &KafkaConfig) -> Result<(), SettingsError> {
    let files = [
        ("ca", "ssl.ca.location", &config.ca),
        ("certificate", "ssl.certificate.location", &config.certificate),
        ("key", "ssl.key.location", &config.key),
    ];
    for (name, property, file) in files {
        let Some(file) = file else { continue };
        if !config.tls {
            return Err(SettingsError::NotTls(name));
        }
        read(name, file)?;
        properties.set(property, file.display().to_string());
    }
    match (&config.certificate, &config.key) {
        (Some(_), None) => Err(SettingsError::Half("key")),
        (None, Some(_)) => Err(SettingsError::Half("certificate")),
        _ => Ok(()),
    }
}

fn authenticate(properties: &mut ClientConfig, config: &KafkaConfig) -> Result<(), SettingsError> {
    let (mechanism, user, password) = match (&config.sasl, &config.user, &config.password) {
        (None, None, None) => return Ok(()),
        (Some(mechanism), Some(user), Some(password)) => (mechanism, user, password),
        (None, ..) => return Err(SettingsError::Sasl("sasl")),
        (_, None, _) => return Err(SettingsError::Sasl("user")),
        (_, _, None) => return Err(SettingsError::Sasl("password")),
    };
    if !MECHANISMS.contains(&mechanism.as_str()) {
        return Err(SettingsError::Mechanism(mechanism.clone()));
    }
    let password = read("password", password)?;
    properties
        .set("sasl.mechanism", mechanism)
        .set("sasl.username", user)
        .set("sasl.password", password.trim_end_matches(['\r', '\n']));
    Ok(())
}

fn read(name: &'static str, file: &Path) -> Result<String, SettingsError> {
    std::fs::read_to_string(file).map_err(|error| SettingsError::File {
        name,
        file: file.display().to_string(),
        error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the properties are, or why there are none, for the lines of a section `kafka`.
    fn check(lines: &str, expected: Result<&[(&str, &str)], &str>) {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in
            [("ca.pem", "CA"), ("client.pem", "A"), ("client.key", "K"), ("password", "秘密 \r\n")]
        {
            std::fs::write(folder.path().join(file), text).unwrap();
        }
        let lines = lines.replace("@", &format!("{}/", folder.path().display()));
        let text = format!("[[outlet]]\nname = \"a\"\nto = \"kafka\"\n[outlet.kafka]\n{lines}");
        let file = folder.path().join("gouji.toml");
        std::fs::write(&file, text).unwrap();
        let mut routes = worker::settings::read_routes(&file).unwrap();
        let config = routes.outlets.remove(0).kafka.unwrap();
        match (settings("gouji-a", &config), expected) {
            (Ok(properties), Ok(expected)) => {
                for (name, value) in expected {
                    let found =
                        properties.get(name).map(|found| found.rsplit('/').next().unwrap_or_default());
                    assert_eq!(found, (!value.is_empty()).then_some(*value), "{lines}: {name}");
                }
            }
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
            (found, expected) => panic!("{lines}: {found:?} and not {expected:?}"),
        }
    }

    #[test]
    fn a_section_becomes_properties_of_the_library() {
        let plain = [("security.protocol", "plaintext"), ("sasl.mechanism", ""), ("client.id", "gouji-a")];
        check("brokers = \"a:9092,b:9092\"", Ok(&plain));
        let tls = [
            ("security.protocol", "ssl"),
            ("ssl.ca.location", "ca.pem"),
            ("ssl.certificate.location", "client.pem"),
            ("ssl.key.location", "client.key"),
        ];
        let lines = "brokers = \"a\"\ntls = true\nca = \"@ca.pem\"\ncertificate = \"@client.pem\"\nkey = \"@client.key\"";
        check(lines, Ok(&tls));
        let scram = [
            ("security.protocol", "sasl_ssl"),
            ("sasl.mechanism", "SCRAM-SHA-512"),
            ("sasl.username", "枣庄"),
            ("sasl.password", "秘密 "),
        ];
        let lines = "brokers = \"a\"\ntls = true\nsasl = \"SCRAM-SHA-512\"\nuser = \"枣庄\"\npassword = \"@password\"";
        check(lines, Ok(&scram));
        check(&lines.replace("tls = true", ""), Ok(&[("security.protocol", "sasl_plaintext")]));
    }

    #[test]
    fn a_section_that_cannot_work_is_refused() {
        check("brokers = \" \"", Err("kafka.brokers is empty"));
        check("brokers = \"a\"\ntopic = \"\"", Err("kafka.topic is empty"));
        check("brokers = \"a\"\nca = \"@ca.pem\"", Err("set `tls = true`"));
        check("brokers = \"a\"\ntls = true\nca = \"@none.pem\"", Err("kafka.ca = "));
        check("brokers = \"a\"\ntls = true\nkey = \"@client.key\"", Err("kafka.certificate is missing"));
        check("brokers = \"a\"\ntls = true\ncertificate = \"@client.pem\"", Err("kafka.key is missing"));
        check("brokers = \"a\"\nuser = \"a\"", Err("kafka.sasl is missing"));
        check("brokers = \"a\"\nsasl = \"PLAIN\"\nuser = \"a\"", Err("kafka.password is missing"));
        check("brokers = \"a\"\nsasl = \"PLAIN\"\npassword = \"@password\"", Err("kafka.user is missing"));
        let lines = "brokers = \"a\"\nsasl = \"GSSAPI\"\nuser = \"a\"\npassword = \"@password\"";
        check(lines, Err("\"GSSAPI\" is none of"));
    }
}
