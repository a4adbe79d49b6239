//! HTML pages, drawn.

use document::{Kind, Limits, read};

use crate::draw;

#[track_caller]
fn check(page: &str, expected: &str) {
    let document = read(page.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(document.format, Kind::Html);
    let expected: Vec<&str> =
        expected.trim().lines().map(|line| line.strip_prefix("        ").unwrap_or(line)).collect();
    assert_eq!(draw::draw(&document), expected.join("\n"));
}

#[test]
fn paragraphs_end_where_blocks_and_breaks_do() {
    check("<p>一<b>二</b>三</p><div>四<br>五</div>六", "¶ 一二三\n¶ 四\n¶ 五\n¶ 六");
    check("<p>甲  乙\n 丙</p><p>&nbsp;&#12288;丁&nbsp;</p><p> </p><p>", "¶ 甲 乙 丙\n¶ 丁");
    check("<h2>一、总体情况</h2><p>正文", "## 一、总体情况\n¶ 正文");
    check("<p>受理 12&nbsp;件 &lt;其中&gt; A&amp;B &copy &notit; &", "¶ 受理 12\u{a0}件 <其中> A&B © ¬it; &");
}

#[test]
fn what_nobody_reads_is_left_out() {
    check(
        "<p>留</p><script>p = '<p>去</p>'</script><style>去</style><!-- 去 --><noscript><p>去</p></noscript>",
        "¶ 留",
    );
    check(
        "<nav><p>去</p></nav><p style='DISPLAY : none'>去</p><p hidden>去</p><select><option>去</select>留",
        "¶ 留",
    );
    check("<html><head><title>去</title><meta charset=utf-8></head><body><p>留", "¶ 留");
}

#[test]
fn marks_of_notes_are_no_digits() {
    check(
        "<table><tr><td>规章<sup>①</sup><td>12<sup>1</sup><td><sup>[2]</sup>3</table>",
        "Grid\n  规章①¦12¦3",
    );
    check("<p>收到 12<sup><a href='#n'>1</a></sup> 件，100m<sup>2</sup>", "¶ 收到 12 件，100m2");
    check("<table><tr><td>甲<td>5<span style='vertical-align : super'>3</span></table>", "Grid\n  甲¦5");
    check("<p>5<sup>1<p>6</sup>7", "¶ 5\n¶ 67");
}

#[test]
fn what_is_struck_out_is_gone() {
    check("<table><tr><td>甲<td><s>12</s>13<td><del>4</del></table>", "Grid\n  甲¦13¦");
    check("<p><span style='text-decoration: line-through'>12</span>13<ins>4</ins>", "¶ 134");
    check(
        "<table><tr><td style='text-decoration:line-through'>甲<td>1<td style='display:none !important'>2</table>",
        "Grid\n  甲?Struck¦1",
    );
}

#[test]
fn hidden_cells_and_tables_leave_no_trace() {
    check(
        "<table><tr><td hidden>去<td>甲<td style='display:none'>去<td>1<tr><td>乙<td>2</table>",
        "Grid\n  甲¦1\n  乙¦2",
    );
    let copy = "<table style='display:none'><tr><td>去<td>去</table>";
    check(
        &format!("<table><tr><td>甲{copy}<td>1<tr><td>乙<td>2</table>{copy}<p>丙"),
        "Grid\n  甲¦1\n  乙¦2\n¶ 丙",
    );
}

#[test]
fn spans_make_a_grid() {
    check(
        "<table><tr><td rowspan=2>甲<td colspan=2>乙<tr><td>丙<td>丁<tr><td>1<td><td>3</table>",
        "Grid\n  甲⟨2×1⟩¦乙⟨1×2⟩\n  1:丙¦2:丁\n  1¦¦3",
    );
    check("<table><tr><td rowspan=9>甲<td>乙<tr><td>丙</table>", "Grid\n  甲⟨2×1⟩¦乙\n  1:丙");
    check(
        "<table><tr><td rowspan=0>甲<td>乙<tr><td>丙<tr><td>丁</table>",
        "Grid\n  甲⟨3×1⟩¦乙\n  1:丙\n  1:丁",
    );
    check(
        "<table><tbody><tr><td rowspan=9>甲<td>乙<tbody><tr><td>丙<td>丁</table>",
        "Grid\n  甲¦乙\n  丙¦丁",
    );
    check("<table><tr><td colspan=x>甲<td rowspan='2 '>乙<tr><td>丙</table>", "Grid\n  甲¦乙⟨2×1⟩\n  丙");
}

#[test]
fn a_cell_is_one_line() {
    check(
        "<table><tr><td><p>结果</p><p>维持</p><td>尚未<br>审结<td><b>总</b>计</table>",
        "Grid\n  结果 维持¦尚未 审结¦总计",
    );
}

#[test]
fn helper_rows_go_and_blank_rows_stay() {
    check("<table><tr><td>甲<td>乙<tr height=0><td><td></table>", "Grid\n  甲¦乙");
    check("<table><tr><td>甲<td>乙<tr><td><td></table>", "Grid\n  甲¦乙\n  ¦");
    check("<table><tr></tr><tr><td>甲<td>乙</table>", "Grid\n  甲¦乙");
}

#[test]
fn layout_tables_are_read_as_text() {
    check("<table><tr><td><p>一</p><p>二</p></table>", "¶ 一\n¶ 二");
    check(
        "<table><tr><td>上<tr><td>前<table><tr><td>甲<td>乙</table>后</table>",
        "¶ 上\n¶ 前\nGrid\n  甲¦乙\n¶ 后",
    );
    check("<table><caption>表一</caption><tr><td>甲<td>乙</table>", "¶ 表一\nGrid\n  甲¦乙");
    check("<table><tr>外<td>甲<td>乙</table>", "¶ 外\nGrid\n  甲¦乙");
}

#[test]
fn a_small_table_in_a_cell_is_its_text() {
    let row = "<tr><td>规章<td>0<td>0<td>0";
    check(
        &format!("<table>{row}{row}<tr><td><table><tr><td>甲<td>乙</table><td>1<td>2<td>3</table>"),
        "Grid\n  规章¦0¦0¦0\n  规章¦0¦0¦0\n  甲 乙¦1¦2¦3",
    );
}

#[test]
fn text_in_a_page_may_draw_tables() {
    check("<html><body><pre>规章\t0\t1\n许可\t2\t3\n</pre>", "Rows\n  规章¦0¦1\n  许可¦2¦3");
    check(
        "<html><body>\n二、主动公开\n\t规章\t0\n\t许可\t2\n</body></html>",
        "¶ 二、主动公开\nRows\n  ¦规章¦0\n  ¦许可¦2",
    );
}

#[test]
fn the_title_is_read() {
    let document = read("<title> 年度 报告 </title><p>甲".as_bytes(), &Limits::default()).unwrap();
    assert_eq!(document.title.unwrap().as_str(), "年度 报告");
}
