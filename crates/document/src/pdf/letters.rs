//! Glyphs to characters, and whether what is drawn looks like them.

use std::collections::{HashMap, HashSet};

use hayro_interpret::CacheKey;
use hayro_interpret::font::{Glyph, OutlineGlyph};
use hayro_interpret::hayro_cmap::BfString;
use hayro_interpret::kurbo::BezPath;
use skrifa::{FontRef, MetadataProvider};

use super::type3;
use crate::ink::digits::{Drawing, Verdict, digit};
use crate::model::{Doubt, is_blank};

/// What the glyphs of a file say.
#[derive(Default)]
pub(super) struct Letters {
    /// Characters by glyph, of the embedded fonts that had to be asked.
    fonts: HashMap<u128, HashMap<u32, char>>,
    /// Codes of digits in the fonts of the page that are not in the file, with the other digits that it says they are.
    pub(super) misnamed: HashSet<(u32, char)>,
    /// The number of each outline that draws figures.
    numbers: HashMap<u128, u32>,
    /// What each of them looks like, and the digit that it first stood for.
    outlines: Vec<Outlined>,
}

struct Outlined {
    drawing: Option<Drawing>,
    digit: Option<char>,
    /// Whether it stood for another digit later.
    is_ambiguous: bool,
}

/// What a glyph says.
pub(super) struct Said {
    /// The replacement character if it is unknown, a space where it shows nothing.
    pub(super) text: String,
    /// The number of its outline.
    pub(super) outline: Option<u32>,
    pub(super) doubt: Option<Doubt>,
}

impl Letters {
    /// The text of a glyph, compared with what it draws.
    pub(super) fn of(&mut self, glyph: &Glyph<'_>) -> Said {
        let mut said = Said { text: self.text(glyph), outline: None, doubt: None };
        // Without the font, programs draw what they have: only an embedded one shows what is seen everywhere.
        let is_embedded = match glyph {
            Glyph::Outline(outline) => outline.font_data().is_some(),
            Glyph::Type3(_) => true,
        };
        let mut shown = said.text.chars().filter(|character| !is_blank(*character));
        let (first, is_single) = (shown.next().unwrap_or(' '), shown.next().is_none());
        let digits = said.text.chars().filter(|character| digit(*character).is_some()).count();
        if !is_single {
            // One outline for several digits is no type that anybody sets figures in.
            said.doubt = (digits > 1).then_some(Doubt::OtherShape);
            return said;
        }
        if self.misnamed.contains(&(glyph.char_code(), first)) {
            said.doubt = Some(Doubt::OtherShape);
            return said;
        }
        if !is_embedded && !first.is_ascii_digit() {
            return said;
        }
        let number = self.number(glyph);
        let Some(outline) = self.outlines.get_mut(number as usize) else { return said };
        said.outline = Some(number);
        let verdict = match &outline.drawing {
            Some(drawing) => drawing.verdict(first, || outline_of(glyph)),
            None if is_embedded && digits == 1 => {
                // It draws nothing.
                said.text = ' '.into();
                return said;
            }
            None => Verdict::Unknown,
        };
        if verdict == Verdict::Other && is_blank(first) {
            said.text = char::REPLACEMENT_CHARACTER.into();
        } else if verdict == Verdict::Other {
            said.doubt = Some(Doubt::OtherShape);
        }
        // What looks like its digit is that digit, whatever is said elsewhere.
        if digits == 1 && verdict == Verdict::Unknown {
            outline.is_ambiguous |= *outline.digit.get_or_insert(first) != first;
        } else {
            said.outline = None;
        }
        said
    }

    /// Whether an outline stands for two digits in the file.
    pub(super) fn is_ambiguous(&self, outline: u32) -> bool {
        self.outlines.get(outline as usize).is_some_and(|outline| outline.is_ambiguous)
    }

    fn number(&mut self, glyph: &Glyph<'_>) -> u32 {
        let key = match glyph {
            Glyph::Outline(outline) => outline.identifier().cache_key(),
            Glyph::Type3(drawing) => drawing.cache_key(),
        };
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let drawing = match glyph {
            Glyph::Outline(outline) => Drawing::of(&outline.outline()),
            Glyph::Type3(drawing) => type3::drawing(drawing),
        };
        let number = self.outlines.len() as u32;
        self.outlines.push(Outlined { drawing, digit: None, is_ambiguous: false });
        self.numbers.insert(key, number);
        number
    }

    /// The text of a glyph by its font.
    fn text(&mut self, glyph: &Glyph<'_>) -> String {
        let text = match glyph.as_unicode() {
            Some(BfString::Char(character)) => character.to_string(),
            Some(BfString::String(text)) => text,
            None => String::new(),
        };
        let is_known = |c: char| !c.is_control() && c != char::REPLACEMENT_CHARACTER || c.is_whitespace();
        if !text.is_empty() && text.chars().all(is_known) {
            return text.chars().map(ideograph).collect();
        }
        let Glyph::Outline(outline) = glyph else { return char::REPLACEMENT_CHARACTER.into() };
        if outline.outline().is_empty() {
            return ' '.into();
        }
        ideograph(self.in_font(outline).unwrap_or(char::REPLACEMENT_CHARACTER)).into()
    }

    /// The character that the embedded font itself has this glyph for.
    fn in_font(&mut self, glyph: &OutlineGlyph) -> Option<char> {
        let font = glyph.font_data()?;
        let characters = self.fonts.entry(font.cache_key).or_insert_with(|| {
            let data = (*font.data).as_ref();
            let Ok(font) = FontRef::new(data) else { return HashMap::new() };
            let mappings = font.charmap().mappings().take(MOST_LETTERS);
            let pairs = mappings.filter_map(|(character, glyph)| {
                Some((glyph.to_u32(), char::from_u32(character).filter(|c| !is_private(*c))?))
            });
            let mut characters = HashMap::new();
            for (glyph, character) in pairs {
                characters.entry(glyph).or_insert(character);
            }
            characters
        });
        characters.get(&glyph.glyph_id().to_u32()).copied()
    }
}

/// What a glyph fills, and whether by even and odd.
fn outline_of(glyph: &Glyph<'_>) -> (BezPath, bool) {
    match glyph {
        Glyph::Outline(outline) => (outline.outline(), false),
        Glyph::Type3(drawing) => type3::outline(drawing),
    }
}

/// Characters of a font.
const MOST_LETTERS: usize = 0x11_0000;

fn is_private(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}')
}

/// The radicals that look like ideographs, from U+2F00 on. Fonts have one glyph for both, and printers
/// that note down what the glyph means may pick the radical.
const KANGXI: &str = "一丨丶丿乙亅二亠人儿入八冂冖冫几凵刀力勹匕匚匸十卜卩厂厶又口囗土士夂夊夕大女子宀寸小尢尸屮山巛工己巾干幺广廴廾弋弓彐彡彳心戈户手支攴文斗斤方无日曰月木欠止歹殳毋比毛氏气水火爪父爻爿片牙牛犬玄玉瓜瓦甘生用田疋疒癶白皮皿目矛矢石示禸禾穴立竹米糸缶网羊羽老而耒耳聿肉臣自至臼舌舛舟艮色艸虍虫血行衣襾見角言谷豆豕豸貝赤走足身車辛辰辵邑酉釆里金長門阜隶隹雨青非面革韋韭音頁風飛食首香馬骨高髟鬥鬯鬲鬼魚鳥鹵鹿麥麻黄黍黑黹黽鼎鼓鼠鼻齊齒龍龜龠";

/// The same of the block before it, as far as they are words of their own.
const RADICALS: [(char, char); 33] = [
    ('⺁', '厂'),
    ('⺎', '尢'),
    ('⺒', '巳'),
    ('⺝', '月'),
    ('⺟', '母'),
    ('⺠', '民'),
    ('⺫', '目'),
    ('⺬', '示'),
    ('⻁', '虎'),
    ('⻄', '西'),
    ('⻅', '见'),
    ('⻆', '角'),
    ('⻉', '贝'),
    ('⻋', '车'),
    ('⻑', '長'),
    ('⻓', '长'),
    ('⻔', '门'),
    ('⻘', '青'),
    ('⻙', '韦'),
    ('⻚', '页'),
    ('⻛', '风'),
    ('⻜', '飞'),
    ('⻝', '食'),
    ('⻢', '马'),
    ('⻣', '骨'),
    ('⻤', '鬼'),
    ('⻥', '鱼'),
    ('⻦', '鸟'),
    ('⻨', '麦'),
    ('⻩', '黄'),
    ('⻬', '齐'),
    ('⻮', '齿'),
    ('⻰', '龙'),
];

fn ideograph(character: char) -> char {
    match character {
        '\u{2F00}'..='\u{2FD5}' => {
            KANGXI.chars().nth(character as usize - 0x2F00).expect("one for each of the 214")
        }
        '\u{2E80}'..='\u{2EFF}' => {
            RADICALS.iter().find(|(radical, _)| *radical == character).map_or(character, |found| found.1)
        }
        _ => character,
    }
}
