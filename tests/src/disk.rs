//! A disk that a test can fill, and one that can lose its power. Mounting them needs root.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// A file system in memory, unmounted when this is dropped; drop its writers first.
#[derive(Debug)]
pub struct SmallDisk {
    at: PathBuf,
}

/// The file that fills the disk.
const FILLER: &str = "filler";

impl SmallDisk {
    /// Mounts it.
    ///
    /// # Errors
    /// If the system refuses, as it does without root.
    pub fn mount(at: &Path, megabytes: u32) -> Result<Self> {
        fs::create_dir_all(at).context("making a folder to mount a disk on")?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "gouji-test"]).arg(at);
        ran(&mut mount)?;
        Ok(Self { at: at.to_owned() })
    }

    /// Fills it to the last byte.
    ///
    /// # Errors
    /// If it fails for another reason than a full disk.
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

    /// Frees the space again.
    ///
    /// # Errors
    /// If it was not full, or the system refuses.
    pub fn make_room(&self) -> Result<()> {
        fs::remove_file(self.at.join(FILLER)).context("making room on a disk")
    }
}

/// A file system on an image. Unflushed writes are in the memory of the kernel only. It is unmounted when this
/// is dropped.
#[derive(Debug)]
pub struct PoweredDisk {
    at: PathBuf,
    image: PathBuf,
}

/// More than the reserve of ingest. The file is sparse, so only written blocks use space.
const IMAGE_BYTES: u64 = 8 << 30;

impl PoweredDisk {
    /// Creates and mounts it, with its image beside it. The system itself flushes nothing for five minutes.
    ///
    /// # Errors
    /// If the system refuses, as it does without root, or has no `mkfs.ext4`.
    pub fn mount(at: &Path) -> Result<Self> {
        let image = at.with_extension("image");
        File::create(&image)
            .and_then(|file| file.set_len(IMAGE_BYTES))
            .context("making an image of a disk")?;
        ran(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image))?;
        fs::create_dir_all(at).context("making a folder to mount a disk on")?;
        let disk = Self { at: at.to_owned(), image };
        disk.mount_image()?;
        Ok(disk)
    }

    /// Flushes everything, as the system does after a while.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn flush(&self) -> Result<()> {
        ran(Command::new("sync").arg("--file-system").arg(&self.at))
    }

    /// Copies the image with what is flushed now. All writers must be stopped meanwhile.
    ///
    /// # Errors
    /// If there is no space for it.
    pub fn lose_power(&self) -> Result<DiskImage> {
        let image = self.at.with_extension("lost");
        ran(Command::new("cp").arg("--sparse=always").args([&self.image, &image]))?;
        Ok(DiskImage { image })
    }

    /// Mounts the copy instead of the image. No process may have a file open there.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn come_back(&mut self, lost: DiskImage) -> Result<()> {
        ran(Command::new("umount").arg(&self.at))?;
        self.image = lost.image;
        self.mount_image()
    }

    fn mount_image(&self) -> Result<()> {
        ran(Command::new("mount").args(["-o", "loop,commit=300"]).args([&self.image, &self.at]))
    }
}

/// The image of a disk when its power was lost.
#[derive(Debug, Clone)]
pub struct DiskImage {
    image: PathBuf,
}

impl Drop for PoweredDisk {
    fn drop(&mut self) {
        Command::new("umount").args(["--lazy", "--quiet"]).arg(&self.at).status().ok();
    }
}

fn ran(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("running {command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {}", said.trim());
    Ok(())
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process with an open file there has it until it ends.
        Command::new("umount").arg("--lazy").arg(&self.at).status().ok();
    }
}
