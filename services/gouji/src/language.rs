//! The language of help and messages: Chinese or English.
//!
//! `--lang` decides, else the first of `GOUJI_LANG`, `LC_ALL`, `LC_MESSAGES` and `LANG` that is set. Where none is,
//! and where it is `C` or `POSIX`, results that officials read are Chinese and all else is English. Findings are
//! Chinese and JSON is the same in every language.

use std::ffi::OsString;
use std::sync::OnceLock;

use clap::ValueEnum;

/// A language of help and messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// 中文
    Zh,
    /// English
    En,
}

/// The variables that are looked at, in this order.
const VARIABLES: [&str; 4] = ["GOUJI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"];

/// The language of this process. A process prints in one language, so it is set once, at the start.
static CURRENT: OnceLock<Language> = OnceLock::new();

/// Sets the language of this process.
pub(crate) fn set(language: Language) {
    let _ = CURRENT.set(language);
}

/// The language of this process; English before it is set.
pub(crate) fn current() -> Language {
    CURRENT.get().copied().unwrap_or(Language::En)
}

/// The Chinese or the English word.
pub(crate) fn word(zh: &'static str, en: &'static str) -> &'static str {
    match current() {
        Language::Zh => zh,
        Language::En => en,
    }
}

/// Formats a text in the language of this process: the Chinese pattern comes first, then the English one.
macro_rules! text {
    ($zh:literal, $en:literal) => {
        match $crate::language::current() {
            $crate::language::Language::Zh => format!($zh),
            $crate::language::Language::En => format!($en),
        }
    };
}
pub(crate) use text;

/// The language that `--lang` names in these arguments; help and errors need it before they are parsed.
pub(crate) fn of_arguments(arguments: &[OsString]) -> Option<Language> {
    let mut words = arguments.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--lang") {
            Some("") => words.next()?,
            Some(value) if value.starts_with('=') => &value[1..],
            _ => continue,
        };
        return Language::from_str(value, false).ok();
    }
    None
}

/// The language that the environment names, if it names one.
pub(crate) fn of_environment() -> Option<Language> {
    of_variables(|name| std::env::var(name).ok())
}

fn of_variables(variable: impl Fn(&str) -> Option<String>) -> Option<Language> {
    let locale = VARIABLES.into_iter().find_map(|name| variable(name).filter(|value| !value.is_empty()));
    of_locale(&locale?)
}

/// `zh_CN.UTF-8` is Chinese, any other language English; `C` and `POSIX` name no language.
fn of_locale(locale: &str) -> Option<Language> {
    match locale.split(['.', '@']).next().unwrap_or_default() {
        "" | "C" | "POSIX" => None,
        language if language.to_ascii_lowercase().starts_with("zh") => Some(Language::Zh),
        _ => Some(Language::En),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_decides() {
        let check = |variables: &[(&str, &str)], expected| {
            let value = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(of_variables(value), expected, "{variables:?}");
        };
        check(&[], None);
        check(&[("LANG", "zh_CN.UTF-8")], Some(Language::Zh));
        check(&[("LANG", "en_US.UTF-8")], Some(Language::En));
        check(&[("LANG", "de_DE")], Some(Language::En));
        check(&[("LANG", "C.UTF-8")], None);
        check(&[("LC_ALL", "C"), ("LANG", "zh_TW")], None);
        check(&[("LC_ALL", ""), ("LC_MESSAGES", "en_GB"), ("LANG", "zh_CN")], Some(Language::En));
        check(&[("GOUJI_LANG", "zh"), ("LC_ALL", "en_US.UTF-8")], Some(Language::Zh));
    }

    #[test]
    fn the_argument_is_found_before_and_after_the_verb() {
        let check = |line: &str, expected| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(of_arguments(&words), expected, "{line}");
        };
        check("gouji check a.html", None);
        check("gouji --lang en check a.html", Some(Language::En));
        check("gouji check --lang=zh a.html", Some(Language::Zh));
        check("gouji check --lang", None);
        check("gouji check --lang fr", None);
        check("gouji check -- --lang zh", None);
        check("gouji check --language zh", None);
    }
}
