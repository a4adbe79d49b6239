//! The files of the index: read, and never mapped into memory.
//!
//! A file that is mapped and then cut short ends the process with SIGBUS, without a word about which file it
//! was. A read fails instead, and names it. What searches use again and again (dictionaries, columns, field
//! norms) stays in memory once read, up to a limit; posting lists and stored reports are read as needed, and
//! are in the page cache of the system anyway.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tantivy::HasLen;
use tantivy::directory::error::{DeleteError, LockError, OpenDirectoryError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    Directory, DirectoryLock, FileHandle, Lock, MmapDirectory, OwnedBytes, WatchCallback, WatchHandle,
    WritePtr,
};

/// Extensions of the files whose parts stay in memory.
const CACHED: &[&str] = &["term", "fast", "fieldnorm"];
/// How much of those all indexes of this process keep in memory together; beyond it, parts are read again
/// each time. The columns and dictionaries of 100,000 reports fit.
const CACHE_BYTES: usize = 512 << 20;
/// The same in a process that writes: it looks a few keys up for each report, and a merge reads each part once.
const WRITERS_CACHE_BYTES: usize = 64 << 20;
/// A smaller part costs less to read than to look up.
const MIN_CACHED_BYTES: usize = 1 << 10;

/// More than the footer that the engine ends each file with.
const MAX_FOOTER_BYTES: usize = 1 << 10;

static CACHED_BYTES: AtomicUsize = AtomicUsize::new(0);
static CACHE_LIMIT: AtomicUsize = AtomicUsize::new(CACHE_BYTES);

/// From now on this process keeps less in memory, because it writes an index.
pub(crate) fn cache_for_writing() {
    CACHE_LIMIT.store(WRITERS_CACHE_BYTES, Ordering::Relaxed);
}

/// A folder of index files. Everything but reading is left to the directory of the engine.
#[derive(Clone)]
pub(crate) struct ReadDirectory {
    engine: MmapDirectory,
    folder: PathBuf,
    /// The files that are open, so that a reader that reloads shares them with its predecessor.
    open: Arc<Mutex<HashMap<PathBuf, Weak<OpenFile>>>>,
}

impl ReadDirectory {
    pub(crate) fn open(folder: &Path) -> Result<Self, OpenDirectoryError> {
        Ok(Self { engine: MmapDirectory::open(folder)?, folder: folder.to_owned(), open: Arc::default() })
    }

    fn files(&self) -> MutexGuard<'_, HashMap<PathBuf, Weak<OpenFile>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ReadDirectory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ReadDirectory({})", self.folder.display())
    }
}

impl Directory for ReadDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        let mut files = self.files();
        if let Some(open) = files.get(path).and_then(Weak::upgrade).filter(|open| open.is_current()) {
            return Ok(open);
        }
        files.retain(|_, open| open.strong_count() > 0);
        let open = OpenFile::open(self.folder.join(path)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => OpenReadError::FileDoesNotExist(path.to_owned()),
            _ => OpenReadError::wrap_io_error(error, path.to_owned()),
        })?;
        let open = Arc::new(open);
        files.insert(path.to_owned(), Arc::downgrade(&open));
        Ok(open)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.files().remove(path);
        self.engine.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.engine.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        self.engine.open_write(path)
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.engine.atomic_read(path)
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.engine.atomic_write(path, data)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.engine.sync_directory()
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.engine.acquire_lock(lock)
    }

    fn watch(&self, watch_callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.engine.watch(watch_callback)
    }
}

/// An open file of the index; the engine never changes one that it has written.
struct OpenFile {
    file: File,
    path: PathBuf,
    inode: u64,
    size_bytes: usize,
    /// None for a file whose parts are not kept.
    parts: Option<Mutex<HashMap<Range<usize>, OwnedBytes>>>,
}

impl OpenFile {
    fn open(path: PathBuf) -> io::Result<Self> {
        let file = File::open(&path)?;
        let metadata = file.metadata()?;
        let size_bytes = usize::try_from(metadata.len()).map_err(io::Error::other)?;
        let is_cached = path.extension().is_some_and(|extension| CACHED.iter().any(|one| extension == *one));
        Ok(Self { file, path, inode: metadata.ino(), size_bytes, parts: is_cached.then(Mutex::default) })
    }

    /// Whether the path still names this file, and not one that replaced it.
    fn is_current(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|metadata| metadata.ino() == self.inode)
    }

    fn read(&self, range: &Range<usize>) -> io::Result<OwnedBytes> {
        let mut bytes = vec![0; range.len()];
        self.file.read_exact_at(&mut bytes, range.start as u64).map_err(|error| {
            io::Error::new(error.kind(), format!("reading {} of the index: {error}", self.path.display()))
        })?;
        Ok(OwnedBytes::new(bytes))
    }

    /// Whether a part stays in memory; the whole file is read only to verify it.
    fn is_kept(&self, range: &Range<usize>) -> bool {
        let is_whole = range.start == 0 && range.end + MAX_FOOTER_BYTES >= self.size_bytes;
        range.len() >= MIN_CACHED_BYTES && !is_whole
    }
}

impl FileHandle for OpenFile {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        let Some(parts) = self.parts.as_ref().filter(|_| self.is_kept(&range)) else {
            return self.read(&range);
        };
        let mut parts = parts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(part) = parts.get(&range) {
            return Ok(part.clone());
        }
        let part = self.read(&range)?;
        let taken = CACHED_BYTES.fetch_add(range.len(), Ordering::Relaxed);
        if taken + range.len() <= CACHE_LIMIT.load(Ordering::Relaxed) {
            parts.insert(range, part.clone());
        } else {
            CACHED_BYTES.fetch_sub(range.len(), Ordering::Relaxed);
        }
        Ok(part)
    }
}

impl HasLen for OpenFile {
    fn len(&self) -> usize {
        self.size_bytes
    }
}

impl fmt::Debug for OpenFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "OpenFile({})", self.path.display())
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        let parts = self.parts.take().map(|parts| parts.into_inner().unwrap_or_else(PoisonError::into_inner));
        let kept: usize = parts.iter().flatten().map(|(range, _)| range.len()).sum();
        CACHED_BYTES.fetch_sub(kept, Ordering::Relaxed);
    }
}
