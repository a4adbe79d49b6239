//! Plain texts, drawn: one for each way in which they draw tables.

use document::{Limits, read};

use crate::draw;

#[track_caller]
fn check(sample: &str, expected: &str) {
    let drawing = draw::draw(&read(sample.as_bytes(), &Limits::default()).unwrap());
    assert_eq!(drawing, expected.trim_matches('\n'), "\n{drawing}\n");
}

#[test]
fn rows_with_tabs() {
    check(
        include_str!("../samples/tabs.txt"),
        "
¶ 云溪县数据局2024年政府信息公开工作年度报告
¶ 一、总体情况
¶ 2024年，我局主动公开信息31条。
¶ 1.	加强领导。专题研究两次。
¶ 2.	健全制度。修订办法一项。
¶ 二、主动公开政府信息情况
Rows
  第二十条第（一）项¦¦¦
  信息内容¦本年制发件数¦本年废止件数¦现行有效件数
  规章¦0¦0¦0
  行政规范性文件¦1¦¦3
  第二十条第（五）项
  行政许可¦128 件¦¦
¶ 三、收到和处理政府信息公开申请情况
Rows
  ¦¦自然人¦总计
  一、本年新收¦¦2¦2
  ¦（一）予以公开¦1¦1
Rows
  复议¦¦诉讼¦¦
  维持¦纠正¦维持¦纠正
  0¦0¦/¦-
¶ 四、其他
¶ 单位：数据局	负责人：张三",
    );
}

#[test]
fn cells_with_a_leading_tab() {
    check(
        include_str!("../samples/lead-tabs.txt"),
        "
¶ 二、主动公开政府信息情况
Stream
  第二十条第（一）项
  信息内容¦本年制发件数¦现行有效件数
  规章¦0¦
  行政规范性文件¦2¦5
¶ 三、存在的问题
¶ 一是公开内容不够全面。
¶ 二是更新不够及时。
¶ （一）改进措施
¶ 加强培训
¶ 完善制度",
    );
}

#[test]
fn cells_that_end_in_a_pipe() {
    check(
        include_str!("../samples/cell-pipes.txt"),
        "
¶ 二、主动公开政府信息情况
Stream
  第二十条第(一)项¦¦¦
  信息内容¦本年制发件数¦现行有效件数¦
  规章¦0¦0¦
  行政许可¦251¦¦
  行政事业性收费¦12.5万元
¶ 三、收到和处理政府信息公开申请情况
Stream
  申请人情况¦自然人¦总计
  一、本年新收¦4¦4
  (一)予以公开¦3¦/
¶ 四、复议情况
¶ 全年无复议 | 无诉讼。",
    );
}

#[test]
fn pipes_on_lines_of_their_own() {
    check(
        include_str!("../samples/pipe-lines.txt"),
        "
¶ 二、主动公开政府信息情况
Stream
  信息内容¦本年制发件数¦现行有效件数
  规章¦0¦¦0
  行政规范性文件¦1¦/
¶ 三、存在的问题
¶ 全年没有问题。",
    );
}

#[test]
fn rows_that_open_with_a_pipe() {
    check(
        include_str!("../samples/opening-pipes.txt"),
        "
¶ 二、主动公开政府信息情况
Stream
  信息内容¦本年制发件数¦现行有效件数
  规章¦0¦2
  ¦0¦1
¶ 三、存在的问题",
    );
}

#[test]
fn ragged_rows_with_pipes() {
    check(
        include_str!("../samples/ragged-pipes.txt"),
        "
¶ 三、收到和处理政府信息公开申请情况
Rows
  申请人情况¦¦¦¦
  自然人¦法人¦总计
  一、本年新收¦2¦0¦2
  三、办理结果¦（一）予以公开¦2¦0¦2
  ¦（二）部分公开¦¦0¦0
Rows
  复议¦诉讼
  0¦1
¶ 四、存在的问题
¶ 首页 | 公开 | 互动",
    );
}

#[test]
fn markdown() {
    check(
        include_str!("../samples/markdown.txt"),
        "
# 云溪县医保局2024年度报告
## 二、主动公开政府信息情况
Rows
  信息内容¦本年制发件数¦现行有效件数
  规章¦0¦
  ¦-¦--
Rows
  甲¦乙¦丙
  1¦2¦3",
    );
}

#[test]
fn a_break_in_a_row_is_in_a_cell() {
    let rows = "信息内容\t本年制发件数\t现行有效件数\n规章\t12\u{b}345\t0\n行政规范性文件\t1\t2\n";
    let drawing = draw::draw(&read(rows.as_bytes(), &Limits::default()).unwrap());
    assert!(drawing.contains("规章¦12\u{b}345¦0") || drawing.contains("规章¦12 345¦0"), "{drawing}");
    // Where every part has cells, each is a row.
    let joined = rows.trim_end().replace("12\u{b}345", "12").replace('\n', "\u{b}");
    let drawing = draw::draw(&read(joined.as_bytes(), &Limits::default()).unwrap());
    assert!(drawing.contains("规章¦12¦0\n"), "{drawing}");
}
