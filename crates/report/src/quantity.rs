//! What a number of the narrative can be about: one cell, or a sum of cells that has a name.

use std::fmt;

use crate::{CellId, Form};

/// What a number of the narrative is about, e.g. `requests.received.total` or `requests.refused.total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Quantity(&'static str);

/// A quantity that a narrative can name and what it may mean: each reading is a sum of cells, given by
/// id or with `*` for the rows of a group, and any of them may be what the author meant.
struct Named {
    id: &'static str,
    title: &'static str,
    readings: &'static [&'static [&'static str]],
}

/// Sums that no single cell holds, and cells that are spoken of in words with more than one reading.
#[rustfmt::skip]
const NAMED: &[Named] = &[
    // 收到 N 件 is what is new, or what was to be dealt with.
    Named { id: "requests.received.total", title: "收到政府信息公开申请", readings: &[&["requests.received.total"], &["requests.received.total", "requests.carried_in.total"]] },
    // 办理、处理 N 件 also counts what is not concluded yet.
    Named { id: "requests.handled.total", title: "办理政府信息公开申请", readings: &[&["requests.concluded.total"], &["requests.received.total"], &["requests.received.total", "requests.carried_in.total"]] },
    // 答复 may count all that was concluded, or only what was answered in substance.
    Named { id: "requests.answered.total", title: "答复政府信息公开申请", readings: &[&["requests.concluded.total"], &["requests.granted.total", "requests.partial.total", "requests.refused.*.total", "requests.unavailable.*.total"], &["requests.granted.total", "requests.partial.total", "requests.refused.*.total", "requests.unavailable.*.total", "requests.unprocessed.*.total"]] },
    // 结转 alone does not say from which year or to which.
    Named { id: "requests.carried.total", title: "结转", readings: &[&["requests.carried_out.total"], &["requests.carried_in.total"]] },
    Named { id: "requests.received.natural_person", title: "收到自然人申请", readings: &[&["requests.received.natural_person"], &["requests.received.natural_person", "requests.carried_in.natural_person"]] },
    Named { id: "requests.received.legal_person", title: "收到法人或其他组织申请", readings: &[&["requests.received.enterprise", "requests.received.research", "requests.received.social_org", "requests.received.legal_service", "requests.received.other_org"], &["requests.received.enterprise", "requests.received.research", "requests.received.social_org", "requests.received.legal_service", "requests.received.other_org", "requests.carried_in.enterprise", "requests.carried_in.research", "requests.carried_in.social_org", "requests.carried_in.legal_service", "requests.carried_in.other_org"]] },
    Named { id: "requests.disclosed.total", title: "予以公开和部分公开", readings: &[&["requests.granted.total", "requests.partial.total"]] },
    // Who speaks of 予以公开 alone may mean both.
    Named { id: "requests.granted.total", title: "予以公开", readings: &[&["requests.granted.total"], &["requests.granted.total", "requests.partial.total"]] },
    Named { id: "requests.refused.total", title: "不予公开", readings: &[&["requests.refused.*.total"]] },
    Named { id: "requests.unavailable.total", title: "无法提供", readings: &[&["requests.unavailable.*.total"]] },
    Named { id: "requests.unprocessed.total", title: "不予处理", readings: &[&["requests.unprocessed.*.total"]] },
    Named { id: "requests.other.total", title: "其他处理", readings: &[&["requests.other.total"], &["requests.other.*.total"]] },
    Named { id: "litigation.upheld", title: "行政诉讼结果维持", readings: &[&["direct_litigation.upheld", "litigation_after_review.upheld"], &["direct_litigation.upheld"]] },
    Named { id: "litigation.corrected", title: "行政诉讼结果纠正", readings: &[&["direct_litigation.corrected", "litigation_after_review.corrected"], &["direct_litigation.corrected"]] },
    Named { id: "litigation.other", title: "行政诉讼其他结果", readings: &[&["direct_litigation.other", "litigation_after_review.other"], &["direct_litigation.other"]] },
    Named { id: "litigation.pending", title: "行政诉讼尚未审结", readings: &[&["direct_litigation.pending", "litigation_after_review.pending"], &["direct_litigation.pending"]] },
    Named { id: "litigation.total", title: "行政诉讼", readings: &[&["direct_litigation.total", "litigation_after_review.total"], &["direct_litigation.total"]] },
    // What the form of 2021 calls issued, that of 2019 calls newly made.
    Named { id: "active.normative_documents.issued", title: "制发行政规范性文件", readings: &[&["active.normative_documents.issued"], &["active.normative_documents.made"]] },
    Named { id: "active.regulations.issued", title: "制发规章", readings: &[&["active.regulations.issued"], &["active.regulations.made"]] },
    Named { id: "disputes.total", title: "行政复议和行政诉讼", readings: &[&["review.total", "direct_litigation.total", "litigation_after_review.total"]] },
];

impl Quantity {
    /// The quantity with this name: that of a cell, or of a named sum.
    pub fn parse(name: &str) -> Option<Self> {
        let named = NAMED.iter().find(|named| named.id == name).map(|named| Self(named.id));
        named.or_else(|| CellId::parse(name).ok().map(Self::from))
    }

    /// The name.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// What reviewers call it.
    pub fn title(self, form: &Form) -> &str {
        match (self.named(), CellId::parse(self.0)) {
            (Some(named), _) => named.title,
            (None, Ok(id)) => form.label(id),
            (None, Err(_)) => self.0,
        }
    }

    /// What it may mean in this form, the nearest reading first; each is a sum of cells. None where the
    /// form has no such cells.
    pub fn readings(self, form: &Form) -> Vec<Vec<CellId>> {
        let itself: &[&[&str]] = &[&[self.0]];
        let readings = self.named().map_or(itself, |named| named.readings);
        let cells = |reading: &&[&str]| -> Option<Vec<CellId>> {
            let terms = reading.iter().map(|term| expand(form, term));
            let terms: Vec<Vec<CellId>> = terms.filter(|cells| !cells.is_empty()).collect();
            (terms.len() == reading.len()).then(|| terms.concat())
        };
        readings.iter().filter_map(cells).collect()
    }

    fn named(self) -> Option<&'static Named> {
        NAMED.iter().find(|named| named.id == self.0)
    }
}

/// The cells of the form that a term stands for.
fn expand(form: &Form, term: &str) -> Vec<CellId> {
    let is_meant = |id: &CellId| match term.split_once('*') {
        Some((before, after)) => id
            .as_str()
            .strip_prefix(before)
            .is_some_and(|rest| rest.len() > after.len() && rest.ends_with(after)),
        None => id.as_str() == term,
    };
    form.cells().iter().copied().filter(is_meant).collect()
}

impl From<CellId> for Quantity {
    fn from(id: CellId) -> Self {
        Self(id.as_str())
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FormId;

    fn check(name: &str, form: FormId, expected: &[usize]) {
        let readings = Quantity::parse(name).unwrap().readings(Form::get(form));
        let sizes: Vec<usize> = readings.iter().map(Vec::len).collect();
        assert_eq!(sizes, expected, "{name}");
    }

    #[test]
    fn quantities_are_read_as_the_form_has_them() {
        check("requests.received.total", FormId::F2021, &[1, 2]);
        check("requests.refused.total", FormId::F2021, &[8]);
        check("requests.unprocessed.total", FormId::F2019, &[5]);
        check("requests.other.total", FormId::F2019, &[1]);
        check("requests.other.total", FormId::F2021, &[3]);
        check("requests.partial.total", FormId::F2021, &[1]);
        check("disputes.total", FormId::F2019, &[3]);
        check("active.regulations.in_force", FormId::F2021, &[1]);
        check("active.regulations.in_force", FormId::F2019, &[]);
        assert_eq!(Quantity::parse("requests.refused"), None);
    }
}
