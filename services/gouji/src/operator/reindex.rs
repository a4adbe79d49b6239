//! `gouji reindex`: the next index, built from the log beside the one that is read.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use index::Rebuilt;
use indicatif::ProgressBar;
use search::Generations;

use crate::operator::connection::Connection;
use crate::print::say;

/// Build the index anew from the log, beside the one that is searched and written meanwhile, and have it
/// searched. Reports are judged anew beside last year's; what was found in each by itself stays.
///
/// Run it on the host of the index. Broken off, it goes on where it was.
#[derive(Debug, Args)]
pub(crate) struct Reindex {
    #[command(flatten)]
    bus: Connection,
}

impl Reindex {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| runtime.block_on(self.reindex())))
    }

    async fn reindex(&self) -> Result<()> {
        let stage = self.bus.open().await?;
        let folder = &stage.config().index;
        ensure_room(folder)?;
        let log = stage.extent().await?;
        if log.first > 1 {
            say(&format!(
                "what stood on the log before place {} was dropped with age and is not in the new index; the index before is kept",
                log.first
            ));
        }
        let bar = ProgressBar::no_length();
        let rebuilt = index::rebuild(&stage, |left| {
            bar.set_message(format!("{left} facts left"));
            bar.tick();
        });
        let rebuilt = rebuilt.await?;
        bar.finish_and_clear();
        stage.close().await;
        if let Some(Rebuilt { generation, is_current }) = rebuilt {
            let place = Generations::new(folder).path(generation);
            say(&match is_current {
                true => format!("{} is searched from now on", place.display()),
                false => format!(
                    "{} is ready; gouji-index of this version takes it when it starts in the place of the other version",
                    place.display()
                ),
            });
        }
        Ok(())
    }
}

/// The next index takes about as much as the one that is there, which stays until the one after.
fn ensure_room(folder: &Path) -> Result<()> {
    let generations = Generations::new(folder);
    let needed = match generations.current()? {
        Some(current) => generations.size_bytes(current).unwrap_or_default(),
        None => 0,
    };
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let Some(free) = free_bytes(folder)? else { return Ok(()) };
    say(&format!(
        "needs about {} MB in {}, where {} MB are free",
        needed >> 20,
        folder.display(),
        free >> 20
    ));
    ensure!(
        needed < free,
        "there is no room for another index; make some, or set index to a folder on a larger disk"
    );
    Ok(())
}

#[cfg(target_os = "linux")]
fn free_bytes(folder: &Path) -> Result<Option<u64>> {
    let disk = rustix::fs::statvfs(folder)
        .with_context(|| format!("asking for the room in {}", folder.display()))?;
    Ok(Some(disk.f_bavail.saturating_mul(disk.f_frsize)))
}

#[cfg(not(target_os = "linux"))]
fn free_bytes(_folder: &Path) -> Result<Option<u64>> {
    Ok(None)
}
