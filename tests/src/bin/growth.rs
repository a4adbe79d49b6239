//! `cargo xtask bench growth`.

use clap::Parser;
use tests::bench::growth::{Options, run};

fn main() -> anyhow::Result<()> {
    run(&Options::parse())
}
