//! What fields of forms, drawings and formulas in a cell show.

use scraper::{ElementRef, Node};

use super::source_markers::pieces;
use crate::model::{Doubt, is_blank};

/// Elements of a drawing or a formula that are read. Larger ones are no figure.
const MOST_NODES: usize = 1_000;
/// Pixels up to which a picture is there for the layout.
const SPACER: u32 = 4;

/// The text that an element shows.
pub(super) struct Shown {
    pub(super) text: String,
    pub(super) doubt: Option<Doubt>,
}

/// What an element shows in place of its content; none if that is nothing.
pub(super) fn shown(element: ElementRef) -> Option<Shown> {
    let plain = |text: String| Shown { text, doubt: None };
    let shown = match element.value().name() {
        "input" => plain(value(element)?),
        "textarea" | "button" => plain(text(element)),
        "select" => Shown {
            text: text(chosen(element)?),
            doubt: element.attr("multiple").or(element.attr("size")).map(|_| Doubt::Hidden),
        },
        "svg" => Shown { text: drawn(element), doubt: Some(Doubt::Covered) },
        "math" => Shown { text: text(element), doubt: arranged(element).then_some(Doubt::Fraction) },
        _ => return None,
    };
    (!shown.text.is_empty()).then_some(shown)
}

/// Whether a picture can be seen, and is not only there for the layout.
pub(super) fn is_visible(element: ElementRef) -> bool {
    let size =
        |name| element.attr(name).and_then(|size| size.trim().trim_end_matches("px").parse::<u32>().ok());
    let is_spacer = [size("width"), size("height")].into_iter().flatten().any(|size| size <= SPACER);
    let shows =
        ["src", "data", "srcdoc", "poster", "srcset"].into_iter().any(|name| element.attr(name).is_some());
    shows && !is_spacer
}

/// The value of a field; none if it shows no text.
fn value(input: ElementRef) -> Option<String> {
    let kind = input.attr("type").unwrap_or("text").to_ascii_lowercase();
    match kind.as_str() {
        "hidden" | "checkbox" | "radio" | "file" | "image" | "range" | "color" | "password" => None,
        _ => {
            let (_, value) = super::source_markers::offset(input.attr("value").unwrap_or(""));
            Some(value.trim().to_owned())
        }
    }
}

/// The option that is shown: the last one that is selected, or the first one.
fn chosen(select: ElementRef) -> Option<ElementRef> {
    let options = || {
        let elements = select.descendants().filter_map(ElementRef::wrap);
        elements.filter(|element| element.value().name() == "option")
    };
    options().filter(|option| option.attr("selected").is_some()).last().or_else(|| options().next())
}

/// The text in an element in one line.
fn text(element: ElementRef) -> String {
    texts(element, |_| true)
}

/// The words in a drawing.
fn drawn(svg: ElementRef) -> String {
    texts(svg, |parent| matches!(parent, "text" | "tspan" | "textPath"))
}

fn texts(element: ElementRef, is_read: impl Fn(&str) -> bool) -> String {
    let mut words = String::new();
    for node in element.descendants().take(MOST_NODES) {
        let parent =
            node.parent().and_then(|parent| parent.value().as_element().map(|element| element.name()));
        if let (Node::Text(text), Some(parent)) = (node.value(), parent)
            && is_read(parent)
        {
            words.extend(pieces(text).map(|(_, piece)| piece));
        }
    }
    words.trim_matches(is_blank).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a formula is more than one line of signs.
fn arranged(math: ElementRef) -> bool {
    let elements = math.descendants().take(MOST_NODES).filter_map(ElementRef::wrap);
    elements.skip(1).any(|element| {
        !matches!(
            element.value().name(),
            "mrow" | "mn" | "mo" | "mi" | "mtext" | "semantics" | "mstyle" | "mspace"
        )
    })
}
