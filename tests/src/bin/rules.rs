//! `cargo xtask bench rules`.

use clap::Parser;
use tests::bench::rules::{Options, run};

fn main() -> anyhow::Result<()> {
    run(&Options::parse())
}
