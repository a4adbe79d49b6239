//! What a person sees of each element of a page.
//!
//! One pass over the tree computes the style of each element and judges it: it is not shown at all, its text is not
//! drawn, or what is seen of its text may differ from what is stored. Only elements that differ from plain text on a
//! plain ground are kept.

use std::collections::HashMap;
use std::rc::Rc;

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use scraper::{ElementRef, Html, Node};

use super::scripts;
use super::style::{
    Align, Cascade, Clip, Colour, Display, Float, Length, Piece, Position, Side, Style, Transform, Weight,
};
use crate::model::{Doubt, is_blank};

/// Differences of colours up to which text cannot be distinguished from its ground, of 255. Light grey on white has 51.
const NEAR: f32 = 32.0;
/// Text of less opacity is not drawn.
const CLEAR: f32 = 0.05;
/// Text of less opacity is hard to see.
const FAINT: f32 = 0.25;
/// Pixels of a font below which nothing is drawn.
const NO_SIZE: f32 = 0.5;
/// Pixels of a font below which text cannot be read.
const TINY: f32 = 3.0;
/// Pixels by which text is moved off the screen. Pages in the middle of the screen are moved by half their width.
const FAR: f32 = 1_000.0;
/// Sizes of the font by which text is moved to another place.
const ELSEWHERE: f32 = 1.5;
/// Nodes in which the longest word of a narrow box is sought.
const MOST_SOUGHT: usize = 200;
/// Cells of a table that is looked for where a page shows none.
const TABLE: usize = 20;

/// What a person sees of an element.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Ink {
    /// It is not shown, nor is anything in it.
    pub(super) is_gone: bool,
    /// It shows something that is not its text, like a picture or a field of a form.
    pub(super) is_replaced: bool,
    /// The text that stands in it is not drawn.
    pub(super) is_unseen: bool,
    /// Why the text that stands in it is doubtful.
    pub(super) doubt: Option<Doubt>,
    /// The element around the text that is not where the text around it is.
    pub(super) moved: Option<Moved>,
    pub(super) shift: Option<Shift>,
    /// Whether it ends a line, where its style says so.
    pub(super) breaks: Option<bool>,
    /// Whether a script writes into it.
    pub(super) is_written: bool,
}

/// An element out of the order of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) id: NodeId,
    /// It goes to the left, so that it stays in order where nothing precedes it.
    pub(super) is_left: bool,
}

/// Text off its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shift {
    Up,
    Down,
}

/// Text that a style sheet writes; none where it is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Generated(pub(super) Option<String>);

/// What a person sees of a page.
pub(super) struct Inks {
    inks: HashMap<NodeId, Ink>,
    before: HashMap<NodeId, Generated>,
    after: HashMap<NodeId, Generated>,
    /// Not all style sheets could be applied to all elements.
    pub(super) is_cut: bool,
    /// Whether a large table is hidden by its style, which a script may show.
    pub(super) hides_tables: bool,
}

impl Inks {
    pub(super) fn of(&self, id: NodeId) -> Ink {
        self.inks.get(&id).copied().unwrap_or_default()
    }

    pub(super) fn before(&self, id: NodeId) -> Option<&Generated> {
        self.before.get(&id)
    }

    pub(super) fn after(&self, id: NodeId) -> Option<&Generated> {
        self.after.get(&id)
    }

    /// Judges all elements of a page. What styles hide is shown as doubtful where `shows_hidden`.
    pub(super) fn new(tree: &Html, shows_hidden: bool) -> Inks {
        let mut judge = Judge {
            cascade: Cascade::new(tree),
            written: scripts::written(tree),
            has_other_sheets: has_other_sheets(tree),
            shows_hidden,
            inks: Inks {
                inks: HashMap::new(),
                before: HashMap::new(),
                after: HashMap::new(),
                is_cut: false,
                hides_tables: false,
            },
        };
        let mut open: Vec<Around> = vec![Around::default()];
        // The outermost element that is gone.
        let mut gone: Option<NodeId> = None;
        for edge in tree.tree.root().traverse() {
            match edge {
                Edge::Open(node) => {
                    if gone.is_none()
                        && let Some(element) = ElementRef::wrap(node)
                        && let Some(around) = open.last_mut()
                    {
                        match judge.element(element, around) {
                            Some(inside) => open.push(inside),
                            None => gone = Some(node.id()),
                        }
                    }
                }
                Edge::Close(node) if gone == Some(node.id()) => gone = None,
                Edge::Close(node) if gone.is_none() && node.value().is_element() => drop(open.pop()),
                Edge::Close(_) => {}
            }
        }
        judge.inks.is_cut = judge.cascade.is_cut;
        judge.inks
    }
}

/// What surrounds the elements in an element.
#[derive(Clone)]
struct Around {
    style: Rc<Style>,
    weight: Weight,
    /// How many children are in it, where rules look at them.
    children: usize,
    opacity: f32,
    is_clipped: bool,
    doubt: Option<Doubt>,
    /// The colour behind the text; none where it is not known.
    ground: Option<[f32; 3]>,
    moved: Option<Moved>,
    is_in_cell: bool,
    overrides: bool,
    /// A closed `<details>`, of which only the first summary is shown.
    closed: Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closed {
    No,
    /// Its summary has not come yet.
    Waits,
    Yes,
}

impl Default for Around {
    fn default() -> Around {
        Around {
            style: Rc::default(),
            weight: Weight::default(),
            children: 0,
            opacity: 1.0,
            is_clipped: false,
            doubt: None,
            ground: Some([255.0; 3]),
            moved: None,
            is_in_cell: false,
            overrides: false,
            closed: Closed::No,
        }
    }
}

struct Judge {
    cascade: Cascade,
    /// The ids of elements that scripts write into.
    written: std::collections::HashSet<String>,
    /// Whether the page has style sheets outside of the file.
    has_other_sheets: bool,
    shows_hidden: bool,
    inks: Inks,
}

impl Judge {
    /// Judges an element; what surrounds the elements in it, or none if nothing in it is shown.
    fn element(&mut self, element: ElementRef, around: &mut Around) -> Option<Around> {
        let name = element.value().name();
        let weight = around.weight.of_child(element, around.children);
        let styles = self.cascade.styles(element, &around.style, weight);
        let style = &styles.element;
        let is_page = matches!(name, "html" | "body");
        let is_table_part = is_of_grid(name);

        let is_in_closed = match around.closed {
            Closed::No => false,
            Closed::Waits if name == "summary" => {
                around.closed = Closed::Yes;
                false
            }
            _ => true,
        };
        // A page that hides all of itself waits for a script.
        let by_style =
            !is_page && (style.display == Display::None || !is_table_part && style.is_struck) || is_in_closed;
        let is_gone = is_never_shown(name) || by_style;
        let mut ink = Ink { is_gone, is_replaced: !by_style && is_replaced(name), ..Ink::default() };
        if by_style && !is_never_shown(name) && holds_table(element) {
            self.inks.hides_tables = true;
            ink.is_gone = !self.shows_hidden;
        }
        if ink.is_gone {
            self.inks.inks.insert(element.id(), ink);
            return None;
        }
        let is_shown_anyway = by_style;

        let opacity = if is_page { 1.0 } else { around.opacity * style.opacity };
        let clip = clip(style, element, is_table_part);
        let is_clipped = !is_page && (around.is_clipped || clip == Clip::All);
        let is_in_cell = around.is_in_cell || matches!(name, "td" | "th");
        let moved = match is_in_cell && !matches!(name, "td" | "th") && is_moved(style, &around.style) {
            true => Some(Moved { id: element.id(), is_left: style.floats == Float::Left }),
            false => around.moved,
        };
        let overrides = around.overrides && !matches!(style.display, Display::InlineBlock | Display::Block)
            || style.overrides;
        let new = subtree_doubt(style, clip, is_in_cell, is_table_part, is_shown_anyway);
        let new = new.or_else(|| (is_in_cell && is_overlapped(style, element)).then_some(Doubt::Overlapping));
        let new = new.or_else(|| is_part_unknown(style, &around.style, element).then_some(Doubt::SameColour));
        let doubt = around.doubt.or(new);
        let ground = match style.ground {
            Colour::Rgba(colour, alpha) => around.ground.map(|ground| over(colour, alpha, ground)),
            Colour::Current => letters(style).map(|(colour, _)| colour),
            Colour::Unknown => None,
        };
        let ground = match style.ground {
            Colour::Rgba(colour, 1.0) => Some(colour),
            _ => ground,
        };

        let closed = match name == "details" && element.attr("open").is_none() {
            true => Closed::Waits,
            false => Closed::No,
        };
        let inside = Around {
            weight,
            children: self.cascade.children(element),
            opacity,
            is_clipped,
            doubt,
            ground,
            moved,
            is_in_cell,
            overrides,
            closed,
            style: Rc::new(styles.element),
        };
        let style = &inside.style;
        let (is_unseen, own) = self.text(&inside, style);
        ink.is_unseen = is_unseen || closed == Closed::Waits;
        ink.doubt = own;
        ink.moved = moved;
        ink.shift = shift(name, style);
        if ink.shift.is_none() && matches!(name, "sup" | "sub") {
            // Digits that are meant to be raised stand in their line.
            ink.doubt = ink.doubt.or(Some(Doubt::Raised));
        }
        ink.breaks = style.has_own_display.then(|| breaks(style, &around.style)).flatten();
        ink.is_written = is_in_cell && element.value().id().is_some_and(|id| self.written.contains(id));
        if is_in_cell {
            self.generated(element, &inside, styles.before.as_ref(), styles.after.as_ref());
            if styles
                .first_letter
                .as_ref()
                .is_some_and(|letter| self.text(&inside, letter) != (is_unseen, own))
            {
                ink.doubt = ink.doubt.or(Some(Doubt::Hidden));
            }
            let is_item = name == "li" && style.is_numbered && !style.has_own_display;
            if is_item
                && element
                    .parent()
                    .and_then(ElementRef::wrap)
                    .is_some_and(|list| matches!(list.value().name(), "ol" | "ul"))
            {
                self.inks.before.insert(element.id(), Generated(None));
            }
        }
        if ink != Ink::default() {
            self.inks.inks.insert(element.id(), ink);
        }
        Some(inside)
    }

    /// Whether text of a style is not drawn, and why it is doubtful.
    fn text(&self, inside: &Around, style: &Style) -> (bool, Option<Doubt>) {
        let letters = letters(style);
        let is_clear = letters.is_some_and(|(_, alpha)| alpha == 0.0);
        let opacity = inside.opacity * letters.map_or(1.0, |(_, alpha)| alpha);
        if !style.is_visible
            || inside.is_clipped
            || style.font_size < NO_SIZE
            || is_clear
            || inside.opacity < CLEAR
        {
            return (true, None);
        }
        let spacing = style.spacing.px(style.font_size).unwrap_or(0.0);
        let doubt = if style.font_size < TINY {
            Some(Doubt::Tiny)
        } else if opacity < FAINT {
            Some(Doubt::Faint)
        } else if self.is_on_its_colour(inside, letters) {
            Some(Doubt::SameColour)
        } else if spacing < -0.3 * style.font_size {
            Some(Doubt::Overlapping)
        } else if style.is_rtl || inside.overrides {
            Some(Doubt::Reordered)
        } else {
            None
        };
        (false, inside.doubt.or(doubt))
    }

    fn is_on_its_colour(&self, inside: &Around, letters: Option<([f32; 3], f32)>) -> bool {
        let (Some((colour, alpha)), Some(ground)) = (letters, inside.ground) else { return false };
        // Nobody said that the letters are black: a style sheet outside of the file may say something else.
        if self.has_other_sheets && colour == [0.0; 3] {
            return false;
        }
        let seen = over(colour, alpha, ground);
        seen.iter().zip(ground).all(|(letter, ground)| (letter - ground).abs() < NEAR)
    }

    /// Keeps what style sheets write before and after the content of an element of a cell.
    fn generated(
        &mut self,
        element: ElementRef,
        inside: &Around,
        before: Option<&Style>,
        after: Option<&Style>,
    ) {
        let shown = |style: Option<&Style>| -> Option<Generated> {
            let style = style?;
            let pieces = style.content.as_ref()?;
            let is_hidden = style.display == Display::None
                || style.opacity < CLEAR
                || clip(style, element, false) == Clip::All
                || self.text(inside, style).0;
            if is_hidden {
                return None;
            }
            let mut words = String::new();
            for piece in pieces.iter() {
                match piece {
                    Piece::Words(piece) => words.push_str(piece),
                    Piece::Attribute(name) => words.push_str(element.attr(name).unwrap_or("")),
                    Piece::Unknown => return Some(Generated(None)),
                }
            }
            words.contains(changes_figure).then_some(Generated(Some(words)))
        };
        let (before, after) = (shown(before), shown(after));
        if let Some(before) = before {
            self.inks.before.insert(element.id(), before);
        }
        if let Some(after) = after {
            self.inks.after.insert(element.id(), after);
        }
    }
}

/// Whether a character beside a figure makes it another one. Arrows, stars and the pictures of icon fonts do not.
fn changes_figure(character: char) -> bool {
    character.is_alphanumeric()
        || matches!(character, '.' | '-' | '%' | ',' | '．' | '－' | '−' | '％' | '，')
}

/// The colour of the letters and its opacity; none where it is not known.
fn letters(style: &Style) -> Option<([f32; 3], f32)> {
    match style.fill.filter(|fill| *fill != Colour::Current).unwrap_or(style.colour) {
        Colour::Rgba(colour, alpha) => Some((colour, alpha)),
        Colour::Current | Colour::Unknown => None,
    }
}

/// Whether only a part of the text of a cell has a colour that is not known.
fn is_part_unknown(style: &Style, parent: &Style, element: ElementRef) -> bool {
    let is_new = letters(style).is_none() && letters(parent).is_some() || style.ground == Colour::Unknown;
    let cell = || {
        let around = element.ancestors().filter_map(ElementRef::wrap);
        around.take(MOST_SOUGHT).find(|around| matches!(around.value().name(), "td" | "th"))
    };
    let count = |element: ElementRef| {
        let texts = element.text().take(MOST_SOUGHT);
        texts.flat_map(str::chars).filter(|character| !character.is_whitespace()).count()
    };
    is_new && !is_of_grid(element.value().name()) && cell().is_some_and(|cell| count(cell) > count(element))
}

/// A colour over another one.
fn over(colour: [f32; 3], alpha: f32, ground: [f32; 3]) -> [f32; 3] {
    let mut mixed = ground;
    for (part, colour) in mixed.iter_mut().zip(colour) {
        *part += (colour - *part) * alpha;
    }
    mixed
}

/// Why everything in an element is doubtful.
fn subtree_doubt(
    style: &Style,
    clip: Clip,
    is_in_cell: bool,
    is_table_part: bool,
    is_shown_anyway: bool,
) -> Option<Doubt> {
    let is_reversed = style.reverses && style.display == Display::Flex && (is_in_cell || is_table_part);
    let is_mirrored = is_table_part && (style.floats == Float::Right || style.order != 0);
    match style.transform {
        _ if is_shown_anyway => Some(Doubt::Hidden),
        _ if is_table_part && style.is_struck => Some(Doubt::Struck),
        _ if clip == Clip::Part => Some(Doubt::Clipped),
        _ if style.is_obscured => Some(Doubt::Covered),
        Transform::Turned => Some(Doubt::OtherShape),
        Transform::Shrunk => Some(Doubt::Tiny),
        _ if is_reversed || is_mirrored || is_in_cell && is_elsewhere(style) => Some(Doubt::Reordered),
        _ => None,
    }
}

/// How far an element is moved to the right and down, in pixels: by its place and by its margins.
fn offset(style: &Style) -> [(f32, f32); 2] {
    let px = |length: Length| length.px(style.font_size);
    let side = |sides: &[Length; 4], side: Side| sides.get(side as usize).copied().and_then(px);
    let margin = |at: Side| side(&style.margin, at).filter(|margin| *margin < 0.0).unwrap_or(0.0);
    let inset = |near: Side, far: Side| match style.position {
        Position::Static => 0.0,
        _ => side(&style.inset, near).or(side(&style.inset, far).map(|far| -far)).unwrap_or(0.0),
    };
    // By more than all of its own size it leaves its place.
    let moved = |length: Length| match length {
        Length::Part(part) if part.abs() > 1.0 => 2.0 * part.signum() * style.font_size,
        length => px(length).unwrap_or(0.0),
    };
    let (right, down) = match style.transform {
        Transform::Moved(right, down) => (moved(right), moved(down)),
        _ => (0.0, 0.0),
    };
    let place = (inset(Side::Left, Side::Right) + right, inset(Side::Top, Side::Bottom) + down);
    [place, (margin(Side::Left), margin(Side::Top))]
}

/// Whether an element stands in another place than where its text belongs. Word gives the paragraphs of narrow
/// cells margins of some points less than nothing.
fn is_elsewhere(style: &Style) -> bool {
    let [place, margin] = offset(style);
    let is_far = |(right, down): (f32, f32), sizes: f32| {
        let far = sizes * style.font_size.max(TINY);
        right.abs() > far || down.abs() > far
    };
    is_far(place, ELSEWHERE) || is_far(margin, 3.0 * ELSEWHERE)
}

/// Whether an element leaves the order of the text.
fn is_moved(style: &Style, parent: &Style) -> bool {
    let [(right, down), (margin, _)] = offset(style);
    let is_in_line = matches!(style.display, Display::Inline | Display::InlineBlock);
    let size = style.font_size.max(TINY);
    style.floats != Float::None
        || style.position == Position::Absolute
        || style.order != 0
        || style.is_placed && parent.display == Display::Flex
        || right.abs() >= 0.3 * size
        || down.abs() >= 0.7 * size
        || is_in_line && margin <= -0.3 * size
}

/// Whether the text behind an element of a line stands on its own.
fn is_overlapped(style: &Style, element: ElementRef) -> bool {
    let is_in_line = matches!(style.display, Display::Inline | Display::InlineBlock);
    if !is_in_line || style.position == Position::Absolute || style.floats != Float::None {
        return false;
    }
    let px = |length: &Length| length.px(style.font_size);
    let margin = style.margin.get(Side::Right as usize).and_then(px).unwrap_or(0.0);
    let is_box = style.display == Display::InlineBlock && !style.clips;
    let width = if is_box { px(&style.width).or(px(&style.most_width)) } else { None };
    margin <= -0.3 * style.font_size.max(TINY)
        || width.is_some_and(|width| width < 100.0 && width < longest_word(element) * style.font_size * 0.35)
}

/// What is cut off from the box of an element.
fn clip(style: &Style, element: ElementRef, is_table_part: bool) -> Clip {
    let is_absolute = style.position == Position::Absolute;
    if style.clip_path == Clip::All || is_absolute && style.clip == Clip::All || is_far_away(style) {
        return Clip::All;
    }
    let is_box = is_absolute
        || style.floats != Float::None
        || !matches!(style.display, Display::Inline | Display::Contents | Display::Table);
    if is_box && !is_table_part && style.clips {
        let px = |length: Length| length.px(style.font_size);
        let least = |size, most| px(size).into_iter().chain(px(most)).reduce(f32::min);
        let width = least(style.width, style.most_width);
        let height = least(style.height, style.most_height);
        if width.is_some_and(|width| width <= 1.0) || height.is_some_and(|height| height <= 1.0) {
            return Clip::All;
        }
        let is_low = height.is_some_and(|height| height < style.font_size / 2.0);
        let is_narrow = || {
            width.is_some_and(|width| width < 100.0 && width < longest_word(element) * style.font_size / 2.0)
        };
        if is_low || is_narrow() {
            return Clip::Part;
        }
    }
    if style.clip_path == Clip::Part || is_absolute && style.clip == Clip::Part {
        Clip::Part
    } else {
        Clip::Nothing
    }
}

/// Whether an element is moved off the screen.
fn is_far_away(style: &Style) -> bool {
    let [(right, down), (margin_left, margin_top)] = offset(style);
    let (right, down) = (right + margin_left, down + margin_top);
    let is_centred = style.inset.iter().any(|side| matches!(side, Length::Part(part) if *part > 0.0));
    let indent = match style.indent {
        Length::Part(part) => part * FAR,
        indent => indent.px(style.font_size).unwrap_or(0.0),
    };
    let holds_lines =
        matches!(style.display, Display::Block | Display::InlineBlock | Display::Table | Display::Flex);
    !is_centred && (right <= -FAR || down <= -FAR)
        || holds_lines && (indent <= -FAR || style.clips && indent >= FAR)
}

/// Characters of the longest figure or word in an element that no line break divides.
fn longest_word(element: ElementRef) -> f32 {
    let texts = element.descendants().take(MOST_SOUGHT).filter_map(|node| match node.value() {
        Node::Text(text) => Some(&**text),
        _ => None,
    });
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ',');
    let longest = |text: &str| text.split(|c| !is_word(c)).map(str::len).max().unwrap_or(0);
    texts.map(longest).max().unwrap_or(0) as f32
}

fn shift(name: &str, style: &Style) -> Option<Shift> {
    let by = |height: f32| match height {
        height if height > 0.2 => Some(Shift::Up),
        height if height < -0.2 => Some(Shift::Down),
        _ => None,
    };
    if is_of_grid(name) {
        return None;
    }
    let moved = || {
        let [(_, down), _] = offset(style);
        (style.position == Position::Relative).then(|| by(-down / style.font_size.max(1.0))).flatten()
    };
    match style.align {
        Align::Up => Some(Shift::Up),
        Align::Down => Some(Shift::Down),
        Align::By(Length::Part(part)) => by(part),
        Align::By(length) => by(length.px(style.font_size).unwrap_or(0.0) / style.font_size.max(1.0)),
        // Style sheets that make all browsers alike move raised text this way.
        Align::Baseline if matches!(name, "sup" | "sub") => moved(),
        Align::Baseline => None,
    }
}

/// Whether an element of this style ends a line.
fn breaks(style: &Style, parent: &Style) -> Option<bool> {
    if parent.display == Display::Flex {
        return None;
    }
    match style.display {
        Display::Block => Some(true),
        Display::Inline | Display::InlineBlock | Display::Contents => Some(false),
        _ => None,
    }
}

/// Whether an element is part of a table, so that hiding it still takes up room.
pub(super) fn is_of_grid(name: &str) -> bool {
    matches!(name, "td" | "th" | "tr" | "tbody" | "thead" | "tfoot" | "table")
}

/// Whether the content of an element is never shown, or is none of the report.
fn is_never_shown(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "noscript"
            | "template"
            | "head"
            | "title"
            | "nav"
            | "footer"
            | "rt"
            | "rp"
            | "audio"
            | "canvas"
            | "datalist"
            | "meter"
            | "noembed"
            | "noframes"
            | "progress"
    ) || is_replaced(name)
}

/// Whether an element shows something else than the text in it.
fn is_replaced(name: &str) -> bool {
    matches!(
        name,
        "select"
            | "option"
            | "button"
            | "textarea"
            | "input"
            | "iframe"
            | "object"
            | "embed"
            | "svg"
            | "math"
            | "img"
            | "video"
    )
}

/// Whether an element holds a table that is as large as those of a report.
fn holds_table(element: ElementRef) -> bool {
    let cells = element.descendants().filter_map(ElementRef::wrap);
    cells.filter(|cell| matches!(cell.value().name(), "td" | "th")).nth(TABLE - 1).is_some()
}

/// Whether a page has style sheets that are not in the file.
fn has_other_sheets(tree: &Html) -> bool {
    let is_other = |element: ElementRef| match element.value().name() {
        "link" => element.attr("rel").is_some_and(|rel| rel.to_ascii_lowercase().contains("stylesheet")),
        "style" => element.text().any(|text| text.contains("@import")),
        _ => false,
    };
    tree.tree.root().descendants().filter_map(ElementRef::wrap).any(is_other)
}

/// Whether a text shows anything.
pub(super) fn shows(text: &str) -> bool {
    !text.chars().all(is_blank)
}
