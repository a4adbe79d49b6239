//! The folder to be published: unpacked beside its place, verified, and put there as a whole.

use std::fs::{self, File};
use std::io::{self, Read as _, Write};
use std::path::{Component, Path};

use anyhow::{Context as _, Result, bail};
use data_encoding::HEXLOWER;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use zip::ZipArchive;

use super::received::{folder_of, sync_folder};
use crate::language::text;

/// Describes the folder, and marks it as one that was made here.
const DESCRIPTION: &str = "datapackage.json";

/// What the description says of the files.
#[derive(Debug, Deserialize)]
struct DataPackage {
    resources: Vec<Resource>,
}

#[derive(Debug, Deserialize)]
struct Resource {
    path: String,
    bytes: u64,
    hash: String,
}

/// Checks that a folder can be put there: there is none, it is empty, or it is an earlier one.
pub(super) fn check_target(folder: &Path) -> Result<()> {
    let shown = folder.display();
    let is_free = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none() || folder.join(DESCRIPTION).is_file(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(error).with_context(|| format!("reading {shown}")),
    };
    if !is_free {
        bail!(text!(
            "{shown} 中有其他文件；请指定一个新的文件夹",
            "{shown} has other files in it; name a new folder"
        ));
    }
    Ok(())
}

/// Unpacks a package to `folder`, in place of an earlier one. What is not as its description says is not put there.
pub(super) fn unpack(package: &File, folder: &Path) -> Result<()> {
    let parent = folder_of(folder);
    let fresh = tempfile::Builder::new().prefix(".gouji-export-").tempdir_in(parent);
    let fresh = fresh.with_context(|| format!("writing to {}", parent.display()))?;
    let mut archive = ZipArchive::new(package).context("the package is no ZIP")?;
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).context("reading the package")?;
        let name = member.name()?.into_owned();
        let is_plain = matches!(&*Path::new(&name).components().collect::<Vec<_>>(), [Component::Normal(_)]);
        if !is_plain {
            bail!("the package has a file {name:?}");
        }
        let path = fresh.path().join(&name);
        let mut file = File::create(&path).with_context(|| format!("writing {}", path.display()))?;
        io::copy(&mut member, &mut file).with_context(|| format!("writing {}", path.display()))?;
        file.flush().and_then(|()| file.sync_all()).with_context(|| format!("writing {}", path.display()))?;
    }
    verify(fresh.path())?;
    sync_folder(fresh.path())?;
    put(fresh, folder)?;
    sync_folder(parent)
}

/// Compares every file with its description.
fn verify(folder: &Path) -> Result<()> {
    let path = folder.join(DESCRIPTION);
    let text = fs::read(&path).with_context(|| format!("reading {DESCRIPTION}"))?;
    let package: DataPackage =
        serde_json::from_slice(&text).with_context(|| format!("reading {DESCRIPTION}"))?;
    for Resource { path, bytes, hash } in package.resources {
        let (size, sha256) = hash_of(&folder.join(&path)).with_context(|| format!("reading {path}"))?;
        if size != bytes || hash != format!("sha256:{sha256}") {
            bail!(text!(
                "{path} 与说明不符，没有保存；请重试",
                "{path} is not as described; nothing was kept, try again"
            ));
        }
    }
    Ok(())
}

fn hash_of(path: &Path) -> io::Result<(u64, String)> {
    let (mut file, mut hasher, mut size) = (File::open(path)?, Sha256::new(), 0);
    let mut piece = vec![0; 64 << 10];
    loop {
        let length = file.read(&mut piece)?;
        if length == 0 {
            return Ok((size, HEXLOWER.encode(&hasher.finalize())));
        }
        hasher.update(&piece[..length]);
        size += length as u64;
    }
}

/// Puts the fresh folder in place of the earlier one.
fn put(fresh: tempfile::TempDir, folder: &Path) -> Result<()> {
    let shown = folder.display().to_string();
    let earlier = folder_of(folder).join(format!(".gouji-export-replaced-{}", std::process::id()));
    let has_earlier = folder.exists();
    if has_earlier {
        fs::rename(folder, &earlier).with_context(|| format!("replacing {shown}"))?;
    }
    let fresh = fresh.keep();
    if let Err(error) = fs::rename(&fresh, folder) {
        if has_earlier {
            fs::rename(&earlier, folder).ok();
        }
        fs::remove_dir_all(&fresh).ok();
        return Err(error).with_context(|| format!("writing {shown}"));
    }
    set_readable(folder)?;
    if has_earlier {
        fs::remove_dir_all(&earlier).with_context(|| format!("removing the earlier {shown}"))?;
    }
    Ok(())
}

/// Everybody may read what is to be published; a temporary folder is its owner's alone.
fn set_readable(folder: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let everybody = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder, everybody).with_context(|| format!("writing {}", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    /// A package whose description gives this hash of its one file.
    fn package(sha256: &str) -> File {
        let mut archive = ZipWriter::new(tempfile::tempfile().unwrap());
        let description =
            format!("{{\"resources\":[{{\"path\":\"a.csv\",\"bytes\":1,\"hash\":\"sha256:{sha256}\"}}]}}");
        for (name, content) in [("a.csv", "a"), (DESCRIPTION, &*description)] {
            archive.start_file(name, SimpleFileOptions::default()).unwrap();
            archive.write_all(content.as_bytes()).unwrap();
        }
        archive.finish().unwrap()
    }

    const HASH_OF_A: &str = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";

    #[test]
    fn a_folder_is_put_there_whole_or_not_at_all() {
        let work = tempfile::tempdir().unwrap();
        let folder = work.path().join("open");
        for _ in 0..2 {
            check_target(&folder).unwrap();
            unpack(&package(HASH_OF_A), &folder).unwrap();
            assert_eq!(fs::read_to_string(folder.join("a.csv")).unwrap(), "a");
        }
        fs::write(folder.join("a.csv"), "earlier").unwrap();
        let wrong = unpack(&package(&HASH_OF_A.replace('c', "d")), &folder).unwrap_err();
        assert!(wrong.to_string().contains("a.csv"), "{wrong}");
        assert_eq!(fs::read_to_string(folder.join("a.csv")).unwrap(), "earlier");
        assert_eq!(fs::read_dir(work.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_folder_with_other_files_is_left_alone() {
        let work = tempfile::tempdir().unwrap();
        assert!(check_target(work.path()).is_ok());
        fs::write(work.path().join("letter.docx"), "").unwrap();
        assert!(check_target(work.path()).is_err());
    }
}
