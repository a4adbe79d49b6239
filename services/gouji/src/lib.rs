#![doc = include_str!("../README.md")]

mod agency;
mod client;
mod files;
mod help;
mod language;
mod local;
mod moment;
mod office;
mod operator;
mod policy;
mod print;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{FromArgMatches as _, Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};

use agency::{check, search, status, submit};
use language::Language;
use local::{completions, demo, man, nats, up};
use office::{export, fetch, letter, rollup, roster, rules, survey, withdraw};
use operator::{
    audit, bus, config, key, outlet, pause, reconcile, refused, reindex, replay, resume, scans, topology,
    user,
};

/// Reads, checks and finds annual reports on government-information disclosure.
#[derive(Debug, Parser)]
#[command(name = "gouji", version)]
struct Command {
    /// Language of help and messages; by default that of GOUJI_LANG, LC_ALL, LC_MESSAGES or LANG.
    #[arg(long, global = true, value_enum)]
    lang: Option<Language>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Check(check::Check),
    Submit(submit::Submit),
    Search(search::Search),
    Status(status::Status),
    Letter(letter::Letter),
    Export(export::Export),
    Rules(rules::Rules),
    Fetch(fetch::Fetch),
    Roster(roster::Roster),
    #[command(name = "rollup")]
    RollUp(rollup::RollUp),
    Survey(survey::Survey),
    Withdraw(withdraw::Withdraw),
    Topology(topology::Topology),
    Refused(refused::Refused),
    Replay(replay::Replay),
    Reconcile(reconcile::Reconcile),
    Reindex(reindex::Reindex),
    Outlet(outlet::Outlet),
    Pause(pause::Pause),
    Resume(resume::Resume),
    Audit(audit::Audit),
    Key(key::Key),
    User(user::User),
    Bus(bus::Bus),
    Config(config::Config),
    Scans(scans::Scans),
    Up(up::Up),
    Demo(demo::Demo),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Runs the command with these arguments, the name of the program first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(become_child) = child(&arguments) {
        return become_child;
    }
    let wanted = language::of_arguments(&arguments).or_else(language::of_environment);
    if let Some(wanted) = wanted {
        language::set(wanted);
    }
    let shown = language::current();
    let parsed = help::command(shown).try_get_matches_from(arguments);
    let command = match parsed.and_then(|matches| Command::from_arg_matches(&matches)) {
        Ok(command) => command,
        Err(error) => return help::print_error(&error, shown),
    };
    language::set(command.verb.default_language());
    let status = command.verb.run();
    match print::failure() {
        None => status,
        Some(error) => {
            eprintln!("{}", language::text!("结果没有写完：{error}", "writing the results: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// What this process becomes if this program started it as a child. These verbs are for nobody to type.
fn child(arguments: &[OsString]) -> Option<ExitCode> {
    let [_, arguments @ ..] = arguments else { return None };
    let arguments: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    match arguments.split_first() {
        Some((verb, rest)) if verb == nats::VERB => Some(nats::become_server(rest)),
        _ => console::run_child(&arguments),
    }
}

impl Verb {
    /// The language of results where the environment names none: Chinese for what officials read.
    fn default_language(&self) -> Language {
        match self {
            Self::Check(_)
            | Self::Submit(_)
            | Self::Search(_)
            | Self::Letter(_)
            | Self::Export(_)
            | Self::Rules(_)
            | Self::Fetch(_)
            | Self::Roster(_)
            | Self::RollUp(_)
            | Self::Survey(_)
            | Self::Withdraw(_)
            | Self::Demo(_) => Language::Zh,
            _ => Language::En,
        }
    }

    fn run(self) -> ExitCode {
        match self {
            Self::Check(check) => check.run(),
            Self::Submit(submit) => submit.run(),
            Self::Search(search) => search.run(),
            Self::Status(status) => status.run(),
            Self::Letter(letter) => letter.run(),
            Self::Export(export) => export.run(),
            Self::Rules(rules) => rules.run(),
            Self::Fetch(fetch) => fetch.run(),
            Self::Roster(roster) => roster.run(),
            Self::RollUp(rollup) => rollup.run(),
            Self::Survey(survey) => survey.run(),
            Self::Withdraw(withdraw) => withdraw.run(),
            Self::Topology(topology) => topology.run(),
            Self::Refused(refused) => refused.run(),
            Self::Replay(replay) => replay.run(),
            Self::Reconcile(reconcile) => reconcile.run(),
            Self::Reindex(reindex) => reindex.run(),
            Self::Outlet(outlet) => outlet.run(),
            Self::Pause(pause) => pause.run(),
            Self::Resume(resume) => resume.run(),
            Self::Audit(audit) => audit.run(),
            Self::Key(key) => key.run(),
            Self::User(user) => user.run(),
            Self::Bus(bus) => bus.run(),
            Self::Config(config) => config.run(),
            Self::Scans(scans) => scans.run(),
            Self::Up(up) => up.run(),
            Self::Demo(demo) => demo.run(),
            Self::Completions(completions) => completions.run(),
            Self::Man(man) => man.run(),
        }
    }
}

fn runtime() -> Result<Runtime> {
    Builder::new_multi_thread().enable_all().build().context("starting threads")
}

/// Success, or the whole chain of causes in one line.
fn report(outcome: Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            if error.is::<worker::SettingError>() || error.is::<worker::settings::SettingsFileError>() {
                ExitCode::from(worker::EXIT_USAGE)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}
