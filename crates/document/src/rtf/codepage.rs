//! Bytes of RTF text to characters: every font has a code page of its own.

use encoding_rs::{
    BIG5, EUC_KR, Encoding, GB18030, MACINTOSH, SHIFT_JIS, UTF_8, WINDOWS_874, WINDOWS_1250, WINDOWS_1251,
    WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257, WINDOWS_1258,
};

/// What a file is written in that does not say: reports come from Chinese offices.
pub(super) const DEFAULT: &Encoding = GB18030;

/// The encoding of `\ansicpgN` and `\cpgN`.
pub(super) fn of_number(number: i32) -> Option<&'static Encoding> {
    Some(match number {
        936 | 54936 => GB18030,
        950 => BIG5,
        932 => SHIFT_JIS,
        949 | 1361 => EUC_KR,
        874 => WINDOWS_874,
        1250 => WINDOWS_1250,
        1251 => WINDOWS_1251,
        1252 => WINDOWS_1252,
        1253 => WINDOWS_1253,
        1254 => WINDOWS_1254,
        1255 => WINDOWS_1255,
        1256 => WINDOWS_1256,
        1257 => WINDOWS_1257,
        1258 => WINDOWS_1258,
        10000 => MACINTOSH,
        65001 => UTF_8,
        _ => return None,
    })
}

/// The encoding of `\fcharsetN`; none where that means the encoding of the file.
pub(super) fn of_charset(charset: i32) -> Option<&'static Encoding> {
    Some(match charset {
        128 => SHIFT_JIS,
        129 | 130 => EUC_KR,
        134 => GB18030,
        136 => BIG5,
        161 => WINDOWS_1253,
        162 => WINDOWS_1254,
        163 => WINDOWS_1258,
        177 => WINDOWS_1255,
        178 => WINDOWS_1256,
        186 => WINDOWS_1257,
        204 => WINDOWS_1251,
        222 => WINDOWS_874,
        238 => WINDOWS_1250,
        _ => return None,
    })
}

/// Bytes of the character that this byte begins.
pub(super) fn length(encoding: &'static Encoding, lead: u8) -> usize {
    match lead {
        0..=0x7F => 1,
        _ if encoding == UTF_8 => match lead {
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF7 => 4,
            _ => 1,
        },
        0x80 | 0xFF => 1,
        _ if encoding == SHIFT_JIS => 1 + usize::from(!matches!(lead, 0xA0..=0xDF)),
        _ if [GB18030, BIG5, EUC_KR].contains(&encoding) => 2,
        _ => 1,
    }
}

/// Whether a byte can go on a character of several bytes.
pub(super) fn goes_on(encoding: &'static Encoding, byte: u8) -> bool {
    if encoding == UTF_8 { matches!(byte, 0x80..=0xBF) } else { byte >= 0x40 }
}
