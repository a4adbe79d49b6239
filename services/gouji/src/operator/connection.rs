//! The connection of an operator's verbs to the bus. It bypasses the HTTP API, so that these verbs work while the
//! API does not.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use bus::Bus;
use clap::Args;
use worker::{Config, Worker};

use crate::language::text;
use crate::local::nats;
use crate::local::running::DATA;
use crate::local::running::Running;

/// Where the bus is, and who uses it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Connection {
    /// Address of the bus; by default the one in the settings, else that of a running `gouji up`.
    #[arg(long, value_name = "URL")]
    nats: Option<String>,
    /// File of settings; `gouji config` prints one with every setting and its default.
    #[arg(long, env = "GOUJI_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder of a running `gouji up`, with its bus, its originals and its index; by default that of the
    /// one which this user started.
    #[arg(long, env = "GOUJI_DATA", value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Who does it, for the audit trail.
    #[arg(long, env = "USER", default_value = "operator", value_name = "NAME")]
    who: String,
}

impl Connection {
    /// The settings, with the bus that was asked for.
    ///
    /// # Errors
    /// If the settings cannot be used, or no `gouji up` runs on the folder.
    pub(crate) fn config(&self) -> Result<Config> {
        let mut config = Config::load(self.config.as_deref(), &[])?;
        let named = self.nats.is_some() || config.bus.url.is_some();
        let folder = match &self.data {
            Some(folder) => Some(folder.clone()),
            None if named => None,
            None => running(),
        };
        if let Some(folder) = folder {
            let below = |name: &str| folder.join(name).display().to_string();
            let defaults = [("GOUJI_ORIGINALS", below("originals")), ("GOUJI_INDEX", below("index"))];
            config = Config::load(self.config.as_deref(), &defaults)?;
            if !named {
                let folder_name = folder.display();
                let not_running =
                    || text!("没有 gouji up 在 {folder_name} 上运行", "no `gouji up` runs on {folder_name}");
                config.bus.url = Some(address(&folder).with_context(not_running)?);
            }
        }
        config.bus.url = self.nats.clone().or(config.bus.url);
        Ok(config)
    }

    /// Connects as an operator.
    ///
    /// # Errors
    /// If the settings cannot be used, or the bus does not answer or has no log.
    pub(crate) async fn open(&self) -> Result<Bus> {
        Ok(self.worker().await?.bus().clone())
    }

    /// Connects as an operator, for verbs that also need the store or the settings.
    ///
    /// # Errors
    /// If the settings cannot be used, or the bus does not answer or has no log.
    pub(crate) async fn worker(&self) -> Result<Worker> {
        let config = self.config()?;
        let connected = Worker::operator(&config).await;
        if config.bus.url.is_some() {
            return connected;
        }
        let files = Running::files().iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
        let files = files.join(", ");
        connected.with_context(|| {
            text!(
                "没有指定 --nats、--data，也没有在 {files} 找到正在运行的 gouji up",
                "neither --nats nor --data is given, and {files} name no running `gouji up`"
            )
        })
    }

    /// Whether the folders in the settings are on this host.
    pub(crate) fn is_local(&self) -> bool {
        self.data.is_some() || self.config.is_some()
    }

    /// Who uses the connection.
    pub(crate) fn who(&self) -> &str {
        &self.who
    }
}

/// The data folder of a running `gouji up`: of the default folder of this directory, else of this user.
fn running() -> Option<PathBuf> {
    let here = PathBuf::from(DATA);
    if address(&here).is_some() {
        return Some(here);
    }
    Running::find().map(|running| running.data).filter(|folder| address(folder).is_some())
}

/// The address of the nats-server of a `gouji up`.
fn address(data: &Path) -> Option<String> {
    nats::running(&data.join("nats"))
}
