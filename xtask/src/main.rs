//! All automation: demo, test, ci, bench, fuzz, deploy, dist, gen and tidy.

mod audit;
mod bench;
mod cargo_deny;
mod ci;
mod debian;
mod demo;
mod deploy;
mod dist;
mod features;
mod fuzz;
mod generate;
mod go;
mod instructions;
mod licences;
mod mutants;
mod promtool;
mod rule;
mod soak;
mod test;
mod tidy;
mod townships;
mod workspace;

use std::io::Write as _;

use anyhow::Result;
use clap::Parser;

use workspace::Workspace;

/// All automation of this repository; CI runs the same tasks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Start the whole pipeline on this machine and send the samples through it.
    Demo {
        /// End when the samples are through, instead of staying up until Ctrl-C.
        #[arg(long)]
        once: bool,
    },
    /// Run every test, from unit tests to end-to-end tests, and name those that cannot run here.
    Test {
        /// Handed to `cargo test`, e.g. `-p reading` or `-- balance`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Everything that a change has to pass: formatting, tidy, deploy, lints, tests, and three minutes of fuzzing.
    Ci,
    /// Measure the pipeline, and compare it with the floors of the same run.
    Bench {
        /// Handed to the bench; `formats` measures the readers of each format instead.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Search for bytes that break a reader.
    Fuzz {
        /// For how long, all targets together.
        #[arg(long, default_value_t = 180)]
        seconds: u64,
        /// Add new inputs to the committed corpus, reduced to those that reach new code.
        #[arg(long)]
        keep: bool,
        /// Only these targets, e.g. `docx`.
        targets: Vec<String>,
    },
    /// Inject faults at random under load, and count at the end; prints its seed.
    Soak {
        /// `--seed N`, `--minutes M`, `--reports N`, `--old FOLDER`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Check `deploy/` with the validator of each kind of file.
    Deploy,
    /// Make the archive and the image that are carried into a closed network.
    Dist(dist::Arguments),
    /// Write the generated code of the contract.
    Gen {
        /// Fail if it is not current, instead of writing it.
        #[arg(long)]
        check: bool,
    },
    /// Write the manifest that gives foreign crates the same features whichever packages are built.
    Features {
        /// Fail if a package on its own is built with other features, instead of writing it.
        #[arg(long)]
        check: bool,
    },
    /// Write the file of a new rule, with a case that fails until its check is written.
    Rule {
        /// The id, e.g. `T3-22`.
        id: String,
        /// The name, e.g. `rows-repeat`.
        name: String,
    },
    /// List the changes of the rules that no test notices.
    Mutants {
        /// Handed to `cargo mutants`, e.g. `--shard 0/20`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Write the townships that `reading` knows, from the packages that publish them.
    Townships(townships::Sources),
    /// Print the path of a nats-server, after making sure there is one.
    NatsServer,
    /// Check licences, sources and known vulnerabilities of all dependencies with cargo-deny.
    Audit,
    /// Check what compilers do not: arrows, words, leftovers, links, samples, licences, generated code.
    Tidy {
        /// Skip the generated code, whose check has to compile first.
        #[arg(long)]
        quick: bool,
    },
}

fn main() -> Result<()> {
    let workspace = Workspace::find()?;
    match Task::parse() {
        Task::Demo { once } => demo::run(&workspace, once),
        Task::Test { arguments } => test::run(&workspace, &arguments),
        Task::Ci => ci::run(&workspace),
        Task::Bench { arguments } => bench::run(&workspace, &arguments),
        Task::Fuzz { seconds, keep, targets } => fuzz::run(&workspace, seconds, keep, &targets),
        Task::Soak { arguments } => soak::run(&workspace, &arguments),
        Task::Deploy => deploy::run(&workspace),
        Task::Dist(arguments) => dist::run(&workspace, &arguments),
        Task::Gen { check } => generate::run(&workspace, check),
        Task::Features { check } => features::run(&workspace, check),
        Task::Rule { id, name } => rule::run(&workspace, &id, &name),
        Task::Mutants { arguments } => mutants::run(&workspace, &arguments),
        Task::Townships(sources) => townships::run(&workspace, &sources),
        Task::NatsServer => {
            let path = workspace.nats_server()?;
            writeln!(std::io::stdout(), "{}", path.display())?;
            Ok(())
        }
        Task::Audit => audit::run(&workspace),
        Task::Tidy { quick } => tidy::run(&workspace, quick),
    }
}
