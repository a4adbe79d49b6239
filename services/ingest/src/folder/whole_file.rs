//! Writes a file so that nobody ever sees a part of it, and so that it is still there after a loss of power.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use super::mailbox::is_folder;

/// Everybody who may enter the folder may read its receipts, whatever the umask of the service is.
const MODE: u32 = 0o644;

/// Writes a file under a temporary name, flushes it, and renames it. A file that has these bytes already is left
/// alone. Missing folders are made.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|found| found == bytes) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    if !is_folder(folder) {
        // A sender may have put a link there, to have us write elsewhere.
        return Err(io::Error::new(io::ErrorKind::NotADirectory, "it is a link and not a folder"));
    }
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".tmp");
    let temporary = folder.join(name);
    let written = fill(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        fs::remove_file(&temporary).ok();
    }
    written?;
    File::open(folder)?.sync_all()
}

fn fill(temporary: &Path, bytes: &[u8]) -> io::Result<()> {
    // What an earlier process left behind; never written through, because it may be a link by now.
    fs::remove_file(temporary).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    let mut file = File::options().write(true).create_new(true).mode(MODE).open(temporary)?;
    file.write_all(bytes)?;
    file.set_permissions(Permissions::from_mode(MODE))?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("receipts/a.json");
        write(&path, b"one").unwrap();
        fs::write(folder.path().join("receipts/.a.json.tmp"), "of a process that was killed").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path().join("receipts")).unwrap().count(), 1);
    }

    #[test]
    fn links_lead_nowhere() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let receipts = folder.path().join("receipts");
        std::os::unix::fs::symlink(elsewhere.path(), &receipts).unwrap();
        write(&receipts.join("a.json"), b"one").unwrap_err();
        let victim = elsewhere.path().join("victim");
        fs::write(&victim, "as it was").unwrap();
        std::os::unix::fs::symlink(&victim, folder.path().join(".b.json.tmp")).unwrap();
        write(&folder.path().join("b.json"), b"two").unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "as it was");
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
    }
}
