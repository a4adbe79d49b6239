//! `cargo xtask bench`.

use clap::Parser;
use tests::bench::{Options, run};

fn main() -> anyhow::Result<()> {
    run(&Options::parse())
}
