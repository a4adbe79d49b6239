//! An address that is called with each change: Standard Webhooks, or the signature of a platform.
//!
//! One POST a change, its body the CloudEvents object in structured mode, so that the signature covers the attributes
//! too. The changes of one report go one after the other, those of several reports at once. The address cannot be asked
//! what it has, so the place is kept on the bus; what it gets again has the same `webhook-id`.

mod hosts;
mod sign;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use data_encoding::HEXLOWER;
use futures::StreamExt;
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};
use worker::outlets::WebhookConfig;

use self::hosts::Hosts;
use self::sign::{Outgoing, Signer};
use crate::change::{Batch, Change};
use crate::envelope;
use crate::target::{Batching, Kept, Target, TargetError};

/// A receiver that has not answered by then is taken to be away; Standard Webhooks recommends 15 to 30 seconds at
/// most, and a receiver should store the event and answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// An address that is not there answers nothing; this is long for any network.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// As much of an answer is read, for the reason in it.
const LARGEST_ANSWER: usize = 2048;
/// The longest pause that a receiver may ask for by `Retry-After`; after it, it is asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// The media type of the structured mode.
const STRUCTURED: &str = "application/cloudevents+json; charset=utf-8";

/// An address that is called with each change.
pub struct Webhook {
    url: Url,
    client: Client,
    signer: Signer,
    source: String,
    parallel: usize,
    /// The receiver has asked not to be called before.
    not_before: Option<Instant>,
    delivered: Delivered,
}

/// The changes that the receiver took since the place of the last batch. When a batch comes again because one of its
/// changes failed, the others are not sent again.
#[derive(Debug, Default)]
struct Delivered {
    log_made_at_ms: i64,
    from: u64,
    changes: BTreeSet<(u64, String)>,
}

impl Delivered {
    /// Forgets what is before this batch; everything if the place went back.
    fn begin(&mut self, batch: &Batch) {
        if (self.log_made_at_ms, self.from) > (batch.log_made_at_ms, batch.from)
            || self.log_made_at_ms != batch.log_made_at_ms
        {
            self.changes.clear();
        }
        self.changes.retain(|(sequence, _)| *sequence >= batch.from);
        (self.log_made_at_ms, self.from) = (batch.log_made_at_ms, batch.from);
    }

    /// A batch has ended: everything before `next` is behind the place.
    fn end(&mut self, next: u64) {
        self.from = next;
        self.changes.retain(|(sequence, _)| *sequence >= next);
    }
}

impl Webhook {
    /// The webhook of an outlet; `source` is the CloudEvents source of this installation.
    ///
    /// # Errors
    /// If the settings cannot be used, or a file cannot be read.
    pub fn open(config: &WebhookConfig, source: &str) -> anyhow::Result<Self> {
        bus::tls::prepare();
        let hosts = Hosts::new(&config.hosts);
        let url = hosts.check(&config.url)?;
        let secrets =
            config.secrets.iter().map(|path| read_secret(path)).collect::<anyhow::Result<Vec<_>>>()?;
        let mut client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            // A proxy would resolve the name itself, so that nothing could be checked here.
            .no_proxy()
            .dns_resolver(hosts)
            .user_agent(concat!("gouji/", env!("CARGO_PKG_VERSION")));
        if let Some(ca) = &config.ca {
            let pem = std::fs::read(ca).with_context(|| format!("reading {}", ca.display()))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem);
            client =
                client.tls_certs_merge(certificates.with_context(|| format!("reading {}", ca.display()))?);
        }
        Ok(Self {
            signer: Signer::new(config, &secrets)?,
            client: client.build().context("making an HTTP client")?,
            url,
            source: source.to_owned(),
            parallel: config.parallel.max(1),
            not_before: None,
            delivered: Delivered::default(),
        })
    }

    /// Sends the changes of one report, the oldest first, until one fails or `stop` is set.
    async fn send_in_order<'a>(
        &self,
        changes: Vec<&'a Change>,
        log_made_at_ms: i64,
        stop: &AtomicBool,
    ) -> (Vec<&'a Change>, Option<Failure>) {
        let mut taken = Vec::new();
        for change in changes {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            match self.send(change, log_made_at_ms).await {
                Ok(()) => taken.push(change),
                Err(failure) => {
                    // Everything else would fail as well; one that is refused stops its own report alone.
                    stop.fetch_or(!failure.is_of_the_change(), Ordering::Relaxed);
                    return (taken, Some(failure));
                }
            }
        }
        (taken, None)
    }

    async fn send(&self, change: &Change, log_made_at_ms: i64) -> Result<(), Failure> {
        let body = envelope::structured(change, &self.source, log_made_at_ms);
        let nonce = nonce().map_err(Failure::blocked)?;
        let now_ms = Timestamp::now().as_millisecond();
        let outgoing = Outgoing { id: &change.id, body: &body, now_ms, nonce: &nonce };
        let headers =
            self.signer.headers(outgoing).map_err(|error| Failure::Refused(change.id.clone(), error))?;
        let request = self.client.post(self.url.clone()).headers(headers).header(CONTENT_TYPE, STRUCTURED);
        let response = request.body(body).send().await.map_err(|error| self.away(error))?;
        self.judge(change, response).await
    }

    fn away(&self, error: reqwest::Error) -> Failure {
        let error = anyhow::Error::new(error.without_url());
        Failure::blocked(error.context(format!("calling {}", self.name())))
    }

    async fn judge(&self, change: &Change, response: Response) -> Result<(), Failure> {
        let status = response.status();
        if status.is_success() {
            // An answer that is not read to its end costs the connection; a short one does not.
            beginning(response).await;
            return Ok(());
        }
        let pause = pause(response.headers(), Timestamp::now());
        let location = response.headers().get("location").map(|to| to.to_str().unwrap_or("?").to_owned());
        let said = beginning(response).await;
        let answer =
            format!("{} answers {status}{}{said}", self.name(), if said.is_empty() { "" } else { ": " });
        Err(match status {
            StatusCode::GONE => Failure::Ended(anyhow!("{answer}; it wants no more of these messages")),
            _ if status.is_redirection() => Failure::blocked(anyhow!(
                "{} redirects to {}; redirects are not followed, so set `url` to the right address",
                self.name(),
                location.unwrap_or_default()
            )),
            _ if is_of_the_message(status) => Failure::Refused(change.id.clone(), anyhow!(answer)),
            _ => Failure::Blocked(anyhow!(answer), pause),
        })
    }

    /// The address without its query, which may hold a key.
    fn name(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.to_string()
    }
}

impl Target for Webhook {
    async fn test(&mut self) -> Result<Vec<String>, TargetError> {
        let response = self.client.head(self.url.clone()).send().await;
        let response = response.map_err(|error| TargetError::from(self.away(error)))?;
        let at = response.remote_addr().map(|address| address.to_string()).unwrap_or_default();
        let tls = match self.url.scheme() {
            "https" => format!("the certificate is of {}", self.url.host_str().unwrap_or_default()),
            _ => "without TLS: everybody on the way can read the reports".to_owned(),
        };
        let signed = match &self.signer {
            Signer::Standard(secrets) if secrets.len() > 1 => {
                format!("signed as Standard Webhooks with {} secrets", secrets.len())
            }
            Signer::Standard(_) => "signed as Standard Webhooks".to_owned(),
            Signer::Scheme(_) => "signed by the scheme of the platform".to_owned(),
        };
        Ok(vec![
            format!("{} is at {at} and answers ({} to HEAD)", self.name(), response.status().as_u16()),
            tls,
            signed,
        ])
    }

    /// The place moves after a batch, so after a kill a receiver gets at most this many once more.
    fn batching(&self) -> Batching {
        Batching { changes: 64, ..Batching::default() }
    }

    async fn place(&mut self) -> Result<Kept, TargetError> {
        Ok(Kept::OnBus)
    }

    async fn deliver(&mut self, batch: &Batch) -> Result<(), TargetError> {
        if let Some(left) = self.not_before.map(|at| at.saturating_duration_since(Instant::now()))
            && !left.is_zero()
        {
            let asked = anyhow!("{} has asked not to be called for {} s", self.name(), left.as_secs() + 1);
            return Err(TargetError::Blocked(asked));
        }
        self.not_before = None;
        self.delivered.begin(batch);
        let mut reports: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
        for change in &batch.changes {
            if !self.delivered.changes.contains(&(change.sequence, change.id.clone())) {
                reports.entry(&change.report).or_default().push(change);
            }
        }
        let mut reports: Vec<Vec<&Change>> = reports.into_values().collect();
        reports.sort_by_key(|changes| changes.first().map(|change| change.sequence));
        let stop = AtomicBool::new(false);
        let send = |changes| self.send_in_order(changes, batch.log_made_at_ms, &stop);
        let sends: Vec<_> = reports.into_iter().map(send).collect();
        let sent: Vec<_> = futures::stream::iter(sends).buffer_unordered(self.parallel).collect().await;
        let mut worst: Option<Failure> = None;
        for (taken, failure) in sent {
            self.delivered
                .changes
                .extend(taken.into_iter().map(|change| (change.sequence, change.id.clone())));
            if let Some(failure) = failure
                && worst.as_ref().is_none_or(|worst| failure.weight() > worst.weight())
            {
                worst = Some(failure);
            }
        }
        let Some(failure) = worst else {
            self.delivered.end(batch.to + 1);
            return Ok(());
        };
        if let Failure::Blocked(_, Some(pause)) = &failure {
            self.not_before = Some(Instant::now() + *pause);
        }
        Err(failure.into())
    }

    async fn delivered(&mut self, _: i64) -> Result<Option<BTreeSet<u64>>, TargetError> {
        Ok(None)
    }
}

/// Why a change was not taken.
#[derive(Debug)]
enum Failure {
    /// This change alone, by its id.
    Refused(String, anyhow::Error),
    /// Any change, for this long if the receiver says so.
    Blocked(anyhow::Error, Option<Duration>),
    /// Any change, for good.
    Ended(anyhow::Error),
}

impl Failure {
    fn blocked(error: anyhow::Error) -> Self {
        Self::Blocked(error, None)
    }

    fn is_of_the_change(&self) -> bool {
        matches!(self, Self::Refused(..))
    }

    /// The one of the changes that fail decides about the batch: the heaviest.
    fn weight(&self) -> u8 {
        match self {
            Self::Refused(..) => 0,
            Self::Blocked(..) => 1,
            Self::Ended(_) => 2,
        }
    }
}

impl From<Failure> for TargetError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(id, error) => Self::Refused(error.context(format!("sending {id}"))),
            Failure::Blocked(error, _) => Self::Blocked(error),
            Failure::Ended(error) => Self::Ended(error),
        }
    }
}

/// Whether a status is about the message. All others are about the receiver, the address or the key, so they would
/// meet every message: setting each aside would empty the log into the void while a secret is wrong.
fn is_of_the_message(status: StatusCode) -> bool {
    let about_all = [
        StatusCode::UNAUTHORIZED,
        StatusCode::PAYMENT_REQUIRED,
        StatusCode::FORBIDDEN,
        StatusCode::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED,
        StatusCode::NOT_ACCEPTABLE,
        StatusCode::PROXY_AUTHENTICATION_REQUIRED,
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        StatusCode::MISDIRECTED_REQUEST,
        StatusCode::UPGRADE_REQUIRED,
        StatusCode::TOO_EARLY,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    status.is_client_error() && !about_all.contains(&status)
}

/// The pause of a `Retry-After`, in seconds or as a date.
fn pause(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
            Duration::try_from(until.duration_since(now)).unwrap_or_default()
        }
    };
    Some(pause.min(LONGEST_PAUSE))
}

/// The beginning of an answer, on one line.
async fn beginning(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < LARGEST_ANSWER {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                bytes.extend_from_slice(&chunk[..chunk.len().min(LARGEST_ANSWER - bytes.len())])
            }
            _ => break,
        }
    }
    let words = String::from_utf8_lossy(&bytes);
    let words: Vec<&str> = words.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    words.join(" ").trim().chars().take(200).collect()
}

fn read_secret(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let text = text.trim();
    anyhow::ensure!(!text.is_empty(), "{} is empty", path.display());
    Ok(text.to_owned())
}

fn nonce() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("asking the system for random bytes")?;
    Ok(HEXLOWER.encode(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_of_the_message_or_of_all() {
        let refused = [400, 409, 411, 412, 413, 414, 418, 422, 451];
        let blocked = [401, 402, 403, 404, 405, 406, 407, 408, 415, 421, 425, 426, 429, 500, 502, 503, 504];
        for status in refused {
            assert!(is_of_the_message(StatusCode::from_u16(status).unwrap()), "{status}");
        }
        for status in blocked {
            assert!(!is_of_the_message(StatusCode::from_u16(status).unwrap()), "{status}");
        }
    }

    #[test]
    fn a_receiver_may_ask_for_a_pause() {
        let now = "2025-01-01T00:00:00Z".parse().unwrap();
        let check = |text: &str, seconds: Option<u64>| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(pause(&headers, now), seconds.map(Duration::from_secs), "{text}");
        };
        check("0", Some(0));
        check(" 120 ", Some(120));
        check("9999999", Some(3600));
        check("Wed, 01 Jan 2025 00:01:30 GMT", Some(90));
        check("Wed, 01 Jan 2020 00:00:00 GMT", Some(0));
        check("soon", None);
        check("-5", None);
        assert_eq!(pause(&HeaderMap::new(), now), None);
    }

    #[test]
    fn what_was_delivered_is_known_until_the_place_moves() {
        let batch = |log_made_at_ms, from, to| Batch { log_made_at_ms, from, to, changes: Vec::new() };
        let mut delivered = Delivered::default();
        let is_known = |delivered: &Delivered| delivered.changes.contains(&(5, "a".to_owned()));
        delivered.begin(&batch(1, 3, 9));
        delivered.changes.insert((5, "a".into()));
        // The batch comes again as a half.
        delivered.begin(&batch(1, 3, 4));
        delivered.end(5);
        delivered.begin(&batch(1, 5, 6));
        assert!(is_known(&delivered));
        delivered.end(7);
        assert!(!is_known(&delivered));
        delivered.begin(&batch(1, 7, 9));
        delivered.changes.insert((8, "b".into()));
        // The outlet was rewound, and then the log was made again.
        delivered.begin(&batch(1, 1, 9));
        assert_eq!(delivered.changes.len(), 0);
        delivered.changes.insert((8, "b".into()));
        delivered.begin(&batch(2, 1, 9));
        assert_eq!(delivered.changes.len(), 0);
    }
}
