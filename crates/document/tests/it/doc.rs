//! Word documents of before 2007, drawn.

use document::{Kind, Limits, read, sniff};
use proptest::prelude::*;

use crate::{draw, laws};

const DOC: &[u8] = include_bytes!("../samples/word.doc");

/// The page header, the note, deleted and hidden text and the code of the field are not there.
#[test]
fn a_document_is_read_as_it_is_printed() {
    let expected = "\
# 一、标题
¶ 正文加上之后，字段2025年，注。
¶ 换行之后
Grid
  纵⟨2×1⟩¦甲¦乙¦丙
  1:横跨 两段⟨1×2⟩¦3:12
  空¦¦0¦
¶ 表后
¶ 外
Grid
  内一¦内二
¶ 外二
¶ 末段😀";
    assert_eq!(draw::draw(&read(DOC, &Limits::default()).unwrap()), expected);
}

/// Where the head of the stream `WordDocument` stands in the sample.
fn head() -> usize {
    DOC.chunks(512).position(|sector| sector.starts_with(&[0xEC, 0xA5])).unwrap() * 512
}

#[track_caller]
fn refuse(at: usize, bytes: &[u8], class: &str) {
    let mut damaged = DOC.to_vec();
    let at = head() + at;
    damaged[at..at + bytes.len()].copy_from_slice(bytes);
    let error = read(&damaged, &Limits::default()).unwrap_err();
    assert_eq!(error.class(), class, "{error}");
}

#[test]
fn what_cannot_be_read_is_refused_with_its_reason() {
    refuse(0x0B, &[DOC[head() + 0x0B] | 1], "encrypted");
    refuse(2, &[0x68, 0], "outdated-version");
    refuse(0, &[0, 0], "broken-file");
    // The other table stream, which is not there.
    refuse(0x0B, &[DOC[head() + 0x0B] ^ 2], "broken-file");
    // More characters than there are pieces, and no pieces at all.
    refuse(0x4C, &[0xFF, 0xFF, 0xFF, 0x7F], "broken-file");
    refuse(0x1A2, &[0xFF, 0xFF, 0xFF, 0x7F], "broken-file");
}

#[test]
fn limits_hold() {
    for (limits, class) in [
        (Limits { cells: 5, ..Limits::default() }, "too-many-cells"),
        (Limits { lines: 3, ..Limits::default() }, "too-many-lines"),
        (Limits { inflated_bytes: 100, ..Limits::default() }, "too-much-inflated"),
    ] {
        assert_eq!(read(DOC, &limits).unwrap_err().class(), class);
    }
}

#[test]
fn the_root_tells_what_a_compound_file_is() {
    assert_eq!(sniff(DOC), Kind::Doc);
    assert_eq!(sniff(include_bytes!("../samples/workbook.xls")), Kind::Xls);
}

#[test]
fn other_compound_files_are_refused_as_what_they_are() {
    let renamed = |name: &str| {
        let wide = |name: &str| name.bytes().flat_map(|byte| [byte, 0]).collect::<Vec<u8>>();
        let old = wide("WordDocument");
        let at = DOC.windows(old.len()).position(|window| window == old).unwrap();
        let mut bytes = DOC.to_vec();
        bytes[at..at + 64].fill(0);
        bytes[at..at + name.len() * 2].copy_from_slice(&wide(name));
        bytes[at + 64] = name.len() as u8 * 2 + 2;
        bytes
    };
    for (bytes, class) in [
        (renamed("EncryptedPackage").as_slice(), "encrypted"),
        (&renamed("PowerPoint"), "unsupported-format"),
        (&DOC[..2_000], "broken-file"),
    ] {
        assert_eq!(read(bytes, &Limits::default()).unwrap_err().class(), class);
    }
}

#[test]
fn every_cut_is_read_or_refused() {
    for length in (0..DOC.len()).step_by(64) {
        _ = laws::check(&DOC[..length]);
    }
}

proptest! {
    #[test]
    fn any_damage_is_read_or_refused(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
    ) {
        let mut bytes = DOC.to_vec();
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        _ = laws::check(&bytes);
    }
}
