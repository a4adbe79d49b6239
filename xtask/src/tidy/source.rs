//! Leftovers and registry hosts in texts, and the length of source files.

use super::Complaint;
use crate::workspace::Workspace;

/// A longer file contains a second idea.
const LONGEST: usize = 700;

/// A tracked text.
pub(super) struct Text {
    pub(super) path: String,
    pub(super) text: String,
}

/// The files that people write and that are UTF-8, without samples, which are data.
pub(super) fn texts(workspace: &Workspace, paths: &[String]) -> Vec<Text> {
    let written = paths.iter().filter(|path| *path != "Cargo.lock" && !is_data(path));
    written
        .filter_map(|path| {
            let text = std::fs::read_to_string(workspace.root.join(path)).ok()?;
            Some(Text { path: path.clone(), text })
        })
        .collect()
}

fn is_data(path: &str) -> bool {
    path.starts_with("samples/") && path != "samples/README.md"
}

/// Complains of leftovers, registry hosts and long files.
pub(super) fn check(texts: &[Text]) -> Vec<Complaint> {
    texts.iter().flat_map(|text| words(text).into_iter().chain(length(text))).collect()
}

fn words(text: &Text) -> Vec<Complaint> {
    // In pieces, so that this file does not complain of itself.
    let leftovers =
        [concat!("dbg", "!("), concat!("todo", "!("), concat!("unimplemented", "!("), concat!("FIX", "ME")];
    let hosts = [
        concat!("crates", ".io"),
        concat!("pypi", ".org"),
        concat!("pythonhosted", ".org"),
        concat!("npmjs", "."),
    ];
    let mut complaints = Vec::new();
    for (number, line) in text.text.lines().enumerate() {
        let mut complain = |words: &[&str], fix| {
            for word in words.iter().filter(|word| line.contains(**word)) {
                let at = format!("{}:{}", text.path, number + 1);
                complaints.push(Complaint::new(at, format!("it contains `{word}`"), fix));
            }
        };
        complain(&leftovers, "finish it or delete it");
        complain(&hosts, "name the package, not the registry it comes from");
    }
    complaints
}

fn length(text: &Text) -> Option<Complaint> {
    let lines = text.text.lines().count();
    let written = text.path.ends_with(".rs") && !text.path.contains("/generated/");
    let fix = "find the second idea in it and give it a file of its own";
    let long = written && lines > LONGEST;
    long.then(|| Complaint::new(text.path.clone(), format!("{lines} lines, more than {LONGEST}"), fix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_and_hosts_and_long_files_are_found() {
        let complaints =
            |path: &str, text: &str| check(&[Text { path: path.to_owned(), text: text.to_owned() }]).len();
        assert_eq!(complaints("a.rs", "fn main() {}"), 0);
        assert_eq!(complaints("a.rs", concat!("dbg", "!(x);")), 1);
        assert_eq!(complaints("a.md", concat!("see https://crates", ".io/x, FIX", "ME")), 2);
        assert_eq!(complaints("a.rs", &"\n".repeat(LONGEST)), 0);
        assert_eq!(complaints("a.rs", &"\n".repeat(LONGEST + 1)), 1);
        assert_eq!(complaints("src/generated/a.rs", &"\n".repeat(LONGEST + 1)), 0);
        assert_eq!(complaints("a.md", &"\n".repeat(LONGEST + 1)), 0);
    }
}
