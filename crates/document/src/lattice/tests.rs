//! Pages made by hand: `x` and `y` in units of ten points, words of characters ten points high.

use rustix::time::{ClockId, clock_gettime};

use super::*;

/// A page of 60 by 80 units.
#[derive(Default)]
struct Sheet {
    page: Page,
}

impl Sheet {
    fn new() -> Sheet {
        Sheet { page: Page { height: 800.0, source: 7..9, ..Page::default() } }
    }

    /// A rule between two points.
    fn rule(mut self, x0: f32, y0: f32, x1: f32, y1: f32) -> Sheet {
        let [x0, y0, x1, y1] = [x0, y0, x1, y1].map(|value| value * 10.0);
        self.page.segments.push(Segment { x0, y0, x1, y1 });
        self
    }

    /// All rules of a grid with these edges.
    fn grid(mut self, xs: &[f32], ys: &[f32]) -> Sheet {
        for x in xs {
            self = self.rule(*x, ys[0], *x, ys[ys.len() - 1]);
        }
        for y in ys {
            self = self.rule(xs[0], *y, xs[xs.len() - 1], *y);
        }
        self
    }

    /// Words from a point to the right.
    fn words(mut self, x: f32, y: f32, words: &str) -> Sheet {
        let mut left = x * 10.0;
        for character in words.chars() {
            let width = if character.is_ascii() { 5.0 } else { 10.0 };
            let (right, top) = (left + width, y * 10.0);
            self.page.glyphs.push(Glyph { character, left, top, right, bottom: top + 10.0, doubt: None });
            left = right;
        }
        self
    }

    /// Words from a point down, a character a line.
    fn down(mut self, x: f32, y: f32, words: &str) -> Sheet {
        for (index, character) in words.chars().enumerate() {
            self = self.words(x, y + 1.2 * index as f32, &character.to_string());
        }
        self
    }
}

#[track_caller]
fn check(sheets: Vec<Sheet>, expected: &str) {
    let pages = sheets.into_iter().map(|sheet| sheet.page).collect();
    let blocks = read(pages, &Limits::default()).unwrap_or_default();
    assert_eq!(draw(&blocks), expected.trim_start_matches('\n'));
}

fn draw(blocks: &[Block]) -> String {
    let cell = |cell: &Cell| {
        let span = match (cell.row_span, cell.column_span) {
            (1, 1) => String::new(),
            (rows, columns) => format!("⟨{rows}×{columns}⟩"),
        };
        format!("{}:{}{span}", cell.column, cell.text.as_str())
    };
    let row = |row: &Row| "  ".to_owned() + &row.cells.iter().map(cell).collect::<Vec<_>>().join("¦");
    let block = |block: &Block| match block {
        Block::Paragraph(paragraph) => format!("¶ {}", paragraph.text.as_str()),
        Block::Table(table) => table.rows.iter().map(row).collect::<Vec<_>>().join("\n"),
    };
    blocks.iter().map(block).collect::<Vec<_>>().join("\n")
}

/// Two columns and two rows.
fn square() -> Sheet {
    Sheet::new().grid(&[5.0, 15.0, 25.0], &[10.0, 12.0, 14.0])
}

fn filled(sheet: Sheet) -> Sheet {
    sheet.words(6.0, 10.5, "甲").words(16.0, 10.5, "1").words(6.0, 12.5, "乙").words(16.0, 12.5, "2")
}

const SQUARE: &str = "  0:甲¦1:1\n  0:乙¦1:2";

#[test]
fn rules_make_cells() {
    check(vec![filled(square())], SQUARE);
    check(vec![square().words(16.0, 12.5, "2")], "  0:¦1:\n  0:¦1:2");
    check(
        vec![filled(square()).words(5.0, 3.0, "标题").words(5.0, 20.0, "正文。")],
        &format!("¶ 标题\n{SQUARE}\n¶ 正文。"),
    );
}

#[test]
fn cells_span_both_ways() {
    let sheet = Sheet::new()
        .grid(&[5.0, 15.0], &[10.0, 16.0])
        .grid(&[15.0, 35.0], &[10.0, 12.0])
        .grid(&[15.0, 25.0, 35.0], &[12.0, 14.0, 16.0])
        .words(6.0, 12.5, "甲")
        .words(24.0, 10.5, "乙丙")
        .words(16.0, 12.5, "1")
        .words(26.0, 14.5, "4");
    check(vec![sheet], "  0:甲⟨3×1⟩¦1:乙丙⟨1×2⟩\n  1:1¦2:\n  1:¦2:4");
}

#[test]
fn borders_may_be_missing_doubled_dashed_or_drawn_cell_by_cell() {
    // Open at both sides.
    let open =
        Sheet::new().rule(5.0, 10.0, 25.0, 10.0).rule(5.0, 12.0, 25.0, 12.0).rule(5.0, 14.0, 25.0, 14.0);
    check(vec![filled(open.rule(15.0, 10.0, 15.0, 14.0))], SQUARE);
    // Doubled.
    check(vec![filled(square().grid(&[4.8, 15.2, 25.2], &[9.8, 12.2, 14.2]))], SQUARE);
    // In dashes.
    let mut dashed = Sheet::new();
    for dash in 0..40 {
        let x = 5.0 + 0.5 * dash as f32;
        for y in [10.0, 12.0, 14.0] {
            dashed = dashed.rule(x, y, x + 0.3, y);
        }
    }
    check(
        vec![filled([5.0, 15.0, 25.0].iter().fold(dashed, |sheet, x| sheet.rule(*x, 10.0, *x, 14.0)))],
        SQUARE,
    );
    // A box for each cell, with a gutter.
    let boxes = [(5.0, 10.0), (15.0, 10.0), (5.0, 12.0), (15.0, 12.0)];
    let boxed =
        boxes.iter().fold(Sheet::new(), |sheet, (x, y)| sheet.grid(&[x + 0.1, x + 9.9], &[y + 0.1, y + 1.9]));
    check(vec![filled(boxed)], SQUARE);
    // A rule that stops short by less than half a cell still parts its cells.
    let short = Sheet::new().grid(&[5.0, 25.0], &[10.0, 12.0, 14.0]).rule(15.0, 10.0, 15.0, 13.4);
    check(vec![filled(short)], SQUARE);
}

#[test]
fn what_is_no_table_is_text() {
    check(vec![Sheet::new().grid(&[5.0, 25.0], &[10.0, 14.0]).words(6.0, 10.5, "框内")], "¶ 框内");
    check(vec![Sheet::new().rule(5.0, 9.0, 25.0, 9.0).words(6.0, 10.5, "线下")], "¶ 线下");
    check(vec![square()], "");
}

#[test]
fn a_table_in_a_frame_is_a_table() {
    check(
        vec![filled(square()).grid(&[2.0, 58.0], &[2.0, 78.0]).words(5.0, 4.0, "标题")],
        &format!("¶ 标题\n{SQUARE}"),
    );
}

#[test]
fn lines_of_a_cell_are_joined() {
    let narrow = |first: &str, second: &str| {
        let sheet = Sheet::new().grid(&[5.0, 9.0, 25.0], &[10.0, 14.0]);
        sheet.words(5.5, 10.5, first).words(5.5, 11.7, second).words(10.0, 10.5, "x")
    };
    check(vec![narrow("结果", "维持")], "  0:结果维持¦1:x");
    // No room was left for the next digit, or much.
    check(vec![narrow("15548", "7")], "  0:155487¦1:x");
    check(vec![narrow("12", "7")], "  0:12 7¦1:x");
    check(vec![narrow("ab", "cd")], "  0:ab cd¦1:x");
    // Words far apart are two; bold printed twice is one.
    check(vec![square().words(5.5, 10.5, "3").words(9.0, 10.5, "5")], "  0:3 5¦1:\n  0:¦1:");
    check(vec![square().words(5.5, 10.5, "总计").words(5.53, 10.5, "总计")], "  0:总计¦1:\n  0:¦1:");
}

#[test]
fn marks_of_notes_are_no_digits() {
    let mut sheet = square().words(16.0, 10.5, "1");
    let small = |left: f32, top: f32| Glyph {
        character: '2',
        left,
        top,
        right: left + 3.0,
        bottom: top + 6.0,
        doubt: None,
    };
    sheet.page.glyphs.push(small(165.0, 105.0));
    check(vec![sheet], "  0:¦1:1\n  0:¦1:");
    // What is small and stands on the line is a digit.
    let mut sheet = square().words(16.0, 10.5, "1");
    sheet.page.glyphs.push(small(165.0, 109.0));
    check(vec![sheet], "  0:¦1:12\n  0:¦1:");
}

#[test]
fn labels_are_set_downwards() {
    let sheet = || Sheet::new().grid(&[5.0, 7.5, 25.0], &[10.0, 24.0]).words(10.0, 10.5, "1");
    check(vec![sheet().down(5.5, 10.5, "三、本年度办理结果")], "  0:三、本年度办理结果¦1:1");
    // In two columns, the right one first.
    check(
        vec![sheet().down(6.4, 10.5, "三、本年度").down(5.1, 10.5, "办理结果")],
        "  0:三、本年度办理结果¦1:1",
    );
    // Turned to read upwards.
    let turned = "办理结果".chars().enumerate();
    let up = turned.fold(sheet(), |sheet, (index, character)| {
        sheet.words(5.5, 20.0 - 1.2 * index as f32, &character.to_string())
    });
    check(vec![up], "  0:办理结果¦1:1");
}

/// The rows of a table at the foot of a page and at the head of the next: a group label, a label and
/// two figures, with a rule round each.
fn over_pages(above: &[[&str; 4]], below: &[[&str; 4]], groups: (&[usize], &[usize])) -> Vec<Sheet> {
    let part = |rows: &[[&str; 4]], groups: &[usize], top: f32| {
        let (xs, height) = ([5.0, 10.0, 30.0, 35.0, 40.0], 2.0);
        let bottom = top + height * rows.len() as f32;
        let mut sheet = Sheet::new();
        for (index, row) in rows.iter().enumerate() {
            let y = top + height * index as f32;
            sheet = sheet.rule(if groups.contains(&index) { xs[0] } else { xs[1] }, y, xs[4], y);
            for (x, words) in xs.iter().zip(row) {
                sheet = sheet.words(x + 0.3, y + 0.5, words);
            }
        }
        xs.iter().fold(sheet.rule(xs[0], bottom, xs[4], bottom), |sheet, x| sheet.rule(*x, top, *x, bottom))
    };
    vec![part(above, groups.0, 72.0 - 2.0 * above.len() as f32), part(below, groups.1, 7.0)]
}

#[test]
fn a_table_goes_on_over_pages() {
    let rows = |sheets: Vec<Sheet>, expected: &str| check(sheets, expected);
    // A group label whose cell is empty below, with page numbers between.
    let mut sheets = over_pages(
        &[["三、", "（一）公开", "1", "2"], ["", "（二）部分", "3", "4"]],
        &[["", "（三）不予", "5", "6"], ["", "（四）无法", "7", "8"]],
        (&[0], &[0]),
    );
    for sheet in &mut sheets {
        *sheet = std::mem::take(sheet).words(28.0, 76.0, "- 4 -");
    }
    rows(
        sheets,
        "  0:三、⟨4×1⟩¦1:（一）公开¦2:1¦3:2\n  1:（二）部分¦2:3¦3:4\n  1:（三）不予¦2:5¦3:6\n  1:（四）无法¦2:7¦3:8",
    );
    // A group label that goes on, and one row alone below.
    rows(
        over_pages(
            &[["办理", "1.公开", "1", "2"], ["", "2.部分", "3", "4"]],
            &[["结果", "3.不予", "5", "6"]],
            (&[0], &[0]),
        ),
        "  0:办理结果⟨3×1⟩¦1:1.公开¦2:1¦3:2\n  1:2.部分¦2:3¦3:4\n  1:3.不予¦2:5¦3:6",
    );
    // A note at the foot of the page.
    let mut sheets =
        over_pages(&[["甲", "乙", "1", "2"]; 2], &[["丙", "丁", "3", "4"]; 2], (&[0, 1], &[0, 1]));
    sheets[0] = std::mem::take(&mut sheets[0]).words(5.0, 74.0, "1数据截至年底。");
    rows(
        sheets,
        "  0:甲¦1:乙¦2:1¦3:2\n  0:甲¦1:乙¦2:1¦3:2\n  0:丙¦1:丁¦2:3¦3:4\n  0:丙¦1:丁¦2:3¦3:4\n¶ 1数据截至年底。",
    );
    // The next group begins with the page.
    rows(
        over_pages(
            &[["（三）", "1.公开", "1", "2"], ["", "2.部分", "3", "4"]],
            &[["（四）", "1.没有", "5", "6"], ["", "2.需要", "7", "8"]],
            (&[0], &[0]),
        ),
        "  0:（三）⟨2×1⟩¦1:1.公开¦2:1¦3:2\n  1:2.部分¦2:3¦3:4\n  0:（四）⟨2×1⟩¦1:1.没有¦2:5¦3:6\n  1:2.需要¦2:7¦3:8",
    );
}

#[test]
fn rows_cut_by_a_page_are_one_again() {
    let rows = |above: [&str; 4], below: [&str; 4], expected: &str| {
        check(
            over_pages(&[["x", "y", "9", "9"], above], &[below, ["u", "v", "8", "8"]], (&[0, 1], &[0, 1])),
            &format!("  0:x¦1:y¦2:9¦3:9\n{expected}\n  0:u¦1:v¦2:8¦3:8"),
        );
    };
    rows(["甲", "保护第三方", "1", "2"], ["", "合法权益", "", ""], "  0:甲¦1:保护第三方合法权益¦2:1¦3:2");
    rows(["甲", "合法", "1", "2"], ["", "第三方", "", ""], "  0:甲¦1:合法第三方¦2:1¦3:2");
    rows(["甲", "合法", "1579612", "2"], ["", "", "2", ""], "  0:甲¦1:合法¦2:15796122¦3:2");
    rows(["甲", "合法", "1", "2"], ["", "", "", ""], "  0:甲¦1:合法¦2:1¦3:2");
    rows(["甲", "合法", "", ""], ["", "", "1", "2"], "  0:甲¦1:合法¦2:1¦3:2");
    // These are two rows.
    rows(["甲", "合法", "1", "2"], ["乙", "权益", "3", "4"], "  0:甲¦1:合法¦2:1¦3:2\n  0:乙¦1:权益¦2:3¦3:4");
    rows(["甲", "合法", "1", "2"], ["", "", "3", "4"], "  0:甲¦1:合法¦2:1¦3:2\n  0:¦1:¦2:3¦3:4");
    rows(
        ["甲", "合法", "1", "2"],
        ["", "（二）权益", "", ""],
        "  0:甲⟨2×1⟩¦1:合法¦2:1¦3:2\n  1:（二）权益¦2:¦3:",
    );
    rows(["甲", "合法", "", ""], ["乙", "权益", "3", "4"], "  0:甲¦1:合法¦2:¦3:\n  0:乙¦1:权益¦2:3¦3:4");
}

#[test]
fn other_tables_and_repeated_heads() {
    let head = ["组", "名称", "件", "数"];
    check(
        over_pages(&[head, ["甲", "乙", "1", "2"]], &[head, ["丙", "丁", "3", "4"]], (&[0, 1], &[0, 1])),
        "  0:组¦1:名称¦2:件¦3:数\n  0:甲¦1:乙¦2:1¦3:2\n  0:丙¦1:丁¦2:3¦3:4",
    );
    // Words between them, or other sides.
    check(
        vec![filled(square()), filled(square()).words(5.0, 8.0, "四、续")],
        &format!("{SQUARE}\n¶ 四、续\n{SQUARE}"),
    );
    let wider = Sheet::new().grid(&[5.0, 15.0, 28.0], &[10.0, 12.0, 14.0]);
    let two = read(vec![filled(square()).page, filled(wider).page], &Limits::default()).unwrap_or_default();
    assert_eq!(two.len(), 2);
}

#[test]
fn furniture_is_left_out() {
    let sheet = |number: &str, words: &str| {
        Sheet::new().words(20.0, 3.0, "年度报告").words(5.0, 40.0, words).words(28.0, 76.0, number)
    };
    let long = "很长的一行字很长的一行字";
    let first = sheet("— 1 —", "甲。").words(5.0, 38.5, long);
    check(vec![first, sheet("第 2 页", "乙。")], &format!("¶ {long}甲。\n¶ 乙。"));
    check(vec![sheet("1/3", "甲。")], "¶ 年度报告\n¶ 甲。");
    check(vec![Sheet::new().words(5.0, 40.0, "12")], "¶ 12");
}

#[test]
fn lines_make_paragraphs() {
    let lines = |lines: &[(f32, &str)]| {
        lines.iter().enumerate().fold(Sheet::new(), |sheet, (index, (x, words))| {
            sheet.words(*x, 20.0 + 1.5 * index as f32, words)
        })
    };
    let (full, indented) = ("一二三四五六七八九十", "一二三四五六七八");
    check(
        vec![lines(&[
            (7.0, indented),
            (5.0, full),
            (5.0, "完。"),
            (7.0, indented),
            (5.0, "完。"),
            (7.0, "标题"),
            (7.0, indented),
        ])],
        &format!("¶ {indented}{full}完。\n¶ {indented}完。\n¶ 标题\n¶ {indented}"),
    );
    // Over a page.
    let foot = Sheet::new().words(7.0, 65.0, indented).words(5.0, 66.5, full);
    check(vec![foot, Sheet::new().words(5.0, 10.0, "完。")], &format!("¶ {indented}{full}完。"));
}

#[test]
fn places_tell_page_box_and_line() {
    let blocks =
        read(vec![Sheet::new().words(5.0, 30.0, "前。").page, filled(square()).page], &Limits::default());
    let Ok([Block::Paragraph(paragraph), Block::Table(table)]) = blocks.as_deref() else {
        panic!("{blocks:?}")
    };
    let place = paragraph.text.place();
    assert_eq!((place.page, place.line, place.start, place.end), (Some(1), 1, 7, 9));
    let place = table.rows[1].cells[1].text.place();
    let area = place.area.map(|area| (area.left, area.top, area.right, area.bottom));
    assert_eq!((place.page, place.line, area), (Some(2), 3, Some((160, 125, 165, 135))));
}

/// A table over all pages of a long document takes time in proportion.
#[test]
fn long_tables_are_read_once() {
    let page = |_| {
        let ys: Vec<f32> = (0..30).map(|row| 5.0 + 2.0 * row as f32).collect();
        (0..29)
            .fold(Sheet::new().grid(&[5.0, 15.0, 25.0], &ys), |sheet, row| {
                sheet.words(16.0, ys[row] + 0.5, "12")
            })
            .page
    };
    let read_pages = |count: usize| {
        let pages = (0..count).map(page).collect();
        let cpu = || std::time::Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default();
        let start = cpu();
        let blocks = read(pages, &Limits::default()).unwrap_or_default();
        let took = cpu() - start;
        assert!(matches!(&blocks[..], [Block::Table(table)] if table.rows.len() == 29 * count));
        took
    };
    let (base, took) = (read_pages(200), read_pages(2_000));
    assert!(took < 30 * base, "took {took:?}, a tenth of it {base:?}");
}

#[test]
fn too_much_is_refused() {
    let edges: Vec<f32> = (0..600).map(|edge| edge as f32).collect();
    let error = read(vec![Sheet::new().grid(&edges, &edges).words(1.2, 1.2, "x").page], &Limits::default());
    assert_eq!(error.map_err(|error| error.class()), Err("too-many-cells"));
    let many =
        (0..9_000).fold(Sheet::new(), |sheet, index| sheet.rule(0.0, index as f32, 90.0, index as f32));
    assert!(read(vec![many.page], &Limits::default()).is_ok_and(|blocks| blocks.is_empty()));
    let odd =
        Glyph { character: 'x', left: f32::NAN, top: f32::INFINITY, right: 0.0, bottom: 0.0, doubt: None };
    let page = Page { glyphs: vec![odd; 3], ..square().page };
    assert!(read(vec![page], &Limits::default()).is_ok());
}

/// A drawn plus sign is narrower than the distance at which two rules are one.
#[test]
fn a_plus_sign_is_no_table() {
    let page = Sheet::new().rule(5.0, 5.0, 5.6, 5.0).rule(5.3, 4.7, 5.3, 5.3).words(1.0, 1.0, "甲").page;
    let blocks = read(vec![page], &Limits::default()).unwrap_or_default();
    assert!(matches!(&blocks[..], [Block::Paragraph(paragraph)] if paragraph.text.as_str() == "甲"));
}
