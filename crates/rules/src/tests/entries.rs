//! What every entry of the catalogue has to have.

use crate::{VERSION, catalogue, rule};

#[test]
fn ids_are_unique_and_in_order() {
    for family in catalogue().chunk_by(|one, other| family(one.id) == family(other.id)) {
        assert!(family.is_sorted_by(|one, other| one.id < other.id), "{}", family[0].id);
    }
    let mut ids: Vec<_> = catalogue().iter().map(|rule| rule.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), catalogue().len());
    assert!(catalogue().iter().all(|known| rule(known.id).is_some_and(|found| found.id == known.id)));
}

fn family(id: &str) -> &str {
    id.split('-').next().unwrap_or(id)
}

#[test]
fn every_text_is_there_and_a_hint_is_a_sentence() {
    for rule in catalogue() {
        let texts = [rule.name, rule.basis, rule.formula, rule.requirement, rule.problem, rule.hint];
        for text in texts {
            assert!(!text.is_empty() && !text.contains('\n'), "{}: `{text}`", rule.id);
        }
        assert!(rule.hint.starts_with('请') && rule.hint.ends_with('。'), "{}", rule.id);
        assert!(rule.name.bytes().all(|byte| byte == b'-' || byte.is_ascii_alphanumeric()), "{}", rule.name);
        assert!(!rule.problem.ends_with('。') && rule.problem.chars().count() <= 30, "{}", rule.problem);
        assert_ne!(rule.problem, rule.requirement, "{}: a problem is not the requirement", rule.id);
    }
}

#[test]
fn no_rule_is_newer_than_the_rule_pack() {
    let number = |version: &str| -> Vec<u32> {
        version.split('.').map(|part| part.parse().expect("a version is numbers and dots")).collect()
    };
    for rule in catalogue() {
        assert!(number(rule.since) <= number(VERSION), "{} is of {}", rule.id, rule.since);
    }
}
