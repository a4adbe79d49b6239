//! The files that people name on the command line: single files, files of folders, entries of archives.

use std::fs;
use std::io::Error;
use std::path::{Path, PathBuf};

use check::Unreadable;
use document::archive::ArchiveLimits;

/// Calls `each` with every file below a path: those of a folder sorted by name, those of an archive in its
/// order.
pub(crate) fn walk(path: &Path, each: &mut dyn FnMut(String, Result<Vec<u8>, Unreadable>)) {
    let mut paths = Vec::new();
    list(path, &mut paths);
    paths.iter().for_each(|path| open(path, each));
}

/// Adds the files below a path, sorted by name; hidden files of folders are left out.
pub(crate) fn list(path: &Path, paths: &mut Vec<PathBuf>) {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        // Opening it says what is wrong with it.
        Err(_) => return paths.push(path.to_owned()),
    };
    let mut below: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    below.sort();
    let is_hidden =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    below.iter().filter(|path| !is_hidden(path)).for_each(|path| list(path, paths));
}

/// Calls `each` with a file, or with every entry of an archive.
pub(crate) fn open(path: &Path, each: &mut dyn FnMut(String, Result<Vec<u8>, Unreadable>)) {
    let name = path.display().to_string();
    match fs::read(path) {
        Ok(bytes) => check::open(&name, bytes, &ArchiveLimits::default(), &mut |name, bytes| {
            each(name, bytes);
            true
        }),
        Err(error) => each(name, Err(io_error(&error))),
    }
}

fn io_error(error: &Error) -> Unreadable {
    Unreadable { message: "文件打不开，请检查路径和权限。".into(), detail: error.to_string() }
}
