//! The texts of all licences in one file, each text once, with the packages that it is of.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::components::{Component, Texts};

/// How files with licences begin, in lower case.
const NAMES: [&str; 7] = ["license", "licence", "copying", "copyright", "notice", "unlicense", "ofl"];

/// How deep below a crate its files with licences are searched: sources of C lie in folders of their own.
const DEPTH: usize = 3;

/// Endings of sources that are called as a licence is.
const SOURCES: [&str; 5] = ["rs", "c", "h", "py", "toml"];

/// The texts of licences for crates that hold none; their authors go before the text.
const STANDARD: [(&str, &str); 4] = [
    ("MIT", include_str!("licences/MIT.txt")),
    ("BSD-3-Clause", include_str!("licences/BSD-3-Clause.txt")),
    ("MPL-2.0", include_str!("licences/MPL-2.0.txt")),
    ("Apache-2.0", include_str!("../../../LICENSE")),
];

/// Writes the notices of all components.
///
/// # Errors
/// If one has no text and its licence is none of those whose text is known.
pub(super) fn write(components: &[Component]) -> Result<String> {
    let mut by_text: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut index = String::new();
    for component in components.iter().filter(|component| component.is_foreign()) {
        let Component { name, version, licence, .. } = component;
        let licence = licence.as_deref().unwrap_or("see its text");
        writeln!(index, "{name} {version}: {licence}")?;
        for text in texts(component)? {
            by_text.entry(text).or_default().push(format!("{name} {version}"));
        }
    }
    let mut notices = format!(
        "What gouji consists of besides its own code, with the licence of each package.\nThe texts of the licences follow.\n\n{index}"
    );
    let mut in_order: Vec<(&String, &Vec<String>)> = by_text.iter().collect();
    in_order.sort_by(|a, b| a.1.cmp(b.1).then_with(|| a.0.cmp(b.0)));
    for (text, packages) in in_order {
        write!(notices, "\n{}\n{}\n\n{text}", "=".repeat(80), packages.join(", "))?;
    }
    Ok(notices)
}

/// The texts of one component, without differences that nobody sees.
fn texts(component: &Component) -> Result<Vec<String>> {
    let files = match &component.texts {
        Texts::File(file) => vec![file.clone()],
        Texts::Folder(folder) => {
            let mut files = Vec::new();
            search(folder, DEPTH, &mut files)?;
            files.sort();
            files
        }
    };
    if files.is_empty() {
        return Ok(vec![standard(component)?]);
    }
    let mut found = Vec::new();
    for file in files {
        let bytes = fs::read(&file).with_context(|| format!("read {}", file.display()))?;
        let text = tidied(&String::from_utf8_lossy(&bytes));
        if !found.contains(&text) {
            found.push(text);
        }
    }
    Ok(found)
}

fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() && depth > 0 {
            search(&path, depth - 1, found)?;
        } else if path.is_file() && is_licence(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_licence(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let is_source = path.extension().is_some_and(|end| SOURCES.iter().any(|source| end == *source));
    !is_source && NAMES.iter().any(|begin| name.starts_with(begin))
}

/// Line ends, and spaces before them, differ between copies of one text.
fn tidied(text: &str) -> String {
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n").trim_matches('\n'))
}

/// The text of the first licence of the expression that is known, below its authors.
fn standard(component: &Component) -> Result<String> {
    let Component { name, version, licence, authors, .. } = component;
    let expression = licence.as_deref().unwrap_or_default();
    let mut names = expression.split(" OR ").map(|name| name.trim_matches(['(', ')', ' ']));
    let text = names.find_map(|name| STANDARD.iter().find(|(known, _)| *known == name));
    let Some((_, text)) = text else {
        bail!(
            "{name} {version} holds no text of its licence, {expression}; add it beside xtask/src/dist/licences"
        );
    };
    let authors = if authors.is_empty() { format!("the authors of {name}") } else { authors.join(", ") };
    Ok(tidied(&format!("Copyright (c) {authors}\n\n{text}")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::components::Kind;
    use super::*;

    #[test]
    fn files_of_licences_are_known_by_their_names() {
        let check = |name: &str, expected: bool| assert_eq!(is_licence(Path::new(name)), expected, "{name}");
        check("LICENSE-MIT", true);
        check("license.txt", true);
        check("COPYING", true);
        check("UNLICENSE", true);
        check("license.rs", false);
        check("README.md", false);
    }

    #[test]
    fn a_crate_without_a_text_gets_the_one_of_its_licence() {
        let check = |licence: &str, expected: Option<&str>| {
            let component = Component {
                kind: Kind::Crate,
                name: "a".into(),
                version: "1.0.0".into(),
                licence: Some(licence.into()),
                sha256: None,
                texts: Texts::Folder(PathBuf::from("/nowhere")),
                authors: vec!["B <b@c>".into()],
                depends_on: BTreeSet::new(),
            };
            let begin =
                standard(&component).ok().map(|text| text.lines().take(3).collect::<Vec<_>>().join("|"));
            assert_eq!(begin.as_deref(), expected, "{licence}");
        };
        check("MIT", Some("Copyright (c) B <b@c>||MIT License"));
        check(
            "Apache-2.0 OR MIT",
            Some("Copyright (c) B <b@c>||                                 Apache License"),
        );
        check("0BSD", None);
    }

    #[test]
    fn copies_of_one_text_are_one() {
        assert_eq!(tidied("\u{feff}MIT \r\n\r\nText\r\n\r\n"), tidied("\nMIT\n\nText"));
    }
}
