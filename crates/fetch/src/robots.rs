//! `robots.txt`: what a site asks programs not to fetch (RFC 9309).

use std::time::Duration;

/// The most bytes of a file that count, as RFC 9309 demands at least.
pub(crate) const BYTES: usize = 500 << 10;
/// A site may ask for this pause at most; with a longer one nobody would ever finish.
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// What a site allows us.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Robots {
    rules: Vec<Rule>,
    /// The pause between two requests that the site asks for (`Crawl-delay`, no part of the RFC).
    pub(crate) delay: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    allows: bool,
    /// Normalised, see [`normalised`].
    pattern: String,
}

/// A group while the file is read.
#[derive(Default)]
struct Group {
    agents: Vec<String>,
    robots: Robots,
}

impl Robots {
    /// Reads the rules for a product token. Groups for the same token count together; those for `*` count where
    /// no group names the token.
    pub(crate) fn parse(bytes: &[u8], token: &str) -> Self {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(BYTES)]);
        let mut groups: Vec<Group> = Vec::new();
        let mut is_in_agents = false;
        for line in text.trim_start_matches('\u{feff}').split(['\n', '\r']) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            match key.as_str() {
                "user-agent" => {
                    if !is_in_agents {
                        groups.push(Group::default());
                    }
                    is_in_agents = true;
                    if let Some(group) = groups.last_mut() {
                        group.agents.push(value.to_owned());
                    }
                }
                "allow" | "disallow" => {
                    is_in_agents = false;
                    // An empty rule matches nothing.
                    if let Some(group) = groups.last_mut().filter(|_| !value.is_empty()) {
                        let pattern = normalised(value);
                        group.robots.rules.push(Rule { allows: key == "allow", pattern });
                    }
                }
                "crawl-delay" => {
                    is_in_agents = false;
                    let seconds = value.parse::<f64>().ok().filter(|seconds| *seconds >= 0.0);
                    if let (Some(group), Some(seconds)) = (groups.last_mut(), seconds) {
                        let delay = Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_DELAY);
                        group.robots.delay = Some(delay.min(LONGEST_DELAY));
                    }
                }
                _ => {}
            }
        }
        let of = |is_ours: &dyn Fn(&str) -> bool| {
            let ours = groups.iter().filter(|group| group.agents.iter().any(|agent| is_ours(agent)));
            ours.map(|group| group.robots.clone()).reduce(|mut all, one| {
                all.rules.extend(one.rules);
                all.delay = all.delay.max(one.delay);
                all
            })
        };
        let names_us = |agent: &str| {
            let end = agent.find(|char: char| !char.is_ascii_alphabetic() && char != '-' && char != '_');
            agent[..end.unwrap_or(agent.len())].eq_ignore_ascii_case(token)
        };
        of(&names_us).or_else(|| of(&|agent: &str| agent.starts_with('*'))).unwrap_or_default()
    }

    /// Everything is allowed: the site has no such file.
    pub(crate) fn everything() -> Self {
        Self::default()
    }

    /// Whether a path with its query may be fetched: the longest rule that matches counts, and of two of the same
    /// length the one that allows.
    pub(crate) fn allows(&self, path: &str) -> bool {
        let path = normalised(path);
        if path == "/robots.txt" {
            return true;
        }
        let matching = self.rules.iter().filter(|rule| matches(&rule.pattern, &path));
        matching.max_by_key(|rule| (rule.pattern.len(), rule.allows)).is_none_or(|rule| rule.allows)
    }
}

/// Percent-encodes what is not ASCII, decodes what need not be encoded, and writes the other codes in capitals, so
/// that patterns and paths can be compared byte by byte.
fn normalised(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    let hex = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                let code = (high << 4 | low) as u8;
                if code.is_ascii_alphanumeric() || b"-._~".contains(&code) {
                    normal.push(char::from(code));
                } else {
                    normal.push_str(&format!("%{code:02X}"));
                }
                at += 3;
                continue;
            }
            (byte, ..) if byte.is_ascii() => normal.push(char::from(*byte)),
            (byte, ..) => normal.push_str(&format!("%{byte:02X}")),
        }
        at += 1;
    }
    normal
}

/// Whether a pattern with `*` and a final `$` matches the beginning of a path.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, is_whole) = pattern.strip_suffix('$').map_or((pattern, false), |pattern| (pattern, true));
    let mut parts = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, inner)) = parts.split_last() else { return !is_whole || rest.is_empty() };
    for part in inner {
        // The first place is the best: it leaves most of the path to the parts after it.
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    if is_whole { rest.ends_with(last) } else { rest.contains(last) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, path: &str, expected: bool) {
        assert_eq!(Robots::parse(file.as_bytes(), "gouji").allows(path), expected, "{path} by\n{file}");
    }

    #[test]
    fn the_group_that_names_us_counts() {
        let file = "User-agent: *\nDisallow: /\n\nUser-Agent: Gouji/1.0\nUser-agent: other\nDisallow: /a\n\
                    Sitemap: /x\nuser-agent: gouji\ndisallow: /b # no\n";
        check(file, "/c", true);
        check(file, "/a/1", false);
        check(file, "/b", false);
        check("User-agent: gouj\nDisallow: /\nUser-agent: goujibot\nDisallow: /\n", "/a", true);
        check("User-agent: *\nDisallow: /a\n\nUser-agent: *\nDisallow: /b", "/b", false);
        check("Disallow: /\n", "/a", true);
        check("\u{feff}User-agent: *\r\nDisallow: /\r\n", "/a", false);
        check("User-agent: *\nDisallow:\n", "/a", true);
        check("User-agent: *\nDisallow: /\n", "/robots.txt", true);
    }

    #[test]
    fn the_longest_rule_counts() {
        let file = "User-agent: *\nDisallow: /xxgk/\nAllow: /xxgk/nb/\nAllow: /p\nDisallow: /p\n";
        check(file, "/xxgk/", false);
        check(file, "/xxgk/nb/a.html", true);
        check(file, "/p/1", true);
    }

    #[test]
    fn patterns_match_as_the_standard_says() {
        let check = |pattern: &str, path: &str, expected: bool| {
            check(&format!("User-agent: *\nDisallow: {pattern}"), path, !expected);
        };
        check("/fish", "/fish/salmon.html", true);
        check("/fish", "/Fish", false);
        check("/*.php$", "/a/b.php", true);
        check("/*.php$", "/a/b.php?x", false);
        check("/a*b*c", "/axxbyyc/d", true);
        check("/a*b*c", "/acb", false);
        check("/a*a$", "/a", false);
        check("/*?page=", "/list?page=2", true);
        check("/年报", "/%e5%B9%B4%E6%8a%A5/1", true);
        check("/%61", "/a", true);
        check("/a%2Fb", "/a/b", false);
        check("/a%2fb", "/a%2Fb", true);
    }

    #[test]
    fn a_site_may_ask_for_a_pause() {
        let delay = |value: &str| {
            Robots::parse(format!("User-agent: *\nCrawl-delay: {value}").as_bytes(), "gouji").delay
        };
        assert_eq!(delay("2.5"), Some(Duration::from_millis(2_500)));
        assert_eq!(delay("86400"), Some(LONGEST_DELAY));
        assert_eq!(delay("-1"), None);
        assert_eq!(delay("NaN"), None);
    }
}
