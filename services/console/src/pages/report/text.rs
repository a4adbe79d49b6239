//! The text of a report, with line numbers and with the words of the search marked.

use maud::{Markup, html};

use crate::problem::Problem;

/// Limit of lines on the page: nobody reads a page of megabytes.
const MAX_LINES: usize = 5_000;

/// A line of the text.
pub(super) struct Line(Vec<Piece>);

/// A part of a line.
struct Piece {
    text: String,
    is_marked: bool,
}

impl Piece {
    fn new(text: &str, is_marked: bool) -> Self {
        Self { text: text.to_owned(), is_marked }
    }
}

impl Line {
    /// The line without its marks.
    pub(super) fn text(&self) -> String {
        self.0.iter().map(|piece| piece.text.as_str()).collect()
    }

    fn is_blank(&self) -> bool {
        self.0.iter().all(|piece| piece.text.trim().is_empty())
    }

    fn is_table_row(&self) -> bool {
        self.0.iter().any(|piece| piece.text.contains('\t'))
    }
}

/// Splits a text into lines and marks the words of `query`, on a blocking thread: a long text takes a while.
pub(super) async fn lines(text: String, query: String) -> Result<Vec<Line>, Problem> {
    let split = move || split(&text, &query);
    tokio::task::spawn_blocking(split).await.map_err(|error| Problem::internal(&error.into()))
}

fn split(text: &str, query: &str) -> Vec<Line> {
    let marked = if query.is_empty() { Vec::new() } else { search::highlights(query, text) };
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split('\n').take(MAX_LINES) {
        let end = start + line.len();
        let mut pieces = Vec::new();
        let mut at = start;
        let first = marked.partition_point(|range| range.end <= start);
        for range in marked[first..].iter().take_while(|range| range.start < end) {
            let (from, to) = (range.start.max(start), range.end.min(end));
            pieces.push(Piece::new(&text[at..from], false));
            pieces.push(Piece::new(&text[from..to], true));
            at = to;
        }
        pieces.push(Piece::new(&text[at..end], false));
        lines.push(Line(pieces));
        start = end + 1;
    }
    lines
}

pub(super) fn text(lines: &[Line], query: &str) -> Markup {
    let marks = lines.iter().flat_map(|line| &line.0).filter(|piece| piece.is_marked).count();
    html! {
        section #text {
            h2 {
                "正文"
                @if marks > 0 {
                    span.quiet { "　“" (query) "”标出 " (marks) " 处" }
                    span.jump.screen data-jump hidden {
                        button type="button" data-step="-1" aria-label="上一处" { "↑" }
                        button type="button" data-step="1" aria-label="下一处" { "↓" }
                    }
                }
            }
            @if lines.iter().flat_map(|line| &line.0).all(|piece| piece.text.is_empty()) {
                p.quiet { "没有可显示的正文，请下载原件查看。" }
            } @else {
                div.text { @for (number, line) in (1..).zip(lines) { @if !line.is_blank() { (numbered(number, line)) } } }
                @if lines.len() == MAX_LINES { p.quiet { "正文很长，只显示前" (MAX_LINES) "行；全文请下载原件。" } }
            }
        }
    }
}

fn numbered(number: usize, line: &Line) -> Markup {
    html! {
        p.row[line.is_table_row()] id={ "L" (number) } {
            a.number href={ "#L" (number) } aria-hidden="true" tabindex="-1" { (number) }
            span { @for piece in &line.0 { @if piece.is_marked { mark { (piece.text) } } @else { (cells(&piece.text)) } } }
        }
    }
}

/// Text with a rule between the cells of a table row.
fn cells(text: &str) -> Markup {
    html! {
        @for (index, cell) in text.split('\t').enumerate() {
            @if index > 0 { i.tab {} " " }
            (cell)
        }
    }
}
