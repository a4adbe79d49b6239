//! How a number compares with the year before: 较上年增加1件, 同比下降29%, 与上年持平.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use report::Relation;

use crate::pattern::pattern;

static COMPARED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?P<subject>[^较比同与]*?)",
        r"(?:(?:较|比|相比|相较于?|同|与)(?:上一?年|去年)度?(?:同期|数量)?(?:相比)?|同比|较同期),?",
        r"(?:数量|总量|申请量)?(?:均|略|略有|有所|大幅|明显|共|总体)?",
        r"(?:(?P<above>增加|增长|上升|上涨|增多|提高|多|增)|(?:减少|下降|降低|下滑|减|降|少))",
        r"(?:了|约|近|幅度?为?|率为?|比例为?)*$",
    ))
});

static LEVEL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?P<subject>[^较比同与和]*?)(?:(?:较|比|同|与|和)(?:上一?年|去年)度?(?:同期|数量)?|同比)(?:相比)?,?(?:数量|总量)?(?:持平|相同|一致)",
    )
});

/// A comparison with the year before: which way, and the words between the number before it and itself.
pub(super) struct Compared<'a> {
    pub(super) relation: Relation,
    pub(super) subject: &'a str,
}

/// What the words before a number say of it, if they compare.
pub(super) fn compared(words: &str) -> Option<Compared<'_>> {
    let found = COMPARED.captures(words)?;
    let relation = if found.name("above").is_some() { Relation::Above } else { Relation::Below };
    Some(Compared { relation, subject: subject(&found) })
}

/// Of what the words behind a number say that it is as it was the year before. 基本持平 is not exact.
pub(super) fn level(words: &str) -> Option<&str> {
    LEVEL.captures(words).map(|found| subject(&found))
}

fn subject<'w>(found: &Captures<'w>) -> &'w str {
    found.name("subject").map_or("", |subject| subject.as_str())
}

/// Whether a comparison with these words before it speaks of the number right before it.
pub(super) fn is_of_number_before(subject: &str) -> bool {
    subject.chars().all(|c| matches!(c, ',' | '(' | '、'))
}

/// Names of the requests received that a comparison may bear.
const RECEIVED: [&str; 8] = [
    "申请量",
    "申请数量",
    "申请总量",
    "申请件数",
    "受理量",
    "收到申请量",
    "收到申请数量",
    "政府信息公开申请数量",
];

/// Whether a comparison with these words before it speaks of the requests received.
pub(super) fn is_of_received(subject: &str) -> bool {
    RECEIVED.contains(&subject.trim_start_matches([',', '(', '、']))
}
