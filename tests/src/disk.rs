//! A disk that is small enough to be filled. Mounting it takes root.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// A file system in memory, unmounted when this is dropped; drop what writes there before.
#[derive(Debug)]
pub struct SmallDisk {
    at: PathBuf,
}

/// What takes up the room.
const FILLER: &str = "filler";

impl SmallDisk {
    /// Mounts it.
    ///
    /// # Errors
    /// If the system refuses, as it does to everybody but root.
    pub fn mount(at: &Path, megabytes: u32) -> Result<Self> {
        fs::create_dir_all(at).context("making a folder to mount a disk on")?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "gouji-test"]).arg(at);
        let output = mount.output().context("running mount")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "mounting a disk: {}", said.trim());
        Ok(Self { at: at.to_owned() })
    }

    /// Fills it to the last byte.
    ///
    /// # Errors
    /// If it fails otherwise than for lack of room.
    pub fn fill(&self) -> Result<()> {
        let mut filler =
            File::options().create(true).append(true).open(self.at.join(FILLER)).context("filling a disk")?;
        let page = [0xa5; 4096];
        loop {
            match filler.write_all(&page) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(()),
                Err(error) => return Err(error).context("filling a disk"),
            }
        }
    }

    /// Makes room again.
    ///
    /// # Errors
    /// If it was not full, or the system refuses.
    pub fn make_room(&self) -> Result<()> {
        fs::remove_file(self.at.join(FILLER)).context("making room on a disk")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: whoever still holds a file there keeps it until it ends.
        Command::new("umount").arg("--lazy").arg(&self.at).status().ok();
    }
}
