use report::Year;
use rules::Weights;

use super::letters::drawn;
use super::package::parts;
use super::samples::date;
use crate::{
    Addresser, Bulletin, CommonProblem, LateReport, Overdue, Standing, Totals, bulletin, reminder,
    roster_template,
};

fn office() -> Addresser {
    Addresser {
        name: Some("枣庄市政务公开办公室".into()),
        contact: Some("王某".into()),
        telephone: Some("0632-0000000".into()),
        deadline: date(2025, 3, 10),
        number: Some("枣政公开函〔2025〕8号".into()),
        signer: None,
    }
}

#[test]
fn an_agency_is_reminded_of_what_is_missing() {
    let mut overdue = Overdue {
        agency: "枣庄市财政局".into(),
        year: Year::new(2024).unwrap(),
        due: date(2025, 1, 31),
        missing_years: vec![Year::new(2022).unwrap()],
    };
    let text = drawn(&reminder(&overdue, &office(), date(2025, 2, 17)));
    let expected = "\
枣政公开函〔2025〕8号
# 关于报送2024年/政府信息公开工作年度报告的催报函
枣庄市财政局：
《中华人民共和国政府信息公开条例》第四十九条规定，县级以上人民政府部门应当在每年1月31日前\
向本级政府信息公开工作主管部门提交本行政机关上一年度政府信息公开工作年度报告并向社会公布；\
县级以上地方人民政府的政府信息公开工作主管部门应当在每年3月31日前向社会公布本级政府\
上一年度政府信息公开工作年度报告。
截至2025年2月17日，我单位尚未收到你单位2024年政府信息公开工作年度报告，该报告应于2025年1月31日前报送，已逾期17天。\
此前2022年的年度报告也没有收到，请一并补报。
请于2025年3月10日前报送，并按规定向社会公布。确有困难的，请书面说明原因和拟报送的时间。\
已经报送的，请与我单位联系核对。
特此函告。
枣庄市政务公开办公室
2025年2月17日
（联系人：王某；联系电话：0632-0000000）
";
    assert_eq!(text, expected);
    overdue.missing_years.clear();
    let early = drawn(&reminder(&overdue, &office(), date(2025, 1, 20)));
    assert!(early.contains("年度报告，该报告应于2025年1月31日前报送。\n"), "{early}");
}

fn standing(agency: &str, errors: usize, warnings: usize) -> Standing {
    Standing {
        agency: agency.into(),
        has_reported: true,
        is_late: false,
        errors,
        warnings,
        is_corrected: false,
    }
}

fn sample() -> Bulletin {
    let totals = Totals { expected: 4, in_time: 2, late: 1, missing: 1, verdicts: [1, 1, 1] };
    Bulletin {
        region: "山东省枣庄市".into(),
        year: Year::new(2024).unwrap(),
        totals,
        last_year: Some(Totals { expected: 4, in_time: 2, late: 2, missing: 0, verdicts: [2, 0, 2] }),
        late: vec![LateReport {
            agency: "枣庄市公安局".into(),
            day: date(2025, 2, 18).unwrap(),
            due: date(2025, 1, 31).unwrap(),
        }],
        missing: vec![("枣庄市民政局".into(), date(2025, 1, 31))],
        exempt: vec![("枣庄市老龄办".into(), Some("机构撤销".into()))],
        problems: vec![CommonProblem { name: "表三列不平衡".into(), agencies: 2, last_year: Some(3) }],
        standings: vec![
            Standing { is_late: true, is_corrected: true, ..standing("枣庄市公安局", 0, 1) },
            standing("枣庄市教育局", 2, 0),
            Standing { has_reported: false, ..standing("枣庄市民政局", 0, 0) },
            standing("枣庄市财政局", 0, 0),
        ],
        weights: Weights::default(),
    }
}

#[test]
fn a_notice_says_who_reported_and_how_well() {
    let text = drawn(&bulletin(&sample(), &office(), date(2025, 2, 20)));
    let expected = "\
枣政公开函〔2025〕8号
# 关于山东省枣庄市2024年/政府信息公开工作年度报告/报送和校核情况的通报
各有关单位：
根据《中华人民共和国政府信息公开条例》第四十九条、第五十条，对山东省枣庄市各行政机关2024年政府信息公开工作\
年度报告的报送情况和报告质量进行了核对。截至2025年2月20日，有关情况通报如下：
## 一、报送情况
应报送4个机关，已报送3个，其中按时报送2个、迟报1个；未报送1个。与上年相比，按时报送持平，迟报减少1个，未报送增加1个。
迟报的机关：
|枣庄市公安局|2025年1月31日|2025年2月18日|
未报送的机关：
|枣庄市民政局|2025年1月31日|
免予报送1个机关：枣庄市老龄办（机构撤销）。
## 二、校核结论
已报送的报告中，未发现问题的1份，有需要核实事项的1份，有必须整改问题的1份。
|未发现问题|1|2|-1|
|有需要核实的事项|1|0|+1|
|有必须整改的问题|1|2|-1|
## 三、共性问题
两个以上机关共有的问题如下，一个机关的同类问题只计一次：
|表三列不平衡|2|3|
## 四、评分排名
得分＝100－迟报10分－必须整改的问题每项5分－需要核实的事项每项1分＋更正后重新报送且已无\
必须整改的问题3分；最高100分，最低0分，未报送的计0分并排在最后。得分相同的并列。\
同一处差错引起的多项不符只计一项。
|1|枣庄市财政局|100|按时|0／0|
|2|枣庄市公安局|92|迟报|0／1|
|3|枣庄市教育局|90|按时|2／0|
|4|枣庄市民政局|0|未报送|—|
## 五、工作要求
未报送的机关应于2025年3月10日前报送并向社会公布；有问题的机关应于2025年3月10日前按照整改意见逐项更正、核实，并重新报送。
枣庄市政务公开办公室
2025年2月20日
（联系人：王某；联系电话：0632-0000000）
";
    assert_eq!(text, expected);
}

#[test]
fn a_notice_is_a_document_that_repeats_its_table_heads() {
    let mut long = sample();
    long.missing = (0..300).map(|number| (format!("第{number}局"), None)).collect();
    let parts = parts(&bulletin(&long, &office(), None).docx().unwrap());
    let document = &parts["word/document.xml"];
    assert_eq!(document.matches("<w:tblHeader/>").count(), 5);
    assert!(document.contains("第299局"));
}

#[test]
fn agencies_with_the_same_points_share_a_place() {
    let mut tied = sample();
    tied.standings =
        vec![standing("甲", 1, 0), standing("乙", 1, 0), standing("丙", 2, 0), standing("丁", 30, 0)];
    let places: Vec<(usize, u64)> =
        tied.ranking().into_iter().map(|ranked| (ranked.place, ranked.points)).collect();
    assert_eq!(places, [(1, 95), (1, 95), (3, 90), (4, 0)]);
    tied.weights = Weights { error: 0, ..Weights::default() };
    assert!(tied.ranking().iter().all(|ranked| ranked.place == 1));
}

#[test]
fn the_template_of_a_roster_is_a_roster() {
    let parts = parts(&roster_template().unwrap());
    let cells = super::package::sheet(&parts, 1);
    let names: Vec<String> =
        ('A'..='K').map(|column| cells[&format!("{column}1")].trim_start_matches('s').to_owned()).collect();
    assert_eq!(names, survey::Roster::columns());
    assert_eq!(roster_template().unwrap(), roster_template().unwrap());
}
