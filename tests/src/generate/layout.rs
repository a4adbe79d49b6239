//! Prints a report the way the converters and typists of real reports do.

use super::narrative::Block;
use super::random::Random;
use super::table::{Cell, Place, Table};

/// How a report lies on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layout {
    /// A table row a line, cells parted by tabs.
    Tabs,
    /// The same, with every row of table three cut after eight cells, which loses 总计.
    TabsCut,
    /// The same, with rows of table three that have slipped to the left, and sometimes a row without figures.
    TabsSlipped,
    /// A cell a line, begun by a tab; an empty line between rows.
    CellLines,
    /// A cell a line, ended by ` |`.
    PipeLines,
    /// Markdown with true pipe tables.
    Markdown,
    /// HTML in UTF-8 with merged cells.
    Html,
    /// HTML in GB18030 with merged cells.
    HtmlGb18030,
}

impl Layout {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Tabs,
        Self::TabsCut,
        Self::TabsSlipped,
        Self::CellLines,
        Self::PipeLines,
        Self::Markdown,
        Self::Html,
        Self::HtmlGb18030,
    ];

    /// The name that a command line takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tabs => "tabs",
            Self::TabsCut => "tabs-cut",
            Self::TabsSlipped => "tabs-slipped",
            Self::CellLines => "cell-lines",
            Self::PipeLines => "pipe-lines",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::HtmlGb18030 => "html-gb18030",
        }
    }

    /// Whether every cell of the form is printed in its place.
    pub fn is_whole(self) -> bool {
        !matches!(self, Self::TabsCut | Self::TabsSlipped)
    }

    /// The end of the file's name.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Html | Self::HtmlGb18030 => "html",
            _ => "txt",
        }
    }
}

/// The whole report as text.
pub(super) fn print(layout: Layout, blocks: &[Block], tables: &[Table; 3], random: &mut Random) -> String {
    match layout {
        Layout::Html => html(blocks, tables, "utf-8", random),
        Layout::HtmlGb18030 => {
            let charset = *random.pick(&["gb18030", "gbk", "gb2312"]);
            html(blocks, tables, charset, random)
        }
        _ => plain(layout, blocks, tables),
    }
}

fn plain(layout: Layout, blocks: &[Block], tables: &[Table; 3]) -> String {
    let gap = if matches!(layout, Layout::CellLines | Layout::PipeLines) { "\n" } else { "\n\n" };
    let mut text = String::new();
    for block in blocks {
        match block {
            Block::Title(words) if layout == Layout::Markdown => text += &format!("# {words}"),
            Block::Heading(words) if layout == Layout::Markdown => text += &format!("## {words}"),
            Block::Title(words) | Block::Heading(words) | Block::Paragraph(words) => text += words,
            Block::Table(number) => text += table(layout, &tables[*number]).trim_end_matches('\n'),
        }
        text += gap;
        if layout == Layout::CellLines && matches!(block, Block::Table(_)) {
            text += "\n\n";
        }
    }
    text
}

fn table(layout: Layout, table: &Table) -> String {
    match layout {
        Layout::CellLines => cell_lines(table),
        Layout::PipeLines => pipe_lines(table),
        Layout::Markdown => markdown(table),
        _ => tabs(table),
    }
}

/// Needs a flattened table: what was cut off or has slipped stays so.
fn tabs(table: &Table) -> String {
    let line = |row: &Vec<Cell>| {
        let texts: Vec<&str> = row.iter().map(|cell| cell.text.as_str()).collect();
        texts.join("\t") + "\n"
    };
    table.rows.iter().map(line).collect()
}

fn cell_lines(table: &Table) -> String {
    let mut text = String::new();
    for row in table.grid() {
        for place in &row {
            match place {
                Place::Begins(cell) => text += &format!("\t{}\n", cell.text),
                Place::FromAbove(true) => text += "\t\n",
                _ => {}
            }
        }
        text += "\n";
    }
    text
}

fn pipe_lines(table: &Table) -> String {
    let mut text = String::new();
    for cells in &table.rows {
        let mut lines: Vec<String> = cells.iter().map(|cell| format!("{} |", cell.text)).collect();
        let missing = table.width - cells.len();
        if let Some(last) = lines.last_mut().filter(|_| missing > 0) {
            *last += &format!(" {}", "|".repeat(missing));
        }
        text += &(lines.join("\n") + "\n");
    }
    // The converter drops the empty cells at the very end.
    text.trim_end().trim_end_matches(" ||").trim_end_matches(" |").to_owned() + " |"
}

fn markdown(table: &Table) -> String {
    let mut text = String::new();
    for (number, row) in table.grid().iter().enumerate() {
        text += &format!("| {} |\n", row.iter().map(text_of).collect::<Vec<_>>().join(" | "));
        if number == 0 {
            text += &format!("|{}\n", " --- |".repeat(table.width));
        }
    }
    text
}

fn text_of<'a>(place: &Place<'a>) -> &'a str {
    match place {
        Place::Begins(cell) => &cell.text,
        _ => "",
    }
}

fn html(blocks: &[Block], tables: &[Table; 3], charset: &str, random: &mut Random) -> String {
    let title = blocks.iter().find_map(|block| match block {
        Block::Title(words) => Some(words.as_str()),
        _ => None,
    });
    let title = title.unwrap_or_default();
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"{charset}\">\n<title>{title}</title>\n\
         <style>table {{ border-collapse: collapse; }} td {{ border: 1px solid #333; }}</style>\n</head>\n<body>\n\
         <div class=\"nav\"><a href=\"/\">首页</a> &gt; <a href=\"/zwgk/\">政务公开</a> &gt; 政府信息公开年报</div>\n\
         <div class=\"content\">\n",
    );
    let strong = random.chance(50);
    for block in blocks {
        text += &match block {
            Block::Title(words) => format!("<h1>{words}</h1>\n"),
            Block::Heading(words) if strong => format!("<p><strong>{words}</strong></p>\n"),
            Block::Heading(words) => format!("<h2>{words}</h2>\n"),
            Block::Paragraph(words) => format!("<p>&emsp;&emsp;{words}</p>\n"),
            Block::Table(number) => html_table(&tables[*number]),
        };
    }
    text + "</div>\n<div class=\"footer\">打印本页 关闭窗口</div>\n</body>\n</html>\n"
}

fn html_table(table: &Table) -> String {
    let span = |name: &str, size: usize| if size > 1 { format!(" {name}=\"{size}\"") } else { String::new() };
    let cell = |cell: &Cell| {
        let spans = span("rowspan", cell.rows) + &span("colspan", cell.columns);
        format!("<td{spans}><p>{}</p></td>", cell.text)
    };
    let row = |cells: &Vec<Cell>| format!("<tr>{}</tr>\n", cells.iter().map(cell).collect::<String>());
    format!("<table>\n<tbody>\n{}</tbody>\n</table>\n", table.rows.iter().map(row).collect::<String>())
}
