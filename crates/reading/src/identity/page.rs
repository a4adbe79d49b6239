//! The page around the report: lines and the table at the head of the page, and the metadata that a
//! page carries for machines.

use std::sync::LazyLock;

use document::{Block, Document, Text};
use regex::Regex;
use report::{Date, Source, Stated};

use super::agency::agency_of;
use super::date;
use super::title::{self, Title};
use crate::label;
use crate::origin::{origin, origin_of};
use crate::pattern::pattern;

/// The titles, agencies and dates on the page, in order.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) titles: Vec<Title>,
    pub(super) agencies: Vec<Stated<String>>,
    pub(super) dates: Vec<Stated<Date>>,
}

/// Reads the metadata, the tables before the first heading, and the paragraphs before it.
pub(super) fn read(document: &Document, preamble: &[Block]) -> Page {
    let mut page = Page::default();
    for block in preamble {
        match block {
            Block::Paragraph(paragraph) => page.line(&paragraph.text),
            Block::Table(table) => {
                let cells: Vec<&Text> =
                    table.rows.iter().flat_map(|row| &row.cells).map(|cell| &cell.text).collect();
                // The whole form can come before the first heading that was found.
                let pairs = cells.iter().zip(cells.iter().skip(1)).take(CELLS_OF_HEAD - 1);
                for (name, value) in pairs {
                    page.pair(&label::normalise(name.as_str()), value);
                }
                cells.iter().take(CELLS_OF_HEAD).for_each(|cell| page.line(cell));
            }
        }
    }
    for (name, value) in &document.metadata {
        // The names that the guide for government sites (政府网站发展指引) gives.
        match name.to_ascii_lowercase().as_str() {
            "contentsource" | "source" => page.agency(value, value.as_str()),
            "pubdate" | "publishdate" => page.day(value),
            _ => {}
        }
    }
    page
}

/// Agencies and dates kept; a page states two or three, a list of links many of other reports.
const STATED: usize = 20;

/// Cells of a table at the head of the page (索引号, 发布机构 …); real ones have a dozen.
const CELLS_OF_HEAD: usize = 40;

static PUBLISHER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:(?:发\s*布|公\s*开|发\s*文)\s*(?:机\s*构|单\s*位|机\s*关|主\s*体)|(?:信\s*息|文\s*章)?\s*来\s*源)\s*[:：]\s*(?P<agency>[^\s:：|丨]{3,45})",
    )
});

/// Labels that may follow a name without a space.
const NEXT_LABELS: [&str; 14] = [
    "发布",
    "成文",
    "生成",
    "公开日",
    "公开时",
    "发文",
    "文号",
    "浏览",
    "点击",
    "字体",
    "时间",
    "日期",
    "索引",
    "来源",
];

impl Page {
    fn line(&mut self, text: &Text) {
        if text.as_str().chars().count() > 200 {
            return;
        }
        for found in PUBLISHER.captures_iter(text.as_str()) {
            let Some(name) = found.name("agency") else { continue };
            let until =
                NEXT_LABELS.iter().filter_map(|label| name.as_str().find(label)).filter(|at| *at > 0).min();
            self.agency(text, &name.as_str()[..until.unwrap_or(name.len())]);
        }
        if self.dates.len() < STATED {
            self.dates.extend(date::on_page(text));
        }
    }

    /// A label and the cell behind it.
    fn pair(&mut self, label: &str, value: &Text) {
        match label {
            "发布机构" | "发布单位" | "公开机构" | "公开主体" | "发文机关" | "发文单位" | "发文机构"
            | "发布机关" | "信息来源" | "来源" => {
                self.agency(value, value.as_str());
            }
            "发布日期" | "发布时间" | "公开日期" | "公开时间" | "发文日期" | "发文时间" | "成文日期"
            | "生成日期" | "印发日期" => {
                self.day(value);
            }
            label if title::is_label(label) => {
                self.titles.extend(title::title_of(value.as_str(), origin(value)));
            }
            _ => {}
        }
    }

    fn agency(&mut self, text: &Text, name: &str) {
        let Some(value) = agency_of(&label::squeeze(name)).filter(|name| !name.contains("本站")) else {
            return;
        };
        let place = text.as_str().find(name).map_or(text.place(), |at| text.place_of(at..at + name.len()));
        if self.agencies.len() < STATED && self.agencies.iter().all(|known| known.value != value) {
            self.agencies.push(Stated { source: Source::Page, value, origin: Some(origin_of(place)) });
        }
    }

    fn day(&mut self, text: &Text) {
        let date = date::leading(&label::squeeze(text.as_str())).or_else(|| date::leading(text.as_str()));
        self.dates.extend(date.map(|value| Stated {
            source: Source::Page,
            value,
            origin: Some(origin(text)),
        }));
    }
}
