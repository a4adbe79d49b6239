//! What a person sees of the figures of an ODT, and what is stored: each trick beside its plain twin.

use document::{Limits, read};

use crate::draw;

const STYLES: &str = r##"<style:style style:name="white" style:family="text"><style:text-properties fo:color="#ffffff"/></style:style>
    <style:style style:name="child" style:family="text" style:parent-style-name="white"/>
    <style:style style:name="blue" style:family="text"><style:text-properties fo:color="#0000ff"/></style:style>
    <style:style style:name="marked" style:family="text"><style:text-properties fo:color="#ffffff" fo:background-color="#000080"/></style:style>
    <style:style style:name="tiny" style:family="text"><style:text-properties fo:font-size="0.5pt"/></style:style>
    <style:style style:name="small" style:family="text"><style:text-properties fo:font-size="8pt"/></style:style>
    <style:style style:name="none" style:family="text"><style:text-properties text:display="none"/></style:style>
    <style:style style:name="struck" style:family="text"><style:text-properties style:text-line-through-style="solid"/></style:style>
    <style:style style:name="tight" style:family="text"><style:text-properties fo:letter-spacing="-1cm"/></style:style>
    <style:style style:name="low" style:family="text"><style:text-properties style:text-position="sub 58%"/></style:style>
    <style:style style:name="high" style:family="text"><style:text-properties style:text-position="super 58%"/></style:style>
    <style:style style:name="clear" style:family="text"><style:text-properties loext:opacity="0%"/></style:style>
    <style:style style:name="dark" style:family="table-cell"><style:table-cell-properties fo:background-color="#1f4e79"/></style:style>
    <style:style style:name="hiddenp" style:family="paragraph"><style:text-properties text:display="none"/></style:style>"##;

#[track_caller]
fn check_cell(style: &str, cell: &str, expected: &str) {
    let file = format!(
        "<office:document office:mimetype=\"application/vnd.oasis.opendocument.text\"><office:automatic-styles>{STYLES}</office:automatic-styles>\
         <office:body><office:text><table:table><table:table-row><table:table-cell><text:p>甲</text:p></table:table-cell>\
         <table:table-cell table:style-name='{style}'>{cell}</table:table-cell></table:table-row><table:table-row><table:table-cell>\
         <text:p>乙</text:p></table:table-cell><table:table-cell><text:p>2</text:p></table:table-cell></table:table-row></table:table>\
         </office:text></office:body></office:document>"
    );
    let document = read(file.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(draw::draw(&document), format!("Grid\n  甲¦{expected}\n  乙¦2"), "{style} {cell}");
}

#[track_caller]
fn check(style: &str, expected: &str) {
    check_cell(
        "",
        &format!("<text:p><text:span text:style-name='{style}'>7</text:span>146</text:p>"),
        expected,
    );
}

#[test]
fn spans_look_like_their_styles() {
    check("none", "146");
    check("struck", "146");
    check("white", "7146?SameColour");
    check("child", "7146?SameColour");
    check("tiny", "7146?Tiny");
    check("tight", "7146?Overlapping");
    check("clear", "7146?Faint");
    check("blue", "7146");
    check("marked", "7146");
    check("small", "7146");
}

#[test]
fn text_stands_in_its_cell() {
    let white = "<text:p><text:span text:style-name='white'>146</text:span></text:p>";
    check_cell("", white, "146?SameColour");
    check_cell("dark", white, "146");
    check_cell("", "<text:p text:style-name='hiddenp'>7</text:p><text:p>146</text:p>", "146");
    let off = |style: &str, text: &str| {
        format!("<text:p>14<text:span text:style-name='{style}'>{text}</text:span></text:p>")
    };
    check_cell("", &off("low", "6"), "146?Raised");
    check_cell("", &off("high", "①"), "14");
    let frame = "<draw:frame><draw:text-box><text:p>146</text:p></draw:text-box></draw:frame>";
    check_cell("", &format!("<text:p>741{frame}</text:p>"), "741 146?Covered");
    check_cell("", &format!("<text:p>{frame}</text:p>"), "146");
}
