//! What is typed is never an error, and what was not committed is not there.

use proptest::prelude::*;

use super::{entry, find, index_of};
use crate::place::Place;

#[test]
fn only_what_was_committed_is_there_afterwards() {
    let place = Place::new();
    let index = place.open();
    assert_eq!(index.payload().unwrap(), None);
    let mut writer = index.writer().unwrap();
    writer.apply(vec![entry(1, "甲")]).unwrap();
    writer.commit("7").unwrap();
    assert_eq!(writer.apply(vec![entry(2, "乙"), entry(3, "丙")]).unwrap().len(), 2);
    assert_eq!(writer.pending(), 2);
    drop(writer);
    drop(index);
    let index = place.open();
    let reader = index.reader().unwrap();
    assert_eq!((reader.count().unwrap(), index.payload().unwrap()), (1, Some("7".to_owned())));
    assert_eq!((find(&reader, "甲").total, find(&reader, "\"丙\"").total), (1, 0));
    let mut writer = index.writer().unwrap();
    writer.apply(vec![entry(2, "乙")]).unwrap();
    writer.commit("8").unwrap();
    assert_eq!((reader.count().unwrap(), reader.payload().unwrap()), (2, Some("8".to_owned())));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_typed_is_an_error(text in "\\PC{0,40}", pieces in prop::collection::vec(0..PIECES.len(), 0..24)) {
        let composed: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        READER.with(|(reader, _)| {
            for text in [text, composed] {
                let page = reader
                    .search(&search::Query { text: text.clone(), limit: 5, highlight: true, ..Default::default() });
                prop_assert!(page.is_ok(), "{text:?}: {page:?}");
            }
            Ok(())
        })?;
    }
}

const PIECES: [&str; 28] = [
    "(",
    ")",
    "\"",
    "“",
    "”",
    " ",
    "-",
    "OR ",
    "AND ",
    "NOT ",
    "year:",
    "cell.",
    "requests.received.total",
    "=",
    ">",
    "..",
    "9",
    "2024",
    "公开",
    "政府信息",
    "region:",
    "：",
    "rule:",
    "/",
    "\u{0}",
    "<=",
    "verdict:fail ",
    "published:",
];

thread_local! {
    static READER: (search::Reader, Place) =
        index_of((0..5).map(|number| entry(number, "2024年，政府信息公开申请9件")).collect());
}
