//! `gouji bus export`: the accounts of regions on the bus, and their copies of what leaves.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use bus::Bus;
use bus::topology::{self, Copied};
use clap::{Args, Subcommand};
use proto::subject;

use super::{FOLDER, identities_of, init, region_user, regions};
use crate::language::text;
use crate::operator::connection::Connection;
use crate::print::say;

/// Let regions copy what leaves about them: an account, a user and a copy of the stream EXPORT for each.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Print what `apply` would do. Exit status: 0 if it would do nothing, 2 if it would do something.
    Plan(Options),
    /// Write the seeds and the configuration, and make the copies. Exit status: 0 if everything is there, 2 if
    /// nats-server has to reload its configuration before the copies can be made or filled.
    Apply(Options),
}

#[derive(Debug, Args)]
struct Options {
    /// Codes of regions with commas between them: two digits for a province, four for a city, six for a county. By
    /// default those that were set up before.
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    regions: Vec<String>,
    /// The folder that `gouji bus init` filled.
    #[arg(default_value = FOLDER)]
    folder: PathBuf,
    /// The path of that folder for nats-server, if it differs, as in a container.
    #[arg(long, value_name = "FOLDER")]
    place: Option<PathBuf>,
    #[command(flatten)]
    bus: Connection,
}

/// The status where something is left to do.
const TO_DO: u8 = 2;

/// What a region brings to its own nats-server, with `{code}` and `{ca}`.
const LEAF: &str = include_str!("../../../../../deploy/nats/leaf.conf");
/// The settings of the stream there.
const MIRROR: &str = include_str!("../../../../../deploy/nats/mirror.json");

impl Export {
    pub(crate) fn run(&self) -> ExitCode {
        let ran = crate::runtime().and_then(|runtime| runtime.block_on(self.act()));
        ran.unwrap_or_else(|error| crate::report(Err(error)))
    }

    async fn act(&self) -> Result<ExitCode> {
        let (Verb::Plan(options) | Verb::Apply(options)) = &self.verb;
        let is_apply = matches!(self.verb, Verb::Apply(_));
        let folder = &options.folder;
        let identities = folder.join("identities.conf");
        let name = folder.display();
        ensure!(
            identities.is_file(),
            text!(
                "{name} 中没有 identities.conf；先运行：gouji bus init {name}",
                "{name} has no identities.conf; run this first: gouji bus init {name}"
            )
        );
        let seeds = folder.join("seeds");
        let there = regions(&seeds)?;
        for code in &options.regions {
            subject::outward_of(code).context("--regions")?;
        }
        let new: Vec<&String> = options.regions.iter().filter(|code| !there.contains(code)).collect();
        let mut wanted = there.clone();
        wanted.extend(new.iter().map(|code| (*code).clone()));
        wanted.sort();
        wanted.dedup();
        for code in &new {
            let user = region_user(code);
            let subjects = subject::outward_of(code)?;
            say(&text!(
                "账户 REGION_{code}：用户 {user}，只能看到 {subjects}",
                "account REGION_{code}: the user {user} hears {subjects}"
            ));
        }
        if is_apply {
            write_files(folder, options.place.as_deref(), &wanted)?;
        }
        let mut is_left = !is_apply && !new.is_empty();
        let config = options.bus.config()?.bus;
        let mut made = Vec::new();
        for code in wanted.iter().filter(|code| options.regions.is_empty() || options.regions.contains(code))
        {
            if !is_apply && new.contains(&code) {
                say(&text!("地区 {code}：新建 EXPORT 的副本", "region {code}: create its copy of EXPORT"));
                continue;
            }
            match topology::copy_for_region(&config, code, is_apply).await? {
                Copied::Ready(messages) => {
                    say(&text!(
                        "地区 {code}：副本有 {messages} 条",
                        "region {code}: its copy has {messages} messages"
                    ));
                }
                Copied::Step(step) => {
                    is_left |= !is_apply;
                    say(&text!("地区 {code}：{step}", "region {code}: {step}"));
                    made.push(code.as_str());
                    if is_apply && !topology::copy_follows(&config, code).await? {
                        is_left = true;
                        say_silent(code);
                    }
                }
                Copied::Silent => {
                    is_left = true;
                    say_silent(code);
                }
                Copied::NoAccount => {
                    is_left = true;
                    say(&text!(
                        "地区 {code}：nats-server 还没有这个账户；让它重新读取配置两次（nats-server --signal reload，\
                         第一次之后账户的导入还不起作用），集群则逐台重新启动，再运行本命令",
                        "region {code}: nats-server does not have the account yet; have it reload twice (nats-server \
                         --signal reload; after the first time the imports of an account do not work yet), or restart \
                         the servers of a cluster one after the other, then run this command again"
                    ));
                }
            }
        }
        if wanted.is_empty() {
            say(&text!("没有地区；用 --regions 指定", "there are no regions; name them with --regions"));
        }
        if is_apply && !made.is_empty() {
            let bus = Bus::operator(&config).await?;
            bus.record_action(options.bus.who(), "apply-export", &made.join(","), "copies of EXPORT").await?;
            bus.close().await;
        }
        Ok(if is_left { ExitCode::from(TO_DO) } else { ExitCode::SUCCESS })
    }
}

fn say_silent(code: &str) {
    say(&text!(
        "地区 {code}：副本还没有跟上，账户的导入还不起作用；再执行一次 nats-server --signal reload，集群则逐台重新启动",
        "region {code}: its copy does not follow yet, because the imports of the account do not work; run `nats-server \
         --signal reload` once more, or restart the servers of a cluster one after the other"
    ));
}

/// Writes the seeds, `identities.conf`, and for each region what its own nats-server needs.
fn write_files(folder: &Path, place: Option<&Path>, wanted: &[String]) -> Result<()> {
    // Makes the seeds, which name the regions.
    identities_of(folder, wanted)?;
    init(folder, place)?;
    for code in wanted {
        let below = folder.join("regions").join(code);
        fs::create_dir_all(&below).with_context(|| format!("making {}", below.display()))?;
        for (name, text) in [("leaf.conf", LEAF), ("mirror.json", MIRROR)] {
            let path = below.join(name);
            if !path.exists() {
                let text = text.replace("{code}", code);
                fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
                let written = path.display();
                say(&text!("已写入 {written}", "wrote {written}"));
            }
        }
    }
    Ok(())
}
