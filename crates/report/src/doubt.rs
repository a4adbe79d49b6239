//! Why what a person sees in a cell may differ from what is stored there.

/// One reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Doubt {
    /// Something lies over it: a shape, a picture, a box of text, a note.
    Covered,
    /// Other characters stand in the same place.
    Overlapping,
    /// Its colour is that of its ground, or nearly.
    SameColour,
    /// It is nearly transparent.
    Faint,
    /// Its letters are too small to be seen.
    Tiny,
    /// It lies off the page, or outside the area that is shown.
    Clipped,
    /// It is struck through.
    Struck,
    /// It is hidden, at least where it is shown in some ways.
    Hidden,
    /// Digits of it are set low or high.
    Raised,
    /// It is a fraction or a power.
    Fraction,
    /// It is shown in another order than it is stored in.
    Reordered,
    /// The drawn shape is that of another character.
    OtherShape,
    /// What is shown comes from elsewhere: bound data, a field, a style sheet, a script.
    Generated,
    /// The number format of the cell shows something else.
    Formatted,
    /// Several figures stand in it, or the pieces of one.
    SeveralFigures,
    /// It was read off a scan, and nothing else says the same.
    Unconfirmed,
}

impl Doubt {
    /// Every reason.
    pub const ALL: [Self; 16] = [
        Self::Covered,
        Self::Overlapping,
        Self::SameColour,
        Self::Faint,
        Self::Tiny,
        Self::Clipped,
        Self::Struck,
        Self::Hidden,
        Self::Raised,
        Self::Fraction,
        Self::Reordered,
        Self::OtherShape,
        Self::Generated,
        Self::Formatted,
        Self::SeveralFigures,
        Self::Unconfirmed,
    ];

    /// The name used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Covered => "covered",
            Self::Overlapping => "overlapping",
            Self::SameColour => "same-colour",
            Self::Faint => "faint",
            Self::Tiny => "tiny",
            Self::Clipped => "clipped",
            Self::Struck => "struck",
            Self::Hidden => "hidden",
            Self::Raised => "raised",
            Self::Fraction => "fraction",
            Self::Reordered => "reordered",
            Self::OtherShape => "other-shape",
            Self::Generated => "generated",
            Self::Formatted => "formatted",
            Self::SeveralFigures => "several-figures",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    /// The Chinese words for it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Covered => "数字被其他内容遮盖",
            Self::Overlapping => "数字与其他文字重叠",
            Self::SameColour => "数字与底色相同或相近",
            Self::Faint => "数字接近透明",
            Self::Tiny => "数字的字号过小，无法看见",
            Self::Clipped => "数字在页面或显示范围之外",
            Self::Struck => "数字上有删除线",
            Self::Hidden => "数字被设为隐藏",
            Self::Raised => "数字中有上标或下标",
            Self::Fraction => "数字是分数或乘方",
            Self::Reordered => "显示的顺序与存储的顺序不同",
            Self::OtherShape => "字形与所存的数字不同",
            Self::Generated => "显示的内容由样式、域、脚本或绑定的数据产生",
            Self::Formatted => "数字格式使显示的内容与所存的数字不同",
            Self::SeveralFigures => "一格之内有几个数字，或一个数字断成了几段",
            Self::Unconfirmed => "数字由扫描件识别，没有勾稽关系或正文印证",
        }
    }
}
