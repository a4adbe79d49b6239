//! What a person sees of the figures of an RTF file, and what is stored: each trick beside its plain twin.

use document::{Limits, read};

use crate::draw;

const HEAD: &str =
    r"{\rtf1\ansi{\colortbl;\red255\green255\blue255;\red31\green78\blue121;\red255\green0\blue0;}";

#[track_caller]
fn check_row(row: &str, cell: &str, expected: &str) {
    let file = format!(
        r"{HEAD}\trowd\cellx1000{row}\cellx3000\pard\intbl A\cell {cell}\cell\row\trowd\cellx1000\cellx3000\pard\intbl B\cell 2\cell\row\pard}}"
    );
    let document = read(file.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(draw::draw(&document), format!("Grid\n  A¦{expected}\n  B¦2"), "{row} {cell}");
}

#[track_caller]
fn check(cell: &str, expected: &str) {
    check_row("", cell, expected);
}

#[test]
fn letters_that_cannot_be_seen_are_doubtful() {
    check(r"{\cf1 7}146", "7146?SameColour");
    check(r"{\fs1 7}146", "7146?Tiny");
    check(r"{\expndtw-2000 7}146", "7146?Overlapping");
    check(r"{\expnd-400 7}146", "7146?Overlapping");
    check(r"{\charscalex1 7}146", "7146?Tiny");
    check(r"{\dn200 7}146", "7146?Clipped");
    check(r"{\webhidden 7}146", "7146?Hidden");
    check(r"{\webhidden0 1}46", "146");
    check(r"{\cf3 1}46", "146");
    check(r"{\cf0 1}46", "146");
    check(r"{\cf1\chcbpat2 1}46", "146");
    check(r"\plain\fs21\cf3 146", "146");
    check(r"{\cf1 1\plain 46}", "146?SameColour");
    check(r"{\cf1\chshdng10000\chcfpat2 1}46", "146");
    check(r"{\cf2\chshdng10000\chcfpat2 7}146", "7146?SameColour");
    check_row(r"\clcbpat2", r"{\cf1 146}", "146");
    check_row(r"\clcbpat1", r"{\cf1 146}", "146?SameColour");
    check(r"\cbpat2{\cf1 146}", "146");
}

#[test]
fn low_rows_are_doubtful() {
    let row = |height: i32| {
        let file = format!(
            r"{HEAD}\trowd\cellx1000\cellx3000\pard\intbl A\cell 1\cell\row\trowd\trrh{height}\cellx1000\cellx3000\pard\intbl B\cell 2\cell\row\pard}}"
        );
        draw::draw(&read(file.as_bytes(), &Limits::default()).unwrap())
    };
    assert_eq!(row(-1), "Grid\n  A¦1\n  B?Clipped¦2?Clipped");
    assert_eq!(row(-400), "Grid\n  A¦1\n  B¦2");
    assert_eq!(row(1), "Grid\n  A¦1\n  B¦2");
}

#[test]
fn what_is_not_shown_is_not_read() {
    check(r"{\v 7}146", "146");
    check(r"{\strike 7}146", "146");
    check(r"{\upr{7}{\*\ud{1}}}46", "146");
    check(r"{\upr{{\b 7}}{\*\ud{{\b 1}}}}46", "146");
}

#[test]
fn digits_off_their_line_are_doubtful() {
    check(r"14{\sub 6}", "146?Raised");
    check(r"14{\dn12 6}", "146?Raised");
    check(r"1{\super 4}6", "146?Raised");
    check(r"146{\super [1]}", "146");
    check(r"146{\super 1}", "146");
    check(r"{\up2 146}", "146");
}

#[test]
fn fields_and_boxes_are_doubtful() {
    check(r"{\field\flddirty{\*\fldinst =1}{\fldrslt 741}}", "741?Generated");
    check(r"{\field{\*\fldinst =1}{\fldrslt 146}}", "146");
    check(r"{\field{\*\fldinst EQ \\f(1,46)}{\fldrslt }}", "?Fraction");
    check(r"741{\shp{\*\shpinst{\shptxt 146\par}}}", "146 741?Covered");
    check(r"{\shp{\*\shpinst{\shptxt 146\par}}}", "146");
}
