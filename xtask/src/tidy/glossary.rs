//! The names that `docs/glossary.md` gives to technical terms occur in the code.

use super::Complaint;
use super::source::Text;

const GLOSSARY: &str = "docs/glossary.md";

/// The heading of the half whose names are checked. Names of cells in the other half are data of the forms.
const HALF: &str = "## Terms of the machine";

/// Complains of every name that no source file contains.
pub(super) fn check(texts: &[Text]) -> Vec<Complaint> {
    let sources: Vec<&Text> = texts.iter().filter(|text| text.path.ends_with(".rs")).collect();
    let glossary = texts.iter().find(|text| text.path == GLOSSARY).map_or("", |text| text.text.as_str());
    let lines = glossary.lines().enumerate().skip_while(|(_, line)| *line != HALF);
    let names = lines.flat_map(|(number, line)| names(line).map(move |name| (number + 1, name)));
    names
        .filter(|(_, name)| !sources.iter().any(|source| source.text.contains(last(name))))
        .map(|(line, name)| {
            Complaint::new(
                format!("{GLOSSARY}:{line}"),
                format!("no source file contains `{name}`"),
                "give the term the name that the code uses",
            )
        })
        .collect()
}

/// The names in the second column of a row.
fn names(row: &str) -> impl Iterator<Item = &str> {
    let column = row.strip_prefix("| ").and_then(|row| row.split(" | ").nth(1)).unwrap_or_default();
    column.split('`').skip(1).step_by(2)
}

/// The name without its path.
fn last(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_technical_terms_occur_in_the_code() {
        let check = |row: &str, expected: usize| {
            let text = |path: &str, text: String| Text { path: path.to_owned(), text };
            let glossary = text(GLOSSARY, format!("| 年度 | `Year` | a year |\n{HALF}\n\n{row}\n"));
            let source = text("crates/bus/src/lease.rs", "pub struct Lease {}".to_owned());
            assert_eq!(super::check(&[glossary, source]).len(), expected, "{row}");
        };
        check("| lease | `Lease` | the right to lead |", 0);
        check("| lease | `bus::Lease` | the right to lead |", 0);
        check("| lease | `Lease`, `Leader` | the right to lead |", 1);
        check("| lease | (none) | the right to `lead` |", 0);
    }
}
