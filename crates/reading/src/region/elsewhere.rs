//! Agencies that name a province or a city by its customary name only: zones of a city and branches of
//! national bodies. Both stand under it, and nothing else could be meant.

use super::divisions::{Code, bears_a_county, customary, is_county, is_shadowed, names, province_of};
use super::mention::{is_everyday, mentions};

/// The province or city of 西安高新技术产业开发区管理委员会 or 国家统计局陕西调查总队.
pub(super) fn resolve(agency: &str, context: &str) -> Option<Code> {
    let branch = NATIONAL.iter().find_map(|body| agency.strip_prefix(body));
    let name = branch.unwrap_or(agency);
    let (code, short) = name
        .char_indices()
        .skip(2)
        .take(6)
        .find_map(|(at, _)| Some((customary(&name[..at])?, &name[..at])))?;
    let rest = &name[short.len()..];
    let is_unit = match branch {
        Some(_) => BRANCHES.iter().any(|kind| rest.starts_with(kind)),
        None => is_zone(rest),
    };
    if !is_unit || is_county(code) {
        return None;
    }
    // 朝阳 is a city and the districts of two others, 吉林 a province and a city, 大理 any word.
    let mistakable = is_everyday(short) || bears_a_county(short) || is_shadowed(short);
    let is_named = || {
        names(code).is_some_and(|(full, _)| context.contains(full))
            || mentions(context, province_of(code)) > 0
    };
    (!mistakable || (!is_shadowed(short) && is_named())).then_some(code)
}

/// Whether what follows the name of a place is an area in it: 高新技术产业开发区管理委员会.
pub(super) fn is_zone(rest: &str) -> bool {
    ZONES.iter().any(|zone| rest.contains(zone)) && BEGINNINGS.iter().any(|word| rest.starts_with(word))
}

/// Bodies of the state whose branches bear the name of a place.
const NATIONAL: [&str; 13] = [
    "国家统计局",
    "国家金融监督管理总局",
    "中国银行保险监督管理委员会",
    "中国证券监督管理委员会",
    "国家矿山安全监察局",
    "国家能源局",
    "国家外汇管理局",
    "中国人民银行",
    "国家粮食和物资储备局",
    "财政部",
    "审计署驻",
    "国家邮政局",
    "中国气象局",
];

/// What such a branch is called behind its place.
const BRANCHES: [&str; 10] = [
    "调查总队",
    "调查队",
    "监管局",
    "监管分局",
    "监管办公室",
    "局",
    "分局",
    "省分行",
    "分行",
    "特派员办事处",
];

/// What an area under a city is.
const ZONES: [&str; 14] = [
    "开发区",
    "高新区",
    "经开区",
    "新区",
    "保税区",
    "工业园",
    "园区",
    "示范区",
    "度假区",
    "试验区",
    "实验区",
    "合作区",
    "自贸",
    "航空城",
];

/// What its name goes on with behind the city's: nothing that could be another place.
const BEGINNINGS: [&str; 18] = [
    "高新",
    "经济",
    "经开",
    "国家",
    "国际",
    "综合",
    "旅游",
    "保税",
    "临空",
    "空港",
    "工业",
    "生态",
    "新区",
    "开发区",
    "自由贸易",
    "循环",
    "农业",
    "现代",
];
