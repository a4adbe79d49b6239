//! What holds for any input: reading never panics, and every cell points into its source.

use proptest::prelude::*;
use report::CellState;

fn check(text: &str) {
    let Ok(document) = document::read(text.as_bytes(), &document::Limits::default()) else { return };
    let report = reading::read(&document, Some("某局2024年政府信息公开工作年度报告.txt"));
    for (id, cell) in report.cells.iter() {
        let has_value = matches!(cell.state, CellState::Read | CellState::Derived);
        assert!(cell.state == CellState::Doubtful || cell.value.is_some() == has_value, "{id}");
        assert_eq!(cell.state == CellState::Doubtful, cell.doubt.is_some(), "{id}");
        if cell.state == CellState::Read {
            let origin = cell.origin.unwrap();
            let source = &text.as_bytes()[origin.start as usize..origin.end as usize];
            assert!(std::str::from_utf8(source).unwrap().contains(cell.text.as_deref().unwrap()), "{id}");
        }
    }
    for breakdown in &report.breakdowns {
        assert!(breakdown.parts.iter().chain([&breakdown.whole]).all(|claim| *claim < report.claims.len()));
    }
}

/// Pieces that reports are made of, in any order.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "一、总体情况",
        "三、收到和处理政府信息公开申请情况",
        "四、政府信息公开行政复议、行政诉讼情况",
        "规章",
        "行政许可",
        "一、本年新收政府信息公开申请数量",
        "二、上年结转政府信息公开申请数量",
        "（一）予以公开",
        "1.属于国家秘密",
        "3.其他",
        "（七）总计",
        "四、结转下年度继续办理",
        "自然人",
        "商业企业",
        "科研机构",
        "社会公益组织",
        "法律服务机构",
        "其他",
        "总计",
        "结果维持",
        "尚未审结",
        "2024年收到政府信息公开申请9件，其中网上5件、信函4件。",
        "某局2024年政府信息公开工作年度报告",
        "0",
        "7",
        "／",
        "-3",
        "万元",
        "12 件",
        "99999999999999999999",
        "二〇二四年一月三十一日",
        "统计期限自2024年1月1日",
        "约",
        "其中",
        "，",
        "。",
    ];
    prop_oneof![
        6 => prop::sample::select(words.to_vec()).prop_map(str::to_owned),
        4 => prop::sample::select(vec!["\t", "\n", " | ", "|", "\n\n", "\n\t", " "]).prop_map(str::to_owned),
        1 => ".{0,12}",
    ]
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in "\\PC{0,400}") {
        check(&text);
    }

    #[test]
    fn no_mixture_of_what_reports_are_made_of_does_either(pieces in prop::collection::vec(piece(), 0..200)) {
        check(&pieces.concat());
    }
}
