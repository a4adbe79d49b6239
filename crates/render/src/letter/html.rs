//! Renders a letter as one self-contained page of HTML that prints on A4.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::block::{Block, Grid};
use crate::text::clean;

/// The layout of an official letter (GB/T 9704): page, margins, fonts and lines, in the same measures as the DOCX.
/// Fonts that are not installed fall back to those of the system.
pub(crate) const STYLE: &str = include_str!("letter.css");

pub(crate) fn page(title: &str, blocks: &[Block]) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (clean(title)) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { @for block in blocks { (render(block)) } } }
        }
    };
    page.into_string()
}

fn render(block: &Block) -> Markup {
    html! {
        @match block {
            Block::Title(lines) => h1 {
                @for (index, line) in lines.iter().enumerate() {
                    @if index > 0 { br; }
                    (clean(line))
                }
            },
            Block::Number(number, signer) => p.number {
                span { (clean(number)) }
                @if let Some(signer) = signer { span { "签发人：" (clean(signer)) } }
            },
            Block::Addressee(text) => p.addressee { (clean(text)) },
            Block::Paragraph(text) => p { (clean(text)) },
            Block::Heading(text) => h2 { (clean(text)) },
            Block::Item(mark, text) => p.item { (clean(mark)) (clean(text)) },
            Block::Detail(label, text) => p.detail { b { (label) "：" } (clean(text)) },
            Block::Grid(table) => (grid(table)),
            Block::Signature(name, date) => div.signature { p { (clean(name)) } p { (clean(date)) } },
            Block::Contact(text) => p.contact { (clean(text)) },
            Block::Enclosure(mark) => p.enclosure { (mark) },
        }
    }
}

fn grid(table: &Grid) -> Markup {
    html! {
        table {
            colgroup { @for column in &table.columns { col.(column.class); } }
            thead { tr { @for column in &table.columns { th scope="col" { (column.head) } } } }
            tbody {
                @for row in &table.rows {
                    tr {
                        @for (column, text) in table.columns.iter().zip(row) {
                            td.figure[column.is_figure] { (clean(text)) }
                        }
                    }
                }
            }
        }
    }
}
