use super::divisions::{every_code, senses};
use super::{by_code, mentions, resolve};

/// `expected` is the code and the name, or `-` where nothing is proved.
#[track_caller]
fn check(agency: &str, context: &str, expected: &str) {
    let found = resolve(agency, context);
    let found = found.map_or_else(|| "-".to_owned(), |region| format!("{} {}", region.code, region.name));
    assert_eq!(found, expected, "{agency} | {context}");
}

/// Agencies as reports name them: name, what else the report says, code or `-`.
#[test]
fn agencies_of_every_kind_are_placed() {
    let wrong: Vec<String> = include_str!("agencies.tsv")
        .lines()
        .filter_map(|line| {
            let [agency, context, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("three columns: {line}")
            };
            let found = resolve(agency, context).map_or_else(|| "-".to_owned(), |region| region.code);
            (found != expected).then(|| format!("{agency} | {context}: {found}, not {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_name_that_exists_once_needs_no_more() {
    check("山东省教育厅", "", "370000 山东省");
    check("内蒙古自治区人民政府办公厅", "", "150000 内蒙古自治区");
    check("上海市教育委员会", "", "310000 上海市");
    check("枣庄市行政审批服务局", "", "370400 山东省枣庄市");
    check("西安市人民政府办公厅", "", "610100 陕西省西安市");
    check("国家税务总局西安市税务局", "", "610100 陕西省西安市");
    check("共青团北京市委员会", "", "110000 北京市");
    check("吉林省教育厅", "", "220000 吉林省");
    check("吉林市教育局", "", "220200 吉林省吉林市");
    check("海南省教育厅", "", "460000 海南省");
    check("海南州教育局", "", "632500 青海省海南藏族自治州");
    check("海南藏族自治州人民政府", "", "632500 青海省海南藏族自治州");
    check("恩施自治州财政局", "", "422800 湖北省恩施土家族苗族自治州");
    check("大兴安岭地区行政公署", "", "232700 黑龙江省大兴安岭地区");
    check("锡林郭勒盟行政公署", "", "152500 内蒙古自治区锡林郭勒盟");
    check("东莞市人民政府", "", "441900 广东省东莞市");
    check("岚皋县行政审批服务局", "", "610925 陕西省安康市岚皋县");
    check("和县人民政府", "", "340523 安徽省马鞍山市和县");
    check("昆山市发展和改革委员会", "", "320583 江苏省苏州市昆山市");
    check("阿鲁科尔沁旗人民政府", "", "150421 内蒙古自治区赤峰市阿鲁科尔沁旗");
    check("东乡族自治县人民政府", "", "622926 甘肃省临夏回族自治州东乡族自治县");
    check("塔什库尔干塔吉克自治县教育局", "", "653131 新疆维吾尔自治区喀什地区塔什库尔干塔吉克自治县");
    check("枣庄市 行政审批\u{3000}服务局", "", "370400 山东省枣庄市");
}

#[test]
fn counties_of_no_city_have_no_placeholder() {
    check("仙桃市人民政府", "", "429004 湖北省仙桃市");
    check("湖北省仙桃市教育局", "", "429004 湖北省仙桃市");
    check("神农架林区人民政府", "", "429021 湖北省神农架林区");
    check("济源市教育体育局", "", "419001 河南省济源市");
    check("白沙黎族自治县审计局", "", "469025 海南省白沙黎族自治县");
    check("石河子市财政局", "", "659001 新疆维吾尔自治区石河子市");
    check("嘉峪关市公安局", "", "620200 甘肃省嘉峪关市");
    check("六枝特区人民政府", "", "520203 贵州省六盘水市六枝特区");
}

#[test]
fn the_chain_is_followed_down() {
    check("陕西省西安市碑林区行政审批服务局", "", "610103 陕西省西安市碑林区");
    check("西安市碑林区行政审批服务局", "", "610103 陕西省西安市碑林区");
    check("陕西省碑林区行政审批服务局", "", "610103 陕西省西安市碑林区");
    check("洛阳市老城区行政审批和政务信息管理局", "", "410302 河南省洛阳市老城区");
    check("国家税务总局西安市碑林区税务局", "", "610103 陕西省西安市碑林区");
    check("武汉市公安局青山区分局", "", "420107 湖北省武汉市青山区");
    check("包头市公安局青山区分局", "", "150204 内蒙古自治区包头市青山区");
    check("北京市朝阳区教育委员会", "", "110105 北京市朝阳区");
    check("吉林省长春市朝阳区教育局", "", "220104 吉林省长春市朝阳区");
    check("重庆市城口县人民政府", "", "500229 重庆市城口县");
    check("晋城市城区人民政府", "", "140502 山西省晋城市城区");
    check("内蒙古自治区乌海市海南区人民政府", "", "150303 内蒙古自治区乌海市海南区");
    check("辽源市西安区教育局", "西安 陕西", "220403 吉林省辽源市西安区");
    check("枣庄市市中区教育和体育局", "", "370402 山东省枣庄市市中区");
    check("枣庄市中区教育和体育局", "", "370402 山东省枣庄市市中区");
    check("青岛市北区教育和体育局", "", "370203 山东省青岛市市北区");
    check("伊犁哈萨克自治州塔城地区行政公署", "", "654200 新疆维吾尔自治区塔城地区");
    check("教育局（西安市碑林区）", "", "610103 陕西省西安市碑林区");
    check("碑林区教育局（西安市）", "", "610103 陕西省西安市碑林区");
    check("西安碑林区教育局", "", "610103 陕西省西安市碑林区");
}

#[test]
fn what_lies_below_a_division_is_part_of_it() {
    check("北京市东城区人民政府东华门街道办事处", "", "110101001 北京市东城区东华门街道");
    check("徐闻县不存在镇人民政府", "", "440825 广东省湛江市徐闻县");
    check("西安市高新区管理委员会", "", "610100 陕西省西安市");
    check("岚皋县城区管理办公室", "", "610925 陕西省安康市岚皋县");
    check("长沙市市场监督管理局", "", "430100 湖南省长沙市");
    check("陕西省人民政府驻北京市办事处", "", "610000 陕西省");
}

#[test]
fn a_district_needs_its_parent_in_the_report() {
    check("碑林区行政审批服务局", "", "-");
    check("碑林区行政审批服务局", "通过陕西政务服务网、区政府门户网站", "610103 陕西省西安市碑林区");
    check("碑林区行政审批服务局", "新建“西安创新设计中心”等2个", "610103 陕西省西安市碑林区");
    check("碑林区行政审批服务局", "按照西安市政务公开办要求", "610103 陕西省西安市碑林区");
    check("碑林区行政审批服务局", "学习北京、浙江经验", "-");
    check("老城区行政审批和政务信息管理局", "", "-");
    check("老城区行政审批和政务信息管理局", "政府门户网站公示“好差评”结果4次", "-");
    check("老城区行政审批和政务信息管理局", "区政府与西安市、郑州市交流", "-");
    check("老城区行政审批和政务信息管理局", "登录河南政务服务网", "410302 河南省洛阳市老城区");
    check("浦东新区人民政府", "", "-");
    check("浦东新区人民政府", "上海市人民政府", "310115 上海市浦东新区");
}

#[test]
fn homonyms_take_the_parent_that_is_clearly_named() {
    check("鼓楼区财政局", "", "-");
    check("鼓楼区财政局", "南京市", "320106 江苏省南京市鼓楼区");
    check("鼓楼区财政局", "徐州市", "320302 江苏省徐州市鼓楼区");
    check("鼓楼区财政局", "福州政务", "350102 福建省福州市鼓楼区");
    check("鼓楼区财政局", "开封市", "410204 河南省开封市鼓楼区");
    check("鼓楼区财政局", "江苏省", "-");
    check("鼓楼区财政局", "南京市 徐州市", "-");
    check("鼓楼区财政局", "南京市 南京市 徐州市", "320106 江苏省南京市鼓楼区");
    check("鼓楼区财政局", "江苏省 江苏省 徐州市 福建省", "320302 江苏省徐州市鼓楼区");
    check("江苏省鼓楼区财政局", "徐州", "320302 江苏省徐州市鼓楼区");
    check("江苏省鼓楼区财政局", "", "-");
    check("朝阳区教育局", "北京市", "110105 北京市朝阳区");
    check("朝阳区教育局", "长春市、吉林省、首都北京", "220104 吉林省长春市朝阳区");
    check("朝阳区教育局", "辽宁省朝阳市", "-");
    check("城关区教育局", "兰州", "620102 甘肃省兰州市城关区");
    check("城关区教育局", "西藏", "540102 西藏自治区拉萨市城关区");
    check("西湖区教育局", "浙江政务服务网", "330106 浙江省杭州市西湖区");
    check("西湖区教育局", "江西省", "360103 江西省南昌市西湖区");
    check("海州区教育局", "连云港", "320706 江苏省连云港市海州区");
    check("海州区教育局", "阜新市", "210902 辽宁省阜新市海州区");
    check("市中区教育局", "山东省 山东省 枣庄市", "370402 山东省枣庄市市中区");
    check("市中区教育局", "济南", "370103 山东省济南市市中区");
    check("市中区教育局", "四川省乐山市", "511102 四川省乐山市市中区");
    check("市中区教育局", "内江市", "511002 四川省内江市市中区");
    check("市中区教育局", "四川省", "-");
    check("东乡县教育局", "", "-");
    check("东乡县教育局", "甘肃省临夏州", "622926 甘肃省临夏回族自治州东乡族自治县");
    check("东乡县教育局", "江西省抚州市", "361029 江西省抚州市东乡县");
    check("东乡区教育局", "江西", "361003 江西省抚州市东乡区");
    check("城区教育局", "山西省", "-");
    check("城区教育局", "山西省晋城市", "140502 山西省晋城市城区");
    check("矿区人民政府", "山西省", "-");
}

#[test]
fn reports_of_earlier_years_keep_their_divisions() {
    check("重庆市江北区教育委员会", "", "500105 重庆市江北区");
    check("江北区教育局", "宁波市", "330205 浙江省宁波市江北区");
    check("杭州市江干区人民政府", "", "330104 浙江省杭州市江干区");
    check("莱芜市人民政府", "", "371200 山东省莱芜市");
    check("密云县人民政府", "", "110228 北京市密云县");
    // The same code under another name: the division's name is today's.
    check("襄樊市人民政府", "", "420600 湖北省襄阳市");
    check("邢台市桥东区教育局", "", "130502 河北省邢台市襄都区");
}

#[test]
fn no_division_is_none() {
    check("", "陕西省西安市", "-");
    check("教育局", "陕西省西安市", "-");
    check("东华门街道办事处", "", "-");
    check("国务院办公厅", "北京市", "-");
    check("新疆生产建设兵团教育局", "", "-");
    check("市县区旗州盟省", "市", "-");
}

#[test]
fn a_name_inside_other_words_is_no_mention() {
    fn check(text: &str, code: &'static str, expected: usize) {
        assert_eq!(mentions(text, code), expected, "{text}");
    }
    check("西安市、西安、陕西西安", "610100", 3);
    check("陕西安全生产，广西安排，江西安置", "610100", 0);
    check("维护社会长治久安", "140400", 0);
    check("长治市", "140400", 1);
    check("确保定期公开", "130600", 0);
    check("推进创新乡村治理", "410700", 0);
    check("其中卫生类3件", "640500", 0);
    check("山东营商环境", "370500", 0);
    check("黑龙江门户网站", "440700", 0);
    check("河南通过了", "320600", 0);
    check("南京银行、南京东路、北京南京路", "320100", 0);
    check("北京大学、北京路", "110000", 0);
    check("海南州、海南藏族自治州、海南", "632500", 2);
    check("海南州、海南藏族自治州、海南", "460000", 1);
    check("广西壮族自治区、广西", "450000", 2);
    check("恩施州、恩施土家族苗族自治州、恩施", "422800", 3);
}

#[test]
fn divisions_by_code() {
    assert_eq!(by_code("370402").map(|region| region.name).as_deref(), Some("山东省枣庄市市中区"));
    assert_eq!(by_code("37040"), None);
}

#[test]
fn every_division_is_found_under_its_full_name() {
    let mut counts = [0; 3];
    for (code, name) in every_code() {
        counts[if code.ends_with("0000") { 0 } else { 1 + usize::from(!code.ends_with("00")) }] += 1;
        assert!(senses(name).iter().any(|sense| sense.code == code && sense.full), "{name}");
        let region = by_code(code).unwrap();
        assert_eq!(resolve(&format!("{}人民政府", region.name), ""), Some(region));
    }
    // Twelve former cities (铜仁地区, 莱芜市, …) and 286 former counties are among them.
    assert_eq!(counts, [31, 333 + 12, 2847 + 286]);
}
