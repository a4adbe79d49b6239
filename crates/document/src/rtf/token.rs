//! RTF bytes to tokens, each with its place.

use std::ops::Range;

/// A piece of RTF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `{`
    Open,
    /// `}`
    Close,
    /// A control word and its number: `\par`, `\u8212`.
    Word(&'a str, Option<i32>),
    /// A control symbol: `\~`.
    Symbol(u8),
    /// A byte of text, as it is or as `\'hh`.
    Byte(u8),
    /// `\binN` with its bytes.
    Binary,
}

/// The tokens of a file, in order.
pub(super) struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Line of `counted`.
    line: u32,
    counted: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Tokens<'a> {
        Tokens { bytes, at: 0, line: 1, counted: 0 }
    }

    /// The line of a place that is not before the last one that was asked for.
    pub(super) fn line(&mut self, at: usize) -> u32 {
        let passed = self.bytes.get(self.counted..at).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u32;
        self.counted = self.counted.max(at);
        self.line
    }

    /// Some bytes from a place on, as text.
    pub(super) fn ahead(&self, at: usize, length: usize) -> String {
        let rest = self.bytes.get(at..).unwrap_or_default();
        String::from_utf8_lossy(rest.get(..length).unwrap_or(rest)).into_owned()
    }

    /// The next token, and its range in the file.
    pub(super) fn next(&mut self) -> Option<(Token<'a>, Range<usize>)> {
        while matches!(self.peek(0), Some(b'\r' | b'\n' | 0)) {
            self.at += 1;
        }
        let start = self.at;
        let first = self.peek(0)?;
        self.at += 1;
        let token = match first {
            b'{' => Token::Open,
            b'}' => Token::Close,
            b'\\' => self.control(),
            // A tab in the file is a tab in the text.
            b'\t' => Token::Word("tab", None),
            byte => Token::Byte(byte),
        };
        Some((token, start..self.at))
    }

    fn control(&mut self) -> Token<'a> {
        match self.peek(0) {
            Some(byte) if byte.is_ascii_alphabetic() => self.word(),
            Some(b'\'') => {
                self.at += 1;
                let digit = |byte: Option<u8>| byte.and_then(|byte| (byte as char).to_digit(16));
                match (digit(self.peek(0)), digit(self.peek(1))) {
                    (Some(high), Some(low)) => {
                        self.at += 2;
                        Token::Byte((high * 16 + low) as u8)
                    }
                    _ => Token::Symbol(b'\''),
                }
            }
            // A line break after a backslash is a paragraph mark.
            Some(b'\r' | b'\n') => {
                self.at += 1;
                Token::Word("par", None)
            }
            Some(byte) => {
                self.at += 1;
                Token::Symbol(byte)
            }
            None => Token::Symbol(0),
        }
    }

    fn word(&mut self) -> Token<'a> {
        let start = self.at;
        while self.peek(0).is_some_and(|byte| byte.is_ascii_alphabetic()) {
            self.at += 1;
        }
        let name = self.bytes.get(start..self.at).unwrap_or_default();
        let name = std::str::from_utf8(name).expect("letters are UTF-8");
        let digits = self.at + usize::from(self.peek(0) == Some(b'-'));
        let mut end = digits;
        let mut number = 0_i64;
        while let Some(digit) = self.bytes.get(end).filter(|byte| byte.is_ascii_digit()) {
            number = (number * 10 + i64::from(digit - b'0')).min(i64::from(i32::MAX));
            end += 1;
        }
        let mut value = None;
        if end > digits {
            value = Some(if digits > self.at { -number as i32 } else { number as i32 });
            self.at = end;
        }
        if self.peek(0) == Some(b' ') {
            self.at += 1;
        }
        if name == "bin" {
            let length = usize::try_from(value.unwrap_or(0)).unwrap_or(0);
            self.at = self.at.saturating_add(length).min(self.bytes.len());
            return Token::Binary;
        }
        Token::Word(name, value)
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }
}
