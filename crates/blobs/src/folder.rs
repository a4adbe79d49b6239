//! A folder on a disk that every process of the pipeline sees: `ab/abcd…`.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures::stream::{self, Stream};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use bus::failpoint;

use crate::blob::{HashWriter, Listed, is_sha256, off_thread, report_healed};

/// Incomplete files; on the same file system, so that a rename completes them.
const INCOMING: &str = "incoming";
/// A temporary file this old was left by a process that crashed.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Creates the folder where it does not exist, and removes temporary files of crashed processes.
pub(crate) fn prepare(root: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(incoming(root))?;
    let root = root.canonicalize()?;
    sweep(&incoming(&root))?;
    // Created and synced here, so that a blob costs only two syncs: its own and that of its folder.
    for shard in shards(&root) {
        fs::create_dir_all(shard)?;
    }
    File::open(&root)?.sync_all()?;
    Ok(root)
}

pub(crate) fn incoming(root: &Path) -> PathBuf {
    root.join(INCOMING)
}

pub(crate) fn path_of(root: &Path, sha256: &str) -> PathBuf {
    root.join(&sha256[..2]).join(sha256)
}

/// Moves a complete file to its final path, whose name is `sha256`; false where a sound copy is there. When
/// this returns, both the bytes and the name are on disk.
pub(crate) fn persist(file: NamedTempFile, path: &Path, sha256: &str) -> io::Result<bool> {
    let shard = path.parent().ok_or_else(|| io::Error::other("the path has no folder"))?;
    let exists = is_sound(path, sha256);
    if !exists {
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        failpoint("kept");
    }
    // Also where it existed: the process that moved it may have crashed before this sync.
    File::open(shard)?.sync_all()?;
    Ok(!exists)
}

/// Whether a file has the bytes that its name promises. One that changed since it was stored, or that the
/// disk cannot read any more, is replaced by the copy that just arrived.
pub(crate) fn is_sound(path: &Path, sha256: &str) -> bool {
    let Ok(mut file) = File::open(path) else { return false };
    let mut hash = Sha256::new();
    let is_sound = io::copy(&mut file, &mut HashWriter(&mut hash)).is_ok()
        && HEXLOWER.encode(&hash.finalize()) == sha256;
    if !is_sound {
        report_healed(sha256);
    }
    is_sound
}

/// The bytes; none where there is no such file.
pub(crate) async fn get(root: &Path, sha256: &str) -> anyhow::Result<Option<Bytes>> {
    match tokio::fs::read(path_of(root, sha256)).await {
        Ok(bytes) => Ok(Some(bytes.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Lists one subfolder at a time, so that only its names are in memory.
pub(crate) fn list(root: &Path) -> impl Stream<Item = anyhow::Result<Listed>> + Send + use<> {
    use futures::{StreamExt as _, TryStreamExt as _};
    stream::iter(shards(root))
        .then(|shard| off_thread(move || files_in(&shard)))
        .map_ok(|files| stream::iter(files.into_iter().map(Ok)))
        .try_flatten()
}

fn shards(root: &Path) -> impl Iterator<Item = PathBuf> + Send + use<> {
    let root = root.to_owned();
    (0..=u8::MAX).map(move |shard| root.join(format!("{shard:02x}")))
}

fn files_in(shard: &Path) -> io::Result<Vec<Listed>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(shard)? {
        let entry = entry?;
        let Some(sha256) = entry.file_name().to_str().filter(|name| is_sha256(name)).map(str::to_owned)
        else {
            continue;
        };
        let metadata = entry.metadata()?;
        files.push(Listed { sha256, size_bytes: metadata.len(), stored: metadata.modified()? });
    }
    Ok(files)
}

fn sweep(incoming: &Path) -> io::Result<()> {
    for entry in fs::read_dir(incoming)? {
        let entry = entry?;
        // Other processes create and delete files at the same time.
        let modified = entry.metadata().and_then(|metadata| metadata.modified()).ok();
        let age = modified.and_then(|at| SystemTime::now().duration_since(at).ok());
        if age.is_some_and(|age| age > ABANDONED_AFTER) {
            fs::remove_file(entry.path()).ok();
        }
    }
    Ok(())
}
