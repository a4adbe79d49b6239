//! The news as an Atom feed (RFC 4287).

use std::io;

use jiff::Timestamp;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::Item;

/// The feed of these items, latest first. `root` is the address of this console without a slash at its end, and `made`
/// tells this log from others.
///
/// # Errors
/// Never: it is written to memory.
pub(crate) fn feed(items: &[Item], root: &str, made: i64, now: Timestamp) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::new());
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    let updated = items.iter().map(|item| item.at_ms).max();
    let updated = updated.and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(now);
    let page = format!("{root}/news");
    writer
        .create_element("feed")
        .with_attribute(("xmlns", "http://www.w3.org/2005/Atom"))
        .with_attribute(("xml:lang", "zh-CN"))
        .write_inner_content(|writer| {
            text(writer, "title", "政府信息公开工作年度报告动态")?;
            text(writer, "id", &format!("urn:gouji:news:{made}"))?;
            text(writer, "updated", &updated.to_string())?;
            writer.create_element("author").write_inner_content(|writer| text(writer, "name", "勾稽"))?;
            link(writer, "alternate", &page)?;
            link(writer, "self", &format!("{root}/news.atom"))?;
            items.iter().try_for_each(|item| entry(writer, item, root, made))
        })?;
    Ok(writer.into_inner())
}

fn entry(writer: &mut Writer<Vec<u8>>, item: &Item, root: &str, made: i64) -> io::Result<()> {
    let updated = Timestamp::from_millisecond(item.at_ms).unwrap_or_default();
    let address = match &item.report {
        Some(report) => format!("{root}/reports/{report}"),
        None => format!("{root}/news"),
    };
    writer
        .create_element("entry")
        .write_inner_content(|writer| {
            text(writer, "title", &format!("{}：{}", item.kind.title(), item.title()))?;
            text(writer, "id", &format!("urn:gouji:news:{made}:{}", item.id))?;
            text(writer, "updated", &updated.to_string())?;
            link(writer, "alternate", &address)?;
            writer.create_element("category").with_attribute(("term", item.kind.as_str())).write_empty()?;
            text(writer, "summary", &summary(item))
        })
        .map(drop)
}

/// The verdict, or why.
fn summary(item: &Item) -> String {
    let verdict = item.verdict.map(|verdict| format!("校核结论：{}", verdict.title()));
    verdict.or_else(|| item.why.clone()).unwrap_or_else(|| item.kind.title().to_owned())
}

fn text(writer: &mut Writer<Vec<u8>>, name: &str, text: &str) -> io::Result<()> {
    // XML has no control characters, not even escaped.
    let text = text.replace(|c: char| c.is_control() && !c.is_ascii_whitespace(), "\u{fffd}");
    writer.create_element(name).write_text_content(BytesText::new(&text)).map(drop)
}

fn link(writer: &mut Writer<Vec<u8>>, relation: &str, address: &str) -> io::Result<()> {
    let link = writer.create_element("link");
    link.with_attribute(("rel", relation)).with_attribute(("href", address)).write_empty().map(drop)
}

#[cfg(test)]
mod tests {
    use quick_xml::events::Event;

    use super::super::Kind;
    use super::super::tests::item;
    use super::*;

    #[test]
    fn the_feed_is_xml_whatever_a_report_is_called() {
        let hostile = Item { agency: Some("<甲>&\"\u{1}局".into()), ..item(Kind::Received, 3, "370400") };
        let refused = Item { why: Some("文件是空的。".into()), ..item(Kind::Refused, 2, "370400") };
        let bytes = feed(&[hostile, refused], "http://127.0.0.1:8470", 7, Timestamp::UNIX_EPOCH).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let mut reader = quick_xml::Reader::from_str(&text);
        let (mut entries, mut depth) = (0, 0);
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) => {
                    depth += 1;
                    entries += usize::from(start.name().as_ref() == "entry");
                }
                Event::End(_) => depth -= 1,
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!((entries, depth), (2, 0), "{text}");
        assert!(
            text.contains("新报送：&lt;甲&gt;&amp;\u{ff02}") || text.contains("新报送：&lt;甲&gt;&amp;"),
            "{text}"
        );
        assert!(text.contains("<id>urn:gouji:news:7:3</id>") && !text.contains('\u{1}'), "{text}");
        assert!(text.contains("<updated>1970-01-01T00:00:00.003Z</updated>"), "{text}");
    }
}
