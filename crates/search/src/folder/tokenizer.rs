//! The terms of a text in the folder index: every glyph and every pair of neighbouring Han characters.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::analyzer::{Glyph, Located, glyphs};

/// The name of the tokenizer in the schema.
pub(crate) const CN: &str = "cn";

/// Glyphs and Han pairs with their positions: the analyzer of everything that is matched.
#[derive(Clone)]
pub(crate) struct CnTokenizer;

/// The tokens of a text: each glyph, and after a Han character the pair that it begins. One token is used for all, so
/// that a text of thousands allocates none of them.
pub(crate) struct CnTokens {
    glyphs: Vec<Located>,
    /// The glyph that comes next.
    next: usize,
    /// Whether the pair that the last glyph begins comes before it.
    pair: bool,
    token: Token,
}

impl Tokenizer for CnTokenizer {
    type TokenStream<'a> = CnTokens;

    fn token_stream(&mut self, text: &str) -> CnTokens {
        CnTokens { glyphs: glyphs(text), next: 0, pair: false, token: Token::default() }
    }
}

impl CnTokens {
    /// The Han character and the end of the glyph at this position.
    fn han(&self, position: usize) -> Option<(char, usize)> {
        match self.glyphs.get(position) {
            Some(Located { glyph: Glyph::Han(char), to, .. }) => Some((*char, *to)),
            _ => None,
        }
    }

    /// Adds the second character to the token of the last glyph.
    fn advance_to_pair(&mut self) -> bool {
        let second = if self.pair { self.han(self.next) } else { None };
        self.pair = false;
        let Some((second, to)) = second else { return false };
        self.token.text.push(second);
        self.token.offset_to = to;
        true
    }
}

impl TokenStream for CnTokens {
    fn advance(&mut self) -> bool {
        if self.advance_to_pair() {
            return true;
        }
        let Some(Located { glyph, from, to }) = self.glyphs.get(self.next) else { return false };
        self.token.text.clear();
        match glyph {
            Glyph::Han(char) | Glyph::Symbol(char) => self.token.text.push(*char),
            Glyph::Word(word) => self.token.text.push_str(word),
        }
        (self.token.offset_from, self.token.offset_to) = (*from, *to);
        self.token.position = self.next;
        self.token.position_length = 1;
        self.pair = matches!(glyph, Glyph::Han(_));
        self.next += 1;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_glyph_and_each_pair_is_a_token() {
        let mut tokens = CnTokenizer.token_stream("公开 9件,\n申");
        let mut drawn = Vec::new();
        while tokens.advance() {
            let Token { text, position, offset_from, offset_to, .. } = tokens.token();
            drawn.push(format!("{text}@{position} {offset_from}-{offset_to}"));
        }
        let expected =
            ["公@0 0-3", "公开@0 0-6", "开@1 3-6", "9@2 7-8", "件@3 8-11", ",@4 11-12", "申@5 13-16"];
        assert_eq!(drawn, expected);
    }
}
