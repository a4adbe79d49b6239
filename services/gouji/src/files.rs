//! The files that people name on the command line: themselves, folders of them, archives of them.

use std::fs;
use std::io::{Cursor, Error};
use std::path::{Path, PathBuf};

use document::archive::{self, ArchiveLimits};
use document::{Kind, sniff};

/// Hands every file under a path to `each`: of folders in the order of their names, of archives in theirs.
pub(crate) fn walk(path: &Path, each: &mut dyn FnMut(String, Result<Vec<u8>, Unreadable>)) {
    let name = path.display().to_string();
    if path.is_dir() {
        match fs::read_dir(path) {
            Ok(entries) => {
                let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
                paths.sort();
                let hidden = |path: &PathBuf| {
                    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
                };
                for path in paths.iter().filter(|path| !hidden(path)) {
                    walk(path, each);
                }
            }
            Err(error) => each(name, Err(io_error(&error))),
        }
        return;
    }
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return each(name, Err(io_error(&error))),
    };
    if sniff(&bytes) != Kind::Zip {
        return each(name, Ok(bytes));
    }
    let opened = archive::open(Cursor::new(&bytes), &ArchiveLimits::default(), &mut |entry| {
        let bytes =
            entry.bytes.map_err(|error| Unreadable { message: error.message(), detail: error.to_string() });
        each(format!("{name}/{}", entry.name), bytes);
        true
    });
    if let Err(error) = opened {
        each(name, Err(Unreadable { message: error.message(), detail: error.to_string() }));
    }
}

fn io_error(error: &Error) -> Unreadable {
    Unreadable { message: "文件打不开，请检查路径和权限。".into(), detail: error.to_string() }
}

/// Why a file could not be read: for the one who sent it, and for the operator.
pub(crate) struct Unreadable {
    pub(crate) message: String,
    pub(crate) detail: String,
}
