//! `cargo xtask bench instructions`: how many instructions a report takes, counted by callgrind over fixed inputs and
//! compared with what is recorded.
//!
//! What is counted is the build of the tests, which is there already: it takes more instructions than a release, and
//! shows a step back as well.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::debian;
use crate::workspace::{self, Workspace};

/// What was counted, by the name of the work, and what compiled it: another compiler gives other figures.
#[derive(Debug, Deserialize, Serialize)]
struct Counts {
    compiler: String,
    /// Instructions a report.
    instructions: BTreeMap<String, u64>,
}

/// Work on some of the samples.
struct Work {
    name: &'static str,
    /// What the program `instructions` does.
    work: &'static str,
    samples: &'static [&'static str],
    /// Times that one round works on each of them.
    copies: u64,
}

const TEXTS: &[&str] =
    &["cell-lines-breakdown.txt", "markdown.md", "pipe-lines.txt", "tabs-cut.txt", "tabs-slipped.txt"];
const PAGES: &[&str] = &["page-gb18030.html", "page-utf8.html", "units-and-remarks.html"];
const WORD: &[&str] = &["word-automatic-numbers.docx", "word-tracked-changes.docx"];
const PDF: &[&str] = &["pdf-heads-repeated.pdf", "pdf-landscape-over-pages.pdf"];
/// Texts and pages, as the field sends most.
const REPORTS: &[&str] =
    &["tabs-slipped.txt", "pipe-lines.txt", "markdown.md", "page-gb18030.html", "page-utf8.html"];

const WORKS: [Work; 7] = [
    Work { name: "document, text", work: "document", samples: TEXTS, copies: 1 },
    Work { name: "document, html", work: "document", samples: PAGES, copies: 1 },
    Work { name: "document, docx", work: "document", samples: WORD, copies: 1 },
    Work { name: "document, pdf", work: "document", samples: PDF, copies: 1 },
    Work { name: "reading", work: "reading", samples: REPORTS, copies: 1 },
    Work { name: "rules", work: "rules", samples: REPORTS, copies: 1 },
    Work { name: "index", work: "index", samples: REPORTS, copies: 8 },
];

/// Rounds of the shorter and of the longer run; what they differ by is the work and nothing else.
const ROUNDS: [u64; 2] = [1, 5];

/// More than this share above what is recorded is a step back.
const ALLOWED_PERCENT: u64 = 5;

/// Where the counts are recorded.
const RECORDED: &str = "tests/instructions/recorded.json";

/// Counts, prints, and compares with what is recorded, or records it.
///
/// # Errors
/// If the counts cannot be taken, or one is too far above what is recorded.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let is_record = match arguments {
        [] => false,
        [only] if only == "--record" => true,
        _ => bail!("`cargo xtask bench instructions` takes nothing but `--record`"),
    };
    let Some(counts) = count(workspace)? else { return Ok(()) };
    let path = workspace.root.join(RECORDED);
    if is_record {
        let text = serde_json::to_string_pretty(&counts).context("write counts as JSON")?;
        return fs::write(&path, text + "\n").with_context(|| format!("write {}", path.display()));
    }
    let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let recorded: Counts = serde_json::from_str(&text).with_context(|| format!("read {}", path.display()))?;
    let (table, above) = compared(&counts, &recorded);
    write!(std::io::stdout(), "{table}")?;
    ensure!(
        above.is_empty(),
        "more than {ALLOWED_PERCENT} % above {RECORDED}: {}; make it cheaper, or record the new counts with \
         `cargo xtask bench instructions --record` and say in the commit what they buy",
        above.join(", ")
    );
    Ok(())
}

/// The counts beside those that are recorded, and the names of those that are too high.
fn compared(counts: &Counts, recorded: &Counts) -> (String, Vec<String>) {
    let mut table = "instructions a report           counted      recorded\n".to_owned();
    let mut above = Vec::new();
    let is_same_compiler = counts.compiler == recorded.compiler;
    for (name, count) in &counts.instructions {
        let before = recorded.instructions.get(name).copied();
        let beside = before.map_or("none".to_owned(), |before| before.to_string());
        let _ = writeln!(table, "{name:<24}{count:>15}{beside:>14}");
        let most = before.map(|before| before + before * ALLOWED_PERCENT / 100);
        if is_same_compiler && most.is_some_and(|most| *count > most) {
            above.push(name.clone());
        }
    }
    if !is_same_compiler {
        let _ = writeln!(table, "not compared: {} and not {}", counts.compiler, recorded.compiler);
    }
    (table, above)
}

/// The counts; none where there is no valgrind and none can be had.
fn count(workspace: &Workspace) -> Result<Option<Counts>> {
    if !debian::install_valgrind() {
        let line = "instruction counts: no valgrind (apt install valgrind)";
        ensure!(env::var("GOUJI_REQUIRE").as_deref() != Ok("all"), "{line}");
        writeln!(std::io::stdout(), "not tested: {line}")?;
        return Ok(None);
    }
    // With its tests it gets the foreign crates with the features that the other tests have built already.
    workspace::run(&mut workspace.cargo(&["build", "--package", "instructions", "--bins", "--tests"]))?;
    let program = workspace.target.join("debug/instructions");
    let samples = workspace.root.join("samples/reports");
    let mut instructions = BTreeMap::new();
    for work in &WORKS {
        let [short, long] = ROUNDS;
        let more = counted(&program, work, long, &samples)? - counted(&program, work, short, &samples)?;
        let reports = (long - short) * work.samples.len() as u64 * work.copies;
        instructions.insert(work.name.to_owned(), more / reports);
    }
    let compiler = workspace::read(Command::new("rustc").arg("--version").current_dir(&workspace.root))?;
    Ok(Some(Counts { compiler: compiler.trim().to_owned(), instructions }))
}

/// All instructions of one run.
fn counted(program: &Path, work: &Work, rounds: u64, samples: &Path) -> Result<u64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program);
    command.arg(work.work).arg(rounds.to_string());
    command.args(work.samples.iter().map(|sample| samples.join(sample)));
    let output = command.stdin(Stdio::null()).output().context("run valgrind")?;
    let printed = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {}", work.name, printed.trim());
    collected(&printed).with_context(|| format!("{}: callgrind printed no count: {printed}", work.name))
}

/// The number in the line `==7== Collected : 1578179692`.
fn collected(printed: &str) -> Option<u64> {
    let (_, behind) = printed.split_once("Collected :")?;
    behind.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(compiler: &str, counts: &[(&str, u64)]) -> Counts {
        let instructions = counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        Counts { compiler: compiler.to_owned(), instructions }
    }

    #[test]
    fn only_a_step_back_of_the_same_compiler_is_complained_of() {
        let recorded = counts("rustc 1", &[("reading", 1_000), ("rules", 100)]);
        let check = |compiler: &str, new: &[(&str, u64)]| compared(&counts(compiler, new), &recorded).1;
        assert_eq!(check("rustc 1", &[("reading", 1_050), ("rules", 106)]), ["rules"]);
        assert_eq!(check("rustc 1", &[("reading", 900), ("rules", 105), ("index", 7)]), [""; 0]);
        let (table, above) = compared(&counts("rustc 2", &[("reading", 9_000)]), &recorded);
        assert!(above.is_empty() && table.contains("not compared: rustc 2 and not rustc 1"), "{table}");
    }

    #[test]
    fn the_count_of_callgrind_is_read() {
        let printed = "==7== Events    : Ir\n==7== Collected : 1578179692\n==7==\n";
        assert_eq!(collected(printed), Some(1_578_179_692));
        assert_eq!(collected("valgrind: no such file"), None);
    }
}
