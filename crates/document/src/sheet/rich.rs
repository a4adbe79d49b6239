//! Text in pieces, each with a font of its own.

use std::ops::Range;

use super::formats::{Font, Style, Theme};
use super::number::Shown;
use super::xlsx::Node;
use crate::letters::WHITE;
use crate::model::{Doubt, Text, Width};
use crate::superscripts::{Raised, text_without_marks};
use crate::xml;

/// Text in pieces (`<r><t>`), without the readings above it (`<rPh>`).
#[derive(Debug, Default, Clone)]
pub(super) struct Rich {
    text: String,
    in_text: bool,
    in_reading: bool,
    /// The font of the piece that is being read; none for that of the cell.
    font: Option<Font>,
    in_font: bool,
    pieces: Vec<(Range<usize>, Option<Font>)>,
}

impl Rich {
    pub(super) fn node(&mut self, node: Node, theme: &Theme) {
        match node {
            Node::Start(element) => match xml::name(element) {
                "t" => self.in_text = true,
                "r" => self.font = None,
                "rPr" => (self.font, self.in_font) = (Some(Font::default()), true),
                "rPh" => self.in_reading = true,
                _ if self.in_font => self.font.get_or_insert_default().read(element, theme),
                _ => {}
            },
            Node::End("t") => self.in_text = false,
            Node::End("rPr") => self.in_font = false,
            Node::End("rPh") => self.in_reading = false,
            // What is struck out by hand is deleted.
            Node::Text(text)
                if self.in_text && !self.in_reading && !self.font.is_some_and(|font| font.is_struck) =>
            {
                let start = self.text.len();
                self.text.push_str(text);
                self.pieces.push((start..self.text.len(), self.font));
            }
            _ => {}
        }
    }

    /// What a cell of a style shows of it, without marks of notes, and why that is doubtful.
    pub(super) fn shown(&self, style: Option<&Style>) -> (Shown, Option<Doubt>) {
        let mut text = Text::default();
        text.push(&self.text, 1, 0..0, Width::Whole);
        let ground = style.map_or(Some(WHITE), |style| style.ground);
        let mut raised = Vec::new();
        for (range, font) in &self.pieces {
            let doubt = match font {
                Some(font) => font.doubt(ground),
                None => style.and_then(|style| style.doubt(None)),
            };
            doubt.into_iter().for_each(|doubt| text.mark_doubtful(range.clone(), doubt));
            // A cell whose whole text is raised has no marks.
            if let Some(is_low) = font.and_then(|font| font.raised) {
                raised.push(Raised { range: range.clone(), is_low });
            }
        }
        let text = text_without_marks(&text, &raised);
        let code = style.map_or("General", |style| &style.code);
        (super::number::shown_text(text.as_str().to_owned(), code), text.doubt())
    }
}
