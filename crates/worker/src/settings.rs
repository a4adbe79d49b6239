//! The sources of settings: one commented file, and the environment, which takes precedence.
//!
//! Both name the settings listed in [`SETTINGS`], so a file and the environment of a container can
//! contain the same. An unknown key in the file is an error with its line.

mod catalogue;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::outlets::Routes;

pub use catalogue::{SETTINGS, Setting};

/// Why a settings file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct SettingsFileError {
    file: String,
    line: usize,
    reason: String,
}

/// Values by the names of their variables.
pub type Values = BTreeMap<&'static str, String>;

/// Reads the settings in a file.
///
/// # Errors
/// If it cannot be read, is no TOML, has an unknown key, or a value of another type.
pub fn read_file(path: &Path) -> Result<Values, SettingsFileError> {
    let file = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text).map_err(|(line, reason)| SettingsFileError { file, line, reason }),
        Err(error) => Err(SettingsFileError { file, line: 0, reason: error.to_string() }),
    }
}

/// Reads the outlets and inlets in a file.
///
/// # Errors
/// If it cannot be read, or one of them has an unknown key or a value of another type.
pub fn read_routes(path: &Path) -> Result<Routes, SettingsFileError> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| SettingsFileError {
        file: file.clone(),
        line: 0,
        reason: error.to_string(),
    })?;
    toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(0, |span| line_of(&text, span.start));
        SettingsFileError { file, line, reason: error.message().to_owned() }
    })
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text[..at.min(text.len())].matches('\n').count()
}

/// The sections that are lists: [`read_routes`] reads them.
const ROUTES: [&str; 2] = ["outlet", "inlet"];

fn parse(text: &str) -> Result<Values, (usize, String)> {
    let line = |at: Range<usize>| line_of(text, at.start);
    let parsed = DeTable::parse(text)
        .map_err(|error| (line(error.span().unwrap_or_default()), error.message().to_owned()))?;
    let mut values = Values::new();
    for (section, settings) in parsed.get_ref() {
        if ROUTES.contains(&&**section.get_ref()) && matches!(settings.get_ref(), DeValue::Array(_)) {
            continue;
        }
        let DeValue::Table(settings) = settings.get_ref() else {
            return Err((line(section.span()), unknown(section.get_ref())));
        };
        for (name, value) in settings {
            let key = format!("{}.{}", section.get_ref(), name.get_ref());
            let known = SETTINGS.iter().find(|setting| setting.key == key);
            let setting = known.ok_or_else(|| (line(name.span()), unknown(&key)))?;
            let value = written(value)
                .ok_or_else(|| (line(value.span()), format!("{key} is a text, a number or true or false")))?;
            values.insert(setting.variable, value);
        }
    }
    Ok(values)
}

fn written(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().replace('_', "")),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// The message for an unknown key, with the keys that may have been meant.
fn unknown(key: &str) -> String {
    let (section, name) = key.split_once('.').unwrap_or((key, ""));
    let is_similar = |setting: &&Setting| {
        let (its_section, its_name) = setting.key.split_once('.').unwrap_or_default();
        its_section == section || (!name.is_empty() && its_name == name)
    };
    let similar: Vec<&str> = SETTINGS.iter().filter(is_similar).map(|setting| setting.key).collect();
    match &similar[..] {
        [] => {
            let mut sections: Vec<&str> =
                SETTINGS.iter().filter_map(|setting| setting.key.split('.').next()).collect();
            sections.dedup();
            format!("there is no setting {key}; the sections are {}", sections.join(", "))
        }
        similar => format!("there is no setting {key}; there are {}", similar.join(", ")),
    }
}

/// The commented file with every setting at its default.
pub fn example() -> String {
    let mut text = String::from(
        "# Settings of gouji. Every process reads this file if --config or GOUJI_CONFIG names it. The environment\n\
         # variable after a setting takes precedence over the file. An unknown key is an error.\n\
         # `gouji config FILE` checks a file, `gouji config` prints this one.\n",
    );
    let mut last = "";
    for setting in SETTINGS {
        let (section, name) = setting.key.split_once('.').unwrap_or(("", setting.key));
        if section != last {
            text.push_str(&format!("\n[{section}]\n"));
            last = section;
        }
        for line in setting.about {
            text.push_str(&format!("# {line}\n"));
        }
        let value = if setting.default.is_empty() { "\"\"" } else { setting.default };
        text.push_str(&format!("# {name} = {value}  # {}\n", setting.variable));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, line: usize, what: &str) {
        let (at, message) = parse(text).unwrap_err();
        assert!(at == line && message.contains(what), "line {at}: {message}");
    }

    #[test]
    fn a_file_says_what_variables_say() {
        let values =
            parse("[bus]\nurl = \"nats://a:4222\"\nreplicas = 3\n[work]\npermits = 1_000\n").unwrap();
        let expected =
            [("GOUJI_NATS_REPLICAS", "3"), ("GOUJI_NATS_URL", "nats://a:4222"), ("GOUJI_PERMITS", "1000")];
        assert_eq!(values, expected.map(|(variable, value)| (variable, value.to_owned())).into());
    }

    #[test]
    fn what_is_no_setting_is_reported_with_its_line() {
        check("[bus]\n\nurls = \"x\"\n", 3, "no setting bus.urls; there are bus.url, bus.nkey");
        check("[bux]\nurl = \"x\"\n", 2, "there are bus.url");
        check("[nets]\nx = 1\n", 2, "the sections are bus, originals");
        check("permits = 3\n", 1, "no setting permits");
        check("[bus]\nurl = [\"a\"]\n", 2, "bus.url is a text");
        check("[bus\n", 1, "");
    }

    #[test]
    fn the_example_is_a_file_that_says_nothing_until_it_is_uncommented() {
        assert_eq!(parse(&example()).unwrap(), Values::new());
        let said: String = example()
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if rest.contains(" = ") && rest.contains("  # ") => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        assert_eq!(parse(&said).unwrap().len(), SETTINGS.len());
    }
}
