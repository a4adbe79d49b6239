//! Nothing in `deploy/` names a setting that there is not, and the shipped file of settings is today's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tests::processes::program;
use worker::settings::{SETTINGS, example};

/// Variables that are no settings of a service: the file of settings itself, those of the command, and what the
/// nats-server of a region reads.
const OTHERS: [&str; 5] =
    ["GOUJI_CONFIG", "GOUJI_DATA", "GOUJI_SERVER", "GOUJI_NATS_SERVER", "GOUJI_REGION_SEED"];

#[test]
fn every_variable_in_deploy_is_a_setting() {
    let mut named = 0;
    for file in files(&deploy()) {
        let text = fs::read_to_string(&file).unwrap();
        for (at, _) in text.match_indices("GOUJI_") {
            let rest = &text[at..];
            let end = rest.find(|sign: char| !sign.is_ascii_uppercase() && sign != '_').unwrap_or(rest.len());
            let variable = &rest[..end];
            let known =
                SETTINGS.iter().any(|setting| setting.variable == variable) || OTHERS.contains(&variable);
            assert!(known, "{}: there is no setting {variable}", file.display());
            named += 1;
        }
    }
    assert!(named > 0);
}

#[test]
fn the_shipped_file_of_settings_is_current() {
    let path = deploy().join("gouji.toml");
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(there == example(), "write it with: cargo run -p gouji -- config > deploy/gouji.toml");
}

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// What a unit of systemd runs, with its settings, as far as a process takes them before it opens anything.
#[test]
fn the_command_of_every_unit_takes_the_shipped_settings() {
    let folder = tempfile::tempdir().unwrap();
    let init =
        Command::new(program("gouji").unwrap()).args(["bus", "init"]).arg(folder.path()).output().unwrap();
    assert!(init.status.success());
    let keys = folder.path().join("keys.toml");
    fs::write(&keys, "").unwrap();
    // A unit of an outlet is started with its name, which the settings have.
    let settings = folder.path().join("gouji.toml");
    let outlet = "[[outlet]]\nname = \"1\"\nto = \"folder\"\n[outlet.folder]\npath = \"/exchange/out\"\n";
    fs::write(&settings, fs::read_to_string(deploy().join("gouji.toml")).unwrap() + outlet).unwrap();
    let here = |text: &str| {
        let ours = folder.path().display().to_string();
        text.replace("/etc/gouji/nats", &ours)
            .replace("/etc/gouji/keys.toml", &keys.display().to_string())
            .replace("/etc/gouji/gouji.toml", &settings.display().to_string())
            .replace("%i", "1")
    };
    let mut checked = 0;
    for unit in files(&deploy().join("systemd")) {
        let text = fs::read_to_string(&unit).unwrap();
        let all =
            |key: &str| text.lines().filter_map(|line| line.strip_prefix(key)).map(here).collect::<Vec<_>>();
        let commands = all("ExecStart=/usr/local/bin/");
        let [command] = &commands[..] else { continue };
        let mut words = command.split_whitespace();
        let Some(name) = words.next().filter(|name| name.starts_with("gouji-")) else { continue };
        let credentials = all("LoadCredential=");
        let mut run = Command::new(program(name).unwrap());
        run.args(words).arg("--check").current_dir(folder.path());
        for said in all("Environment=") {
            let (variable, value) = said.split_once('=').unwrap();
            let of_systemd = |name: &str| {
                let given = credentials.iter().find_map(|given| given.strip_prefix(name)?.strip_prefix(':'));
                given.unwrap_or_else(|| panic!("{}: no credential {name}", unit.display())).to_owned()
            };
            run.env(variable, value.strip_prefix("%d/").map_or_else(|| value.to_owned(), of_systemd));
        }
        let output = run.output().unwrap();
        assert!(output.status.success(), "{}: {}", unit.display(), String::from_utf8_lossy(&output.stderr));
        checked += 1;
    }
    assert_eq!(checked, 6);
}

/// The settings of the cluster name nothing that there is not.
#[test]
fn the_settings_of_the_cluster_can_be_read() {
    let values = worker::settings::read_file(&deploy().join("kubernetes/gouji.toml")).unwrap();
    assert_eq!(values["GOUJI_NATS_REPLICAS"], "3");
}
