//! The folder of the index: created, opened, and refused where another schema made it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tantivy::directory::error::LockError;
use tantivy::store::Compressor;
use tantivy::{IndexSettings, TantivyError};

use crate::analyzer::{self, CN, CnTokenizer};
use crate::damage::DamageError;
use crate::directory::ReadDirectory;
use crate::integrity::Integrity;
use crate::schema::{Fields, VERSION};
use crate::{Reader, Writer};

/// Names the schema and the analyzer that the index was made with.
const VERSION_FILE: &str = "gouji-index-version";
/// Locked while the index is created, so that two processes do not create it at once.
const CREATE_LOCK: &str = "gouji-index-create.lock";

/// Written and removed again to find out whether the disk has room.
const ROOM_FILE: &str = "gouji-index-room.tmp";

/// Less than one report takes: a block is copied whole whenever a report in it is read.
const BLOCK_BYTES: usize = 4 << 10;

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

/// An index in a folder of its own on a local disk.
#[derive(Clone)]
pub struct Index {
    pub(crate) engine: tantivy::Index,
    pub(crate) fields: Fields,
    pub(crate) folder: PathBuf,
    pub(crate) integrity: Arc<Integrity>,
}

impl Index {
    /// Opens the index in this folder. Creates the folder and the index where there is none.
    ///
    /// # Errors
    /// [`IndexError::NeedsRebuild`] where the folder holds an index that this version cannot read.
    pub fn open(dir: &Path) -> Result<Self, IndexError> {
        let fields = Fields::new();
        prepare_folder(dir)?;
        let directory = ReadDirectory::open(dir).map_err(TantivyError::from)?;
        let settings = IndexSettings {
            // Each part is compressed before it is stored, so that a reader unpacks only what it needs.
            docstore_compression: Compressor::None,
            docstore_compress_dedicated_thread: false,
            docstore_blocksize: BLOCK_BYTES,
            ..IndexSettings::default()
        };
        let engine = if folder(dir, dir.join("meta.json").try_exists())? {
            tantivy::Index::open(directory)?
        } else {
            let lock = folder(dir, File::create(dir.join(CREATE_LOCK)))?;
            folder(dir, lock.lock())?;
            let made = tantivy::Index::builder().schema(fields.schema.clone()).settings(settings);
            made.open_or_create(directory)?
        };
        analyzer::load();
        engine.tokenizers().register(CN, CnTokenizer);
        Ok(Self { engine, fields, folder: dir.to_owned(), integrity: Arc::default() })
    }

    /// Verifies that the files of the last commit are what was written: by their checksums the first time, and
    /// later those that changed on the disk.
    ///
    /// # Errors
    /// [`IndexError::DamagedFile`] if one is missing, cut short or changed.
    pub fn check(&self) -> Result<(), IndexError> {
        self.integrity.check(&self.engine, &self.folder)
    }

    /// The one writer.
    ///
    /// # Errors
    /// [`IndexError::LockBusy`] while there is another one.
    pub fn writer(&self) -> Result<Writer, IndexError> {
        Writer::new(self.clone())
    }

    /// A reader; it sees every commit, of this process and of others, from the next search on. Clones
    /// share everything.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn reader(&self) -> Result<Reader, IndexError> {
        Reader::new(self)
    }

    /// Checks that so many bytes can be written to the folder now, by writing them.
    ///
    /// # Errors
    /// [`IndexError::Folder`] with the error of the disk if they cannot.
    pub fn check_room(&self, size_bytes: usize) -> Result<(), IndexError> {
        let path = self.folder.join(ROOM_FILE);
        let write = || -> io::Result<()> {
            let mut file = File::create(&path)?;
            let block = [0xa5; 64 << 10];
            for _ in 0..size_bytes.div_ceil(block.len()) {
                file.write_all(&block)?;
            }
            file.sync_all()
        };
        let written = write();
        fs::remove_file(&path).ok();
        folder(&self.folder, written)
    }

    /// The payload of the last commit; see [`Writer::commit`].
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn payload(&self) -> Result<Option<String>, IndexError> {
        Ok(self.engine.load_metas()?.payload)
    }
}

/// Creates the folder, and compares or writes the version in it.
fn prepare_folder(dir: &Path) -> Result<(), IndexError> {
    folder(dir, fs::create_dir_all(dir))?;
    match version_in(dir)? {
        Some(found) if found == VERSION => Ok(()),
        None if !folder(dir, dir.join("meta.json").try_exists())? => {
            folder(dir, write_durably(&dir.join(VERSION_FILE), VERSION))
        }
        found => Err(IndexError::NeedsRebuild {
            dir: dir.to_owned(),
            found: found.as_deref().unwrap_or("an unknown version").trim().to_owned(),
            wanted: VERSION.trim().to_owned(),
        }),
    }
}

/// The version that made the index in a folder, if the folder names one.
pub(crate) fn version_in(dir: &Path) -> Result<Option<String>, IndexError> {
    match fs::read_to_string(dir.join(VERSION_FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => folder(dir, read).map(Some),
    }
}

pub(crate) fn write_durably(path: &Path, text: &str) -> io::Result<()> {
    let unfinished = path.with_extension(format!("{}.tmp", std::process::id()));
    fs::write(&unfinished, text)?;
    File::open(&unfinished)?.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

pub(crate) fn folder<T>(dir: &Path, result: io::Result<T>) -> Result<T, IndexError> {
    result.map_err(|source| IndexError::Folder { dir: dir.to_owned(), source })
}
