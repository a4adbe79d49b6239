//! Where a running `gouji up` is, so that the other verbs find it without `--server` and `--data`.
//!
//! `gouji up` writes a small file into its data folder and another one into the folder of this user's state;
//! it removes both when it ends. Where several run, the one that started last is found.

use std::fs;
use std::path::{Path, PathBuf};
use std::{env, process};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

/// A `gouji up` that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Running {
    /// The address of its console and API.
    pub(crate) url: String,
    /// Its data folder.
    pub(crate) data: PathBuf,
    process: u32,
}

/// The data folder of `up`, and where an operator's verbs look for it.
pub(crate) const DATA: &str = "gouji-data";

/// The name of the file.
const FILE: &str = "up.json";

impl Running {
    /// The process that runs on the default data folder of this directory, or that this user started.
    pub(crate) fn find() -> Option<Self> {
        Self::files().iter().find_map(|file| Self::read(file))
    }

    /// The files that [`Running::find`] reads, in this order.
    pub(crate) fn files() -> Vec<PathBuf> {
        [Some(Path::new(DATA).join(FILE)), state_file()].into_iter().flatten().collect()
    }

    /// What a file says; none where its process has ended.
    fn read(file: &Path) -> Option<Self> {
        let running: Self = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
        is_alive(running.process).then_some(running)
    }
}

/// The files of this process; dropping it removes them.
pub(crate) struct Registration {
    files: Vec<PathBuf>,
    running: Running,
}

impl Registration {
    /// Writes the files. A state folder that cannot be written is no reason not to start.
    pub(crate) fn new(url: String, data: &Path) -> Result<Self> {
        let running = Running { url, data: data.to_owned(), process: process::id() };
        let text = serde_json::to_vec(&running).context("writing where this process is")?;
        let mut files = Vec::new();
        for file in [Some(data.join(FILE)), state_file()].into_iter().flatten() {
            let written =
                file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&file, &text));
            match written {
                Ok(()) => files.push(file),
                Err(error) => {
                    tracing::warn!("writing {}: {error}; other verbs need --server", file.display())
                }
            }
        }
        Ok(Self { files, running })
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        for file in &self.files {
            // Another process may have written it since.
            if Running::read(file).as_ref() == Some(&self.running) {
                fs::remove_file(file).ok();
            }
        }
    }
}

/// `$XDG_STATE_HOME/gouji/up.json`, by default below `~/.local/state`.
fn state_file() -> Option<PathBuf> {
    let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = named("XDG_STATE_HOME").or_else(|| Some(named("HOME")?.join(".local/state")))?;
    Some(folder.join("gouji").join(FILE))
}

/// Whether a process with this number runs; assumed where the system has no `/proc`.
fn is_alive(process: u32) -> bool {
    !Path::new("/proc/self").exists() || Path::new("/proc").join(process.to_string()).exists()
}
