//! What an operator does when something is wrong, with the programs that he has.

mod reconcile;
mod replay;
mod topology;

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use bus::Bus;
use proto::ReportId;
use proto::subject;
use proto::v1::ActionTaken;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tests::api::list;
use tests::generate::{Generated, Options, generate};
use tests::pipeline::Pipeline;
use tests::processes::{program, until};

const SEED: u64 = 20_261_122;
/// What a killed server or worker held comes again after half a minute.
const PATIENCE: Duration = Duration::from_secs(120);

fn reports(numbers: std::ops::Range<u64>) -> Vec<Generated> {
    numbers.map(|number| generate(SEED, number, &Options::default())).collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The id of a reading of these bytes.
fn id(bytes: &[u8], generation: u32) -> String {
    ReportId::of(&sha256(bytes), generation).unwrap().to_string()
}

/// Where an original or a text lies.
fn place(pipeline: &Pipeline, sha256: &str) -> PathBuf {
    pipeline.index_folder().with_file_name("originals").join(&sha256[..2]).join(sha256)
}

#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

/// `gouji` with these arguments and these variables, and nothing else of the environment that it listens to.
fn gouji(arguments: &[&str], variables: &[(&str, String)]) -> Said {
    let mut command = Command::new(program("gouji").unwrap());
    let ours = std::env::vars().map(|(name, _)| name);
    for name in ours.filter(|name| name.starts_with("GOUJI_") && name != "GOUJI_NATS_SERVER") {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C").env("XDG_STATE_HOME", "/dev/null");
    command.env("USER", "somebody").envs(variables.iter().map(|(name, value)| (name, value)));
    let Output { status, stdout, stderr } = command.args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: status.code(), out: text(stdout), err: text(stderr) }
}

/// An operator's verb on a host of this pipeline.
fn operator(pipeline: &Pipeline, arguments: &[&str]) -> Said {
    let originals = pipeline.index_folder().with_file_name("originals");
    let variables =
        [("GOUJI_NATS_URL", pipeline.nats.url()), ("GOUJI_ORIGINALS", originals.display().to_string())];
    gouji(arguments, &variables)
}

/// The same, where it has to go well.
#[track_caller]
fn operate(pipeline: &Pipeline, arguments: &[&str]) -> String {
    let said = operator(pipeline, arguments);
    assert_eq!(said.code, Some(0), "{arguments:?}: {said:?}");
    said.out
}

/// Sends all of them, each by itself.
async fn send(pipeline: &Pipeline, reports: &[Generated]) {
    for report in reports {
        pipeline.api().submit(&report.file_name, report.bytes.clone()).await.unwrap();
    }
}

/// Waits until these readings have come so far.
async fn reach(pipeline: &Pipeline, ids: &[String], state: &str) {
    let mut states = Vec::new();
    let what = format!("all to be {state}");
    let reached = until(&what, PATIENCE, async || {
        let answer = pipeline.api().states(ids).await?;
        states =
            list(&answer).iter().map(|one| one["state"].as_str().unwrap_or_default().to_owned()).collect();
        Ok(states.iter().all(|one| one == state).then_some(()))
    });
    reached.await.unwrap_or_else(|error| panic!("{error:#}: {states:?}"));
}

/// Waits until nothing is on its way; what the account says then.
async fn sound(pipeline: &Pipeline) -> Value {
    let folder = pipeline.index_folder();
    until("a sound account with nothing in flight", PATIENCE, async || {
        let said = operator(pipeline, &["reconcile", "--json", "--index", folder.to_str().unwrap()]);
        let account: Value = serde_json::from_str(&said.out).unwrap_or_default();
        Ok((said.code == Some(0) && account["in_flight"] == 0).then_some(account))
    })
    .await
    .unwrap()
}

/// What was done, by whom.
async fn acts(observer: &Bus) -> Vec<(String, String)> {
    let mut acts = Vec::new();
    observer
        .scan(&subject::filter::<ActionTaken>(), |event| {
            let act = event.decode::<ActionTaken>().unwrap();
            if act.role == "operate" {
                acts.push((act.who, act.action));
            }
            Ok(())
        })
        .await
        .unwrap();
    acts
}
