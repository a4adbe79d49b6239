//! `gouji check`: files, folders and archives without a server.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use report::{Form, FormId};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tests::api::{list, zip};
use tests::generate::{Generated, Layout};
use tests::judge::judge;

use super::{Said, fails, gouji, reports, run};

/// The keys of a line, in their order.
const KEYS: [&str; 17] = [
    "file",
    "sha256",
    "format",
    "status",
    "reason",
    "agency",
    "region",
    "year",
    "form",
    "published",
    "published_source",
    "stated",
    "cells",
    "claims",
    "remarks",
    "findings",
    "verdict",
];

/// Runs it, and gives each line by the name of its file.
fn check_json(path: &Path, expected: i32) -> BTreeMap<String, Value> {
    let Said { code, out, err } = run(gouji(&["check", "--format", "json", path.to_str().unwrap()]));
    assert_eq!((code, err.as_str()), (Some(expected), ""));
    let lines = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| (line["file"].as_str().unwrap().to_owned(), line)).collect()
}

fn write(folder: &Path, reports: &[&Generated]) {
    fs::create_dir_all(folder).unwrap();
    for report in reports {
        fs::write(folder.join(&report.file_name), &report.bytes).unwrap();
    }
}

/// A line of a report that was read.
fn is_the_contract(line: &Value, report: &Generated) {
    let file = &report.file_name;
    assert_eq!(line.as_object().unwrap().keys().collect::<Vec<_>>(), KEYS, "{file}");
    assert_eq!(judge(line, &report.truth).complaints, [] as [String; 0], "{file}");
    let hash: String = Sha256::digest(&report.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(line["sha256"], hash, "{file}");
    let html = matches!(report.layout, Layout::Html | Layout::HtmlGb18030);
    assert_eq!(line["format"] == "html", html, "{file} is {}", line["format"]);
    let missing = |cell: &Value| cell["state"] == "missing" || cell["state"] == "unreadable";
    let partial = line["cells"].as_object().unwrap().values().any(missing);
    assert_eq!(line["status"], if partial { "partial" } else { "read" }, "{file}");
    assert_eq!(line["reason"].is_null(), !partial, "{file}");
    assert_eq!(line["verdict"] == "fail", fails(report), "{file}: {}", line["findings"]);
    let form = Form::get(FormId::parse(report.truth.form).unwrap());
    let ids: Vec<&str> = form.cells().iter().map(|id| id.as_str()).collect();
    assert_eq!(line["cells"].as_object().unwrap().keys().collect::<Vec<_>>(), ids, "{file}");
    for (id, cell) in line["cells"].as_object().unwrap() {
        assert_eq!(
            cell.as_object().unwrap().keys().collect::<Vec<_>>(),
            ["value", "state", "text", "origin"]
        );
        if cell["state"] == "read" {
            let place = |end: &str| cell["origin"][end].as_u64().unwrap() as usize;
            assert!(place("start") < place("end") && place("end") <= report.bytes.len(), "{id} of {file}");
        }
    }
    for claim in list(&line["claims"]) {
        let keys: Vec<_> = claim.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["text", "value", "unit", "exact", "about", "relation", "origin"]);
    }
    for finding in list(&line["findings"]) {
        let keys: Vec<_> = finding.as_object().unwrap().keys().collect();
        let all = [
            "rule", "severity", "verdict", "message", "cells", "left", "right", "repair", "origin",
            "against", "waiver",
        ];
        assert_eq!(keys, all);
        assert!(matches!(finding["severity"].as_str(), Some("error" | "warning" | "info")), "{finding}");
        assert!(matches!(finding["verdict"].as_str(), Some("fails" | "unknown")), "{finding}");
    }
}

#[test]
fn every_layout_alone_in_folders_and_in_archives() {
    let folder = tempfile::tempdir().unwrap();
    let all = reports(60, 30);
    let (first, rest) = all.split_at(20);
    let (second, third) = rest.split_at(20);
    write(&folder.path().join("甲"), &first.iter().collect::<Vec<_>>());
    write(folder.path(), &second.iter().collect::<Vec<_>>());
    let archive =
        zip(third.iter().map(|report| (report.file_name.as_str(), report.bytes.as_slice()))).unwrap();
    fs::write(folder.path().join("其余.zip"), archive).unwrap();
    fs::write(folder.path().join(".hidden"), "not to be read").unwrap();

    let lines = check_json(folder.path(), 1);
    assert_eq!(lines.len(), all.len());
    for (reports, below) in [(first, "甲"), (second, ""), (third, "其余.zip")] {
        for report in reports {
            let file = folder.path().join(below).join(&report.file_name).display().to_string();
            is_the_contract(&lines[&file], report);
        }
    }
}

#[test]
fn the_exit_status_is_the_worst_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let all = reports(60, 30);
    let (bad, good): (Vec<_>, Vec<_>) = all.iter().partition(|report| fails(report));
    write(folder.path(), &good);
    assert_eq!(check_json(folder.path(), 0).len(), good.len());
    write(folder.path(), &bad[..1]);
    assert_eq!(check_json(folder.path(), 1).len(), good.len() + 1);
    let garbage = folder.path().join("garbage.txt");
    fs::write(&garbage, b"\0\x01\x02\0garbage\0\0").unwrap();
    let lines = check_json(folder.path(), 2);
    let line = &lines[&garbage.display().to_string()];
    assert!(KEYS.iter().all(|key| line.get(key).is_some()), "{line}");
    assert_eq!(line["status"], "unreadable");
    assert!(line["reason"].is_string() && line["verdict"].is_null() && line["agency"].is_null());
    check_json(&folder.path().join("no such file"), 2);
}

#[test]
fn another_document_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("hello.txt", "hello\n"),
        ("a.json", "{}"),
        (
            "notice.txt",
            "某县财政局关于召开2024年度工作会议的通知\n各科室：\n请准时参加。\n某县财政局\n2025年1月2日\n",
        ),
    ];
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let lines = check_json(folder.path(), 2);
    assert_eq!(lines.len(), files.len());
    for (file, line) in &lines {
        assert_eq!(line["status"], "unreadable", "{file}");
        assert!(line["reason"].as_str().unwrap().contains("不是政府信息公开工作年度报告"), "{line}");
        assert!(line["verdict"].is_null() && line["agency"].is_null() && list(&line["findings"]).is_empty());
    }
}

#[test]
fn people_are_shown_the_place_and_the_sum() {
    let folder = tempfile::tempdir().unwrap();
    let bad =
        reports(60, 100).into_iter().find(|report| report.truth.faults.iter().any(|one| one.rule == "T3-01"));
    let bad = bad.unwrap();
    let path = folder.path().join(&bad.file_name);
    fs::write(&path, &bad.bytes).unwrap();
    let Said { code, out, err } = run(gouji(&["check", path.to_str().unwrap()]));
    assert_eq!((code, err.as_str()), (Some(1), ""), "{out}");
    for part in ["[T3-01]: ", "新收与上年结转合计", "≠", "有错误1份"] {
        assert!(out.contains(part), "{part} is not in\n{out}");
    }
    let english = run(gouji(&["check", "--lang", "en", path.to_str().unwrap()])).out;
    assert!(english.contains("1 checked: 0 pass, 0 warn, 1 fail, 0 unreadable"), "{english}");
}

#[test]
fn a_folder_is_one_page_or_one_workbook() {
    let folder = tempfile::tempdir().unwrap();
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/reports");
    let names = ["page-utf8.html", "word-automatic-numbers.docx"];
    let of_samples: Vec<String> = names.map(|name| format!("{samples}/{name}")).into();
    let written = |format: &str, begin: &[u8]| {
        let out = folder.path().join(format!("out.{format}"));
        let out = out.to_str().unwrap();
        let mut command = gouji(&["check", "--format", format, "--out", out]);
        command.args(&of_samples);
        let Said { out: said, err, .. } = run(command);
        assert_eq!((said.trim(), err.as_str()), (out, ""));
        let bytes = fs::read(out).unwrap();
        assert!(bytes.starts_with(begin), "{format}");
        bytes
    };
    let page = String::from_utf8(written("html", b"<!DOCTYPE html>")).unwrap();
    assert!(names.iter().all(|name| page.contains(name)), "{page}");
    written("xlsx", b"PK");
}

#[test]
fn the_samples_are_read() {
    let samples = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/reports"));
    let lines = check_json(samples, 1);
    assert_eq!(lines.len(), fs::read_dir(samples).unwrap().count());
    for (file, line) in lines {
        assert_eq!(line.as_object().unwrap().keys().collect::<Vec<_>>(), KEYS, "{file}");
        assert!(
            line["agency"].is_string() && line["year"].is_number() && line["region"].is_object(),
            "{file}"
        );
        assert_ne!(line["status"], "unreadable", "{file}");
    }
}
