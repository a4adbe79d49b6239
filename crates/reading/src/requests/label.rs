//! The row labels of table three.

use std::sync::LazyLock;

use report::{Form, FormId};

use crate::cell_text::CellText;
use crate::grid::Slot;
use crate::label::{self, Normalised};

/// A row label of either form.
#[derive(Debug)]
pub(super) struct Official {
    pub(super) id: &'static str,
    pub(super) label: Normalised,
    /// The number before the label: `1` of `1.属于国家秘密`.
    enumerator: String,
    /// How its label begins, so that no other label has the same characters; none for 其他 and 总计.
    beginning: Option<String>,
    /// Position in the forms.
    pub(super) order: usize,
    /// Label columns before the figures: 0 for 一、二、四、, 1 for （一）, 2 for 1.
    pub(super) depth: u32,
}

static OFFICIAL: LazyLock<Vec<Official>> = LazyLock::new(|| {
    let new = &Form::get(FormId::F2021).requests;
    let mut rows: Vec<_> = new.iter().map(|row| (row.id, row.label, row.under)).collect();
    // The one row of 2019 that is three in 2021 stands before them: there it is their group.
    let group = new.iter().position(|row| row.id == "other.no_correction").unwrap_or(new.len());
    rows.extend(
        Form::get(FormId::F2019)
            .requests
            .iter()
            .filter(|row| row.id == "other")
            .map(|row| (row.id, row.label, row.under)),
    );
    let (_, from_group) = rows.split_at_mut(group);
    from_group.rotate_right(1);
    let depth = |under: Option<&str>| match under {
        None => 0,
        Some(group) if group.starts_with('三') => 1,
        Some(_) => 2,
    };
    let all: Vec<String> = rows.iter().map(|(_, text, _)| label::normalise(text)).collect();
    rows.into_iter()
        .enumerate()
        .map(|(order, (id, text, under))| Official {
            id,
            label: Normalised::new(label::normalise(text)),
            enumerator: enumerator(&label::plain(text)),
            beginning: beginning(order, &all),
            order,
            depth: depth(under),
        })
        .collect()
});

/// Characters of a label that show which one it is, if no other label has them.
const TELLING_CHARS: usize = 4;

fn beginning(order: usize, all: &[String]) -> Option<String> {
    let label: Vec<char> = all.get(order)?.chars().collect();
    let mut beginnings = (TELLING_CHARS..=label.len()).filter_map(|length| label.get(..length));
    let is_alone =
        |start: &str| all.iter().enumerate().all(|(at, other)| at == order || !other.contains(start));
    beginnings.by_ref().map(|start| start.iter().collect::<String>()).find(|start| is_alone(start))
}

/// A row that a text can name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named {
    /// How far it is from the label of the row.
    distance: usize,
    row: &'static Official,
}

/// The rows that a text can name, in the order of the form.
fn named(text: &CellText) -> Vec<Named> {
    let plain = text.plain.as_str();
    let is_applicable = |distance: usize, row: &Official| {
        distance == 0 || row.depth > 0 || plain.contains("申请") || plain.contains("结转")
    };
    let named = OFFICIAL.iter().filter_map(|row| {
        let distance = text.normalised.distance(&row.label)?;
        is_applicable(distance, row).then_some(Named { distance, row })
    });
    named.collect()
}

/// The last number before a plain label: `1` of `（六）1、申请人…`.
fn enumerator(plain: &str) -> String {
    let mut rest = plain;
    let mut number = "";
    loop {
        let next = label::strip_enumerator(rest);
        let Some(stripped) = rest.strip_suffix(next).filter(|stripped| !stripped.is_empty()) else { break };
        (number, rest) = (stripped, next);
    }
    number.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Characters from which on a label that differs from the form shows by itself which row it is.
const LONG_LABEL: usize = 7;

/// The row that a text names wherever it stands, with the weight of the evidence; none where two rows come
/// into question. The rest of a broken label can be spelt nearly like another label (反复申请 and 重复申请),
/// so a short label that is not spelt as in the form needs its number.
pub(super) fn nearest(text: &CellText) -> Option<(&'static Official, u32)> {
    let named = text.rows(named);
    let least = named.iter().map(|named| named.distance).min()?;
    let number = enumerator(&text.plain);
    let mut nearest: Vec<&'static Official> =
        named.iter().filter(|named| named.distance == least).map(|named| named.row).collect();
    if nearest.len() > 1 {
        nearest.retain(|row| row.enumerator == number);
    }
    let [row] = nearest[..] else { return None };
    let is_sure = least <= 1 || row.enumerator == number || text.normalised.length() >= LONG_LABEL;
    let weight = match least {
        0 => 100,
        1 => 60,
        _ => 20,
    };
    is_sure.then_some((row, weight))
}

/// The rows whose labels begin in a normalised text, in the order of the form.
pub(super) fn within(normalised: &str) -> Vec<&'static Official> {
    if normalised.is_empty() {
        return Vec::new();
    }
    OFFICIAL.iter().filter(|row| begins_in(normalised, row)).collect()
}

/// The row 其他 or 总计, whose label is too short to show in other text, by its number.
pub(super) fn short(text: &CellText) -> Option<&'static Official> {
    if !has_enumerator(text) {
        return None;
    }
    let normalised = text.normalised.as_str();
    OFFICIAL.iter().find(|row| row.beginning.is_none() && row.label.as_str() == normalised)
}

/// Whether the label of a row begins in a normalised text.
pub(super) fn begins_in(normalised: &str, row: &Official) -> bool {
    row.beginning.as_ref().is_some_and(|beginning| normalised.contains(beginning))
}

/// The rows of both forms between two rows.
pub(super) fn between(from: Option<&Official>, end: Option<&Official>) -> Vec<&'static Official> {
    let is_between = |row: &&Official| {
        from.is_none_or(|from| row.order > from.order) && end.is_none_or(|end| row.order < end.order)
    };
    OFFICIAL.iter().filter(is_between).collect()
}

/// Whether a normalised text can be a part of this row's label, beside which a label of several rows may stand.
pub(super) fn resembles(normalised: &str, row: &Official) -> bool {
    let of_groups = |c: char| GROUPS.iter().any(|group| group.contains(c)) || "三其他处理".contains(c);
    let is_own = |c: &char| row.label.as_str().contains(*c) || of_groups(*c) || c.is_ascii_digit();
    let shared = normalised.chars().filter(is_own).count();
    shared * 2 >= normalised.chars().count()
}

/// Whether a normalised text can be a part of any label.
pub(super) fn resembles_any(normalised: &str) -> bool {
    OFFICIAL.iter().any(|row| resembles(normalised, row))
}

/// Labels of groups of rows; they have no figures of their own.
const GROUPS: [&str; 4] = ["本年度办理结果", "不予公开", "无法提供", "不予处理"];

/// The official row that a printed label names, below a row of the order `after` and beside the rows
/// already `found`. Short labels that also stand in the header (其他, 总计) count only below the rows they
/// follow; a long label counts in any order if it is spelt as in the form.
pub(super) fn match_label(
    slot: &Slot<'_>,
    after: Option<usize>,
    found: &[&str],
) -> Option<&'static Official> {
    if slot.str().len() > LONGEST_LABEL {
        return None;
    }
    match_text(slot.read, after, found)
}

/// Bytes of the longest text that can be a label.
pub(super) const LONGEST_LABEL: usize = 400;

/// The same for the text of a cell, or for the texts of several together.
pub(super) fn match_text(text: &CellText, after: Option<usize>, found: &[&str]) -> Option<&'static Official> {
    let begins = |row: &Official| row.order == 0;
    let follows = |row: &Official, distance: usize| match after {
        Some(last) => row.order > last || (distance == 0 && row.depth == 2 && row.id != "other.misc"),
        None => begins(row),
    };
    text.rows(named)
        .iter()
        .filter(|named| {
            begins(named.row) || follows(named.row, named.distance) && !found.contains(&named.row.id)
        })
        // The rows 其他 and 总计 are at the very end of the results.
        .filter(|named| match named.row.id {
            "other.misc" | "concluded" => after.is_some_and(|last| last >= 4),
            _ => true,
        })
        .min_by_key(|named| (named.distance, named.row.order))
        .map(|named| named.row)
}

/// Whether a text begins as labels do: `1.`, `（一）`, `三、`. `2、3` are two figures.
pub(super) fn has_enumerator(text: &CellText) -> bool {
    let plain = text.plain.as_str();
    let rest = label::strip_enumerator(plain);
    rest.len() < plain.len() && !rest.starts_with(|c: char| c.is_ascii_digit())
}

/// The rows of a form in their order.
pub(super) fn rows_of(form: &'static Form) -> impl Iterator<Item = &'static Official> {
    OFFICIAL.iter().filter(|row| form.request_cell(row.id, "total").is_some())
}

pub(super) fn is_group(slot: &Slot<'_>) -> bool {
    GROUPS.contains(&slot.normalised())
}
