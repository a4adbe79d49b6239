//! `cargo xtask bench`: measures the pipeline with a real nats-server. With a name it measures one thing alone:
//! `export`, rows in every format; `formats`, the readers compared with other tools; `rules`, how many planted faults the rules find; `scale`,
//! more processes of a stage; `growth`, the index from a thousand documents on; `instructions`, what a report takes, counted by callgrind; `search`, the cost of the index
//! and of its answers; `seen`, the files that are read otherwise than a person sees them; `log`, nats-server with
//! more and more facts on the log; `memory`, every process with the largest inputs; `outlets`, what leaves beside the bare targets; `commits`, the cost of a
//! flush of the log; `stall`, a million waiting facts.

use anyhow::{Context as _, Result};

use crate::instructions;
use crate::workspace::{self, Workspace};

/// Runs the bench of the `tests` package and the programs, both built for release.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    if let Some((first, rest)) = arguments.split_first().filter(|(first, _)| *first == "instructions") {
        return instructions::run(workspace, rest).with_context(|| format!("bench {first}"));
    }
    workspace::run(&mut workspace.cargo(&["build", "--release", "--workspace", "--bins"]))?;
    let mut bench = workspace.cargo(&["run", "--release", "--package", "tests", "--bin", "bench", "--"]);
    // Arguments before and after `--` are all for the bench.
    let arguments = arguments.iter().filter(|argument| *argument != "--");
    workspace::run(bench.args(arguments).env("GOUJI_NATS_SERVER", workspace.nats_server()?))
}
