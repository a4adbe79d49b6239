//! `cargo xtask bench commits`.

use clap::Parser;
use tests::bench::commits::{Options, run};

fn main() -> anyhow::Result<()> {
    run(&Options::parse())
}
