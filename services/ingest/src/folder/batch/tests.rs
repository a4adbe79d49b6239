use std::fs;
use std::io::{Cursor, Write as _};

use serde_json::{Value, json};

use super::*;
use crate::folder::listing::candidates;
use crate::folder::mailbox::Mailbox;

/// The folder of the sender 甲局, empty.
struct Sender {
    inbox: tempfile::TempDir,
}

impl Sender {
    fn new() -> Self {
        let inbox = tempfile::tempdir().unwrap();
        fs::create_dir(inbox.path().join("甲局")).unwrap();
        Self { inbox }
    }

    fn put(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn path(&self, path: &str) -> PathBuf {
        self.inbox.path().join("甲局").join(path)
    }

    fn examine(&self) -> Examined {
        let mailbox = Mailbox::all(self.inbox.path(), None).pop().unwrap();
        let found = candidates(&mailbox);
        assert_eq!(found.len(), 1, "{found:?}");
        examine(&found[0], "甲局", true)
    }

    /// The files of the batch, if everything fits.
    fn names(&self) -> Vec<String> {
        match self.examine() {
            Examined::Batch(batch) => batch.members.into_iter().map(|member| member.listed.name).collect(),
            other => panic!("{other:?}"),
        }
    }

    /// Why it waits.
    fn reasons(&self) -> Vec<String> {
        match self.examine() {
            Examined::Waits(reasons) => reasons.iter().map(shown_reason).collect(),
            other => panic!("{other:?}"),
        }
    }
}

fn shown_reason(reason: &Reason) -> String {
    assert!(reason.message.ends_with('。'), "{reason:?}");
    [reason.class.name(), reason.file.as_deref().unwrap_or_default()].join(" ").trim_end().to_owned()
}

/// A manifest of these files as they are.
fn manifest(files: &[(&str, &[u8])]) -> Value {
    let files: Vec<Value> = files
        .iter()
        .map(|(name, bytes)| {
            json!({"name": name, "size": bytes.len(), "sha256": checksum::sha256(&mut &**bytes).unwrap()})
        })
        .collect();
    json!({"files": files})
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const FILES: [(&str, &[u8]); 2] = [("县/乙.docx", b"two"), ("甲.docx", b"one")];

#[test]
fn a_folder_that_fits_its_manifest_is_a_batch() {
    let sender = Sender::new();
    for (name, bytes) in FILES {
        sender.put(&format!("2025-01/{name}"), bytes);
    }
    for beside in ["甲.docx.sha256", "2025-01.ok", "Thumbs.db", "县/._乙.docx"] {
        sender.put(&format!("2025-01/{beside}"), "x");
    }
    let mut json = manifest(&FILES);
    (json["batch"], json["sender"]) = ("2025-01".into(), "甲局".into());
    let sm3 = checksum::sm3(&mut &b"one"[..]).unwrap();
    json["files"][1] = json!({"name": "甲.docx", "sm3": sm3});
    sender.put("2025-01/manifest.json", json.to_string());
    assert_eq!(sender.names(), ["县/乙.docx", "甲.docx"]);
    fs::remove_file(sender.path("2025-01/manifest.json")).unwrap();
    let sums: Vec<String> = FILES.iter().map(|(_, bytes)| checksum::sha256(&mut &**bytes).unwrap()).collect();
    sender.put(
        "2025-01/manifest.csv",
        format!("文件名,SHA-256\n县\\乙.docx,{}\n甲.docx,{}\n", sums[0], sums[1]),
    );
    assert_eq!(sender.names(), ["县/乙.docx", "甲.docx"]);
}

#[test]
fn what_does_not_fit_is_named_file_by_file() {
    let sender = Sender::new();
    sender.put("b/甲.docx", "one");
    sender.put("b/乙.docx", "other");
    sender.put("b/丙.docx", "longer");
    sender.put("b/extra.docx", "x");
    sender.put("b/Case.docx", "x");
    std::os::unix::fs::symlink("/etc/passwd", sender.path("b/link.docx")).unwrap();
    let mut json = manifest(&[
        ("甲.docx", b"one"),
        ("乙.docx", b"01234"),
        ("丙.docx", b"long"),
        ("case.docx", b"x"),
        ("gone.docx", b"x"),
        ("link.docx", b"x"),
    ]);
    (json["batch"], json["sender"]) = ("c".into(), "乙局".into());
    sender.put("b/manifest.json", json.to_string());
    let expected = [
        "wrong-batch",
        "wrong-sender",
        "not-in-manifest Case.docx",
        "missing-file case.docx",
        "not-in-manifest extra.docx",
        "missing-file gone.docx",
        "not-a-file link.docx",
        "missing-file link.docx",
        "wrong-size 丙.docx",
        "wrong-hash 乙.docx",
    ];
    assert_eq!(sender.reasons(), expected);
}

#[test]
fn pipes_and_links_are_never_opened() {
    let sender = Sender::new();
    sender.put("b/甲.docx", "one");
    sender.put("b/manifest.json", manifest(&[("甲.docx", b"one")]).to_string());
    rustix::fs::mkfifoat(rustix::fs::CWD, sender.path("b/pipe.docx"), 0o600.into()).unwrap();
    assert_eq!(sender.reasons(), ["not-a-file pipe.docx"]);
    fs::remove_file(sender.path("b/pipe.docx")).unwrap();
    assert_eq!(sender.names(), ["甲.docx"]);
    // Put there between the look at the folder and the opening.
    rustix::fs::mkfifoat(rustix::fs::CWD, sender.path("pipe"), 0o600.into()).unwrap();
    checksum::open(&sender.path("pipe")).unwrap_err();
    std::os::unix::fs::symlink("/etc/passwd", sender.path("link")).unwrap();
    checksum::open(&sender.path("link")).unwrap_err();
}

#[test]
fn a_folder_without_a_manifest_waits() {
    let sender = Sender::new();
    sender.put("b/甲.docx", "one");
    assert_eq!(sender.reasons(), ["no-manifest"]);
}

#[test]
fn an_archive_has_its_manifest_inside_or_beside() {
    let inside = manifest(&FILES).to_string();
    let check = |files: &[(&str, &[u8])], beside: Option<&str>| {
        let sender = Sender::new();
        sender.put("批次.zip", zip(files));
        if let Some(beside) = beside {
            sender.put("批次.manifest.json", beside);
        }
        sender
    };
    let with = |prefix: &str, more: &[(&str, &[u8])]| {
        let mut files: Vec<(String, Vec<u8>)> = FILES
            .iter()
            .chain(more)
            .map(|(name, bytes)| (format!("{prefix}{name}"), bytes.to_vec()))
            .collect();
        files.reverse();
        files
    };
    fn borrowed(files: &[(String, Vec<u8>)]) -> Vec<(&str, &[u8])> {
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect()
    }
    let manifest_file = [("manifest.json", inside.as_bytes())];
    for prefix in ["", "批次/"] {
        let files = with(prefix, &manifest_file);
        assert_eq!(check(&borrowed(&files), None).names(), ["县/乙.docx", "甲.docx"], "{prefix:?}");
        let files = with(prefix, &[]);
        assert_eq!(check(&borrowed(&files), Some(&inside)).names(), ["县/乙.docx", "甲.docx"], "{prefix:?}");
        assert_eq!(check(&borrowed(&files), None).examine(), Examined::NoBatch);
    }
    let files = with("", &[manifest_file[0], ("extra.docx", b"x")]);
    assert_eq!(check(&borrowed(&files), None).reasons(), ["not-in-manifest extra.docx"]);
    let wrong = manifest(&[("县/乙.docx", b"two"), ("甲.docx", b"ane"), ("丙.docx", b"x")]).to_string();
    let files = with("", &[("manifest.json", wrong.as_bytes())]);
    assert_eq!(check(&borrowed(&files), None).reasons(), ["missing-file 丙.docx", "wrong-hash 甲.docx"]);
}

#[test]
fn names_in_archives_may_be_gbk() {
    let gbk = encoding_rs::GB18030.encode("年报.docx").0.into_owned();
    // A name of as many bytes stands in for it, because the writer of archives writes UTF-8 only.
    let placeholder = "x".repeat(gbk.len());
    let mut packed = zip(&[
        (&placeholder, b"one"),
        ("manifest.json", manifest(&[("年报.docx", b"one")]).to_string().as_bytes()),
    ]);
    for at in 0..packed.len() - gbk.len() {
        if packed[at..].starts_with(placeholder.as_bytes()) {
            packed[at..at + gbk.len()].copy_from_slice(&gbk);
        }
    }
    let sender = Sender::new();
    sender.put("b.zip", packed);
    assert_eq!(sender.names(), ["年报.docx"]);
}

#[test]
fn names_on_disk_may_be_gbk() {
    let gbk = encoding_rs::GB18030.encode("年报.docx").0.into_owned();
    let sender = Sender::new();
    sender.put("b/manifest.json", manifest(&[("年报.docx", b"one")]).to_string());
    let name: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(gbk);
    fs::write(sender.path("b").join(name), "one").unwrap();
    assert_eq!(sender.names(), ["年报.docx"]);
}

#[test]
fn a_broken_archive_is_no_batch_unless_a_manifest_is_beside_it() {
    let sender = Sender::new();
    sender.put("b.zip", "PK\x03\x04 half");
    assert_eq!(sender.examine(), Examined::NoBatch);
    sender.put("b.manifest.json", manifest(&FILES).to_string());
    assert_eq!(sender.reasons(), ["unreadable"]);
}
