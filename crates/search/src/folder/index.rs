//! The folder of the index: created, opened, and refused where another schema made it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tantivy::store::Compressor;
use tantivy::{IndexSettings, TantivyError};

use super::directory::ReadDirectory;
use super::integrity::Integrity;
use super::schema::{Fields, VERSION};
use super::tokenizer::{CN, CnTokenizer};
use crate::{IndexError, analyzer};

/// Names the schema and the analyzer that the index was made with.
const VERSION_FILE: &str = "gouji-index-version";
/// Locked while the index is created, so that two processes do not create it at once.
const CREATE_LOCK: &str = "gouji-index-create.lock";

/// Written and removed again to find out whether the disk has room.
const ROOM_FILE: &str = "gouji-index-room.tmp";

/// Less than one report takes: a block is copied whole whenever a report in it is read.
const BLOCK_BYTES: usize = 4 << 10;

/// An index in a folder of its own on a local disk.
#[derive(Clone)]
pub(crate) struct FolderIndex {
    pub(crate) engine: tantivy::Index,
    pub(crate) fields: Arc<Fields>,
    pub(crate) folder: PathBuf,
    pub(crate) integrity: Arc<Integrity>,
}

impl FolderIndex {
    /// Opens the index in this folder. Creates the folder and the index where there is none.
    ///
    /// # Errors
    /// [`IndexError::NeedsRebuild`] where the folder holds an index that this version cannot read.
    pub(crate) fn open(dir: &Path) -> Result<Self, IndexError> {
        let fields = Arc::new(Fields::new());
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
    pub(crate) fn check(&self) -> Result<(), IndexError> {
        self.integrity.check(&self.engine, &self.folder)
    }

    /// Checks that so many bytes can be written to the folder now, by writing them.
    ///
    /// # Errors
    /// [`IndexError::Folder`] with the error of the disk if they cannot.
    pub(crate) fn check_room(&self, size_bytes: usize) -> Result<(), IndexError> {
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

    /// The payload of the last commit; see [`crate::Writer::commit`].
    ///
    /// # Errors
    /// If the index cannot be read.
    pub(crate) fn payload(&self) -> Result<Option<String>, IndexError> {
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
