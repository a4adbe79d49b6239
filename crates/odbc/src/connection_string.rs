//! The file with the connection string, which has a password in it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::OdbcError;

/// A connection string.
pub(crate) struct ConnectionString(pub(crate) String);

impl ConnectionString {
    /// Reads it from a file that nobody but its owner may read. Line breaks and lines that begin with `#` are no
    /// part of it.
    ///
    /// # Errors
    /// If the file cannot be read, others may read it, or it has no connection string.
    pub(crate) fn read(path: &Path) -> Result<Self, OdbcError> {
        let wrong = |what: String| OdbcError::database(format!("{}: {what}", path.display()));
        let unread = |error: std::io::Error| wrong(error.to_string());
        let mode = fs::metadata(path).map_err(unread)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(wrong(format!(
                "others may read it (mode {mode:04o}), and a password is in it; run chmod 600"
            )));
        }
        let text = fs::read_to_string(path).map_err(unread)?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let string: String = lines.collect();
        let string = Self(string);
        if string.attribute("DSN").is_none() && string.attribute("DRIVER").is_none() {
            return Err(wrong("no connection string; write DSN=…;UID=…;PWD=… or Driver=…;…".into()));
        }
        Ok(string)
    }

    /// The value of an attribute, without its braces.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let named = self.pairs().find(|(key, _)| key.trim().eq_ignore_ascii_case(name));
        named.map(|(_, value)| {
            let value = value.trim();
            value.strip_prefix('{').and_then(|value| value.strip_suffix('}')).unwrap_or(value)
        })
    }

    /// The attributes in their order, values with their braces.
    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut rest = self.0.as_str();
        std::iter::from_fn(move || {
            rest = rest.trim_start_matches([';', ' ']);
            if rest.is_empty() {
                return None;
            }
            let (key, after) = rest.split_once('=').unwrap_or((rest, ""));
            // A value in braces may contain semicolons; a brace in it is written twice.
            let end = if after.trim_start().starts_with('{') {
                let closing = after.char_indices().skip_while(|(_, letter)| *letter != '{').skip(1);
                let mut open = closing.peekable();
                let mut end = after.len();
                while let Some((at, letter)) = open.next() {
                    if letter == '}' && open.next_if(|(_, next)| *next == '}').is_none() {
                        end = at + 1;
                        break;
                    }
                }
                end
            } else {
                after.find(';').unwrap_or(after.len())
            };
            let (value, after) = after.split_at(end);
            rest = after;
            Some((key, value))
        })
    }

    /// The same string with another value of `Driver`, after a DSN if there is one: of the two, drivers take the
    /// first for the name of their settings.
    pub(crate) fn with_driver(&self, path: &str) -> Self {
        let mut parts: Vec<String> = Vec::new();
        for (key, value) in self.pairs() {
            if !key.trim().eq_ignore_ascii_case("DRIVER") {
                parts.push(format!("{key}={value}"));
            }
        }
        let at = parts
            .iter()
            .position(|part| part.to_ascii_uppercase().starts_with("DSN="))
            .map_or(0, |at| at + 1);
        parts.insert(at, format!("Driver={path}"));
        Self(parts.join(";"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str) -> ConnectionString {
        ConnectionString(text.to_owned())
    }

    #[test]
    fn attributes_are_found_whatever_their_case_and_braces() {
        let check = |text: &str, name: &str, expected: Option<&str>| {
            assert_eq!(string(text).attribute(name), expected, "{text}");
        };
        check("DSN=a;UID=b;PWD=c", "PWD", Some("c"));
        check("Driver={PostgreSQL Unicode};Pwd={a;b};UID=x", "PWD", Some("a;b"));
        check("Driver={PostgreSQL Unicode};Pwd={a}};b};UID=x", "UID", Some("x"));
        check("Driver={PostgreSQL Unicode};pwd={a;b}", "driver", Some("PostgreSQL Unicode"));
        check("DSN=a", "Driver", None);
        check("", "DSN", None);
    }

    #[test]
    fn a_driver_stands_behind_the_dsn() {
        let check = |text: &str, expected: &str| {
            assert_eq!(string(text).with_driver("/a.so").0, expected, "{text}");
        };
        check("DSN=a;UID=b", "DSN=a;Driver=/a.so;UID=b");
        check("Server=h;Driver={X Y};PWD={a;b}", "Driver=/a.so;Server=h;PWD={a;b}");
    }

    #[test]
    fn a_file_that_others_may_read_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sheng.dsn");
        let check = |text: &str, mode: u32, expected: &str| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let read = ConnectionString::read(&path);
            let said = read.map_or_else(|error| error.message, |string| string.0);
            assert!(said.contains(expected), "{said}");
        };
        check("# 省前置机\nDSN=sheng;\nUID=gouji;PWD=x\n", 0o600, "DSN=sheng;UID=gouji;PWD=x");
        check("DSN=sheng", 0o400, "DSN=sheng");
        check("DSN=sheng;PWD=x", 0o640, "others may read it (mode 0640)");
        check("DSN=sheng;PWD=x", 0o604, "chmod 600");
        check("hello", 0o600, "no connection string");
        check("", 0o600, "no connection string");
        fs::remove_file(&path).unwrap();
        assert!(ConnectionString::read(&path).is_err());
    }
}
