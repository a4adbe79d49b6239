//! Word and Excel since 2007.

use super::super::page::{Block, Cell, Page, Place, grid, width};
use super::{escaped, package};

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">"#;
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const WORD: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const SHEET: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// With merged cells as Word merges them, and runs of three characters.
pub(super) fn docx(page: &Page) -> Vec<u8> {
    let mut body = String::new();
    let size = page.paper.size;
    for block in &page.blocks {
        body += &match block {
            Block::Title(words) => {
                format!("<w:p><w:pPr><w:jc w:val=\"center\"/></w:pPr>{}</w:p>", runs(words, size))
            }
            Block::Heading(words) | Block::Paragraph(words) => format!("<w:p>{}</w:p>", runs(words, size)),
            Block::Table(rows) => word_table(rows, size),
        };
    }
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<w:document xmlns:w=\"{WORD}\"><w:body>{body}\
         <w:sectPr><w:pgSz w:w=\"{}\" w:h=\"{}\"/><w:pgMar w:top=\"1440\" w:right=\"1200\" w:bottom=\"1440\" w:left=\"1200\" w:header=\"851\" w:footer=\"992\" w:gutter=\"0\"/></w:sectPr></w:body></w:document>",
        page.paper.width * 567 / 10,
        page.paper.height * 567 / 10,
    );
    let types = format!(
        "{TYPES}<Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>"
    );
    let relations = format!(
        "{RELATIONS}<Relationship Id=\"rId1\" Type=\"{OFFICE}/officeDocument\" Target=\"word/document.xml\"/></Relationships>"
    );
    package(&[("[Content_Types].xml", &types), ("_rels/.rels", &relations), ("word/document.xml", &document)])
}

fn runs(words: &str, size: u32) -> String {
    let characters: Vec<char> = words.chars().collect();
    let run = |piece: &[char]| {
        let text = escaped(&piece.iter().collect::<String>());
        format!(
            "<w:r><w:rPr><w:rFonts w:hint=\"eastAsia\"/><w:sz w:val=\"{size}\"/></w:rPr><w:t xml:space=\"preserve\">{text}</w:t></w:r>"
        )
    };
    characters.chunks(3).map(run).collect()
}

fn word_table(rows: &[Vec<Cell>], size: u32) -> String {
    let width = width(rows);
    let column = 9500 / width;
    let borders: String = ["top", "left", "bottom", "right", "insideH", "insideV"]
        .map(|side| format!("<w:{side} w:val=\"single\" w:sz=\"4\" w:space=\"0\" w:color=\"auto\"/>"))
        .concat();
    let mut text = format!(
        "<w:tbl><w:tblPr><w:tblW w:w=\"9500\" w:type=\"dxa\"/><w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type=\"fixed\"/></w:tblPr><w:tblGrid>{}</w:tblGrid>",
        format!("<w:gridCol w:w=\"{column}\"/>").repeat(width),
    );
    for row in grid(rows) {
        text += "<w:tr>";
        for place in row {
            let (cell, merge, words) = match place {
                Place::FromLeft => continue,
                Place::FromAbove(cell) => (cell, "<w:vMerge/>", ""),
                Place::Begins(cell) if cell.rows > 1 => {
                    (cell, "<w:vMerge w:val=\"restart\"/>", cell.text.as_str())
                }
                Place::Begins(cell) => (cell, "", cell.text.as_str()),
            };
            let columns = cell.columns;
            let span = if columns > 1 { format!("<w:gridSpan w:val=\"{columns}\"/>") } else { String::new() };
            text += &format!(
                "<w:tc><w:tcPr><w:tcW w:w=\"{}\" w:type=\"dxa\"/>{span}{merge}</w:tcPr><w:p>{}</w:p></w:tc>",
                columns * column,
                runs(words, size)
            );
        }
        text += "</w:tr>";
    }
    text + "</w:tbl>"
}

/// The whole report on one sheet.
pub(super) fn xlsx(page: &Page) -> Vec<u8> {
    workbook(&[("年报", page.blocks.iter().collect())])
}

/// Its words on the first sheet, and a sheet for each table.
pub(super) fn xlsx_sheets(page: &Page) -> Vec<u8> {
    let (tables, words): (Vec<&Block>, Vec<&Block>) =
        page.blocks.iter().partition(|block| matches!(block, Block::Table(_)));
    let mut sheets = vec![("正文", words)];
    sheets.extend(
        ["主动公开", "依申请公开", "复议诉讼"].into_iter().zip(tables.into_iter().map(|table| vec![table])),
    );
    workbook(&sheets)
}

fn workbook(sheets: &[(&str, Vec<&Block>)]) -> Vec<u8> {
    let mut types = format!(
        "{TYPES}<Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>"
    );
    let mut book = format!("<workbook xmlns=\"{SHEET}\" xmlns:r=\"{OFFICE}\"><sheets>");
    let mut relations = RELATIONS.to_owned();
    let mut parts = Vec::new();
    for (number, (name, blocks)) in (1..).zip(sheets) {
        let part = format!("xl/worksheets/sheet{number}.xml");
        types += &format!(
            "<Override PartName=\"/{part}\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/>"
        );
        book += &format!("<sheet name=\"{name}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>");
        relations += &format!(
            "<Relationship Id=\"rId{number}\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
        );
        parts.push((part, sheet(blocks)));
    }
    types += "</Types>";
    book += "</sheets></workbook>";
    relations += "</Relationships>";
    let root = format!(
        "{RELATIONS}<Relationship Id=\"rId1\" Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let mut all = vec![
        ("[Content_Types].xml", types.as_str()),
        ("_rels/.rels", &root),
        ("xl/workbook.xml", &book),
        ("xl/_rels/workbook.xml.rels", &relations),
    ];
    all.extend(parts.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    package(&all)
}

fn sheet(blocks: &[&Block]) -> String {
    let mut rows = Vec::new();
    let mut merged = Vec::new();
    let mut merge = |top: usize, left: usize, rows: usize, columns: usize| {
        if rows * columns > 1 {
            merged.push(format!(
                "<mergeCell ref=\"{}:{}\"/>",
                name(top, left),
                name(top + rows - 1, left + columns - 1)
            ));
        }
    };
    for block in blocks {
        match block {
            Block::Title(words) | Block::Heading(words) | Block::Paragraph(words) => {
                merge(rows.len(), 0, 1, 10);
                rows.push(text_cell(rows.len(), 0, words));
            }
            Block::Table(table) => {
                for places in grid(table) {
                    let mut text = String::new();
                    for (column, place) in places.into_iter().enumerate() {
                        if let Place::Begins(cell) = place {
                            merge(rows.len(), column, cell.rows, cell.columns);
                            text += &match cell.text.parse::<f64>() {
                                Ok(_) if !cell.text.starts_with('+') => {
                                    format!("<c r=\"{}\"><v>{}</v></c>", name(rows.len(), column), cell.text)
                                }
                                _ => text_cell(rows.len(), column, &cell.text),
                            };
                        }
                    }
                    rows.push(text);
                }
            }
        }
    }
    let lines: String = (1..)
        .zip(&rows)
        .map(|(number, row): (usize, _)| format!("<row r=\"{number}\">{row}</row>"))
        .collect();
    let count = merged.len();
    let merged = if count == 0 {
        String::new()
    } else {
        format!("<mergeCells count=\"{count}\">{}</mergeCells>", merged.concat())
    };
    format!("<worksheet xmlns=\"{SHEET}\"><sheetData>{lines}</sheetData>{merged}</worksheet>")
}

fn text_cell(row: usize, column: usize, text: &str) -> String {
    format!(
        "<c r=\"{}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>",
        name(row, column),
        escaped(text)
    )
}

/// `B3`; no table is wider than the alphabet.
fn name(row: usize, column: usize) -> String {
    format!("{}{}", char::from(b'A' + column as u8), row + 1)
}
