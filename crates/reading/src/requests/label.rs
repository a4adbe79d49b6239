//! The row labels of table three.

use std::sync::LazyLock;

use report::{Form, FormId};

use crate::label;

/// A row label of either form.
#[derive(Debug)]
pub(super) struct Official {
    pub(super) id: &'static str,
    pub(super) label: String,
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
    rows.into_iter()
        .enumerate()
        .map(|(order, (id, text, under))| Official {
            id,
            label: label::normalise(text),
            order,
            depth: depth(under),
        })
        .collect()
});

/// Labels of groups of rows; they have no figures of their own.
const GROUPS: [&str; 4] = ["本年度办理结果", "不予公开", "无法提供", "不予处理"];

/// The official row that a printed label names, below a row of the order `after` and beside the rows
/// already `found`. Short labels that also stand in the header (其他, 总计) count only below the rows they
/// follow; a long label counts in any order if it is spelt as in the form.
pub(super) fn match_label(printed: &str, after: Option<usize>, found: &[&str]) -> Option<&'static Official> {
    if printed.is_empty() || printed.len() > 400 {
        return None;
    }
    let plain = label::plain(printed);
    let normalised = label::normalise(printed);
    let begins = |row: &Official| row.order == 0;
    let follows = |row: &Official, distance: usize| match after {
        Some(last) => row.order > last || (distance == 0 && row.depth == 2 && row.id != "other.misc"),
        None => begins(row),
    };
    OFFICIAL
        .iter()
        .filter_map(|row| label::distance(&normalised, &row.label).map(|distance| (distance, row)))
        .filter(|(distance, row)| begins(row) || follows(row, *distance) && !found.contains(&row.id))
        // The rows 其他 and 总计 are at the very end of the results.
        .filter(|(_, row)| match row.id {
            "other.misc" | "concluded" => after.is_some_and(|last| last >= 4),
            _ => true,
        })
        .filter(|(distance, row)| {
            *distance == 0 || row.depth > 0 || plain.contains("申请") || plain.contains("结转")
        })
        .min_by_key(|(distance, row)| (*distance, row.order))
        .map(|(_, row)| row)
}

/// Whether a text begins as labels do: `1.`, `（一）`, `三、`. `2、3` are two figures.
pub(super) fn has_enumerator(printed: &str) -> bool {
    let plain = label::plain(printed);
    let rest = label::strip_enumerator(&plain);
    rest.len() < plain.len() && !rest.starts_with(|c: char| c.is_ascii_digit())
}

/// The rows of a form in their order.
pub(super) fn rows_of(form: &'static Form) -> impl Iterator<Item = &'static Official> {
    OFFICIAL.iter().filter(|row| form.request_cell(row.id, "total").is_some())
}

pub(super) fn is_group(printed: &str) -> bool {
    let normalised = label::normalise(printed);
    GROUPS.iter().any(|group| label::distance(&normalised, group) == Some(0))
}
