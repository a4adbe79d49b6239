//! Reads the whole corpus and all samples.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::Path;

use fuzz::TARGETS;

fn files(folder: impl AsRef<Path>) -> impl Iterator<Item = (String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let paths: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.into_iter().map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
}

#[test]
fn the_corpus_holds() {
    for target in TARGETS {
        for (name, input) in files(Path::new("corpus").join(target.name)) {
            let holds = std::panic::catch_unwind(|| target.run(&input));
            assert!(holds.is_ok(), "{name}");
        }
    }
}

#[test]
fn every_target_has_a_sample_and_packing_changes_nothing() {
    let samples: Vec<_> = files("../samples/reports").collect();
    for target in TARGETS {
        let of_target = samples.iter().filter(|(_, bytes)| target.kinds.contains(&document::sniff(bytes)));
        let inputs: Vec<_> =
            of_target.map(|(name, bytes)| (name, fuzz::unpack(target.form, bytes))).collect();
        assert!(!inputs.is_empty(), "{} has no sample", target.name);
        for (name, input) in inputs {
            let input = input.unwrap_or_else(|| panic!("{name} is not of the form of {}", target.name));
            target.run(&input);
        }
    }
}
