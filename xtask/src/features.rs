//! `cargo xtask features`: the same features of foreign crates, whichever packages are built.
//!
//! Cargo turns on the features that the selected packages ask for, so `cargo test -p rules` after
//! `cargo test --workspace` would compile foreign crates a second time with fewer features. Every package
//! therefore has `workspace-hack` as a dev-dependency, an empty crate whose manifest asks for the features
//! of the whole workspace; this task writes that manifest. (The pattern is that of `cargo hakari`.)

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::workspace::{self, Workspace};

/// The crate whose manifest is written.
const HACK: &str = "workspace-hack";

/// Packages that stay without it: what a newcomer compiles first has to be small.
const WITHOUT: [&str; 3] = [HACK, "nats-server", "xtask"];

/// Features that one round adds may turn on others; three rounds were enough so far.
const ROUNDS: usize = 8;

/// Foreign crates as `name v1.2.3`, each with the sets of features that it is built with.
type Features = BTreeMap<String, BTreeSet<String>>;

/// Writes the manifest, or, with `check`, fails where a package on its own is built with other features.
pub(crate) fn run(workspace: &Workspace, check: bool) -> Result<()> {
    if check {
        let differing = differing(workspace)?.1;
        ensure!(
            differing.is_empty(),
            "built with other features where one package is selected: {}; run `cargo xtask features`",
            differing.into_iter().collect::<Vec<_>>().join(", ")
        );
        return Ok(());
    }
    let path = workspace.root.join("crates").join(HACK).join("Cargo.toml");
    let mut chosen = BTreeSet::new();
    write(&path, &chosen, &Features::new())?;
    for _ in 0..ROUNDS {
        let (all, differing) = differing(workspace)?;
        if differing.is_empty() {
            return Ok(());
        }
        chosen.extend(differing);
        write(&path, &chosen, &all)?;
    }
    anyhow::bail!("the features still differ after {ROUNDS} rounds")
}

/// What the whole workspace is built with, and which crates a package on its own builds differently.
fn differing(workspace: &Workspace) -> Result<(Features, BTreeSet<String>)> {
    let all = features(workspace, &["--workspace"])?;
    let mut differing = BTreeSet::new();
    for package in workspace.packages.iter().filter(|package| !WITHOUT.contains(&package.name.as_str())) {
        for (name, sets) in features(workspace, &["--package", &package.name])? {
            if !all.get(&name).is_some_and(|known| sets.is_subset(known)) {
                differing.insert(name);
            }
        }
    }
    Ok((all, differing))
}

fn features(workspace: &Workspace, selection: &[&str]) -> Result<Features> {
    let mut tree =
        workspace.cargo(&["tree", "--edges=normal,build,dev", "--prefix=none", "--format={p}|{f}"]);
    let printed = workspace::read(tree.args(selection))?;
    Ok(parse(&printed))
}

/// Reads lines such as `serde v1.0.229 (proc-macro)|default,std (*)`; packages with a path are ours.
fn parse(printed: &str) -> Features {
    let mut features = Features::new();
    for line in printed.lines() {
        let Some((package, set)) = line.trim_end_matches(" (*)").split_once('|') else { continue };
        let package = package.trim_end_matches(" (proc-macro)");
        if !package.contains('(') {
            features.entry(package.to_owned()).or_default().insert(set.trim().to_owned());
        }
    }
    features
}

fn write(path: &Path, chosen: &BTreeSet<String>, all: &Features) -> Result<()> {
    let lines = dependencies(chosen, all);
    let manifest = format!("{HEAD}[dependencies]\n{lines}\n[build-dependencies]\n{lines}");
    fs::write(path, manifest).with_context(|| format!("write {}", path.display()))
}

/// A line a crate; one that is there in several versions is renamed after its version.
fn dependencies(chosen: &BTreeSet<String>, all: &Features) -> String {
    let parts = |package: &str| {
        let (name, version) = package.split_once(" v").unwrap_or((package, "*"));
        (name.to_owned(), version.to_owned())
    };
    let mut lines = String::new();
    for package in chosen {
        let (name, version) = parts(package);
        let versions = chosen.iter().filter(|other| parts(other).0 == name).count();
        let (key, rename) = match versions {
            1 => (name, String::new()),
            _ => (format!("{name}-{}", version.replace('.', "-")), format!("package = \"{name}\", ")),
        };
        let sets = all.get(package).into_iter().flatten().flat_map(|set| set.split(','));
        let features: BTreeSet<String> =
            sets.filter(|feature| !feature.is_empty()).map(|feature| format!("\"{feature}\"")).collect();
        let features = features.into_iter().collect::<Vec<_>>().join(", ");
        // Build metadata after a plus sign is no part of a requirement.
        let version = version.split('+').next().unwrap_or_default();
        lines.push_str(&format!(
            "{key} = {{ {rename}version = \"{version}\", default-features = false, features = [{features}] }}\n"
        ));
    }
    lines
}

const HEAD: &str = "\
# Written by `cargo xtask features`; see xtask/src/features.rs for why it is here.
[package]
name = \"workspace-hack\"
description = \"Asks for the same features of foreign crates, whichever packages are built\"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true

[lints]
workspace = true

";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_written_from_what_cargo_prints() {
        let printed = "ours v0.1.0 (/somewhere/ours)|default\nsyn v2.0.1 (proc-macro)|full (*)\nsyn v2.0.1|full,visit\n\
                       syn v3.0.0|\nzip v9.8.0+meta|deflate\n";
        let all = parse(printed);
        let chosen = all.keys().cloned().collect();
        let expected = "\
            syn-2-0-1 = { package = \"syn\", version = \"2.0.1\", default-features = false, features = [\"full\", \"visit\"] }\n\
            syn-3-0-0 = { package = \"syn\", version = \"3.0.0\", default-features = false, features = [] }\n\
            zip = { version = \"9.8.0\", default-features = false, features = [\"deflate\"] }\n";
        assert_eq!(dependencies(&chosen, &all), expected);
    }
}
