//! What speaks for a figure.

/// How sure it is that a figure is what is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Witness {
    /// The file holds its characters.
    #[default]
    Printed,
    /// Read off a scan; two equations hold with it, none fails, and its ink is plain.
    Confirmed2,
    /// Read off a scan; one equation or a sentence of the text agrees, none fails, and the recogniser is sure.
    Confirmed1,
    /// Read off a scan, and nothing else agrees. The cell is doubtful: its figure is shown and not used.
    Unconfirmed,
}

impl Witness {
    /// Every witness.
    pub const ALL: [Self; 4] = [Self::Printed, Self::Confirmed2, Self::Confirmed1, Self::Unconfirmed];

    /// The name used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Printed => "printed",
            Self::Confirmed2 => "confirmed2",
            Self::Confirmed1 => "confirmed1",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    /// The Chinese words for it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Printed => "文件所载",
            Self::Confirmed2 => "扫描识别，两项勾稽关系印证",
            Self::Confirmed1 => "扫描识别，一项勾稽关系或正文印证",
            Self::Unconfirmed => "扫描识别，未经印证",
        }
    }
}
