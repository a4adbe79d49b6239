//! How a request proves who sent it: Standard Webhooks, or the scheme of a platform as a table.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow, bail, ensure};
use data_encoding::{BASE64, HEXLOWER, HEXUPPER};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use sm3::Sm3;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};
use worker::outlets::{SchemeConfig, SignConfig, WebhookConfig};

/// The header value that is the signature.
const SIGNATURE: &str = "signature";
/// The parts that every scheme has besides those of its settings.
const OWN_PARTS: [&str; 6] = ["time_ms", "time_s", "nonce", "id", "body", "secret"];

/// Signs requests.
pub(super) enum Signer {
    /// With each secret, so that a receiver that knows one of them accepts the request.
    Standard(Vec<Webhook>),
    Scheme(Box<Scheme>),
}

/// A request about to be sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outgoing<'a> {
    /// The same for a request that is sent again.
    pub(super) id: &'a str,
    pub(super) body: &'a str,
    /// Milliseconds since 1970-01-01 UTC.
    pub(super) now_ms: i64,
    /// Another one for each request.
    pub(super) nonce: &'a str,
}

impl Signer {
    /// The signer of an outlet; `secrets` are the contents of its files.
    pub(super) fn new(config: &WebhookConfig, secrets: &[String]) -> anyhow::Result<Self> {
        let scheme = match &config.sign {
            SignConfig::Named(name) if name == "standard" => return Self::standard(secrets),
            SignConfig::Named(name) => built_in(name).with_context(|| {
                format!(
                    "sign = {name:?}: there are `standard`, `gjgxjhpt`, `x-client`, and a table of your own"
                )
            })?,
            SignConfig::Scheme(scheme) => scheme.clone(),
        };
        let secret = secrets.first().cloned().unwrap_or_default();
        Ok(Self::Scheme(Box::new(Scheme::new(scheme, config.values.clone(), secret)?)))
    }

    fn standard(secrets: &[String]) -> anyhow::Result<Self> {
        ensure!(
            !secrets.is_empty(),
            "sign = \"standard\" needs `secrets`: a file with a secret that begins with whsec_"
        );
        let webhook = |secret: &String| {
            Webhook::new(secret)
                .map_err(|_| anyhow!("a secret is not whsec_ and Base64 of at least 24 bytes"))
        };
        Ok(Self::Standard(secrets.iter().map(webhook).collect::<Result<_, _>>()?))
    }

    /// The headers of a request. Each has the id, by which a receiver recognises what it has already.
    pub(super) fn headers(&self, request: Outgoing<'_>) -> anyhow::Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        let seconds = request.now_ms.div_euclid(1000);
        headers.insert(HEADER_WEBHOOK_ID, value(request.id)?);
        match self {
            Self::Standard(webhooks) => {
                let sign = |webhook: &Webhook| webhook.sign(request.id, seconds, request.body.as_bytes());
                let signatures = webhooks.iter().map(sign).collect::<Result<Vec<_>, _>>()?;
                headers.insert(HEADER_WEBHOOK_TIMESTAMP, value(&seconds.to_string())?);
                headers.insert(HEADER_WEBHOOK_SIGNATURE, value(&signatures.join(" "))?);
            }
            Self::Scheme(scheme) => scheme.sign(request, &mut headers)?,
        }
        Ok(headers)
    }
}

/// The schemes that are built in; `None` where there is none with this name.
fn built_in(name: &str) -> Option<SchemeConfig> {
    let (parts, headers): (&[&str], &[(&str, &str)]) = match name {
        // The national platform for data sharing and exchange (国家数据共享交换平台).
        "gjgxjhpt" => (
            &["sid", "rid", "time_ms"],
            &[
                ("gjgxjhpt_rid", "rid"),
                ("gjgxjhpt_sid", "sid"),
                ("gjgxjhpt_rtime", "time_ms"),
                ("gjgxjhpt_sign", SIGNATURE),
            ],
        ),
        // Gateways of provinces, such as that of Shandong.
        "x-client" => (
            &["client_id", "time_ms", "nonce"],
            &[
                ("X-Client-Id", "client_id"),
                ("X-Timestamp", "time_ms"),
                ("X-Nonce", "nonce"),
                ("X-Signature", SIGNATURE),
            ],
        ),
        _ => return None,
    };
    Some(SchemeConfig {
        algorithm: "hmac-sha256".into(),
        parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        separator: String::new(),
        encoding: "base64".into(),
        headers: headers.iter().map(|(name, part)| ((*name).to_owned(), (*part).to_owned())).collect(),
    })
}

/// A scheme: an algorithm over parts, and what its headers say.
pub(super) struct Scheme {
    algorithm: Algorithm,
    parts: Vec<String>,
    separator: String,
    encoding: Encoding,
    headers: Vec<(HeaderName, String)>,
    values: BTreeMap<String, String>,
    secret: String,
}

#[derive(Debug, Clone, Copy)]
enum Algorithm {
    HmacSha256,
    HmacSm3,
    Sha1,
    Md5,
}

#[derive(Debug, Clone, Copy)]
enum Encoding {
    Base64,
    Hex,
    HexUpper,
}

impl Scheme {
    fn new(config: SchemeConfig, values: BTreeMap<String, String>, secret: String) -> anyhow::Result<Self> {
        let algorithm = match config.algorithm.as_str() {
            "hmac-sha256" => Algorithm::HmacSha256,
            "hmac-sm3" => Algorithm::HmacSm3,
            "sha1" => Algorithm::Sha1,
            "md5" => Algorithm::Md5,
            other => bail!("algorithm = {other:?}: there are `hmac-sha256`, `hmac-sm3`, `sha1` and `md5`"),
        };
        let encoding = match config.encoding.as_str() {
            "base64" => Encoding::Base64,
            "hex" => Encoding::Hex,
            "hex-upper" => Encoding::HexUpper,
            other => bail!("encoding = {other:?}: there are `base64`, `hex` and `hex-upper`"),
        };
        let is_known =
            |part: &str| literal(part).is_some() || OWN_PARTS.contains(&part) || values.contains_key(part);
        let unknown = |part: &str| {
            format!(
                "{part:?} is no part: there are {}, the names in `values`, and 'text'",
                OWN_PARTS.join(", ")
            )
        };
        for part in &config.parts {
            ensure!(is_known(part), "parts: {}", unknown(part));
        }
        for (name, part) in &config.headers {
            ensure!(part == SIGNATURE || is_known(part), "headers: {name}: {}", unknown(part));
            ensure!(part != "secret" && part != "body", "headers: {name}: a header cannot have the {part}");
        }
        ensure!(
            config.headers.values().any(|part| part == SIGNATURE),
            "headers: none of them is the signature"
        );
        ensure!(!secret.is_empty(), "`secrets` is empty: the scheme needs a file with the secret");
        let by_hash_alone = matches!(algorithm, Algorithm::Sha1 | Algorithm::Md5);
        ensure!(
            !by_hash_alone || config.parts.iter().any(|part| part == "secret"),
            "parts: without the secret anybody could make this signature"
        );
        let header = |(name, part): (String, String)| {
            let parsed = name.parse().with_context(|| format!("headers: {name:?} is no name of a header"));
            parsed.map(|name: HeaderName| (name, part))
        };
        Ok(Self {
            algorithm,
            parts: config.parts,
            separator: config.separator,
            encoding,
            headers: config.headers.into_iter().map(header).collect::<Result<_, _>>()?,
            values,
            secret,
        })
    }

    fn sign(&self, request: Outgoing<'_>, headers: &mut HeaderMap) -> anyhow::Result<()> {
        let signature = self.signature(request);
        for (name, part) in &self.headers {
            let text = if part == SIGNATURE { signature.clone() } else { self.part(part, request) };
            headers.insert(name, value(&text).with_context(|| format!("the header {name}"))?);
        }
        Ok(())
    }

    fn signature(&self, request: Outgoing<'_>) -> String {
        let parts: Vec<String> = self.parts.iter().map(|part| self.part(part, request)).collect();
        let text = parts.join(&self.separator);
        let digest = match self.algorithm {
            Algorithm::HmacSha256 => mac::<Hmac<Sha256>>(&self.secret, &text),
            Algorithm::HmacSm3 => mac::<Hmac<Sm3>>(&self.secret, &text),
            Algorithm::Sha1 => Sha1::digest(&text).to_vec(),
            Algorithm::Md5 => Md5::digest(&text).to_vec(),
        };
        match self.encoding {
            Encoding::Base64 => BASE64.encode(&digest),
            Encoding::Hex => HEXLOWER.encode(&digest),
            Encoding::HexUpper => HEXUPPER.encode(&digest),
        }
    }

    fn part(&self, part: &str, request: Outgoing<'_>) -> String {
        match part {
            "time_ms" => request.now_ms.to_string(),
            "time_s" => request.now_ms.div_euclid(1000).to_string(),
            "nonce" => request.nonce.to_owned(),
            "id" => request.id.to_owned(),
            "body" => request.body.to_owned(),
            "secret" => self.secret.clone(),
            _ => match literal(part) {
                Some(text) => text.to_owned(),
                None => self.values.get(part).cloned().unwrap_or_default(),
            },
        }
    }
}

/// The text of a part in single quotes.
fn literal(part: &str) -> Option<&str> {
    part.strip_prefix('\'')?.strip_suffix('\'')
}

fn mac<M: Mac + KeyInit>(secret: &str, text: &str) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn value(text: &str) -> anyhow::Result<HeaderValue> {
    HeaderValue::from_str(text).with_context(|| format!("{text:?} cannot stand in a header"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_735_689_600_123;
    const REQUEST: Outgoing<'static> =
        Outgoing { id: "k1.v1", body: r#"{"机关":"枣庄"}"#, now_ms: NOW, nonce: "n0nce" };

    fn config(text: &str) -> WebhookConfig {
        toml::from_str(&format!("url = \"https://a.cn/\"\nhosts = [\"a.cn\"]\n{text}")).unwrap()
    }

    fn headers(text: &str, secrets: &[&str], request: Outgoing<'_>) -> BTreeMap<String, String> {
        let secrets: Vec<String> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        let signer = Signer::new(&config(text), &secrets).unwrap_or_else(|error| panic!("{error:#}"));
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        let headers = signer.headers(request).unwrap();
        headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
    }

    /// Made with Python 3.11, whose `hashlib` takes SM3 from OpenSSL 3.0:
    /// `base64.b64encode(hmac.new(b"s3cret", text.encode(), "sha256").digest())` and the like.
    #[test]
    fn signatures_are_those_that_python_makes() {
        let check = |settings: &str, expected: &str| {
            let found = headers(settings, &["s3cret"], REQUEST);
            assert_eq!(found.get("s").map(String::as_str), Some(expected), "{settings}");
        };
        let scheme = |algorithm: &str, parts: &str, rest: &str| {
            format!(
                "values = {{ app = \"甲\" }}\n[sign]\nalgorithm = \"{algorithm}\"\nparts = [{parts}]\n{rest}\n\
                 headers = {{ s = \"signature\" }}\n"
            )
        };
        check(
            &scheme("hmac-sha256", "\"app\", \"time_ms\", \"nonce\"", "encoding = \"base64\""),
            "YXpXmprZ9oE7pRaIMGgZeqhTGh7gNNOcDE3L/v9aADk=",
        );
        check(
            &scheme("hmac-sha256", "\"time_s\", \"body\"", "separator = \"\\n\"\nencoding = \"hex\""),
            "628435da37c9f673c6d0b05dd95316b55dec8af24fce652adc4032fe8aebf349",
        );
        check(
            &scheme(
                "hmac-sm3",
                "\"'clientId='\", \"app\", \"'&timestamp='\", \"time_ms\"",
                "encoding = \"base64\"",
            ),
            "CShFahnrvqaDUotv64hIJxBw9nMJyydKg3ZF4NpR7js=",
        );
        check(
            &scheme("hmac-sm3", "\"id\", \"body\"", "separator = \".\"\nencoding = \"hex-upper\""),
            "CA46738CD3BF792D91FF505525C7E0D0555EC6DFEF909E216EA145BD4F96C0FE",
        );
        check(
            &scheme("sha1", "\"app\", \"secret\", \"time_ms\"", "encoding = \"hex\""),
            "130406a4b0e6493d974b85e52d2305f6a272ee3f",
        );
        check(
            &scheme("md5", "\"app\", \"secret\", \"time_s\"", "encoding = \"hex-upper\""),
            "59B01775C1047A0A2723200E255DED01",
        );
    }

    /// The example in the interface of a city for reporting data: `sha1(appKey + appSecret + timestamp)`.
    #[test]
    fn the_example_of_a_platform_comes_out() {
        let settings = "values = { appKey = \"testOnlyAppKey\" }\n[sign]\nalgorithm = \"sha1\"\n\
                        parts = [\"appKey\", \"secret\", \"time_ms\"]\nencoding = \"hex\"\n\
                        headers = { appKey = \"appKey\", signature = \"signature\", timestamp = \"time_ms\" }\n";
        let request = Outgoing { now_ms: 1_635_478_320_000, ..REQUEST };
        let found = headers(settings, &["testOnlyappSecret"], request);
        assert_eq!(found["signature"], "89037df84706b6e4ebb58fde9d8f0cf94560b438");
        assert_eq!(
            (found["appkey"].as_str(), found["timestamp"].as_str()),
            ("testOnlyAppKey", "1635478320000")
        );
    }

    #[test]
    fn the_schemes_that_are_built_in() {
        let national =
            headers("sign = \"gjgxjhpt\"\nvalues = { rid = \"r1\", sid = \"s_1\" }", &["s3cret"], REQUEST);
        let expected = [
            ("gjgxjhpt_rid", "r1"),
            ("gjgxjhpt_rtime", "1735689600123"),
            ("gjgxjhpt_sid", "s_1"),
            ("gjgxjhpt_sign", "8W24PPKzuBCVkw9NlwxZgrX6fAeA5jZN1/4/x9HacZU="),
            ("webhook-id", "k1.v1"),
        ];
        assert_eq!(national, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        let gateway = headers("sign = \"x-client\"\nvalues = { client_id = \"c1\" }", &["s3cret"], REQUEST);
        assert_eq!(gateway["x-client-id"], "c1");
        assert_eq!(gateway["x-timestamp"], "1735689600123");
        assert_eq!(gateway["x-nonce"], "n0nce");
        assert_eq!(gateway["x-signature"], "sxmLTFBntDdoJL2u3EUbGXqN4GCBmWooM+gvg1wCj00=");
    }

    #[test]
    fn a_standard_webhook_is_signed_with_each_secret() {
        let [old, new] =
            ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"];
        let found = headers("", &[old, new], REQUEST);
        assert_eq!(found["webhook-timestamp"], "1735689600");
        assert_eq!(
            found["webhook-signature"],
            "v1,OayVzgSJeA0Ra1UaRf4sCd/ygHzFweTBvsVEHxafg+w= v1,w/Q7BLtUb7PqicVHhlcORvTWFqaHHQPFdsOlxYn+9Rs="
        );
    }

    #[test]
    fn settings_that_cannot_sign_say_why() {
        let check = |settings: &str, secrets: &[&str], problem: &str| {
            let secrets: Vec<String> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
            let error = Signer::new(&config(settings), &secrets).err().map(|error| format!("{error:#}"));
            assert!(error.as_ref().is_some_and(|error| error.contains(problem)), "{settings}: {error:?}");
        };
        let scheme = |algorithm: &str, parts: &str, encoding: &str, headers: &str| {
            format!(
                "[sign]\nalgorithm = \"{algorithm}\"\nparts = [{parts}]\nencoding = \"{encoding}\"\n\
                 headers = {{ {headers} }}\n"
            )
        };
        check("", &[], "needs `secrets`");
        check("", &["whsec_%%%"], "whsec_");
        check("sign = \"svix\"", &["s"], "there are `standard`, `gjgxjhpt`, `x-client`");
        check("sign = \"gjgxjhpt\"", &["s"], "\"sid\" is no part");
        check("sign = \"x-client\"\nvalues = { client_id = \"c\" }", &[], "`secrets` is empty");
        check(&scheme("sm2", "\"body\"", "hex", "s = \"signature\""), &["s"], "algorithm = \"sm2\"");
        check(&scheme("md5", "\"body\"", "hex", "s = \"signature\""), &["s"], "without the secret anybody");
        check(
            &scheme("hmac-sm3", "\"bdy\"", "hex", "s = \"signature\""),
            &["s"],
            "parts: \"bdy\" is no part",
        );
        check(
            &scheme("hmac-sm3", "\"body\"", "base32", "s = \"signature\""),
            &["s"],
            "encoding = \"base32\"",
        );
        check(
            &scheme("hmac-sm3", "\"body\"", "hex", "s = \"time_ms\""),
            &["s"],
            "none of them is the signature",
        );
        check(
            &scheme("hmac-sm3", "\"body\"", "hex", "s = \"signature\", k = \"secret\""),
            &["s"],
            "cannot have the secret",
        );
    }
}
