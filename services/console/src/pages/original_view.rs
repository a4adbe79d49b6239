//! An original beside its figures: drawn pages with a box for each figure, or text and tables with a mark for each.
//!
//! All of it is made here from texts and numbers; nothing of the source's own markup is shown.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use maud::{Markup, html};
use rendition::{Cell, Piece, Rendition, Sheet, SheetText};

use crate::original::Place;

/// Whether the marks lead to the figures beside the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    /// To the element with the name of the place, on the same page.
    ToFigures,
    /// Nowhere: the original stands alone.
    None,
}

/// An original. `id` is that of its report in the address of the drawn pages.
pub(crate) fn original(rendition: &Rendition, places: &[Place], id: &str, links: Links) -> Markup {
    let view = View { places, id, links };
    html! {
        @if rendition.sheets.is_empty() {
            div.document { (view.pieces(rendition)) }
            @if rendition.is_cut { p.notice { "原件很长，只显示前面一部分；全文请下载原件。" } }
        } @else {
            div.sheets { @for (number, sheet) in (1..).zip(&rendition.sheets) { (view.sheet(number, sheet)) } }
        }
    }
}

/// The id of the element of a place in the original.
pub(crate) fn anchor(name: &str) -> String {
    format!("at-{name}")
}

/// The names of the places that have an element in the original.
pub(crate) fn shown(rendition: &Rendition, places: &[Place]) -> BTreeSet<String> {
    if rendition.sheets.is_empty() {
        let marked = rendition.marks.iter().filter_map(|mark| places.get(mark.target as usize));
        return marked.map(|place| place.name.clone()).collect();
    }
    let has_page =
        |place: &&Place| place.origin.page.is_some_and(|page| page as usize <= rendition.sheets.len());
    let on_page = places.iter().filter(has_page);
    on_page.filter(|place| place.origin.area.is_some()).map(|place| place.name.clone()).collect()
}

struct View<'a> {
    places: &'a [Place],
    id: &'a str,
    links: Links,
}

/// Points by which a box is larger than the characters in it.
const MARGIN: f32 = 1.5;

impl View<'_> {
    fn href(&self, names: &[&str]) -> Option<String> {
        let name = names.first().filter(|_| self.links == Links::ToFigures)?;
        Some(format!("#{name}"))
    }

    fn sheet(&self, number: u32, sheet: &Sheet) -> Markup {
        let (width, height) = (sheet.width.round(), sheet.height.round());
        html! {
            figure.sheet id={ "page-" (number) } data-page=(number) {
                img loading="lazy" decoding="async" width=(width) height=(height) alt={ "原件第" (number) "页" }
                    src={ "/api/v1/reports/" (self.id) "/page/" (number) ".png" };
                svg viewBox={ "0 0 " (sheet.width) " " (sheet.height) } aria-label={ "第" (number) "页上的数字" } {
                    g.unembedded aria-hidden="true" { @for text in &sheet.texts { (undrawn(text)) } }
                    (self.boxes(number))
                }
                figcaption { "第" (number) "页" }
            }
        }
    }

    /// A box for each place on the page; places in the same box share it.
    fn boxes(&self, number: u32) -> Markup {
        let mut boxes: BTreeMap<[u16; 4], Vec<&Place>> = BTreeMap::new();
        for place in self.places.iter().filter(|place| place.origin.page == Some(number)) {
            if let Some(area) = place.origin.area {
                let corners = [area.top, area.left, area.bottom, area.right];
                boxes.entry(corners).or_default().push(place);
            }
        }
        html! {
            @for ([top, left, bottom, right], places) in boxes {
                @let names: Vec<&str> = places.iter().map(|place| place.name.as_str()).collect();
                @let href = self.href(&names);
                // The box has no text of its own; without a link it needs none.
                @let label = href.is_some().then_some(&places[0].label);
                @let [top, left, bottom, right] = [top, left, bottom, right].map(f32::from);
                @let (x, y) = (left - MARGIN, top - MARGIN);
                @let (width, height) = (right - left + 2.0 * MARGIN, bottom - top + 2.0 * MARGIN);
                @for name in &names[1..] { g id=(anchor(name)) {} }
                a.place id=(anchor(names[0])) href=[href] aria-label=[label] data-at=(names.join(" "))
                    tabindex="-1" {
                    rect x=(x) y=(y) width=(width) height=(height) {}
                }
            }
        }
    }

    fn pieces(&self, rendition: &Rendition) -> Markup {
        let mut marks: HashMap<(u32, u32, u32), Vec<Span<'_>>> = HashMap::new();
        for mark in &rendition.marks {
            let Some(place) = self.places.get(mark.target as usize) else { continue };
            let span = Span { from: mark.from as usize, to: mark.to as usize, name: &place.name };
            marks.entry((mark.piece, mark.row, mark.cell)).or_default().push(span);
        }
        let marks_of =
            |piece, row, cell| marks.get(&(piece, row, cell)).map(Vec::as_slice).unwrap_or_default();
        html! {
            @for (index, piece) in (0..).zip(&rendition.pieces) {
                @if piece.rows.is_empty() {
                    (self.paragraph(piece, marks_of(index, 0, 0)))
                } @else {
                    div.scroll tabindex="0" { table.source { tbody {
                        @for (row, cells) in (0..).zip(&piece.rows) {
                            tr { @for (cell, own) in (0..).zip(&cells.cells) { (self.cell(own, marks_of(index, row, cell))) } }
                        }
                    } } }
                }
            }
        }
    }

    fn paragraph(&self, piece: &Piece, marks: &[Span<'_>]) -> Markup {
        html! {
            @if !piece.text.is_empty() || !marks.is_empty() {
                p.heading[piece.level > 0] { (self.text(&piece.text, marks)) }
            }
        }
    }

    fn cell(&self, cell: &Cell, marks: &[Span<'_>]) -> Markup {
        let rows = (cell.row_span > 1).then_some(cell.row_span);
        let columns = (cell.column_span > 1).then_some(cell.column_span);
        // A figure that fills its cell is the cell.
        let is_whole = |span: &&Span<'_>| span.from == 0 && span.to >= cell.text.len();
        let whole: Vec<&str> = marks.iter().filter(is_whole).map(|span| span.name).collect();
        let parts: Vec<Span<'_>> = marks.iter().filter(|span| !is_whole(span)).copied().collect();
        html! {
            @if whole.is_empty() {
                td rowspan=[rows] colspan=[columns] { (self.text(&cell.text, marks)) }
            } @else {
                td.place rowspan=[rows] colspan=[columns] id=(anchor(whole[0])) data-at=(whole.join(" ")) {
                    @for name in &whole[1..] { i id=(anchor(name)) {} }
                    @if let (Some(href), true) = (self.href(&whole), parts.is_empty()) {
                        a href=(href) tabindex="-1" aria-label=[cell.text.is_empty().then_some("空格")] { (cell.text) }
                    } @else { (self.text(&cell.text, &parts)) }
                }
            }
        }
    }

    /// A text with its marks. Marks may overlap, so that each part has the names of all marks over it.
    fn text(&self, text: &str, marks: &[Span<'_>]) -> Markup {
        let inside = |at: usize| at <= text.len() && text.is_char_boundary(at);
        let marks: Vec<&Span<'_>> =
            marks.iter().filter(|span| inside(span.from) && inside(span.to)).collect();
        let mut edges: BTreeSet<usize> = marks.iter().flat_map(|span| [span.from, span.to]).collect();
        edges.extend([0, text.len()]);
        let edges: Vec<usize> = edges.into_iter().collect();
        let mut begun = BTreeSet::new();
        let parts = edges.windows(2).map(|edge| {
            let (from, to) = (edge[0], edge[1]);
            let over = marks.iter().filter(|span| span.from <= from && span.to >= to);
            // The shortest mark is what a click means.
            let mut over: Vec<&&Span<'_>> = over.map(|span| span as &&Span<'_>).collect();
            over.sort_by_key(|span| span.to - span.from);
            let names: Vec<&str> = over.iter().map(|span| span.name).collect();
            let fresh: Vec<&str> =
                names.iter().copied().filter(|name| begun.insert((*name).to_owned())).collect();
            (&text[from..to], names, fresh)
        });
        let parts: Vec<_> = parts.collect();
        let empty = marks.iter().filter(|span| span.from == span.to);
        html! {
            @for span in empty { span.place id=(anchor(span.name)) data-at=(span.name) {} }
            @for (part, names, fresh) in parts {
                @if names.is_empty() { (part) } @else {
                    @for name in fresh.iter().skip(1) { i id=(anchor(name)) {} }
                    a.place id=[fresh.first().map(|name| anchor(name))] href=[self.href(&names)] data-at=(names.join(" "))
                        tabindex="-1" { (part) }
                }
            }
        }
    }
}

/// A part of a text that is marked.
#[derive(Debug, Clone, Copy)]
struct Span<'a> {
    from: usize,
    to: usize,
    name: &'a str,
}

/// Characters whose font the file does not hold, set by the browser in a font of its own.
fn undrawn(text: &SheetText) -> Markup {
    let list = |numbers: &[f32]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let matrix = <[f32; 4]>::try_from(text.matrix.as_slice()).ok();
    let transform = matrix.map(|[a, b, c, d]| format!("matrix({a} {b} {c} {d} 0 0)"));
    let fill = (text.color != 0).then(|| format!("#{:06x}", text.color & 0x00FF_FFFF));
    html! {
        text x=(list(&text.x)) y=(list(&text.y)) font-size=(text.size) transform=[transform] fill=[fill] { (text.text) }
    }
}

#[cfg(test)]
mod tests {
    use report::{Area, Origin};

    use super::*;

    fn view(links: Links) -> View<'static> {
        View { places: &[], id: "k", links }
    }

    fn drawn(text: &str, marks: &[(usize, usize, &'static str)]) -> String {
        let marks: Vec<Span<'_>> =
            marks.iter().map(|(from, to, name)| Span { from: *from, to: *to, name }).collect();
        view(Links::ToFigures).text(text, &marks).into_string()
    }

    #[test]
    fn overlapping_marks_have_an_element_each() {
        assert_eq!(drawn("<b>", &[]), "&lt;b&gt;");
        let one = drawn("a9b", &[(1, 2, "cell-x")]);
        assert_eq!(
            one,
            "a<a class=\"place\" id=\"at-cell-x\" href=\"#cell-x\" data-at=\"cell-x\" tabindex=\"-1\">9</a>b"
        );
        let both = drawn("共9件", &[(0, 7, "finding-0"), (3, 4, "cell-x")]);
        for id in ["id=\"at-finding-0\"", "id=\"at-cell-x\"", "data-at=\"cell-x finding-0\""] {
            assert_eq!(both.matches(id).count(), 1, "{both}");
        }
        let same = drawn("9", &[(0, 1, "cell-x"), (0, 1, "cell-y")]);
        assert_eq!(same.matches("id=\"at-cell-y\"").count(), 1, "{same}");
        // A mark that does not fit is no reason to show nothing.
        assert_eq!(drawn("年", &[(1, 2, "cell-x"), (0, 9, "cell-y")]), "年");
    }

    #[test]
    fn boxes_of_the_same_place_are_one() {
        let area = Area { left: 10, top: 20, right: 30, bottom: 32 };
        let origin = Origin { page: Some(1), area: Some(area), ..Origin::default() };
        let places = ["cell-x", "cell-y"].map(|name| Place::new(name, origin));
        let rendition = Rendition {
            sheets: vec![Sheet { width: 100.0, height: 200.0, ..Sheet::default() }],
            ..Rendition::default()
        };
        let html = original(&rendition, &places, "k", Links::ToFigures).into_string();
        assert_eq!(html.matches("<rect ").count(), 1);
        assert!(html.contains("data-at=\"cell-x cell-y\"") && html.contains("id=\"at-cell-y\""), "{html}");
        // A link of a drawing has no text, so it says what it leads to.
        assert!(html.contains("href=\"#cell-x\" aria-label=\"名称 cell-x\""), "{html}");
        assert_eq!(shown(&rendition, &places).len(), 2);
        let alone = original(&rendition, &places, "k", Links::None).into_string();
        assert!(!alone.contains("href") && !alone.contains("名称"), "{alone}");
    }
}
