//! `cargo xtask bench formats`.

use clap::Parser;
use tests::bench::formats::{Options, run};

fn main() -> anyhow::Result<()> {
    run(&Options::parse())
}
