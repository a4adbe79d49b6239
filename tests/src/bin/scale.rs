//! `cargo xtask bench scale`.

use clap::Parser;
use tests::bench::scale::{Options, run};

fn main() -> anyhow::Result<()> {
    run(&Options::parse())
}
