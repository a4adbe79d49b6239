//! The table of formats agrees with the samples, the fuzz targets and the READMEs.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use document::{FORMATS, Kind, Limits, read, sniff};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn names_and_magic_belong_to_one_format() {
    let names: HashSet<&str> = FORMATS.iter().map(|format| format.name).collect();
    assert_eq!(names.len(), FORMATS.len());
    for format in &FORMATS {
        assert_eq!(format.kind.as_str(), format.name);
        for magic in format.magic {
            assert_eq!(sniff(magic), format.kind, "{magic:?}");
        }
    }
}

/// No sample is Word 2003 XML; `docx.rs` writes such files.
#[test]
fn each_format_that_is_read_has_a_sample() {
    let mut seen = HashSet::from([Kind::WordXml]);
    for path in files(&repository().join("samples/reports")) {
        let bytes = fs::read(&path).unwrap();
        let format = sniff(&bytes).info();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        assert!(format.extensions.contains(&extension), "{} is {}", path.display(), format.name);
        assert!(format.is_read && read(&bytes, &Limits::default()).is_ok(), "{}", path.display());
        seen.insert(format.kind);
    }
    for format in FORMATS.iter().filter(|format| format.is_read) {
        assert!(seen.contains(&format.kind), "{} has no sample", format.name);
    }
}

#[test]
fn each_format_that_is_read_has_a_fuzz_target() {
    let targets = fs::read_to_string(repository().join("fuzz/src/lib.rs")).unwrap();
    for format in FORMATS.iter().filter(|format| format.is_read) {
        assert!(targets.contains(&format!("Kind::{:?}", format.kind)), "{} has no target", format.name);
    }
}

#[test]
fn the_readmes_name_each_format_that_is_read() {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let chinese = fs::read_to_string(repository().join("README.zh-CN.md")).unwrap();
    for format in FORMATS.iter().filter(|format| format.is_read) {
        let [english_name, chinese_name] = match format.kind {
            Kind::Text => ["plain text", "文本"].map(str::to_owned),
            Kind::WordXml => ["XML of Word 2003", "Word 2003 XML"].map(str::to_owned),
            Kind::ExcelXml => ["XML of Excel 2003", "Excel 2003 XML"].map(str::to_owned),
            _ => [format.extensions[0].to_uppercase(), format.extensions[0].to_uppercase()],
        };
        assert!(readme.contains(&english_name), "README.md does not name {english_name}");
        assert!(chinese.contains(&chinese_name), "README.zh-CN.md does not name {chinese_name}");
    }
}
