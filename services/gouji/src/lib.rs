//! The command people type: the pipeline in one process, and its doors from the terminal.

mod agency;
mod checking;
mod client;
mod files;
mod local;
mod moment;
mod office;
mod operator;
mod print;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};

use agency::{check, search, status, submit};
use local::{demo, nats, up};
use office::{letter, rollup, roster, rules, survey, withdraw};
use operator::{audit, bus, config, key, pause, reconcile, refused, reindex, replay, resume, topology};

/// Takes in, reads, checks and finds annual reports on government-information disclosure.
#[derive(Debug, Parser)]
#[command(name = "gouji", version)]
pub struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Up(up::Up),
    Check(check::Check),
    Config(config::Config),
    Topology(topology::Topology),
    Refused(refused::Refused),
    Replay(replay::Replay),
    Reconcile(reconcile::Reconcile),
    Pause(pause::Pause),
    Resume(resume::Resume),
    Bus(bus::Bus),
    Submit(submit::Submit),
    Search(search::Search),
    Status(status::Status),
    Reindex(reindex::Reindex),
    Withdraw(withdraw::Withdraw),
    Letter(letter::Letter),
    Rules(rules::Rules),
    Roster(roster::Roster),
    Survey(survey::Survey),
    #[command(name = "rollup")]
    RollUp(rollup::RollUp),
    Key(key::Key),
    Audit(audit::Audit),
    Demo(demo::Demo),
    #[command(name = parse::READER_VERB, hide = true)]
    Reader {
        arguments: Vec<String>,
    },
    #[command(name = nats::VERB, hide = true, disable_help_flag = true)]
    Nats {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

/// Runs a command.
pub fn run(command: Command) -> ExitCode {
    match command.verb {
        Verb::Up(up) => up.run(),
        Verb::Check(check) => check::run(&check),
        Verb::Config(config) => config.run(),
        Verb::Topology(topology) => topology.run(),
        Verb::Refused(refused) => refused.run(),
        Verb::Replay(replay) => replay.run(),
        Verb::Reconcile(reconcile) => reconcile.run(),
        Verb::Pause(pause) => pause.run(),
        Verb::Resume(resume) => resume.run(),
        Verb::Bus(bus) => bus.run(),
        Verb::Submit(submit) => submit.run(),
        Verb::Search(search) => search.run(),
        Verb::Status(status) => status.run(),
        Verb::Reindex(reindex) => reindex.run(),
        Verb::Withdraw(withdraw) => withdraw.run(),
        Verb::Letter(letter) => letter.run(),
        Verb::Rules(rules) => rules.run(),
        Verb::Roster(roster) => roster.run(),
        Verb::Survey(survey) => survey.run(),
        Verb::RollUp(rollup) => rollup.run(),
        Verb::Key(key) => key.run(),
        Verb::Audit(audit) => audit.run(),
        Verb::Demo(demo) => demo.run(),
        Verb::Reader { arguments } => parse::run_reader(&arguments),
        Verb::Nats { arguments } => nats::become_server(&arguments),
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
            if error.is::<stage::WrongSetting>() || error.is::<stage::settings::WrongFile>() {
                ExitCode::from(stage::EXIT_USAGE)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}
