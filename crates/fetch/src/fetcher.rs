//! The HTTP client: polite, within limits, and to public addresses only.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::robots::{self, Robots};
use crate::{FetchError, Networks};

/// Redirects from one address; a page that moved to https and to another platform has three.
const REDIRECTS: usize = 5;
/// Attempts at one address while its site is overloaded.
const ATTEMPTS: u32 = 3;
/// The longest pause between two attempts; a site that asks for more is visited later.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// `robots.txt` is read again after this time, as RFC 9309 asks.
const ROBOTS_AGE: Duration = Duration::from_secs(24 * 3600);
/// The name of this program in `robots.txt`.
const TOKEN: &str = "gouji";
/// What stays as it is in the contact of the `User-Agent`.
const CONTACT: &AsciiSet = &CONTROLS.add(b'(').add(b')').add(b'%');

/// How requests are sent.
#[derive(Debug, Clone)]
pub struct FetcherConfig {
    /// The inner networks that may be reached.
    pub networks: Networks,
    /// The pause between two requests to one host.
    pub delay: Duration,
    /// The time one request may take, with its body.
    pub timeout: Duration,
    /// Whom the operators of a site may ask about the requests; empty for nobody.
    pub contact: String,
}

/// What a site said of a version of a document, to ask whether there is a newer one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// The `ETag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The `Last-Modified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// What was fetched before is still there.
    Unchanged,
    /// There is nothing any longer: 404 or 410.
    Gone(u16),
    /// The document.
    Body(Body),
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Its address, after redirects.
    pub url: Url,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// For the next visit.
    pub validators: Validators,
}

/// Sends requests; clones share their connections and the pauses between them.
#[derive(Debug, Clone)]
pub struct Fetcher {
    client: Client,
    config: Arc<FetcherConfig>,
    hosts: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<Host>>>>>,
}

/// One host. It is locked during a request, so that there is one at a time.
#[derive(Debug, Default)]
struct Host {
    /// The end of the last request.
    last: Option<Instant>,
    /// The rules for each origin, and when they were read.
    robots: HashMap<String, (Instant, Robots)>,
}

/// What a single request brought.
enum Step {
    Answer(Answer),
    Redirect(Url),
}

impl Fetcher {
    /// A client with no connection yet.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new(config: FetcherConfig) -> Result<Self, reqwest::Error> {
        // Fails where a provider is installed; that one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let contact = utf8_percent_encode(&config.contact, CONTACT);
        let version = env!("CARGO_PKG_VERSION");
        let agent = match config.contact.is_empty() {
            true => format!("{TOKEN}/{version}"),
            false => format!("{TOKEN}/{version} ({contact})"),
        };
        let builder = || {
            Client::builder()
                .user_agent(agent.clone())
                .no_proxy()
                .redirect(Policy::none())
                .timeout(config.timeout)
                .connect_timeout(config.timeout.min(Duration::from_secs(10)))
                .pool_max_idle_per_host(1)
                .dns_resolver(CheckedResolver(config.networks.clone()))
        };
        // A machine in a closed network may have no certificate of any authority: it visits by HTTP, and an HTTPS
        // site is of an unknown issuer to it.
        let client = builder().build().or_else(|_| builder().tls_certs_only([]).build())?;
        Ok(Self { client, config: Arc::new(config), hosts: Arc::default() })
    }

    /// Gets what is behind an address, at most `limit` bytes.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn get(&self, url: &Url, known: &Validators, limit: usize) -> Result<Answer, FetchError> {
        let mut at = url.clone();
        for _ in 0..=REDIRECTS {
            match self.step(&at, known, limit).await? {
                Step::Answer(answer) => return Ok(answer),
                Step::Redirect(to) => at = to,
            }
        }
        Err(FetchError::TooManyRedirects { from: url.clone(), limit: REDIRECTS })
    }

    /// One request, after the checks that each redirect needs too.
    async fn step(&self, url: &Url, known: &Validators, limit: usize) -> Result<Step, FetchError> {
        self.check(url)?;
        let host = self.host(url);
        let mut host = host.lock().await;
        let robots = self.robots(&mut host, url).await?;
        if !robots.allows(&path(url)) {
            return Err(FetchError::Disallowed(url.clone()));
        }
        let delay = robots.delay.unwrap_or_default().max(self.config.delay);
        self.request(&mut host, url, known, limit, delay).await
    }

    /// A name is checked when it is resolved; an address in figures is not resolved.
    fn check(&self, url: &Url) -> Result<(), FetchError> {
        let host = url.host_str().filter(|_| ["http", "https"].contains(&url.scheme()));
        let host = host.ok_or_else(|| FetchError::NotHttp(url.clone()))?;
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match literal {
            Ok(address) if !self.config.networks.allow(address) => {
                Err(FetchError::InnerAddress(host.to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn host(&self, url: &Url) -> Arc<tokio::sync::Mutex<Host>> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.entry(url.host_str().unwrap_or_default().to_owned()).or_default().clone()
    }

    /// The rules of the site of an address. No such file allows everything; one that cannot be had, nothing.
    async fn robots(&self, host: &mut Host, url: &Url) -> Result<Robots, FetchError> {
        let origin = url.origin().ascii_serialization();
        if let Some((read, robots)) = host.robots.get(&origin)
            && read.elapsed() < ROBOTS_AGE
        {
            return Ok(robots.clone());
        }
        let unreachable = || FetchError::RobotsUnreachable(url.host_str().unwrap_or_default().to_owned());
        let mut at = url.join("/robots.txt").map_err(|_| unreachable())?;
        for _ in 0..=REDIRECTS {
            self.check(&at)?;
            // Requests for it are part of the conversation with this host, also where it redirects elsewhere.
            let step =
                self.request(host, &at, &Validators::default(), robots::BYTES, self.config.delay).await;
            let robots = match step {
                Ok(Step::Redirect(to)) => {
                    at = to;
                    continue;
                }
                Ok(Step::Answer(Answer::Body(body))) => Robots::parse(&body.bytes, TOKEN),
                Ok(Step::Answer(_)) => Robots::everything(),
                Err(FetchError::Status { status: 400..500, .. } | FetchError::TooLarge { .. }) => {
                    Robots::everything()
                }
                Err(FetchError::Status { .. }) => return Err(unreachable()),
                Err(error) => return Err(error),
            };
            host.robots.insert(origin, (Instant::now(), robots.clone()));
            return Ok(robots);
        }
        // More redirects than RFC 9309 wants followed count as no such file.
        Ok(Robots::everything())
    }

    async fn request(
        &self,
        host: &mut Host,
        url: &Url,
        known: &Validators,
        limit: usize,
        delay: Duration,
    ) -> Result<Step, FetchError> {
        let mut attempt = 0;
        loop {
            if let Some(last) = host.last {
                tokio::time::sleep_until(last + delay).await;
            }
            let answered = self.send(url, known, limit).await;
            host.last = Some(Instant::now());
            attempt += 1;
            match answered {
                Err(FetchError::Busy { after, .. }) if attempt < ATTEMPTS && after <= LONGEST_PAUSE => {
                    // Without a Retry-After the pauses double.
                    let pause = if after.is_zero() { delay * 2_u32.pow(attempt) } else { after };
                    tokio::time::sleep(pause).await;
                }
                answered => return answered,
            }
        }
    }

    async fn send(&self, url: &Url, known: &Validators, limit: usize) -> Result<Step, FetchError> {
        let mut request = self.client.get(url.clone());
        if let Some(etag) = &known.etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        if let Some(day) = &known.last_modified {
            request = request.header(header::IF_MODIFIED_SINCE, day);
        }
        let response = request.send().await.map_err(|error| failed(url, &error))?;
        let status = response.status();
        let headers = response.headers().clone();
        match status {
            StatusCode::NOT_MODIFIED => Ok(Step::Answer(Answer::Unchanged)),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Step::Answer(Answer::Gone(status.as_u16()))),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let after = retry_after(&headers).unwrap_or_default();
                Err(FetchError::Busy { url: url.clone(), after })
            }
            _ if status.is_redirection() => {
                let to = text(&headers, header::LOCATION).and_then(|location| url.join(&location).ok());
                let to = to.ok_or(FetchError::Status { url: url.clone(), status: status.as_u16() })?;
                Ok(Step::Redirect(to))
            }
            _ if !status.is_success() => {
                Err(FetchError::Status { url: url.clone(), status: status.as_u16() })
            }
            _ => {
                let bytes = read(response, url, limit).await?;
                let validators = Validators {
                    etag: text(&headers, header::ETAG),
                    last_modified: text(&headers, header::LAST_MODIFIED),
                };
                let content_type = text(&headers, header::CONTENT_TYPE);
                Ok(Step::Answer(Answer::Body(Body { url: url.clone(), bytes, content_type, validators })))
            }
        }
    }
}

async fn read(response: Response, url: &Url, limit: usize) -> Result<Vec<u8>, FetchError> {
    let too_large = || FetchError::TooLarge { url: url.clone(), limit };
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let mut body = response.bytes_stream();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error| failed(url, &error))?;
        if bytes.len() + piece.len() > limit {
            return Err(too_large());
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

fn failed(url: &Url, error: &reqwest::Error) -> FetchError {
    if error.is_timeout() {
        return FetchError::TimedOut(url.clone());
    }
    let mut causes = Vec::new();
    let mut source: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = source {
        if let Some(InnerAddress(host)) = cause.downcast_ref() {
            return FetchError::InnerAddress(host.clone());
        }
        causes.push(cause.to_string());
        source = cause.source();
    }
    FetchError::Unreachable { url: url.clone(), cause: causes.join(": ") }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    // Some sites write a Location in UTF-8.
    let value = headers.get(name)?.as_bytes();
    Some(String::from_utf8_lossy(value).into_owned())
}

/// How long to wait: seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = text(headers, header::RETRY_AFTER)?;
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = jiff::fmt::rfc2822::parse(value.trim()).ok()?.timestamp();
    let wait = until.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(wait).unwrap_or_default())
}

/// The path of an address with its query.
fn path(url: &Url) -> String {
    let query = url.query().map(|query| format!("?{query}"));
    format!("{}{}", url.path(), query.unwrap_or_default())
}

/// Resolves names, and leaves out the addresses that may not be connected to. The connection goes to one of the
/// others, so that a name cannot mean another address after it was checked.
struct CheckedResolver(Networks);

/// A name all of whose addresses are inner.
#[derive(Debug)]
struct InnerAddress(String);

impl fmt::Display for InnerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has inner addresses only", self.0)
    }
}

impl Error for InnerAddress {}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let networks = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| networks.allow(address.ip())).collect();
            if allowed.is_empty() {
                return Err(InnerAddress(name.as_str().to_owned()).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
