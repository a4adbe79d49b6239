//! `gouji topology`: what must be there on the bus. Nothing else creates or changes it.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use stage::Stage;
use stage::topology::{self, Extent, Step};

use crate::operator::connection::Connection;
use crate::print::say;

/// Show or make what must be on the bus: the log, the place of each stage on it, the buckets.
#[derive(Debug, Args)]
pub(crate) struct Topology {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show what `apply` would do: exit 0 where there is nothing, 2 where there is something, 1 where it would
    /// refuse something.
    Plan(Wanted),
    /// Create what is missing and change what differs, as far as that can lose nothing.
    Apply(Wanted),
}

#[derive(Debug, Args)]
struct Wanted {
    #[command(flatten)]
    bus: Connection,
    /// Copies of the log and the buckets, 1 to 5; unless it is said, what the settings say.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=5))]
    replicas: Option<u8>,
}

/// There is something to do.
const TO_DO: u8 = 2;

impl Topology {
    pub(crate) fn run(&self) -> ExitCode {
        let ran = crate::runtime().and_then(|runtime| runtime.block_on(self.act()));
        ran.unwrap_or_else(|error| crate::report(Err(error)))
    }

    async fn act(&self) -> Result<ExitCode> {
        let (Verb::Plan(wanted) | Verb::Apply(wanted)) = &self.verb;
        let mut config = wanted.bus.config()?;
        config.nats_replicas = wanted.replicas.map_or(config.nats_replicas, usize::from);
        let is_plan = matches!(self.verb, Verb::Plan(_));
        let steps = match is_plan {
            true => topology::plan(&config).await?,
            false => topology::apply(&config, Extent::Safe).await?,
        };
        if !is_plan && steps.iter().any(Step::is_to_do) {
            let done: Vec<String> =
                steps.iter().filter(|step| step.is_to_do()).map(Step::to_string).collect();
            let stage = Stage::operator(&config).await?;
            stage.note(wanted.bus.who(), "apply-topology", "", &done.join("; ").replace("\n ", "")).await?;
            stage.close().await;
        }
        steps.iter().for_each(|step| say(&step.to_string()));
        if steps.is_empty() {
            say("everything is there as it must be");
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
