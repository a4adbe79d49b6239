//! Who may not come in hears why, within seconds, in its log and on `/readyz`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use nkeys::KeyPair;
use serde_json::{Value, json};
use tests::processes::program;

use super::{Authority, Bus, Service};

/// Starts parse, with something changed, on a bus that lets it in otherwise.
async fn is_kept_out(bus: &Bus, change: impl FnOnce(&mut BTreeMap<&'static str, String>), why: &str) {
    let mut variables = bus.variables("parse");
    change(&mut variables);
    let begun = Instant::now();
    let mut parse = Service::start_with(bus, "parse", variables);
    parse.answers(false, why).await;
    let took = begun.elapsed();
    let said = parse.process.said();
    assert!(said.contains("cannot connect to the bus") && said.contains(why), "{said}");
    assert!(!said.contains("secret"), "{said}");
    eprintln!("{why}: reported after {took:?}");
}

#[tokio::test]
async fn a_wrong_user_authority_or_name_is_reported() {
    let bus = Bus::start(|text| text).await;
    let file = |name: &str, text: &str| {
        let path = bus.path(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let stranger = file("stranger.nk", &KeyPair::new_user().seed().unwrap());
    is_kept_out(&bus, |said| _ = said.insert("GOUJI_NATS_NKEY", stranger), "authorization violation").await;
    let url = bus.url().replace("//", "//somebody:secret@");
    let by_password = |said: &mut BTreeMap<_, _>| {
        said.remove("GOUJI_NATS_NKEY");
        said.insert("GOUJI_NATS_URL", url);
    };
    is_kept_out(&bus, by_password, "authorization violation").await;

    let other = Authority::new().file(&bus.path("other.pem")).display().to_string();
    is_kept_out(&bus, |said| _ = said.insert("GOUJI_NATS_CA", other), "invalid peer certificate").await;
    is_kept_out(&bus, |said| _ = said.remove("GOUJI_NATS_CA"), "invalid peer certificate").await;
    let url = bus.url().replace("127.0.0.1", "localhost");
    is_kept_out(&bus, |said| _ = said.insert("GOUJI_NATS_URL", url), "not valid for name").await;

    // A server that is no bus of ours, as it answers without TLS.
    let plain = Bus::start(without_tls).await;
    let url = plain.url();
    is_kept_out(&bus, |said| _ = said.insert("GOUJI_NATS_URL", url), "corrupt message").await;
}

/// The shipped configuration with neither TLS nor users.
fn without_tls(text: String) -> String {
    let begin = text.find("tls {").unwrap();
    let end = begin + text[begin..].find('}').unwrap() + 1;
    format!("{}{}", &text[..begin], &text[end..]).replace("include", "# include")
}

#[tokio::test]
async fn a_server_that_asks_for_certificates_gets_them() {
    let bus = Bus::start(|text| text.replacen("verify: false", "verify: true", 1)).await;
    is_kept_out(&bus, |_| (), "fatal alert").await;
    bus.authority.certify(&bus.path("tls/parse"), &["parse"]);
    Authority::new().certify(&bus.path("tls/stranger"), &["parse"]);
    let with = |name: &str| {
        let (certificate, key) = (bus.path(&format!("tls/{name}.pem")), bus.path(&format!("tls/{name}.key")));
        move |said: &mut BTreeMap<&'static str, String>| {
            said.insert("GOUJI_NATS_CERTIFICATE", certificate.display().to_string());
            said.insert("GOUJI_NATS_KEY", key.display().to_string());
        }
    };
    is_kept_out(&bus, with("stranger"), "fatal alert").await;
    let mut variables = bus.variables("parse");
    with("parse")(&mut variables);
    // It is let in: what it waits for is the log, which nobody has made.
    let mut parse = Service::start_with(&bus, "parse", variables);
    parse.answers(false, "waiting for the log").await;
}

#[tokio::test]
async fn credentials_let_in_until_they_expire() {
    let (operator, account, user) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_user());
    let operator_token = token(&operator, &operator, json!({"type": "operator", "version": 2}), None);
    let limits = json!({"subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "conn": -1,
        "leaf": -1, "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1, "wildcards": true});
    let account_token =
        token(&operator, &account, json!({"type": "account", "version": 2, "limits": limits}), None);
    let system = KeyPair::new_account();
    let system_token =
        token(&operator, &system, json!({"type": "account", "version": 2, "limits": {}}), None);
    let resolver = format!(
        "operator: {operator_token}\nsystem_account: {system}\nresolver: MEMORY\n\
         resolver_preload: {{ {account}: {account_token}, {system}: {system_token} }}",
        account = account.public_key(),
        system = system.public_key(),
    );
    let bus = Bus::start(|text| text.replace("include \"identities.conf\"", &resolver)).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let credentials = |name: &str, expires: Option<u64>| {
        let claims = json!({"type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1});
        let text = format!(
            "-----BEGIN NATS USER JWT-----\n{}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
            token(&account, &user, claims, expires),
            user.seed().unwrap(),
        );
        fs::write(bus.path(name), text).unwrap();
        let path = bus.path(name).display().to_string();
        move |said: &mut BTreeMap<&'static str, String>| {
            said.remove("GOUJI_NATS_NKEY");
            said.insert("GOUJI_NATS_CREDENTIALS", path);
        }
    };
    is_kept_out(&bus, credentials("expired.creds", Some(now - 60)), "authorization violation").await;
    let mut variables = bus.variables("parse");
    credentials("good.creds", Some(now + 3600))(&mut variables);
    let mut parse = Service::start_with(&bus, "parse", variables);
    parse.answers(false, "waiting for the log").await;
}

/// A token of the kind that `nsc` makes.
fn token(issuer: &KeyPair, subject: &KeyPair, nats: Value, expires: Option<u64>) -> String {
    let mut claims = json!({"jti": subject.public_key(), "iat": 1, "iss": issuer.public_key(),
        "name": "test", "sub": subject.public_key(), "nats": nats});
    if let Some(expires) = expires {
        claims["exp"] = expires.into();
    }
    let header = json!({"typ": "JWT", "alg": "ed25519-nkey"});
    let body = format!("{}.{}", base64(header.to_string().as_bytes()), base64(claims.to_string().as_bytes()));
    format!("{body}.{}", base64(&issuer.sign(body.as_bytes()).unwrap()))
}

/// As RFC 4648 has it for URLs, without padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0_usize, |bits, at| bits << 8 | usize::from(*three.get(at).unwrap_or(&0)));
        let digits = (0..=three.len()).map(|at| char::from(DIGITS[bits >> (18 - 6 * at) & 63]));
        text.extend(digits);
    }
    text
}

#[test]
fn unusable_files_are_reported_before_anything_opens() {
    let folder = tempfile::tempdir().unwrap();
    let check = |variable: &str, text: &str, part: &str| {
        let path = folder.path().join("file");
        fs::write(&path, text).unwrap();
        let said = said_by_check(variable, &path);
        assert!(said.contains(variable) && said.contains(part), "{said}");
    };
    check("GOUJI_NATS_NKEY", "SUA", "no seed of a user");
    check("GOUJI_NATS_CREDENTIALS", "", "cannot parse user JWT");
    check("GOUJI_NATS_CA", "", "there is none in it");
    let missing = said_by_check("GOUJI_NATS_CA", Path::new("/no/such"));
    assert!(missing.contains("no such file"), "{missing}");
    let url = said_by_check("GOUJI_NATS_URL", Path::new("http://me:secret@host"));
    assert!(url.contains("invalid scheme") && !url.contains("secret"), "{url}");
}

/// What `--check` says of a setting, ending with 64.
fn said_by_check(variable: &str, value: &Path) -> String {
    let mut command = std::process::Command::new(program("gouji-parse").unwrap());
    let output = command.arg("--check").env(variable, value).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    String::from_utf8(output.stderr).unwrap()
}
