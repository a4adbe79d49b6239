//! Whether the files of the index are what the engine wrote: each has a checksum, which is compared when a
//! process sees the file for the first time, and again whenever the file changed on the disk, which the
//! engine never does.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tantivy::directory::error::OpenReadError;

use crate::IndexError;

/// How often the files are looked at; a look costs a microsecond a file.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often the list of files is read again where a commit replaces it meanwhile.
const TRIES: usize = 5;

/// What is known of the files of one index in one folder.
#[derive(Debug, Default)]
pub(crate) struct Integrity(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The files whose checksum was right, as they were then.
    sound: HashMap<PathBuf, Stamp>,
    looked: Option<Instant>,
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
        if known.looked.is_some_and(|looked| looked.elapsed() < LOOK_EVERY) {
            return Ok(());
        }
        let mut result = Ok(());
        for _ in 0..TRIES {
            let before = fs::metadata(folder.join("meta.json")).map(|meta| Stamp::of(&meta)).ok();
            result = known.check(engine, folder);
            let after = fs::metadata(folder.join("meta.json")).map(|meta| Stamp::of(&meta)).ok();
            if result.is_ok() || before == after {
                break;
            }
            // A commit removed files meanwhile.
        }
        // What is damaged is looked at again at once, so that every answer says so.
        known.looked = result.is_ok().then(Instant::now);
        result
    }
}

impl Known {
    fn check(&mut self, engine: &tantivy::Index, folder: &Path) -> Result<(), IndexError> {
        let mut sound = HashMap::with_capacity(self.sound.len());
        for file in engine.load_metas()?.list_segment_files() {
            let damaged = |why: String| IndexError::DamagedFile { file: folder.join(&file), why };
            let stamp = match fs::metadata(folder.join(&file)) {
                Ok(metadata) => Stamp::of(&metadata),
                // Not every segment has every kind of file, and the engine misses those that it needs.
                Err(error) if error.kind() == io::ErrorKind::NotFound && !self.sound.contains_key(&file) => {
                    continue;
                }
                Err(error) => return Err(damaged(error.to_string())),
            };
            if self.sound.get(&file) != Some(&stamp) {
                match engine.directory().validate_checksum(&file) {
                    Ok(true) => (),
                    Ok(false) => return Err(damaged("its checksum is wrong".into())),
                    Err(OpenReadError::FileDoesNotExist(_)) => return Err(damaged("it is missing".into())),
                    Err(error) => return Err(damaged(error.to_string())),
                }
            }
            sound.insert(file, stamp);
        }
        self.sound = sound;
        Ok(())
    }
}
