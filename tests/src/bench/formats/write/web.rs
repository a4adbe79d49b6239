//! Web pages of several makers.

use super::super::page::{Block, Cell, Page, Paper};
use super::escaped;

/// As the site of an agency has it.
pub(super) fn plain(page: &Page) -> Vec<u8> {
    plain_text(page, "utf-8").into_bytes()
}

fn plain_text(page: &Page, charset: &str) -> String {
    let mut text = head(page, &format!("<meta charset=\"{charset}\">"));
    for block in &page.blocks {
        text += &match block {
            Block::Title(words) => format!("<h1>{}</h1>\n", escaped(words)),
            Block::Heading(words) => format!("<h2>{}</h2>\n", escaped(words)),
            Block::Paragraph(words) => format!("<p>　　{}</p>\n", escaped(words)),
            Block::Table(rows) => {
                table(rows, |text| text.to_owned(), "border=\"1\" style=\"border-collapse:collapse\"")
            }
        };
    }
    text + "</body></html>\n"
}

/// The bytes that old editors save, with a byte order mark and a charset that is wrong.
pub(super) fn utf16(page: &Page) -> Vec<u8> {
    let text = format!("\u{feff}{}", plain_text(page, "gb2312"));
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Saved by Word: every run in a span, figures apart from characters, GBK.
pub(super) fn word(page: &Page) -> Vec<u8> {
    let mut text = "<html xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\" \
        xmlns:w=\"urn:schemas-microsoft-com:office:word\" xmlns=\"http://www.w3.org/TR/REC-html40\">\r\n<head>\r\n\
        <meta http-equiv=Content-Type content=\"text/html; charset=gb2312\">\r\n\
        <meta name=Generator content=\"Microsoft Word 15\">\r\n\
        <!--[if gte mso 9]><xml><w:WordDocument><w:View>Print</w:View></w:WordDocument></xml><![endif]-->\r\n\
        <style>\r\n<!--\r\n p.MsoNormal {margin:0cm; font-family:仿宋_GB2312;}\r\n-->\r\n</style>\r\n</head>\r\n\
        <body lang=ZH-CN style='text-justify-trim:punctuation'>\r\n<div class=WordSection1 style='layout-grid:15.6pt'>\r\n"
        .to_owned();
    for block in &page.blocks {
        text += &match block {
            Block::Title(words) => {
                format!("<p class=MsoNormal align=center><b>{}</b></p>\r\n", spans(words))
            }
            Block::Heading(words) | Block::Paragraph(words) => {
                format!("<p class=MsoNormal style='text-indent:32.0pt'>{}</p>\r\n", spans(words))
            }
            Block::Table(rows) => {
                table(rows, spans, "class=MsoNormalTable border=1 cellspacing=0 cellpadding=0")
            }
        };
    }
    text += "</div>\r\n</body>\r\n</html>\r\n";
    encoding_rs::GB18030.encode(&text).0.into_owned()
}

/// `<span>收到</span><span lang=EN-US>12</span>`
fn spans(words: &str) -> String {
    let mut text = String::new();
    let mut open: Option<bool> = None;
    for character in words.chars() {
        let latin = character.is_ascii();
        if open != Some(latin) {
            text += if open.is_some() { "</span>" } else { "" };
            text += if latin {
                "<span lang=EN-US style='mso-bidi-font-size:10.5pt'>"
            } else {
                "<span style='font-family:仿宋_GB2312'>"
            };
            open = Some(latin);
        }
        text += &escaped(&character.to_string());
    }
    text + if open.is_some() { "</span>" } else { "" } + "<span lang=EN-US><o:p></o:p></span>"
}

/// Laid out by tables inside tables, with a list of links before and after.
pub(super) fn nested(page: &Page) -> Vec<u8> {
    let links = "<table width=100%><tr><td><a href=/>首页</a><td><a href=/zwgk>政务公开</a><td>2024-03-05 10:12</tr></table>";
    let mut text = head(page, "<meta http-equiv=\"content-type\" content=\"text/html; charset=utf-8\">");
    text += &format!("<table><tr><td colspan=2>{links}<tr><td width=180>{links}</td><td><table><tr><td>\n");
    for block in &page.blocks {
        text += &match block {
            Block::Title(words) => format!("<center><font size=5>{}</font></center>\n", escaped(words)),
            Block::Heading(words) | Block::Paragraph(words) => {
                format!("<div>&nbsp;&nbsp;{}<br></div>\n", escaped(words))
            }
            Block::Table(rows) => {
                table(rows, |text| format!("<div><b>{}</b></div>", escaped(text)), "width=100%")
            }
        };
    }
    (text + "</table></table><div>打印 关闭</div>").into_bytes()
}

/// A page in one file, quoted-printable.
pub(super) fn mht(page: &Page) -> Vec<u8> {
    let mut text = "From: <Saved by Blink>\r\nSubject: =?utf-8?Q?=E5=B9=B4=E6=8A=A5?=\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/related;\r\n\ttype=\"text/html\";\r\n\tboundary=\"----MultipartBoundary--x7\"\r\n\r\n\
        ------MultipartBoundary--x7\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\
        Content-Location: https://example.test/a.html\r\n\r\n"
        .to_owned();
    let mut column = 0;
    for byte in plain_text(page, "utf-8").bytes() {
        let piece = match byte {
            b'\n' => {
                column = 0;
                text += "\r\n";
                continue;
            }
            b'=' | 128.. => format!("={byte:02X}"),
            _ => char::from(byte).to_string(),
        };
        if column + piece.len() > 75 {
            text += "=\r\n";
            column = 0;
        }
        column += piece.len();
        text += &piece;
    }
    (text + "\r\n------MultipartBoundary--x7--\r\n").into_bytes()
}

fn head(page: &Page, meta: &str) -> String {
    let Paper { width, height, size } = page.paper;
    let style = format!("@page {{ size: {width}mm {height}mm }} body {{ font-size: {}pt }}", size / 2);
    let title = escaped(&page.name);
    format!("<!DOCTYPE html>\n<html><head>{meta}<title>{title}</title><style>{style}</style></head><body>\n")
}

fn table(rows: &[Vec<Cell>], inside: fn(&str) -> String, attributes: &str) -> String {
    let mut text = format!("<table {attributes}>\n");
    for row in rows {
        text += "<tr>";
        for cell in row {
            let span = |name, size| if size > 1 { format!(" {name}={size}") } else { String::new() };
            let spans = span("rowspan", cell.rows) + &span("colspan", cell.columns);
            text += &format!("<td{spans}>{}</td>", inside(&cell.text));
        }
        text += "</tr>\n";
    }
    text + "</table>\n"
}
