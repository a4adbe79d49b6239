//! The generations of an index: the next one is built while readers use the current one, and a pointer
//! file names the current one.
//!
//! `<folder>/<number>/` holds a generation, and the file `current` names one. An index in the folder
//! itself, as earlier versions made it, is generation 0.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::cluster::{Cluster, ClusterGenerations};
use crate::folder::{VERSION, folder, version_in, write_durably};
use crate::{ClusterError, ClusterSettings, ClusterTransport, Index, IndexError, Reader};

/// Names the current generation.
const POINTER: &str = "current";
/// Locked by the one process that writes the current generation.
const WRITER_LOCK: &str = "keeper.lock";
/// Locked by the one process that builds the next generation.
const BUILDER_LOCK: &str = "builder.lock";

/// The generations of an index, in a folder or in a search cluster.
#[derive(Debug, Clone)]
pub struct Generations(Place);

#[derive(Debug, Clone)]
enum Place {
    Folder(FolderGenerations),
    Cluster(ClusterGenerations),
}

#[derive(Debug, Clone)]
struct FolderGenerations {
    folder: PathBuf,
}

/// An exclusive lock on a task in a folder. Released when it is dropped, and when its process ends.
/// In a cluster nothing is locked: who writes has a lease on the log, and no write overwrites what another process wrote.
#[derive(Debug)]
pub struct FolderLock {
    _lock: Option<File>,
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
        Self(Place::Folder(FolderGenerations { folder: folder.into() }))
    }

    /// The generations in this search cluster, which need not have any.
    pub fn in_cluster(transport: Arc<dyn ClusterTransport>, settings: ClusterSettings) -> Self {
        Self(Place::Cluster(ClusterGenerations(Cluster::new(transport, settings))))
    }

    /// Whether every process has an index of its own, in a folder; else they share the one in the cluster.
    pub fn are_in_folder(&self) -> bool {
        matches!(self.0, Place::Folder(_))
    }

    /// The folder of a generation, or how messages name it in its cluster.
    pub fn path(&self, generation: u32) -> PathBuf {
        match &self.0 {
            Place::Folder(folder) => folder.path(generation),
            Place::Cluster(cluster) => cluster.place(generation).into(),
        }
    }

    /// Locks the writing of the current generation. None while another process has this lock.
    ///
    /// # Errors
    /// If the folder cannot be created or written.
    pub fn lock_writer(&self) -> Result<Option<FolderLock>, IndexError> {
        match &self.0 {
            Place::Folder(folder) => folder.lock_writer(),
            Place::Cluster(_) => Ok(Some(FolderLock { _lock: None })),
        }
    }

    /// Locks the building of the next generation. None while another process has this lock.
    ///
    /// # Errors
    /// If the folder cannot be created or written.
    pub fn lock_builder(&self) -> Result<Option<FolderLock>, IndexError> {
        match &self.0 {
            Place::Folder(folder) => folder.lock_builder(),
            Place::Cluster(_) => Ok(Some(FolderLock { _lock: None })),
        }
    }

    /// The generation that readers use. None where there is none yet, or where the pointer is lost.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn current(&self) -> Result<Option<u32>, IndexError> {
        match &self.0 {
            Place::Folder(folder) => folder.current(),
            Place::Cluster(cluster) => cluster.current(),
        }
    }

    /// Opens the current generation, or the last one where the pointer is lost. Creates the first where there
    /// is none.
    ///
    /// # Errors
    /// [`IndexError::NeedsRebuild`] where another schema made it.
    pub fn open_current(&self) -> Result<(u32, Index), IndexError> {
        if let Some(current) = self.current()? {
            let index = match &self.0 {
                Place::Folder(folder) => Index::open(&folder.path(current))?,
                Place::Cluster(cluster) => Index::in_cluster(cluster.open(current)?),
            };
            return Ok((current, index));
        }
        let (first, index) = self.open_next()?;
        self.switch_to(first)?;
        Ok((first, index))
    }

    /// Opens the generation after the current one: the one that this version has begun to build, else an
    /// empty one. The caller has [`Generations::lock_builder`], or is the only process here.
    ///
    /// # Errors
    /// If the index cannot be written.
    pub fn open_next(&self) -> Result<(u32, Index), IndexError> {
        let current = self.current()?.unwrap_or_default();
        match &self.0 {
            Place::Folder(folder) => folder.open_next(current),
            Place::Cluster(cluster) => {
                let next = cluster.numbers()?.last().copied().filter(|number| *number > current);
                if let Some(next) = next {
                    match cluster.open_or_make(next) {
                        Err(
                            IndexError::NeedsRebuild { .. }
                            | IndexError::Cluster(ClusterError::Changed { .. }),
                        ) => {
                            cluster.remove(next)?;
                        }
                        opened => return Ok((next, Index::in_cluster(opened?))),
                    }
                }
                let next = next.unwrap_or(current + 1);
                Ok((next, Index::in_cluster(cluster.open_or_make(next)?)))
            }
        }
    }

    /// Whether this version of the program can use a generation.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn compatibility(&self, generation: u32) -> Result<Compatibility, IndexError> {
        match &self.0 {
            Place::Folder(folder) => folder.compatibility(generation),
            Place::Cluster(cluster) => cluster.compatibility(generation),
        }
    }

    /// Makes readers use this generation from now on. The change survives a loss of power.
    ///
    /// # Errors
    /// If the pointer cannot be written.
    pub fn switch_to(&self, generation: u32) -> Result<(), IndexError> {
        match &self.0 {
            Place::Folder(folder) => folder.switch_to(generation),
            Place::Cluster(cluster) => cluster.switch_to(generation),
        }
    }

    /// Removes the generations that are older than the predecessor of the current one.
    ///
    /// # Errors
    /// If the index cannot be read or a generation cannot be removed.
    pub fn remove_outdated(&self) -> Result<(), IndexError> {
        let Some(current) = self.current()? else { return Ok(()) };
        let numbers = match &self.0 {
            Place::Folder(folder) => folder.numbers()?,
            Place::Cluster(cluster) => cluster.numbers()?,
        };
        let older: Vec<u32> = numbers.into_iter().filter(|number| *number < current).collect();
        let Some((_, outdated)) = older.split_last() else { return Ok(()) };
        match &self.0 {
            Place::Folder(folder) => folder.remove(outdated),
            Place::Cluster(cluster) => outdated.iter().try_for_each(|number| cluster.remove(*number)),
        }
    }

    /// Removes every generation from a search cluster. A folder is left to its owner.
    ///
    /// # Errors
    /// If a generation cannot be removed.
    pub fn remove_all(&self) -> Result<(), IndexError> {
        match &self.0 {
            Place::Folder(_) => Ok(()),
            Place::Cluster(cluster) => {
                cluster.numbers()?.into_iter().try_for_each(|number| cluster.remove(number))
            }
        }
    }

    /// How much disk a generation takes, in bytes.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn size_bytes(&self, generation: u32) -> Result<u64, IndexError> {
        match &self.0 {
            Place::Folder(folder) => folder.size_bytes(generation),
            Place::Cluster(cluster) => cluster.size_bytes(generation),
        }
    }
}

impl FolderGenerations {
    /// The folder of a generation.
    fn path(&self, generation: u32) -> PathBuf {
        if generation == 0 { self.folder.clone() } else { self.folder.join(generation.to_string()) }
    }

    /// Locks the writing of the current generation. None while another process has this lock.
    fn lock_writer(&self) -> Result<Option<FolderLock>, IndexError> {
        self.lock(WRITER_LOCK)
    }

    /// Locks the building of the next generation. None while another process has this lock.
    fn lock_builder(&self) -> Result<Option<FolderLock>, IndexError> {
        self.lock(BUILDER_LOCK)
    }

    /// The generation that readers use. None where there is none yet, or where the pointer is lost.
    fn current(&self) -> Result<Option<u32>, IndexError> {
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

    /// Opens the generation after the current one: the one that this version has begun to build, else an
    /// empty one. The caller has [`Generations::lock_builder`], or is the only process here.
    fn open_next(&self, current: u32) -> Result<(u32, Index), IndexError> {
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
    fn compatibility(&self, generation: u32) -> Result<Compatibility, IndexError> {
        let path = self.path(generation);
        Ok(match version_in(&path)? {
            Some(found) if found == VERSION => Compatibility::Compatible,
            None if !folder(&path, path.join("meta.json").try_exists())? => Compatibility::Absent,
            _ => Compatibility::Incompatible,
        })
    }

    /// Makes readers use this generation from now on. The change survives a loss of power.
    fn switch_to(&self, generation: u32) -> Result<(), IndexError> {
        folder(&self.folder, write_durably(&self.folder.join(POINTER), &format!("{generation}\n")))
    }

    fn remove(&self, outdated: &[u32]) -> Result<(), IndexError> {
        for generation in outdated {
            folder(&self.folder, fs::remove_dir_all(self.path(*generation)))?;
        }
        self.remove_generation_0()
    }

    /// How much disk a generation takes, in bytes.
    fn size_bytes(&self, generation: u32) -> Result<u64, IndexError> {
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
            Ok(()) => Ok(Some(FolderLock { _lock: Some(lock) })),
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

/// For so long a reader of a cluster trusts that the generation it reads is the current one.
const TRUSTED: Duration = Duration::from_secs(1);

/// Opens a reader of the current generation, and reopens it when another one becomes current. Clones share it.
#[derive(Clone)]
pub struct CurrentReader {
    generations: Generations,
    open: Arc<Mutex<Option<Open>>>,
}

struct Open {
    generation: u32,
    reader: Reader,
    looked: Instant,
}

impl CurrentReader {
    /// A reader of the index in this folder, which need not exist yet. It changes nothing there.
    pub fn new(folder: &Path) -> Self {
        Self::of(Generations::new(folder))
    }

    /// A reader of one of these generations. It changes none of them.
    pub fn of(generations: Generations) -> Self {
        Self { generations, open: Arc::default() }
    }

    /// A reader of the current generation.
    ///
    /// # Errors
    /// [`IndexError::Absent`] where there is no index yet, [`IndexError::NeedsRebuild`] where another schema made it.
    pub fn reader(&self) -> Result<Reader, IndexError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.generations.are_in_folder()
            && let Some(open) = open.as_ref().filter(|open| open.looked.elapsed() < TRUSTED)
        {
            return Ok(open.reader.clone());
        }
        let current = self.generations.current()?.ok_or_else(|| self.absent())?;
        let looked = Instant::now();
        if let Some(open) = open.as_mut().filter(|open| open.generation == current) {
            open.looked = looked;
            return Ok(open.reader.clone());
        }
        // Drop the old reader first, so that its disk space is free once its folder is removed.
        *open = None;
        let index = match &self.generations.0 {
            Place::Folder(generations) => {
                let path = generations.path(current);
                if !folder(&path, path.join("meta.json").try_exists())? {
                    return Err(self.absent());
                }
                Index::open(&path)?
            }
            Place::Cluster(cluster) => Index::in_cluster(cluster.open(current)?),
        };
        let reader = index.reader()?;
        *open = Some(Open { generation: current, reader: reader.clone(), looked });
        Ok(reader)
    }

    fn absent(&self) -> IndexError {
        let dir = match &self.generations.0 {
            Place::Folder(generations) => generations.folder.clone(),
            Place::Cluster(cluster) => cluster.0.place().into(),
        };
        IndexError::Absent { dir }
    }
}
