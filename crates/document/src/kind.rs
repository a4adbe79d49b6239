//! The table of file formats. A new format is a variant, a row here and a reader in [`crate::read`].

/// The format of a file, detected from its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Plain text, with tables drawn by tabs, pipes or line breaks. Also the fallback of detection.
    Text,
    /// HTML of any age, also when saved under another name.
    Html,
    /// Web page in one MIME file.
    Mhtml,
    /// Word since 2007.
    Docx,
    /// Word 2003 in one XML file.
    WordXml,
    /// Word or WPS before 2007.
    Doc,
    /// Rich Text Format.
    Rtf,
    /// OpenDocument text.
    Odt,
    /// Excel since 2007.
    Xlsx,
    /// Excel 2003 in one XML file.
    ExcelXml,
    /// Excel or WPS before 2007.
    Xls,
    /// OpenDocument spreadsheet.
    Ods,
    /// PDF.
    Pdf,
    /// OFD, the national fixed-layout format.
    Ofd,
    /// Excel since 2007, in binary parts (XLSB).
    Xlsb,
    /// Any other ZIP archive.
    Zip,
    /// Any other OLE compound file.
    Ole,
    /// PNG picture.
    Png,
    /// JPEG picture.
    Jpeg,
    /// GIF picture.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF picture.
    Tiff,
    /// Gzip.
    Gzip,
    /// RAR archive.
    Rar,
    /// 7z archive.
    SevenZip,
    /// Tar archive.
    Tar,
}

/// What is known about one format.
#[derive(Debug, Clone, Copy)]
pub struct FormatInfo {
    /// The format.
    pub kind: Kind,
    /// Whether [`crate::read`] reads it. The other formats are refused by name.
    pub is_read: bool,
    /// The short name used in every output, e.g. `html`.
    pub name: &'static str,
    /// The name in messages to the sender.
    pub(crate) title: &'static str,
    /// The usual file name extensions, the most common first. Detection ignores them.
    pub extensions: &'static [&'static str],
    /// The media type, as HTTP names it.
    pub media_type: &'static str,
    /// The byte strings with which a file can begin. Empty where detection looks into the file
    /// (see [`crate::sniff()`]).
    pub magic: &'static [&'static [u8]],
}

/// Every format, in the order of [`Kind`].
pub static FORMATS: [FormatInfo; 26] = [
    row(Kind::Text, "text", "纯文本", "text/plain").extensions(&["txt", "md"]).read(),
    row(Kind::Html, "html", "网页", "text/html").extensions(&["html", "htm"]).read(),
    row(Kind::Mhtml, "mhtml", "单文件网页（MHT）", "multipart/related").extensions(&["mht", "mhtml"]).read(),
    row(Kind::Docx, "docx", " Word 文档（DOCX）", media::DOCX)
        .extensions(&["docx", "docm", "dotx", "wps"])
        .read(),
    row(Kind::WordXml, "word-xml", " Word 2003 XML 文档", media::XML).extensions(&["xml", "doc"]).read(),
    row(Kind::Doc, "doc", " Word 或 WPS 文档（DOC、WPS）", "application/msword")
        .extensions(&["doc", "wps"])
        .read(),
    row(Kind::Rtf, "rtf", " RTF 文档", "application/rtf")
        .extensions(&["rtf", "doc"])
        .magic(&[b"{\\rtf"])
        .read(),
    row(Kind::Odt, "odt", " OpenDocument 文档（ODT）", media::ODT).extensions(&["odt", "fodt"]).read(),
    row(Kind::Xlsx, "xlsx", " Excel 工作簿（XLSX）", media::XLSX).extensions(&["xlsx", "xlsm", "et"]).read(),
    row(Kind::ExcelXml, "excel-xml", " Excel 2003 XML 表格", media::XML).extensions(&["xml", "xls"]).read(),
    row(Kind::Xls, "xls", " Excel 工作簿（XLS）", "application/vnd.ms-excel")
        .extensions(&["xls", "et"])
        .read(),
    row(Kind::Ods, "ods", " OpenDocument 表格（ODS）", media::ODS).extensions(&["ods", "fods"]).read(),
    row(Kind::Pdf, "pdf", " PDF 文件", "application/pdf").extensions(&["pdf"]).magic(&[b"%PDF-"]).read(),
    row(Kind::Ofd, "ofd", " OFD 版式文件", "application/ofd").extensions(&["ofd"]).read(),
    row(Kind::Xlsb, "xlsb", " Excel 二进制工作簿（XLSB）", media::XLSB).extensions(&["xlsb"]),
    row(Kind::Zip, "zip", " ZIP 压缩包", "application/zip")
        .extensions(&["zip"])
        .magic(&[b"PK\x03\x04", b"PK\x05\x06"]),
    row(Kind::Ole, "ole", " Office 97–2003 文件", "application/x-ole-storage").magic(&[OLE]),
    row(Kind::Png, "png", "图片", "image/png").extensions(&["png"]).magic(&[b"\x89PNG\r\n\x1A\n"]),
    row(Kind::Jpeg, "jpeg", "图片", "image/jpeg").extensions(&["jpg", "jpeg"]).magic(&[b"\xFF\xD8\xFF"]),
    row(Kind::Gif, "gif", "图片", "image/gif").extensions(&["gif"]).magic(&[b"GIF87a", b"GIF89a"]),
    row(Kind::Bmp, "bmp", "图片", "image/bmp").extensions(&["bmp"]),
    row(Kind::Tiff, "tiff", "图片", "image/tiff").extensions(&["tif", "tiff"]).magic(&[b"II*\0", b"MM\0*"]),
    row(Kind::Gzip, "gzip", " GZIP 压缩包", "application/gzip").extensions(&["gz"]).magic(&[b"\x1F\x8B\x08"]),
    row(Kind::Rar, "rar", " RAR 压缩包", "application/vnd.rar")
        .extensions(&["rar"])
        .magic(&[b"Rar!\x1A\x07"]),
    row(Kind::SevenZip, "7z", " 7Z 压缩包", media::SEVEN_ZIP)
        .extensions(&["7z"])
        .magic(&[b"7z\xBC\xAF\x27\x1C"]),
    row(Kind::Tar, "tar", " TAR 压缩包", "application/x-tar").extensions(&["tar"]),
];

const OLE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// Media types that are too long for a row.
mod media {
    pub(super) const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    pub(super) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    pub(super) const XLSB: &str = "application/vnd.ms-excel.sheet.binary.macroenabled.12";
    pub(super) const ODT: &str = "application/vnd.oasis.opendocument.text";
    pub(super) const ODS: &str = "application/vnd.oasis.opendocument.spreadsheet";
    pub(super) const XML: &str = "application/xml";
    pub(super) const SEVEN_ZIP: &str = "application/x-7z-compressed";
}

impl Kind {
    /// The row of this format.
    #[expect(clippy::indexing_slicing, reason = "`ROWS_ARE_IN_ORDER` is checked when this is compiled")]
    pub fn info(self) -> &'static FormatInfo {
        const { ROWS_ARE_IN_ORDER };
        &FORMATS[self as usize]
    }

    /// The short name used in every output, e.g. `html`.
    pub fn as_str(self) -> &'static str {
        self.info().name
    }

    /// The media type, as HTTP names it.
    pub fn media_type(self) -> &'static str {
        self.info().media_type
    }
}

#[expect(clippy::indexing_slicing, reason = "an index out of bounds fails to compile")]
const ROWS_ARE_IN_ORDER: () = {
    assert!(FORMATS.len() == Kind::Tar as usize + 1, "each format has a row");
    let mut index = 0;
    while index < FORMATS.len() {
        assert!(FORMATS[index].kind as usize == index, "the rows are in the order of `Kind`");
        index += 1;
    }
};

/// A row for a format that is recognised and refused.
const fn row(kind: Kind, name: &'static str, title: &'static str, media_type: &'static str) -> FormatInfo {
    FormatInfo { kind, is_read: false, name, title, extensions: &[], media_type, magic: &[] }
}

impl FormatInfo {
    const fn extensions(self, extensions: &'static [&'static str]) -> Self {
        FormatInfo { extensions, ..self }
    }

    const fn magic(self, magic: &'static [&'static [u8]]) -> Self {
        FormatInfo { magic, ..self }
    }

    /// Marks the format as one that has a reader.
    const fn read(self) -> Self {
        FormatInfo { is_read: true, ..self }
    }
}
