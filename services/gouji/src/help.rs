//! The help of the command line, in both languages.
//!
//! The English texts are the comments on the verbs and their options, as clap derives them. `chinese` has the
//! same texts in Chinese, and `examples` has the examples of both.

mod chinese;
mod errors;
mod examples;

use std::ffi::OsStr;
use std::process::ExitCode;

use clap::builder::PossibleValue;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command, CommandFactory as _};

use crate::language::Language;

/// A group of verbs: who types them, in Chinese and in English.
struct Group {
    zh: &'static str,
    en: &'static str,
    verbs: &'static [&'static str],
}

/// The groups of the overview, as the folders of this package.
const GROUPS: [Group; 4] = [
    Group { zh: "报送单位", en: "Agencies", verbs: &["check", "submit", "search", "status"] },
    Group {
        zh: "主管部门",
        en: "Offices that collect reports",
        verbs: &["letter", "export", "rules", "fetch", "roster", "rollup", "survey", "withdraw"],
    },
    Group {
        zh: "管理员",
        en: "Operators",
        verbs: &[
            "topology",
            "refused",
            "replay",
            "reconcile",
            "reindex",
            "outlet",
            "pause",
            "resume",
            "audit",
            "key",
            "user",
            "bus",
            "config",
        ],
    },
    Group { zh: "本机", en: "This machine", verbs: &["up", "demo", "scans", "completions", "man", "help"] },
];

/// The command line with its help in a language.
pub(crate) fn command(language: Language) -> Command {
    let command = described(crate::Command::command(), "", language);
    let groups = overview(&command, language);
    command.help_template(match language {
        Language::Zh => format!("{{about}}\n\n用法：{{usage}}\n{groups}\n选项：\n{{options}}{{after-help}}"),
        Language::En => {
            format!("{{about}}\n\nUsage: {{usage}}\n{groups}\nOptions:\n{{options}}{{after-help}}")
        }
    })
}

/// Every verb with its text, by groups.
fn overview(command: &Command, language: Language) -> String {
    let mut text = String::new();
    for group in &GROUPS {
        text.push_str(&match language {
            Language::Zh => format!("\n{}：\n", group.zh),
            Language::En => format!("\n{}:\n", group.en),
        });
        for verb in group.verbs {
            let about = command.find_subcommand(verb).and_then(Command::get_about);
            let about = about.map_or_else(|| help_verb(language).to_owned(), ToString::to_string);
            text.push_str(&format!("  {verb:<12} {about}\n"));
        }
    }
    text
}

fn help_verb(language: Language) -> &'static str {
    match language {
        Language::Zh => "显示一个命令的说明和示例",
        Language::En => "Print the help of a verb, with an example",
    }
}

/// Adds the examples to a command and those below it, and translates their texts.
fn described(command: Command, path: &str, language: Language) -> Command {
    let is_top = path.is_empty();
    let mut command = command.mut_subcommands(|verb| {
        let path = format!("{path} {}", verb.get_name());
        described(verb, path.trim_start(), language)
    });
    // `gouji help` takes the names of all verbs below it.
    command = command.disable_help_subcommand(!is_top);
    if is_top {
        command = command.after_help(match language {
            Language::Zh => "gouji help 命令 显示一个命令的说明和示例。",
            Language::En => "`gouji help VERB` prints the help of a verb, with an example.",
        });
    } else if let Some(examples) = examples::text(path, language) {
        command = command.after_help(examples);
    }
    match language {
        Language::Zh => translated(command, path),
        Language::En => command,
    }
}

/// A command with its texts in Chinese.
fn translated(command: Command, path: &str) -> Command {
    let text = chinese::text(path).unwrap_or_default();
    let command = command
        .about(text.lines().next().unwrap_or_default().trim_end_matches('。'))
        .long_about(text)
        .mut_args(|argument| translated_argument(argument, path))
        .subcommand_help_heading("命令")
        .disable_help_flag(true)
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::Help)
                .help("显示说明")
                .help_heading("选项"),
        );
    if path.is_empty() {
        let version =
            Arg::new("version").short('V').long("version").action(ArgAction::Version).help("显示版本");
        return command.disable_version_flag(true).arg(version);
    }
    command.help_template("{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}")
}

/// An option or an argument with its text in Chinese; clap has no translation of what it adds to the text.
fn translated_argument(argument: Arg, path: &str) -> Arg {
    let id = argument.get_id().to_string();
    let text = chinese::of_argument(path, &id).unwrap_or_default();
    let mut notes = Vec::new();
    let takes_values = argument.get_action().takes_values();
    let values = argument.get_possible_values();
    if takes_values && !values.is_empty() {
        let values: Vec<String> = values.iter().map(|value| possible_value(path, &id, value)).collect();
        notes.push(format!("可选：{}", values.join("、")));
    }
    if !argument.get_default_values().is_empty() {
        let defaults = argument.get_default_values().iter().map(|value| value.to_string_lossy());
        notes.push(format!("默认：{}", defaults.collect::<Vec<_>>().join(" ")));
    }
    if let Some(variable) = argument.get_env().and_then(OsStr::to_str) {
        notes.push(format!("环境变量：{variable}"));
    }
    let notes: String = notes.iter().map(|note| format!(" [{note}]")).collect();
    let heading = if argument.is_positional() { "参数" } else { "选项" };
    let argument = argument.help(format!("{text}{notes}")).long_help(None::<&str>).help_heading(heading);
    if takes_values {
        argument.hide_possible_values(true).hide_default_value(true).hide_env(true)
    } else {
        argument
    }
}

/// A value with its text, if it has one.
fn possible_value(path: &str, id: &str, value: &PossibleValue) -> String {
    let name = value.get_name();
    match chinese::of_argument(path, &format!("{id}={name}")) {
        Some(text) => format!("{name}（{text}）"),
        None => name.to_owned(),
    }
}

/// Prints help, the version, or what is wrong with a command line; the exit status.
pub(crate) fn print_error(error: &clap::Error, language: Language) -> ExitCode {
    let is_help = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    if is_help || language == Language::En {
        // A reader that closed the pipe wants no more.
        error.print().ok();
    } else {
        eprint!("{}", errors::chinese(error));
    }
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every command below this one with its path.
    fn all(command: &Command, path: &str) -> Vec<(String, Command)> {
        let mut commands = vec![(path.to_owned(), command.clone())];
        for verb in command.get_subcommands() {
            commands.extend(all(verb, format!("{path} {}", verb.get_name()).trim_start()));
        }
        commands
    }

    #[test]
    fn the_command_line_is_consistent() {
        for language in [Language::Zh, Language::En] {
            command(language).debug_assert();
        }
    }

    #[test]
    fn every_verb_is_in_one_group() {
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|group| group.verbs).copied().collect();
        grouped.retain(|verb| *verb != "help");
        let command = crate::Command::command();
        let mut verbs: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        grouped.sort_unstable();
        verbs.sort_unstable();
        assert_eq!(grouped, verbs);
    }

    #[test]
    fn every_text_has_its_chinese() {
        let mut unused = chinese::keys();
        let mut missing = Vec::new();
        for (path, command) in all(&crate::Command::command(), "") {
            let mut used = |key: Option<&'static str>, wanted: String| match key {
                Some(key) => unused.retain(|one| *one != key),
                None => missing.push(wanted),
            };
            used(chinese::key(&path), path.clone());
            for argument in command.get_arguments() {
                let id = argument.get_id().as_str();
                used(chinese::key_of_argument(&path, id), format!("{path}.{id}"));
                for value in argument.get_possible_values() {
                    let id = format!("{id}={}", value.get_name());
                    if value.get_help().is_some() && argument.get_id() != "lang" {
                        used(chinese::key_of_argument(&path, &id), format!("{path}.{id}"));
                    }
                }
            }
        }
        assert_eq!((missing, unused), (Vec::<String>::new(), Vec::<&str>::new()), "missing, and unused");
    }

    #[test]
    fn every_verb_has_an_example_that_parses() {
        for (path, verb) in all(&crate::Command::command(), "") {
            if path.is_empty() || verb.has_subcommands() && examples::of(&path).count() == 0 {
                continue;
            }
            assert!(examples::of(&path).count() > 0, "{path} has no example");
        }
        for line in examples::lines() {
            let words = examples::words(line);
            let parsed = command(Language::En).try_get_matches_from(words);
            assert!(
                parsed.is_ok(),
                "{line}: {}",
                parsed.err().map(|error| error.to_string()).unwrap_or_default()
            );
        }
    }

    #[test]
    fn chinese_help_has_no_english_frame() {
        let mut command = command(Language::Zh);
        let top = command.render_help().to_string();
        assert!(top.contains("主管部门：") && top.contains("用法："), "{top}");
        let verb = command.find_subcommand_mut("letter").unwrap().render_help().to_string();
        for english in ["Usage:", "Options:", "Arguments:", "[default:", "[env:", "[possible", "Print help"] {
            assert!(!top.contains(english) && !verb.contains(english), "{english} is in\n{top}\n{verb}");
        }
        assert!(verb.contains("示例：") && verb.contains("[可选：html、docx]"), "{verb}");
    }
}
