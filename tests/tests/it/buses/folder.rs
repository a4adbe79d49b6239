//! An exchange folder, with processes that are killed, folders that are away, disks that are full and a log that is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use bus::Bus;
use proto::v1::{IndexOutcome, ReportIndexed};
use proto::{Fact as _, subject};
use serde_json::Value;
use tests::asyncapi;
use tests::disk::SmallDisk;
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::{Process, until};
use tests::proof::{Log, archive, reports, send_until_taken};
use tests::skip::skip;

/// Reports of some two hundred cells: a run has more than 20,000 rows of cells.
const REPORTS: u64 = 110;
/// So many are sent later, while the target is away.
const LATER: u64 = 6;
/// Changes of a batch.
const ROWS: usize = 5;
/// The kills: at each of these steps in turn, and by `kill -9` as soon as another batch stands.
const STEPS: [&str; 3] = ["written@1", "noted@1", "delivered@1"];
const AT_STEPS: usize = 18;
const AT_ANY_TIME: usize = 7;
/// How a process ends itself at a step.
const ABORTED: i32 = 6;
/// While everything else of the machine is busy too.
const PATIENCE: Duration = Duration::from_secs(120);

/// The settings of three outlets: everything with findings, one city, and a disk of its own.
struct Outlets {
    settings: PathBuf,
    folder: PathBuf,
}

impl Outlets {
    fn write(folder: &Path, regions: &str) -> Self {
        let outlet = |name: &str, regions: &str, carry: &str| {
            let path = folder.join(name).display().to_string();
            fs::create_dir_all(&path).unwrap();
            format!(
                "[[outlet]]\nname = {name:?}\nto = \"folder\"\nregions = [{regions}]\ncarry = {carry:?}\n\
                 [outlet.folder]\npath = {path:?}\nevery = \"0s\"\nrows = {ROWS}\nformats = [\"jsonl\"]\n"
            )
        };
        let text = outlet("sheng", "", "findings") + &outlet("shi", regions, "figures");
        let settings = folder.join("outlets.toml");
        fs::write(&settings, text).unwrap();
        Self { settings, folder: folder.to_owned() }
    }

    fn path(&self, outlet: &str) -> PathBuf {
        self.folder.join(outlet)
    }

    fn start(&self, pipeline: &Pipeline, outlet: &str, step: Option<&str>) -> Process {
        pipeline.deliver(outlet, &self.settings, step).unwrap()
    }

    /// What `gouji outlet` prints.
    fn say(&self, pipeline: &Pipeline, arguments: &[&str]) -> (Option<i32>, String) {
        let settings = self.settings.display().to_string();
        let all = [&["outlet"], arguments, &["--config", &settings]].concat();
        let output = pipeline.command(&all).unwrap().output().unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code(), said)
    }

    /// Waits until an outlet is so, as `gouji outlet list` says.
    async fn until(&self, pipeline: &Pipeline, outlet: &str, is: &str) {
        let mut said = String::new();
        until(&format!("{outlet} to be {is}"), PATIENCE, async || {
            said = self.say(pipeline, &["list", "--json"]).1;
            let rows = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let row = rows.into_iter().find(|row| row["name"] == outlet);
            Ok(row.filter(|row| row["is"] == is).map(drop))
        })
        .await
        .unwrap_or_else(|error| panic!("{error:#}: {said}"));
    }
}

/// A row of a CSV file by the names of its columns.
type Row = BTreeMap<String, String>;

/// The rows of one table in all batches of a folder.
fn rows(folder: &Path, table: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for directory in directories(folder) {
        let text = fs::read_to_string(folder.join(directory).join(format!("{table}.csv"))).unwrap();
        let mut reader = csv::Reader::from_reader(text.strip_prefix('\u{feff}').unwrap().as_bytes());
        rows.extend(reader.deserialize().map(Result::<Row, _>::unwrap));
    }
    rows
}

fn directories(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    names
}

/// The sequences at which a version of a report became current, with the region.
async fn on_the_log(bus: &Bus) -> BTreeMap<u64, String> {
    let mut found = BTreeMap::new();
    bus.scan(&subject::filter::<ReportIndexed>(), |event| {
        let fact = event.decode::<ReportIndexed>().unwrap();
        if fact.outcome() == IndexOutcome::Current {
            found.insert(event.sequence, fact.region().unwrap_or_default());
        }
        Ok(())
    })
    .await
    .unwrap();
    found
}

/// The sequences of the first changes that stand in a folder, in the order of its batches: those of judgements that
/// followed are left out.
fn delivered(folder: &Path) -> Vec<u64> {
    let of_version = |row: &&Row| row["rejudged"] != "true";
    rows(folder, "reports").iter().filter(of_version).map(|row| row["sequence"].parse().unwrap()).collect()
}

/// What stands of each report: its version and its figures.
fn contents(folder: &Path) -> BTreeMap<String, (String, Vec<(String, String)>)> {
    let mut found: BTreeMap<String, (String, Vec<(String, String)>)> = BTreeMap::new();
    for row in rows(folder, "reports") {
        found.insert(row["key"].clone(), (row["version"].clone(), Vec::new()));
    }
    let mut cells: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for row in rows(folder, "cells") {
        let cell = (row["cell"].clone(), format!("{} {}", row["value"], row["state"]));
        cells.entry(row["key"].clone()).or_default().push(cell);
    }
    for (key, mut of_report) in cells {
        of_report.sort();
        // A report that was judged again was carried twice, with the same figures.
        of_report.dedup();
        if let Some((_, found)) = found.get_mut(&key) {
            *found = of_report;
        }
    }
    found
}

#[tokio::test]
async fn nothing_is_lost_and_nothing_stands_twice() {
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let all = reports(40_000..40_000 + REPORTS + LATER);
    let (first, later) = all.split_at(REPORTS as usize);
    let folder = tempfile::tempdir().unwrap();
    let observer = pipeline.observer().await.unwrap();
    send_until_taken(&api, "first.zip", &archive(first)).await;
    log.until("indexed", first.len()).await;
    let region = on_the_log(&observer).await.values().find(|code| !code.is_empty()).unwrap()[..4].to_owned();
    let outlets = Outlets::write(folder.path(), &format!("{region:?}"));
    let sheng = outlets.path("sheng");

    // Killed at every step, and at any time.
    for kill in 0..AT_STEPS {
        let step = STEPS[kill % STEPS.len()];
        let mut process = outlets.start(&pipeline, "sheng", Some(step));
        let status = process.end(SOON).await.unwrap();
        assert_eq!(status.signal(), Some(ABORTED), "at {step}: {status}: {}", process.said());
    }
    for _ in 0..AT_ANY_TIME {
        let before = directories(&sheng).len();
        let mut process = outlets.start(&pipeline, "sheng", None);
        until("another batch", SOON, async || Ok((directories(&sheng).len() > before).then_some(())))
            .await
            .unwrap_or_else(|error| panic!("{error:#}: {}", process.said()));
        process.kill().unwrap();
    }
    let mut process = outlets.start(&pipeline, "sheng", None);
    let expected: Vec<u64> = on_the_log(&observer).await.into_keys().collect();
    assert_eq!(expected.len(), first.len());
    let whole = async || Ok((delivered(&sheng).len() >= expected.len()).then_some(()));
    until("everything", PATIENCE, whole)
        .await
        .unwrap_or_else(|error| panic!("{error:#}: {}", process.said()));
    outlets.until(&pipeline, "sheng", "idle").await;
    assert_eq!(delivered(&sheng), expected, "in the order of the log, each once");
    let cells = rows(&sheng, "cells");
    assert!(cells.len() >= 20_000, "{}", cells.len());
    read_by_python(&sheng, rows(&sheng, "reports").len(), cells.len());
    let (code, said) = outlets.say(&pipeline, &["check", "sheng"]);
    assert!(code == Some(0) && said.contains("sound"), "{said}");

    // A second process stands by, and goes on when the first is gone.
    let mut second = outlets.start(&pipeline, "sheng", None);
    let away = folder.path().join("away");
    fs::rename(&sheng, &away).unwrap();
    send_until_taken(&api, "later.zip", &archive(later)).await;
    log.until("indexed", all.len()).await;
    outlets.until(&pipeline, "sheng", "blocked").await;
    assert!(!sheng.exists(), "a folder that is away is not made");
    process.kill().unwrap();
    fs::rename(&away, &sheng).unwrap();
    let expected: Vec<u64> = on_the_log(&observer).await.into_keys().collect();
    until("the second process", PATIENCE, async || Ok((delivered(&sheng) == expected).then_some(())))
        .await
        .unwrap_or_else(|error| panic!("{error:#}: {}", second.said()));

    // One city hears its counties and nothing else.
    let mut shi = outlets.start(&pipeline, "shi", None);
    outlets.until(&pipeline, "shi", "idle").await;
    let of_city = on_the_log(&observer).await.into_iter().filter(|(_, code)| code.starts_with(&region));
    let of_city: Vec<u64> = of_city.map(|(sequence, _)| sequence).collect();
    assert_eq!(delivered(&outlets.path("shi")), of_city);
    assert!(!outlets.path("shi").join(&directories(&outlets.path("shi"))[0]).join("findings.csv").exists());

    // An operator pauses it, and has everything delivered again: what was taken away is written again.
    assert_eq!(outlets.say(&pipeline, &["pause", "shi"]).0, Some(0));
    outlets.until(&pipeline, "shi", "paused").await;
    let taken = directories(&outlets.path("shi")).swap_remove(0);
    fs::remove_dir_all(outlets.path("shi").join(taken)).unwrap();
    assert_eq!(outlets.say(&pipeline, &["rewind", "shi", "--to", "start"]).0, Some(0));
    assert_eq!(outlets.say(&pipeline, &["resume", "shi"]).0, Some(0));
    let again = async || {
        let mut sequences = delivered(&outlets.path("shi"));
        sequences.sort_unstable();
        Ok((sequences == of_city).then_some(()))
    };
    until("what was taken away", PATIENCE, again).await.unwrap();

    // Whichever process is killed or paused: nothing of a sender leaves.
    let json = fs::read_to_string(sheng.join(&directories(&sheng)[0]).join("reports.jsonl")).unwrap();
    let described = |line: &str| asyncapi::Message {
        channel: "lines",
        headers: BTreeMap::new(),
        payload: line.to_owned(),
    };
    asyncapi::check("buses::folder", &json.lines().map(described).collect::<Vec<_>>());
    for object in json.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let has = |name: &str| object.get(name).is_some();
        assert!(has("report") && has("cells") && has("findings") && has("verdict"), "{object}");
        assert!(!has("file") && !has("sender") && !has("remarks"), "{object}");
    }

    // The log is lost, and comes back from the originals: the outlet begins again and ends the same.
    let before = contents(&sheng);
    let jetstream = async_nats::jetstream::new(async_nats::connect(pipeline.nats.url()).await.unwrap());
    jetstream.delete_stream("GOUJI").await.unwrap();
    for arguments in [&["topology", "apply"][..], &["reconcile", "--rebuild", "--patience", "60"]] {
        let output = pipeline.command(arguments).unwrap().output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let made = observer.extent().await.unwrap().made_at_ms;
    let rebuilt = folder.path().join("rebuilt");
    until("the outlet to end equal", PATIENCE, async || {
        fs::remove_dir_all(&rebuilt).ok();
        fs::create_dir(&rebuilt)?;
        for directory in directories(&sheng).iter().filter(|name| name.contains(&format!("-{made}-"))) {
            let to = rebuilt.join(directory);
            fs::create_dir(&to)?;
            for table in ["reports.csv", "cells.csv"] {
                fs::copy(sheng.join(directory).join(table), to.join(table))?;
            }
        }
        Ok((contents(&rebuilt) == before).then_some(()))
    })
    .await
    .unwrap_or_else(|error| panic!("{error:#}: {}", second.said()));
    let sequences = delivered(&rebuilt);
    assert_eq!(sequences.iter().collect::<BTreeSet<_>>().len(), all.len());
    for process in [&mut second, &mut shi] {
        assert!(process.terminate(SOON).await.unwrap().success(), "{}", process.said());
    }
}

#[tokio::test]
async fn a_full_disk_blocks_and_leaves_nothing_half_written() {
    let folder = tempfile::tempdir().unwrap();
    let outlets = Outlets::write(folder.path(), "\"99\"");
    let sheng = outlets.path("sheng");
    let Ok(disk) = SmallDisk::mount(&sheng, 4) else {
        skip("buses::folder::a_full_disk", "no root, which mounting a disk needs", "run the tests as root");
        return;
    };
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let all = reports(41_000..41_008);
    disk.fill().unwrap();
    let mut process = outlets.start(&pipeline, "sheng", None);
    send_until_taken(&api, "all.zip", &archive(&all)).await;
    log.until("indexed", all.len()).await;
    outlets.until(&pipeline, "sheng", "blocked").await;
    assert_eq!(directories(&sheng), ["filler"]);
    let unfinished = fs::read_dir(&sheng).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(unfinished.filter(|name| name.to_string_lossy().starts_with(".sheng-")).count() == 0);
    disk.make_room().unwrap();
    let observer = pipeline.observer().await.unwrap();
    let expected: Vec<u64> = on_the_log(&observer).await.into_keys().collect();
    until("everything", PATIENCE, async || Ok((delivered(&sheng) == expected).then_some(()))).await.unwrap();
    assert!(process.terminate(SOON).await.unwrap().success(), "{}", process.said());
}

/// The csv module of Python counts the same rows, and reads figures as numbers.
fn read_by_python(folder: &Path, reports: usize, cells: usize) {
    const SCRIPT: &str = "import csv, glob, sys\n\
        def rows(name):\n\
        \x20   for path in glob.glob(sys.argv[1] + '/*/' + name):\n\
        \x20       yield from csv.DictReader(open(path, encoding='utf-8-sig', newline=''))\n\
        cells = list(rows('cells.csv'))\n\
        assert all((row['value'] != '') == (row['state'] in ('read', 'derived')) for row in cells)\n\
        sum(float(row['value']) for row in cells if row['value'])\n\
        print(sum(1 for _ in rows('reports.csv')), len(cells))\n";
    match Command::new("python3").args(["-c", SCRIPT]).arg(folder).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!(
                said.trim(),
                format!("{reports} {cells}"),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Err(_) => skip("buses::folder", "no python3", "apt-get install python3"),
    }
}
