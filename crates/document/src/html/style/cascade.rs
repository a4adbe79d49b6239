//! The rules that match an element, and the style that they make together.

use std::collections::HashMap;

use scraper::selector::Simple;
use scraper::{ElementRef, Html};
use selectors::context::{
    MatchingContext, MatchingForInvalidation, MatchingMode, NeedsSelectorFlags, QuirksMode, SelectorCaches,
};
use selectors::matching::matches_selector;
use selectors::parser::Component;

use super::property::{Align, Declaration, Display, Setting};
use super::sheet::{self, ElementPart, Rule, Rules};
use super::value::{Colour, Length, colour_of_attribute, length_of};
use super::{FONT_SIZE, Style};

/// Comparisons of elements with selectors, each counted with what it looks at. A page of 20,000 elements with the
/// style sheets of its site takes two million.
const MOST_COMPARISONS: usize = 20_000_000;
/// Bytes of attributes that are compared as fast as one element.
const ATTRIBUTES_AT_ONCE: usize = 256;

/// The style sheets of a page, ready to be asked for each element in the order of the page.
pub(in crate::html) struct Cascade {
    rules: Vec<Rule>,
    by_id: HashMap<String, Vec<usize>>,
    by_class: HashMap<String, Vec<usize>>,
    by_name: HashMap<String, Vec<usize>>,
    for_all: Vec<usize>,
    is_quirky: bool,
    looks_at_siblings: bool,
    caches: SelectorCaches,
    left: usize,
    /// Whether not all rules could be compared with all elements.
    pub(in crate::html) is_cut: bool,
}

/// What matching an element costs.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::html) struct Weight {
    /// Of the element alone.
    own: usize,
    /// Together with the elements around.
    path: usize,
    /// Of the elements beside it.
    beside: usize,
}

impl Weight {
    /// The weight of a child.
    pub(in crate::html) fn of_child(self, child: ElementRef, beside: usize) -> Weight {
        let bytes: usize = child.value().attrs().map(|(_, value)| value.len()).sum();
        let own = 1 + bytes / ATTRIBUTES_AT_ONCE;
        Weight { own, path: self.path + own, beside }
    }
}

/// The styles of an element and of what is generated in it.
pub(in crate::html) struct Styles {
    pub(in crate::html) element: Style,
    pub(in crate::html) before: Option<Style>,
    pub(in crate::html) after: Option<Style>,
    pub(in crate::html) first_letter: Option<Style>,
}

impl Cascade {
    /// Reads the style sheets of a page.
    pub(in crate::html) fn new(tree: &Html) -> Cascade {
        let mut rules = Rules::default();
        for element in tree.tree.root().descendants().filter_map(ElementRef::wrap) {
            let value = |name| element.attr(name).map(str::trim).unwrap_or("");
            let is_css = value("type").is_empty() || value("type").eq_ignore_ascii_case("text/css");
            if element.value().name() == "style"
                && is_css
                && super::screen::matches(&value("media").to_ascii_lowercase())
            {
                rules.add(&element.text().collect::<String>());
            }
        }
        let mut cascade = Cascade {
            is_cut: rules.are_cut,
            looks_at_siblings: rules.rules.iter().any(|rule| rule.is_of_siblings),
            rules: rules.rules,
            by_id: HashMap::new(),
            by_class: HashMap::new(),
            by_name: HashMap::new(),
            for_all: Vec::new(),
            is_quirky: tree.quirks_mode == html5ever::interface::QuirksMode::Quirks,
            caches: SelectorCaches::default(),
            left: MOST_COMPARISONS,
        };
        for (index, rule) in cascade.rules.iter().enumerate() {
            let folded =
                |name: &str| if cascade.is_quirky { name.to_ascii_lowercase() } else { name.to_owned() };
            // The compound that the element itself has to match comes first.
            let (mut id, mut class, mut name) = (None, None, None);
            for component in rule.selector.iter() {
                match component {
                    Component::ID(found) => id = Some(folded(&found.0)),
                    Component::Class(found) => class = Some(folded(&found.0)),
                    Component::LocalName(found) => name = Some(found.lower_name.0.to_string()),
                    _ => {}
                }
            }
            let list = match (id, class, name) {
                (Some(id), ..) => cascade.by_id.entry(id).or_default(),
                (_, Some(class), _) => cascade.by_class.entry(class).or_default(),
                (.., Some(name)) => cascade.by_name.entry(name).or_default(),
                _ => &mut cascade.for_all,
            };
            list.push(index);
        }
        cascade
    }

    /// The styles of an element.
    pub(in crate::html) fn styles(&mut self, element: ElementRef, parent: &Style, weight: Weight) -> Styles {
        let matching = self.matching(element, weight);
        let base = base_style(element, parent, self.is_quirky);
        let mut whole = base.clone();
        let own = element.attr("style").map(sheet::declarations).unwrap_or_default();
        let of_part = |part: ElementPart| -> Vec<&[Declaration]> {
            let rules = matching.iter().filter_map(|index| self.rules.get(*index));
            rules.filter(|rule| rule.part == part).map(|rule| &*rule.declarations).collect()
        };
        let mut rules = of_part(ElementPart::Whole);
        rules.push(&own);
        apply(&mut whole, &rules, parent);
        if element.value().name() == "html" {
            whole.root_size = whole.font_size;
        }
        let generated = |part: ElementPart| {
            let rules = of_part(part);
            (!rules.is_empty()).then(|| {
                let mut style = whole.for_child();
                apply(&mut style, &rules, &whole);
                style
            })
        };
        Styles {
            before: generated(ElementPart::Before),
            after: generated(ElementPart::After),
            first_letter: generated(ElementPart::FirstLetter),
            element: whole,
        }
    }

    /// The rules that match an element, the strongest last.
    fn matching(&mut self, element: ElementRef, weight: Weight) -> Vec<usize> {
        let folded = |name: &str| if self.is_quirky { name.to_ascii_lowercase() } else { name.to_owned() };
        let mut candidates: Vec<usize> = self.for_all.clone();
        candidates
            .extend(element.value().id().and_then(|id| self.by_id.get(&folded(id))).into_iter().flatten());
        if !self.by_class.is_empty() {
            for class in element.value().classes() {
                candidates.extend(self.by_class.get(&folded(class)).into_iter().flatten());
            }
        }
        candidates.extend(self.by_name.get(element.value().name()).into_iter().flatten());
        if candidates.is_empty() {
            return candidates;
        }
        let quirks = if self.is_quirky { QuirksMode::Quirks } else { QuirksMode::NoQuirks };
        let mut context: MatchingContext<Simple> = MatchingContext::new(
            MatchingMode::Normal,
            None,
            &mut self.caches,
            quirks,
            NeedsSelectorFlags::No,
            MatchingForInvalidation::No,
        );
        let (rules, left, is_cut) = (&self.rules, &mut self.left, &mut self.is_cut);
        candidates.retain(|index| {
            let Some(rule) = rules.get(*index) else { return false };
            let cost = if rule.looks_around { weight.path } else { weight.own };
            let cost = if rule.is_of_siblings { cost + weight.beside } else { cost };
            let cost = match rule.looks_inside {
                true => cost + weight.path * element.descendants().take(*left).count(),
                false => cost,
            };
            match left.checked_sub(cost) {
                Some(rest) => *left = rest,
                None => {
                    *is_cut = true;
                    return false;
                }
            }
            matches_selector(&rule.selector, 0, None, &element, &mut context)
        });
        candidates.sort_by_key(|index| {
            let rule = rules.get(*index);
            rule.map(|rule| (!rule.is_layered, rule.selector.specificity(), *index))
        });
        candidates
    }

    /// How many children an element has, where a rule looks at them.
    pub(in crate::html) fn children(&self, element: ElementRef) -> usize {
        if self.looks_at_siblings { element.children().count() } else { 0 }
    }
}

/// Applies declarations, the strongest last and important ones after all others.
fn apply(style: &mut Style, rules: &[&[Declaration]], parent: &Style) {
    for is_important in [false, true] {
        // Variables are set before they are used.
        for is_variable in [true, false] {
            let declarations = rules.iter().flat_map(|declarations| declarations.iter());
            for declaration in declarations.filter(|declaration| declaration.is_important == is_important) {
                if matches!(declaration.setting, Setting::Variable(..)) == is_variable {
                    style.apply(&declaration.setting, parent);
                }
            }
        }
    }
}

/// What browsers do by themselves, and what attributes say.
fn base_style(element: ElementRef, parent: &Style, is_quirky: bool) -> Style {
    let mut style = parent.for_child();
    let name = element.value().name();
    style.display = display(name);
    match name {
        "s" | "strike" | "del" => style.is_struck = true,
        "sup" => style.align = Align::Up,
        "sub" => style.align = Align::Down,
        "bdo" => style.overrides = true,
        "ul" | "menu" => style.is_numbered = false,
        "ol" => style.is_numbered = true,
        "table" => {
            style.indent = Length::Px(0.0);
            if is_quirky {
                style.font_size = FONT_SIZE;
            }
        }
        "input" | "textarea" | "select" | "button" => {
            (style.indent, style.font_size, style.colour) = (Length::Px(0.0), FONT_SIZE, Colour::BLACK);
        }
        "audio" if element.attr("controls").is_none() => style.display = Display::None,
        "dialog" if element.attr("open").is_none() => style.display = Display::None,
        "font" => {
            if let Some(size) = element.attr("size").and_then(font_size) {
                style.font_size = size;
            }
            style.colour = element.attr("color").and_then(colour_of_attribute).unwrap_or(style.colour);
        }
        "body" => style.colour = element.attr("text").and_then(colour_of_attribute).unwrap_or(style.colour),
        _ => {}
    }
    if matches!(name, "body" | "table" | "tbody" | "thead" | "tfoot" | "tr" | "td" | "th") {
        style.ground = element.attr("bgcolor").and_then(colour_of_attribute).unwrap_or(style.ground);
    }
    match element.attr("dir") {
        Some(dir) if dir.eq_ignore_ascii_case("rtl") => style.is_rtl = true,
        Some(dir) if dir.eq_ignore_ascii_case("ltr") => style.is_rtl = false,
        _ => {}
    }
    if matches!(name, "iframe" | "object" | "embed" | "img" | "video" | "canvas") {
        let size = |name| element.attr(name).and_then(|value| length_of(&format!("{}px", value.trim())));
        (style.width, style.height) =
            (size("width").unwrap_or(style.width), size("height").unwrap_or(style.height));
    }
    if element.attr("hidden").is_some() || element.attr("popover").is_some() {
        style.display = Display::None;
    }
    style
}

/// The sizes of `<font size>`.
fn font_size(value: &str) -> Option<f32> {
    let value = value.trim();
    let number: i32 = value.trim_start_matches('+').parse().ok()?;
    let size = if value.starts_with(['+', '-']) { 3 + number } else { number };
    Some(match size {
        ..=1 => 10.0,
        2 => 13.0,
        3 => 16.0,
        4 => 18.0,
        5 => 24.0,
        6 => 32.0,
        _ => 48.0,
    })
}

fn display(name: &str) -> Display {
    match name {
        "area" | "base" | "datalist" | "head" | "link" | "meta" | "noembed" | "noframes" | "noscript"
        | "param" | "rp" | "rt" | "script" | "style" | "template" | "title" => Display::None,
        "tr" | "td" | "th" | "thead" | "tbody" | "tfoot" | "col" | "colgroup" => Display::Table,
        name if super::super::breaks(name) => Display::Block,
        _ => Display::Inline,
    }
}
