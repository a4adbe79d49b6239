//! The text of a page, for its links. The reader of `document` decides for itself when it reads the report.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8};

/// Where a page declares its encoding.
const HEAD: usize = 4_096;

/// Decodes a page: by its byte order mark, as UTF-8 where it is, by the header, by its `<meta>`, else as GB18030.
pub(crate) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    let declared = || {
        content_type.and_then(charset).or_else(|| {
            let head = &bytes[..bytes.len().min(HEAD)];
            charset(&String::from_utf8_lossy(head))
        })
    };
    let encoding = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let encoding = encoding.or_else(|| std::str::from_utf8(bytes).is_ok().then_some(UTF_8));
    encoding.or_else(declared).unwrap_or(GB18030).decode(bytes).0
}

/// The encoding that follows the first `charset=`.
fn charset(text: &str) -> Option<&'static Encoding> {
    let text = text.to_ascii_lowercase();
    let (_, after) = text.split_once("charset")?;
    let label = after.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    let end = label.find(|char: char| !char.is_ascii_alphanumeric() && !"-_".contains(char));
    Encoding::for_label(label[..end.unwrap_or(label.len())].as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_decoded_as_it_declares() {
        let gbk = encoding_rs::GBK.encode("年度报告").0;
        let check = |before: &str, content_type: Option<&str>| {
            let page = [before.as_bytes(), &gbk].concat();
            assert!(decode(&page, content_type).ends_with("年度报告"), "{before} {content_type:?}");
        };
        check("<meta http-equiv=Content-Type content=\"text/html; charset=gb2312\">", None);
        check("<meta charset='GBK'>", Some("text/html"));
        check("", Some("text/html; Charset=\"gbk\""));
        check("", None);
        // It says GBK and is UTF-8, as pages that moved to another platform do.
        assert_eq!(decode("年度报告".as_bytes(), Some("text/html; charset=gbk")), "年度报告");
    }
}
