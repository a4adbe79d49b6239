//! Where reports were published and when they were first seen there, by the ledger of ingest.

use std::collections::HashMap;

use bus::{Bus, PUBLISHED};
use serde::Deserialize;

/// An address at which a report was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublishedPage {
    /// The page that people can open.
    pub(crate) address: String,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) first_fetched_at_ms: i64,
}

/// The part of a record of the ledger that is read here.
#[derive(Debug, Deserialize)]
struct Record {
    address: String,
    first: Option<Sighting>,
    standing: Option<Sighting>,
}

#[derive(Debug, Deserialize)]
struct Sighting {
    original: String,
    fetched_at_ms: i64,
}

/// The pages of the reports by the SHA-256 of their originals. Nothing where the ledger cannot be read: the roster is
/// shown without them.
pub(crate) async fn by_original(bus: &Bus) -> HashMap<String, PublishedPage> {
    match bus.bucket(PUBLISHED).all(">").await {
        Ok(all) => all.entries.iter().flat_map(|entry| pages(&entry.value)).collect(),
        Err(error) => {
            tracing::warn!("reading the ledger of published pages: {error:#}");
            HashMap::new()
        }
    }
}

fn pages(record: &[u8]) -> Vec<(String, PublishedPage)> {
    let Ok(Record { address, first, standing }) = serde_json::from_slice(record) else { return Vec::new() };
    let Some(first_fetched_at_ms) = first.as_ref().or(standing.as_ref()).map(|first| first.fetched_at_ms)
    else {
        return Vec::new();
    };
    let page = PublishedPage { address, first_fetched_at_ms };
    [first, standing].into_iter().flatten().map(|one| (one.original, page.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_the_first_and_the_standing_snapshot_have_their_page() {
        let record = br#"{"address":"http://a/","state":"changed","first":{"original":"a","fetched_at_ms":5},
                          "standing":{"original":"b","fetched_at_ms":9}}"#;
        let found: HashMap<String, PublishedPage> = pages(record).into_iter().collect();
        let page = PublishedPage { address: "http://a/".into(), first_fetched_at_ms: 5 };
        assert_eq!(found, HashMap::from([("a".into(), page.clone()), ("b".into(), page)]));
        assert_eq!(pages(br#"{"address":"http://a/"}"#), []);
    }
}
