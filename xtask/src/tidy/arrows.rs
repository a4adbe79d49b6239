//! Which package may name which: the drawing of the house, as data.

use super::Complaint;
use crate::workspace::Package;

/// The heart knows no bus and no async.
const HEART: [&str; 7] = ["document", "render", "reading", "report", "rules", "search", "survey"];

/// What a service may stand on.
const FOOTING: [&str; 11] = [
    "document", "access", "sandbox", "render", "proto", "reading", "report", "rules", "search", "stage",
    "survey",
];

const SERVICES: [&str; 5] = ["console", "index", "ingest", "parse", "validate"];

/// Complains of every arrow that the drawing does not have.
pub(super) fn check(packages: &[Package]) -> Vec<Complaint> {
    let house = |name: &str| packages.iter().any(|package| package.name == name);
    let mut complaints = Vec::new();
    for package in packages {
        for dependency in &package.dependencies {
            let (from, to) = (package.name.as_str(), dependency.name.as_str());
            let mend = if house(to) && !may_name(from, to) {
                "move what is needed down, or the arrow into ARCHITECTURE.md and xtask/src/tidy/arrows.rs"
            } else if HEART.contains(&from) && ["async-nats", "tokio"].contains(&to) {
                "the heart takes values and returns values; do it in a service"
            } else if to == "async-nats" && !["stage", "tests"].contains(&from) {
                "only stage names async-nats; give stage what is missing"
            } else {
                continue;
            };
            complaints.push(Complaint::new(format!("{from}/Cargo.toml"), format!("{from} names {to}"), mend));
        }
    }
    complaints
}

/// Whether one package of the house may name another.
fn may_name(from: &str, to: &str) -> bool {
    match from {
        "fuzz" | "tests" | "xtask" => true,
        "gouji" => FOOTING.contains(&to) || SERVICES.contains(&to) || to == "nats-server",
        "reading" => ["document", "report"].contains(&to),
        "access" => ["proto", "stage"].contains(&to),
        "stage" => to == "proto",
        "proto" | "rules" => to == "report",
        "search" => ["proto", "report"].contains(&to),
        "survey" => ["report", "rules"].contains(&to),
        "render" => ["report", "rules", "survey"].contains(&to),
        service if SERVICES.contains(&service) => FOOTING.contains(&to),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_point_down_only() {
        let check = |from, to, expected| assert_eq!(may_name(from, to), expected, "{from} -> {to}");
        check("reading", "document", true);
        check("document", "reading", false);
        check("stage", "proto", true);
        check("proto", "stage", false);
        check("ingest", "access", true);
        check("access", "stage", true);
        check("stage", "access", false);
        check("stage", "report", false);
        check("console", "search", true);
        check("parse", "validate", false);
        check("parse", "sandbox", true);
        check("sandbox", "document", false);
        check("gouji", "console", true);
        check("gouji", "nats-server", true);
        check("parse", "nats-server", false);
        check("rules", "reading", false);
        check("tests", "gouji", true);
        check("fuzz", "document", true);
        check("document", "fuzz", false);
        check("drawer", "report", false);
    }
}
