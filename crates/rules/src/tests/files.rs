//! The generated list of each family: `GOUJI_GENERATE=1 cargo test -p rules` writes it from the files.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::{Rule, catalogue};

/// The families in the order of the catalogue, and what each is about.
pub(super) const FAMILIES: [(&str, &str); 11] = [
    ("doc", "The report as a whole: its title, its dates, its parts and its words."),
    ("t2", "Table two, 主动公开政府信息情况."),
    ("t3", "Table three, 收到和处理政府信息公开申请情况."),
    ("t4", "Table four, 政府信息公开行政复议、行政诉讼情况."),
    ("cel", "The cells of all three tables, one finding a table."),
    ("nar", "The narrative against the tables, and against itself."),
    ("xy", "A report against those of other years."),
    ("sim", "Texts that are too alike."),
    ("agg", "A report against those of other agencies."),
    ("dup", "Reports that were sent more than once."),
    ("web", "What became of a report on the web site where it was published."),
];

fn folder(family: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(family)
}

/// The modules in the folder of a family, by name.
fn modules(family: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder(family)).expect("each family has a folder");
    let names = files.map(|file| file.expect("a folder can be listed").file_name());
    let mut modules: Vec<String> =
        names.filter_map(|name| Some(name.to_str()?.strip_suffix(".rs")?.to_owned())).collect();
    modules.sort_unstable_by_key(|module| (id(family, module).is_some(), id(family, module), module.clone()));
    modules
}

/// The id of the rule in a module: `t3_02b_outcomes_add_up_2019` has `T3-02b`.
fn id(family: &str, module: &str) -> Option<String> {
    let number = module.strip_prefix(family)?.strip_prefix('_')?.split('_').next()?;
    let is_number = number.starts_with(|c: char| c.is_ascii_digit());
    is_number.then(|| format!("{}-{number}", family.to_uppercase()))
}

/// The name of the file of a rule, e.g. `t3/t3_01_columns_balance.rs`.
pub(super) fn file_of(rule: &Rule) -> String {
    let family = rule.id.split('-').next().unwrap_or_default().to_lowercase();
    let id = rule.id.replace('-', "_").to_lowercase();
    format!("{family}/{id}_{}.rs", rule.name.replace('-', "_"))
}

/// The list of a family: its modules and its rules.
fn list(family: &str, about: &str) -> String {
    let mut out = format!(
        "//! {about}\n//!\n//! `GOUJI_GENERATE=1 cargo test -p rules` writes this list from the files in `{family}/`.\n\n"
    );
    let modules = modules(family);
    for module in &modules {
        let _ = writeln!(out, "mod {module};");
    }
    let rules: Vec<(&String, String)> = modules
        .iter()
        .filter_map(|module| Some((module, id(family, module)?.replace('-', "_").to_uppercase())))
        .collect();
    out.push('\n');
    for (module, rule) in &rules {
        let _ = writeln!(out, "pub use {module}::{rule};");
    }
    out.push_str("\nuse crate::Rule;\n\n/// The rules of the family, by id.\n");
    let names: Vec<String> = rules.iter().map(|(_, rule)| format!("&{rule}")).collect();
    let _ = writeln!(out, "pub(crate) const RULES: &[&Rule] = &[{}];", names.join(", "));
    out
}

/// The words of a list in any order, since `cargo fmt` breaks lines and sorts imports in its own way.
fn words(list: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || "_:#!/`.".contains(c);
    let mut words: Vec<&str> = list.split(|c| !is_word(c)).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words
}

#[test]
fn the_list_of_each_family_is_current() {
    for (family, about) in FAMILIES {
        let path = folder(family).with_extension("rs");
        let fresh = list(family, about);
        let mut committed = std::fs::read_to_string(&path).unwrap_or_default();
        let is_generated = std::env::var_os("GOUJI_GENERATE").is_some_and(|value| value == "1");
        if is_generated && words(&committed) != words(&fresh) {
            std::fs::write(&path, &fresh).expect("the list can be written");
            committed.clone_from(&fresh);
        }
        assert!(
            words(&committed) == words(&fresh),
            "{family}.rs is not current: GOUJI_GENERATE=1 cargo test -p rules writes it"
        );
    }
}

#[test]
fn a_rule_stands_in_the_file_that_its_id_and_its_name_give() {
    for rule in catalogue() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file_of(rule));
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(text.contains(&format!("id: \"{}\"", rule.id)), "{} is not in {}", rule.id, path.display());
    }
}
