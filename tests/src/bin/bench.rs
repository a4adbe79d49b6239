//! `cargo xtask bench` and `cargo xtask soak`.

use clap::{Parser, Subcommand};
use tests::bench::{
    self, commits, export, formats, growth, log, memory, outlets, rules, scale, search, seen, stall,
};
use tests::soak;

/// Measure the pipeline, or one thing alone.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Bench {
    #[command(flatten)]
    pipeline: bench::Options,
    #[command(subcommand)]
    alone: Option<Alone>,
}

#[derive(Debug, Subcommand)]
enum Alone {
    Commits(commits::Options),
    Export(export::Options),
    Formats(formats::Options),
    Growth(growth::Options),
    Log(log::Options),
    Memory(memory::Options),
    Outlets(outlets::Options),
    Rules(rules::Options),
    Scale(scale::Options),
    Search(search::Options),
    Seen(seen::Options),
    Soak(soak::Options),
    Stall(stall::Options),
}

fn main() -> anyhow::Result<()> {
    let Bench { pipeline, alone } = Bench::parse();
    match alone {
        None => bench::run(&pipeline),
        Some(Alone::Commits(options)) => commits::run(&options),
        Some(Alone::Export(options)) => export::run(&options),
        Some(Alone::Formats(options)) => formats::run(&options),
        Some(Alone::Growth(options)) => growth::run(&options),
        Some(Alone::Log(options)) => log::run(&options),
        Some(Alone::Memory(options)) => memory::run(&options),
        Some(Alone::Outlets(options)) => outlets::run(&options),
        Some(Alone::Rules(options)) => rules::run(&options),
        Some(Alone::Scale(options)) => scale::run(&options),
        Some(Alone::Search(options)) => search::run(&options),
        Some(Alone::Seen(options)) => seen::run(&options),
        Some(Alone::Soak(options)) => soak::run(&options),
        Some(Alone::Stall(options)) => stall::run(&options),
    }
}
