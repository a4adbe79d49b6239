//! The entries of the root folder, and the names and READMEs of packages.

use std::collections::BTreeSet;

use super::Complaint;
use crate::workspace::Workspace;

/// The entries of the root folder.
const ROOT: [&str; 24] = [
    ".cargo",
    ".ci",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "README.zh-CN.md",
    "clippy.toml",
    "crates",
    "deny.toml",
    "deploy",
    "docs",
    "fuzz",
    "proto",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "samples",
    "services",
    "tests",
    "xtask",
];

/// Complains of entries that the list lacks, and of entries of the list that do not exist.
pub(super) fn root(paths: &[String]) -> Vec<Complaint> {
    let entries: BTreeSet<&str> = paths.iter().filter_map(|path| path.split('/').next()).collect();
    let unknown = entries.iter().filter(|entry| !ROOT.contains(*entry)).map(|entry| {
        let fix = "move it into a folder, or add it to the list in xtask/src/tidy/names.rs";
        Complaint::new(*entry, "it is not an entry of the root folder", fix)
    });
    let absent = ROOT.iter().filter(|entry| !entries.contains(*entry)).map(|entry| {
        Complaint::new(*entry, "it does not exist", "remove it from the list in xtask/src/tidy/names.rs")
    });
    unknown.chain(absent).collect()
}

/// Complains of packages that are not named as their folder, or have no README.
pub(super) fn packages(workspace: &Workspace, paths: &[String]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for package in &workspace.packages {
        let folder = package.manifest_path.parent().and_then(|folder| folder.file_name());
        let manifest = package.manifest_path.strip_prefix(&workspace.root).unwrap_or(&package.manifest_path);
        if folder.is_none_or(|folder| folder != package.name.as_str()) {
            complaints.push(Complaint::new(
                manifest.display().to_string(),
                format!("the package is named {}", package.name),
                "name a package as its folder",
            ));
        }
        let readme = manifest.with_file_name("README.md").display().to_string();
        if !paths.contains(&readme) {
            complaints.push(Complaint::new(
                readme,
                "the package has no README",
                "say in ten lines what it is for, what it leaves to others, and how to begin reading it",
            ));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_has_the_entries_of_the_list() {
        let listed: Vec<String> = ROOT.iter().map(|entry| (*entry).to_owned()).collect();
        let check = |path: &str, expected: usize| {
            let paths = [listed.as_slice(), &[path.to_owned()]].concat();
            assert_eq!(root(&paths).len(), expected, "{path}");
        };
        assert_eq!(root(&listed[1..]).len(), 1, "the first entry does not exist");
        check("Cargo.toml", 0);
        check("crates/report/src/lib.rs", 0);
        check("temp_doc.zip", 1);
        check("scripts/run.sh", 1);
    }
}
