//! Links of Markdown files to other files of the repository.

use super::Complaint;
use super::source::Text;

/// Complains of every link to a file that does not exist.
pub(super) fn check(paths: &[String], texts: &[Text]) -> Vec<Complaint> {
    let exists = |target: &str| {
        let folder = format!("{target}/");
        target.is_empty() || paths.iter().any(|path| path == target || path.starts_with(&folder))
    };
    let mut complaints = Vec::new();
    for text in texts.iter().filter(|text| text.path.ends_with(".md")) {
        for (line, target) in targets(&text.text) {
            if !exists(&resolve(&text.path, target)) {
                complaints.push(Complaint::new(
                    format!("{}:{line}", text.path),
                    format!("the link `{target}` leads nowhere"),
                    "correct the link, or add the file",
                ));
            }
        }
    }
    complaints
}

/// The targets of links to files, with their line, outside of code blocks.
fn targets(text: &str) -> Vec<(usize, &str)> {
    let mut in_code = false;
    let mut targets = Vec::new();
    for (number, line) in text.lines().enumerate() {
        in_code ^= line.trim_start().starts_with("```");
        if in_code {
            continue;
        }
        for link in line.split("](").skip(1) {
            let target = link.split([')', ' ', '#']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains(':') {
                targets.push((number + 1, target));
            }
        }
    }
    targets
}

/// The path from the root of a target as a file names it.
fn resolve(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if target.starts_with('/') {
        parts.clear();
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_files_and_folders() {
        let paths = ["README.md", "docs/glossary.md", "docs/decisions/bus.md"].map(str::to_owned);
        let complaints = |path: &str, text: &str| {
            check(&paths, &[Text { path: path.to_owned(), text: text.to_owned() }]).len()
        };
        assert_eq!(complaints("README.md", "[words](docs/glossary.md#year) and [why](docs/decisions/)"), 0);
        assert_eq!(complaints("docs/decisions/bus.md", "[up](../../README.md), [words](../glossary.md)"), 0);
        assert_eq!(complaints("README.md", "[out](https://example.org/a.md) [here](#usage)"), 0);
        assert_eq!(complaints("README.md", "[gone](docs/gone.md), [gone too](gone/)"), 2);
        assert_eq!(complaints("README.md", "```\n[code](gone.md)\n```"), 0);
    }
}
