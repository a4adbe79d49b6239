//! One generation of an index, whichever engine has it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tantivy::TantivyError;
use tantivy::directory::error::LockError;

use crate::cluster::{ClusterIndex, ClusterReader, ClusterWriter};
use crate::damage::DamageError;
use crate::engine::WriteEngine;
use crate::folder::{FolderIndex, FolderReader, FolderWriter};
use crate::{ClusterError, Reader, Writer};

/// Why the index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The folder holds an index of another schema or analyzer: build a new one from the log.
    #[error("the index in {dir} was made with `{found}` and this version needs `{wanted}`")]
    NeedsRebuild {
        /// The folder.
        dir: PathBuf,
        /// The schema and analyzer that made it.
        found: String,
        /// The schema and analyzer of this version of the program.
        wanted: String,
    },
    /// There is no index in the folder yet: the first writer creates it.
    #[error("there is no index in {dir} yet")]
    Absent {
        /// The folder.
        dir: PathBuf,
    },
    /// Another writer has locked the index, here or in another process.
    #[error("another writer has locked the index")]
    LockBusy,
    /// The cursor is not from this search, or belongs to another order.
    #[error("`{0}` is no cursor of this search")]
    BadCursor(String),
    /// The folder cannot be read or written.
    #[error("cannot use the index folder {dir}")]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A stored report cannot be read.
    #[error("the stored report {key} is damaged")]
    Damaged {
        /// The key of the report.
        key: String,
        /// Why.
        source: DamageError,
    },
    /// A file of the index is not what was written: build a new index from the log.
    #[error("the index is damaged: {file}: {why}; `gouji reindex` makes a new one")]
    DamagedFile {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The search cluster did not do what it was asked.
    #[error(transparent)]
    Cluster(ClusterError),
    /// The engine failed: disk full, files damaged.
    #[error(transparent)]
    Engine(TantivyError),
}

impl From<TantivyError> for IndexError {
    fn from(error: TantivyError) -> Self {
        match error {
            TantivyError::LockFailure(LockError::LockBusy, _) => Self::LockBusy,
            error => Self::Engine(error),
        }
    }
}

/// One generation of an index.
#[derive(Clone)]
pub struct Index(Engine);

#[derive(Clone)]
enum Engine {
    Folder(FolderIndex),
    Cluster(ClusterIndex),
}

impl IndexError {
    /// Whether one report is at fault for certain, or none is; where it is not said, a write of something else tells.
    pub fn blames_report(&self) -> Option<bool> {
        match self {
            Self::Cluster(ClusterError::Refused { .. }) => Some(true),
            Self::Cluster(_) => Some(false),
            _ => None,
        }
    }
}

impl Index {
    pub(crate) fn in_cluster(index: ClusterIndex) -> Self {
        Self(Engine::Cluster(index))
    }

    /// Opens the index in this folder. Creates the folder and the index where there is none.
    ///
    /// # Errors
    /// [`IndexError::NeedsRebuild`] where the folder holds an index that this version cannot read.
    pub fn open(dir: &Path) -> Result<Self, IndexError> {
        Ok(Self(Engine::Folder(FolderIndex::open(dir)?)))
    }

    /// Verifies that the index can be read and written: in a folder, that the files of the last commit are what was
    /// written, by their checksums the first time, and later those that changed on the disk.
    ///
    /// # Errors
    /// [`IndexError::DamagedFile`] if one is missing, cut short or changed.
    pub fn check(&self) -> Result<(), IndexError> {
        match &self.0 {
            Engine::Folder(index) => index.check(),
            Engine::Cluster(index) => index.check(),
        }
    }

    /// The one writer.
    ///
    /// # Errors
    /// [`IndexError::LockBusy`] while there is another one.
    pub fn writer(&self) -> Result<Writer, IndexError> {
        let engine: Box<dyn WriteEngine> = match &self.0 {
            Engine::Folder(index) => Box::new(FolderWriter::new(index.clone())?),
            Engine::Cluster(index) => Box::new(ClusterWriter::new(index.clone())?),
        };
        Ok(Writer::new(self.clone(), engine))
    }

    /// A reader; it sees every commit, of this process and of others, from the next search on. Clones
    /// share everything.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn reader(&self) -> Result<Reader, IndexError> {
        match &self.0 {
            Engine::Folder(index) => Ok(Reader { engine: Arc::new(FolderReader::new(index)?) }),
            Engine::Cluster(index) => Ok(Reader { engine: Arc::new(ClusterReader(index.clone())) }),
        }
    }

    /// Checks that so many bytes can be written now, by writing them; in a cluster, that it takes writes.
    ///
    /// # Errors
    /// [`IndexError::Folder`] with the error of the disk if they cannot.
    pub fn check_room(&self, size_bytes: usize) -> Result<(), IndexError> {
        match &self.0 {
            Engine::Folder(index) => index.check_room(size_bytes),
            Engine::Cluster(index) => index.check_room(),
        }
    }

    /// The payload of the last commit; see [`Writer::commit`].
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn payload(&self) -> Result<Option<String>, IndexError> {
        match &self.0 {
            Engine::Folder(index) => index.payload(),
            Engine::Cluster(index) => index.payload(),
        }
    }
}
