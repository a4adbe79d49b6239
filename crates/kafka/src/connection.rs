//! The context of a client: where its log lines go, and why it last failed to reach a broker.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

/// The context of a client of one cluster; clones share it.
#[derive(Debug, Clone)]
pub struct Connection(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    brokers: String,
    topic: String,
    user: Option<String>,
    failure: Mutex<Option<Failure>>,
}

/// What librdkafka said when it last failed to reach a broker.
#[derive(Debug, Clone)]
struct Failure {
    code: Code,
    reason: String,
    at: Instant,
}

/// A reason that librdkafka did not give again for so long is none any more. It repeats one after 30 seconds.
const REPEATED: Duration = Duration::from_secs(90);

impl Connection {
    /// The context of a client of these brokers and this topic, as an outlet or inlet names them.
    pub fn new(config: &worker::outlets::KafkaConfig) -> Self {
        Self(Arc::new(Shared {
            brokers: config.brokers.clone(),
            topic: config.topic.clone(),
            user: config.user.clone(),
            failure: Mutex::default(),
        }))
    }

    /// The topic.
    pub fn topic(&self) -> &str {
        &self.0.topic
    }

    /// Whether a broker refused the user, the password or the certificate; asking again changes nothing.
    pub fn is_rejected(&self) -> bool {
        self.failure().is_some_and(|failure| matches!(failure.code, Code::Authentication | Code::SSL))
    }

    /// What an error means and what to do about it, for an operator.
    pub fn explain(&self, error: &KafkaError) -> String {
        let Shared { brokers, topic, user, .. } = &*self.0;
        let user = user.as_deref().map_or_else(|| "the client".to_owned(), |user| format!("user {user}"));
        match error.rdkafka_error_code() {
            Some(Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition) => format!(
                "there is no topic {topic} on {brokers}; have it made by those who run the cluster, \
                 or correct kafka.topic"
            ),
            Some(Code::InvalidTopic) => {
                format!("{topic} cannot be the name of a topic; correct kafka.topic")
            }
            Some(Code::TopicAuthorizationFailed) => format!(
                "{user} may not use the topic {topic}; have DESCRIBE allowed, and WRITE for an outlet or READ for \
                 an inlet"
            ),
            Some(Code::GroupAuthorizationFailed) => {
                format!(
                    "{user} may not read as this consumer group; have READ allowed on it, or set kafka.group"
                )
            }
            Some(Code::ClusterAuthorizationFailed) => format!(
                "{user} may not produce with idempotence; have IDEMPOTENT_WRITE allowed on the cluster"
            ),
            Some(Code::NotEnoughReplicas | Code::NotEnoughReplicasAfterAppend) => format!(
                "fewer replicas of {topic} are in sync than its min.insync.replicas; delivering waits for them"
            ),
            _ => match self.failure() {
                Some(failure) => failure.explain(brokers),
                None => format!("{brokers}: {error}"),
            },
        }
    }

    fn failure(&self) -> Option<Failure> {
        let failure = self.0.failure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        failure.filter(|failure| failure.at.elapsed() < REPEATED)
    }
}

impl Failure {
    fn explain(&self, brokers: &str) -> String {
        let Self { code, reason, .. } = self;
        match code {
            Code::Authentication => format!(
                "{brokers} refuses the user or the password: {reason}; check kafka.sasl, kafka.user and kafka.password"
            ),
            Code::SSL => format!(
                "no TLS with {brokers}: {reason}; check kafka.ca, kafka.certificate, kafka.key and the names of the \
                 brokers"
            ),
            Code::Resolve => {
                format!("the name of a broker cannot be resolved: {reason}; check kafka.brokers")
            }
            _ => format!("no broker of {brokers} answers: {reason}"),
        }
    }
}

/// Whether this says nothing that an earlier and closer reason did not.
fn is_summary(code: Code) -> bool {
    matches!(code, Code::AllBrokersDown)
}

impl ClientContext for Connection {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        match level {
            RDKafkaLogLevel::Info | RDKafkaLogLevel::Notice | RDKafkaLogLevel::Debug => {
                tracing::debug!(brokers = self.0.brokers, "librdkafka: {facility} {line}");
            }
            // The one who waits for the broker says what it means; this is for looking closer.
            _ => tracing::info!(brokers = self.0.brokers, "librdkafka: {facility} {line}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let Some(code) = error.rdkafka_error_code() else { return };
        tracing::debug!(brokers = self.0.brokers, "librdkafka: {error}: {reason}");
        if !is_summary(code) {
            let failure = Failure { code, reason: stable(reason).to_owned(), at: Instant::now() };
            *self.0.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
        }
    }
}

impl ConsumerContext for Connection {}

/// A reason without how long the attempt took, so that the same reason is the same text.
fn stable(reason: &str) -> &str {
    reason.split(" (after ").next().unwrap_or(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> Connection {
        let config = worker::outlets::KafkaConfig {
            brokers: "a:9092".into(),
            topic: "t".into(),
            group: None,
            compression: None,
            tls: false,
            ca: None,
            certificate: None,
            key: None,
            sasl: None,
            user: Some("u".into()),
            password: None,
            message_kb: 1,
            hosts: Vec::new(),
            hosts_ca: None,
            s3: None,
        };
        Connection::new(&config)
    }

    #[test]
    fn an_error_says_what_to_do() {
        let check = |said: Option<(Code, &str)>, error: Code, expected: &str| {
            let connection = connection();
            if let Some((code, reason)) = said {
                connection.error(KafkaError::Global(code), reason);
                connection.error(KafkaError::Global(Code::AllBrokersDown), "1/1 brokers are down");
            }
            let explained = connection.explain(&KafkaError::MetadataFetch(error));
            assert!(explained.contains(expected), "{explained}");
        };
        let late = Code::OperationTimedOut;
        check(None, Code::UnknownTopicOrPartition, "there is no topic t on a:9092");
        check(None, Code::TopicAuthorizationFailed, "user u may not use the topic t");
        check(None, Code::ClusterAuthorizationFailed, "IDEMPOTENT_WRITE");
        check(
            Some((Code::Authentication, "SCRAM failed")),
            late,
            "refuses the user or the password: SCRAM failed;",
        );
        check(Some((Code::SSL, "self-signed")), late, "no TLS with a:9092: self-signed;");
        let refused = "Connect to a failed: Connection refused (after 3ms in state CONNECT)";
        check(
            Some((Code::BrokerTransportFailure, refused)),
            late,
            "no broker of a:9092 answers: Connect to a failed: Connection refused",
        );
        check(Some((Code::Resolve, "a: unknown")), late, "check kafka.brokers");
    }
}
