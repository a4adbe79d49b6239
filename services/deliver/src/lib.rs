#![doc = include_str!("../README.md")]

mod any;
pub mod asyncapi;
pub mod change;
pub mod check;
pub mod envelope;
mod folder;
pub mod items;
pub mod kafka;
pub mod nats;
mod outward;
mod run;
mod set_aside;
mod standby;
pub mod table;
pub mod target;
pub mod webhook;

use anyhow::{Context as _, bail};
use futures::future;
use worker::{Config, Service, Worker};

pub use any::AnyTarget;
pub use set_aside::SetAside;

/// The service with every outlet of the settings, in one process.
pub fn service() -> Service {
    Service::new("deliver", async |worker: Worker| {
        let outlets = worker.config().routes.outlets.clone();
        // An outlet that cannot deliver is no reason to send nothing to the other services of the process.
        future::try_join_all(outlets.into_iter().map(|outlet| run::run(worker.clone(), outlet, false)))
            .await?;
        Ok(())
    })
    .checks(check_settings)
}

/// The service with one outlet.
pub fn service_of(name: &str) -> Service {
    let (served, checked) = (name.to_owned(), name.to_owned());
    Service::new("deliver", async move |worker: Worker| {
        let outlet = worker.config().routes.outlet(&served).context("the outlet is in the settings")?.clone();
        run::run(worker, outlet, true).await
    })
    .checks(move |config| {
        if config.routes.outlet(&checked).is_none() {
            let names: Vec<&str> = config.routes.outlets.iter().map(|outlet| outlet.name.as_str()).collect();
            bail!("there is no outlet {checked} in the settings; there are: {}", names.join(", "));
        }
        check_settings(config)
    })
}

/// Checks the outlets of the settings.
fn check_settings(config: &Config) -> anyhow::Result<()> {
    config.routes.check_outlets()?;
    for outlet in &config.routes.outlets {
        AnyTarget::check(outlet)?;
    }
    Ok(())
}
