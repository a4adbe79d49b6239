//! What an official reads, word for word.

use report::FormId::F2021;

use super::case::years;
use crate::{Office, review_as};

/// The messages of this rule, each with its repair if it has one.
fn check(rule: &str, changes: &str, expected: &[&str]) {
    let (report, last_year) = years(F2021, changes);
    let findings = review_as(report, last_year.as_ref(), &Office::default(), None).findings;
    let messages: Vec<String> = findings
        .into_iter()
        .filter(|finding| finding.rule == rule)
        .map(|finding| finding.message + &finding.repair.map_or(String::new(), |repair| repair.reason))
        .collect();
    assert_eq!(messages, expected);
}

#[test]
fn imbalances_give_both_sides_and_the_difference() {
    check(
        "T3-01",
        "requests.received.natural_person=3 requests.concluded.natural_person=2",
        &["表三“自然人”列不平衡：新收3件+上年结转0件=3件，办理结果总计2件+结转下年度0件=2件，相差1件。\
           请核对该列四个数字后更正。"],
    );
    check(
        "T3-02",
        "requests.partial.research=2 requests.refused.third_party.research=3",
        &["表三“科研机构”列办理结果不平衡：(二)部分公开2件+(三)不予公开·4.保护第三方合法权益3件，合计5件；\
           “(七)总计”0件，相差5件。请核对该列办理结果各项及总计后更正。"],
    );
    check(
        "T3-03",
        "requests.received.research=2 requests.received.enterprise=blank requests.received.total=1",
        &[
            "表三“一、本年新收政府信息公开申请数量”行不平衡：科研机构2件，合计2件（另有1格没有数字，未计入）；\
           总计1件，相差1件。请核对该行各列及总计后更正。",
        ],
    );
    check(
        "T4-01",
        "review.upheld=2 review.corrected=2 review.total=3",
        &["表四“行政复议”不平衡：结果维持2件+结果纠正2件，合计4件；总计3件，相差1件。\
           请核对该组各项结果、尚未审结及总计后更正。"],
    );
}

#[test]
fn a_single_wrong_cell_is_named_with_its_right_value() {
    let wrong = "requests.refused.third_party.natural_person=1";
    let repair = "将表三“(三)不予公开·4.保护第三方合法权益 / 自然人”由1改为0后，各行各列全部平衡。";
    check(
        "T3-02",
        wrong,
        &[&format!(
            "表三“自然人”列办理结果不平衡：(三)不予公开·4.保护第三方合法权益1件，合计1件；“(七)总计”0件，相差1件。\
             请核对该列办理结果各项及总计后更正。{repair}"
        )],
    );
    // Raising the total mends it, and no single part can give five.
    check(
        "T4-02",
        "direct_litigation.upheld=4 direct_litigation.other=4 direct_litigation.total=3",
        &["表四“行政诉讼/未经复议直接起诉”不平衡：结果维持4件+其他结果4件，合计8件；总计3件，相差5件。\
           请核对该组各项结果、尚未审结及总计后更正。\
           将表四“行政诉讼/未经复议直接起诉 / 总计”由3改为8后，该表各组全部平衡。"],
    );
}

#[test]
fn lost_columns_and_rows_are_named() {
    check(
        "T3-05",
        "requests.*.total=derived:0 requests.partial.other_org=derived:0 note=ColumnAbsent:total note=RowCut:partial",
        &[
            "表三缺少“总计”列，另有1行的数字不到末列即中断，共26格没有填写，其中26格的数值系由其他数字推算得出。\
           请按规定格式补上该列，逐行填写后重新公布。",
        ],
    );
    check(
        "T3-08",
        "requests.partial.*=derived:0 note=RowWithoutFigures:partial",
        &[
            "表三只有标题、没有数字的是“(二)部分公开”。其数值只能由其他数字推算得出。请按表头补齐这些行，没有发生的填0。",
        ],
    );
    check(
        "T3-08",
        "requests.partial.*=missing note=FigureCount:partial:9",
        &["表三数字个数与表头不符的是“(二)部分公开”。请按表头补齐这些行，没有发生的填0。"],
    );
    check(
        "T3-09",
        "note=RowShifted:concluded note=RowShifted:other.misc",
        &["表三有2行与表头错位：“(六)其他处理·3.其他”、“(七)总计”。左侧的标题格缺失，数字整行偏移，\
           本次核对按对齐后的位置读取。请对照表头逐行核对，调整表格后重新公布。"],
    );
}

#[test]
fn what_cannot_be_judged_is_said_with_what_is_needed() {
    check(
        "T3-01",
        "requests.received.enterprise=blank",
        &[
            "表三“商业企业”列有1格没有数字，无法核对“新收加上年结转等于办理总计加结转下年度”（空格按0计则平衡）。\
           请补填后重新核对，没有发生的填0。",
        ],
    );
    check(
        "T4-04",
        "note=FigureCount:litigation:16",
        &["表四应有15个数字，实际有16个，无法确定各数字所属的栏目，有关各组未作核对。\
           请按规定格式补齐或更正表四后重新公布。"],
    );
}

#[test]
fn the_narrative_is_quoted_beside_the_table() {
    check(
        "NAR-01",
        "claim=2件@requests.received.total requests.received.total=3 requests.carried_in.total=2",
        &[
            "正文称“正文2件”，表三新收申请总计为3件（加上年结转2件为5件），相差1件。请核对正文与表三，改为一致。",
        ],
    );
    check(
        "NAR-05",
        "parts=326条:15条+235条+12条+42条+32条",
        &["正文称“正文326条”，所列各项15+235+12+42+32=336条，总数为326条，各项之和多出10条。\
           请核对总数与各分项后更正。"],
    );
}

#[test]
fn figures_that_do_not_go_together_are_set_side_by_side() {
    check(
        "T2-03",
        "active.normative_documents.issued=5 active.normative_documents.repealed=1 active.normative_documents.in_force=2",
        &["表二“行政规范性文件”行本年制发5件、废止1件，现行有效却为2件。请核对制发、废止和现行有效件数。"],
    );
    check(
        "T2-12",
        "active.licensing.decisions=0",
        &[
            "行政审批机关的“行政许可”处理决定数量为0。请核对是否漏填或者按其他口径统计；确未发生的，请在报送时说明。",
        ],
    );
    check(
        "T3-07",
        "requests.received.natural_person=3 requests.received.total=3 requests.granted.enterprise=3 \
         requests.granted.total=3 requests.concluded.natural_person=3 requests.concluded.total=3",
        &["表三“(一)予以公开”行的3件填在“商业企业”列，改填到“自然人”列后各行各列全部平衡。\
           请核对该申请人的类别后更正。"],
    );
    check(
        "T3-18",
        "active.regulations.*=missing note=RowRepeated:regulations",
        &["同一行出现两次而数字不同：“规章”。无法确定以哪一行为准，有关数字未作核对。\
           请删去多余的行，保留正确的数字后重新公布。"],
    );
}

#[test]
fn two_years_are_set_side_by_side() {
    check(
        "XY-01",
        "requests.carried_in.natural_person=2 requests.carried_in.total=2 last: \
         requests.carried_out.natural_person=3 requests.carried_out.total=3",
        &["表三“上年结转”与2023年度报告的“结转下年度继续办理”不一致：“自然人”列本年为2件、上年为3件，\
           “总计”列本年为2件、上年为3件。请与上年度报告核对后更正，确属上年数据有误的请说明。"],
    );
    check(
        "XY-03",
        "active.normative_documents.issued=2 active.normative_documents.in_force=30 last: \
         active.normative_documents.in_force=30",
        &[
            "表二“行政规范性文件”行现行有效30件，而2023年度报告现行有效30件，加本年制发2件、减本年废止0件应为32件，相差2件。\
           请与上年度报告核对，因失效、清理或者统计口径变化的请说明。",
        ],
    );
    check(
        "XY-09",
        "claim=-0.65%@requests.received.total requests.received.total=3 last: requests.received.total=9",
        &["正文称“正文0.65%”，“收到政府信息公开申请”本年为3、2023年度报告为9，实际减少66.67%。\
           请核对正文的比较与两年的数字后更正。"],
    );
}

#[test]
fn the_document_and_its_cells_are_told_plainly() {
    check(
        "DOC-07",
        "sections=1,2,4,3,5",
        &[
            "报告的六个部分不合规定：缺少“六、其他需要报告的事项”；顺序颠倒“三、收到和处理政府信息公开申请情况”。\
           请按规定的六个部分补齐并调整顺序。",
        ],
    );
    check(
        "DOC-10",
        "requests.*=missing bare=3",
        &[
            "报告中没有表三（收到和处理政府信息公开申请情况）。标题之下没有文字，表格可能是图片、附件或由脚本载入。\
           请以可复制的文字表格补上后重新公布。",
        ],
    );
    check(
        "DOC-11",
        "year=2020",
        &[
            "2020年度报告应当使用2019年格式（国办公开办函〔2019〕60号），实际使用的是2021年格式（国办公开办函〔2021〕30号）。\
           请改用该年度规定的格式重新填写。",
        ],
    );
    check(
        "T2-10",
        "active.licensing.decisions=45633件",
        &[
            "表二“行政许可 / 本年处理决定数量”在数字后写了单位：“45633件”已按45633读取。请删去单位，只保留数字。",
        ],
    );
    check(
        "CEL-01",
        "requests.received.total=/ requests.received.research=-",
        &["表三有2格以“-”、“/”代替数字：“一、本年新收政府信息公开申请数量 / 科研机构”、\
           “一、本年新收政府信息公开申请数量 / 总计”。请改填数字，没有发生的填0。"],
    );
}

#[test]
fn the_narrative_is_held_against_its_cell_or_its_sum() {
    check(
        "NAR-03",
        "claim=440件@requests.concluded.total requests.concluded.total=441",
        &["正文称“正文440件”，表三“(七)总计”为441件，相差1件。请核对正文与表三，改为一致。"],
    );
    check(
        "NAR-04",
        "claim=4件@requests.unavailable.total requests.unavailable.not_held.total=3",
        &["正文称“正文4件”，表三“无法提供”合计为3件，相差1件。请核对正文与表三，改为一致。"],
    );
    check(
        "NAR-06",
        "share=0.339%:258件:805件",
        &["正文称“正文258件”占33.9%，按总数805计算为32.05%，相差1.85个百分点。请核对件数与占比后更正。"],
    );
    check(
        "NAR-07",
        "claim=7件@review.upheld review.upheld=5",
        &["正文称“正文7件”，表四“行政复议 / 结果维持”为5件，相差2件。请核对正文与表四，改为一致。"],
    );
    check(
        "NAR-08",
        "claim=7件@active.licensing.decisions active.licensing.decisions=blank",
        &[
            "正文称“正文7件”，而表二“行政许可 / 本年处理决定数量”没有可用的数字，无法核对。请补填表二后重新核对。",
        ],
    );
}

#[test]
fn dates_are_given_as_officials_write_them() {
    check(
        "DOC-05",
        "dated=Signature:2025-02-18",
        &["报告落款日期为2025年2月18日，晚于2025年1月31日的期限。请核实公布日期，逾期的应当说明原因。"],
    );
    check(
        "DOC-05",
        "dated=Signature:2025-01-20 dated=Page:2025-02-18",
        &[
            "报告落款日期为2025年1月20日，而网页所示公布日期为2025年2月18日，晚于2025年1月31日的期限（如因网站改版迁移所致，以原公布日期为准）。\
           请核实公布日期，逾期的应当说明原因。",
        ],
    );
    check(
        "DOC-03",
        "remark=Period:2024-01-01/2024-12-30",
        &["统计期限为2024年1月1日至2024年12月30日，不是完整的报告年度。\
           请改为报告年度的1月1日至12月31日，有特殊情况的在第六部分说明。"],
    );
}

/// A late signature of a department is an error; what only a page shows, and what the name of the agency
/// leaves open, is worth a look.
#[test]
fn lateness_weighs_as_much_as_is_certain() {
    use report::Severity::{Error, Info, Warning};
    for (changes, rule, expected) in [
        ("dated=Signature:2025-02-18", "DOC-05", Error),
        ("dated=Signature:2025-02-18:above", "DOC-05", Warning),
        ("dated=Page:2025-02-18", "DOC-05", Warning),
        ("agency=枣庄市人民政府办公室 dated=Signature:2025-02-18", "DOC-05", Warning),
        ("agency=平乡县寻召乡人民政府 dated=Signature:2025-02-18", "DOC-05", Warning),
        ("agency=平乡县寻召乡人民政府 dated=Signature:2025-04-18", "DOC-05", Error),
        ("dated=Signature:2024-12-25", "DOC-06", Warning),
        ("dated=Page:2019-12-03", "DOC-06", Info),
        ("remark=Period:2024-01-01/2024-12-30", "DOC-03", Error),
        ("remark=Period:202411日起至20241231日", "DOC-03", Warning),
    ] {
        let findings = review_as(years(F2021, changes).0, None, &Office::default(), None).findings;
        let severities: Vec<_> =
            findings.iter().filter(|finding| finding.rule == rule).map(|finding| finding.severity).collect();
        assert_eq!(severities, [expected], "{changes}");
    }
}

#[test]
fn what_the_words_lack_is_named() {
    check(
        "DOC-13",
        "unsaid=Theme:依申请公开 unsaid=Theme:监督保障",
        &["总体情况没有写到“依申请公开”、“监督保障”。请在第一部分补写，没有发生的也应当说明。"],
    );
    check(
        "NAR-11",
        "remark=Hole:类信息条 remark=Hole:XX件",
        &["正文中有漏填的数字：“类信息条”、“XX件”。请填上数字，没有发生的写0。"],
    );
    check(
        "T3-13",
        "remark=AllConcluded:全部办结 requests.carried_out.total=2",
        &["正文称申请“全部办结”，表三却有2件结转下年度继续办理。请核对正文与表三，改为一致。"],
    );
    check(
        "DOC-08",
        "heading=1:—、总体情况 inner=1:一、加强组织领导",
        &["标题“—、总体情况”的序号有误；部分之内的小标题“一、加强组织领导”又从头使用一级序号。\
           请按“一、二、三、四、五、六、”统一编号，部分内的小标题改用“（一）”。"],
    );
}
