//! Unified sign-in (统一身份认证): OpenID Connect with the authorization code flow and PKCE.
//!
//! The browser is sent to the identity provider and comes back with a code; the code gives an ID token, whose signature,
//! issuer, audience, time and nonce are verified. What the browser needs on its way back (state, nonce, the verifier of
//! PKCE, where to go on) is in a cookie of that browser, so nobody can finish the sign-in of another.

mod claims;
mod token;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::Mutex;
use worker::OidcConfig;

use self::claims::RoleTable;
use self::token::KeySet;
use crate::account::{AccountError, ChangeError, Directory, Profile, Way, random_hex};
use crate::audit::Action;
use crate::sign_in::refused;
use crate::{AccessControl, Caller, Code, Problem, SignedIn, pairs};

/// Where the identity provider sends the browser back to.
const CALLBACK: &str = "/login/unified/callback";
/// How long one request to the identity provider may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest answer of it.
const LARGEST_ANSWER: usize = 1 << 20;
/// What it says of itself is asked for again after so long, and its keys when a token names one that is not known.
const REMEMBERED: Duration = Duration::from_secs(3600);
/// Its keys are asked for again at most so often, so that nobody makes us flood it with tokens of unknown keys.
const KEYS_EVERY: Duration = Duration::from_secs(10);

/// The identity provider.
pub(crate) struct Provider {
    config: OidcConfig,
    secret: Option<String>,
    roles: RoleTable,
    /// Where browsers reach this installation.
    address: String,
    client: reqwest::Client,
    discovered: Mutex<Option<(Instant, Arc<Discovered>)>>,
    keys: Mutex<Option<(Instant, Arc<KeySet>)>>,
}

/// What the provider says of itself.
#[derive(Debug, Clone, Deserialize)]
struct Discovered {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// The answer of the token endpoint.
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: String,
}

/// What the browser keeps while it is at the identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
struct UnderWay {
    state: String,
    nonce: String,
    verifier: String,
    next: String,
}

impl UnderWay {
    fn new(next: &str) -> anyhow::Result<Self> {
        Ok(Self {
            state: random_hex::<32>()?,
            nonce: random_hex::<32>()?,
            verifier: random_hex::<32>()?,
            next: next.to_owned(),
        })
    }

    fn cookie(&self) -> String {
        let next = URL_SAFE_NO_PAD.encode(&self.next);
        [&self.state, &self.nonce, &self.verifier, &next].map(String::as_str).join(".")
    }

    fn parse(cookie: &str) -> Option<Self> {
        let mut parts = cookie.split('.').map(str::to_owned);
        let (state, nonce, verifier) = (parts.next()?, parts.next()?, parts.next()?);
        let next = String::from_utf8(URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).ok()?;
        parts.next().is_none().then_some(Self { state, nonce, verifier, next })
    }

    /// What the provider gets of the verifier before it hands out the code (RFC 7636, S256).
    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier))
    }
}

/// Why a sign-in at the identity provider came to nothing.
#[derive(Debug)]
enum Failed {
    /// The provider, or what came from it, cannot be used.
    Provider(anyhow::Error),
    /// The browser did not begin this sign-in, or began it too long ago.
    NotOurs,
    /// The provider says why it did not sign the person in.
    Denied(String),
    /// The person has no account or role here.
    NoRole(String),
}

impl From<anyhow::Error> for Failed {
    fn from(error: anyhow::Error) -> Self {
        Self::Provider(error)
    }
}

/// Who the identity provider says has signed in.
struct Identity {
    name: String,
    /// Issuer and subject, which never change.
    id: String,
    /// Role and scope, where the provider decides them.
    profile: Option<Profile>,
}

impl Provider {
    /// # Errors
    /// If the settings cannot be used.
    pub(crate) fn open(config: &OidcConfig, address: &str) -> anyhow::Result<Self> {
        bus::tls::prepare();
        let secret = config.client_secret.as_ref().map(|path| {
            let text = std::fs::read_to_string(path);
            text.map(|text| text.trim().to_owned()).with_context(|| format!("reading {}", path.display()))
        });
        let mut client =
            reqwest::Client::builder().timeout(REQUEST_TIMEOUT).redirect(reqwest::redirect::Policy::none());
        if config.issuer.starts_with("http://") {
            // It is on this machine.
            client = client.no_proxy();
        }
        if let Some(ca) = &config.ca {
            let pem = std::fs::read(ca).with_context(|| format!("reading {}", ca.display()))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem);
            client =
                client.tls_certs_merge(certificates.with_context(|| format!("reading {}", ca.display()))?);
        }
        Ok(Self {
            secret: secret.transpose()?,
            roles: RoleTable::parse(&config.roles).context("GOUJI_OIDC_ROLES")?,
            address: address.to_owned(),
            client: client.build().context("making a client of the identity provider")?,
            config: config.clone(),
            discovered: Mutex::default(),
            keys: Mutex::default(),
        })
    }

    async fn get_json(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
        let mut response = request.header("accept", "application/json").send().await?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            ensure!(body.len() <= LARGEST_ANSWER, "an answer of more than {LARGEST_ANSWER} bytes");
        }
        let answer = serde_json::from_slice::<Value>(&body);
        if !status.is_success() {
            let code = answer.ok().and_then(|answer| Some(answer["error"].as_str()?.to_owned()));
            anyhow::bail!("{status} {}", code.unwrap_or_default());
        }
        answer.context("no JSON")
    }

    async fn discovered(&self) -> anyhow::Result<Arc<Discovered>> {
        let mut known = self.discovered.lock().await;
        if let Some((at, discovered)) = &*known
            && at.elapsed() < REMEMBERED
        {
            return Ok(discovered.clone());
        }
        let issuer = &self.config.issuer;
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let answer = self.get_json(self.client.get(&address)).await;
        let answer = answer.with_context(|| format!("asking {address}"))?;
        let discovered: Discovered =
            serde_json::from_value(answer).with_context(|| format!("what {address} says"))?;
        ensure!(discovered.issuer == *issuer, "{address} is of the issuer {}", discovered.issuer);
        let discovered = Arc::new(discovered);
        *known = Some((Instant::now(), discovered.clone()));
        Ok(discovered)
    }

    /// The keys of the provider; new ones if a token was signed with one that is not among them.
    async fn keys(&self, discovered: &Discovered, token: &str) -> anyhow::Result<Arc<KeySet>> {
        let mut known = self.keys.lock().await;
        if let Some((at, keys)) = &*known {
            let is_enough = keys.has_key_of(token) && at.elapsed() < REMEMBERED;
            if is_enough || at.elapsed() < KEYS_EVERY {
                return Ok(keys.clone());
            }
        }
        let answer = self.get_json(self.client.get(&discovered.jwks_uri)).await;
        let answer = answer.with_context(|| format!("asking {}", discovered.jwks_uri))?;
        let keys = Arc::new(KeySet::parse(answer).context("the keys of the identity provider")?);
        *known = Some((Instant::now(), keys.clone()));
        Ok(keys)
    }

    fn callback(&self) -> String {
        format!("{}{CALLBACK}", self.address)
    }

    /// Where the browser goes to sign in.
    async fn begin(&self, under_way: &UnderWay) -> anyhow::Result<String> {
        let discovered = self.discovered().await?;
        let parameters = [
            ("response_type", "code"),
            ("client_id", &self.config.client_id),
            ("redirect_uri", &self.callback()),
            ("scope", "openid profile"),
            ("state", &under_way.state),
            ("nonce", &under_way.nonce),
            ("code_challenge", &under_way.challenge()),
            ("code_challenge_method", "S256"),
        ];
        Ok(with_parameters(&discovered.authorization_endpoint, &parameters))
    }

    /// Who has signed in, when the browser comes back.
    async fn finish(&self, query: &str, under_way: Option<UnderWay>) -> Result<(Identity, String), Failed> {
        let value = |name: &str| pairs(query).find(|(known, _)| known == name).map(|(_, value)| value);
        let under_way = under_way.ok_or(Failed::NotOurs)?;
        let state = value("state").unwrap_or_default();
        if !bool::from(state.as_bytes().ct_eq(under_way.state.as_bytes())) {
            return Err(Failed::NotOurs);
        }
        let discovered = self.discovered().await?;
        // RFC 9207: the answer of another provider is none of this one's.
        if value("iss").is_some_and(|issuer| issuer != discovered.issuer) {
            return Err(Failed::NotOurs);
        }
        if let Some(error) = value("error") {
            return Err(Failed::Denied(error.chars().take(100).collect()));
        }
        let code = value("code").ok_or(Failed::NotOurs)?;
        let tokens = self.exchange(&discovered, &code, &under_way.verifier).await?;
        let keys = self.keys(&discovered, &tokens.id_token).await?;
        let mut claims = keys
            .verify(&tokens.id_token, &discovered.issuer, &self.config.client_id, &under_way.nonce)
            .context("the ID token")?;
        if !self.has_all(&claims)
            && let Some(endpoint) = &discovered.userinfo_endpoint
        {
            self.add_user_info(endpoint, &tokens.access_token, &mut claims).await?;
        }
        Ok((self.identity(&discovered.issuer, &claims)?, under_way.next))
    }

    async fn exchange(&self, discovered: &Discovered, code: &str, verifier: &str) -> anyhow::Result<Tokens> {
        let callback = self.callback();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &callback),
            ("code_verifier", verifier),
        ];
        let mut request = self.client.post(&discovered.token_endpoint);
        let methods = &discovered.token_endpoint_auth_methods_supported;
        // Basic is what a provider takes that names no method.
        let takes_basic = methods.is_empty() || methods.iter().any(|method| method == "client_secret_basic");
        match &self.secret {
            Some(secret) if takes_basic => {
                request = request.basic_auth(encoded(&self.config.client_id), Some(encoded(secret)));
            }
            Some(secret) => {
                form.extend([("client_id", self.config.client_id.as_str()), ("client_secret", secret)])
            }
            None => form.push(("client_id", &self.config.client_id)),
        }
        let body = parameters_of(&form);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = self.get_json(request).await.context("exchanging the code")?;
        serde_json::from_value(answer).context("the answer of the token endpoint")
    }

    /// Whether the ID token has every claim that the settings name.
    fn has_all(&self, claims: &Map<String, Value>) -> bool {
        let config = &self.config;
        let named = [&config.role_claim, &config.region_claim, &config.agency_claim];
        let mut named = named.into_iter().flatten().chain([&config.name_claim]);
        named.all(|name| claims.contains_key(name))
    }

    /// Adds the claims that the provider hands out only at its user info endpoint.
    async fn add_user_info(
        &self,
        endpoint: &str,
        access_token: &str,
        claims: &mut Map<String, Value>,
    ) -> anyhow::Result<()> {
        let request = self.client.get(endpoint).bearer_auth(access_token);
        let answer = self.get_json(request).await.with_context(|| format!("asking {endpoint}"))?;
        let Value::Object(more) = answer else { anyhow::bail!("{endpoint} answers no object") };
        ensure!(more.get("sub") == claims.get("sub"), "{endpoint} tells of another person");
        for (name, value) in more {
            claims.entry(name).or_insert(value);
        }
        Ok(())
    }

    fn identity(&self, issuer: &str, claims: &Map<String, Value>) -> Result<Identity, Failed> {
        let config = &self.config;
        let subject = claims.get("sub").and_then(Value::as_str).context("no subject")?;
        let name = claims.get(&config.name_claim).and_then(Value::as_str);
        let name = name.with_context(|| format!("no claim {}", config.name_claim))?.to_owned();
        let profile = match &config.role_claim {
            None => None,
            Some(role_claim) => {
                let granted = self.roles.grant(claims.get(role_claim));
                let (role, regions) = granted.ok_or_else(|| Failed::NoRole(name.clone()))?;
                let of_claim = |claim: &Option<String>| {
                    claim.as_ref().map(|claim| claims::texts(claims.get(claim))).unwrap_or_default()
                };
                let regions = if regions.is_empty() { of_claim(&config.region_claim) } else { regions };
                let display = claims.get("name").and_then(Value::as_str).unwrap_or(&name).to_owned();
                let (regions, agencies) = claims::scope_of(role, regions, of_claim(&config.agency_claim));
                Some(Profile { display, role, regions, agencies })
            }
        };
        Ok(Identity { name, id: format!("{issuer}|{subject}"), profile })
    }

    /// Where the browser goes to sign out there too; none where the provider has no such page.
    async fn end(&self) -> anyhow::Result<Option<String>> {
        let discovered = self.discovered().await?;
        let back = format!("{}/login", self.address);
        let parameters =
            [("client_id", self.config.client_id.as_str()), ("post_logout_redirect_uri", back.as_str())];
        Ok(discovered.end_session_endpoint.as_ref().map(|endpoint| with_parameters(endpoint, &parameters)))
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn parameters_of(parameters: &[(&str, &str)]) -> String {
    let pairs = parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn with_parameters(address: &str, parameters: &[(&str, &str)]) -> String {
    let separator = if address.contains('?') { '&' } else { '?' };
    format!("{address}{separator}{}", parameters_of(parameters))
}

impl AccessControl {
    /// Whether an identity provider signs people in.
    pub fn has_unified_sign_in(&self) -> bool {
        self.0.provider.is_some()
    }

    fn provider(&self) -> Result<&Provider, Problem> {
        let off = || Problem::not_found("本系统没有接入统一身份认证。".into());
        self.0.provider.as_ref().ok_or_else(off)
    }

    /// Begins a sign-in at the identity provider that goes on to `next`. Returns where the browser goes and the cookie
    /// that it needs to come back.
    ///
    /// # Errors
    /// If there is no provider, or it does not answer.
    pub async fn begin_unified(&self, next: &str) -> Result<(String, HeaderValue), Problem> {
        let provider = self.provider()?;
        let under_way = UnderWay::new(next).map_err(|error| Problem::internal(&error))?;
        let address = provider.begin(&under_way).await.map_err(|error| unavailable(&error))?;
        Ok((address, self.0.cookies.set_unified(&under_way.cookie())))
    }

    /// Finishes a sign-in at the identity provider. Returns where to go on besides.
    ///
    /// # Errors
    /// If the browser did not begin it, the provider did not sign the person in, what it says cannot be verified, or
    /// the person has no account or role here.
    pub async fn finish_unified(
        &self,
        caller: &Caller,
        query: &str,
        headers: &HeaderMap,
    ) -> Result<(SignedIn, String), Problem> {
        let provider = self.provider()?;
        let under_way = self.0.cookies.unified(headers).and_then(UnderWay::parse);
        let (identity, next) = match provider.finish(query, under_way).await {
            Ok(finished) => finished,
            Err(failed) => return Err(self.failed(caller, failed)),
        };
        let Identity { name, id, profile } = identity;
        let now_ms = Timestamp::now().as_millisecond();
        let sign_in =
            |directory: &mut Directory| directory.sign_in_identity(&name, &id, profile.clone(), now_ms);
        let account = match self.accounts()?.change(sign_in).await {
            Ok(account) if account.is_disabled => {
                return Err(self.failed(caller, Failed::NoRole(name)));
            }
            Ok(account) => account,
            Err(ChangeError::Refused(AccountError::Unknown(name))) => {
                return Err(self.failed(caller, Failed::NoRole(name)));
            }
            Err(ChangeError::Refused(error)) => {
                let action = Action { name: "sign-in", object: &name, detail: "identity-refused" };
                return Err(self.deny(caller, action, refused(&error)));
            }
            Err(ChangeError::Unavailable(error)) => return Err(Problem::bus(&error)),
        };
        let mut signed_in = self.begin(caller, account, Way::Unified, headers).await?;
        signed_in.cookies.push(self.0.cookies.end_unified());
        Ok((signed_in, next))
    }

    /// Where a browser goes to sign out at the identity provider too; none where it has no such page.
    pub async fn unified_sign_out(&self) -> Option<String> {
        let provider = self.0.provider.as_ref()?;
        let address = provider.end().await;
        address.inspect_err(|error| tracing::warn!("asking where to sign out: {error:#}")).ok().flatten()
    }

    fn failed(&self, caller: &Caller, failed: Failed) -> Problem {
        let deny = |object: &str, problem: Problem| {
            self.deny(caller, Action { name: "sign-in", object, detail: problem.code.name() }, problem)
        };
        match failed {
            Failed::Provider(error) => unavailable(&error),
            Failed::NotOurs => {
                let detail = "这次登录不是由本浏览器发起的，或已超过十分钟。";
                let problem = Problem::new(Code::IdentityRefused, detail, "请回到登录页重新登录。");
                deny("", problem.status(StatusCode::BAD_REQUEST))
            }
            Failed::Denied(error) => {
                let detail = format!("统一身份认证没有完成登录（{error}）。");
                deny("", Problem::new(Code::IdentityRefused, detail, "请回到登录页重新登录。"))
            }
            Failed::NoRole(name) => {
                let detail = format!("您已通过统一身份认证（{name}），但还没有本系统的权限。");
                let hint = "请把登录名告诉本单位的系统管理员，由其建立账号或分配角色。";
                deny(&name, Problem::new(Code::IdentityRefused, detail, hint))
            }
        }
    }
}

fn unavailable(error: &anyhow::Error) -> Problem {
    tracing::error!("signing in at the identity provider: {error:#}");
    let detail = "统一身份认证暂时没有应答，或其应答无法核实。";
    Problem::new(Code::IdentityProvider, detail, "请稍后再试，或用密码登录。")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_under_way_is_kept_by_its_browser() {
        let under_way = UnderWay::new("/reports/x?q=申请").unwrap();
        assert_eq!(UnderWay::parse(&under_way.cookie()), Some(under_way.clone()));
        assert_ne!(UnderWay::new("/").unwrap().state, under_way.state);
        for wrong in ["", "a.b.c", "a.b.c.§", "a.b.c.Lw.e"] {
            assert_eq!(UnderWay::parse(wrong), None, "{wrong}");
        }
        // The example of RFC 7636.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        let challenge = UnderWay { verifier, ..under_way }.challenge();
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
