//! Labels: normalises a printed label in spelling, width and enumerators, and
//! how near two labels are.

/// A label without spaces, punctuation, width, quotation marks, glosses and enumerators, in simplified
/// characters.
pub(crate) fn normalise(label: &str) -> String {
    bare(&plain(label))
}

/// A plain label without punctuation and enumerators.
pub(crate) fn bare(plain: &str) -> String {
    // （六）1、… has two.
    let bare = strip_enumerator(strip_enumerator(plain));
    bare.chars().filter(|c| !is_punctuation(*c)).collect()
}

/// Squeezed, in simplified characters, and without the glosses that some sites put behind characters,
/// as in `辦(bàn)公(gōng)`.
pub(crate) fn plain(text: &str) -> String {
    let squeezed = squeeze(text);
    simplified(if squeezed.contains('(') { without_glosses(&squeezed) } else { squeezed })
}

fn without_glosses(squeezed: &str) -> String {
    let mut plain = String::with_capacity(squeezed.len());
    let mut rest = squeezed;
    while let Some((before, behind)) = rest.split_once('(') {
        plain.push_str(before);
        // A gloss is short: looking further for its end would read a text of open brackets again and again.
        let near = behind.char_indices().nth(LONGEST_GLOSS + 1).map_or(behind, |(end, _)| &behind[..end]);
        rest = match near.split_once(')') {
            Some((gloss, _)) if is_gloss(gloss) => &behind[gloss.len() + 1..],
            _ => {
                plain.push('(');
                behind
            }
        };
    }
    plain.push_str(rest);
    plain
}

/// In simplified characters. 乾县, 磐石市 and 於潜镇 are simplified already.
pub(crate) fn simplified(text: String) -> String {
    if text.is_ascii() {
        return text;
    }
    let pairs = text.chars().map(|char| (char, report::simplified(char)));
    let is_plain =
        |(before, after): (char, char)| before == after || before == '於' || PLACES.contains(before);
    if pairs.clone().all(is_plain) {
        return text;
    }
    pairs.map(|(before, after)| if PLACES.contains(before) { before } else { after }).collect()
}

/// Characters of names of places in force that a conversion takes for traditional, and that other words
/// of a report have no use for.
const PLACES: &str = "乾濛氾洩鮜磑塚鷺";

/// Whether a title or a paragraph is in traditional characters: 開, 報 and 務 stand in every traditional
/// report and in no simplified one.
pub(crate) fn is_traditional(text: &str) -> bool {
    text.contains(['開', '報', '務'])
}

/// Characters of the longest syllable.
const LONGEST_GLOSS: usize = 8;

/// A syllable of pinyin, with or without its tone.
fn is_gloss(text: &str) -> bool {
    let is_latin =
        |c: char| c.is_alphabetic() && c < '\u{250}' || ('\u{300}'..'\u{370}').contains(&c) || c == 'ɡ';
    (1..=LONGEST_GLOSS).contains(&text.chars().count()) && text.chars().all(is_latin)
}

/// Without white space of any kind, with full-width ASCII turned to half-width.
pub(crate) fn squeeze(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    squeezed.extend(text.chars().filter(|c| !is_space(*c)).map(narrow));
    squeezed
}

/// A normalised label, with what shows at once that another is not like it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Normalised {
    text: String,
    length: usize,
    /// A bit for each of its characters; several characters share a bit.
    characters: u64,
}

impl Normalised {
    /// A text that has been normalised.
    pub(crate) fn new(text: String) -> Self {
        let bit = |c: char| 1 << (u32::from(c).wrapping_mul(0x9e37_79b1) >> 26);
        let (length, characters) = text.chars().fold((0, 0), |(length, bits), c| (length + 1, bits | bit(c)));
        Self { text, length, characters }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// How many characters it has.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// How many edits lie between a printed label and an official one; none if they are not the same
    /// label. A printed label may stop early (`部分公开` for `部分公开区分处理的…`) or have been garnished at
    /// its end.
    pub(crate) fn distance(&self, official: &Self) -> Option<usize> {
        if self.length == 0 {
            return None;
        }
        if self.text == official.text {
            return Some(0);
        }
        let shorter = self.length.min(official.length);
        if shorter >= 4 && (official.text.starts_with(&self.text) || self.text.starts_with(&official.text)) {
            return Some(1);
        }
        // Short labels differ in one character from labels that mean something else.
        let allowed = match official.length {
            ..=3 => 0,
            4..=6 => 1,
            7..=12 => 2,
            _ => official.length / 5,
        };
        if self.length.abs_diff(official.length) > allowed || self.least_edits(official) > allowed {
            return None;
        }
        let edits = strsim::levenshtein(&self.text, &official.text);
        (edits <= allowed).then_some(edits + 1)
    }

    /// Edits that are needed at least: one for each character that the other label does not have.
    fn least_edits(&self, other: &Self) -> usize {
        let missing = |one: u64, other: u64| (one & !other).count_ones() as usize;
        missing(self.characters, other.characters).max(missing(other.characters, self.characters))
    }
}

/// The number a top-level heading begins with: `三、…` is 3. Dashes stand for 一 in some reports.
pub(crate) fn ordinal(text: &str) -> Option<(u32, &str)> {
    let text = text.trim_start_matches(is_space);
    let behind = text.trim_start_matches(|c| chinese_digit(c).is_some());
    let mut digits = text[..text.len() - behind.len()].chars().filter_map(chinese_digit);
    let number = match (digits.next()?, digits.next(), digits.next()) {
        (one, None, None) => one,
        (10, Some(unit), None) => 10 + unit,
        (tens, Some(10), None) => tens * 10,
        _ => return None,
    };
    let rest = behind.trim_start_matches(is_space);
    let rest = rest.strip_prefix(['、', '，', '.', '．', ','])?;
    Some((number, rest.trim_matches(is_space)))
}

fn chinese_digit(c: char) -> Option<u32> {
    Some(match c {
        '—' | '一' | '－' | '―' => 1,
        '二' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        '十' => 10,
        _ => return None,
    })
}

/// The label behind `（一）`, `一、`, `1.`, `1、`, `①` and their like.
pub(crate) fn strip_enumerator(label: &str) -> &str {
    if let Some(rest) = label.strip_prefix('(')
        && let Some((inner, rest)) = rest.split_once(')')
        && inner.chars().count() <= 3
        && inner.chars().all(|c| chinese_digit(c).is_some() || c.is_ascii_digit())
    {
        return rest;
    }
    if let Some((_, rest)) = ordinal(label) {
        return rest;
    }
    let digits = label.len() - label.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if (1..=2).contains(&digits)
        && let Some(rest) = label[digits..].strip_prefix(['.', '、', ',', ')', '．'])
    {
        return rest;
    }
    label.strip_prefix(|c| ('①'..='⑳').contains(&c)).unwrap_or(label)
}

pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{2060}' | '\u{ad}')
}

/// Full-width ASCII to half-width.
pub(crate) fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(
            c,
            '，' | '。'
                | '、'
                | '；'
                | '：'
                | '“'
                | '”'
                | '‘'
                | '’'
                | '「'
                | '」'
                | '『'
                | '』'
                | '《'
                | '》'
                | '〈'
                | '〉'
                | '【'
                | '】'
                | '·'
                | '…'
                | '—'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_places_stay_as_they_are() {
        let names = [include_str!("divisions.tsv"), include_str!("townships.tsv")];
        let changed: std::collections::BTreeSet<String> = names
            .iter()
            .flat_map(|names| names.lines())
            .flat_map(|line| line.split('\t'))
            .filter(|name| simplified((*name).to_owned()) != *name)
            .map(str::to_owned)
            .collect();
        assert_eq!(changed, std::collections::BTreeSet::new());
        assert_eq!(simplified("乾縣人民政府".into()), "乾县人民政府");
        assert_eq!(simplified("屬於國家秘密".into()), "属于国家秘密");
        assert_eq!(simplified("收取信息處理費".into()), "收取信息处理费");
    }

    #[test]
    fn enumerators_and_punctuation_are_set_aside() {
        for (label, expected) in [
            ("(一) 予以公开", "予以公开"),
            ("（一）予以公开", "予以公开"),
            ("一、本年新收政府信息公开申请数量", "本年新收政府信息公开申请数量"),
            ("—、总体情况", "总体情况"),
            ("1. 属于国家秘密", "属于国家秘密"),
            ("1、属于国家秘密", "属于国家秘密"),
            ("３．危及“三安全一稳定”", "危及三安全一稳定"),
            ("①属于国家秘密", "属于国家秘密"),
            ("总 计", "总计"),
            ("三、\u{a0}本年度\n办理结果", "本年度办理结果"),
            ("（六）1、申请人逾期", "申请人逾期"),
            ("三、本年度辦(bàn)理(li)結果", "本年度办理结果"),
            ("總體情況", "总体情况"),
            ("一是加强领导", "一是加强领导"),
        ] {
            assert_eq!(normalise(label), expected, "{label}");
        }
    }

    #[test]
    fn near_labels_are_the_same_and_other_labels_are_not() {
        let same = |printed: &str, official: &str| {
            let normalised = |label: &str| Normalised::new(normalise(label));
            normalised(printed).distance(&normalised(official)).is_some()
        };
        for (printed, official) in [
            ("一、本年度新收政府信息公开申请数量", "一、本年新收政府信息公开申请数量"),
            ("(二)部分公开", "(二)部分公开(区分处理的，只计这一情形，不计其他情形)"),
            ("5.属于三类内容事务信息", "5.属于三类内部事务信息"),
            (
                "2.申请人逾期未按照收费通知要求缴纳费用、行政机关不再处理其政府信息公开申请",
                "2.申请人逾期未按收费通知要求缴纳费用、行政机关不再处理其政府信息公开申请",
            ),
        ] {
            assert!(same(printed, official), "{printed}");
        }
        for (printed, official) in [
            ("一、本年新收政府信息公开申请数量", "二、上年结转政府信息公开申请数量"),
            ("其他处理", "其他"),
            ("总计", "其他"),
            ("不予公开", "予以公开"),
            ("5.属于三类内部事务信息", "6.属于四类过程性信息"),
            ("7.属于行政执法案卷", "8.属于行政查询事项"),
        ] {
            assert!(!same(printed, official), "{printed}");
        }
    }

    #[test]
    fn ordinals_are_those_of_top_level_headings() {
        for (text, expected) in [
            ("三、收到", Some(3)),
            ("一 、总体", Some(1)),
            ("—、总体", Some(1)),
            ("十二、其他", Some(12)),
            ("一是", None),
            ("（一）主动", None),
        ] {
            assert_eq!(ordinal(text).map(|(number, _)| number), expected, "{text}");
        }
    }
}
