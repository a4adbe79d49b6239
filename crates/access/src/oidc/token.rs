//! Verifies ID tokens. `jsonwebtoken` checks them, and ring their signatures, which the rest of the program has for TLS.

use std::sync::Once;

use anyhow::{Context as _, ensure};
use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::signature::{Error as SignatureError, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, Validation, decode, decode_header};
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

/// Signatures with a public key. `none` and the shared secrets of HMAC are not among them: with those, anybody
/// with the public key could make tokens.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// How much the clocks of the provider and of this machine may differ, in seconds.
const LEEWAY_SECONDS: u64 = 60;

/// The public keys of the identity provider.
pub(super) struct KeySet(JwkSet);

impl KeySet {
    pub(super) fn parse(answer: Value) -> anyhow::Result<Self> {
        Ok(Self(serde_json::from_value(answer)?))
    }

    /// Whether the key with which a token says it is signed is among them.
    pub(super) fn has_key_of(&self, token: &str) -> bool {
        self.key_of(token).is_ok()
    }

    fn key_of(&self, token: &str) -> anyhow::Result<(Algorithm, &Jwk)> {
        let header = decode_header(token)?;
        ensure!(ALGORITHMS.contains(&header.alg), "signed with {:?}", header.alg);
        let key = match &header.kid {
            Some(kid) => self.0.find(kid),
            None if self.0.keys.len() == 1 => self.0.keys.first(),
            None => None,
        };
        Ok((header.alg, key.context("signed with a key that the provider does not have")?))
    }

    /// The claims of an ID token that this issuer made for this client in answer to this nonce, and that has not
    /// expired.
    pub(super) fn verify(
        &self,
        token: &str,
        issuer: &str,
        client_id: &str,
        nonce: &str,
    ) -> anyhow::Result<Map<String, Value>> {
        install();
        let (algorithm, key) = self.key_of(token)?;
        let key = DecodingKey::from_jwk(key)?;
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[client_id]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let claims = decode::<Map<String, Value>>(token, &key, &validation)?.claims;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        ensure!(bool::from(text("nonce").as_bytes().ct_eq(nonce.as_bytes())), "made for another sign-in");
        let for_several = claims.get("aud").and_then(Value::as_array).is_some_and(|all| all.len() > 1);
        ensure!(
            text("azp") == client_id || (!for_several && !claims.contains_key("azp")),
            "made for another client"
        );
        Ok(claims)
    }
}

/// Signs nothing, and verifies with ring.
static RING: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
    verifier_factory: |algorithm, key| {
        let is_of_family = key.family().algorithms().contains(algorithm);
        match (is_of_family, ALGORITHMS.contains(algorithm)) {
            (true, true) => Ok(Box::new(RingVerifier { algorithm: *algorithm, key: key.clone() })),
            _ => Err(ErrorKind::InvalidAlgorithm.into()),
        }
    },
    key_utils: KeyUtils::new_unimplemented(),
};

fn install() {
    static INSTALLED: Once = Once::new();
    // It fails where another provider is there already, and then that one verifies.
    INSTALLED.call_once(|| _ = RING.install_default());
}

struct RingVerifier {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        let rsa = match self.algorithm {
            Algorithm::RS256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
            Algorithm::RS384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
            Algorithm::RS512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
            Algorithm::PS256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
            Algorithm::PS384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
            Algorithm::PS512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
            _ => None,
        };
        let verified = match (self.key.kind(), rsa) {
            (DecodingKeyKind::RsaModulusExponent { n, e }, Some(parameters)) => {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
            }
            (DecodingKeyKind::SecretOrDer(key), None) => {
                let parameters: &'static dyn signature::VerificationAlgorithm = match self.algorithm {
                    Algorithm::ES256 => &signature::ECDSA_P256_SHA256_FIXED,
                    Algorithm::ES384 => &signature::ECDSA_P384_SHA384_FIXED,
                    Algorithm::EdDSA => &signature::ED25519,
                    _ => return Err(SignatureError::new()),
                };
                UnparsedPublicKey::new(parameters, key).verify(message, signature)
            }
            _ => return Err(SignatureError::new()),
        };
        verified.map_err(|_| SignatureError::new())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://id.example";

    struct Signer(EcdsaKeyPair);

    impl Signer {
        fn new() -> Self {
            let random = SystemRandom::new();
            let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random);
            Self(pair.unwrap())
        }

        fn keys(&self) -> KeySet {
            let point = self.0.public_key().as_ref();
            let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
            let key = json!({"kty": "EC", "crv": "P-256", "kid": "1", "alg": "ES256", "x": x, "y": y});
            KeySet::parse(json!({ "keys": [key] })).unwrap()
        }

        fn token(&self, header: &Value, claims: &Value) -> String {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let message = format!("{}.{}", part(header), part(claims));
            let signature = self.0.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
        }
    }

    fn now() -> i64 {
        jiff::Timestamp::now().as_second()
    }

    fn claims() -> Value {
        json!({"iss": ISSUER, "aud": "gouji", "sub": "1", "exp": now() + 300, "nonce": "n"})
    }

    #[test]
    fn a_token_is_verified_in_every_part() {
        let signer = Signer::new();
        let header = json!({"alg": "ES256", "kid": "1"});
        let check = |header: &Value, change: &[(&str, Value)], expected: bool| {
            let mut claims = claims();
            for (name, value) in change {
                claims[*name] = value.clone();
            }
            let verified = signer.keys().verify(&signer.token(header, &claims), ISSUER, "gouji", "n");
            assert_eq!(verified.is_ok(), expected, "{header} {change:?}: {verified:?}");
        };
        check(&header, &[], true);
        check(&header, &[("nonce", json!("m"))], false);
        check(&header, &[("nonce", Value::Null)], false);
        check(&header, &[("iss", json!("https://evil.example"))], false);
        check(&header, &[("aud", json!("another"))], false);
        check(&header, &[("exp", json!(now() - 120))], false);
        check(&header, &[("exp", Value::Null)], false);
        check(&header, &[("nbf", json!(now() + 120))], false);
        check(&header, &[("aud", json!(["gouji", "another"]))], false);
        check(&header, &[("aud", json!(["gouji", "another"])), ("azp", json!("gouji"))], true);
        check(&header, &[("azp", json!("another"))], false);
        check(&json!({"alg": "ES256", "kid": "2"}), &[], false);
        check(&json!({"alg": "ES256"}), &[], true);
        check(&json!({"alg": "none", "kid": "1"}), &[], false);
        check(&json!({"alg": "HS256", "kid": "1"}), &[], false);
        check(&json!({"alg": "RS256", "kid": "1"}), &[], false);
        check(&json!({"alg": "ES384", "kid": "1"}), &[], false);
    }

    #[test]
    fn a_token_of_another_key_is_refused() {
        let (ours, theirs) = (Signer::new(), Signer::new());
        let header = json!({"alg": "ES256", "kid": "1"});
        let token = theirs.token(&header, &claims());
        assert!(ours.keys().verify(&token, ISSUER, "gouji", "n").is_err());
        let own = ours.token(&header, &claims());
        let mut parts: Vec<&str> = own.split('.').collect();
        let forged = URL_SAFE_NO_PAD.encode(json!({"iss": ISSUER, "sub": "2"}).to_string());
        parts[1] = &forged;
        assert!(ours.keys().verify(&parts.join("."), ISSUER, "gouji", "n").is_err());
    }
}
