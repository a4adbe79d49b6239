//! Why a file could not be read, for the operator and for the sender.

use crate::kind::Kind;

/// Why a file cannot be read. The content of a readable file is never an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No bytes, or nothing but white space.
    #[error("file is empty")]
    Empty,
    /// More bytes than allowed.
    #[error("file has {found} bytes, more than the limit bytes = {limit}")]
    TooLarge {
        /// Bytes of the file.
        found: usize,
        /// The limit that was handed in.
        limit: usize,
    },
    /// The format is known but has no reader.
    #[error("format {} is not supported", format.media_type())]
    Unsupported {
        /// What it is.
        format: Kind,
    },
    /// A password is required.
    #[error("{} file is encrypted", format.as_str())]
    Encrypted {
        /// What it is.
        format: Kind,
    },
    /// The file is damaged.
    #[error("{} file is broken: {what}", format.as_str())]
    Broken {
        /// What it is.
        format: Kind,
        /// What is wrong in it.
        what: String,
    },
    /// No memory was left to read it.
    #[error("no memory is left to read the {} file", format.as_str())]
    OutOfMemory {
        /// What it is.
        format: Kind,
    },
    /// The file was saved by a program that is too old.
    #[error("{} file is of an older version: {version}", format.as_str())]
    Outdated {
        /// What it is.
        format: Kind,
        /// The program that wrote such files.
        version: &'static str,
    },
    /// A file with pages and no characters on them: scanned, or its text drawn as shapes.
    #[error("{} file has pages but no text on them", format.as_str())]
    NoText {
        /// What it is.
        format: Kind,
    },
    /// The fonts do not map glyphs to characters.
    #[error("{} file has text whose fonts do not map glyphs to characters", format.as_str())]
    NoLetters {
        /// What it is.
        format: Kind,
    },
    /// A packed file that holds more than allowed.
    #[error("{} file holds more than the limit inflated_bytes = {limit}", format.as_str())]
    TooMuchInflated {
        /// What it is.
        format: Kind,
        /// The limit that was handed in.
        limit: usize,
    },
    /// Neither a known format nor text.
    #[error("file is not text: {broken} of {characters} characters are control characters or undecodable")]
    NotText {
        /// Characters that no text has.
        broken: usize,
        /// Characters looked at.
        characters: usize,
    },
    /// More lines than allowed.
    #[error("text has {found} lines or more, above the limit lines = {limit}")]
    TooManyLines {
        /// Lines counted until the reader gave up.
        found: usize,
        /// The limit that was handed in.
        limit: usize,
    },
    /// More table cells than allowed.
    #[error("tables have {found} cells or more, above the limit cells = {limit}")]
    TooManyCells {
        /// Cells counted until the reader gave up.
        found: usize,
        /// The limit that was handed in.
        limit: usize,
    },
    /// More HTML elements and pieces of text than allowed.
    #[error("page has {found} nodes or more, above the limit nodes = {limit}")]
    TooManyNodes {
        /// Nodes counted until the reader gave up.
        found: usize,
        /// The limit that was handed in.
        limit: usize,
    },
    /// Elements nested deeper than allowed.
    #[error("line {line}: elements are nested {found} deep, above the limit depth = {limit}")]
    TooDeep {
        /// Where.
        line: u32,
        /// Elements open there.
        found: usize,
        /// The limit that was handed in.
        limit: usize,
    },
    /// A tag with more attributes than allowed.
    #[error("line {line}: a tag has {found} attributes or more, above the limit attributes = {limit}")]
    TooManyAttributes {
        /// Where.
        line: u32,
        /// Attributes counted until the reader gave up.
        found: usize,
        /// The limit that was handed in.
        limit: usize,
    },
    /// More pages than allowed.
    #[error("file has {found} pages, above the limit pages = {limit}")]
    TooManyPages {
        /// Pages of the file.
        found: usize,
        /// The limit that was handed in.
        limit: usize,
    },
    /// More characters, lines and pictures on the pages than allowed.
    #[error("pages draw {found} things or more, above the limit drawn = {limit}")]
    TooMuchDrawn {
        /// Things counted until the reader gave up.
        found: usize,
        /// The limit that was handed in.
        limit: usize,
    },
}

impl ReadError {
    /// The error for bytes of a file that could not be read.
    pub(crate) fn of_io(format: Kind, what: String, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::OutOfMemory => Self::OutOfMemory { format },
            _ => Self::Broken { format, what },
        }
    }

    /// A stable code for statistics and decisions.
    pub fn class(&self) -> &'static str {
        match self {
            ReadError::Empty => "empty",
            ReadError::TooLarge { .. } => "too-large",
            ReadError::Unsupported { .. } => "unsupported-format",
            ReadError::Encrypted { .. } => "encrypted",
            ReadError::Broken { .. } => "broken-file",
            ReadError::OutOfMemory { .. } => "too-much-memory",
            ReadError::Outdated { .. } => "outdated-version",
            ReadError::NoText { .. } => "no-text",
            ReadError::NoLetters { .. } => "no-letters",
            ReadError::TooMuchInflated { .. } => "too-much-inflated",
            ReadError::NotText { .. } => "not-text",
            ReadError::TooManyLines { .. } => "too-many-lines",
            ReadError::TooManyCells { .. } => "too-many-cells",
            ReadError::TooManyNodes { .. } => "too-many-nodes",
            ReadError::TooDeep { .. } => "too-deep",
            ReadError::TooManyAttributes { .. } => "too-many-attributes",
            ReadError::TooManyPages { .. } => "too-many-pages",
            ReadError::TooMuchDrawn { .. } => "too-much-drawn",
        }
    }

    /// The message to the sender: what is wrong and what to do.
    pub fn message(&self) -> String {
        match self {
            ReadError::Empty => "文件是空的，没有任何文字。请确认报告已保存后重新报送。".into(),
            ReadError::TooLarge { found, limit } => {
                format!("文件有 {found} 字节，超过 {limit} 字节的上限。请去掉图片等附件，只报送报告正文。")
            }
            ReadError::Unsupported { format: format @ (Kind::Rar | Kind::SevenZip | Kind::Gzip | Kind::Tar) } => {
                format!("这是{}，暂不能打开。请解压后重新压缩为 ZIP 格式，或逐个报送报告文件。", format.info().title)
            }
            ReadError::Unsupported { format: format @ Kind::Xlsb } => {
                format!("这是{}，暂不能读取。请另存为 Excel 工作簿（XLSX）后重新报送。", format.info().title)
            }
            ReadError::Unsupported { format } => {
                format!("这是{}，暂不能读取。请将报告另存为 Word 文档（DOCX）、网页（HTML）或纯文本（TXT）后重新报送。", format.info().title)
            }
            ReadError::Encrypted { format } => {
                format!("这是加密的{}，无法打开。请取消密码后重新报送。", format.info().title)
            }
            ReadError::OutOfMemory { format } => {
                format!("这是{}，读取它所需的内存不足。请去掉图片等无关内容后重新报送。", format.info().title)
            }
            ReadError::Broken { format, .. } => {
                format!("这是{}，但内容已损坏，无法读取。请打开原文件检查，重新保存后再报送。", format.info().title)
            }
            ReadError::Outdated { format, version } => {
                format!("这是{}，由 {version} 保存，版本过旧。请用新版软件另存后重新报送。", format.info().title)
            }
            ReadError::NoText { format } => {
                format!("这是{}，但页面上没有文字，可能是扫描件或由文字转成的图形。请报送带文字的原文件。", format.info().title)
            }
            ReadError::NoLetters { format } => {
                format!("这是{}，但其字体没有注明文字编码，无法得知写的是什么字。请报送带文字的原文件。", format.info().title)
            }
            ReadError::TooMuchInflated { format, limit } => {
                format!("这是{}，解压后超过 {limit} 字节的上限，不像一份年度报告。请重新保存后再报送。", format.info().title)
            }
            ReadError::NotText { .. } => {
                "文件内容不是文字，可能已损坏或加密。请打开原文件检查，另存为网页（HTML）或纯文本（TXT）后重新报送。".into()
            }
            ReadError::TooManyLines { limit, .. } => {
                format!("文字超过 {limit} 行，不像一份年度报告。请确认文件无误，一个文件只报送一份报告。")
            }
            ReadError::TooManyCells { limit, .. } => {
                format!("表格超过 {limit} 个单元格，不像一份年度报告。请确认文件无误，一个文件只报送一份报告。")
            }
            ReadError::TooManyNodes { limit, .. } => {
                format!("文件的元素超过 {limit} 个。请去掉与报告无关的内容，或另存为纯文本（TXT）后重新报送。")
            }
            ReadError::TooDeep { line, limit, .. } => {
                format!("文件第 {line} 行的元素嵌套超过 {limit} 层。请另存为纯文本（TXT）后重新报送。")
            }
            ReadError::TooManyAttributes { line, limit, .. } => {
                format!("网页第 {line} 行有一个标签的属性超过 {limit} 个。请另存为纯文本（TXT）后重新报送。")
            }
            ReadError::TooManyPages { found, limit } => {
                format!("文件有 {found} 页，超过 {limit} 页的上限，不像一份年度报告。请确认文件无误，一个文件只报送一份报告。")
            }
            ReadError::TooMuchDrawn { limit, .. } => {
                format!("页面上的文字和线条超过 {limit} 个，不像一份年度报告。请去掉与报告无关的内容，或另存为 Word 文档（DOCX）后重新报送。")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn a_failed_allocation_does_not_mean_a_broken_file() {
        let class = |kind| ReadError::of_io(Kind::Docx, "a part".into(), &Error::from(kind)).class();
        assert_eq!(class(ErrorKind::OutOfMemory), "too-much-memory");
        assert_eq!(class(ErrorKind::UnexpectedEof), "broken-file");
    }
}
