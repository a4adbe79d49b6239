//! The bus as an operator's verbs reach it: directly, so that they work while a door is shut.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use stage::{Config, Stage};

use crate::local::nats;
use crate::local::up::DATA;

/// Where the bus is, and who asks.
#[derive(Debug, Clone, Args)]
pub(crate) struct Connection {
    /// Address of the bus; unless the settings name one, that of a running `gouji up` is taken.
    #[arg(long, value_name = "URL")]
    nats: Option<String>,
    /// File of settings; `gouji config` prints one with every setting and its default.
    #[arg(long, env = "GOUJI_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of a running `gouji up`, for its bus, its originals and its index.
    #[arg(long, env = "GOUJI_DATA", value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Who does it; kept with what was done.
    #[arg(long, env = "USER", default_value = "operator", value_name = "NAME")]
    who: String,
}

impl Connection {
    /// The settings, with the bus that was asked for.
    ///
    /// # Errors
    /// If they cannot be used, or no `gouji up` runs on the folder.
    pub(crate) fn config(&self) -> Result<Config> {
        let mut config = Config::load(self.config.as_deref(), &[])?;
        let named = self.nats.is_some() || config.nats_url.is_some();
        let folder = match &self.data {
            Some(folder) => Some(folder.clone()),
            None if named => None,
            None => Some(PathBuf::from(DATA)).filter(|folder| address(folder).is_some()),
        };
        if let Some(folder) = folder {
            let below = |name: &str| folder.join(name).display().to_string();
            let defaults = [("GOUJI_ORIGINALS", below("originals")), ("GOUJI_INDEX", below("index"))];
            config = Config::load(self.config.as_deref(), &defaults)?;
            if !named {
                let running = || format!("no `gouji up` runs on {}", folder.display());
                config.nats_url = Some(address(&folder).with_context(running)?);
            }
        }
        config.nats_url = self.nats.clone().or(config.nats_url);
        Ok(config)
    }

    /// A stage of the operator.
    ///
    /// # Errors
    /// If the settings cannot be used, or the bus does not answer or has no log.
    pub(crate) async fn open(&self) -> Result<Stage> {
        Stage::operator(&self.config()?).await
    }

    /// Whether the settings are those of this host, so that its folders are the pipeline's.
    pub(crate) fn is_local(&self) -> bool {
        self.data.is_some() || self.config.is_some()
    }

    /// Who does it.
    pub(crate) fn who(&self) -> &str {
        &self.who
    }
}

/// Where the nats-server of a `gouji up` listens.
fn address(data: &Path) -> Option<String> {
    nats::running(&data.join("nats"))
}
