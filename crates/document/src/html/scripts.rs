//! Which elements the scripts of a page write into.
//!
//! Scripts are not run. An element is written into where a script of the page names its id and has one of the words
//! by which scripts write.

use std::collections::HashSet;

use scraper::{ElementRef, Html};

/// The words by which scripts write into elements.
const WRITES: [&str; 12] = [
    "innerHTML",
    "outerHTML",
    "innerText",
    "textContent",
    "insertAdjacent",
    "appendChild",
    ".html(",
    ".text(",
    ".append(",
    ".prepend(",
    ".replaceWith(",
    ".nodeValue",
];

/// The ids that scripts write into.
pub(super) fn written(tree: &Html) -> HashSet<String> {
    let mut ids = HashSet::new();
    for element in tree.tree.root().descendants().filter_map(ElementRef::wrap) {
        if element.value().name() != "script" {
            continue;
        }
        let script: String = element.text().collect();
        if !WRITES.iter().any(|word| script.contains(word)) {
            continue;
        }
        for (at, quote) in script.match_indices(['"', '\'', '`']) {
            let rest = script.get(at + 1..).unwrap_or_default();
            let is_id = script.get(..at).is_some_and(|before| before.trim_end().ends_with("getElementById("));
            let rest = match rest.strip_prefix('#') {
                Some(rest) => rest,
                None if is_id => rest,
                None => continue,
            };
            let end = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_'));
            let (id, after) = rest.split_at(end.unwrap_or(rest.len()));
            if !id.is_empty() && (after.starts_with(quote) || after.starts_with([' ', '>'])) {
                ids.insert(id.to_owned());
            }
        }
    }
    ids
}

/// Whether a script that stands in the text writes there.
pub(super) fn writes_here(script: ElementRef) -> bool {
    let writes = |text: &str| text.contains(".write(") || text.contains(".writeln(");
    script.attr("src").is_some() || script.text().any(writes)
}
