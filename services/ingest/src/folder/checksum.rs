//! Checksums that senders put beside a file: `a.docx.sha256`, `a.docx.sm3`, `a.docx.md5`.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use data_encoding::HEXLOWER;
use md5::Md5;
use rustix::fs::OFlags;
use sha2::{Digest, Sha256};
use sm3::Sm3;

use super::listing::{beside, is_absent};

/// The algorithms, each with the suffix of its files and the length of its hash in hex digits.
pub(super) const ALGORITHMS: [(&str, usize, Hash); 3] =
    [(".sha256", 64, hash::<Sha256>), (".sm3", 64, hash::<Sm3>), (".md5", 32, hash::<Md5>)];

type Hash = fn(&mut dyn Read) -> io::Result<String>;

/// The largest checksum file that is read; one for a thousand files has 100 KB.
const MAX_BYTES: u64 = 1 << 20;

/// Compares a file with every checksum beside it. The error says which does not fit, for the operator.
pub(super) fn verify(path: &Path) -> Result<(), String> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    for (suffix, digits, hash) in ALGORITHMS {
        let stated = match read(&beside(path, suffix)) {
            Ok(text) => stated(&text, &name, digits),
            Err(error) if is_absent(&error) => continue,
            Err(error) => return Err(format!("reading {name}{suffix}: {error}")),
        };
        let stated = stated.ok_or_else(|| format!("{name}{suffix} states no checksum of {name}"))?;
        let found = open(path)
            .and_then(|mut file| hash(&mut file))
            .map_err(|error| format!("reading {name}: {error}"))?;
        if found != stated {
            return Err(format!("{name}{suffix} states {stated}, and the file has {found}"));
        }
    }
    Ok(())
}

fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    open(path)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The checksum that a file of checksums states for `name`, in lower case: a hash alone, or lines as
/// `sha256sum` and `md5 -r` (`hash  name`) or BSD (`SHA256 (name) = hash`) write them.
fn stated(text: &str, name: &str, digits: usize) -> Option<String> {
    let is_hash = |word: &&str| word.len() == digits && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let lines = text.lines().filter_map(|line| {
        let hash = line.split(|letter: char| !letter.is_ascii_alphanumeric()).find(is_hash)?;
        Some((line, hash.to_ascii_lowercase()))
    });
    let lines: Vec<(&str, String)> = lines.collect();
    if let Some((_, hash)) = lines.iter().find(|(line, _)| line.contains(name)) {
        return Some(hash.clone());
    }
    match &lines[..] {
        // A single line is about this file, whatever the file was called where the sum was made.
        [(_, hash)] => Some(hash.clone()),
        _ => None,
    }
}

/// Opens a regular file for reading. A link is not followed, and a pipe does not block.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")),
    }
}

/// Why a file cannot be opened or read, in Chinese, for its sender.
pub(super) fn why(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "没有读取权限",
        io::ErrorKind::NotFound => "文件已不在原处",
        io::ErrorKind::InvalidInput => "不是普通文件",
        _ => "磁盘或者网络共享读取出错",
    }
}

/// SHA-256 in lower-case hex digits.
pub(super) fn sha256(bytes: &mut dyn Read) -> io::Result<String> {
    hash::<Sha256>(bytes)
}

/// SM3 in lower-case hex digits.
pub(super) fn sm3(bytes: &mut dyn Read) -> io::Result<String> {
    hash::<Sm3>(bytes)
}

fn hash<D: Digest>(bytes: &mut dyn Read) -> io::Result<String> {
    let (mut digest, mut part) = (D::new(), vec![0; 64 << 10]);
    loop {
        let length = bytes.read(&mut part)?;
        let read = part.get(..length).unwrap_or_default();
        if read.is_empty() {
            return Ok(HEXLOWER.encode(&digest.finalize()));
        }
        digest.update(read);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const SHA256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const SM3: &str = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
    const MD5: &str = "900150983cd24fb0d6963f7d28e17f72";

    /// Whether `abc` in `甲.txt` passes beside these files of checksums.
    fn check(beside: &[(&str, &str)]) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("甲.txt");
        fs::write(&file, "abc").unwrap();
        for (suffix, text) in beside {
            fs::write(folder.path().join(format!("甲.txt{suffix}")), text).unwrap();
        }
        verify(&file)
    }

    #[test]
    fn a_sender_reads_in_chinese_why_a_file_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let why_of = |path: &Path| why(&open(path).unwrap_err());
        assert_eq!(why_of(&folder.path().join("甲.txt")), "文件已不在原处");
        assert_eq!(why_of(folder.path()), "不是普通文件");
        assert_eq!(why(&io::Error::from(io::ErrorKind::PermissionDenied)), "没有读取权限");
    }

    #[test]
    fn right_checksums_pass_however_they_are_written() {
        check(&[]).unwrap();
        check(&[(".sha256", SHA256), (".sm3", SM3), (".md5", MD5)]).unwrap();
        check(&[(".sha256", &format!("{SHA256}  甲.txt\n"))]).unwrap();
        check(&[(".sha256", &format!("{SHA256} *./甲.txt\r\n"))]).unwrap();
        check(&[(".sha256", &format!("SHA256 (甲.txt) = {}\n", SHA256.to_uppercase()))]).unwrap();
        check(&[(".md5", &format!("\u{feff}{MD5}  D:\\报送\\甲.txt\r\n"))]).unwrap();
        check(&[(".md5", &format!("{}  乙.txt\n{MD5}  甲.txt\n", "0".repeat(32)))]).unwrap();
        check(&[(".md5", &format!("{MD5}  原名.txt\n"))]).unwrap();
    }

    #[test]
    fn wrong_and_missing_ones_do_not() {
        let refused = |beside: &[(&str, &str)], why: &str| {
            let error = check(beside).unwrap_err();
            assert!(error.contains(why), "{error}");
        };
        refused(&[(".sha256", &SHA256.replace('b', "c"))], "and the file has ba7816bf");
        refused(&[(".sha256", SHA256), (".md5", &"0".repeat(32))], "甲.txt.md5 states 0000");
        refused(&[(".sm3", SHA256)], "and the file has 66c7f0f4");
        refused(&[(".md5", "")], "甲.txt.md5 states no checksum of 甲.txt");
        refused(&[(".md5", SHA256)], "states no checksum");
        let others = format!("{MD5}  乙.txt\n{MD5}  丙.txt\n");
        refused(&[(".md5", &others)], "states no checksum");
    }
}
