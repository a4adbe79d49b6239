//! What a passage speaks of. Words such as 予以公开 or 维持 mean something only there.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;

/// What a passage speaks of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Topic {
    /// Anything else.
    #[default]
    Other,
    /// Requests for information and what became of them.
    Requests,
    /// 行政复议.
    Review,
    /// 行政诉讼, of either kind.
    Litigation,
    /// 未经复议直接起诉.
    Direct,
    /// 复议后起诉.
    AfterReview,
    /// 复议 and 诉讼 together, so that nobody can say which is meant.
    Disputes,
}

/// Words that turn to a topic; of two at the same place the first in this list.
const MARKERS: [(&str, Topic); 7] = [
    (
        r"复议(?:案件|申请)?(?:[、,和及与或]|以及){1,2}(?:被?提起|被?提出|引起|引发)?(?:政府信息公开)?(?:行政)?诉讼|复议诉讼|复议应诉",
        Topic::Disputes,
    ),
    (r"复议后(?:再|又)?(?:起诉|(?:被?提起)?(?:行政)?诉讼)", Topic::AfterReview),
    (r"(?:未经复议)?直接(?:起诉|提起(?:行政)?诉讼)", Topic::Direct),
    (r"信访、?举报、?投诉类", Topic::Requests),
    (r"复议", Topic::Review),
    (r"诉讼|应诉", Topic::Litigation),
    (r"公开申请|申请公开|依申请", Topic::Requests),
];

/// Words that turn away from all of them.
const AWAY: &str = r"主动公开|建议|提案|热线|12345|信访|留言|咨询|舆情|信件|来信|投诉|举报|工单|解读|办件|服务事项|发布会|培训|公示|审批事项|许可|处罚|规范性文件";

static MARKER: LazyLock<Regex> = LazyLock::new(|| {
    let markers: Vec<String> = MARKERS.iter().map(|(words, _)| format!("({words})")).collect();
    pattern(&format!("{}|{AWAY}", markers.join("|")))
});

impl Topic {
    /// The topic behind these words, which begin with this one.
    pub(super) fn after(self, words: &str) -> Self {
        let Some(last) = MARKER.captures_iter(words).last() else { return self };
        let group = (1..=MARKERS.len()).find(|group| last.get(*group).is_some());
        group.and_then(|group| MARKERS.get(group - 1)).map_or(Self::Other, |(_, topic)| *topic)
    }

    /// The cells of table four that this topic is about.
    pub(super) fn dispute(self) -> Option<&'static str> {
        match self {
            Self::Review => Some("review"),
            Self::Litigation => Some("litigation"),
            Self::Direct => Some("direct_litigation"),
            Self::AfterReview => Some("litigation_after_review"),
            Self::Disputes => Some("disputes"),
            Self::Other | Self::Requests => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_decide() {
        for (words, expected) in [
            ("收到政府信息公开申请", Topic::Requests),
            ("（二）依申请公开情况。今年", Topic::Requests),
            ("依申请公开及主动公开", Topic::Other),
            ("收到政府信息公开申请，引发行政复议", Topic::Review),
            ("因政府信息公开引起行政诉讼", Topic::Litigation),
            ("行政复议、行政诉讼", Topic::Disputes),
            ("行政复议和被提起行政诉讼", Topic::Disputes),
            ("行政诉讼案件中，未经复议直接起诉", Topic::Direct),
            ("复议后起诉", Topic::AfterReview),
            ("不予处理的有信访举报投诉类申请", Topic::Requests),
            ("办理建议提案", Topic::Other),
        ] {
            assert_eq!(Topic::Other.after(words), expected, "{words}");
        }
        assert_eq!(Topic::Requests.after("予以公开"), Topic::Requests);
    }
}
