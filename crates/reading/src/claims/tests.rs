//! Sentences as reports have them, each with what is found in it.

use document::{Text, Width};
use report::{Decimal, Relation, Year};

use super::*;

/// Draws what is found in one paragraph of the report of 某市审批局 for 2024: numbers (inexact ones with
/// ~, comparisons with + or -) with what they are about, then wholes with their parts (= if the parts
/// are all), then shares.
fn check(paragraph: &str, expected: &str) {
    check_of("某市审批局", None, paragraph, expected);
}

fn check_of(agency: &str, section: Option<SectionKind>, paragraph: &str, expected: &str) {
    let mut text = Text::default();
    text.push(paragraph, 1, 0..paragraph.len() as u64, Width::Utf8);
    let reporter = Reporter { year: Year::new(2024), agency: Some(agency) };
    let mut narrative = Narrative::default();
    narrative.paragraph(&text, Passage::under(section, reporter));
    let value = |claim: &usize| narrative.claims[*claim].value.to_string();
    let mut drawn: Vec<String> = narrative.claims.iter().map(draw).collect();
    for list in &narrative.breakdowns {
        let parts: Vec<String> = list.parts.iter().map(value).collect();
        let sign = if list.complete { "==" } else { "=" };
        drawn.push(format!("{}{sign}{}", value(&list.whole), parts.join("+")));
    }
    for share in &narrative.shares {
        drawn.push(format!("{}={}/{}", value(&share.share), value(&share.part), value(&share.whole)));
    }
    assert_eq!(drawn.join(" "), expected, "{paragraph}");
}

fn draw(claim: &Claim) -> String {
    let exact = if claim.exact { "" } else { "~" };
    let sign = match claim.relation {
        Relation::Is => "",
        Relation::Above => "+",
        Relation::Below => "-",
    };
    let about = claim.about.map_or(String::new(), |about| {
        let name = about.as_str().trim_start_matches("requests.").trim_start_matches("active.");
        format!("@{}", name.trim_end_matches(".total"))
    });
    let value = if claim.unit == "%" { claim.value * Decimal::ONE_HUNDRED } else { claim.value };
    format!("{exact}{sign}{}{}{about}", value.normalize(), claim.unit)
}

#[test]
fn applications_received_differ_from_other_numbers() {
    check("2024年，本单位收到政府信息公开申请 2 件，已全部办结", "2件@received");
    check("共收到政府信息公开申请9件,较去年增加1件", "9件@received +1件@received");
    check("全年受理依申请公开8件", "8件@received");
    check("全年共收到8件政府信息公开申请", "8件@received");
    check("收到公众提出的政府信息公开申请12件", "12件@received");
    check("截至2024年12月31日，共收到10件依申请公开请求", "10件@received");
    check("全年共收到依申请公开一件，完成答复两件", "1件@received 2件@answered");
    check("2024年我局未收到依申请公开信息", "0件@received");
    check(
        "收到依申请公开10件，其中网上申请6件，信函3件，办结9件",
        "10件@received 6件 3件 9件@concluded 10=6+3",
    );
    check(
        "全年共办理依申请公开6件（含上年结转3件），其中5件及时答复，1件由于地址有误未收到申请人依申请公开材料",
        "6件@handled 3件@carried_in 5件 1件 6=5+1",
    );
    check("2024年度共收到依申请件35件", "35件@received");
    check("受理线上信息公开申请65件，依法办结62件，受理线下信息公开申请9件，已全部办结", "65件 62件 9件");
    check("收到政府信息公开申请74件，其中收到网上申请65件，办结71件", "74件@received 65件 71件@concluded");
    check("本年度没有收到政府信息公开申请", "0件@received");
    check("未收到任何形式的依申请公开政府信息", "0件@received");
    // Parts, other years, other offices and other things.
    check("其中通过网站收到政府信息公开申请3件", "3件");
    check("2023年收到政府信息公开申请7件", "7件");
    check("上半年收到政府信息公开申请7件", "7件");
    check("近三年收到政府信息公开申请7件", "7件");
    check("收到自然人政府信息公开申请4件", "4件");
    check("市住建局收到政府信息公开申请4件，予以公开2件", "4件 2件");
    check("全市公安系统收到政府信息公开申请4件", "4件");
    check("未收到政府信息公开举报", "");
    check("未收到因政府信息公开申请引起的投诉", "");
    check("受理12345市民热线咨询投诉502件", "502件");
    check("收到政府信息公开行政复议申请3件", "3件");
    check("依申请公开 收到政府信息公开申请\t3件\t4件", "3件 4件");
}

#[test]
fn a_government_counts_its_area_and_not_its_office() {
    let gov = |paragraph, expected| check_of("安阳市人民政府", None, paragraph, expected);
    gov(
        "全市各级行政机关共收到政府信息公开申请3119件，市政府办公室受理政府信息公开申请120件，答复118件",
        "3119件@received 120件 118件",
    );
    gov("市政府本级收到政府信息公开申请12件", "12件");
    check("全市共收到政府信息公开申请12件", "12件");
}

#[test]
fn outcomes_need_a_mention_of_requests() {
    check(
        "2024年共收到政府信息公开申请9件，按时答复9件，已全部按要求办结。其中，予以公开2件、部分公开1件，\
         无法提供4件、不予公开2件",
        "9件@received 9件@answered 2件@granted 1件@partial 4件@unavailable 2件@refused",
    );
    check(
        "收到政府信息公开申请8件。办结9件：予以公开2件，部分公开1件，无法提供2件，不予处理4件",
        "8件@received 9件@concluded 2件@granted 1件@partial 2件@unavailable 4件@unprocessed 9=2+1+2+4",
    );
    check(
        "收到申请1499件。其中，通过网络申请1303件，占86.92%。完成政府信息依申请公开答复1453件，包括上年结转\
         信息公开申请30件。其中，予以公开答复966件，占66.48%；部分公开67，占4.61%；不予公开81件，占5.57%；\
         其他处理96件，占6.61%",
        "1499件 1303件 86.92% 1453件@answered 30件@carried_in 966件@granted 66.48% 4.61% 81件@refused 5.57% \
         96件@other 6.61% 0.6648=966/1453 0.0557=81/1453 0.0661=96/1453",
    );
    check("区政府受理政府信息公开申请，予以公开及部分公开258件，占答复总数的33.9%", "258件@disclosed 33.9%");
    check("依申请公开：2件予以公开、1件部分公开、3件不予公开", "2件@granted 1件@partial 3件@refused");
    check(
        "我办收到8份政府信息公开申请，均为自然人申请。其中，予以公开2件，属于四类过程性信息1件，其他1件",
        "8份@received 2件@granted 1件@refused.process 1件",
    );
    check(
        "收到政府信息公开申请9件，其中自然人8件，法人或其他组织1件",
        "9件@received 8件@received.natural_person 1件@received.legal_person 9=8+1",
    );
    check(
        "收到依申请公开9件，不予公开2件（属于国家秘密1件、行政执法案卷1件），网上申请5件（予以公开3件）",
        "9件@received 2件@refused 1件@refused.state_secret 1件@refused.enforcement_file 5件 3件",
    );
    check(
        "收到政府信息公开申请9件，其中予以公开3件，其他处理1件",
        "9件@received 3件@granted 1件@other 9=3+1",
    );
    // Elsewhere, and narrowed.
    check("办理建议提案12件，予以公开12件", "12件 12件");
    check("收到政府信息公开申请3件，涉及国家秘密不予公开1件，延期答复1件", "3件@received 1件 1件");
    check("依申请公开0件，公开0件，不予公开0件", "0件 0件 0件@refused");
}

#[test]
fn carried_over_requests_have_their_year() {
    check(
        "2024年共收到政府信息公开申请464件，上年结转3件，办结441件，结转下年度继续办理26件",
        "464件@received 3件@carried_in 441件@concluded 26件@carried_out",
    );
    check(
        "共收到政府信息公开申请10件，2023年结转政府信息公开申请2件，共办结10件，结转2025年度继续办理2件",
        "10件@received 2件@carried_in 10件@concluded 2件@carried_out",
    );
    check(
        "受理政府信息公开申请3119件，答复3050件（含结转34件），另103件顺延至下年",
        "3119件@received 3050件@answered 34件@carried 103件@carried_out",
    );
    check(
        "共处理政府信息公开申请1261件（含结转74件），答复1181件，结转80件",
        "1261件@handled 74件@carried 1181件@answered 80件@carried",
    );
    check("依申请公开情况：无下年度结转", "0件@carried_out");
}

#[test]
fn comparisons_belong_to_their_quantity() {
    check(
        "收到政府信息公开申请12件，较2023年增加4件，同比增长50%",
        "12件@received +4件@received +50%@received",
    );
    check("收到政府信息公开申请12件（比上年减少4件）", "12件@received -4件@received");
    check("收到政府信息公开申请12件，同比下降约50%", "12件@received ~-50%@received");
    check("收到政府信息公开申请12件，与上年持平", "12件@received +0件@received");
    check(
        "收到政府信息公开申请267件，答复263件，申请量比2023年同期上升1.52%",
        "267件@received 263件@answered +1.52%@received",
    );
    check("收到政府信息公开申请12件，网上申请同比增长50%", "12件@received +50%");
    check("收到政府信息公开申请12件，与上年基本持平", "12件@received");
    check("公开信息12条，同比增长50%", "12条 +50%");
}

#[test]
fn disputes_have_their_kind() {
    check(
        "因政府信息公开被申请行政复议351件，其中维持72件、纠正64件、其他结果178件、尚未审结37件；被提起行政诉讼46件",
        "351件@review 72件@review.upheld 64件@review.corrected 178件@review.other 37件@review.pending \
         46件@litigation 351=72+64+178+37",
    );
    check(
        "政府信息公开行政复议7件、行政诉讼9件，均获维持",
        "7件@review 9件@litigation 7件@review.upheld 9件@litigation.upheld",
    );
    check(
        "收到依申请公开2件，引发行政复议1起，未经复议直接起诉2件",
        "2件@received 1起@review 2件@direct_litigation",
    );
    check("因政府信息公开引起的行政复议、行政诉讼3件，维持2件", "3件@disputes 2件");
    check("未发生因政府信息公开申请引起的行政复议和行政诉讼案件", "0件@disputes");
    check(
        "我局未收到政府信息公开申请，未发生因政府信息公开申请行政复议和提起行政诉讼的案件",
        "0件@received 0件@disputes",
    );
    check("依申请公开引起行政复议0件，行政诉讼0件", "0件@review 0件@litigation");
    check("2024年无政府信息公开行政复议案件", "0件@review");
    // Another year, another role, fewer than all.
    check("办理因2023年度政府信息公开申请引发行政复议1件、引发行政诉讼2件，均维持结果", "1件 2件");
    check("司法局办理政府信息公开行政复议案件312件", "312件");
    check("法治建设中，行政复议2件，行政诉讼1件", "2件 1件");
    check("未发生政府信息公开行政诉讼败诉案件", "");
    check("政府信息公开无行政复议、行政诉讼被纠正", "");
}

#[test]
fn decisions_and_documents_differ_from_publications() {
    check(
        "全年作出行政许可决定694件、行政处罚1件，行政强制0件",
        "694件@licensing.decisions 1件@penalty.decisions 0件@coercion.decisions",
    );
    check(
        "制发行政规范性文件5件，废止规范性文件1件，现行有效规范性文件25件",
        "5件@normative_documents.issued 1件@normative_documents.repealed 25件@normative_documents.in_force",
    );
    check(
        "全年制发行政规范性文件3件，废止5件，现行有效36件",
        "3件@normative_documents.issued 5件@normative_documents.repealed 36件@normative_documents.in_force",
    );
    check("制发规范性文件3件，废止制度5件，现行有效36件", "3件@normative_documents.issued 5件 36件");
    check("审核合同3件，废止5件，现行有效36件", "3件 5件 36件");
    check("制定出台2件行政规范性文件", "2件@normative_documents.issued");
    check(
        "清理失效文件1份，截至2024年12月31日，无现行有效行政规范性文件",
        "1份@normative_documents.repealed 0件@normative_documents.in_force",
    );
    check("未制定相关规章及规范性文件", "0件@normative_documents.issued");
    // What is published is not what was decided.
    check("公示行政许可15714条，公开行政处罚信息3条", "15714条 3条");
    check("在信用平台双公示发布行政许可信息累计 15714 条", "15714条");
    check("主动公开规范性文件8件，其中制定规范性文件3件", "8件 3件");
    check("主动公开市政府规章13件（含新制定5件，修改4件，废止4件）", "13件 5件 4件 4件");
    check(
        "办理行政许可事项12项，作出行政许可、行政处罚24件，近五年制定规范性文件4件",
        "12项@licensing.decisions 24件 4件",
    );
}

#[test]
fn parts_belong_to_their_whole() {
    check(
        "公开信息475条,其中动态159条、文件10条、会议6条、公示170条、其他130条",
        "475条 159条 10条 6条 170条 130条 475==159+10+6+170+130",
    );
    check(
        "公开326条，其中动态15条，批准235条，核准12条，公告42条，中标32条，办理热线工单3527件",
        "326条 15条 235条 12条 42条 32条 3527件 326=15+235+12+42+32",
    );
    check("推出93项服务事项，其中审批类60项、服务类33项", "93项 60项 33项 93=60+33");
    check("信息共计3437条，包括:人事信息12条，政务动态3425条", "3437条 12条 3425条 3437=12+3425");
    check("公开100条的内容包括文件80条、通知30条", "100条 80条 30条");
    // One part too many stays visible.
    check("公开193条，其中甲80条、乙16条、丙97条、丁3条", "193条 80条 16条 97条 3条 193=80+16+97+3");
    // What follows a full list is no part of it.
    check("公开100条，其中网站80条、微信20条，解读5条", "100条 80条 20条 5条 100=80+20");
    check("公开100条，其中网站70条、微信20条，解读5条", "100条 70条 20条 5条 100=70+20");
    check("公开100条，其中网站80条（含图解7条）、微信20条", "100条 80条 7条 20条 100=80+20");
    check("公开100条，其中网站80条，同比增加20条", "100条 80条 +20条");
    // Parts with their shares; and a part without its unit, so that nobody can say that they are all.
    check(
        "公开100条，其中网站80条，占80%，微信20条，占20%",
        "100条 80条 80% 20条 20% 100=80+20 0.8=80/100 0.2=20/100",
    );
    check("公开100条，其中网站80条，微信10，其他渠道5条", "100条 80条 5条 100=80+5");
}

#[test]
fn what_is_done_each_quarter_narrows_no_year() {
    check(
        "按季度核对栏目更新情况，发出提醒5次。全年作出行政许可决定287件，结果均已公示。",
        "5次 287件@licensing.decisions",
    );
    check("上半年发出提醒5次。作出行政许可决定287件。", "5次 287件");
}

#[test]
fn a_single_part_may_have_its_share() {
    check("公开177条，其中工作动态42条，占27%", "177条 42条 27% 0.27=42/177");
    check("召开会议2次，公开177条（其中动态42条，占24%）", "2次 177条 42条 24% 0.24=42/177");
    check("收到建议12件，其中主办5件，占比41.7%", "12件 5件 41.7% 0.417=5/12");
    // Of which of several, nobody can say.
    check("公开177条，网站100条，其中动态42条，占42%", "177条 100条 42条 42%");
    check("公开177条，其中网站100条，其中动态42条，占42%", "177条 100条 42条 42%");
    check("公开177条，同比增加20条，其中动态42条，占24%", "177条 +20条 42条 24%");
    check("公开500条。网站公开177条，其中动态42条，占8.4%", "500条 177条 42条 8.4%");
    check("公开177条，其中动态42条，占主动公开总量的24%", "177条 42条 24%");
    check("公开177条，图解42条，占24%", "177条 42条 24%");
}

/// Sentences of real reports, names and years changed.
#[test]
fn sentences_seen_in_the_field_are_read_as_they_are_meant() {
    check(
        "2024年新收政府信息公开申请数量317件，上年结转政府信息公开申请数量3件。其中，予以公开184件，部分公开18件，\
         不予公开8件，本机关无法提供57件，不予处理18件，其他处理22件，结转下年度继续办理13件。因政府信息公开工作\
         申请行政复议0件",
        "317件@received 3件@carried_in 184件@granted 18件@partial 8件@refused 57件@unavailable 18件@unprocessed \
         22件@other 13件@carried_out 0件@review",
    );
    check(
        "接到群众依申请公开政府信息9件；未收取任何费用。其中，6件分局不掌握相关政府信息，2件属于内部事务信息，\
         1件属于部分公开并已办理完结",
        "9件@received 6件 2件 1件",
    );
    check_of(
        "武汉市自然资源和规划局东湖生态风景区分局",
        None,
        "分局收到信息公开申请件3件（独立办理2件，区行政审批局转办1件），同比减少62.5%，本年度3件信息公开件中，\
         予以公开2件，部分公开件",
        "3件@received 2件 1件 -62.5%@received 3件 2件@granted",
    );
    check(
        "共收到政府信息依申请公开18件，1件结转下一年度继续办理外，其他及时答复",
        "18件@received 1件@carried_out",
    );
    check(
        "共收到信息公开申请22起，比2023年（31起）下降29%，答复22起。其中公开1起，不属于政府信息4起，不存在9起",
        "22起@received 31起 -29%@received 22起@answered 1起 4起 9起",
    );
    check(
        "制发规范性文件1件，现行有效规范性文件1件，通过各类新媒体及政府网站进行了公开发布",
        "1件@normative_documents.issued 1件@normative_documents.in_force",
    );
    check(
        "共办理回复依申请公开事项23件，其中网上政府信息公开申请件22件，书面申请件1件，均已按时答复",
        "23件@answered 22件 1件 23=22+1",
    );
    check(
        "共接到社会公众依申请公开184件，上年结转办理1件，均进行规范答复。年内共办结182件，结转下年度继续办理3件。\
         2024年，我局政府信息公开共发生行政复议62件，行政诉讼21件",
        "184件@received 1件@carried_in 182件@concluded 3件@carried_out 62件@review 21件@litigation",
    );
    check("2024年共办理依申请公开8件", "8件@handled");
    check("全街共受理政府信息公开申请总数1件", "1件@received");
    check("共公开文件2份，历年累计381份", "2份 381份");
    check("全年未收到行政许可申请；全年未接到信息公开申请", "0件@received");
    check("主动公开信息66条，其中：行政许可事项3条、行政处罚1，回复公众诉求件9", "66条 3条");
    check(
        "今年以来，累计处理政府信息依申请公开92件，其中，本年度新接收91件，2023年结转办理1件。除4件转结2025年办理以外，均答复",
        "92件 91件 1件 4件 92=91+1",
    );
    check("全年没有发生因政府信息公开申请行政复议和提起行政诉讼的情况", "0件@disputes");
    check("未发生因政府信息申请引起的行政复议和行政诉讼。政府信息公开工作", "");
}

#[test]
fn parts_of_new_requests_and_of_those_carried_in_are_parts_of_both() {
    check(
        "收到政府信息依申请公开9件，上年结转1件，其中网络申请数5件，信函申请数5件，已按程序按时办理，发生行政复议1件",
        "9件@received 1件@carried_in 5件 5件 1件@review 9=5+5",
    );
    check(
        "新收政府信息公开申请9件、上年结转1件，分别为网络申请5件、信函申请5件",
        "9件@received 1件@carried_in 5件 5件 9==5+5",
    );
    check(
        "收到政府信息公开申请9件，上年结转1件，其中网络申请4件，信函申请5件",
        "9件@received 1件@carried_in 4件 5件 9=4+5",
    );
    check(
        "收到政府信息公开申请9件，上年结转1件，其中网络申请6件，信函申请5件",
        "9件@received 1件@carried_in 6件 5件 9=6+5",
    );
    // The answered ones are not those that came by net and by letter.
    check(
        "收到政府信息公开申请9件，答复8件，其中网络申请5件，信函申请4件",
        "9件@received 8件@answered 5件 4件 9=5+4",
    );
}

#[test]
fn sentences_beyond_the_limit_are_not_judged() {
    let long = |count: usize| {
        let mut text = Text::default();
        let paragraph = format!("公开政府信息111条，{}", "其中动态1条、".repeat(count));
        text.push(&paragraph, 1, 0..paragraph.len() as u64, Width::Utf8);
        let mut narrative = Narrative::default();
        narrative.paragraph(&text, Passage::under(None, Reporter::default()));
        (narrative.claims.len(), narrative.overlong.len())
    };
    assert_eq!(long(60), (61, 0));
    assert_eq!(long(2_500), (0, 1));
}
