//! Blobs that become durable together: the files of one upload share two flushes, however many they are.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::{NamedTempFile, TempPath};
use tokio::io::AsyncRead;

use crate::blob::{Stored, off_thread};
use crate::blobs::Blobs;
use crate::error::PutError;
use crate::folder;

/// Up to so many files are flushed one by one: flushing the file system also writes what other programs left in
/// memory, so it is cheaper only where many files share it.
const ONE_BY_ONE: usize = 4;

/// Blobs of one upload; see [`Blobs::group`]. If it is dropped before it is flushed, a folder keeps none of them.
#[derive(Debug)]
pub struct BlobGroup {
    blobs: Blobs,
    staged: Mutex<Vec<Staged>>,
}

/// A complete file that does not have its name yet.
#[derive(Debug)]
pub(crate) struct Staged {
    /// None where a sound copy has the name already.
    file: Option<TempPath>,
    path: PathBuf,
}

impl BlobGroup {
    pub(crate) fn new(blobs: Blobs) -> Self {
        Self { blobs, staged: Mutex::default() }
    }

    /// Stores what `source` gives, like [`Blobs::put`]. It is durable and can be read after [`BlobGroup::flush`]; a
    /// store that is no folder has it at once.
    ///
    /// # Errors
    /// Those of [`Blobs::put`].
    pub async fn put(
        &self,
        source: impl AsyncRead + Unpin + Send,
        limit_bytes: u64,
    ) -> Result<Stored, PutError> {
        self.blobs.put_in(source, limit_bytes, Some(self)).await
    }

    /// Makes everything durable that was put so far.
    ///
    /// # Errors
    /// If the store fails; then put everything again.
    pub async fn flush(&self) -> Result<(), PutError> {
        let staged = std::mem::take(&mut *self.staged());
        let Some(root) = self.blobs.root().filter(|_| !staged.is_empty()).map(Path::to_owned) else {
            return Ok(());
        };
        off_thread(move || flush(&root, staged)).await.map_err(PutError::Store)
    }

    /// Takes a complete file; false where a sound copy has its name already.
    pub(crate) async fn stage(
        &self,
        file: NamedTempFile,
        path: PathBuf,
        sha256: String,
    ) -> anyhow::Result<bool> {
        let (staged, is_new) = off_thread(move || {
            let is_new = !folder::is_sound(&path, &sha256);
            Ok((Staged { file: is_new.then(|| file.into_temp_path()), path }, is_new))
        })
        .await?;
        self.staged().push(staged);
        Ok(is_new)
    }

    fn staged(&self) -> std::sync::MutexGuard<'_, Vec<Staged>> {
        self.staged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Flushes the bytes, gives each file its name, and flushes the names: a name never stands for half a file.
fn flush(root: &Path, staged: Vec<Staged>) -> io::Result<()> {
    // The kernel tells this file of every error in writing from now on.
    let root = File::open(root)?;
    let shards: Vec<PathBuf> = folders_of(&staged);
    let paths = staged.iter().filter_map(|staged| staged.file.as_deref());
    sync_together(&root, paths)?;
    bus::failpoint("staged");
    for Staged { file, path } in staged {
        if let Some(file) = file {
            file.persist(&path).map_err(|error| error.error)?;
            bus::failpoint("kept");
        }
    }
    // Also where all existed: the process that named them may have crashed before this flush.
    sync_together(&root, shards.iter().map(PathBuf::as_path))
}

fn folders_of(staged: &[Staged]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        staged.iter().filter_map(|staged| staged.path.parent()).map(Path::to_owned).collect();
    folders.sort();
    folders.dedup();
    folders
}

/// Makes these files or folders durable: few one by one, many with their whole file system.
fn sync_together<'a>(root: &File, mut paths: impl Iterator<Item = &'a Path> + Clone) -> io::Result<()> {
    if paths.clone().count() > ONE_BY_ONE && sync_file_system(root)? {
        return Ok(());
    }
    paths.try_for_each(|path| File::open(path)?.sync_all())
}

/// Flushes the whole file system; false where the kernel or a sandbox does not offer that.
#[cfg(target_os = "linux")]
fn sync_file_system(root: &File) -> io::Result<bool> {
    use rustix::io::Errno;
    match rustix::fs::syncfs(root) {
        Ok(()) => Ok(true),
        Err(Errno::NOSYS | Errno::PERM) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn sync_file_system(_: &File) -> io::Result<bool> {
    Ok(false)
}
