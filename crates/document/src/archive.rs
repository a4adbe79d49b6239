//! Opens ZIP archives, also archives inside archives.
//!
//! Archives are read in memory. Names are reported and never used as paths, and nothing is written to disk.

use std::io::{Cursor, Read, Seek};

use encoding_rs::GB18030;
use zip::ZipArchive;

use crate::kind::Kind;
use crate::sniff::sniff;

/// What an archive may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveLimits {
    /// Files in it, those of inner archives included. A province sends some ten thousand at once.
    pub files: usize,
    /// Bytes of one file, inflated.
    pub file_bytes: u64,
    /// Bytes of all files together, inflated.
    pub total_bytes: u64,
    /// Inflated bytes for each packed byte; text packs to a tenth, a bomb to a thousandth.
    pub ratio: u64,
    /// Archives inside archives.
    pub depth: usize,
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self {
            files: 50_000,
            file_bytes: crate::limits::BYTES as u64,
            total_bytes: 4 << 30,
            ratio: 200,
            depth: 3,
        }
    }
}

/// A file of an archive, or why it could not be taken out.
#[derive(Debug)]
pub struct Entry {
    /// Its name with the path inside the archive, `/` between folders.
    pub name: String,
    /// Its bytes.
    pub bytes: Result<Vec<u8>, ArchiveError>,
}

/// Why an archive or a file of it could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// Not an archive, or a broken one.
    #[error("archive cannot be opened: {0}")]
    Broken(String),
    /// A password is required.
    #[error("file is encrypted")]
    Encrypted,
    /// A limit is passed.
    #[error("archive passes the limit {limit} = {allowed}")]
    Limit {
        /// Name of the limit.
        limit: &'static str,
        /// Its value.
        allowed: u64,
    },
}

impl ArchiveError {
    /// A stable code for statistics and decisions.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Broken(_) => "broken-archive",
            Self::Encrypted => "encrypted",
            Self::Limit { .. } => "archive-limit",
        }
    }

    /// What the one who sent the archive should know and do.
    pub fn message(&self) -> String {
        match self {
            Self::Broken(_) => "压缩包已损坏，无法打开。请重新压缩（ZIP 格式）后报送。".into(),
            Self::Encrypted => "文件设有密码，无法打开。请取消密码后重新报送。".into(),
            Self::Limit { limit, allowed } => {
                format!("压缩包超过上限（{limit}：{allowed}）。请分批压缩后报送。")
            }
        }
    }
}

/// Hands every file of an archive to `each`, one at a time and in the order of the archive; `each`
/// returns false to stop.
///
/// # Errors
/// If the archive itself cannot be opened or passes a limit. An error in one file is
/// returned in its [`Entry`].
pub fn open(
    archive: impl Read + Seek,
    limits: &ArchiveLimits,
    each: &mut dyn FnMut(Entry) -> bool,
) -> Result<(), ArchiveError> {
    let remaining = Remaining { files: limits.files, bytes: limits.total_bytes };
    Walk { limits, remaining, each }.archive("", archive, 1).map(drop)
}

/// The name of every file of an archive, without those of the archives in it. Nothing is inflated.
///
/// # Errors
/// If the archive cannot be opened.
pub fn names(archive: impl Read + Seek) -> Result<Vec<String>, ArchiveError> {
    let broken = |error: zip::result::ZipError| ArchiveError::Broken(error.to_string());
    let mut archive = ZipArchive::new(archive).map_err(broken)?;
    let mut names = Vec::new();
    for index in 0..archive.len() {
        let file = archive.by_index_raw(index).map_err(broken)?;
        let name = name_of("", file.name_raw());
        if file.is_file() && !is_litter(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// A walk through an archive and the archives in it.
struct Walk<'a> {
    limits: &'a ArchiveLimits,
    remaining: Remaining,
    each: &'a mut dyn FnMut(Entry) -> bool,
}

/// What the limits still allow.
struct Remaining {
    files: usize,
    bytes: u64,
}

impl Walk<'_> {
    /// Hands out the files of one archive. The files of an archive in it come where that stands, so that
    /// no more than one archive of each depth is in memory. Returns false if `each` asked to stop.
    fn archive(
        &mut self,
        folder: &str,
        source: impl Read + Seek,
        depth: usize,
    ) -> Result<bool, ArchiveError> {
        let mut archive = ZipArchive::new(source).map_err(|error| ArchiveError::Broken(error.to_string()))?;
        for index in 0..archive.len() {
            let (name, is_file) = match archive.by_index_raw(index) {
                Ok(file) => (name_of(folder, file.name_raw()), file.is_file()),
                Err(error) => return Err(ArchiveError::Broken(error.to_string())),
            };
            if !is_file || is_litter(&name) {
                continue;
            }
            self.remaining.files = self
                .remaining
                .files
                .checked_sub(1)
                .ok_or(ArchiveError::Limit { limit: "files", allowed: self.limits.files as u64 })?;
            let bytes = inflate(&mut archive, index, self.limits, &mut self.remaining);
            if let Err(ArchiveError::Limit { limit: "total_bytes", .. }) = &bytes {
                return bytes.map(|_| true);
            }
            match bytes {
                Ok(bytes) if sniff(&bytes) == Kind::Zip && depth < self.limits.depth => {
                    match self.archive(&name, Cursor::new(bytes), depth + 1) {
                        Ok(true) => {}
                        Ok(false) => return Ok(false),
                        Err(error @ ArchiveError::Limit { .. }) => return Err(error),
                        Err(error) => {
                            if !(self.each)(Entry { name, bytes: Err(error) }) {
                                return Ok(false);
                            }
                        }
                    }
                }
                bytes => {
                    if !(self.each)(Entry { name, bytes }) {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }
}

fn inflate(
    archive: &mut ZipArchive<impl Read + Seek>,
    index: usize,
    limits: &ArchiveLimits,
    remaining: &mut Remaining,
) -> Result<Vec<u8>, ArchiveError> {
    let file = match archive.by_index(index) {
        Ok(file) if file.encrypted() => return Err(ArchiveError::Encrypted),
        Ok(file) => file,
        Err(zip::result::ZipError::UnsupportedArchive(reason)) if reason.contains("assword") => {
            return Err(ArchiveError::Encrypted);
        }
        Err(error) => return Err(ArchiveError::Broken(error.to_string())),
    };
    let by_ratio = file.compressed_size().max(1).saturating_mul(limits.ratio).max(1 << 20);
    let (limit, allowed) =
        [("file_bytes", limits.file_bytes), ("total_bytes", remaining.bytes), ("ratio", by_ratio)]
            .into_iter()
            .min_by_key(|(_, allowed)| *allowed)
            .expect("the list is not empty");
    // The declared size can be wrong, so the inflated bytes are counted.
    let mut bytes = Vec::new();
    file.take(allowed + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| ArchiveError::Broken(error.to_string()))?;
    if bytes.len() as u64 > allowed {
        let allowed = if limit == "ratio" { limits.ratio } else { allowed };
        return Err(ArchiveError::Limit { limit, allowed });
    }
    remaining.bytes -= bytes.len() as u64;
    Ok(bytes)
}

/// A file name. Names that are not UTF-8 are GBK, as Chinese Windows writes them.
fn name_of(folder: &str, raw: &[u8]) -> String {
    let name = match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => GB18030.decode_without_bom_handling(raw).0.into_owned(),
    };
    let name = name.replace('\\', "/");
    if folder.is_empty() { name } else { format!("{folder}/{name}") }
}

fn is_litter(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    name.starts_with("__MACOSX/")
        || file.starts_with("._")
        || matches!(file, ".DS_Store" | "Thumbs.db" | "desktop.ini")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn names(bytes: &[u8], limits: &ArchiveLimits) -> Result<Vec<String>, ArchiveError> {
        let mut names = Vec::new();
        open(Cursor::new(bytes), limits, &mut |entry| {
            names.push(match entry.bytes {
                Ok(bytes) => format!("{} {}", entry.name, bytes.len()),
                Err(error) => format!("{} {}", entry.name, error.class()),
            });
            true
        })?;
        Ok(names)
    }

    #[test]
    fn files_come_out_with_their_names_those_of_inner_archives_too() {
        let inner = zip(&[("报告.txt", b"abc")]);
        let outer = zip(&[("a/b.txt", b"12"), ("县/包.zip", &inner), ("__MACOSX/x", b"1"), ("c.html", b"")]);
        let expected = ["a/b.txt 2", "县/包.zip/报告.txt 3", "c.html 0"];
        assert_eq!(names(&outer, &ArchiveLimits::default()).unwrap(), expected);
        assert_eq!(super::names(Cursor::new(&outer)).unwrap(), ["a/b.txt", "县/包.zip", "c.html"]);
    }

    #[test]
    fn names_without_a_mark_are_gbk() {
        let gbk = GB18030.encode("年报").0.into_owned();
        assert_eq!(name_of("", &gbk), "年报");
        assert_eq!(name_of("a.zip", b"x\\y.txt"), "a.zip/x/y.txt");
    }

    #[test]
    fn limits_are_named() {
        let bomb = zip(&[("bomb.txt", &vec![b'0'; 8 << 20])]);
        assert_eq!(names(&bomb, &ArchiveLimits::default()).unwrap(), ["bomb.txt archive-limit"]);
        let many = zip(&[("1", b"1"), ("2", b"2"), ("3", b"3")]);
        let limits = ArchiveLimits { files: 2, ..ArchiveLimits::default() };
        assert_eq!(names(&many, &limits), Err(ArchiveError::Limit { limit: "files", allowed: 2 }));
        assert!(matches!(names(b"PK\x03\x04 no archive", &limits), Err(ArchiveError::Broken(_))));
    }
}
