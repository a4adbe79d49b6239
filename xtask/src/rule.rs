//! `cargo xtask rule T3-22 rows-repeat`: a file for a new rule, with a case that fails until its check is
//! written, and the list of its family.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::workspace::{self, Workspace};

/// Writes the file of the rule, its line in the list of the family, and the next version of the rule pack.
pub(crate) fn run(workspace: &Workspace, id: &str, name: &str) -> Result<()> {
    let sources = workspace.root.join("crates/rules/src");
    let (family, number) = split(id)?;
    let is_name = name.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit());
    ensure!(is_name && !name.is_empty(), "`{name}` is no name of a rule, expected one like `rows-repeat`");
    let folder = sources.join(&family);
    ensure!(folder.is_dir(), "no family is called `{family}`, expected a folder of {}", sources.display());
    let stem = format!("{family}_{number}");
    ensure!(!is_taken(&folder, &stem)?, "{id} is taken: an id is never used again");
    let version = raise_version(&sources.join("lib.rs"))?;
    let path = folder.join(format!("{stem}_{}.rs", name.replace('-', "_")));
    fs::write(&path, scaffold(id, name, &family, &version))
        .with_context(|| format!("write {}", path.display()))?;
    let list = ["test", "--quiet", "--package", "rules", "--lib", "the_list_of_each_family_is_current"];
    workspace::run(workspace.cargo(&list).env("GOUJI_GENERATE", "1"))?;
    workspace::run(&mut workspace.cargo(&["fmt", "--package", "rules"]))?;
    writeln!(
        std::io::stdout(),
        "{} is written and listed. Its case fails until its check is written.\n\
         GOUJI_GENERATE=1 cargo test -p rules then writes docs/rules.md.",
        path.display()
    )?;
    Ok(())
}

/// `T3-02b` is `t3` and `02b`.
fn split(id: &str) -> Result<(String, String)> {
    let parts = id.split_once('-').filter(|(family, number)| {
        let is_family = !family.is_empty()
            && family.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let (digits, letter) = number.split_at(number.len().min(2));
        let is_number = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let has_letter = letter.is_empty() || letter.len() == 1 && letter.as_bytes()[0].is_ascii_lowercase();
        is_family && is_number && has_letter
    });
    let Some((family, number)) = parts else { bail!("`{id}` is no id of a rule, expected one like `T3-22`") };
    Ok((family.to_lowercase(), number.to_owned()))
}

fn is_taken(folder: &Path, stem: &str) -> Result<bool> {
    let files = fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    let names: Vec<String> =
        files.map(|file| Ok(file?.file_name().to_string_lossy().into_owned())).collect::<Result<_>>()?;
    Ok(names.iter().any(|name| name.starts_with(&format!("{stem}_"))))
}

/// Raises `VERSION` in the file by one, and returns the new version.
fn raise_version(path: &Path) -> Result<String> {
    const BEFORE: &str = "pub const VERSION: &str = \"";
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let (before, rest) = text.split_once(BEFORE).context("no VERSION in lib.rs of rules")?;
    let (old, after) = rest.split_once('"').context("no end of VERSION in lib.rs of rules")?;
    let (year, number) = old.split_once('.').context("VERSION is no year and number")?;
    let new = format!("{year}.{}", number.parse::<u32>().context("VERSION is no year and number")? + 1);
    fs::write(path, format!("{before}{BEFORE}{new}\"{after}"))
        .with_context(|| format!("write {}", path.display()))?;
    Ok(new)
}

/// The file of a rule that has no check yet.
fn scaffold(id: &str, name: &str, family: &str, version: &str) -> String {
    let item = id.replace('-', "_").to_uppercase();
    let words = name.replace('-', " ");
    let (check, function, case) = match family {
        "agg" | "dup" => ("Check::Agencies", String::new(), "滕州市公安局 received=3"),
        "xy" => (
            "Check::Years(check)",
            function("rule: &Rule, report: &Report, last: &Report", "(rule, report, last)"),
            "requests.received.total=9 last: requests.received.total=3",
        ),
        "web" => (
            "Check::Published(check)",
            function(
                "rule: &Rule, report: &Report, published: &crate::Published<'_>",
                "(rule, report, published)",
            ),
            "gone=404",
        ),
        _ => (
            "Check::Report(check)",
            function("rule: &Rule, report: &Report", "(rule, report)"),
            "requests.received.total=9",
        ),
    };
    let models = if function.is_empty() { "FormId, Severity" } else { "Finding, FormId, Report, Severity" };
    format!(
        "//! {id}: {words}.\n\n\
         use report::{{{models}}};\n\n\
         use crate::{{BOTH, Case, Check, Rule}};\n\n\
         /// {id}: {words}.\n\
         pub static {item}: Rule = Rule {{\n    \
             id: \"{id}\",\n    name: \"{name}\",\n    severity: Severity::Warning,\n    forms: BOTH,\n    \
             basis: \"国办公开办函〔2021〕30号所附格式\",\n    formula: \"应当成立的等式或者条件\",\n    \
             requirement: \"要求\",\n    problem: \"问题\",\n    hint: \"请核对后更正。\",\n    \
             since: \"{version}\",\n    check: {check},\n    cases: CASES,\n\
         }};\n\n\
         {function}\
         /// The first is the example in `docs/rules.md`.\n\
         const CASES: &[Case] = &[Case::fails(FormId::F2021, \"{case}\")];\n"
    )
}

/// A check that finds nothing.
fn function(parameters: &str, arguments: &str) -> String {
    format!("fn check({parameters}) -> Vec<Finding> {{\n    let _ = {arguments};\n    Vec::new()\n}}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_family_and_a_number() {
        assert_eq!(split("T3-02b").ok(), Some(("t3".to_owned(), "02b".to_owned())));
        assert_eq!(split("DOC-21").ok(), Some(("doc".to_owned(), "21".to_owned())));
        for wrong in ["T3", "T3-2", "t3-22", "T3-22B", "T3-022", "-22", "T3-"] {
            assert!(split(wrong).is_err(), "{wrong}");
        }
    }
}
