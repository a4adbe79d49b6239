//! Simplified characters for traditional ones.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use hanconv::RawDictionary;

/// Variants that OpenCC leaves as they are, each before its simplified character. Fonts and input methods of other
/// regions print them, and no name of a place in force has one.
const VARIANTS: &str = "\
    倣仿偸偷傚效劄札劒剑勦剿厰厂啣衔囘回囬回堦阶塲场塼砖夀寿姪侄婬淫嬾懒寜宁崐昆廐厩廏厩廼乃彊强彜彝懽欢擕携擡抬擧举攷考\
    敍叙敺驱斲斫暱昵曡叠歛敛毉医毬球氊毡汚污涖莅澁涩澂澄濬浚濶阔烱炯煖暖燄焰燿耀牋笺牐闸玆兹甎砖畱留皐皋眎视眡视穨颓窰窑\
    竝并筦管簷檐籐藤籥钥粧妆紥扎緜绵縂总繖伞缐线聼听脇胁舖铺蔴麻螘蚁衞卫衹只襍杂覔觅觔斤譌讹讐仇谿溪貍狸賔宾賸剩跼局\
    輭软辤辞迺乃鄕乡釬焊銲焊鉄铁鐡铁閙闹閧哄阨厄阬坑阯址陜陕隂阴隄堤隖坞隣邻隷隶靭韧飇飙餽馈駮驳騐验鬭斗鵞鹅鼇鳌鼈鳖";

/// The simplified character for a traditional one; any other character as it is.
///
/// Both are in the basic plane, so a text converted character by character keeps its places in bytes.
pub fn simplified(char: char) -> char {
    if char.is_ascii() {
        return char;
    }
    let simplified = TABLE.get(char as usize).copied().filter(|simplified| *simplified != '\0');
    simplified.unwrap_or(char)
}

/// The simplified character at the place of each of the basic plane, and `\0` where there is none: every character
/// of every report is looked up, so a table is worth its room.
static TABLE: LazyLock<Vec<char>> = LazyLock::new(|| {
    let of_opencc = RawDictionary::TSCharacters
        .iter()
        .filter_map(|(traditional, simplified)| Some((only(traditional)?, only(simplified)?)));
    let mut variants = VARIANTS.chars();
    let variants = std::iter::from_fn(|| Some((variants.next()?, variants.next()?)));
    let mut table: HashMap<char, char> = of_opencc.chain(variants).collect();
    // 苧 is the simplified form of 薴, and the traditional form of 苎: a conversion must not go on from its result.
    let results: HashSet<char> = table.values().copied().collect();
    table.retain(|traditional, _| !results.contains(traditional));
    let mut by_place = vec!['\0'; BASIC_PLANE];
    for (traditional, simplified) in table {
        if let Some(place) = by_place.get_mut(traditional as usize) {
            *place = simplified;
        }
    }
    by_place
});

/// Characters of the basic plane of Unicode.
const BASIC_PLANE: usize = 0x1_0000;

/// The one character of a text; none where it has several, or one outside the basic plane.
fn only(text: &str) -> Option<char> {
    let mut chars = text.chars();
    let char = chars.next().filter(|char| char.len_utf8() == 3)?;
    chars.next().is_none().then_some(char)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traditional_characters_become_simplified() {
        let check = |text: &str, expected: &str| {
            assert_eq!(text.chars().map(simplified).collect::<String>(), expected);
        };
        check("政府資訊公開工作年度報告", "政府资讯公开工作年度报告");
        check("本年新收政府信息公開申請數量", "本年新收政府信息公开申请数量");
        check("衞生健康委員會、敎育廳、汚水處理廠", "卫生健康委员会、教育厅、污水处理厂");
        check("2024年12 ABC，。（）㎡", "2024年12 ABC，。（）㎡");
    }

    #[test]
    fn conversion_keeps_places_and_is_done_after_one_pass() {
        let traditional = ('\u{80}'..'\u{ffff}').filter(|char| simplified(*char) != *char);
        for traditional in traditional.clone() {
            let simple = simplified(traditional);
            assert_eq!((traditional.len_utf8(), simple.len_utf8()), (3, 3), "{traditional} {simple}");
        }
        assert!(traditional.clone().count() > 3_000);
        let again: Vec<char> =
            traditional.map(simplified).filter(|char| simplified(*char) != *char).collect();
        assert_eq!(again, Vec::<char>::new());
    }

    /// The characters of the national standard of 1980 are simplified; those that a conversion takes for
    /// traditional are known.
    #[test]
    fn ordinary_simplified_characters_stay_as_they_are() {
        let ordinary = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严龙飞";
        for char in ordinary.chars() {
            assert_eq!(simplified(char), char);
        }
    }
}
