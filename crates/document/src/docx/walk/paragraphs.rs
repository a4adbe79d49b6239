//! Paragraphs: their properties, their numbers, and where they end.

use super::{FARTHEST_INDENT, Flow, LOWEST_LINE, Opened, Running, Walk};
use crate::docx::numbering::Printed;
use crate::docx::styles::{self, Look};
use crate::error::ReadError;
use crate::list_numbering;
use crate::model::{Block, Doubt, Paragraph, Text};
use crate::nested_tables::{lines, whole};
use crate::superscripts::text_without_marks;
use crate::xml::{self, Xml};

impl Walk<'_> {
    pub(super) fn begin_paragraph(&mut self) -> Result<(), ReadError> {
        let runs_on = |flow: &Flow| flow.paragraph.as_ref().is_some_and(|paragraph| paragraph.runs_on);
        if !self.flows.last().is_some_and(runs_on) {
            self.end_paragraph();
        }
        let line = self.line;
        self.count_line()?;
        if !self.tables.is_empty() {
            // In a table the rows are counted.
            self.line = line;
        }
        let line = self.line;
        if let Some(flow) = self.flows.last_mut() {
            let paragraph = flow.paragraph.get_or_insert_default();
            let Running { text, raised, doubts, .. } = std::mem::take(paragraph);
            *paragraph = Running { text, raised, doubts, line, ..Running::default() };
        }
        Ok(())
    }

    pub(super) fn read_paragraph_properties(&mut self, xml: &mut Xml) -> Opened {
        let mut read = Running::default();
        let mut is_end = false;
        xml.within(|tag, depth| {
            let value = || xml::attribute(tag, "val").unwrap_or_default();
            if depth == 1 {
                is_end = xml::name(tag) == "rPr";
            }
            match xml::name(tag) {
                "shd" if !is_end => read.format.ground = styles::fill(tag),
                "framePr" => {
                    let is_given = |name| xml::attribute(tag, name).is_some();
                    let is_placed = ["x", "y", "xAlign", "yAlign"].into_iter().any(is_given);
                    read.doubt = read.doubt.or(is_placed.then_some(Doubt::Reordered));
                }
                "spacing" if !is_end => {
                    let is_exact = xml::attribute(tag, "lineRule").as_deref() == Some("exact");
                    let height = xml::attribute(tag, "line").and_then(|line| line.parse::<i32>().ok());
                    let is_low = is_exact && height.is_some_and(|height| height < LOWEST_LINE);
                    read.doubt = read.doubt.or(is_low.then_some(Doubt::Clipped));
                }
                "ind" if !is_end => {
                    let indent =
                        |name| xml::attribute(tag, name).and_then(|indent| indent.parse::<i32>().ok());
                    let left = indent("left").or(indent("start")).unwrap_or(0);
                    let first = indent("firstLine").unwrap_or(0) - indent("hanging").unwrap_or(0);
                    let is_away = left.saturating_add(first.min(0)) < -FARTHEST_INDENT;
                    read.doubt = read.doubt.or(is_away.then_some(Doubt::Clipped));
                }
                "pStyle" => read.style = Some(value().into_owned()),
                "del" | "moveFrom" => read.runs_on = true,
                "annotation" => {
                    let kind = xml::attribute(tag, "type");
                    read.runs_on = kind.is_some_and(|kind| kind.ends_with(".Deletion"));
                }
                "t" => read.number = Some(value().into_owned()),
                // Bullets are letters of such fonts.
                "font" if value().starts_with("Wingdings") || value() == "Symbol" => read.number = None,
                "rStyle" if is_end => read.end.change(self.styles.look(Some(&value()))),
                name => {
                    if is_end && depth > 1 {
                        read.end.read(tag);
                    }
                    read.format.read(name, &value());
                }
            }
            Ok(())
        })?;
        if let Some(paragraph) = self.running() {
            let Running { style, format, number, runs_on, end, doubt, .. } = read;
            *paragraph = Running { style, format, number, runs_on, end, doubt, ..std::mem::take(paragraph) };
        }
        Ok(None)
    }

    /// Ends the paragraph that is being read, if there is one.
    pub(super) fn end_paragraph(&mut self) {
        let ground = self.ground();
        let is_cell = self.flows.len() > 1;
        let Some(flow) = self.flows.last_mut() else { return };
        if let Some(paragraph) = flow.paragraph.take() {
            let style = paragraph.style.as_deref();
            let mut format = paragraph.format;
            let own_level = format.number_level;
            let own_number = format.number.is_some();
            format.inherit(&self.styles.format(style));
            if own_number {
                // The level of the style belongs to the number of the style.
                format.number_level = own_level.or(Some(0));
            }
            let counted = paragraph.number.map(list_numbering::with_gap);
            let counted = counted.map(|text| Printed { text, look: Look::default() });
            let number = counted.or_else(|| self.numbering.next(&format, style, &self.styles));
            if !format.contents {
                let mut text = Text::default();
                if let Some(number) = number {
                    let mut look = self.styles.paragraph_look(style, None);
                    look.change(paragraph.end);
                    look.change(number.look);
                    if look.is_shown() {
                        text = whole(&number.text, paragraph.line, &self.source);
                        look.doubt(ground).into_iter().for_each(|doubt| text.mark_doubtful_since(0, doubt));
                    }
                }
                let mut own = whole(&paragraph.text, paragraph.line, &self.source);
                for (range, doubt) in paragraph.doubts {
                    own.mark_doubtful(range, doubt);
                }
                if let Some(doubt) = paragraph.doubt.filter(|_| is_cell) {
                    own.mark_doubtful_since(0, doubt);
                }
                text.append(&text_without_marks(&own, &paragraph.raised));
                // Outside of tables a line without text is no line.
                for text in lines(&text).filter(|line| is_cell || !line.is_empty()) {
                    flow.has_text |= !text.is_empty();
                    flow.blocks.push(Block::Paragraph(Paragraph { text, level: format.level() }));
                }
            }
        }
        flow.blocks.append(&mut flow.boxes);
    }
}
