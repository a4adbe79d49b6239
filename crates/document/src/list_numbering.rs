//! Formats the automatic numbers of lists as word processors do.

/// A number in one of the formats of `w:numFmt`, none for bullets and pictures. Formats that no
/// Chinese report uses come out as digits.
pub(crate) fn write(number: u32, format: &str) -> Option<String> {
    Some(match format {
        "none" => String::new(),
        "bullet" => return None,
        "chineseCounting"
        | "chineseCountingThousand"
        | "japaneseCounting"
        | "taiwaneseCounting"
        | "taiwaneseCountingThousand"
        | "ideographTraditionalCounting"
        | "koreanCounting" => counted(number, PLAIN),
        "chineseLegalSimplified" => counted(number, ("零壹贰叁肆伍陆柒捌玖", ["", "拾", "佰", "仟"], '万')),
        "ideographLegalTraditional" | "japaneseLegal" => {
            counted(number, ("零壹貳參肆伍陸柒捌玖", ["", "拾", "佰", "仟"], '萬'))
        }
        "ideographDigital" | "japaneseDigitalTenThousand" => digits(number, '〇', "〇一二三四五六七八九"),
        "taiwaneseDigital" => digits(number, '○', "○一二三四五六七八九"),
        "ideographTraditional" => cycle(number, "甲乙丙丁戊己庚辛壬癸"),
        "ideographZodiac" => cycle(number, "子丑寅卯辰巳午未申酉戌亥"),
        "decimalFullWidth" | "decimalFullWidth2" => digits(number, '０', "０１２３４５６７８９"),
        "decimalZero" => format!("{number:02}"),
        "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" => enclosed(number, '①', 20),
        "decimalEnclosedParen" => enclosed(number, '⑴', 20),
        "decimalEnclosedFullstop" => enclosed(number, '⒈', 20),
        "ideographEnclosedCircle" => enclosed(number, '㊀', 10),
        "numberInDash" => format!("- {number} -"),
        "upperRoman" => roman(number).to_uppercase(),
        "lowerRoman" => roman(number),
        "upperLetter" => letters(number).to_uppercase(),
        "lowerLetter" => letters(number),
        _ => number.to_string(),
    })
}

/// A number with a space behind it, unless it ends in a full-width character.
pub(crate) fn with_gap(mut number: String) -> String {
    if number.ends_with(|last: char| last.is_ascii() || last.is_alphanumeric()) {
        number.push(' ');
    }
    number
}

type Numerals = (&'static str, [&'static str; 4], char);
const PLAIN: Numerals = ("零一二三四五六七八九", ["", "十", "百", "千"], '万');

/// 十二, 一百零三; ten is 十 and not 一十.
fn counted(number: u32, (numerals, units, myriad): Numerals) -> String {
    if number == 0 || number >= 100_000_000 {
        return if number == 0 { "〇".into() } else { number.to_string() };
    }
    let numeral = |digit: u32| numerals.chars().nth(digit as usize).unwrap_or('零');
    let mut text = String::new();
    let mut zero = false;
    for place in (0..8).rev() {
        let digit = number / 10_u32.pow(place) % 10;
        if digit == 0 {
            zero = !text.is_empty();
        } else {
            if zero {
                text.push(numeral(0));
            }
            zero = false;
            let leads = text.is_empty() && digit == 1 && place % 4 == 1;
            if !leads || units[1] != "十" {
                text.push(numeral(digit));
            }
            text += units.get((place % 4) as usize).copied().unwrap_or_default();
        }
        if place == 4 && number >= 10_000 {
            text.push(myriad);
            zero = false;
        }
    }
    text
}

fn digits(number: u32, zero: char, numerals: &str) -> String {
    let numeral = |digit: char| {
        let digit = digit.to_digit(10).unwrap_or(0) as usize;
        numerals.chars().nth(digit).unwrap_or(zero)
    };
    number.to_string().chars().map(numeral).collect()
}

fn cycle(number: u32, names: &str) -> String {
    let count = names.chars().count();
    let name = names.chars().nth((number as usize).wrapping_sub(1) % count);
    name.filter(|_| number > 0).map_or_else(|| number.to_string(), String::from)
}

fn enclosed(number: u32, first: char, count: u32) -> String {
    let character = (1..=count).contains(&number).then(|| char::from_u32(u32::from(first) + number - 1));
    character.flatten().map_or_else(|| number.to_string(), String::from)
}

fn roman(number: u32) -> String {
    const NUMERALS: [(u32, &str); 13] = [
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ];
    if !(1..4000).contains(&number) {
        return number.to_string();
    }
    let mut left = number;
    let mut text = String::new();
    for (value, numeral) in NUMERALS {
        while left >= value {
            text += numeral;
            left -= value;
        }
    }
    text
}

/// a to z, then aa to zz.
fn letters(number: u32) -> String {
    if !(1..=780).contains(&number) {
        return number.to_string();
    }
    let letter = char::from(b'a' + ((number - 1) % 26) as u8);
    letter.to_string().repeat(((number - 1) / 26 + 1) as usize)
}

#[cfg(test)]
mod tests {
    use super::write;

    #[test]
    fn numbers_are_written_as_word_writes_them() {
        let cases = [
            (1, "chineseCounting", "一"),
            (10, "chineseCountingThousand", "十"),
            (12, "japaneseCounting", "十二"),
            (20, "chineseCounting", "二十"),
            (103, "chineseCountingThousand", "一百零三"),
            (110, "chineseCountingThousand", "一百一十"),
            (1_024, "chineseCountingThousand", "一千零二十四"),
            (20_005, "chineseCountingThousand", "二万零五"),
            (100_000, "chineseCountingThousand", "十万"),
            (12, "chineseLegalSimplified", "壹拾贰"),
            (10, "ideographDigital", "一〇"),
            (12, "ideographTraditional", "乙"),
            (3, "decimalEnclosedCircleChinese", "③"),
            (21, "decimalEnclosedCircle", "21"),
            (10, "decimalFullWidth", "１０"),
            (4, "upperRoman", "IV"),
            (28, "lowerLetter", "bb"),
            (7, "decimalZero", "07"),
            (7, "decimal", "7"),
            (0, "upperRoman", "0"),
            (u32::MAX, "lowerLetter", "4294967295"),
        ];
        for (number, format, expected) in cases {
            assert_eq!(write(number, format).as_deref(), Some(expected), "{number} as {format}");
        }
        assert_eq!(write(1, "bullet"), None);
    }
}
