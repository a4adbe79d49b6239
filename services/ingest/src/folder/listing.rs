//! What lies in the folder of a sender: files that may be reports, and batches; and when one is complete.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use encoding_rs::GB18030;

use super::mailbox::{Mailbox, is_reserved};

/// The suffix of the end mark: `a.docx.ok` says that `a.docx` is complete.
pub(super) const END_MARK: &str = ".ok";
/// Files that say something about a report, and are none: the end mark, checksums and receipts.
const CONTROL_SUFFIXES: &[&str] = &[
    END_MARK,
    ".md5",
    ".sha256",
    ".sm3",
    ".receipt",
    ".receipt.json",
    ".taken.json",
    ".waiting.json",
    ".refused.json",
    ".outcome.json",
    ".outcome.csv",
];
/// The manifests of a batch, in its folder, at the top of its archive, or beside the archive after its name.
pub(super) const MANIFESTS: [&str; 2] = ["manifest.json", "manifest.csv"];
/// Suffixes of files that some program is still writing.
const TEMPORARY_SUFFIXES: &[&str] = &[".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp"];
/// The beginning of the lock files of office programs.
const OFFICE_LOCK: &str = "~$";

/// Tells a file from what it is after a change, as far as the file system can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) size_bytes: u64,
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

    /// The stamp of a regular file; none where there is none.
    fn of_file(path: &Path) -> Option<Self> {
        fs::symlink_metadata(path).ok().filter(Metadata::is_file).map(|metadata| Self::of(&metadata))
    }

    /// What tells it from a later file of the same name, also after a restart.
    pub(super) fn text(&self) -> String {
        let modified = self.modified.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        let nanoseconds = modified.map_or(0, |time| time.as_nanos());
        // Devices are numbered again when they are mounted.
        format!("{} {nanoseconds} {}", self.size_bytes, self.inode)
    }

    /// The stamp of the file that has this path now.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        fs::symlink_metadata(path).map(|metadata| Self::of(&metadata))
    }
}

/// Something that a sender put into its folder, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    /// The folder below which `path` is named in receipts and among the accepted files.
    pub(super) base: PathBuf,
    pub(super) kind: Kind,
    /// Every file that belongs to it, sorted: one for a file, all below a folder.
    pub(super) entries: Vec<Entry>,
    /// Whether its end mark is there, and is not older than it.
    pub(super) is_marked: bool,
}

/// What a candidate is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file that may be a report.
    File,
    /// An archive, which may be a batch, with the manifest beside it.
    Archive { manifest: Option<PathBuf> },
    /// The folder of a batch, with its manifest; without one, what is in it waits.
    Folder { manifest: Option<PathBuf> },
}

/// A file, or something else that is no folder, below the folder of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) stamp: Stamp,
    /// False for links, devices, sockets and the like.
    pub(super) is_file: bool,
}

impl Candidate {
    /// Its name below the folder of the sender.
    pub(super) fn within(&self) -> PathBuf {
        self.path.strip_prefix(&self.base).unwrap_or(&self.path).to_owned()
    }

    /// Whether its manifest is JSON, which cannot be read before it is whole.
    pub(super) fn has_json_manifest(&self) -> bool {
        let (Kind::Archive { manifest } | Kind::Folder { manifest }) = &self.kind else { return false };
        manifest.as_ref().is_some_and(|path| path.to_string_lossy().to_ascii_lowercase().ends_with(".json"))
    }
}

/// Most files of one batch, as of an archive.
pub(super) const MOST_FILES: usize = 50_000;

/// Everything in the folder of a sender that may be taken, in the order of the paths. Links are not followed.
///
/// Of the exchange folder itself only the files are taken: its folders are those of senders.
pub(super) fn candidates(mailbox: &Mailbox) -> Vec<Candidate> {
    let mut found = Vec::new();
    for base in mailbox.uploads() {
        for entry in fs::read_dir(&base).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), shown(Path::new(&entry.file_name())));
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_file() && may_be_report(&name) {
                found.push(file(path, &base, Stamp::of(&metadata), &name, mailbox.sender.is_some()));
            } else if metadata.is_dir()
                && mailbox.sender.is_some()
                && !is_reserved(&name)
                && !is_hidden(&name)
                && !is_temporary(&name)
            {
                found.extend(folder(&path, &base));
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn file(path: PathBuf, base: &Path, stamp: Stamp, name: &str, may_be_batch: bool) -> Candidate {
    let mut entries = vec![Entry { path: path.clone(), stamp, is_file: true }];
    let mut is_marked = is_marked(&beside(&path, END_MARK), &stamp);
    let mut kind = Kind::File;
    if may_be_batch && name.to_ascii_lowercase().ends_with(ARCHIVE) {
        let stem = path.with_extension("");
        is_marked |= self::is_marked(&beside(&stem, END_MARK), &stamp);
        let beside = MANIFESTS.map(|manifest| beside(&stem, &format!(".{manifest}")));
        let manifest = beside.into_iter().find_map(|path| Some((Stamp::of_file(&path)?, path)));
        entries.extend(manifest.iter().map(|(stamp, path)| Entry {
            path: path.clone(),
            stamp: *stamp,
            is_file: true,
        }));
        kind = Kind::Archive { manifest: manifest.map(|(_, path)| path) };
    }
    Candidate { path, base: base.to_owned(), kind, entries, is_marked }
}

const ARCHIVE: &str = ".zip";

/// A folder as a batch where it has a manifest. Where it has none, each file with an end mark of its own or after
/// the name of the folder, and the folder for all others, which wait.
fn folder(path: &Path, base: &Path) -> Vec<Candidate> {
    let entries = entries_below(path);
    let of = |kind, entries, is_marked, path: &Path| Candidate {
        path: path.to_owned(),
        base: base.to_owned(),
        kind,
        entries,
        is_marked,
    };
    let name = path.file_name().unwrap_or_default();
    let marks = [beside(path, END_MARK), beside(&path.join(name), END_MARK)];
    let is_marked_since = |stamp: &Stamp| marks.iter().any(|mark| is_marked(mark, stamp));
    let manifest = entries.iter().find(|entry| is_manifest_in(path, &entry.path) && entry.is_file);
    if let Some(Entry { path: manifest, stamp, .. }) = manifest.cloned() {
        let kind = Kind::Folder { manifest: Some(manifest) };
        return vec![of(kind, entries, is_marked_since(&stamp), path)];
    }
    let reports = entries.into_iter().filter(|entry| entry.is_file && may_be_report(&name_of(&entry.path)));
    let (marked, waiting): (Vec<Entry>, Vec<Entry>) = reports.partition(|entry| {
        is_marked_since(&entry.stamp) || is_marked(&beside(&entry.path, END_MARK), &entry.stamp)
    });
    let alone = marked.into_iter().map(|entry| {
        let path = entry.path.clone();
        of(Kind::File, vec![entry], true, &path)
    });
    let mut found: Vec<Candidate> = alone.collect();
    if !waiting.is_empty() {
        found.push(of(Kind::Folder { manifest: None }, waiting, false, path));
    }
    found
}

/// Whether a path is that of a manifest directly in a folder.
pub(super) fn is_manifest_in(folder: &Path, path: &Path) -> bool {
    path.parent() == Some(folder) && MANIFESTS.contains(&&*name_of(path).to_ascii_lowercase())
}

/// Everything below a folder that is no folder, sorted; of more than a batch may have, the first.
fn entries_below(folder: &Path) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                folders.push(entry.path());
            } else if found.len() <= 2 * MOST_FILES {
                let (path, stamp) = (entry.path(), Stamp::of(&metadata));
                found.push(Entry { path, stamp, is_file: metadata.is_file() });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// Whether an end mark is there, and is not older than what it marks.
fn is_marked(mark: &Path, stamp: &Stamp) -> bool {
    let mark = fs::symlink_metadata(mark).ok().filter(Metadata::is_file);
    mark.is_some_and(|mark| mark.modified().ok() >= stamp.modified)
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

/// The text of a path. Names that are not UTF-8 are GBK, as Windows writes them.
pub(super) fn shown(path: &Path) -> String {
    match path.to_str() {
        Some(text) => text.to_owned(),
        None => {
            let bytes = path.as_os_str().as_encoded_bytes();
            GB18030.decode_without_bom_handling(bytes).0.into_owned()
        }
    }
}

/// The text of the last part of a path.
fn name_of(path: &Path) -> String {
    shown(Path::new(path.file_name().unwrap_or_default()))
}

/// Whether a file of this name may be a report; hidden, unfinished and control files are none.
fn may_be_report(name: &str) -> bool {
    !(is_hidden(name) || is_temporary(name) || is_control(name) || is_litter(name))
}

/// Whether a file system hides a file of this name from people.
pub(super) fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}

fn is_temporary(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TEMPORARY_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// Whether a file of this name says something about a report, and is none.
pub(super) fn is_control(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_manifest = MANIFESTS.iter().any(|manifest| {
        name.strip_suffix(manifest).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    is_manifest || CONTROL_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// Whether a system or an office program left this file by itself.
pub(super) fn is_litter(name: &str) -> bool {
    let is_of_system = matches!(&*name.to_ascii_lowercase(), "thumbs.db" | "desktop.ini" | ".ds_store");
    is_of_system || name.starts_with(OFFICE_LOCK) || name.starts_with("._")
}

/// Since when each candidate has been what it is now, by a clock that nobody sets.
#[derive(Debug, Default)]
pub(super) struct Quiet(HashMap<PathBuf, (Vec<Entry>, Instant)>);

impl Quiet {
    /// For each candidate, whether it is complete: it has an end mark, or has not changed for `quiet`.
    pub(super) fn complete(
        &mut self,
        candidates: Vec<Candidate>,
        quiet: Duration,
        now: Instant,
    ) -> Vec<(Candidate, bool)> {
        let mut seen = HashMap::with_capacity(candidates.len());
        let mut looked_at = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let since = match self.0.remove(&candidate.path) {
                Some((entries, since)) if entries == candidate.entries => since,
                _ => now,
            };
            seen.insert(candidate.path.clone(), (candidate.entries.clone(), since));
            let is_quiet = since < now && now.duration_since(since) >= quiet;
            let is_complete = candidate.is_marked || is_quiet;
            looked_at.push((candidate, is_complete));
        }
        self.0 = seen;
        looked_at
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
        check(false, &["2024-01.waiting.json", "a.refused.json", "2024-01.outcome.csv", "._a.docx"]);
    }

    fn candidate(size_bytes: u64, is_marked: bool) -> Candidate {
        let stamp = Stamp { size_bytes, modified: None, device: 1, inode: 1 };
        let entries = vec![Entry { path: "a.docx".into(), stamp, is_file: true }];
        Candidate { path: "a.docx".into(), base: PathBuf::new(), kind: Kind::File, entries, is_marked }
    }

    #[test]
    fn a_file_is_complete_after_a_while_without_a_change() {
        let (mut seen, start, quiet) = (Quiet::default(), Instant::now(), Duration::from_secs(30));
        let mut at = |seconds, size_bytes| {
            let now = start + Duration::from_secs(seconds);
            seen.complete(vec![candidate(size_bytes, false)], quiet, now)[0].1
        };
        assert!(!at(0, 10) && !at(29, 10), "not quiet for long enough");
        assert!(!at(29, 11) && !at(58, 11), "the writer went on after a pause");
        assert!(at(59, 11));
        assert!(!at(60, 12), "it went on again");
        assert!(seen.complete(Vec::new(), quiet, start).is_empty());
        let again = seen.complete(vec![candidate(12, false)], quiet, start + Duration::from_secs(99));
        assert!(!again[0].1, "another file of the same name begins again");
    }

    #[test]
    fn writers_that_pause_for_up_to_a_minute_are_waited_for() {
        // The default of GOUJI_INBOX_QUIET_SECONDS.
        let (quiet, start) = (Duration::from_secs(90), Instant::now());
        let (mut seen, mut second, mut size) = (Quiet::default(), 0, 0);
        for pause in 1..=60 {
            size += 1;
            for _ in 0..pause {
                second += 1;
                let now = start + Duration::from_secs(second);
                assert!(!seen.complete(vec![candidate(size, false)], quiet, now)[0].1, "pause of {pause} s");
            }
        }
    }

    #[test]
    fn a_file_is_never_complete_at_first_sight_but_for_its_end_mark() {
        let now = Instant::now();
        let first =
            |is_marked| Quiet::default().complete(vec![candidate(1, is_marked)], Duration::ZERO, now)[0].1;
        assert!(!first(false));
        assert!(first(true));
    }

    /// A folder of a sender with these files, each with its content.
    fn mailbox(files: &[&str]) -> (tempfile::TempDir, Mailbox) {
        let inbox = tempfile::tempdir().unwrap();
        for file in files {
            let path = inbox.path().join("甲局").join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "figures").unwrap();
        }
        let mailbox = Mailbox::all(inbox.path(), None).pop().unwrap();
        assert_eq!(mailbox.sender.as_deref(), Some("甲局"));
        (inbox, mailbox)
    }

    #[test]
    fn files_batches_and_archives_are_found() {
        let (_inbox, mailbox) = mailbox(&[
            "a.docx",
            "upload/b.docx",
            "upload/批次/manifest.json",
            "upload/批次/c/d.docx",
            "x.zip",
            "x.manifest.csv",
            "unfinished.part/manifest.json",
            ".hidden/e.docx",
            "done/f.docx",
            "receipts/g.docx",
            "loose/h.docx",
            "loose/i.docx",
            "loose/i.docx.ok",
        ]);
        let found = candidates(&mailbox);
        let lines: Vec<String> = found
            .iter()
            .map(|one| {
                let kind = match &one.kind {
                    Kind::File => "file".to_owned(),
                    Kind::Archive { manifest } => format!("archive {}", manifest.is_some()),
                    Kind::Folder { manifest } => format!("folder {}", manifest.is_some()),
                };
                format!("{} {kind} {} {}", shown(&one.within()), one.entries.len(), one.is_marked)
            })
            .collect();
        let expected = [
            "a.docx file 1 false",
            "loose folder false 1 false",
            "loose/i.docx file 1 true",
            "b.docx file 1 false",
            "批次 folder true 2 false",
            "x.zip archive true 2 false",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn an_end_mark_older_than_its_file_is_of_an_earlier_one() {
        let (_inbox, mailbox) = mailbox(&["a.docx", "a.docx.ok"]);
        let marked = || candidates(&mailbox).into_iter().map(|one| one.is_marked).collect::<Vec<_>>();
        let set = |name: &str, seconds| {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            let path = mailbox.root.join(name);
            fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        };
        set("a.docx", 1_000);
        set("a.docx.ok", 999);
        assert_eq!(marked(), [false]);
        set("a.docx.ok", 1_000);
        assert_eq!(marked(), [true]);
    }

    #[test]
    fn links_are_no_files_and_no_folders() {
        let (_inbox, mailbox) = mailbox(&["批次/manifest.json"]);
        let secret = tempfile::tempdir().unwrap();
        fs::write(secret.path().join("secret.docx"), "x").unwrap();
        for name in ["link", "批次/inner"] {
            std::os::unix::fs::symlink(secret.path(), mailbox.root.join(name)).unwrap();
        }
        let found = candidates(&mailbox);
        assert_eq!(found.len(), 1);
        let kinds: Vec<bool> = found[0].entries.iter().map(|entry| entry.is_file).collect();
        assert_eq!(kinds, [false, true], "the link is seen, and nothing below it");
    }

    #[test]
    fn names_that_are_not_utf_8_are_gbk() {
        let name = GB18030.encode("年报.docx").0.into_owned();
        let name: OsString = std::os::unix::ffi::OsStringExt::from_vec(name);
        assert_eq!(shown(Path::new(&name)), "年报.docx");
    }
}
