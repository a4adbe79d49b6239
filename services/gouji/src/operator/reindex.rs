//! `gouji reindex`: builds the next index from the log, beside the one in use.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use index::Rebuilt;
use indicatif::ProgressBar;
use search::Generations;

use super::connection::Connection;
use crate::language::text;
use crate::print::say;

/// Build a new index from the log, beside the one in use, and switch to it.
///
/// The rules that compare a report with that of the year before run again; all other findings stay.
///
/// Run it on the host of the index. If it is interrupted, the next run continues it.
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
        let worker = self.bus.worker().await?;
        let folder = &worker.config().index;
        ensure_room(folder)?;
        let log = worker.bus().extent().await?;
        if log.first > 1 {
            let first = log.first;
            say(&text!(
                "日志中序号 {first} 之前的事件已过期，不会进入新的检索库；原检索库予以保留",
                "the log has dropped the events before sequence {first}, so the new index lacks them; the old index stays on disk"
            ));
        }
        let bar = ProgressBar::no_length();
        let rebuilt = index::rebuild(&worker, |left| {
            bar.set_message(text!("还剩{left}个事件", "{left} events left"));
            bar.tick();
        });
        let rebuilt = rebuilt.await?;
        bar.finish_and_clear();
        worker.bus().close().await;
        if let Some(Rebuilt { generation, is_current }) = rebuilt {
            let path = Generations::new(folder).path(generation);
            let path = path.display();
            say(&if is_current {
                text!("现已启用 {path}", "{path} is in use from now on")
            } else {
                text!(
                    "{path} 已建成；本版本的 gouji-index 替换另一版本启动时启用",
                    "{path} is ready; gouji-index of this version uses it when it starts instead of the other version"
                )
            });
        }
        Ok(())
    }
}

/// The next index needs about as much space as the current one, which stays until the index after it.
fn ensure_room(folder: &Path) -> Result<()> {
    let generations = Generations::new(folder);
    let needed = match generations.current()? {
        Some(current) => generations.size_bytes(current).unwrap_or_default(),
        None => 0,
    };
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let Some(free) = free_bytes(folder)? else { return Ok(()) };
    let (needed_mb, free_mb, shown) = (needed >> 20, free >> 20, folder.display());
    say(&text!(
        "{shown} 约需{needed_mb} MB，可用{free_mb} MB",
        "needs about {needed_mb} MB in {shown}, where {free_mb} MB are free"
    ));
    ensure!(
        needed < free,
        text!(
            "空间不足以再建一个检索库；请腾出空间，或把 index 设到更大的磁盘上",
            "there is no space for another index; free some, or set index to a folder on a larger disk"
        )
    );
    Ok(())
}

#[cfg(target_os = "linux")]
fn free_bytes(folder: &Path) -> Result<Option<u64>> {
    let disk = rustix::fs::statvfs(folder)
        .with_context(|| format!("reading the free space of {}", folder.display()))?;
    Ok(Some(disk.f_bavail.saturating_mul(disk.f_frsize)))
}

#[cfg(not(target_os = "linux"))]
fn free_bytes(_folder: &Path) -> Result<Option<u64>> {
    Ok(None)
}
