//! Words that a stranger could not look up, and what to write instead.
//!
//! Names, comments, messages and documents use the field's standard terms; `docs/glossary.md` lists them.

use super::Complaint;
use super::source::Text;

/// A word in any case, alone or as a part of a name, with what to write instead.
const WORDS: [(&str, &str); 21] = [
    ("anew", "write `again`, or the verb: rebuild, reread, replay"),
    ("door", "name the service, or `access` for keys and limits"),
    ("doors", "name the services, or `access` for keys and limits"),
    ("fence", "call it a sandbox"),
    ("fences", "call them sandboxes"),
    ("footing", "call it the runtime of a service"),
    ("house", "name the workspace, the program, or the office"),
    ("knock", "call it a request"),
    ("knocks", "call it a request"),
    ("lean", "write `depend on`"),
    ("leans", "write `depends on`"),
    ("seat", "call it a permit or a slot"),
    ("seats", "call it the CPU pool"),
    ("told", "say who reports, prints or receives what"),
    ("vouch", "write `trust`"),
    ("vouches", "write `trusts`"),
    ("whoever", "name the actor: the process, the caller, the sender"),
    ("whomever", "name the actor: the process, the caller, the sender"),
    ("wish", "write `request`"),
    ("wished", "write `requested`"),
    ("wishes", "write `requests`"),
];

/// Names of crates and types that are gone, as they stand in Rust code.
const NAMES: [(&str, &str); 4] = [
    ("paper::", "the crate is `render`"),
    ("stage::", "the crates are `bus`, `blobs` and `worker`"),
    ("crates/paper", "the crate is `render`"),
    ("crates/stage", "the crates are `bus`, `blobs` and `worker`"),
];

/// Files that are not checked, each with its reason.
const UNCHECKED: [&str; 2] = [
    // It contains the lists.
    "xtask/src/tidy/words.rs",
    // It follows from the `.proto` files, which are checked.
    "proto/src/generated/",
];

/// Text that stays although it contains a word of the list: names that the wire or the API has.
const WIRE: [&str; 5] = [
    // The field of `ReportSubmitted` and of manifests that says how a file came.
    "string door = ",
    "door: ",
    ".door",
    "\"door\"",
    // The count of replayed reports in `gouji reconcile --json`.
    "\"read_anew\"",
];

/// Complains of every word and name of the lists.
pub(super) fn check(texts: &[Text]) -> Vec<Complaint> {
    texts.iter().filter(|text| is_prose_or_code(&text.path)).flat_map(complaints).collect()
}

fn is_prose_or_code(path: &str) -> bool {
    if UNCHECKED.iter().any(|unchecked| path.starts_with(unchecked)) {
        return false;
    }
    const ENDINGS: [&str; 9] =
        [".conf", ".md", ".proto", ".py", ".rs", ".service", ".toml", ".yaml", "Containerfile"];
    ENDINGS.iter().any(|ending| path.ends_with(ending))
}

fn complaints(text: &Text) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (number, line) in text.text.lines().enumerate() {
        let line = WIRE.iter().fold(line.to_owned(), |line, name| line.replace(name, ""));
        let line = line.as_str();
        let mut complain = |word: &str, instead| {
            let at = format!("{}:{}", text.path, number + 1);
            complaints.push(Complaint::new(at, format!("`{word}` is a word of our own"), instead));
        };
        for word in words(line) {
            if let Ok(found) = WORDS.binary_search_by(|(refused, _)| (*refused).cmp(&word)) {
                complain(&word, WORDS[found].1);
            }
        }
        for (name, instead) in NAMES.iter().filter(|(name, _)| names(line, name)) {
            complain(name, instead);
        }
    }
    complaints
}

/// Whether a line has this name, and not as the end of a longer one, and not the name of a generic function.
fn names(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let is_longer = before.is_some_and(|before| before.is_alphanumeric() || "_:".contains(before));
        !is_longer && !line[at + name.len()..].starts_with('<')
    })
}

/// The words of a line in lower case; `read_anew` and `ReadAnew` are two words each.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for character in line.chars() {
        let begins = character.is_ascii_uppercase() && before.is_ascii_lowercase();
        if begins || !character.is_ascii_alphabetic() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (character.is_ascii_alphabetic(), words.last_mut()) {
            word.push(character.to_ascii_lowercase());
        }
        before = character;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_words_are_found_in_names_comments_and_documents() {
        let check = |path: &str, text: &str, expected: usize| {
            let found = check(&[Text { path: path.to_owned(), text: text.to_owned() }]);
            assert_eq!(found.len(), expected, "{path}: {text}: {found:?}");
        };
        check("a.rs", "fn read_anew(door: Door) {}", 2);
        check("a.rs", "let way = submitted.door.clone();", 0);
        check("a.rs", "// Whoever is told.", 2);
        check("a.md", "The indoor wishlist of a warehouse.", 0);
        check("a.rs", "use paper::letter;", 1);
        check("a.rs", "use newspaper::letter; let x = stage_of::<u8>() + stage::<u8>();", 0);
        check("a.rs", "let x = proto::stage::X;", 0);
        check("a.json", "door", 0);
        check("xtask/src/tidy/words.rs", "door", 0);
    }

    #[test]
    fn the_list_is_in_order() {
        assert!(WORDS.is_sorted());
    }
}
