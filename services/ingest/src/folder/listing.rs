//! What lies in the drop folder: which files may be reports, and when one is complete.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Folder of the accepted files.
pub(super) const DONE: &str = "done";
/// Folder of the refused files.
pub(super) const REFUSED: &str = "refused";

/// The suffix of the end mark: `a.docx.ok` says that `a.docx` is complete.
pub(super) const END_MARK: &str = ".ok";
/// Files that say something about a report, and are none: the end mark, checksums and receipts.
const CONTROL_SUFFIXES: &[&str] =
    &[END_MARK, ".md5", ".sha256", ".sm3", ".receipt", ".receipt.json", ".taken.json", ".outcome.json"];
/// Suffixes of files that some program is still writing.
const TEMPORARY_SUFFIXES: &[&str] = &[".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp"];
/// The beginning of the lock files of office programs.
const OFFICE_LOCK: &str = "~$";

/// Tells a file from what it is after a change, as far as the file system can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    size_bytes: u64,
    modified: Option<SystemTime>,
    device: u64,
    inode: u64,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            size_bytes: metadata.len(),
            modified: metadata.modified().ok(),
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }

    /// The stamp of the file that has this path now.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        fs::symlink_metadata(path).map(|metadata| Self::of(&metadata))
    }
}

/// A file that may be a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    pub(super) stamp: Stamp,
    /// Whether its end mark is there, and is not older than the file.
    pub(super) is_marked: bool,
}

/// Every file below the folder that may be a report, in the order of their paths, without those in `done` and
/// `refused`. Links are not followed.
pub(super) fn candidates(inbox: &Path) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut folders = vec![inbox.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() && !(folder == inbox && (name == DONE || name == REFUSED)) {
                folders.push(path);
            } else if metadata.is_file() && may_be_report(&name) {
                let stamp = Stamp::of(&metadata);
                let mark = fs::metadata(beside(&path, END_MARK)).ok();
                let is_marked =
                    mark.is_some_and(|mark| mark.is_file() && mark.modified().ok() >= stamp.modified);
                found.push(Candidate { path, stamp, is_marked });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// The path of a file beside another, whose name has this suffix more.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Whether there is no such file; a name that is too long for the file system has none.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename)
}

/// Whether a file of this name may be a report; hidden, unfinished and control files are none.
fn may_be_report(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let has = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
    let is_manifest = ["manifest.json", "manifest.csv"].iter().any(|manifest| {
        name.strip_suffix(manifest).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    let is_of_system = matches!(&*name, "thumbs.db" | "desktop.ini");
    !(name.starts_with('.')
        || name.starts_with(OFFICE_LOCK)
        || has(TEMPORARY_SUFFIXES)
        || has(CONTROL_SUFFIXES)
        || is_manifest
        || is_of_system)
}

/// Since when each file has been what it is now, by a clock that nobody sets.
#[derive(Debug, Default)]
pub(super) struct Quiet(HashMap<PathBuf, (Stamp, Instant)>);

impl Quiet {
    /// The candidates that are complete: those with an end mark, and those that have not changed for `quiet`.
    pub(super) fn complete(
        &mut self,
        candidates: Vec<Candidate>,
        quiet: Duration,
        now: Instant,
    ) -> Vec<Candidate> {
        let mut seen = HashMap::with_capacity(candidates.len());
        let mut complete = Vec::new();
        for candidate in candidates {
            let since = match self.0.get(&candidate.path) {
                Some((stamp, since)) if *stamp == candidate.stamp => *since,
                _ => now,
            };
            seen.insert(candidate.path.clone(), (candidate.stamp, since));
            if candidate.is_marked || (since < now && now.duration_since(since) >= quiet) {
                complete.push(candidate);
            }
        }
        self.0 = seen;
        complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_a_report_is_taken() {
        let check = |expected: bool, names: &[&str]| {
            for name in names {
                assert_eq!(may_be_report(name), expected, "{name}");
            }
        };
        check(
            true,
            &[
                "年报.docx",
                "a.html",
                "部分.part1.rar",
                "ok",
                "manifest.docx",
                "清单.json",
                "my-manifest.json",
            ],
        );
        check(false, &[".年报.docx", ".", "~$年报.docx"]);
        check(false, &["a.docx.part", "a.pdf.filepart", "a.crdownload", "a.TMP", "a.partial", "a.download"]);
        check(false, &["a.docx.ok", "a.docx.OK", "a.docx.md5", "a.docx.sha256", "a.docx.sm3"]);
        check(
            false,
            &["manifest.json", "Manifest.csv", "2024.manifest.json", "a.docx.receipt.json", "a.receipt"],
        );
        check(false, &["2024-01.taken.json", "2024-01.outcome.json", "Thumbs.db", "desktop.ini"]);
    }

    fn candidate(size_bytes: u64, is_marked: bool) -> Candidate {
        let stamp = Stamp { size_bytes, modified: None, device: 1, inode: 1 };
        Candidate { path: "a.docx".into(), stamp, is_marked }
    }

    #[test]
    fn a_file_is_complete_after_a_while_without_a_change() {
        let (mut seen, start, quiet) = (Quiet::default(), Instant::now(), Duration::from_secs(30));
        let mut at = |seconds, size_bytes| {
            let now = start + Duration::from_secs(seconds);
            !seen.complete(vec![candidate(size_bytes, false)], quiet, now).is_empty()
        };
        assert!(!at(0, 10) && !at(29, 10), "not quiet for long enough");
        assert!(!at(29, 11) && !at(58, 11), "the writer went on after a pause");
        assert!(at(59, 11));
        assert!(!at(60, 12), "it went on again");
        assert!(seen.complete(Vec::new(), quiet, start).is_empty());
        let again = seen.complete(vec![candidate(12, false)], quiet, start + Duration::from_secs(99));
        assert!(again.is_empty(), "another file of the same name begins again");
    }

    #[test]
    fn a_file_is_never_complete_at_first_sight_but_for_its_end_mark() {
        let now = Instant::now();
        let first = |is_marked| Quiet::default().complete(vec![candidate(1, is_marked)], Duration::ZERO, now);
        assert!(first(false).is_empty());
        assert_eq!(first(true).len(), 1);
    }

    #[test]
    fn an_end_mark_older_than_its_file_is_of_an_earlier_one() {
        let folder = tempfile::tempdir().unwrap();
        let (file, mark) = (folder.path().join("a.docx"), folder.path().join("a.docx.ok"));
        fs::write(&mark, "").unwrap();
        fs::write(&file, "figures").unwrap();
        let marked = || candidates(folder.path()).into_iter().map(|one| one.is_marked).collect::<Vec<_>>();
        let set = |path: &Path, seconds| {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        };
        set(&file, 1_000);
        set(&mark, 999);
        assert_eq!(marked(), [false]);
        set(&mark, 1_000);
        assert_eq!(marked(), [true]);
    }
}
