//! Who reports: real cities and counties with their codes, and the bureaux each of them has.

use std::sync::LazyLock;

use super::random::Random;

/// Cities and some of their counties by code, GB/T 2260.
const PLACES: &str = include_str!("places.txt");

/// A bureau and how much it licenses, punishes, coerces and charges: 0 never, 3 a great deal.
struct Bureau(&'static str, [u8; 4]);

#[rustfmt::skip]
const BUREAUX: [Bureau; 50] = [
    Bureau("教育局", [1, 0, 0, 2]), Bureau("科学技术局", [0, 0, 0, 0]), Bureau("工业和信息化局", [0, 0, 0, 0]),
    Bureau("公安局", [2, 3, 2, 1]), Bureau("民政局", [1, 1, 0, 0]), Bureau("司法局", [1, 1, 0, 0]),
    Bureau("财政局", [1, 1, 0, 0]), Bureau("人力资源和社会保障局", [1, 1, 0, 1]), Bureau("自然资源局", [2, 1, 0, 3]),
    Bureau("生态环境局", [1, 2, 1, 1]), Bureau("住房和城乡建设局", [2, 1, 0, 2]), Bureau("交通运输局", [2, 2, 1, 0]),
    Bureau("水利局", [1, 1, 1, 2]), Bureau("农业农村局", [1, 1, 1, 0]), Bureau("商务局", [1, 0, 0, 0]),
    Bureau("文化和旅游局", [1, 1, 0, 0]), Bureau("卫生健康委员会", [2, 2, 0, 1]), Bureau("退役军人事务局", [0, 0, 0, 0]),
    Bureau("应急管理局", [1, 1, 0, 0]), Bureau("审计局", [0, 0, 0, 0]), Bureau("市场监督管理局", [2, 2, 1, 0]),
    Bureau("统计局", [0, 1, 0, 0]), Bureau("医疗保障局", [0, 1, 0, 0]), Bureau("行政审批服务局", [3, 0, 0, 1]),
    Bureau("城市管理局", [1, 2, 2, 1]), Bureau("发展和改革委员会", [1, 0, 0, 0]), Bureau("信访局", [0, 0, 0, 0]),
    Bureau("林业局", [1, 1, 0, 1]), Bureau("体育局", [1, 0, 0, 0]), Bureau("乡村振兴局", [0, 0, 0, 0]),
    Bureau("国有资产监督管理委员会", [0, 0, 0, 0]), Bureau("广播电视局", [1, 1, 0, 0]), Bureau("气象局", [1, 1, 0, 0]),
    Bureau("政务服务管理局", [3, 0, 0, 0]), Bureau("大数据管理局", [0, 0, 0, 0]), Bureau("人民防空办公室", [1, 1, 0, 2]),
    Bureau("机关事务管理局", [0, 0, 0, 0]), Bureau("外事办公室", [0, 0, 0, 0]), Bureau("民族宗教事务局", [1, 0, 0, 0]),
    Bureau("投资促进局", [0, 0, 0, 0]), Bureau("供销合作社联合社", [0, 0, 0, 0]), Bureau("住房公积金管理中心", [0, 0, 0, 0]),
    Bureau("粮食和物资储备局", [1, 1, 0, 0]), Bureau("畜牧兽医局", [1, 1, 0, 0]), Bureau("园林绿化局", [1, 1, 0, 0]),
    Bureau("综合行政执法局", [0, 2, 2, 0]), Bureau("地震局", [1, 0, 0, 0]), Bureau("文物局", [1, 0, 0, 0]),
    Bureau("烟草专卖局", [2, 2, 0, 0]), Bureau("人民政府办公室", [0, 0, 0, 0]),
];

pub(super) const YEARS: [u16; 7] = [2019, 2020, 2021, 2022, 2023, 2024, 2025];

/// An agency that reports.
#[derive(Debug, Clone)]
pub(super) struct Agency {
    /// Its number among all of them; what stays the same from year to year follows from it.
    pub(super) number: u64,
    /// As it names itself.
    pub(super) name: String,
    pub(super) region_code: String,
    pub(super) region_name: String,
    /// 我局, 我委 and so on.
    pub(super) we: &'static str,
    pub(super) licensing: u8,
    pub(super) penalty: u8,
    pub(super) coercion: u8,
    pub(super) fees: u8,
}

/// How many different pairs of agency and year there are; a higher index repeats a pair.
pub(super) fn pairs() -> u64 {
    (DIVISIONS.len() * BUREAUX.len() * YEARS.len()) as u64
}

/// The pair of agency and year with this index: different ones for different indices below [`pairs`].
pub(super) fn agency_and_year(seed: u64, index: u64) -> (Agency, u16) {
    // A stride without a common factor walks over every pair once, in an order that looks drawn.
    let pairs = pairs();
    let mut stride = pairs * 382 / 1000 + seed % 1000;
    while gcd(stride, pairs) != 1 {
        stride += 1;
    }
    let pair = (seed % pairs + index % pairs * stride) % pairs;
    let year = YEARS[(pair % YEARS.len() as u64) as usize];
    (agency(pair / YEARS.len() as u64), year)
}

/// The agency with this number.
pub(super) fn agency(number: u64) -> Agency {
    let Bureau(bureau, [licensing, penalty, coercion, fees]) = BUREAUX[number as usize % BUREAUX.len()];
    let division = &DIVISIONS[number as usize / BUREAUX.len()];
    let place = division.names.concat();
    // An agency of a county names its city, so that the report itself proves where it is.
    let shown =
        if Random::of(&[number, 1]).chance(30) { place.clone() } else { division.names[1..].concat() };
    let we = match bureau {
        _ if bureau.ends_with("委员会") => "我委",
        _ if bureau.ends_with("办公室") => "我办",
        _ if bureau.ends_with("中心") => "我中心",
        _ if bureau.ends_with("社") => "我社",
        _ => "我局",
    };
    Agency {
        number,
        name: format!("{shown}{bureau}"),
        region_code: division.code.to_owned(),
        region_name: place,
        we,
        licensing,
        penalty,
        coercion,
        fees,
    }
}

struct Division {
    code: &'static str,
    /// Province, city and, below a city, county.
    names: Vec<&'static str>,
}

static DIVISIONS: LazyLock<Vec<Division>> = LazyLock::new(|| {
    let mut divisions = Vec::new();
    for line in PLACES.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        divisions.push(Division { code: words[0], names: words[1..3].to_vec() });
        for county in words[3..].chunks_exact(2) {
            divisions.push(Division { code: county[0], names: vec![words[1], words[2], county[1]] });
        }
    }
    divisions
});

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
