//! What lies in the root, and what packages are called.

use std::collections::BTreeSet;

use super::Complaint;
use crate::workspace::Workspace;

/// Everything that belongs into the root.
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

/// Complains of what does not belong into the root.
pub(super) fn root(paths: &[String]) -> Vec<Complaint> {
    let entries: BTreeSet<&str> = paths.iter().filter_map(|path| path.split('/').next()).collect();
    let unknown = entries.into_iter().filter(|entry| !ROOT.contains(entry));
    let mend = "move it to where it belongs, or name it in xtask/src/tidy/names.rs";
    unknown.map(|entry| Complaint::new(entry, "the root does not know it", mend)).collect()
}

/// Complains of packages that are not called as their folder.
pub(super) fn packages(workspace: &Workspace) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for package in &workspace.packages {
        let folder = package.manifest_path.parent().and_then(|folder| folder.file_name());
        if folder.is_none_or(|folder| folder != package.name.as_str()) {
            let place = package.manifest_path.strip_prefix(&workspace.root).unwrap_or(&package.manifest_path);
            complaints.push(Complaint::new(
                place.display().to_string(),
                format!("the package is called {}", package.name),
                "call a package as its folder",
            ));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_knows_its_entries() {
        let check = |path: &str, expected: usize| {
            assert_eq!(root(&[path.to_owned()]).len(), expected, "{path}");
        };
        check("Cargo.toml", 0);
        check("crates/report/src/lib.rs", 0);
        check("temp_doc.zip", 1);
        check("scripts/run.sh", 1);
    }
}
