//! Whether the files of the index are what the engine wrote: each has a checksum, which is compared when a
//! process sees the file for the first time, and again whenever the file changed on the disk, which the
//! engine never does.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tantivy::HasLen as _;
use tantivy::directory::FileSlice;
use tantivy::directory::footer::Footer;

use crate::IndexError;

/// How often the list of files is read again where a commit replaces it meanwhile.
const TRIES: usize = 5;
/// So much of a file is in memory while its checksum is compared.
const CHUNK_BYTES: usize = 256 << 10;
/// More than the footer that the engine ends each file with: its version and the checksum.
const MAX_FOOTER_BYTES: u64 = 1 << 10;

/// What is known of the files of one index in one folder.
#[derive(Debug, Default)]
pub(crate) struct Integrity(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The list of files as of a commit, and the file that each commit replaces as it was then.
    listed: Option<(Stamp, Vec<PathBuf>)>,
    /// The files whose checksum was right, as they were then.
    sound: HashMap<PathBuf, Stamp>,
}

/// Tells a file from what it is after a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    size_bytes: u64,
    inode: u64,
    /// The time of the last change of content, name or mode, in seconds and nanoseconds; nobody can set it.
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Self { size_bytes: metadata.len(), inode: metadata.ino(), changed }
    }
}

impl Integrity {
    /// Compares the files of the last commit with what they were when their checksum was right, and the
    /// checksum of those that changed or are new.
    ///
    /// # Errors
    /// [`IndexError::DamagedFile`] that names the first file that is missing, cut short or changed.
    pub(crate) fn check(&self, engine: &tantivy::Index, folder: &Path) -> Result<(), IndexError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut result = Ok(());
        for _ in 0..TRIES {
            let commit = commit(folder);
            result = known.check(engine, folder, commit);
            if result.is_ok() || commit == self::commit(folder) {
                break;
            }
            // A commit removed files meanwhile.
        }
        result
    }
}

/// Whether the checksum that the engine wrote at the end of a file is that of its bytes. The engine's own check takes
/// a whole file into memory.
fn has_right_checksum(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let size_bytes = file.metadata()?.len();
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(size_bytes.saturating_sub(MAX_FOOTER_BYTES)))?;
    file.read_to_end(&mut end)?;
    let end_bytes = end.len() as u64;
    let (footer, before) = Footer::extract_footer(FileSlice::from(end))?;
    file.rewind()?;
    let mut body = file.take(size_bytes - end_bytes + before.len() as u64);
    let (mut checksum, mut chunk) = (crc32fast::Hasher::new(), vec![0; CHUNK_BYTES]);
    loop {
        match body.read(&mut chunk)? {
            0 => break,
            read => checksum.update(chunk.get(..read).unwrap_or_default()),
        }
    }
    Ok(body.limit() == 0 && checksum.finalize() == footer.crc)
}

/// Tells the state of one commit from that of the next; none where the file is gone.
fn commit(folder: &Path) -> Option<Stamp> {
    fs::metadata(folder.join("meta.json")).map(|meta| Stamp::of(&meta)).ok()
}

impl Known {
    fn check(
        &mut self,
        engine: &tantivy::Index,
        folder: &Path,
        commit: Option<Stamp>,
    ) -> Result<(), IndexError> {
        let files = match self.listed.take() {
            Some((listed, files)) if commit == Some(listed) => files,
            // Reading the list fails where that file is damaged.
            _ => {
                let metas = engine.load_metas().map_err(|error| IndexError::DamagedFile {
                    file: folder.join("meta.json"),
                    why: error.to_string(),
                })?;
                let files: Vec<PathBuf> = metas.list_segment_files().into_iter().collect();
                self.sound.retain(|file, _| files.contains(file));
                files
            }
        };
        for file in &files {
            self.check_file(folder, file)?;
        }
        self.listed = commit.map(|commit| (commit, files));
        Ok(())
    }

    fn check_file(&mut self, folder: &Path, file: &Path) -> Result<(), IndexError> {
        let damaged = |why: String| Err(IndexError::DamagedFile { file: folder.join(file), why });
        let known = self.sound.get(file);
        let stamp = match fs::metadata(folder.join(file)) {
            Ok(metadata) => Stamp::of(&metadata),
            // Not every segment has every kind of file, and the engine misses those that it needs.
            Err(error) if error.kind() == io::ErrorKind::NotFound && known.is_none() => return Ok(()),
            Err(error) => return damaged(error.to_string()),
        };
        if known == Some(&stamp) {
            return Ok(());
        }
        match has_right_checksum(&folder.join(file)) {
            Ok(true) => _ = self.sound.insert(file.to_owned(), stamp),
            Ok(false) => return damaged("its checksum is wrong".into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return damaged("it is missing".into()),
            Err(error) => return damaged(error.to_string()),
        }
        Ok(())
    }
}
