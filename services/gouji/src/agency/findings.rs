//! Findings as a compiler prints them: what is wrong, its place in the file, what to do.

use std::fmt::Write as _;

use check::CheckedFile;
use report::{Finding, Judgement, Origin, Review, Severity, Verdict, Waiver};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::language::{self, Language, text, word};

/// How many reports passed.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pass: usize,
    warn: usize,
    fail: usize,
    unreadable: usize,
}

impl Summary {
    pub(crate) fn count(&mut self, checked: &CheckedFile) {
        match checked.outcome.as_ref().map(Review::verdict) {
            Ok(Verdict::Pass) => self.pass += 1,
            Ok(Verdict::Warn) => self.warn += 1,
            Ok(Verdict::Fail) => self.fail += 1,
            Err(_) => self.unreadable += 1,
        }
    }

    pub(crate) fn text(&self) -> String {
        let Self { pass, warn, fail, unreadable } = self;
        let all = pass + warn + fail + unreadable;
        text!(
            "共检查{all}份：通过{pass}份，有警告{warn}份，有错误{fail}份，无法读取{unreadable}份。",
            "{all} checked: {pass} pass, {warn} warn, {fail} fail, {unreadable} unreadable"
        )
    }
}

/// Everything about one file.
pub(crate) fn human(checked: &CheckedFile) -> String {
    let mut out = String::new();
    let review = match &checked.outcome {
        Ok(review) => review,
        Err(unreadable) => {
            let reason = match language::current() {
                Language::Zh => &unreadable.message,
                Language::En => &unreadable.detail,
            };
            return format!("{}  {}: {reason}\n", word("无法读取", "unreadable"), checked.name);
        }
    };
    let problems = report::problems(&review.findings);
    for (problem, finding) in
        problems.iter().flat_map(|one| one.findings.iter().map(move |finding| (one, *finding)))
    {
        let is_first = problem.findings.first().is_some_and(|first| std::ptr::eq(*first, finding));
        let summary = render::problem_summary(problem);
        if let Some(summary) = summary.as_ref().filter(|_| is_first) {
            let _ = writeln!(out, "{}: {summary}", label(problem.severity(), Judgement::Fails));
        }
        let label = label(finding.severity, finding.judgement);
        let _ = writeln!(out, "{label}[{}]: {}", finding.rule, finding.message);
        for (place, label) in places(review, finding) {
            // The bytes of a packed format are not readable.
            match checked.encoding {
                Some(_) => excerpt(&mut out, checked, place, &label),
                None => named_place(&mut out, checked, review, place, &label),
            }
        }
        if let Some(numbers) = numbers(review, finding) {
            let _ = writeln!(out, "   = {numbers}");
        }
        // A summary says the repair of all its findings.
        if let Some(repair) = finding.repair.as_ref().filter(|_| summary.is_none() || is_first) {
            let _ = writeln!(out, "   = {}: {}", word("改法", "repair"), repair.reason);
        }
        for (name, text) in notes(finding) {
            let _ = writeln!(out, "   = {name}: {text}");
        }
        out.push('\n');
    }
    let report = &review.report;
    let unknown = word("（未写明）", "(not stated)");
    let verdict = verdict_title(Some(review.verdict()));
    let year = report.year.map_or(unknown.to_owned(), |year| year.to_string());
    let agency = report.agency.as_deref().unwrap_or(unknown);
    let count = match report::count_problems(&review.findings) {
        0 => String::new(),
        1 => text!("，1项问题", ", 1 problem"),
        count => text!("，{count}项问题", ", {count} problems"),
    };
    let _ = writeln!(out, "{verdict}{count}  {agency} {year}  {}", checked.name);
    out
}

/// The word for the verdict on a report.
pub(crate) fn verdict_title(verdict: Option<Verdict>) -> &'static str {
    word(Verdict::title_of(verdict), verdict.map_or("not reviewed", Verdict::as_str))
}

/// The word before a finding: its severity, or that it cannot be judged.
pub(crate) fn label(severity: Severity, judgement: Judgement) -> &'static str {
    let english = match judgement {
        Judgement::Fails => severity.as_str(),
        Judgement::Unknown => judgement.as_str(),
    };
    word(judgement.label(severity), english)
}

/// Both numbers of a finding: in Chinese by the names of the form, where it is certain what they are.
fn numbers(review: &Review, finding: &Finding) -> Option<String> {
    let (left, right) = (finding.left?, finding.right?);
    let named = render::sides(&review.report, finding);
    Some(match (language::current(), named) {
        (Language::Zh, Some(names)) => format!("{} {left} ≠ {} {right}", names.left, names.right),
        _ => text!("{left} ≠ {right}", "left {left} ≠ right {right}"),
    })
}

/// The grounds of a finding: the other report, why it does not count, the legal basis.
fn notes(finding: &Finding) -> Vec<(&'static str, String)> {
    let mut notes = Vec::new();
    if let Some(other) = &finding.against {
        let agency = other.agency.as_deref().unwrap_or_default();
        let year = other.year.map_or_else(String::new, |year| year.to_string());
        let line = other.origin.map(|origin| origin.line).filter(|line| *line > 0);
        let report = text!("{agency}{year}年度报告", "the report of {agency} for {year}");
        let text = match line {
            Some(line) => text!("{report}第{line}行", "{report}, line {line}"),
            None => report,
        };
        notes.push((word("对照", "against"), text));
    }
    if let Some(waiver) = &finding.waiver {
        let Waiver { who, why, until } = waiver;
        let text = text!("{who}，{why}，有效期至{until}", "by {who} until {until}: {why}");
        notes.push((word("已豁免", "waived"), text));
    }
    if let Some(rule) = rules::rule(&finding.rule) {
        notes.push((word("依据", "basis"), rule.basis.to_owned()));
    }
    notes
}

/// Places shown for one finding; the message names the others.
const PLACES: usize = 4;

/// The places of a finding with the labels of their cells; only the first place of a row on one line.
fn places(review: &Review, finding: &Finding) -> Vec<(Origin, String)> {
    let cells = &review.report.cells;
    let mut places: Vec<(Origin, String)> =
        finding.origin.map(|origin| (origin, String::new())).into_iter().collect();
    for id in &finding.cells {
        let Some(origin) = cells.get(*id).and_then(|cell| cell.origin) else { continue };
        let label = cells.form().map_or(id.as_str(), |form| form.label(*id));
        let is_here = |place: &Origin| place.start == origin.start;
        let is_beside =
            |place: &Origin| place.line > 0 && (place.line, place.row) == (origin.line, origin.row);
        match places.iter_mut().find(|(place, _)| is_here(place) || is_beside(place)) {
            Some((place, known)) if is_here(place) => *known = label.to_owned(),
            Some(_) => {}
            None => places.push((origin, label.to_owned())),
        }
    }
    places.truncate(PLACES);
    places
}

/// The place in words of the form, or in English the page, table, row and column, counted from one.
fn named_place(out: &mut String, checked: &CheckedFile, review: &Review, origin: Origin, label: &str) {
    match language::current() {
        Language::Zh => {
            let place = render::location(&review.report, origin, Some(&checked.name)).unwrap_or_default();
            let _ = writeln!(out, "  --> {}: {place}", checked.name);
        }
        Language::En => numbered_place(out, checked, origin, label),
    }
}

fn numbered_place(out: &mut String, checked: &CheckedFile, origin: Origin, label: &str) {
    let from_one = |number: Option<u32>| number.map(|number| number + 1);
    let mut parts: Vec<String> = [
        origin.page.map(|number| format!("page {number}")),
        from_one(origin.table).map(|number| format!("table {number}")),
        from_one(origin.row).map(|number| format!("row {number}")),
        from_one(origin.column).map(|number| format!("column {number}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    if origin.table.is_none() {
        let line = Some(origin.line).filter(|line| *line > 0);
        parts.extend(line.map(|number| format!("line {number}")));
    }
    let _ = writeln!(out, "  --> {}: {}  {label}", checked.name, parts.join(", "));
}

/// Width of an excerpt on the terminal, in columns.
const COLUMNS: usize = 96;

/// The line of the source with a mark under the place.
fn excerpt(out: &mut String, checked: &CheckedFile, origin: Origin, label: &str) {
    let bytes = &checked.bytes;
    let start = (origin.start as usize).min(bytes.len());
    let end = (origin.end as usize).clamp(start, bytes.len());
    let is_break = |byte: &u8| *byte == b'\n';
    let from = bytes[..start].iter().rposition(is_break).map_or(0, |at| at + 1);
    let to = bytes[start..].iter().position(is_break).map_or(bytes.len(), |at| start + at);
    let decode = |range: std::ops::Range<usize>| {
        let encoding = checked.encoding.as_deref();
        let encoding = encoding.and_then(|name| encoding_rs::Encoding::for_label(name.as_bytes()));
        let text =
            encoding.unwrap_or(encoding_rs::UTF_8).decode_without_bom_handling(&bytes[range]).0.into_owned();
        text.trim_end_matches('\r').replace(['\t', '\u{feff}'], " ")
    };
    let (before, marked, after) = (decode(from..start), decode(start..end.min(to)), decode(end.min(to)..to));
    // Long lines are shown around the mark.
    let room = COLUMNS.saturating_sub(marked.width().min(COLUMNS)) / 2;
    let before = tail(&before, room);
    let shown = format!("{before}{}{}", head(&marked, COLUMNS), head(&after, room));
    let number = origin.line.to_string();
    let gutter = " ".repeat(number.len());
    let _ = writeln!(out, "{gutter}--> {}:{}", checked.name, origin.line);
    let _ = writeln!(out, "{number} | {}", shown.trim_end());
    let mark = "^".repeat(head(&marked, COLUMNS).width().max(1));
    let _ = writeln!(out, "{gutter} | {}{mark} {label}", " ".repeat(before.width()));
}

fn head(text: &str, columns: usize) -> &str {
    let mut width = 0;
    let end = text.char_indices().find(|(_, c)| {
        width += c.width().unwrap_or(0);
        width > columns
    });
    end.map_or(text, |(at, _)| &text[..at])
}

fn tail(text: &str, columns: usize) -> &str {
    let mut width = 0;
    let start = text.char_indices().rev().find(|(_, c)| {
        width += c.width().unwrap_or(0);
        width > columns
    });
    start.map_or(text, |(at, c)| &text[at + c.len_utf8()..])
}
