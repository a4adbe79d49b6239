//! What Prometheus gets to see of a running pipeline, and what deploy/observability makes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use regex::Regex;
use serde_json::Value;
use tests::api::zip;
use tests::generate::{Options, generate};
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::until;
use tests::skip::skip;
use worker::{OutletState, OutletStates};

fn observability(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/observability")).join(name)
}

async fn scrape(address: &str) -> String {
    bus::tls::prepare();
    let client = tests::api::http().build().unwrap();
    client.get(format!("{address}/metrics")).send().await.unwrap().text().await.unwrap()
}

/// Families and their kinds, and the names of all series, as the text format has them.
fn read(text: &str) -> (BTreeMap<String, String>, BTreeSet<String>) {
    let (mut families, mut series) = (BTreeMap::new(), BTreeSet::new());
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            let (name, kind) = family.split_once(' ').unwrap();
            let before = families.insert(name.to_owned(), kind.to_owned());
            assert_eq!(before, None, "{name} is there twice");
        } else if !line.starts_with('#') {
            let (name, value) = (line.split(['{', ' ']).next().unwrap(), line.rsplit(' ').next().unwrap());
            assert!(value.parse::<f64>().is_ok(), "{line}");
            series.insert(name.to_owned());
        }
    }
    (families, series)
}

/// Runs `GOUJI_PROMTOOL`, else the promtool on the PATH, and records what is not tested without it.
fn promtool(test: &str, arguments: &[&str], input: &str) {
    let program = std::env::var_os("GOUJI_PROMTOOL").unwrap_or_else(|| "promtool".into());
    let mut command = Command::new(&program);
    command.args(arguments).current_dir(observability("")).stdin(Stdio::piped());
    let Ok(mut process) = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() else {
        let missing = format!("`promtool {}` was not run, there is no promtool", arguments.join(" "));
        return skip(test, &missing, "apt-get install prometheus");
    };
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "promtool {arguments:?}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_sound_and_alerts_and_dashboard_name_no_other() {
    let test = "observed::metrics::metrics_are_sound_and_alerts_and_dashboard_name_no_other";
    let mut pipeline = Pipeline::start(Shape { parse: 2, ..Shape::default() }).await.unwrap();
    let api = pipeline.api();
    let reports: Vec<_> = (0..30).map(|index| generate(13, index, &Options::default())).collect();
    let noise = b"\0\x01\x02\xff".repeat(10_000);
    let files = reports.iter().map(|report| (report.file_name.as_str(), report.bytes.as_slice()));
    let archive = zip(files.chain([("noise.txt", noise.as_slice())])).unwrap();
    api.submit("all.zip", archive).await.unwrap();
    // An outlet whose process does not run: the console measures it all the same.
    let states = OutletStates::new(&pipeline.observer().await.unwrap());
    let refuses = |state: &mut OutletState| {
        (state.set_aside, state.problem) = (2, "connection refused".into());
        Ok(())
    };
    states.change("sheng", refuses).await.unwrap();
    let done = |status: &Value| status["counts"]["indexed"] == 30 && status["counts"]["refused"] == 1;
    // While it works, and when it is done.
    let mut scrapes = Vec::new();
    for service in pipeline.services() {
        scrapes.push((service.name().to_owned(), scrape(&service.address()).await));
    }
    until("everything to arrive", SOON, async || Ok(done(&api.status().await?).then_some(()))).await.unwrap();
    until("the console to look at the log", SOON, async || {
        let text = scrape(&pipeline.console.address()).await;
        let indexed = |line: &&str| line.contains("gouji_fact=\"indexed\"") && line.ends_with(" 30");
        let waits = |line: &&str| line.starts_with("gouji_outlet_lag{") && !line.ends_with(" 0");
        Ok(text.lines().find(indexed).and(text.lines().find(waits)).map(drop))
    })
    .await
    .unwrap();
    for service in pipeline.services() {
        scrapes.push((service.name().to_owned(), scrape(&service.address()).await));
    }

    let (mut families, mut series) = (BTreeMap::new(), BTreeSet::new());
    for (service, text) in &scrapes {
        let (its_families, its_series) = read(text);
        for (name, kind) in its_families {
            let stated = families.entry(name.clone()).or_insert_with(|| kind.clone());
            assert_eq!(*stated, kind, "{name} at {service}");
        }
        series.extend(its_series);
        // OpenTelemetry's name for a gauge, which Prometheus would rather keep for histograms.
        let lines = text.lines().filter(|line| !line.contains("process_unix_file_descriptor_count"));
        let text: String = lines.flat_map(|line| [line, "\n"]).collect();
        promtool(test, &["check", "metrics"], &text);
    }
    for name in series.iter() {
        assert!(!name.contains("duration") || name.contains("_seconds"), "{name} is without its unit");
    }
    let of = |service: &str, metric: &str| -> f64 {
        let (_, text) = scrapes.iter().rfind(|(name, _)| name == service).unwrap();
        let lines = text.lines().filter(|line| line.split(['{', ' ']).next() == Some(metric));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    };
    assert_eq!(of("ingest", "http_server_request_body_size_bytes_count"), 1.0);
    let read_by = |service| of(service, "messaging_client_consumed_messages_total");
    assert_eq!(read_by("parse") + read_by("parse-1"), 31.0);
    assert_eq!(
        of("console", "gouji_log_facts"),
        30.0 * 4.0 + 2.0,
        "four facts of each, and two of the noise"
    );
    assert_eq!(of("index", "gouji_stage_ready"), 1.0);
    assert_eq!((of("console", "gouji_outlet_set_aside"), of("console", "gouji_outlet_blocked")), (2.0, 1.0));
    assert!(of("console", "gouji_outlet_oldest_age_seconds") > 0.0);
    let outlets = &api.status().await.unwrap()["outlets"];
    assert_eq!(
        (&outlets[0]["name"], &outlets[0]["problem"]),
        (&"sheng".into(), &"connection refused".into())
    );
    assert!(outlets[0]["waiting"].as_u64() >= Some(120), "{outlets}");
    assert!(
        of("parse", "gouji_reader_cpu_time_seconds_total")
            + of("parse-1", "gouji_reader_cpu_time_seconds_total")
            > 0.0
    );
    assert!(
        of("index", "process_memory_usage_bytes") > 1e6 && of("ingest", "gouji_disk_available_bytes") > 0.0
    );

    let alerts = fs::read_to_string(observability("alerts.yaml")).unwrap();
    let dashboard: Value =
        serde_json::from_slice(&fs::read(observability("dashboard.json")).unwrap()).unwrap();
    let named = Regex::new(r"\b(gouji|messaging|http|process)_[a-z_]+").unwrap();
    let labels =
        Regex::new(r"\b(gouji_(stage|disk|fact|reader_lane)|http_(route|response_status_code))\b[^_]")
            .unwrap();
    for text in [alerts, dashboard.to_string()] {
        let text = labels.replace_all(&text, " ");
        let names: BTreeSet<&str> = named.find_iter(&text).map(|name| name.as_str()).collect();
        let strange: Vec<_> = names.iter().filter(|name| !series.contains(**name)).collect();
        assert!(names.len() > 10 && strange.is_empty(), "{strange:?} are no metrics; there are {series:#?}");
    }
}

#[test]
fn every_alert_leads_to_its_runbook() {
    let alerts = fs::read_to_string(observability("alerts.yaml")).unwrap();
    let operations = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations.md");
    let operations = fs::read_to_string(operations).unwrap();
    let anchors: BTreeSet<String> = operations
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .map(|heading| {
            heading.to_lowercase().replace(' ', "-").replace(|c: char| !c.is_alphanumeric() && c != '-', "")
        })
        .collect();
    let (mut count, mut lost) = (0, Vec::new());
    for anchor in
        alerts.lines().filter_map(|line| line.trim().strip_prefix("runbook_url: docs/operations.md#"))
    {
        count += 1;
        lost.extend((!anchors.contains(anchor)).then_some(anchor));
    }
    assert_eq!(count, alerts.matches("- alert:").count(), "an alert without its runbook");
    assert!(lost.is_empty(), "docs/operations.md has no headings {lost:?}");
}

#[test]
fn alerts_fire_when_they_should() {
    let test = "observed::metrics::alerts_fire_when_they_should";
    promtool(test, &["check", "rules", "alerts.yaml"], "");
    promtool(test, &["test", "rules", "alerts_test.yaml"], "");
}
