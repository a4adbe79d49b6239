//! No figure is read otherwise than a person sees it without a word that says so.
//!
//! `GOUJI_GENERATE=1 cargo test -p tests --test it seen::` writes what is made of each file.

use std::fs;

use tests::seen::{self, Outcome};

#[test]
fn nothing_is_read_otherwise_than_it_is_seen_in_silence() {
    let folder = seen::folder();
    let mut drawn = String::new();
    let mut different = Vec::new();
    for case in seen::cases(&folder).unwrap() {
        let outcome = case.outcome(&folder).unwrap();
        drawn.push_str(&format!("{outcome:<10}{}\n", case.file));
        if outcome == Outcome::Different {
            different.push(case);
        }
    }
    assert!(different.is_empty(), "{different:#?}");
    let path = folder.join("outcomes.txt");
    if std::env::var_os("GOUJI_GENERATE").is_some() {
        fs::write(&path, &drawn).unwrap();
    }
    assert_eq!(drawn, fs::read_to_string(&path).unwrap_or_default(), "differs from {}", path.display());
}
