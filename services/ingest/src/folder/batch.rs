//! Batches: a folder or an archive with a manifest, whose files are compared with it before the first of them is
//! accepted.

use std::collections::HashMap;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};

use anyhow::Context as _;
use data_encoding::HEXLOWER;
use document::archive::{self, ArchiveError, ArchiveLimits};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, ReadBuf};

use super::batch_manifest::{self, BatchManifest, Listed, MOST_BYTES};
use super::checksum;
use super::listing::{
    Candidate, Kind, MANIFESTS, MOST_FILES, Stamp, is_control, is_litter, is_manifest_in, shown,
};
use super::reason::{Class, Reason};
use crate::builder::SubmissionBuilder;

/// A batch that is what its manifest says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Batch {
    /// Its name, which is the Idempotency-Key of its submission.
    pub(super) name: String,
    /// Its files, in the order of their names.
    pub(super) members: Vec<Member>,
    /// The archive that they are in; none if they lie in a folder.
    archive: Option<PathBuf>,
}

/// A file of a batch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) listed: Listed,
    pub(super) sha256: String,
    place: Place,
}

#[derive(Debug, Clone, PartialEq)]
enum Place {
    Disk { path: PathBuf, stamp: Stamp },
    Archive { name: String },
}

/// What a look at a candidate found.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Examined {
    /// Everything fits.
    Batch(Batch),
    /// It waits, for these reasons.
    Waits(Vec<Reason>),
    /// An archive without a manifest, which is accepted like any file.
    NoBatch,
}

/// Compares a batch with its manifest. Where it is not `complete` yet, hashes are only computed once everything else
/// fits.
pub(super) fn examine(candidate: &Candidate, sender: &str, complete: bool) -> Examined {
    let examined = match &candidate.kind {
        Kind::File => return Examined::NoBatch,
        Kind::Folder { manifest: None } => {
            let message = "文件夹中没有清单（manifest.json 或 manifest.csv）。请放入清单；不用清单的，请把文件直接放在报送单位的文件夹中，或在传完后放入同名的 .ok 文件。";
            Err(vec![Reason::of_batch(Class::NoManifest, message)])
        }
        Kind::Folder { manifest: Some(manifest) } => folder(candidate, manifest, sender, complete),
        Kind::Archive { manifest } => match in_archive(candidate, manifest.as_deref(), sender) {
            Ok(None) => return Examined::NoBatch,
            Ok(Some(batch)) => Ok(batch),
            Err(reasons) => Err(reasons),
        },
    };
    match examined {
        Ok(mut batch) => {
            batch.members.sort_by(|one, other| one.listed.name.cmp(&other.listed.name));
            Examined::Batch(batch)
        }
        Err(reasons) => Examined::Waits(reasons),
    }
}

/// The name of the batch that a candidate is: that of its folder, or of its archive without its extension.
pub(super) fn name_of(candidate: &Candidate) -> String {
    let name = match candidate.kind {
        Kind::Archive { .. } => candidate.path.file_stem(),
        _ => candidate.path.file_name(),
    };
    shown(Path::new(name.unwrap_or_default()))
}

fn read_manifest(path: &Path) -> Result<BatchManifest, Vec<Reason>> {
    let cannot = |error: io::Error| {
        vec![Reason::of_batch(Class::BadManifest, format!("清单无法打开：{}。", checksum::why(&error)))]
    };
    let mut bytes = Vec::new();
    checksum::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(cannot)?;
    parse_manifest(&bytes, &shown(path))
}

fn parse_manifest(bytes: &[u8], name: &str) -> Result<BatchManifest, Vec<Reason>> {
    if bytes.len() as u64 > MOST_BYTES {
        let message = format!("清单超过 {} MB。请分批报送。", MOST_BYTES >> 20);
        return Err(vec![Reason::of_batch(Class::BadManifest, message)]);
    }
    batch_manifest::parse(bytes, name.to_ascii_lowercase().ends_with(".json"))
}

/// Whether the manifest is about this batch of this sender.
fn check_names(manifest: &BatchManifest, batch: &str, sender: &str) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if let Some(stated) = manifest.batch.as_ref().filter(|stated| *stated != batch) {
        let message = format!("清单中的批次是“{stated}”，而文件夹或压缩包的名称是“{batch}”。两者须一致。");
        reasons.push(Reason::of_batch(Class::WrongBatch, message));
    }
    if let Some(stated) = manifest.sender.as_ref().filter(|stated| *stated != sender) {
        let message = format!("清单中的报送单位是“{stated}”，而这是“{sender}”的文件夹。");
        reasons.push(Reason::of_batch(Class::WrongSender, message));
    }
    reasons
}

fn folder(
    candidate: &Candidate,
    manifest: &Path,
    sender: &str,
    complete: bool,
) -> Result<Batch, Vec<Reason>> {
    let root = &candidate.path;
    let manifest = read_manifest(manifest)?;
    let name = name_of(candidate);
    let mut reasons = check_names(&manifest, &name, sender);
    if candidate.entries.len() > 2 * MOST_FILES {
        reasons
            .push(Reason::of_batch(Class::TooManyFiles, format!("文件超过 {MOST_FILES} 个。请分批报送。")));
    }
    let mut there: HashMap<String, (&Path, Stamp)> = HashMap::new();
    for entry in &candidate.entries {
        let within = shown(entry.path.strip_prefix(root).unwrap_or(&entry.path));
        if !entry.is_file {
            let message = "这不是普通文件（链接、设备、管道等）。请换成文件本身。";
            reasons.push(Reason::of_file(&within, Class::NotAFile, message));
        } else if !is_manifest_in(root, &entry.path) {
            there.insert(within, (&entry.path, entry.stamp));
        }
    }
    let mut fitting = Vec::new();
    for listed in manifest.files {
        match there.remove(&listed.name) {
            None => reasons.push(missing(&listed.name, there.keys())),
            Some((_, stamp)) if has_other_size(&listed, stamp.size_bytes) => {
                reasons.push(wrong_size(&listed, stamp.size_bytes));
            }
            Some(found) => fitting.push((listed, found)),
        }
    }
    let extra = there.keys().filter(|name| !belongs_to_batch(name));
    reasons.extend(extra.map(|name| not_listed(name)));
    let mut members = Vec::new();
    if reasons.is_empty() || complete {
        for (listed, (path, stamp)) in fitting {
            match hash_of_file(&listed, path) {
                Ok(sha256) => {
                    let place = Place::Disk { path: path.to_owned(), stamp };
                    members.push(Member { listed, sha256, place });
                }
                Err(reason) => reasons.push(reason),
            }
        }
    }
    if reasons.is_empty() { Ok(Batch { name, members, archive: None }) } else { Err(in_order(reasons)) }
}

/// Whether a file that the manifest does not list may lie in the folder: end marks, checksums, and what systems
/// leave behind.
fn belongs_to_batch(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    is_control(last) || is_litter(last)
}

fn in_order(mut reasons: Vec<Reason>) -> Vec<Reason> {
    reasons.sort_by(|one, other| one.file.cmp(&other.file));
    reasons
}

fn missing<'a>(name: &str, mut there: impl Iterator<Item = &'a String>) -> Reason {
    let folded = name.to_lowercase();
    let message = match there.find(|other| other.to_lowercase() == folded) {
        Some(other) => format!("清单列出了这个文件，实际的名称是“{other}”，大小写不同。"),
        None => "清单列出了这个文件，但批次中没有。".to_owned(),
    };
    Reason::of_file(name, Class::MissingFile, message)
}

fn not_listed(name: &str) -> Reason {
    Reason::of_file(name, Class::NotInManifest, "批次中有这个文件，但清单没有列出。")
}

fn has_other_size(listed: &Listed, found: u64) -> bool {
    listed.size_bytes().is_some_and(|stated| stated != found)
}

fn wrong_size(listed: &Listed, found: u64) -> Reason {
    let stated = listed.size_bytes().unwrap_or_default();
    let message = format!("清单中的大小是 {stated} 字节，文件有 {found} 字节。可能没有传完，请重传。");
    Reason::of_file(&listed.name, Class::WrongSize, message)
}

fn wrong_hash(listed: &Listed, algorithm: &str, stated: &str, found: &str) -> Reason {
    let message = format!("清单中的 {algorithm} 是 {stated}，文件的是 {found}。请核对文件后重传。");
    Reason::of_file(&listed.name, Class::WrongHash, message)
}

/// Compares a file with its hashes; its SHA-256.
fn hash_of_file(listed: &Listed, path: &Path) -> Result<String, Reason> {
    let unreadable = |error: io::Error| {
        Reason::of_file(&listed.name, Class::Unreadable, format!("文件无法打开：{}。", checksum::why(&error)))
    };
    let sha256 = checksum::open(path).and_then(|mut file| checksum::sha256(&mut file)).map_err(unreadable)?;
    let sm3 = match &listed.sm3 {
        Some(_) => {
            Some(checksum::open(path).and_then(|mut file| checksum::sm3(&mut file)).map_err(unreadable)?)
        }
        None => None,
    };
    compare(listed, &sha256, sm3.as_deref())?;
    Ok(sha256)
}

fn compare(listed: &Listed, sha256: &str, sm3: Option<&str>) -> Result<(), Reason> {
    let pairs = [("SHA-256", &listed.sha256, Some(sha256)), ("SM3", &listed.sm3, sm3)];
    for (algorithm, stated, found) in pairs {
        if let (Some(stated), Some(found)) = (stated, found)
            && stated != found
        {
            return Err(wrong_hash(listed, algorithm, stated, found));
        }
    }
    Ok(())
}

/// Archives in a batch are files of it, and are opened when they are accepted.
fn flat() -> ArchiveLimits {
    ArchiveLimits { depth: 1, ..ArchiveLimits::default() }
}

/// A file of an archive: its size, its SHA-256 and its SM3.
type Found = Result<(u64, String, String), ArchiveError>;

/// The batch that an archive is; none if it has no manifest.
fn in_archive(
    candidate: &Candidate,
    beside: Option<&Path>,
    sender: &str,
) -> Result<Option<Batch>, Vec<Reason>> {
    let broken = |message: String| vec![Reason::of_batch(Class::Unreadable, message)];
    let open = || {
        let file = checksum::open(&candidate.path);
        file.map(io::BufReader::new)
            .map_err(|error| broken(format!("压缩包无法打开：{}。", checksum::why(&error))))
    };
    let names = match (archive::names(open()?), beside) {
        (Ok(names), _) => names,
        // A file that is no archive after all is refused like any other.
        (Err(_), None) => return Ok(None),
        (Err(error), Some(_)) => return Err(broken(error.message())),
    };
    let inside = manifest_in(&names);
    if inside.is_none() && beside.is_none() {
        return Ok(None);
    }
    let mut found: Vec<(String, Found)> = Vec::new();
    let mut text = None;
    archive::open(open()?, &flat(), &mut |entry| {
        let sums = entry.bytes.and_then(|bytes| {
            let sums = sums_of(&bytes).map_err(|error| ArchiveError::Broken(error.to_string()))?;
            if Some(&entry.name) == inside {
                text = Some(bytes);
            }
            Ok(sums)
        });
        found.push((entry.name, sums));
        true
    })
    .map_err(|error| broken(error.message()))?;
    let name = name_of(candidate);
    let (manifest, top) = match (beside, inside, text) {
        (Some(path), ..) => (read_manifest(path)?, common_folder(&names, &name)),
        (None, Some(inside), Some(text)) => {
            let top = inside.rfind('/').map_or("", |slash| &inside[..=slash]);
            (parse_manifest(&text, inside)?, top.to_owned())
        }
        _ => return Err(vec![Reason::of_batch(Class::BadManifest, "压缩包中的清单无法读取。")]),
    };
    let mut reasons = check_names(&manifest, &name, sender);
    let members = fit(manifest, found, &top, &mut reasons);
    match reasons.is_empty() {
        true => Ok(Some(Batch { name, members, archive: Some(candidate.path.clone()) })),
        false => Err(in_order(reasons)),
    }
}

/// Compares the files of an archive with the manifest.
fn fit(
    manifest: BatchManifest,
    found: Vec<(String, Found)>,
    top: &str,
    reasons: &mut Vec<Reason>,
) -> Vec<Member> {
    let mut there: HashMap<String, (String, Found)> = HashMap::new();
    for (name, sums) in found {
        let within = name.strip_prefix(top).unwrap_or(&name).to_owned();
        if MANIFESTS.contains(&&*within.to_ascii_lowercase()) {
            continue;
        }
        if there.contains_key(&within) {
            reasons.push(Reason::of_file(&within, Class::NameClash, "压缩包中有两个同名的文件。"));
        }
        there.insert(within, (name, sums));
    }
    let mut members = Vec::new();
    for listed in manifest.files {
        let compared = match there.remove(&listed.name) {
            None => Err(missing(&listed.name, there.keys())),
            Some((_, Err(error))) => Err(Reason::of_file(&listed.name, Class::Unreadable, error.message())),
            Some((_, Ok((size, ..)))) if has_other_size(&listed, size) => Err(wrong_size(&listed, size)),
            Some((name, Ok((_, sha256, sm3)))) => {
                compare(&listed, &sha256, Some(&sm3)).map(|()| (name, sha256))
            }
        };
        match compared {
            Ok((name, sha256)) => {
                members.push(Member { listed, sha256, place: Place::Archive { name } });
            }
            Err(reason) => reasons.push(reason),
        }
    }
    reasons.extend(there.keys().filter(|name| !belongs_to_batch(name)).map(|name| not_listed(name)));
    members
}

fn sums_of(bytes: &[u8]) -> io::Result<(u64, String, String)> {
    Ok((bytes.len() as u64, checksum::sha256(&mut &*bytes)?, checksum::sm3(&mut &*bytes)?))
}

/// The manifest that is highest in an archive.
fn manifest_in(names: &[String]) -> Option<&String> {
    let is_manifest = |name: &&String| {
        let last = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
        MANIFESTS.contains(&&*last)
    };
    names.iter().filter(is_manifest).min_by_key(|name| name.matches('/').count())
}

/// The folder that everything in an archive is in, if it has the name of the batch: programs pack it along.
fn common_folder(names: &[String], batch: &str) -> String {
    let folder = format!("{batch}/");
    if names.iter().all(|name| name.starts_with(&folder)) { folder } else { String::new() }
}

/// Adds the files of a batch to its submission.
///
/// # Errors
/// If one is no longer what was compared with the manifest, or cannot be stored.
pub(super) async fn add(batch: &Batch, mut builder: SubmissionBuilder) -> anyhow::Result<SubmissionBuilder> {
    if let Some(archive) = batch.archive.clone() {
        let members = batch.members.clone();
        return tokio::task::spawn_blocking(move || add_from_archive(&archive, &members, builder)).await?;
    }
    for Member { listed, sha256, place } in &batch.members {
        let Place::Disk { path, stamp } = place else { anyhow::bail!("{} is in no folder", listed.name) };
        let file = checksum::open(path).with_context(|| format!("opening {:?}", listed.name))?;
        let is_same = Stamp::of(&file.metadata().context("looking at a file")?) == *stamp;
        anyhow::ensure!(is_same, "{:?} changed after it was compared with the manifest", listed.name);
        let mut reader = Hashing { file: tokio::fs::File::from_std(file), digest: Sha256::new() };
        builder.add(&listed.name, &mut reader).await?;
        // A file that is refused was not read to its end.
        tokio::io::copy(&mut reader, &mut tokio::io::sink()).await.context("reading a file")?;
        let read = HEXLOWER.encode(&reader.digest.finalize());
        anyhow::ensure!(read == *sha256, "{:?} changed while it was read", listed.name);
    }
    Ok(builder)
}

fn add_from_archive(
    archive: &Path,
    members: &[Member],
    mut builder: SubmissionBuilder,
) -> anyhow::Result<SubmissionBuilder> {
    let runtime = tokio::runtime::Handle::current();
    let names = members.iter().filter_map(|member| match &member.place {
        Place::Archive { name } => Some((name.as_str(), member)),
        Place::Disk { .. } => None,
    });
    let mut left: HashMap<&str, &Member> = names.collect();
    let mut failed = None;
    let file = io::BufReader::new(checksum::open(archive).context("opening the archive")?);
    archive::open(file, &flat(), &mut |entry| {
        let Some(member) = left.remove(entry.name.as_str()) else { return true };
        let name = &member.listed.name;
        let added = entry.bytes.map_err(anyhow::Error::from).and_then(|bytes| {
            let is_same = checksum::sha256(&mut &*bytes)? == member.sha256;
            anyhow::ensure!(is_same, "{name:?} changed after it was compared with the manifest");
            Ok(runtime.block_on(builder.add(name, &bytes[..]))?)
        });
        failed = added.err();
        failed.is_none()
    })
    .context("opening the archive")?;
    match failed {
        Some(error) => Err(error),
        None if !left.is_empty() => {
            anyhow::bail!("the archive changed after it was compared with the manifest")
        }
        None => Ok(builder),
    }
}

/// Hashes what is read through it.
struct Hashing {
    file: tokio::fs::File,
    digest: Sha256,
}

impl AsyncRead for Hashing {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.file).poll_read(context, buffer);
        self.digest.update(&buffer.filled()[before..]);
        polled
    }
}

#[cfg(test)]
mod tests;
