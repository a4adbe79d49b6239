//! Building the next generation while readers use the current one.

use search::{Compatibility, CurrentReader, Generations, IndexError};

use crate::{entry, index_of};

#[test]
fn a_reader_goes_over_to_the_generation_that_the_pointer_names() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("index");
    let (generations, current) = (Generations::new(&folder), CurrentReader::new(&folder));
    assert!(matches!(current.reader(), Err(IndexError::Absent { .. })));
    assert!(!folder.exists(), "a reader makes nothing");
    let (first, index) = generations.open_current().unwrap();
    assert_eq!((first, generations.current().unwrap()), (1, Some(1)));
    let mut writer = index.writer().unwrap();
    writer.apply(vec![entry(1, "甲")]).unwrap();
    writer.commit("1").unwrap();
    assert_eq!(current.reader().unwrap().count().unwrap(), 1);
    let (second, next) = generations.open_next().unwrap();
    let mut builder = next.writer().unwrap();
    builder.apply(vec![entry(1, "甲"), entry(2, "乙")]).unwrap();
    builder.commit("2").unwrap();
    assert_eq!((second, current.reader().unwrap().count().unwrap()), (2, 1));
    // Broken off, it goes on where it was.
    drop(builder);
    assert_eq!(generations.open_next().unwrap().1.payload().unwrap().as_deref(), Some("2"));
    generations.switch_to(second).unwrap();
    assert_eq!(current.reader().unwrap().count().unwrap(), 2);
    assert_eq!(generations.open_current().unwrap().0, 2);
}

#[test]
fn the_generation_before_is_kept_and_those_before_it_go() {
    let dir = tempfile::tempdir().unwrap();
    let generations = Generations::new(dir.path());
    generations.open_current().unwrap();
    for generation in 2..=4 {
        assert_eq!(generations.open_next().unwrap().0, generation);
        generations.switch_to(generation).unwrap();
        generations.remove_outdated().unwrap();
    }
    let there: Vec<u32> =
        (0..=5).filter(|generation| *generation > 0 && generations.path(*generation).exists()).collect();
    assert_eq!(there, [3, 4]);
}

#[test]
fn an_index_in_the_folder_itself_is_read_until_there_is_another() {
    let (reader, dir) = index_of(vec![entry(1, "甲")]);
    drop(reader);
    let (generations, current) = (Generations::new(dir.path()), CurrentReader::new(dir.path()));
    assert_eq!((generations.open_current().unwrap().0, current.reader().unwrap().count().unwrap()), (0, 1));
    for generation in 1..=2 {
        generations.open_next().unwrap();
        generations.switch_to(generation).unwrap();
        generations.remove_outdated().unwrap();
        assert_eq!(current.reader().unwrap().count().unwrap(), 0);
        assert_eq!(dir.path().join("meta.json").exists(), generation == 1);
    }
}

#[test]
fn an_index_of_another_version_is_reported_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (generations, current) = (Generations::new(dir.path()), CurrentReader::new(dir.path()));
    generations.open_current().unwrap();
    std::fs::write(generations.path(1).join("gouji-index-version"), "schema 0").unwrap();
    assert!(matches!(generations.open_current(), Err(IndexError::NeedsRebuild { .. })));
    assert!(matches!(current.reader(), Err(IndexError::NeedsRebuild { .. })));
    assert_eq!(generations.compatibility(1).unwrap(), Compatibility::Incompatible);
    // Half of a next one that another version had begun is not gone on with.
    std::fs::create_dir(generations.path(2)).unwrap();
    std::fs::write(generations.path(2).join("gouji-index-version"), "schema 0").unwrap();
    assert_eq!(generations.open_next().unwrap().0, 2);
    assert_eq!(
        (generations.compatibility(2).unwrap(), generations.compatibility(3).unwrap()),
        (Compatibility::Compatible, Compatibility::Absent)
    );
}

#[test]
fn one_process_writes_and_one_builds() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (Generations::new(dir.path()), Generations::new(dir.path()));
    let (writing, building) = (one.lock_writer().unwrap(), one.lock_builder().unwrap());
    assert!(writing.is_some() && building.is_some());
    assert!(other.lock_writer().unwrap().is_none() && other.lock_builder().unwrap().is_none());
    drop(writing);
    assert!(other.lock_writer().unwrap().is_some() && other.lock_builder().unwrap().is_none());
}

#[test]
fn a_pointer_that_names_nothing_is_none_and_the_last_generation_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let generations = Generations::new(dir.path());
    let (first, index) = generations.open_current().unwrap();
    drop(index);
    for pointer in ["the second", ""] {
        std::fs::write(dir.path().join("current"), pointer).unwrap();
        assert_eq!(generations.current().unwrap(), None);
        assert_eq!(generations.open_current().unwrap().0, first);
        assert_eq!(generations.current().unwrap(), Some(first));
    }
}
