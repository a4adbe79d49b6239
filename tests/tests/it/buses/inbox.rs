//! The exchange folder, inwards: batches with manifests, receipts, senders with their scope, SFTP in front.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use proto::v1::ReportSubmitted;
use serde_json::{Value, json};
use tests::api::zip;
use tests::disk::SmallDisk;
use tests::generate::Generated;
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::{program, until};
use tests::proof::{Log, PATIENCE, counts, id, reconciled, reports, sha256};
use tests::skip::skip;
use tests::sshd::{self, Sshd};

/// Longer than anything here takes, so that only manifests and end marks make anything complete.
const NEVER: &str = "3600";

/// A manifest of these reports as they are.
fn manifest(batch: &str, reports: &[Generated]) -> Value {
    let files: Vec<Value> = reports
        .iter()
        .map(|report| {
            json!({"name": report.file_name, "size": report.bytes.len(), "sha256": sha256(&report.bytes),
                "agency": report.truth.agency, "region": report.truth.region_code, "year": report.truth.year})
        })
        .collect();
    json!({"batch": batch, "files": files})
}

/// Writes the files of a batch, without its manifest.
fn put_files(folder: &Path, reports: &[Generated]) {
    fs::create_dir_all(folder).unwrap();
    for report in reports {
        fs::write(folder.join(&report.file_name), &report.bytes).unwrap();
    }
}

/// The manifest comes last, whole.
fn put_manifest(folder: &Path, manifest: &Value) {
    fs::write(folder.join("manifest.json.part"), manifest.to_string()).unwrap();
    fs::rename(folder.join("manifest.json.part"), folder.join("manifest.json")).unwrap();
}

/// Waits for a file that is JSON, and reads it.
async fn receipt(path: PathBuf) -> Value {
    until(&path.display().to_string(), PATIENCE, async || {
        Ok(fs::read(&path).ok().map(|text| serde_json::from_slice(&text)).transpose()?)
    })
    .await
    .unwrap_or_else(|error| panic!("{error:#}; the receipts: {:#?}", receipts_in(path.parent().unwrap())))
}

/// The names and texts of the receipts in a folder.
fn receipts_in(folder: &Path) -> Vec<(PathBuf, String)> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter_map(|path| Some((path.clone(), fs::read_to_string(path).ok()?))).collect()
}

async fn gone(path: PathBuf) {
    until(&format!("{} to be gone", path.display()), SOON, async || Ok((!path.exists()).then_some(())))
        .await
        .unwrap();
}

/// The classes and files of the reasons of a receipt.
fn reasons(receipt: &Value) -> Vec<(&str, Option<&str>)> {
    let reasons = receipt["reasons"].as_array().unwrap();
    reasons.iter().map(|reason| (reason["class"].as_str().unwrap(), reason["file"].as_str())).collect()
}

#[tokio::test]
async fn a_batch_is_taken_whole_or_waits_and_is_the_same_when_it_comes_again() {
    let settings = [
        ("GOUJI_INBOX_QUIET_SECONDS", NEVER.to_owned()),
        ("GOUJI_ADDRESS", "https://gouji.example".to_owned()),
    ];
    let pipeline = Pipeline::start_with(Shape::default(), &settings).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let sender = pipeline.inbox().join("甲局");
    let receipts = sender.join("receipts");
    let all = reports(21_000..21_010);

    // By its manifest, which comes last; before, files arrive slowly.
    let folder = sender.join("第一批");
    put_files(&folder, &all[..2]);
    let mut slow = File::create(folder.join(&all[2].file_name)).unwrap();
    let (first, second) = all[2].bytes.split_at(all[2].bytes.len() / 2);
    slow.write_all(first).unwrap();
    put_manifest(&folder, &manifest("第一批", &all[..3]));
    // Another batch is taken meanwhile, so several looks found the file half written.
    let marked = sender.join("b");
    put_files(&marked, &all[3..4]);
    let line = format!("{},{}\n", all[3].file_name, sha256(&all[3].bytes));
    fs::write(marked.join("manifest.csv"), format!("文件名,SHA-256\n{line}")).unwrap();
    fs::write(sender.join("b.ok"), "").unwrap();
    receipt(receipts.join("b.taken.json")).await;
    gone(marked.clone()).await;
    assert!(folder.exists() && !receipts.join("第一批.taken.json").exists(), "half a file was taken");
    slow.write_all(second).unwrap();
    let taken = receipt(receipts.join("第一批.taken.json")).await;
    gone(folder.clone()).await;
    let ids: Vec<String> = all[..3].iter().map(|report| id(&report.bytes)).collect();
    let mut taken_ids: Vec<&str> =
        taken["reports"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    taken_ids.sort_unstable();
    let mut expected: Vec<&str> = ids.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(taken_ids, expected);
    assert_eq!((&taken["batch"], &taken["sender"]), (&json!("第一批"), &json!("甲局")));

    let outcome = receipt(receipts.join("第一批.outcome.json")).await;
    assert_eq!((&outcome["indexed"], &outcome["refused"]), (&json!(3), &json!(0)), "{outcome}");
    for file in outcome["files"].as_array().unwrap() {
        let state = &api.states(&[file["id"].as_str().unwrap().to_owned()]).await.unwrap()[0];
        assert_eq!((&file["state"], &file["verdict"]), (&state["state"], &state["verdict"]), "{file}");
        assert_eq!((&file["agency"], &file["report"]), (&state["agency"], &state["report"]));
        assert_eq!(file["differs"], Value::Null, "{file}");
        let link = file["link"].as_str().unwrap();
        assert!(link.starts_with("https://gouji.example/reports/"), "{link}");
        assert!(file["reason"].as_str().unwrap().starts_with("已入库"), "{file}");
    }
    let table = fs::read_to_string(receipts.join("第一批.outcome.csv")).unwrap();
    assert!(table.starts_with("\u{feff}文件名,报告编号,"), "{table}");
    assert_eq!(table.lines().count(), 4, "{table}");

    // The same batch again, this time as an archive: the same submission.
    let text = manifest("第一批", &all[..3]).to_string();
    let mut files: Vec<(&str, &[u8])> =
        all[..3].iter().map(|one| (one.file_name.as_str(), one.bytes.as_slice())).collect();
    files.push(("manifest.json", text.as_bytes()));
    fs::remove_file(receipts.join("第一批.taken.json")).unwrap();
    fs::write(sender.join("第一批.zip.part"), zip(files).unwrap()).unwrap();
    fs::rename(sender.join("第一批.zip.part"), sender.join("第一批.zip")).unwrap();
    fs::write(sender.join("第一批.ok"), "").unwrap();
    let again = receipt(receipts.join("第一批.taken.json")).await;
    assert_eq!(again["submission"], taken["submission"]);
    gone(sender.join("第一批.zip")).await;

    // Other bytes under this name are refused, and mixed with nothing.
    put_files(&folder, &all[4..5]);
    put_manifest(&folder, &manifest("第一批", &all[4..5]));
    let refused = receipt(receipts.join("第一批.refused.json")).await;
    assert_eq!(reasons(&refused), [("batch-changed", None)]);
    gone(folder).await;
    assert!(sender.join("refused/第一批").join(&all[4].file_name).exists());

    // A wrong hash, and a file that the manifest does not list: everything waits, until it is mended.
    let wrong = sender.join("c");
    put_files(&wrong, &all[5..7]);
    fs::write(wrong.join(&all[5].file_name), b"something else").unwrap();
    fs::write(wrong.join("extra.html"), b"x").unwrap();
    put_manifest(&wrong, &manifest("c", &all[5..7]));
    fs::write(sender.join("c.ok"), "").unwrap();
    let waiting = receipt(receipts.join("c.waiting.json")).await;
    let expected = [("not-in-manifest", Some("extra.html")), ("wrong-size", Some(all[5].file_name.as_str()))];
    let mut found = reasons(&waiting);
    found.sort_unstable();
    assert_eq!(found, expected, "{waiting}");
    fs::remove_file(wrong.join("extra.html")).unwrap();
    put_files(&wrong, &all[5..6]);
    receipt(receipts.join("c.outcome.json")).await;
    gone(receipts.join("c.waiting.json")).await;

    // A single file, with its end mark, and what is no report.
    fs::write(sender.join("通知.txt"), "关于报送的通知\n请于1月20日前报送。\n").unwrap();
    fs::write(sender.join("通知.txt.ok"), "").unwrap();
    let outcome = receipt(receipts.join("通知.txt.outcome.json")).await;
    assert_eq!(outcome["files"][0]["class"], "not-a-report");
    assert!(outcome["files"][0]["reason"].as_str().unwrap().contains("不是政府信息公开工作年度报告"));

    log.until("indexed", 6).await;
    counts(&api, 7, 6, 1).await;
    assert_eq!(fs::read_dir(sender.join("done/.pending")).unwrap().count(), 0);
    reconciled(&pipeline).await;
}

/// Adds a key to a file of keys, as an operator does.
fn add_key(file: &Path, name: &str, region: &str) {
    let mut command = Command::new(program("gouji").unwrap());
    command.args(["key", "new", "--role", "submit", "--region", region, "--name", name, "--file"]).arg(file);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Two reports of different provinces.
fn of_two_provinces() -> [Generated; 2] {
    let all = reports(21_100..21_140);
    let province = |report: &Generated| report.truth.region_code[..2].to_owned();
    let other = all.iter().find(|one| province(one) != province(&all[0])).unwrap();
    [all[0].clone(), other.clone()]
}

#[tokio::test]
async fn a_folder_has_the_scope_of_the_key_of_its_name() {
    let keys = tempfile::tempdir().unwrap();
    let keys = keys.path().join("keys.toml");
    let [ours, theirs] = of_two_provinces();
    add_key(&keys, "we", &ours.truth.region_code[..2]);
    let settings = [("GOUJI_KEYS", keys.display().to_string())];
    let pipeline = Pipeline::start_with(Shape::default(), &settings).await.unwrap();
    let (inbox, mut log) = (pipeline.inbox(), Log::of(&pipeline).await);
    for (sender, report) in [("we", &ours), ("stranger", &theirs)] {
        put_files(&inbox.join(sender).join("b"), std::slice::from_ref(report));
        put_manifest(&inbox.join(sender).join("b"), &manifest("b", std::slice::from_ref(report)));
    }
    let outcome = receipt(inbox.join("we/receipts/b.outcome.json")).await;
    assert_eq!(outcome["files"][0]["state"], "indexed", "{outcome}");

    // Nobody has the name of the other folder: nothing is taken, and it is said, beside the folder too.
    let said = receipt(inbox.join("stranger.refused.json")).await;
    assert_eq!(said["class"], "unknown-key", "{said}");
    assert!(inbox.join("stranger/b/manifest.json").exists());
    let submitted = log.observer.last_of_id::<ReportSubmitted>(&id(&theirs.bytes)).await.unwrap();
    assert_eq!(submitted, None);

    // The report of another province goes no further.
    put_files(&inbox.join("we/c"), std::slice::from_ref(&theirs));
    put_manifest(&inbox.join("we/c"), &manifest("c", std::slice::from_ref(&theirs)));
    let outcome = receipt(inbox.join("we/receipts/c.outcome.json")).await;
    assert_eq!(outcome["files"][0]["class"], "not-yours", "{outcome}");

    // Now somebody has the name, and the batch that waited is taken.
    add_key(&keys, "stranger", &theirs.truth.region_code);
    let outcome = receipt(inbox.join("stranger/receipts/b.outcome.json")).await;
    assert_eq!((&outcome["sender"], &outcome["files"][0]["state"]), (&json!("stranger"), &json!("indexed")));
    gone(inbox.join("stranger.refused.json")).await;
    log.until("indexed", 2).await;
}

/// What is put into the folder of a sender: a batch of two files, or a file by itself.
struct Item {
    name: String,
    reports: Vec<Generated>,
}

impl Item {
    fn put(&self, sender: &Path) {
        if self.reports.len() == 1 {
            fs::write(sender.join(format!("{}.part", self.name)), &self.reports[0].bytes).unwrap();
            fs::rename(sender.join(format!("{}.part", self.name)), sender.join(&self.name)).unwrap();
            fs::write(sender.join(format!("{}.ok", self.name)), "").unwrap();
        } else {
            put_files(&sender.join(&self.name), &self.reports);
            put_manifest(&sender.join(&self.name), &manifest(&self.name, &self.reports));
        }
    }
}

/// How often ingest is killed.
const KILLS: usize = 25;

#[tokio::test]
async fn killed_at_any_time_it_takes_everything_once_and_completes_every_receipt() {
    let all = reports(21_200..21_500);
    let mut pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let mut log = Log::of(&pipeline).await;
    let senders = ["甲局", "乙局"].map(|name| pipeline.inbox().join(name));
    let mut rest = all.as_slice();
    let items: Vec<Item> = (0..200)
        .map(|number| {
            let (reports, left) = rest.split_at(1 + number % 2);
            rest = left;
            let extension = Path::new(&reports[0].file_name).extension().unwrap_or_default();
            let name = match reports.len() {
                1 => format!("{number}.{}", extension.to_string_lossy()),
                _ => format!("batch-{number}"),
            };
            Item { name, reports: reports.to_vec() }
        })
        .collect();
    let places: Vec<(&Item, &PathBuf)> = items.iter().zip(senders.iter().cycle()).collect();
    for sender in &senders {
        fs::create_dir_all(sender).unwrap();
    }
    let taken = |items: &[(&Item, &PathBuf)]| {
        let is_taken = |(item, sender): &&(&Item, &PathBuf)| {
            sender.join(format!("receipts/{}.taken.json", item.name)).exists()
        };
        items.iter().filter(is_taken).count()
    };
    let mut put = 0;
    for kill in 0..KILLS {
        let upto = items.len() * (kill + 1) / KILLS;
        for (item, sender) in &places[put..upto] {
            item.put(sender);
        }
        put = upto;
        // In the middle of a batch of arrivals, at a different point each time.
        let enough = (put - 8) + kill % 8;
        until("some to be taken", PATIENCE, async || Ok((taken(&places[..put]) >= enough).then_some(())))
            .await
            .unwrap();
        pipeline.ingest.kill().unwrap();
        pipeline.ingest.start_again().unwrap();
    }
    pipeline.ingest.ready().await.unwrap();
    let mut submissions: BTreeMap<String, &str> = BTreeMap::new();
    for (item, sender) in &places {
        let path = |suffix: &str| sender.join(format!("receipts/{}.{suffix}", item.name));
        let (taken, outcome) = (receipt(path("taken.json")).await, receipt(path("outcome.json")).await);
        assert_eq!(taken["submission"], outcome["submission"], "{}", item.name);
        assert_eq!(outcome["indexed"], item.reports.len(), "{outcome}");
        assert_eq!(taken["reports"].as_array().unwrap().len(), item.reports.len());
        for report in &item.reports {
            let id = id(&report.bytes);
            let is_it = |one: &&Value| one["id"] == *id;
            let of = |receipt: &Value, list: &str| {
                receipt[list].as_array().unwrap().iter().find(is_it).cloned().unwrap()
            };
            let fact = log.observer.last_of_id::<ReportSubmitted>(&id).await.unwrap().unwrap();
            assert_eq!(
                taken["submission"], fact.submission,
                "{}: the receipt is of another submission",
                item.name
            );
            assert_eq!(of(&taken, "reports")["duplicate"], false, "{}: {taken}", item.name);
            assert_eq!(of(&outcome, "files")["sha256"], sha256(&report.bytes));
            assert_eq!(of(&outcome, "files")["state"], "indexed");
        }
        let earlier = submissions.insert(taken["submission"].as_str().unwrap().to_owned(), &item.name);
        assert_eq!(earlier, None, "two are one submission");
    }
    log.until("indexed", all.len()).await;
    counts(&pipeline.api(), all.len(), all.len(), 0).await;
    for sender in &senders {
        let left: Vec<_> = fs::read_dir(sender).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "done and receipts: {left:?}");
        assert_eq!(fs::read_dir(sender.join("done/.pending")).unwrap().count(), 0);
        let receipts = fs::read_dir(sender.join("receipts")).unwrap().count();
        assert_eq!(receipts, 3 * items.len() / senders.len(), "taken and outcome of each, and no more");
    }
    reconciled(&pipeline).await;
}

#[tokio::test]
async fn receipts_that_cannot_be_written_are_late_and_hold_nothing_up() {
    let disk = tempfile::tempdir().unwrap();
    let receipts = disk.path().join("receipts");
    let disk = match SmallDisk::mount(&receipts, 1) {
        Ok(disk) => disk,
        Err(error) => return skip("buses::inbox", &format!("no disk of its own: {error:#}"), "run as root"),
    };
    disk.fill().unwrap();
    let settings = [
        ("GOUJI_INBOX_RECEIPTS", receipts.display().to_string()),
        ("GOUJI_INBOX_QUIET_SECONDS", NEVER.to_owned()),
    ];
    let mut pipeline = Pipeline::start_with(Shape::default(), &settings).await.unwrap();
    let (mut log, sender) = (Log::of(&pipeline).await, pipeline.inbox().join("甲局"));
    let all = reports(21_600..21_602);
    for (batch, report) in ["a", "b"].iter().zip(&all) {
        put_files(&sender.join(batch), std::slice::from_ref(report));
        put_manifest(&sender.join(batch), &manifest(batch, std::slice::from_ref(report)));
    }
    log.until("indexed", 2).await;
    for batch in ["a", "b"] {
        gone(sender.join(batch)).await;
        assert!(!receipts.join(format!("甲局/{batch}.taken.json")).exists());
    }
    until("it to be said", SOON, async || {
        Ok(pipeline.ingest.process.said().contains("receipts of the exchange folder are late").then_some(()))
    })
    .await
    .unwrap();
    // It is known after a kill, too.
    pipeline.ingest.kill().unwrap();
    pipeline.ingest.start_again().unwrap();
    pipeline.ingest.ready().await.unwrap();
    disk.make_room().unwrap();
    for batch in ["a", "b"] {
        receipt(receipts.join(format!("甲局/{batch}.taken.json"))).await;
        let outcome = receipt(receipts.join(format!("甲局/{batch}.outcome.json"))).await;
        assert_eq!(outcome["indexed"], 1, "{outcome}");
    }
    drop(pipeline);
    drop(disk);
}

#[tokio::test]
async fn senders_of_sftp_upload_batches_read_receipts_and_see_no_other() {
    if let Some(missing) = sshd::missing() {
        return skip("buses::inbox", missing, "as root: apt-get install openssh-server");
    }
    let sshd = Sshd::start().await.unwrap();
    let [(we, _), (they, _)] = sshd::USERS;
    let keys = tempfile::tempdir().unwrap();
    let keys = keys.path().join("keys.toml");
    let all = reports(21_700..21_702);
    for name in [we, they] {
        add_key(&keys, name, &all[0].truth.region_code[..2]);
    }
    let settings = [
        ("GOUJI_KEYS", keys.display().to_string()),
        ("GOUJI_INBOX", sshd.inbox().display().to_string()),
        ("GOUJI_INBOX_QUIET_SECONDS", NEVER.to_owned()),
    ];
    let _pipeline = Pipeline::start_with(Shape::default(), &settings).await.unwrap();
    let local = tempfile::tempdir().unwrap();
    let local = local.path();
    let report = std::slice::from_ref(&all[0]);
    put_files(local, report);
    fs::write(local.join("manifest.json"), manifest("2025-01", report).to_string()).unwrap();
    fs::write(local.join("old.json"), "{").unwrap();
    let shown = local.display();
    let name = &report[0].file_name;
    // The rename replaces a file, which only the POSIX one does.
    let upload = format!(
        "mkdir 2025-01\nput {shown}/old.json 2025-01/manifest.json\nput \"{shown}/{name}\" \"2025-01/{name}\"\n\
         put {shown}/manifest.json 2025-01/manifest.json.part\nrename 2025-01/manifest.json.part 2025-01/manifest.json\n"
    );
    let run = |user: &str, key: &str, commands: &str| {
        let output = sshd.sftp(user, key, commands).unwrap();
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
        (output.status.success(), said.concat())
    };
    let (uploaded, said) = run(we, we, &upload);
    assert!(uploaded, "{said}\n{}", sshd.said());

    receipt(sshd.inbox().join(we).join("receipts/2025-01.outcome.json")).await;
    let fetch =
        format!("get /receipts/2025-01.taken.json {shown}/\nget /receipts/2025-01.outcome.json {shown}/\n");
    let (fetched, said) = run(we, we, &fetch);
    assert!(fetched, "{said}");
    let outcome = receipt(local.join("2025-01.outcome.json")).await;
    assert_eq!(outcome["files"][0]["id"], id(&report[0].bytes));

    // Neither the folder of another sender, nor what is ours, nor the machine.
    let refused = |user: &str, key: &str, command: &str, why: &str| {
        let (succeeded, said) = run(user, key, &format!("{command}\n"));
        assert!(!succeeded && said.contains(why), "{command}: {said}");
    };
    refused(they, they, "get /receipts/2025-01.taken.json", "not found");
    refused(they, they, &format!("ls /../{we}"), "not found");
    refused(they, they, "get /etc/passwd", "not found");
    refused(we, we, "ls /done", "ermission denied");
    refused(we, we, &format!("put {shown}/old.json /receipts/x.json"), "ermission denied");
    refused(we, we, &format!("put {shown}/old.json /x.json"), "ermission denied");
    refused(we, we, "rm /receipts/2025-01.taken.json", "ermission denied");
    refused(we, they, "ls", "Permission denied (publickey)");
    // A link that a sender makes leads ingest nowhere.
    let (linked, said) = run(they, they, "symlink /etc/passwd link.html\nls -la\n");
    assert!(linked, "{said}");
    put_files(local, &all[1..]);
    let name = &all[1].file_name;
    let (uploaded, said) = run(
        they,
        they,
        &format!(
            "put \"{shown}/{name}\" a.html\nput {shown}/old.json a.html.ok\nput {shown}/old.json link.html.ok\n"
        ),
    );
    assert!(uploaded, "{said}");
    receipt(sshd.inbox().join(they).join("receipts/a.html.outcome.json")).await;
    assert!(!sshd.inbox().join(they).join("receipts/link.html.taken.json").exists());
    assert!(sshd.inbox().join(they).join("upload/link.html").is_symlink());
}
