//! Fonts whose characters are pictures, and fonts whose characters are letters.

/// Fonts of pictures, by the beginnings of their names in lower case.
const PICTURES: [&str; 9] = [
    "wingdings",
    "webdings",
    "marlett",
    "mt extra",
    "bookshelf",
    "zapf",
    "monotype sorts",
    "dingbats",
    "segoe mdl",
];

/// Fonts of letters and digits that come with office programs, by the beginnings of their names in lower case.
const LETTERS: [&str; 32] = [
    "arial",
    "times",
    "calibri",
    "cambria",
    "courier",
    "consolas",
    "verdana",
    "tahoma",
    "georgia",
    "century",
    "segoe ui",
    "symbol",
    "simsun",
    "simhei",
    "nsimsun",
    "fangsong",
    "kaiti",
    "dengxian",
    "microsoft",
    "mingliu",
    "宋体",
    "新宋体",
    "黑体",
    "仿宋",
    "楷体",
    "等线",
    "微软雅黑",
    "方正",
    "华文",
    "隶书",
    "幼圆",
    "st",
];

/// Whether the characters of a font are pictures.
pub(crate) fn is_pictures(font: &str) -> bool {
    begins(font, &PICTURES)
}

/// Whether the digits of a font are known to look like digits.
pub(crate) fn is_known(font: &str) -> bool {
    begins(font, &LETTERS)
}

fn begins(font: &str, names: &[&str]) -> bool {
    let font = font.trim().to_lowercase();
    names.iter().any(|name| font.starts_with(name))
}
