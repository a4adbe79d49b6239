//! What is printed: in which language, and what happens when nobody reads it.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use super::{Said, fails, gouji, reports, run};

#[test]
fn help_is_in_the_language_that_is_asked_for() {
    let check = |arguments: &[&str], locale: &str, expected: &str| {
        let mut command = gouji(arguments);
        command.env("LC_ALL", locale);
        let Said { code, out, err } = run(command);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(out.contains(expected), "{arguments:?} with {locale}: {out}");
    };
    check(&["help"], "C", "Offices that collect reports:");
    check(&["help"], "en_US.UTF-8", "Offices that collect reports:");
    check(&["help"], "zh_CN.UTF-8", "主管部门：");
    check(&["--help", "--lang", "zh"], "en_US.UTF-8", "主管部门：");
    check(&["--lang", "en", "help", "check"], "zh_CN.UTF-8", "Examples:");
    check(&["key", "new", "--help"], "zh_CN.UTF-8", "示例：");
    check(&["completions", "bash"], "C", "complete -F _gouji");
    check(&["man"], "C", ".TH gouji 1");
}

#[test]
fn what_is_wrong_with_a_command_line_is_said_in_its_language() {
    let wrong = |locale: &str| {
        let mut command = gouji(&["check", "--format", "xml", "a.html"]);
        command.env("LC_ALL", locale);
        let Said { code, err, .. } = run(command);
        assert_eq!(code, Some(2), "{err}");
        err
    };
    assert!(wrong("zh_CN.UTF-8").starts_with("错误："));
    assert!(wrong("C").starts_with("error: "));
}

#[test]
fn json_is_the_same_in_every_language() {
    let folder = tempfile::tempdir().unwrap();
    for report in reports(3, 100) {
        fs::write(folder.path().join(&report.file_name), &report.bytes).unwrap();
    }
    fs::write(folder.path().join("garbage.txt"), b"\0\x01\x02\0garbage\0\0").unwrap();
    let json = |language: &str| {
        let path = folder.path().to_str().unwrap();
        run(gouji(&["check", "--format", "json", "--lang", language, path, "no such file"])).out
    };
    assert_eq!(json("zh"), json("en"));
    assert_eq!(json("zh").lines().count(), 5);
}

#[test]
fn a_reader_that_goes_away_changes_no_status() {
    let folder = tempfile::tempdir().unwrap();
    let all = reports(60, 100);
    let bad = all.iter().find(|report| fails(report)).unwrap();
    // More than a pipe holds.
    for number in 0..40 {
        fs::write(folder.path().join(format!("{number}-{}", bad.file_name)), &bad.bytes).unwrap();
    }
    let mut command = gouji(&["check", "--format", "json", folder.path().to_str().unwrap()]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with('{') && line.ends_with('\n'), "{line}");
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(1), ""));
}

#[test]
fn a_full_disk_is_an_error() {
    let mut command = gouji(&["rules", "list"]);
    command.stdout(File::options().write(true).open("/dev/full").unwrap()).stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("结果没有写完：") && said.lines().count() == 1, "{said}");
}
