//! `docs/codes.md`, and that every code in it is used.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use proto::v1::{ReportIndexed, ReportParsed, ReportRefused, ReportSubmitted, ReportValidated};
use proto::{Fact as _, Fault, RefusalClass, Seen};

use super::{Code, CodeInfo};

const OPENING: &str = "\
# Codes

Every stable code that a sender or a program gets from gouji.
A code keeps its name and its meaning; newer versions may add some.
`GOUJI_GENERATE=1 cargo test -p access` writes this page.

The last line of each code says who acts: the **sender** corrects the file or the request, the **operator** removes a fault of the installation, and **nobody** has to where the same request succeeds later.

## Problem documents

Answers of the HTTP API with a status of 400 or more are problem documents (RFC 9457).
`code` is one of these codes and `type` is `urn:gouji:problem:<code>`; `title`, `detail` and `hint` are Chinese, `field` names the parameter, field or file at fault.
Where no file of an upload was accepted, `code` is the [refusal class](#refusals) of the first file, with the status 413 for `too-large` and `archive-limit` and 422 for the others.
";

const REFUSALS: &str = "
## Refusals

A file that is not accepted stands in `refused` of the receipt, with its `class`.
A report that was accepted and goes no further ends in a `ReportRefused` with its `class`: `GET /api/v1/submissions/{id}`, `POST /api/v1/states`, `GET /api/v1/status/{id}` and `gouji refused show ID` show it, with a Chinese `message` for the sender.
The same bytes sent again are read again if the refusal was no fault of the sender (the classes that say **Operator**), and are a duplicate otherwise; an operator tries any report again with `gouji refused replay`.
";

const START: &str = "
## Refusals to start

A service that does not start says why in one line on standard error; where the line begins with a code, it is one of these.
";

const STATES: &str = "
## States

How far a report has come: `state` of `GET /api/v1/submissions/{id}`, `POST /api/v1/states` and `GET /api/v1/status/{id}`.

| state | meaning |
| --- | --- |
";

/// How far a report has come, in the order of the pipeline.
const STATE_MEANINGS: [(&str, &str); 6] = [
    ("unknown", "No report has this id, or the key may not see it."),
    (ReportSubmitted::NAME, "The file is stored and waits to be read."),
    (ReportParsed::NAME, "The file was read and waits for the rules."),
    (ReportValidated::NAME, "The rules were run, and the report waits for the index."),
    (ReportIndexed::NAME, "The report is found by searches. Nothing more happens to it."),
    (ReportRefused::NAME, "The report goes no further; `class` and `message` say why."),
];

#[test]
fn the_page_of_codes_is_current() {
    let path = root().join("docs/codes.md");
    let fresh = markdown();
    if std::env::var_os("GOUJI_GENERATE").is_some_and(|value| value == "1") {
        std::fs::write(&path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == fresh,
        "docs/codes.md is not current: GOUJI_GENERATE=1 cargo test -p access writes it"
    );
}

#[test]
fn every_code_is_used() {
    let source = source();
    let uses: Vec<String> = Code::ALL
        .iter()
        .map(|code| format!("Code::{code:?}"))
        .chain(RefusalClass::ALL.iter().map(|class| format!("RefusalClass::{class:?}")))
        .collect();
    for used in uses {
        let is_used = source.match_indices(&used).any(|(at, _)| {
            let behind = source[at + used.len()..].chars().next();
            !behind.is_some_and(char::is_alphanumeric)
        });
        assert!(is_used, "nothing uses {used}");
    }
}

#[test]
fn each_code_has_a_name_of_its_own() {
    let mut names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    assert!(names.iter().all(|name| {
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    }));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Code::ALL.len());
}

fn markdown() -> String {
    let mut page = OPENING.to_owned();
    for code in Code::ALL {
        let CodeInfo { name, status, other_statuses, fault, meaning, remedy } = code.info();
        let statuses: Vec<String> = [&[status], other_statuses].concat().into_iter().map(described).collect();
        section(&mut page, name, meaning, &format!("Status {}", statuses.join(", ")), fault, remedy);
    }
    page.push_str(REFUSALS);
    for class in RefusalClass::ALL {
        let info = class.info();
        let seen: Vec<String> = info.seen.iter().map(seen_in).collect();
        section(&mut page, info.name, info.meaning, &seen.join(", "), info.fault, info.remedy);
    }
    page.push_str(START);
    section(
        &mut page,
        worker::WEAK_SANDBOX,
        "The kernel does not confine the readers of documents with both Landlock and seccomp; the line names what is missing.",
        "Standard error of parse and of `gouji up`; a warning in the log where `GOUJI_SANDBOX=weak`, and of `gouji check`",
        Fault::Operator,
        "Run parse on a kernel that has both (Linux 5.13 or newer), or accept the risk with `GOUJI_SANDBOX=weak`.",
    );
    page.push_str(STATES);
    for (state, meaning) in STATE_MEANINGS {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "| `{state}` | {meaning} |");
    }
    page
}

fn section(page: &mut String, name: &str, meaning: &str, seen: &str, fault: Fault, remedy: &str) {
    let who = match fault {
        Fault::Sender => "Sender",
        Fault::Operator => "Operator",
        Fault::Load => "Nobody",
    };
    let _ = write!(page, "\n### `{name}`\n\n{meaning}\n\n- {seen}\n- {who}: {remedy}\n");
}

fn described(status: StatusCode) -> String {
    format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default())
}

fn seen_in(seen: &Seen) -> String {
    match seen {
        Seen::Receipt => "Receipt of the upload".into(),
        Seen::Service(service) => format!("`ReportRefused` of {service}"),
        Seen::EveryWorker => "`ReportRefused` of parse, validate or index".into(),
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The code of every crate and service, without the two tables and without what tests repeat.
fn source() -> String {
    let mut source = String::new();
    let mut folders = vec![root().join("crates"), root().join("services")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                let is_code = !path.ends_with("tests") && !path.ends_with("code");
                folders.extend(is_code.then_some(path));
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("code.rs")
            {
                let text = std::fs::read_to_string(&path).unwrap();
                source.push_str(text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default());
            }
        }
    }
    source
}
