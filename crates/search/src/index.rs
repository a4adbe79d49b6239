//! The folder of the index: made, opened, and refused where it was made by another version.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tantivy::directory::MmapDirectory;
use tantivy::directory::error::LockError;
use tantivy::store::{Compressor, ZstdCompressor};
use tantivy::{IndexSettings, TantivyError};

use crate::analyzer::{self, CN, CnTokenizer, WORDS, WordsTokenizer};
use crate::schema::{Fields, VERSION};
use crate::{Reader, Writer};

/// Says which schema and analyzer the index was made with.
const VERSION_FILE: &str = "gouji-index-version";
/// Held while the index is made, so that two processes do not make it at once.
const CREATE_LOCK: &str = "gouji-index-create.lock";

/// Written and removed again where it is in doubt whether the disk has room.
const ROOM_FILE: &str = "gouji-index-room.tmp";

/// Why the index could not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder holds an index of another schema or analyzer: build a new one from the events.
    #[error("the index in {dir} was made with `{found}` and this version needs `{wanted}`")]
    NeedsRebuild {
        /// The folder.
        dir: PathBuf,
        /// What made it.
        found: String,
        /// What is needed.
        wanted: String,
    },
    /// There is no index in the folder yet: whoever writes it makes it.
    #[error("there is no index in {dir} yet")]
    Absent {
        /// The folder.
        dir: PathBuf,
    },
    /// Another writer holds the index, here or in another process.
    #[error("another writer holds the index")]
    LockBusy,
    /// The cursor is none of ours, or belongs to another order.
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
    /// A stored record does not read back.
    #[error("the stored record of {key} is damaged")]
    Record {
        /// The report.
        key: String,
        /// Why.
        source: serde_json::Error,
    },
    /// The engine failed: disk full, files damaged.
    #[error(transparent)]
    Engine(TantivyError),
}

impl From<TantivyError> for Error {
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
}

impl Index {
    /// Opens the index in this folder; makes both where there is none.
    ///
    /// # Errors
    /// [`Error::NeedsRebuild`] where the folder holds an index that this version cannot read.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let fields = Fields::new();
        prepare_folder(dir)?;
        let directory = MmapDirectory::open(dir).map_err(TantivyError::from)?;
        let settings = IndexSettings {
            // A quarter less disk than lz4, at no cost that shows.
            docstore_compression: Compressor::Zstd(ZstdCompressor { compression_level: Some(3) }),
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
        engine.tokenizers().register(WORDS, WordsTokenizer);
        Ok(Self { engine, fields, folder: dir.to_owned() })
    }

    /// The one writer.
    ///
    /// # Errors
    /// [`Error::LockBusy`] while there is another.
    pub fn writer(&self) -> Result<Writer, Error> {
        Writer::new(self.clone())
    }

    /// A reader; it sees every commit, of this process and of others, from the next search on. Clones
    /// share everything.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn reader(&self) -> Result<Reader, Error> {
        Reader::new(self)
    }

    /// Proves that the folder takes so many bytes just now.
    ///
    /// # Errors
    /// [`Error::Folder`] with what the disk says where it does not.
    pub fn takes(&self, size_bytes: usize) -> Result<(), Error> {
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

    /// What the last commit said of itself.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn payload(&self) -> Result<Option<String>, Error> {
        Ok(self.engine.load_metas()?.payload)
    }
}

/// Makes the folder, and compares or writes its version.
fn prepare_folder(dir: &Path) -> Result<(), Error> {
    folder(dir, fs::create_dir_all(dir))?;
    match version_in(dir)? {
        Some(found) if found == VERSION => Ok(()),
        None if !folder(dir, dir.join("meta.json").try_exists())? => {
            folder(dir, write_durably(&dir.join(VERSION_FILE), VERSION))
        }
        found => Err(Error::NeedsRebuild {
            dir: dir.to_owned(),
            found: found.as_deref().unwrap_or("an unknown version").trim().to_owned(),
            wanted: VERSION.trim().to_owned(),
        }),
    }
}

/// What made the index in a folder, if it says so.
pub(crate) fn version_in(dir: &Path) -> Result<Option<String>, Error> {
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

pub(crate) fn folder<T>(dir: &Path, result: io::Result<T>) -> Result<T, Error> {
    result.map_err(|source| Error::Folder { dir: dir.to_owned(), source })
}
