//! A folder on a disk that every process of the pipeline sees: `ab/abcd…`.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::stream::{self, Stream};
use tempfile::NamedTempFile;

use super::{Listed, is_sha256, off_thread};
use crate::failpoint;

/// Files on their way in; on the same file system, so that a rename is enough.
const INCOMING: &str = "incoming";
/// A temporary file this old was left by a process that died.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Makes the folder where it is not there, and clears away what dead processes left.
pub(super) fn prepare(root: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(incoming(root))?;
    let root = root.canonicalize()?;
    sweep(&incoming(&root))?;
    // Made and synced once, so that an original costs two syncs: its own and its folder's.
    for shard in shards(&root) {
        fs::create_dir_all(shard)?;
    }
    File::open(&root)?.sync_all()?;
    Ok(root)
}

pub(super) fn incoming(root: &Path) -> PathBuf {
    root.join(INCOMING)
}

pub(super) fn place_of(root: &Path, sha256: &str) -> PathBuf {
    root.join(&sha256[..2]).join(sha256)
}

/// Moves a complete file to its place, and has it on disk with its name before it answers.
pub(super) fn keep(file: NamedTempFile, place: &Path) -> io::Result<bool> {
    let size_bytes = file.as_file().metadata()?.len();
    let shard = place.parent().ok_or_else(|| io::Error::other("a place has a folder"))?;
    let there = fs::metadata(place).is_ok_and(|there| there.len() == size_bytes);
    if !there {
        file.as_file().sync_all()?;
        file.persist(place).map_err(|error| error.error)?;
        failpoint("kept");
    }
    // Also where it was there: whoever put it may not have come this far.
    File::open(shard)?.sync_all()?;
    Ok(!there)
}

/// The bytes; none where there is no such file.
pub(super) async fn get(root: &Path, sha256: &str) -> anyhow::Result<Option<Bytes>> {
    match tokio::fs::read(place_of(root, sha256)).await {
        Ok(bytes) => Ok(Some(bytes.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A shard is read at once, so that only the names of one are ever in memory.
pub(super) fn list(root: &Path) -> impl Stream<Item = anyhow::Result<Listed>> + Send + use<> {
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
        // Files of other processes come and go meanwhile.
        let modified = entry.metadata().and_then(|metadata| metadata.modified()).ok();
        let age = modified.and_then(|at| SystemTime::now().duration_since(at).ok());
        if age.is_some_and(|age| age > ABANDONED_AFTER) {
            fs::remove_file(entry.path()).ok();
        }
    }
    Ok(())
}
