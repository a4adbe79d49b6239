//! `gouji topology`: the streams, consumers and buckets on the bus. No other command creates or changes them.

use std::process::ExitCode;

use anyhow::Result;
use bus::Bus;
use bus::topology::{self, Changes, Step};
use clap::{Args, Subcommand};

use super::connection::Connection;
use crate::language::word;
use crate::print::say;

/// Show or create what the bus must have: the log, the durable consumer of each stage, the buckets.
#[derive(Debug, Args)]
pub(crate) struct Topology {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Print what `apply` would do. Exit status: 0 if it would do nothing, 2 if it would change something, 1 if it
    /// would refuse something.
    Plan(Options),
    /// Create what is missing and change what differs; refuse what could lose data.
    Apply(Options),
}

#[derive(Debug, Args)]
struct Options {
    #[command(flatten)]
    bus: Connection,
    /// Copies of the log and the buckets, 1 to 5; by default the number in the settings.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=5))]
    replicas: Option<u8>,
}

/// The status of `plan` where `apply` would change something.
const TO_DO: u8 = 2;

impl Topology {
    pub(crate) fn run(&self) -> ExitCode {
        let ran = crate::runtime().and_then(|runtime| runtime.block_on(self.act()));
        ran.unwrap_or_else(|error| crate::report(Err(error)))
    }

    async fn act(&self) -> Result<ExitCode> {
        let (Verb::Plan(options) | Verb::Apply(options)) = &self.verb;
        let mut config = options.bus.config()?.bus;
        config.replicas = options.replicas.map_or(config.replicas, usize::from);
        let is_plan = matches!(self.verb, Verb::Plan(_));
        let steps = match is_plan {
            true => topology::plan(&config).await?,
            false => topology::apply(&config, Changes::Safe).await?,
        };
        steps.iter().for_each(|step| say(&step.to_string()));
        if steps.is_empty() {
            say(word("一切就绪，无需改动", "everything is there as it must be"));
        }
        if !is_plan && steps.iter().any(Step::is_to_do) {
            let done: Vec<String> =
                steps.iter().filter(|step| step.is_to_do()).map(Step::to_string).collect();
            let bus = Bus::operator(&config).await?;
            bus.record_action(options.bus.who(), "apply-topology", "", &done.join("; ").replace("\n ", ""))
                .await?;
            bus.close().await;
        }
        Ok(if steps.iter().any(Step::is_refused) {
            ExitCode::FAILURE
        } else if is_plan && !steps.is_empty() {
            ExitCode::from(TO_DO)
        } else {
            ExitCode::SUCCESS
        })
    }
}
