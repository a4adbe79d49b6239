//! RTF files, drawn.

use document::{Block, Kind, Limits, Text, read};
use proptest::prelude::*;

use crate::draw;

const HEAD: &str = r"{\rtf1\ansi\ansicpg936\deff0{\fonttbl{\f0\fcharset134 SimSun;}{\f1\fcharset0 Arial;}{\f2\fcharset136 Ming;}}";

#[track_caller]
fn check(body: &str, expected: &str) {
    let document = read(format!("{HEAD}{body}}}").as_bytes(), &Limits::default()).unwrap();
    assert_eq!(document.format, Kind::Rtf);
    assert_eq!(draw::draw(&document), expected);
}

/// `|` ends a cell, `/` a row with these right edges.
fn table(rows: &[(&str, &str)]) -> String {
    let row = |(edges, cells): &(&str, &str)| {
        let edges = edges.replace(' ', "");
        format!(r"\trowd{edges}\pard\intbl {}\row", cells.replace('|', r"\cell "))
    };
    rows.iter().map(row).collect::<String>() + r"\pard "
}

#[test]
fn characters_come_in_many_ways() {
    check(r"\'d2\'bb\'a1\'a2\'b9\'e6\'d5\'c2\par", "¶ 一、规章");
    check(r"\uc2\u35268\'b9\'e6\u31456\'d5\'c2 12\par", "¶ 规章 12");
    check(r"\uc1\u-24680?\u-10179?\u-8704?\par", "¶ \u{9f98}😀");
    check(r"{\uc0\u35268\u31456}x\u31456?y\par", "¶ 规章x章y");
    check(r"\'81\'5c\'81@A\\\{\}\~\_\-B\par", "¶ 乗丂A\\{}\u{a0}-B");
    check("\\'b9\r\n\\'e6{\\f2 \\'a4\\'a4}\\f1 \\'d5\\'c2\\par", "¶ 规中章");
    check(r"\'b9\par \'d5\'c2\emdash\ldblquote\rdblquote\tab 1\par", "¶ \u{fffd}\n¶ 章—“”\t1");
}

#[test]
fn what_nobody_sees_is_left_out() {
    check(r"1{\deleted 777}2{\v 8}3{\mvf 9}4\deleted 5\deleted0 6\par", "¶ 12346");
    check(r"1{\revised 2}3\par{\deleted x\par}y\par", "¶ 123\n¶ y");
    check(
        r"{\header x\par}{\footerr x\par}1{\footnote x}{\*\unknown x}{\pict\bin3 }}}00ff}2{\*\bkmkstart a}\par",
        "¶ 12",
    );
    check(
        r"{\field{\*\fldinst{PAGE}}{\fldrslt 12}}{\info{\title T}{\author x}}{\object{\*\objdata 00}{\result 3}}\par",
        "¶ 123",
    );
    check(r"{\shp{\*\shpinst{\sp{\sn x}{\sv y}}}{\shprslt x}}1{\*\listtable{\list x}}\par", "¶ 1");
}

#[test]
fn marks_of_notes_are_no_digits() {
    check(r"12{\super 1}\par 3\sub 4\nosupersub 5 m\super 2\par", "¶ 12\n¶ 345 m2?Raised");
    check(r"{\strike 12}13\par", "¶ 13");
    check(&table(&[(r"\cellx1000 \cellx3000", r"A|12{\super\'a2\'d9}|")]), "Grid\n  A¦12");
}

#[test]
fn text_boxes_stand_in_front_of_their_paragraph() {
    let shape = |text: &str| {
        format!(r"{{\shp{{\*\shpinst\shpleft0{{\sp{{\sn x}}{{\sv 7}}}}{{\shptxt {text}}}}}{{\shprslt x}}}}")
    };
    check(&format!(r"1{}2\par 3\par", shape(r"A\par B\par")), "¶ A\n¶ B\n¶ 12\n¶ 3");
    let inside = table(&[(r"\cellx1000 \cellx3000", "A|B|"), (r"\cellx1000 \cellx3000", "1|2|")]);
    check(&format!(r"1{}2\par", shape(&inside)), "Grid\n  A¦B\n  1¦2\n¶ 12");
}

#[test]
fn paragraphs_know_their_level() {
    check(
        r"{\stylesheet{\s1\outlinelevel0 heading 1;}{\s5 other;}}\pard\s1 A\par\pard\s5 B\par\pard\outlinelevel1 C\par\pard D\line E\par\outlinelevel9 F",
        "# A\n¶ B\n## C\n¶ D\n¶ E\n¶ F",
    );
    check(r"{\listtext\'d2\'bb\'a1\'a2\tab}A\par{\pntext 1.\tab}B\par", "¶ 一、\tA\n¶ 1.\tB");
}

#[test]
fn edges_make_columns() {
    check(
        &table(&[
            (r"\clvmgf\cellx1000 \cellx3000", "A|B|"),
            (r"\clvmrg\cellx1004 \cellx2010 \cellx3007", "|C|D|"),
            (r"\cellx998 \cellx2000 \cellx3000", "1||3|"),
        ]),
        "Grid\n  A⟨2×1⟩¦B⟨1×2⟩\n  1:C¦2:D\n  1¦¦3",
    );
    check(
        &table(&[
            (r"\clmgf\cellx1000 \clmrg\cellx2000 \cellx3000", "A||B|"),
            (r"\cellx1000 \cellx2000 \cellx3000", "1|2|3|"),
        ]),
        "Grid\n  A⟨1×2⟩¦2:B\n  1¦2¦3",
    );
    // A row moved sideways by hand, one that begins to the right, one with a merged cell that none is above.
    check(
        &table(&[(r"\cellx1000 \cellx2000", "A|B|"), (r"\trleft1000\clvmrg\cellx2000", "2|")]),
        "Grid\n  A¦B\n  1:2",
    );
    check(
        &table(&[
            (r"\clvmgf\cellx1000 \cellx2000", "A|B|"),
            (r"\cellx1000 \cellx2000", "1|2|"),
            (r"\clvmrg\cellx1000 \cellx2000", "3|4|"),
        ]),
        "Grid\n  A¦B\n  1¦2\n  3¦4",
    );
    // More cells than edges, and more edges than cells.
    check(
        &table(&[(r"\cellx1000 \cellx2000", "A|B|C|"), (r"\cellx1000 \cellx2000", "1|")]),
        "Grid\n  A¦B¦C\n  1",
    );
}

#[test]
fn a_cell_is_one_line() {
    check(
        &table(&[(r"\cellx1 \cellx900", r"\'bd\'e1\par \'b9\'fb\line x\tab y|{\deleted 7}|")]),
        "Grid\n  结 果 x y¦",
    );
}

#[test]
fn adjacent_tables_stay_separate() {
    let one = table(&[(r"\cellx1000 \cellx2000", "A|B|")]);
    check(&format!("{one}x\\par{one}"), "Grid\n  A¦B\n¶ x\nGrid\n  A¦B");
    check(&format!("{one}\\par{one}"), "Grid\n  A¦B\nGrid\n  A¦B");
    check(&format!("{one}{one}"), "Grid\n  A¦B\n  A¦B");
    let numbered = |index: i32| one.replace(r"\trowd", &format!(r"\trowd\irow{index}"));
    check(&[0, 1, 0, 1].map(numbered).concat(), "Grid\n  A¦B\n  A¦B\nGrid\n  A¦B\n  A¦B");
}

#[test]
fn tables_in_tables() {
    let inner = r"\pard\intbl\itap2 A\nestcell B\nestcell{\*\nesttableprops\trowd\cellx500\cellx900\nestrow}{\nonesttables\par}";
    let outer = |rest: &str| {
        format!(r"\trowd\cellx2000\cellx3000 {inner}\pard\intbl\itap1 x\cell {rest}\row\pard y\par")
    };
    check(&outer(r"\cell"), "Grid\n  A¦B\n¶ x\n¶ y");
    let rows = table(&[(r"\cellx2000 \cellx3000", "1|2|"); 6]);
    check(
        &format!("{}{}", rows.trim_end_matches(r"\pard "), outer(r"3\cell")),
        &format!("Grid\n{}  A B x¦3\n¶ y", "  1¦2\n".repeat(6)),
    );
}

#[test]
fn places_are_those_of_the_file() {
    let bytes = b"{\\rtf1\\ansi\\ansicpg936\r\n\\'b9\\'e6 12\\par\r\n\\trowd\\cellx1\\cellx900\\intbl {3}4\\cell\\cell\\row}";
    let document = read(bytes, &Limits::default()).unwrap();
    let stood = |text: &Text, line: u32, words: &str| {
        let place = text.place();
        assert_eq!((place.line, &bytes[place.start as usize..place.end as usize]), (line, words.as_bytes()));
    };
    let [Block::Paragraph(paragraph), Block::Table(table)] = &document.blocks[..] else {
        panic!("{document:?}")
    };
    stood(&paragraph.text, 2, r"\'b9\'e6 12");
    stood(&paragraph.text.slice(4..6), 2, "12");
    stood(&table.rows[0].cells[0].text, 3, "3}4");
    stood(&table.rows[0].cells[1].text, 3, "");
}

#[test]
fn a_cut_file_has_no_half_figures() {
    let whole = format!(
        "{HEAD}{}",
        table(&[(r"\cellx1000 \cellx2000", "12|34|"), (r"\cellx1000 \cellx2000", "56|78|")])
    );
    for end in HEAD.len()..whole.len() {
        let Ok(document) = read(&whole.as_bytes()[..end], &Limits::default()) else { continue };
        for cell in
            draw::draw(&document).lines().filter(|line| *line != "Grid").flat_map(|line| line.split('¦'))
        {
            let cell = cell.trim_start_matches(|c: char| !c.is_ascii_digit());
            assert!(["", "12", "34", "56", "78"].contains(&cell), "{cell} in {end}");
        }
    }
}

#[test]
fn floods_are_read_or_refused() {
    let class = |body: String| match read(format!("{HEAD}{body}").as_bytes(), &Limits::default()) {
        Ok(_) => "read",
        Err(error) => error.class(),
    };
    let flood = |piece: &str| piece.repeat(10_000_000 / piece.len());
    assert_eq!(class(flood("{")), "too-deep");
    assert_eq!(class(flood("{}")), "empty");
    assert_eq!(class(flood(r"\trowd")), "empty");
    assert_eq!(class(flood(r"\cellx1")), "too-many-cells");
    assert_eq!(class(flood(r"\cell")), "too-many-cells");
    assert_eq!(class(flood(r"x\cell\row")), "too-many-cells");
    assert_eq!(class(flood(r"x\par ")), "too-many-lines");
    assert_eq!(class(flood(r"\itap2147483647 x\nestcell\nestrow")), "too-many-cells");
    assert_eq!(class(flood(r"\u20013?")), "read");
    assert_eq!(class(flood(r"\'b9")), "read");
    assert_eq!(class(r"\bin2147483647 x".into()), "empty");
    assert_eq!(class(r"\bin-1 x".into()), "read");
    let stairs: String = (0..2_000)
        .map(|row| format!(r"\trowd\trleft{0}\cellx{1} x\cell\row", row * 300, 900_000 + row * 300))
        .collect();
    assert_eq!(class(stairs), "too-many-cells");
}

const PIECES: &[&str] = &[
    "{",
    "}",
    "\\par",
    "\\cell ",
    "\\row ",
    "\\trowd",
    "\\cellx100",
    "\\cellx-9",
    "\\cellx2147483647",
    "\\trleft-2147483648",
    "\\clvmgf",
    "\\clvmrg",
    "\\clmgf",
    "\\clmrg",
    "\\intbl",
    "\\itap2",
    "\\itap9",
    "\\itap-3",
    "\\nestcell",
    "\\nestrow",
    "{\\*\\nesttableprops",
    "\\u-1",
    "\\u55357",
    "\\u56832?",
    "\\uc9",
    "\\uc0",
    "\\'b9",
    "\\'e6",
    "\\'",
    "\\bin2 ",
    "\\deleted",
    "\\plain",
    "\\pard",
    "\\f0",
    "\\f2",
    "\\ansicpg65001",
    "\\irow0",
    "\\irow1",
    "{\\info{\\title ",
    "{\\fonttbl{\\f2\\fcharset128 ",
    "{\\stylesheet{\\s1\\outlinelevel0 ",
    "\\s1",
    "甲",
    "12",
    " ",
    "\n",
    "\\*",
    "\\line",
    "\\tab",
    "\\",
];

proptest! {
    #[test]
    fn nothing_makes_it_panic(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..80)) {
        let bytes = format!("{HEAD}{}", pieces.concat()).into_bytes();
        if let Ok(document) = read(&bytes, &Limits::default()) {
            for block in &document.blocks {
                let texts: Vec<&Text> = match block {
                    Block::Paragraph(paragraph) => vec![&paragraph.text],
                    Block::Table(table) => table.rows.iter().flat_map(|row| &row.cells).map(|cell| &cell.text).collect(),
                };
                for place in texts.iter().map(|text| text.place()) {
                    prop_assert!(place.start <= place.end && place.end <= bytes.len() as u64 && place.line > 0);
                }
            }
        }
    }
}
