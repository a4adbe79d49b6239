//! The style of each element of a page: its own style sheets, its attributes and what browsers do by themselves.
//!
//! A small cascade over the properties that decide what a person sees: the style sheets are parsed by
//! `cssparser`, their selectors matched by `selectors`. Style sheets outside of the file are not known and count
//! for nothing.

mod cascade;
mod property;
mod screen;
mod sheet;
mod value;

use std::collections::HashMap;
use std::rc::Rc;

pub(super) use cascade::{Cascade, Weight};
pub(super) use property::{Align, Clip, Display, Float, Piece, Position, Side, Transform};
pub(super) use value::{Colour, Length};

use property::{Property, Setting, Wide, settings};

/// The size of text in pixels where nothing is said.
pub(super) const FONT_SIZE: f32 = 16.0;
/// Characters of a value after its variables are replaced. Longer ones multiply themselves.
const LONGEST_VALUE: usize = 2_000;
/// Variables inside variables.
const MOST_NESTED: usize = 8;

/// Custom properties by their names.
type Variables = HashMap<Rc<str>, Rc<str>>;

/// The computed style of an element.
#[derive(Debug, Clone)]
pub(super) struct Style {
    // Inherited:
    pub(super) is_visible: bool,
    pub(super) colour: Colour,
    /// The colour of the letters where it differs.
    pub(super) fill: Option<Colour>,
    /// In pixels.
    pub(super) font_size: f32,
    /// That of the root element.
    root_size: f32,
    pub(super) indent: Length,
    pub(super) spacing: Length,
    pub(super) is_rtl: bool,
    pub(super) is_numbered: bool,
    variables: Option<Rc<Variables>>,
    // Of the element itself:
    pub(super) display: Display,
    pub(super) opacity: f32,
    pub(super) ground: Colour,
    pub(super) is_struck: bool,
    pub(super) position: Position,
    /// Left, right, top, bottom.
    pub(super) inset: [Length; 4],
    pub(super) margin: [Length; 4],
    pub(super) width: Length,
    pub(super) height: Length,
    pub(super) most_width: Length,
    pub(super) most_height: Length,
    pub(super) clips: bool,
    pub(super) clip: Clip,
    pub(super) clip_path: Clip,
    pub(super) overrides: bool,
    pub(super) order: i32,
    /// In a certain field of a grid.
    pub(super) is_placed: bool,
    pub(super) floats: Float,
    pub(super) reverses: bool,
    pub(super) transform: Transform,
    pub(super) align: Align,
    pub(super) is_obscured: bool,
    /// Of a pseudo-element.
    pub(super) content: Option<Rc<[Piece]>>,
    /// Whether the page says how it is displayed, and not only the browser.
    pub(super) has_own_display: bool,
}

impl Default for Style {
    fn default() -> Style {
        Style {
            is_visible: true,
            colour: Colour::BLACK,
            fill: None,
            font_size: FONT_SIZE,
            root_size: FONT_SIZE,
            indent: Length::Px(0.0),
            spacing: Length::Auto,
            is_rtl: false,
            is_numbered: true,
            variables: None,
            display: Display::Inline,
            opacity: 1.0,
            ground: Colour::CLEAR,
            is_struck: false,
            position: Position::Static,
            inset: [Length::Auto; 4],
            margin: [Length::Px(0.0); 4],
            width: Length::Auto,
            height: Length::Auto,
            most_width: Length::Auto,
            most_height: Length::Auto,
            clips: false,
            clip: Clip::Nothing,
            clip_path: Clip::Nothing,
            overrides: false,
            order: 0,
            is_placed: false,
            floats: Float::None,
            reverses: false,
            transform: Transform::None,
            align: Align::Baseline,
            is_obscured: false,
            content: None,
            has_own_display: false,
        }
    }
}

impl Style {
    /// The style that a child begins with.
    fn for_child(&self) -> Style {
        Style {
            is_visible: self.is_visible,
            colour: self.colour,
            fill: self.fill,
            font_size: self.font_size,
            root_size: self.root_size,
            indent: self.indent,
            spacing: self.spacing,
            is_rtl: self.is_rtl,
            is_numbered: self.is_numbered,
            variables: self.variables.clone(),
            ..Style::default()
        }
    }

    fn apply(&mut self, setting: &Setting, parent: &Style) {
        let fixed = |length: &Length| length.of_root(parent.root_size);
        match setting {
            Setting::Wide(property, wide) => self.take(*property, *wide, parent),
            Setting::Variable(name, value) => {
                let mut variables = self.variables.as_deref().cloned().unwrap_or_default();
                variables.insert(name.clone(), value.clone());
                self.variables = Some(Rc::new(variables));
            }
            Setting::Pending(name, value) => {
                if let Some(value) = self.replaced(value, MOST_NESTED) {
                    settings(name, &value).iter().for_each(|setting| self.apply(setting, parent));
                }
            }
            Setting::Display(display) => (self.display, self.has_own_display) = (*display, true),
            Setting::Visible(visible) => self.is_visible = *visible,
            Setting::Opacity(opacity) => self.opacity = *opacity,
            Setting::Colour(Colour::Current) => self.colour = parent.colour,
            Setting::Colour(colour) => self.colour = *colour,
            Setting::Fill(fill) => self.fill = Some(*fill),
            Setting::Ground(ground) => self.ground = *ground,
            Setting::FontSize(size) => {
                self.font_size = match fixed(size) {
                    Length::Em(em) | Length::Part(em) => parent.font_size * em,
                    size => size.px(parent.font_size).unwrap_or(parent.font_size),
                };
            }
            Setting::Zoom(zoom) => self.font_size *= zoom,
            Setting::Struck(struck) => self.is_struck = *struck,
            Setting::Position(position) => self.position = *position,
            Setting::Inset(side, length) => put(&mut self.inset, *side, fixed(length)),
            Setting::Margin(side, length) => put(&mut self.margin, *side, fixed(length)),
            Setting::Indent(indent) => self.indent = fixed(indent),
            Setting::Spacing(spacing) => self.spacing = fixed(spacing),
            Setting::Clip(clip) => self.clip = *clip,
            Setting::ClipPath(clip) => self.clip_path = *clip,
            Setting::Width(width) => self.width = fixed(width),
            Setting::Height(height) => self.height = fixed(height),
            Setting::MostWidth(width) => self.most_width = fixed(width),
            Setting::MostHeight(height) => self.most_height = fixed(height),
            Setting::Clips(clips) => self.clips = *clips,
            Setting::Rtl(rtl) => self.is_rtl = *rtl,
            Setting::Overrides(overrides) => self.overrides = *overrides,
            Setting::Order(order) => self.order = *order,
            Setting::Placed(placed) => self.is_placed = *placed,
            Setting::Floats(floats) => self.floats = *floats,
            Setting::Reverses(reverses) => self.reverses = *reverses,
            Setting::Transform(Transform::Moved(right, down)) => {
                self.transform = Transform::Moved(fixed(right), fixed(down));
            }
            Setting::Transform(transform) => self.transform = *transform,
            Setting::Align(align) => self.align = *align,
            Setting::Obscured(obscured) => self.is_obscured = *obscured,
            Setting::Numbered(numbered) => self.is_numbered = *numbered,
            Setting::Content(content) => self.content = Some(content.clone()),
        }
    }

    /// Takes a property from the parent, or its initial value.
    fn take(&mut self, property: Property, wide: Wide, parent: &Style) {
        let initial = Style::default();
        let inherits = |is_inherited: bool| match wide {
            Wide::Inherit => true,
            Wide::Initial => false,
            Wide::Unset => is_inherited,
        };
        let of_text = if inherits(true) { parent } else { &initial };
        let of_box = if inherits(false) { parent } else { &initial };
        match property {
            Property::All => {
                let Style { is_rtl, variables, root_size, .. } = self.clone();
                *self = if inherits(true) { parent.for_child() } else { Style::default() };
                (self.is_rtl, self.variables, self.root_size) = (is_rtl, variables, root_size);
            }
            Property::Display => self.display = of_box.display,
            Property::Visible => self.is_visible = of_text.is_visible,
            Property::Opacity => (self.opacity, self.is_obscured) = (of_box.opacity, of_box.is_obscured),
            Property::Colour => self.colour = of_text.colour,
            Property::Fill => self.fill = of_text.fill,
            Property::Ground => self.ground = of_box.ground,
            Property::FontSize => self.font_size = of_text.font_size,
            Property::Struck => self.is_struck = of_box.is_struck,
            Property::Position => {
                (self.position, self.inset, self.margin) = (of_box.position, of_box.inset, of_box.margin);
            }
            Property::Indent => self.indent = of_text.indent,
            Property::Spacing => self.spacing = of_text.spacing,
            Property::Size => {
                (self.width, self.height) = (of_box.width, of_box.height);
                (self.most_width, self.most_height) = (of_box.most_width, of_box.most_height);
            }
            Property::Clip => (self.clip, self.clip_path) = (of_box.clip, of_box.clip_path),
            Property::Clips => self.clips = of_box.clips,
            Property::Rtl => (self.is_rtl, self.overrides) = (of_text.is_rtl, of_box.overrides),
            Property::Order => {
                (self.order, self.is_placed) = (of_box.order, of_box.is_placed);
                self.reverses = of_box.reverses;
            }
            Property::Floats => self.floats = of_box.floats,
            Property::Transform => self.transform = of_box.transform,
            Property::Align => (self.align, self.is_numbered) = (of_box.align, of_text.is_numbered),
            Property::Content => self.content = of_box.content.clone(),
        }
    }

    /// A value with its variables replaced; none if one is not set.
    fn replaced(&self, value: &str, nested: usize) -> Option<String> {
        let Some(at) = value.to_ascii_lowercase().find("var(") else { return Some(value.to_owned()) };
        if nested == 0 || value.len() > LONGEST_VALUE {
            return None;
        }
        let inside = value.get(at + 4..)?;
        let mut depth = 1_usize;
        let end = inside.find(|character| {
            match character {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            depth == 0
        })?;
        let (name, fallback) = match inside[..end].split_once(',') {
            Some((name, fallback)) => (name.trim(), Some(fallback)),
            None => (inside[..end].trim(), None),
        };
        let found = self.variables.as_ref().and_then(|variables| variables.get(name)).map(|found| &**found);
        let replaced = format!("{}{}{}", &value[..at], found.or(fallback)?, &inside[end + 1..]);
        self.replaced(&replaced, nested - 1)
    }
}

fn put(sides: &mut [Length; 4], side: Side, length: Length) {
    if let Some(place) = sides.get_mut(side as usize) {
        *place = length;
    }
}
