//! The commands that people type, as the programs that they get.

mod check;
mod output;
mod settings;
mod up;

use std::process::{Command, Output};

use tests::generate::{Generated, Options, generate};
use tests::processes::program;

/// Every report follows from it.
const SEED: u64 = 20_261_123;

/// Reports with a planted fault, or without. What their layout costs them is there in both.
fn reports(count: u64, faults_percent: u8) -> Vec<Generated> {
    let options = Options { faults_percent, ..Options::default() };
    (0..count).map(|index| generate(SEED, index, &options)).collect()
}

/// Rules whose findings are warnings or hints.
const MILD: [&str; 4] = ["NAR-05", "T2-10", "T3-08", "T3-09"];

fn fails(report: &Generated) -> bool {
    report.truth.faults.iter().any(|fault| !MILD.contains(&fault.rule))
}

/// `gouji` with these arguments, without the variables of our environment that it reads. It finds no other
/// `gouji up` of this user, and has no language.
pub(crate) fn gouji(arguments: &[&str]) -> Command {
    let mut command = Command::new(program("gouji").unwrap());
    let ours = std::env::vars().map(|(name, _)| name);
    for name in ours.filter(|name| name.starts_with("GOUJI_") && name != "GOUJI_NATS_SERVER") {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C").env("XDG_STATE_HOME", "/dev/null").args(arguments);
    command
}

/// Its exit status and all that it said.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(mut command: Command) -> Said {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: status.code(), out: text(stdout), err: text(stderr) }
}
