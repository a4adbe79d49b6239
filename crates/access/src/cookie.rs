//! The cookies of a browser: its session, the account that it signed in to before, and a sign-in under way.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

/// How the cookies are named and protected. Where browsers reach the pages by TLS, a cookie is never sent without it,
/// and its `__Host-` keeps other hosts of the domain from setting it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cookies {
    pub(crate) is_secure: bool,
}

/// The session. The browser forgets it when it closes.
const SESSION: &str = "gouji-session";
/// A browser that somebody signed in with before; see `sign_in`.
const DEVICE: &str = "gouji-device";
/// A sign-in at the identity provider that is under way.
const UNIFIED: &str = "gouji-unified";
const YEAR_SECONDS: u32 = 365 * 24 * 3600;

/// How long somebody may take at the identity provider.
const UNIFIED_SECONDS: u32 = 600;

impl Cookies {
    /// Where the service is reached under this address.
    pub(crate) fn at(address: Option<&str>) -> Self {
        Self { is_secure: address.is_some_and(|address| address.starts_with("https://")) }
    }

    pub(crate) fn session(self, headers: &HeaderMap) -> Option<&str> {
        self.get(headers, SESSION)
    }

    pub(crate) fn device(self, headers: &HeaderMap) -> Option<&str> {
        self.get(headers, DEVICE)
    }

    pub(crate) fn unified(self, headers: &HeaderMap) -> Option<&str> {
        self.get(headers, UNIFIED)
    }

    pub(crate) fn set_unified(self, value: &str) -> HeaderValue {
        self.set(UNIFIED, value, Some(UNIFIED_SECONDS))
    }

    pub(crate) fn end_unified(self) -> HeaderValue {
        self.set(UNIFIED, "", Some(0))
    }

    pub(crate) fn set_session(self, value: &str) -> HeaderValue {
        self.set(SESSION, value, None)
    }

    pub(crate) fn end_session(self) -> HeaderValue {
        self.set(SESSION, "", Some(0))
    }

    pub(crate) fn set_device(self, value: &str) -> HeaderValue {
        self.set(DEVICE, value, Some(YEAR_SECONDS))
    }

    fn name(self, name: &str) -> String {
        format!("{}{name}", if self.is_secure { "__Host-" } else { "" })
    }

    fn get<'a>(self, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
        let wanted = self.name(name);
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, value)| *name == wanted && !value.is_empty()).map(|(_, value)| value)
    }

    fn set(self, name: &str, value: &str, seconds: Option<u32>) -> HeaderValue {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let line = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", self.name(name));
        HeaderValue::try_from(line).expect("a cookie of ours is printable ASCII")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_hidden_from_scripts_and_from_other_sites() {
        let secure = Cookies::at(Some("https://gouji.example"));
        assert_eq!(
            secure.set_session("0f"),
            "__Host-gouji-session=0f; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        let plain = Cookies::at(Some("http://127.0.0.1:8470"));
        assert_eq!(plain.end_session(), "gouji-session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let check = |lines: &[&str], expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            lines.iter().for_each(|line| _ = headers.append(COOKIE, line.parse().unwrap()));
            assert_eq!(Cookies::at(None).session(&headers), expected, "{lines:?}");
        };
        check(&["a=1; gouji-session=0f; b=2"], Some("0f"));
        check(&["a=1", "gouji-session=0f"], Some("0f"));
        check(&["__Host-gouji-session=0f", "xgouji-session=1"], None);
        check(&["gouji-session="], None);
        check(&[], None);
    }
}
