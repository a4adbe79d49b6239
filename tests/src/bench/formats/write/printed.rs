//! OFD: pages of glyphs and rules, laid out here, so that tables run over the ends of pages.

use super::super::page::{Block, Cell, Page, width};
use super::{escaped, package};

/// A line of text is an object.
pub(super) fn ofd(page: &Page) -> Vec<u8> {
    Sheets::default().print(page, false)
}

/// Each glyph is an object, as one maker of printer drivers writes them.
pub(super) fn ofd_glyphs(page: &Page) -> Vec<u8> {
    Sheets::default().print(page, true)
}

/// Millimetres from the top left of an A4 page.
const LEFT: f64 = 20.0;
const TOP: f64 = 22.0;
const WIDTH: f64 = 170.0;
const BOTTOM: f64 = 272.0;
/// Sizes of characters.
const BODY: f64 = 5.0;
const SMALL: f64 = 3.0;
/// Between the rule and the text of a cell.
const GAP: f64 = 0.8;

/// The pages so far, each the objects on it.
struct Sheets {
    pages: Vec<String>,
    down: f64,
    by_glyph: bool,
}

impl Default for Sheets {
    fn default() -> Self {
        Self { pages: vec![String::new()], down: TOP, by_glyph: false }
    }
}

/// A stretch of a column of cells on one page.
struct Stretch {
    page: usize,
    top: f64,
    height: f64,
}

impl Sheets {
    fn print(mut self, page: &Page, by_glyph: bool) -> Vec<u8> {
        self.by_glyph = by_glyph;
        for block in &page.blocks {
            match block {
                Block::Title(words) => self.paragraph(words, 0),
                Block::Heading(words) | Block::Paragraph(words) => self.paragraph(words, 2),
                Block::Table(rows) => self.table(rows),
            }
        }
        self.packed()
    }

    fn paragraph(&mut self, words: &str, indent: usize) {
        let indented = "\u{3000}".repeat(indent) + words;
        for line in wrapped(&indented, WIDTH, BODY) {
            if self.down + 1.6 * BODY > BOTTOM {
                self.turn();
            }
            let spaces = line.chars().take_while(|character| *character == '\u{3000}').count();
            let shift = spaces as f64 * BODY;
            self.text(
                self.pages.len() - 1,
                LEFT + shift,
                self.down,
                BODY,
                line.trim_start_matches('\u{3000}'),
            );
            self.down += 1.6 * BODY;
        }
    }

    fn turn(&mut self) {
        self.pages.push(String::new());
        self.down = TOP;
    }

    fn table(&mut self, rows: &[Vec<Cell>]) {
        let edges = edges(rows);
        let placed = placed(rows);
        let lines = |cell: &Cell, column: usize| {
            wrapped(&cell.text, edges[column + cell.columns] - edges[column] - 2.0 * GAP, SMALL)
        };
        let need = |cell: &Cell, column: usize| lines(cell, column).len() as f64 * 1.3 * SMALL + 2.0 * GAP;
        let mut heights = vec![1.3 * SMALL + 2.0 * GAP; rows.len()];
        for (row, column, cell) in &placed {
            let last = row + cell.rows - 1;
            let have: f64 = heights[*row..=last].iter().sum();
            heights[last] += (need(cell, *column) - have).max(0.0);
        }
        let mut stretches = Vec::new();
        for height in heights {
            if self.down + height > BOTTOM {
                self.turn();
            }
            stretches.push(Stretch { page: self.pages.len() - 1, top: self.down, height });
            self.down += height;
        }
        self.down += 4.0;
        for (row, column, cell) in &placed {
            let (left, right) = (edges[*column], edges[column + cell.columns]);
            let mut lines = lines(cell, *column).into_iter();
            for part in stretches[*row..row + cell.rows].chunk_by(|one, other| one.page == other.page) {
                let (page, top) = (part[0].page, part[0].top);
                let height: f64 = part.iter().map(|stretch| stretch.height).sum();
                self.frame(page, left, top, right - left, height);
                let room = ((height - 2.0 * GAP) / (1.3 * SMALL) + 0.01).floor() as usize;
                for (position, line) in lines.by_ref().take(room.max(1)).enumerate() {
                    let down = top + GAP + position as f64 * 1.3 * SMALL;
                    self.text(page, left + GAP, down, SMALL, &line);
                }
            }
        }
    }

    fn frame(&mut self, page: usize, x: f64, y: f64, w: f64, h: f64) {
        self.pages[page] += &format!(
            "<ofd:PathObject Boundary=\"{x:.3} {y:.3} {w:.3} {h:.3}\" LineWidth=\"0.2\"><ofd:AbbreviatedData>M 0 0 L {w:.3} 0 L {w:.3} {h:.3} L 0 {h:.3} C</ofd:AbbreviatedData></ofd:PathObject>"
        );
    }

    fn text(&mut self, page: usize, x: f64, y: f64, size: f64, words: &str) {
        let object = |x: f64, words: &str, deltas: &str| {
            format!(
                "<ofd:TextObject Boundary=\"{x:.3} {y:.3} {:.3} {:.3}\" Font=\"1\" Size=\"{size}\"><ofd:TextCode X=\"0\" Y=\"{:.3}\"{deltas}>{}</ofd:TextCode></ofd:TextObject>",
                reach(words, size).max(0.1),
                1.2 * size,
                0.9 * size,
                escaped(words)
            )
        };
        if self.by_glyph {
            let mut x = x;
            for character in words.chars() {
                self.pages[page] += &object(x, character.encode_utf8(&mut [0; 4]), "");
                x += breadth(character, size);
            }
        } else if !words.is_empty() {
            let steps: Vec<String> =
                words.chars().map(|character| format!("{:.3}", breadth(character, size))).collect();
            let steps = &steps[..steps.len() - 1];
            let deltas =
                if steps.is_empty() { String::new() } else { format!(" DeltaX=\"{}\"", steps.join(" ")) };
            self.pages[page] += &object(x, words, &deltas);
        }
    }

    fn packed(mut self) -> Vec<u8> {
        let count = self.pages.len();
        for page in 0..count {
            self.text(page, 100.0, 283.0, BODY, &format!("- {} -", page + 1));
        }
        let list: String = (0..count)
            .map(|page| {
                format!("<ofd:Page ID=\"{}\" BaseLoc=\"Pages/Page_{page}/Content.xml\"/>", 100 + page)
            })
            .collect();
        let names = "xmlns:ofd=\"http://www.ofdspec.org/2016\"";
        let root = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ofd:OFD {names} Version=\"1.0\" DocType=\"OFD\"><ofd:DocBody><ofd:DocInfo><ofd:DocID>1</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
        );
        let document = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ofd:Document {names}><ofd:CommonData><ofd:MaxUnitID>9999</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData><ofd:Pages>{list}</ofd:Pages></ofd:Document>"
        );
        let pages: Vec<(String, String)> = (0..count)
            .zip(&self.pages)
            .map(|(page, objects)| {
                (
                    format!("Doc_0/Pages/Page_{page}/Content.xml"),
                    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ofd:Page {names}><ofd:Content><ofd:Layer ID=\"2\">{objects}</ofd:Layer></ofd:Content></ofd:Page>"),
                )
            })
            .collect();
        let mut parts = vec![("OFD.xml", root.as_str()), ("Doc_0/Document.xml", &document)];
        parts.extend(pages.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        package(&parts)
    }
}

/// Row and column of every cell.
fn placed(rows: &[Vec<Cell>]) -> Vec<(usize, usize, &Cell)> {
    let mut taken = vec![vec![false; width(rows)]; rows.len()];
    let mut placed = Vec::new();
    for (row, cells) in rows.iter().enumerate() {
        for cell in cells {
            let column = taken[row].iter().position(|taken| !taken).expect("the rows of the generator fit");
            for below in taken.iter_mut().skip(row).take(cell.rows) {
                below[column..column + cell.columns].fill(true);
            }
            placed.push((row, column, cell));
        }
    }
    placed
}

/// The edges of the columns: as broad as their words want, within reason.
fn edges(rows: &[Vec<Cell>]) -> Vec<f64> {
    let mut wanted = vec![9.0_f64; width(rows)];
    for (_, column, cell) in placed(rows) {
        if cell.columns == 1 {
            let reach = reach(&cell.text, SMALL) + 2.0 * GAP + 0.1;
            wanted[column] = wanted[column].max(reach.min(if cell.rows > 1 { 12.0 } else { 40.0 }));
        }
    }
    let whole: f64 = wanted.iter().sum();
    let mut edges = vec![LEFT];
    for breadth in wanted {
        edges.push(edges[edges.len() - 1] + breadth * WIDTH / whole);
    }
    edges
}

fn wrapped(words: &str, room: f64, size: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0.0;
    for character in words.chars() {
        let breadth = breadth(character, size);
        if used + breadth > room && used > 0.0 {
            lines.push(String::new());
            used = 0.0;
        }
        used += breadth;
        lines.last_mut().expect("there is a first line").push(character);
    }
    lines
}

fn reach(words: &str, size: f64) -> f64 {
    words.chars().map(|character| breadth(character, size)).sum()
}

fn breadth(character: char, size: f64) -> f64 {
    if character.is_ascii() { size / 2.0 } else { size }
}
