//! The generations of an index: the next one is built beside the one that is read, and a pointer says
//! which is read.
//!
//! `<folder>/<number>/` holds a generation, and the file `current` names one. An index that lies in the
//! folder itself, as earlier versions made it, is generation 0.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::index::{folder, version_in, write_durably};
use crate::schema::VERSION;
use crate::{Error, Index, Reader};

/// Names the generation that is read.
const POINTER: &str = "current";
/// Held by the one process that keeps the current generation.
const KEEPER_LOCK: &str = "keeper.lock";
/// Held by the one process that builds the next generation.
const BUILDER_LOCK: &str = "builder.lock";

/// A folder with an index, generation by generation.
#[derive(Debug, Clone)]
pub struct Generations {
    folder: PathBuf,
}

/// What one process at a time may do with a folder; over when this is dropped, or its process is gone.
#[derive(Debug)]
pub struct Hold {
    _lock: File,
}

/// Who made a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// It is not there, or not any more.
    Nobody,
    /// It can be read and written.
    ThisVersion,
    /// Its schema or analyzer is another.
    AnotherVersion,
}

impl Generations {
    /// Those in this folder, which need not be there.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Where a generation lies.
    pub fn path(&self, generation: u32) -> PathBuf {
        if generation == 0 { self.folder.clone() } else { self.folder.join(generation.to_string()) }
    }

    /// Keeps other processes from keeping the current generation; none while one does.
    ///
    /// # Errors
    /// If the folder cannot be made or written.
    pub fn keep(&self) -> Result<Option<Hold>, Error> {
        self.hold(KEEPER_LOCK)
    }

    /// Keeps other processes from building the next generation; none while one does.
    ///
    /// # Errors
    /// If the folder cannot be made or written.
    pub fn build(&self) -> Result<Option<Hold>, Error> {
        self.hold(BUILDER_LOCK)
    }

    /// The generation that is read; none where there is none yet, or where the pointer is lost.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn current(&self) -> Result<Option<u32>, Error> {
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

    /// Opens the current generation, the last where the pointer is lost; makes the first where there is none.
    ///
    /// # Errors
    /// [`Error::NeedsRebuild`] where another version made it.
    pub fn open(&self) -> Result<(u32, Index), Error> {
        if let Some(current) = self.current()? {
            return Ok((current, Index::open(&self.path(current))?));
        }
        let (first, index) = self.next()?;
        self.point_at(first)?;
        Ok((first, index))
    }

    /// Opens the generation after the current one: where this version has begun to build it, what is there
    /// already; else an empty one. Whoever calls this holds [`Generations::build`], or is alone here.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn next(&self) -> Result<(u32, Index), Error> {
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

    /// Who made a generation.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn maker(&self, generation: u32) -> Result<Maker, Error> {
        let path = self.path(generation);
        Ok(match version_in(&path)? {
            Some(found) if found == VERSION => Maker::ThisVersion,
            None if !folder(&path, path.join("meta.json").try_exists())? => Maker::Nobody,
            _ => Maker::AnotherVersion,
        })
    }

    /// Has a generation read from now on, also after a loss of power.
    ///
    /// # Errors
    /// If the pointer cannot be written.
    pub fn point_at(&self, generation: u32) -> Result<(), Error> {
        folder(&self.folder, write_durably(&self.folder.join(POINTER), &format!("{generation}\n")))
    }

    /// Removes all generations before the one that was read last before the current one.
    ///
    /// # Errors
    /// If the folder cannot be read or a generation cannot be removed.
    pub fn sweep(&self) -> Result<(), Error> {
        let Some(current) = self.current()? else { return Ok(()) };
        let older: Vec<u32> = self.numbers()?.into_iter().filter(|number| *number < current).collect();
        if let Some((_, outdated)) = older.split_last() {
            for generation in outdated {
                folder(&self.folder, fs::remove_dir_all(self.path(*generation)))?;
            }
            self.sweep_generation_0()?;
        }
        Ok(())
    }

    /// How much disk a generation takes, in bytes.
    ///
    /// # Errors
    /// If its folder cannot be read.
    pub fn size_bytes(&self, generation: u32) -> Result<u64, Error> {
        let path = self.path(generation);
        let mut size_bytes = 0;
        for entry in folder(&path, fs::read_dir(&path))? {
            // A segment may be merged away meanwhile.
            let Ok(metadata) = folder(&path, entry)?.metadata() else { continue };
            size_bytes += if metadata.is_file() { metadata.len() } else { 0 };
        }
        Ok(size_bytes)
    }

    /// Its files lie among ours.
    fn sweep_generation_0(&self) -> Result<(), Error> {
        for entry in folder(&self.folder, fs::read_dir(&self.folder))? {
            let entry = folder(&self.folder, entry)?;
            let ours = [POINTER, KEEPER_LOCK, BUILDER_LOCK].iter().any(|name| entry.file_name() == *name);
            if !ours && folder(&self.folder, entry.file_type())?.is_file() {
                folder(&self.folder, fs::remove_file(entry.path()))?;
            }
        }
        Ok(())
    }

    fn hold(&self, name: &str) -> Result<Option<Hold>, Error> {
        folder(&self.folder, fs::create_dir_all(&self.folder))?;
        let lock = folder(&self.folder, File::create(self.folder.join(name)))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Hold { _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => folder(&self.folder, Err(error)),
        }
    }

    /// Every generation that is there in a folder of its own, in order.
    fn numbers(&self) -> Result<Vec<u32>, Error> {
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

/// Reads whichever generation is current; clones share it.
#[derive(Clone)]
pub struct Current {
    generations: Generations,
    open: Arc<Mutex<Option<(u32, Reader)>>>,
}

impl Current {
    /// Of the index in this folder, which need not be there yet. Changes nothing there.
    pub fn new(folder: &Path) -> Self {
        Self { generations: Generations::new(folder), open: Arc::default() }
    }

    /// A reader of the current generation.
    ///
    /// # Errors
    /// [`Error::Absent`] where there is no index yet, [`Error::NeedsRebuild`] where another version made it.
    pub fn reader(&self) -> Result<Reader, Error> {
        let absent = || Error::Absent { dir: self.generations.folder.clone() };
        let current = self.generations.current()?.ok_or_else(absent)?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, reader)) = open.as_ref().filter(|(generation, _)| *generation == current) {
            return Ok(reader.clone());
        }
        // What was open is let go of first, so that its disk is free when its folder is removed.
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
