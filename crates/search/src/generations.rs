//! The generations of an index: the next one is built while readers use the current one, and a pointer
//! file names the current one.
//!
//! `<folder>/<number>/` holds a generation, and the file `current` names one. An index in the folder
//! itself, as earlier versions made it, is generation 0.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::folder::{VERSION, folder, version_in, write_durably};
use crate::{Index, IndexError, Reader};

/// Names the current generation.
const POINTER: &str = "current";
/// Locked by the one process that writes the current generation.
const WRITER_LOCK: &str = "keeper.lock";
/// Locked by the one process that builds the next generation.
const BUILDER_LOCK: &str = "builder.lock";

/// A folder with the generations of an index.
#[derive(Debug, Clone)]
pub struct Generations {
    folder: PathBuf,
}

/// An exclusive lock on a task in a folder. Released when it is dropped, and when its process ends.
#[derive(Debug)]
pub struct FolderLock {
    _lock: File,
}

/// Whether this version of the program can use a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compatibility {
    /// The generation does not exist, or no longer.
    Absent,
    /// It can be read and written.
    Compatible,
    /// It was made with another schema or analyzer.
    Incompatible,
}

impl Generations {
    /// The generations in this folder, which need not exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder of a generation.
    pub fn path(&self, generation: u32) -> PathBuf {
        if generation == 0 { self.folder.clone() } else { self.folder.join(generation.to_string()) }
    }

    /// Locks the writing of the current generation. None while another process has this lock.
    ///
    /// # Errors
    /// If the folder cannot be created or written.
    pub fn lock_writer(&self) -> Result<Option<FolderLock>, IndexError> {
        self.lock(WRITER_LOCK)
    }

    /// Locks the building of the next generation. None while another process has this lock.
    ///
    /// # Errors
    /// If the folder cannot be created or written.
    pub fn lock_builder(&self) -> Result<Option<FolderLock>, IndexError> {
        self.lock(BUILDER_LOCK)
    }

    /// The generation that readers use. None where there is none yet, or where the pointer is lost.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn current(&self) -> Result<Option<u32>, IndexError> {
        let pointer = match fs::read_to_string(self.folder.join(POINTER)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => folder(&self.folder, read)?,
        };
        if let Ok(generation) = pointer.trim().parse() {
            return Ok(Some(generation));
        }
        let flat = folder(&self.folder, self.folder.join("meta.json").try_exists())?;
        Ok(flat.then_some(0))
    }

    /// Opens the current generation, or the last one where the pointer is lost. Creates the first where there
    /// is none.
    ///
    /// # Errors
    /// [`IndexError::NeedsRebuild`] where another schema made it.
    pub fn open_current(&self) -> Result<(u32, Index), IndexError> {
        if let Some(current) = self.current()? {
            return Ok((current, Index::open(&self.path(current))?));
        }
        let (first, index) = self.open_next()?;
        self.switch_to(first)?;
        Ok((first, index))
    }

    /// Opens the generation after the current one: the one that this version has begun to build, else an
    /// empty one. The caller has [`Generations::lock_builder`], or is the only process here.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn open_next(&self) -> Result<(u32, Index), IndexError> {
        let current = self.current()?.unwrap_or_default();
        let next = self.numbers()?.last().copied().filter(|number| *number > current);
        if let Some(next) = next {
            if let Ok(index) = Index::open(&self.path(next)) {
                return Ok((next, index));
            }
            folder(&self.folder, fs::remove_dir_all(self.path(next)))?;
        }
        let next = next.unwrap_or(current + 1);
        Ok((next, Index::open(&self.path(next))?))
    }

    /// Whether this version of the program can use a generation.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn compatibility(&self, generation: u32) -> Result<Compatibility, IndexError> {
        let path = self.path(generation);
        Ok(match version_in(&path)? {
            Some(found) if found == VERSION => Compatibility::Compatible,
            None if !folder(&path, path.join("meta.json").try_exists())? => Compatibility::Absent,
            _ => Compatibility::Incompatible,
        })
    }

    /// Makes readers use this generation from now on. The change survives a loss of power.
    ///
    /// # Errors
    /// If the pointer cannot be written.
    pub fn switch_to(&self, generation: u32) -> Result<(), IndexError> {
        folder(&self.folder, write_durably(&self.folder.join(POINTER), &format!("{generation}\n")))
    }

    /// Removes the generations that are older than the predecessor of the current one.
    ///
    /// # Errors
    /// If the folder cannot be read or a generation cannot be removed.
    pub fn remove_outdated(&self) -> Result<(), IndexError> {
        let Some(current) = self.current()? else { return Ok(()) };
        let older: Vec<u32> = self.numbers()?.into_iter().filter(|number| *number < current).collect();
        if let Some((_, outdated)) = older.split_last() {
            for generation in outdated {
                folder(&self.folder, fs::remove_dir_all(self.path(*generation)))?;
            }
            self.remove_generation_0()?;
        }
        Ok(())
    }

    /// How much disk a generation takes, in bytes.
    ///
    /// # Errors
    /// If its folder cannot be read.
    pub fn size_bytes(&self, generation: u32) -> Result<u64, IndexError> {
        let path = self.path(generation);
        let mut size_bytes = 0;
        for entry in folder(&path, fs::read_dir(&path))? {
            // A segment may be merged away meanwhile.
            let Ok(metadata) = folder(&path, entry)?.metadata() else { continue };
            size_bytes += if metadata.is_file() { metadata.len() } else { 0 };
        }
        Ok(size_bytes)
    }

    /// Its files are in the same folder as the pointer and the locks.
    fn remove_generation_0(&self) -> Result<(), IndexError> {
        for entry in folder(&self.folder, fs::read_dir(&self.folder))? {
            let entry = folder(&self.folder, entry)?;
            let ours = [POINTER, WRITER_LOCK, BUILDER_LOCK].iter().any(|name| entry.file_name() == *name);
            if !ours && folder(&self.folder, entry.file_type())?.is_file() {
                folder(&self.folder, fs::remove_file(entry.path()))?;
            }
        }
        Ok(())
    }

    fn lock(&self, name: &str) -> Result<Option<FolderLock>, IndexError> {
        folder(&self.folder, fs::create_dir_all(&self.folder))?;
        let lock = folder(&self.folder, File::create(self.folder.join(name)))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(FolderLock { _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => folder(&self.folder, Err(error)),
        }
    }

    /// Every generation that has a folder of its own, in order.
    fn numbers(&self) -> Result<Vec<u32>, IndexError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => folder(&self.folder, entries)?,
        };
        let mut numbers = Vec::new();
        for entry in entries {
            let name = folder(&self.folder, entry)?.file_name();
            numbers.extend(name.to_str().and_then(|name| name.parse::<u32>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }
}

/// Opens a reader of the current generation, and reopens it when another one becomes current. Clones share it.
#[derive(Clone)]
pub struct CurrentReader {
    generations: Generations,
    open: Arc<Mutex<Option<(u32, Reader)>>>,
}

impl CurrentReader {
    /// A reader of the index in this folder, which need not exist yet. It changes nothing there.
    pub fn new(folder: &Path) -> Self {
        Self { generations: Generations::new(folder), open: Arc::default() }
    }

    /// A reader of the current generation.
    ///
    /// # Errors
    /// [`IndexError::Absent`] where there is no index yet, [`IndexError::NeedsRebuild`] where another schema made it.
    pub fn reader(&self) -> Result<Reader, IndexError> {
        let absent = || IndexError::Absent { dir: self.generations.folder.clone() };
        let current = self.generations.current()?.ok_or_else(absent)?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, reader)) = open.as_ref().filter(|(generation, _)| *generation == current) {
            return Ok(reader.clone());
        }
        // Drop the old reader first, so that its disk space is free once its folder is removed.
        *open = None;
        let path = self.generations.path(current);
        if !folder(&path, path.join("meta.json").try_exists())? {
            return Err(absent());
        }
        let reader = Index::open(&path)?.reader()?;
        *open = Some((current, reader.clone()));
        Ok(reader)
    }
}
