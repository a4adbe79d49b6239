//! Files of the index that change on the disk while it is open.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use search::{Index, IndexError, Query};

use crate::suite::{entry, index_of, sealed};

/// The index files of a folder with this extension, one at least.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(|path| path.extension().is_some_and(|one| one == extension)).collect();
    assert!(!files.is_empty(), "{extension}");
    files
}

/// What is done to a file, and how.
type Damage<'a> = (&'a str, &'a dyn Fn(&PathBuf));

#[test]
fn whatever_happens_to_a_file_an_open_reader_names_it() {
    let cut = |path: &PathBuf| {
        let file = File::options().write(true).open(path).unwrap();
        file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    };
    let flip = |path: &PathBuf| {
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        // In place, as a disk does it; a new file would leave the open one as it was.
        fs::write(path, bytes).unwrap();
    };
    let replace = |path: &PathBuf| {
        let other = path.with_extension("other");
        fs::write(&other, vec![0; fs::read(path).unwrap().len()]).unwrap();
        fs::rename(other, path).unwrap();
    };
    let delete = |path: &PathBuf| fs::remove_file(path).unwrap();
    let empty = |path: &PathBuf| fs::write(path, "").unwrap();
    for extension in ["store", "fast", "term", "idx", "pos", "fieldnorm"] {
        let damages: [Damage<'_>; 5] = [
            ("cut", &cut),
            ("flipped", &flip),
            ("replaced", &replace),
            ("deleted", &delete),
            ("emptied", &empty),
        ];
        for (what, damage) in damages {
            let (reader, folder) = index_of((0..50).map(|number| entry(number, "公开信息")).collect());
            let search = || reader.search(&Query { text: "信息".into(), ..Query::default() });
            assert_eq!(search().unwrap().total, 50);
            let file = files(folder.path(), extension).remove(0);
            damage(&file);
            let Err(error) = search() else { panic!("{what} {extension}: an answer") };
            let IndexError::DamagedFile { file: named, .. } = &error else { panic!("{what}: {error}") };
            assert_eq!(*named, file, "{what}");
            assert!(search().is_err() && reader.check().is_err(), "from every answer");
        }
    }
}

#[test]
fn damage_before_it_is_opened_is_found_too() {
    let (reader, folder) = index_of(vec![entry(1, "公开信息")]);
    drop(reader);
    let file = files(folder.path(), "store").remove(0);
    let mut bytes = fs::read(&file).unwrap();
    bytes[10] ^= 1;
    fs::write(&file, bytes).unwrap();
    let index = Index::open(folder.path()).unwrap();
    assert!(matches!(index.check(), Err(IndexError::DamagedFile { .. })));
}

#[test]
fn commits_and_merges_are_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path()).unwrap();
    let (mut writer, reader) = (index.writer().unwrap(), index.reader().unwrap());
    for number in 0..40 {
        writer.apply(vec![sealed(entry(number, "公开信息"))]).unwrap();
        writer.commit("1").unwrap();
        reader.check().unwrap();
        assert_eq!(reader.count().unwrap(), u64::from(number) + 1);
    }
}
