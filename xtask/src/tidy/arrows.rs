//! Which package may depend on which: the arrows of ARCHITECTURE.md, as data.

use super::Complaint;
use crate::workspace::Package;

/// The packages of this workspace that each crate and each service depends on. `fuzz`, `tests` and `xtask`
/// may depend on anything.
const ARROWS: [(&str, &[&str]); 32] = [
    // The contract and the heart, which know no bus and no async.
    ("report", &[]),
    ("proto", &["report"]),
    ("document", &[]),
    ("reading", &["document", "report"]),
    ("rendition", &["document"]),
    ("scan", &["document"]),
    ("rules", &["report"]),
    ("survey", &["report", "rules"]),
    ("search", &["proto", "report"]),
    ("render", &["report", "rules", "survey"]),
    ("export", &["report", "rules"]),
    // The machine's half.
    ("nats-server", &[]),
    ("scan-model", &["scan"]),
    ("worn", &["document", "rendition", "scan"]),
    ("odbc", &[]),
    ("opensearch", &["search"]),
    ("sandbox", &[]),
    ("bus", &["proto"]),
    ("blobs", &["bus"]),
    ("fetch", &[]),
    ("worker", &["blobs", "bus", "proto"]),
    ("access", &["bus", "proto", "report", "worker"]),
    ("policy", &["bus", "proto", "rules", "worker"]),
    ("kafka", &["worker"]),
    // The services.
    (
        "ingest",
        &[
            "access", "blobs", "bus", "document", "export", "fetch", "kafka", "odbc", "proto", "report",
            "survey", "worker",
        ],
    ),
    (
        "parse",
        &[
            "blobs",
            "document",
            "proto",
            "reading",
            "rendition",
            "report",
            "sandbox",
            "scan",
            "scan-model",
            "worker",
            "worn",
        ],
    ),
    ("check", &["document", "parse", "report", "rules", "search", "worker"]),
    ("validate", &["bus", "policy", "proto", "report", "rules", "worker"]),
    ("index", &["blobs", "bus", "policy", "proto", "report", "rules", "search", "worker"]),
    (
        "console",
        &[
            "access",
            "blobs",
            "bus",
            "check",
            "document",
            "export",
            "parse",
            "policy",
            "proto",
            "reading",
            "render",
            "rendition",
            "report",
            "rules",
            "sandbox",
            "search",
            "survey",
            "worker",
        ],
    ),
    ("deliver", &["bus", "export", "kafka", "odbc", "proto", "report", "worker"]),
    (
        "gouji",
        &[
            "access",
            "blobs",
            "bus",
            "check",
            "console",
            "deliver",
            "document",
            "fetch",
            "index",
            "ingest",
            "nats-server",
            "parse",
            "proto",
            "render",
            "report",
            "rules",
            "scan-model",
            "search",
            "validate",
            "worker",
        ],
    ),
];

/// The packages that may depend on anything.
const OUTSIDE: [&str; 4] = ["fuzz", "tests", "workspace-hack", "xtask"];

/// The packages that must not know how they are run.
const HEART: [&str; 9] =
    ["document", "export", "reading", "render", "rendition", "report", "rules", "search", "survey"];

/// The file to change, beside the drawing in ARCHITECTURE.md.
const TABLE: &str = "xtask/src/tidy/arrows.rs";

/// Complains of every dependency that the table does not have, and of every entry that nothing needs.
pub(super) fn check(packages: &[Package]) -> Vec<Complaint> {
    let is_ours = |name: &str| packages.iter().any(|package| package.name == name);
    let mut complaints: Vec<Complaint> =
        packages.iter().flat_map(|package| check_package(package, &is_ours)).collect();
    for (name, _) in ARROWS.iter().filter(|(name, _)| !is_ours(name)) {
        let what = format!("the table has a row for {name}, which is no package");
        complaints.push(Complaint::new(TABLE, what, "remove the row"));
    }
    complaints
}

fn check_package(package: &Package, is_ours: &impl Fn(&str) -> bool) -> Vec<Complaint> {
    let from = package.name.as_str();
    if OUTSIDE.contains(&from) {
        return Vec::new();
    }
    let manifest = format!("{from}/Cargo.toml");
    let mut complaints = Vec::new();
    for dependency in package.dependencies.iter().filter(|dependency| !dependency.is_for_tests()) {
        let to = dependency.name.as_str();
        let mend = if HEART.contains(&from) && ["async-nats", "tokio"].contains(&to) {
            "the heart takes values and returns values; do it in a service"
        } else if to == "async-nats" && from != "bus" {
            "only bus names async-nats; give bus the method that is missing"
        } else {
            continue;
        };
        complaints.push(Complaint::new(&manifest, format!("{from} depends on {to}"), mend));
    }
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == from) else {
        let what = format!("the table has no row for {from}");
        complaints.push(Complaint::new(TABLE, what, "add a row, and draw its arrows in ARCHITECTURE.md"));
        return complaints;
    };
    let named: Vec<&str> = package
        .dependencies
        .iter()
        // Empty, and only there when tests are built; see xtask/src/features.rs.
        .filter(|dependency| !(dependency.is_for_tests() && dependency.name == "workspace-hack"))
        .map(|dependency| dependency.name.as_str())
        .filter(|name| is_ours(name))
        .collect();
    for to in named.iter().filter(|to| !allowed.contains(to)) {
        let mend =
            "move what is needed down, or add the arrow to ARCHITECTURE.md and xtask/src/tidy/arrows.rs";
        complaints.push(Complaint::new(&manifest, format!("{from} depends on {to}"), mend));
    }
    for to in allowed.iter().filter(|to| !named.contains(to)) {
        let what = format!("the table lets {from} depend on {to}, which it does not");
        complaints.push(Complaint::new(TABLE, what, "remove the entry, and the arrow from ARCHITECTURE.md"));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Dependency;

    fn package(name: &str, dependencies: &[&str]) -> Package {
        let dependency = |name: &&str| Dependency {
            name: name.trim_start_matches('~').to_owned(),
            kind: name.starts_with('~').then(|| "dev".to_owned()),
        };
        Package {
            name: name.to_owned(),
            manifest_path: format!("{name}/Cargo.toml").into(),
            dependencies: dependencies.iter().map(dependency).collect(),
        }
    }

    /// The table as packages, with one of them changed or added.
    fn complaints(changed: &str, dependencies: &[&str]) -> Vec<String> {
        let mut packages: Vec<Package> = ARROWS
            .iter()
            .filter(|(name, _)| *name != changed)
            .map(|(name, allowed)| package(name, allowed))
            .collect();
        packages.push(package(changed, dependencies));
        check(&packages).into_iter().map(|complaint| complaint.what).collect()
    }

    #[test]
    fn the_table_and_the_manifests_say_the_same() {
        let check = |changed: &str, dependencies: &[&str], expected: &[&str]| {
            assert_eq!(complaints(changed, dependencies), expected, "{changed} {dependencies:?}");
        };
        check("rules", &["report", "rust_decimal"], &[]);
        check("rules", &["report", "reading"], &["rules depends on reading"]);
        check("rules", &[], &["the table lets rules depend on report, which it does not"]);
        check("rules", &["report", "tokio"], &["rules depends on tokio"]);
        check("rules", &["report", "~tokio"], &[]);
        check("bus", &["proto", "async-nats"], &[]);
        check("blobs", &["bus", "async-nats"], &["blobs depends on async-nats"]);
        check("blobs", &["bus", "~async-nats"], &[]);
        check("bus", &["proto", "~worker"], &["bus depends on worker"]);
        check("tests", &["gouji", "async-nats"], &[]);
        check("common", &["report"], &["the table has no row for common"]);
    }

    #[test]
    fn a_row_for_no_package_is_a_complaint() {
        let packages: Vec<Package> =
            ARROWS.iter().skip(1).map(|(name, allowed)| package(name, allowed)).collect();
        let first = check(&packages).into_iter().map(|complaint| complaint.what).next_back();
        assert_eq!(first.as_deref(), Some("the table has a row for report, which is no package"));
    }

    #[test]
    fn all_arrows_point_down() {
        for (index, (name, allowed)) in ARROWS.iter().enumerate() {
            for to in *allowed {
                let target = ARROWS.iter().position(|(name, _)| name == to);
                assert!(target.is_some_and(|target| target < index), "{name} -> {to}");
            }
        }
    }
}
