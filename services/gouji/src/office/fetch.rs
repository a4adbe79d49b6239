//! `gouji fetch`: published reports from web sites, and what became of them.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use fetch::{ListedAddress, web_address};
use serde_json::json;

use crate::client::Server;
use crate::client::answers::{PublishedPage, PublishedPages};
use crate::language::text;
use crate::print::say;

/// Fetch published reports from web sites, and look again at what was fetched.
///
/// The server visits the sites, politely, and keeps what it found. Without an address it prints that. Exit status: 0, or
/// 1 if an address could not be visited.
#[derive(Debug, Args)]
pub(crate) struct Fetch {
    #[command(flatten)]
    server: Server,
    /// Pages with a report, and lists of reports (a column of a site, or its list API).
    #[arg(value_name = "ADDRESS")]
    addresses: Vec<String>,
    /// A CSV file with the column address (网址), and agency, region and year if they are known; or an address a line.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The addresses in the roster (column 网址).
    #[arg(long)]
    roster: bool,
    /// Every address that is known: what was changed or taken away since becomes a finding.
    #[arg(long)]
    again: bool,
    /// Visit these addresses no longer; their reports stay.
    #[arg(long, conflicts_with_all = ["roster", "again"])]
    forget: bool,
    /// Do not wait until the addresses were visited.
    #[arg(long)]
    no_wait: bool,
    /// Print the answer of the API as it is.
    #[arg(long)]
    json: bool,
}

/// Time between two looks at what was visited.
const PAUSE: Duration = Duration::from_secs(1);
const PATH: &str = "/api/v1/published";

impl Fetch {
    pub(crate) fn run(&self) -> ExitCode {
        let fetched = crate::runtime().and_then(|runtime| runtime.block_on(self.fetch()));
        fetched.unwrap_or_else(|error| {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        })
    }

    async fn fetch(&self) -> Result<ExitCode> {
        let mut named = Vec::new();
        for address in &self.addresses {
            let url = web_address(address).with_context(|| {
                text!("“{address}”不是 http 或 https 网址", "`{address}` is no http or https address")
            })?;
            let (agency, region) = (String::new(), String::new());
            named.push(ListedAddress { address: url.into(), agency, region, year: None });
        }
        if let Some(file) = &self.file {
            let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
            let listed = fetch::addresses(&bytes).with_context(|| file.display().to_string())?;
            named.extend(listed);
        }
        if self.forget && named.is_empty() {
            bail!(text!("请写明不再访问哪些网址", "say which addresses are visited no longer"));
        }
        let asks = self.again || self.roster || !named.is_empty();
        if asks {
            let changes = match self.forget {
                true => json!({ "forget": named.iter().map(|one| &one.address).collect::<Vec<_>>() }),
                false => json!({ "pages": named, "again": self.again, "roster": self.roster }),
            };
            let request = self.server.client()?.post(self.server.at(PATH, &[])?).json(&changes);
            self.server.answer(request).await?;
        }
        let pages = match asks && !self.forget && !self.no_wait {
            true => self.wait().await?,
            false => self.server.get::<PublishedPages>(PATH, &[]).await?.pages,
        };
        if self.json {
            say(&self.server.get_text(PATH, &[]).await?);
        } else {
            // All that is known, or what was named and what stands in a list that was named.
            let named: HashSet<&str> = named.iter().map(|one| one.address.as_str()).collect();
            let is_meant = |page: &&PublishedPage| {
                named.is_empty()
                    || named.contains(page.address.as_str())
                    || named.contains(page.found_in.as_str())
            };
            let meant: Vec<&PublishedPage> = pages.iter().filter(is_meant).collect();
            meant.iter().for_each(|page| say(&page.line()));
            say(&summary(&meant));
        }
        let has_failed = pages.iter().any(|page| page.state == "failed");
        Ok(if has_failed && asks { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    /// Waits until nothing is due.
    async fn wait(&self) -> Result<Vec<PublishedPage>> {
        loop {
            let pages = self.server.get::<PublishedPages>(PATH, &[]).await?.pages;
            if pages.iter().all(|page| !page.is_due) {
                return Ok(pages);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl PublishedPage {
    fn line(&self) -> String {
        let Self { address, agency, title, state, listed, problem, gone_since, .. } = self;
        let name = if title.is_empty() { agency } else { title };
        let (name, since) = (name.as_str(), gone_since.as_deref().unwrap_or_default());
        match state.as_str() {
            "fetched" => text!("已抓取  {address}  {name}", "fetched    {address}  {name}"),
            "unchanged" => text!("未变动  {address}  {name}", "unchanged  {address}  {name}"),
            "changed" => text!("有改动  {address}  {name}", "changed    {address}  {name}"),
            "list" => text!("目录    {address}  {listed}份", "list       {address}  {listed} reports"),
            "gone" => text!(
                "无法访问  {address}  自{since}起  {name}",
                "gone       {address}  since {since}  {name}"
            ),
            "failed" => {
                let zh = problem.as_ref().map_or("", |problem| problem.zh.as_str());
                let en = problem.as_ref().map_or("", |problem| problem.en.as_str());
                text!("未成功  {zh}", "failed     {en}")
            }
            _ => text!("待访问  {address}  {name}", "waiting    {address}  {name}"),
        }
    }
}

fn summary(pages: &[&PublishedPage]) -> String {
    let count = |state: &str| pages.iter().filter(|page| page.state == state).count();
    let [fetched, unchanged, changed, lists, gone, failed, waiting] =
        ["fetched", "unchanged", "changed", "list", "gone", "failed", "waiting"].map(count);
    let all = pages.len();
    text!(
        "共{all}个网址：新抓取{fetched}，未变动{unchanged}，有改动{changed}，目录{lists}，无法访问{gone}，未成功{failed}，待访问{waiting}。",
        "{all} addresses: {fetched} fetched, {unchanged} unchanged, {changed} changed, {lists} lists, {gone} gone, {failed} failed, {waiting} waiting"
    )
}
