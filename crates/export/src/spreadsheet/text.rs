//! Text in a workbook.

/// Characters (of UTF-16) that a cell holds.
const CELL_LENGTH: usize = 32_767;

/// Appends a text as XML. What XML cannot hold is written as `_xHHHH_` (ECMA-376, ST_Xstring), and what a cell cannot
/// hold is cut off, with an ellipsis.
pub(super) fn push(out: &mut String, text: &str) {
    let text = &*cut(text);
    for (at, char) in text.char_indices() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Line ends are normalised by readers of XML unless they are escaped.
            '\r' => out.push_str("_x000D_"),
            '\t' | '\n' => out.push(char),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                out.push_str(&format!("_x{:04X}_", u32::from(char)));
            }
            '_' if is_escape(&text[at..]) => out.push_str("_x005F_"),
            _ => out.push(char),
        }
    }
}

fn cut(text: &str) -> std::borrow::Cow<'_, str> {
    // A character takes at least as many bytes as units of UTF-16.
    if text.len() <= CELL_LENGTH || text.encode_utf16().count() <= CELL_LENGTH {
        return text.into();
    }
    let mut length = 0;
    let fits = |char: &char| {
        length += char.len_utf16();
        length < CELL_LENGTH
    };
    let mut short: String = text.chars().take_while(fits).collect();
    short.push('…');
    short.into()
}

/// Whether a text begins like one of the escapes above.
fn is_escape(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = bytes.get(2..6).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    bytes.get(1) == Some(&b'x') && digits && bytes.get(6) == Some(&b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_xml() {
        let check = |text: &str, expected: &str| {
            let mut out = String::new();
            push(&mut out, text);
            assert_eq!(out, expected, "{text:?}");
        };
        check("甲 & <乙> \"丙\"", "甲 &amp; &lt;乙&gt; &quot;丙&quot;");
        check("=1+1", "=1+1");
        check("\u{1}\r\n\t", "_x0001__x000D_\n\t");
        check("_x0041_ _x4_ _", "_x005F_x0041_ _x4_ _");
        check(&"件".repeat(CELL_LENGTH), &"件".repeat(CELL_LENGTH));
        check(&"件".repeat(CELL_LENGTH + 1), &format!("{}…", "件".repeat(CELL_LENGTH - 1)));
        check(&"𠮷".repeat(CELL_LENGTH), &format!("{}…", "𠮷".repeat(CELL_LENGTH / 2)));
    }
}
