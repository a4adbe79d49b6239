//! Published reports: the addresses that are visited, and what became of each. `GET` and `POST /api/v1/published`.
//!
//! The ledger is a bucket with a record for each address, so nothing that was visited is forgotten in a kill, and any
//! ingest may continue. One of them visits: the one with the lease; see `visits`.

mod record;
mod visits;

use std::collections::HashSet;

use access::{Action, Caller, Code, Problem};
use anyhow::Context as _;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use bus::{Bucket, Bus, PUBLISHED, Written};
use fetch::{ListedAddress, Networks, web_address};
use serde::Deserialize;
use serde_json::{Value, json};
use worker::Config;

use self::record::{Record, key_of};
use crate::Ingest;
use crate::builder::now_ms;

pub(crate) use visits::run;

/// Addresses in one request; a province with its counties has some thousands of agencies.
const ADDRESSES: usize = 10_000;

/// What a request changes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Changes {
    /// Addresses to visit now, known or new.
    pages: Vec<ListedAddress>,
    /// Whether every known address is visited now.
    again: bool,
    /// Whether the addresses of the roster are visited now.
    roster: bool,
    /// Addresses that are not visited any longer.
    forget: Vec<String>,
}

/// The ledger.
pub(crate) fn ledger(bus: &Bus) -> Bucket {
    bus.bucket(PUBLISHED)
}

/// Checks the settings.
///
/// # Errors
/// If `fetch.networks` is no list of networks.
pub(crate) fn check_config(config: &Config) -> anyhow::Result<()> {
    networks(config).map(drop)
}

fn networks(config: &Config) -> anyhow::Result<Networks> {
    let text = &config.fetch.networks;
    text.parse().with_context(|| format!("GOUJI_FETCH_NETWORKS={text:?}"))
}

/// What is known of every address.
pub(crate) async fn show(State(ingest): State<Ingest>, caller: Caller) -> Result<Json<Value>, Problem> {
    if !caller.sees_all() {
        let detail = "网页台账包含各地区的网址，只有不限范围的账号或密钥可以查看。";
        return Err(Problem::new(Code::NotYours, detail, "请由有相应范围的账号或密钥查看。"));
    }
    let now = now_ms();
    let all = ledger(ingest.bus()).all(">").await.map_err(|error| Problem::unavailable(&error))?;
    let records = all.entries.iter().filter_map(|entry| Record::parse(&entry.value));
    let pages: Vec<Value> = records.map(|record| record.shown(now)).collect();
    Ok(Json(json!({ "pages": pages })))
}

/// Changes which addresses are visited; the visits follow.
pub(crate) async fn change(
    State(ingest): State<Ingest>,
    caller: Caller,
    changes: Result<Json<Changes>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let Json(changes) = changes.map_err(|rejection| Problem::bad_json(&rejection))?;
    if changes.pages.len() + changes.forget.len() > ADDRESSES {
        let detail = format!("一次最多 {ADDRESSES} 个网址。");
        return Err(Problem::new(Code::BadJson, detail, "请分批报送。"));
    }
    let mut pages = Vec::new();
    for page in changes.pages {
        let Some(url) = web_address(&page.address) else {
            let detail = format!("“{}”不是 http 或 https 网址。", access::redact(&page.address));
            return Err(Problem::new(Code::BadJson, detail, "请写完整的网址。").field("pages"));
        };
        pages.push(ListedAddress { address: url.into(), ..page });
    }
    let unavailable = |error: anyhow::Error| Problem::unavailable(&error);
    if changes.roster {
        pages.extend(crate::roster::addresses(&ingest).await?);
    }
    let named: HashSet<String> = pages.iter().map(|page| key_of(&page.address)).collect();
    let forgotten: HashSet<String> = changes.forget.iter().map(|address| key_of(address)).collect();
    let detail = format!(
        "{} visited, {} forgotten{}",
        named.len(),
        forgotten.len(),
        if changes.again { ", all visited again" } else { "" }
    );
    let action = Action { name: "fetch", object: "", detail: &detail };
    ingest.access().record(&caller, action).await?;
    let ledger = ledger(ingest.bus());
    let known = ledger.all(">").await.map_err(unavailable)?.entries;
    for entry in &known {
        if forgotten.contains(&entry.key) {
            ledger.delete(&entry.key).await.map_err(unavailable)?;
        } else if changes.again || named.contains(&entry.key) {
            visit_now(&ledger, &entry.key).await.map_err(unavailable)?;
        }
    }
    let known: HashSet<&str> = known.iter().map(|entry| entry.key.as_str()).collect();
    let mut added = 0;
    for page in pages {
        let key = key_of(&page.address);
        if !known.contains(key.as_str())
            && add(&ledger, &Record::new(page, now_ms())).await.map_err(unavailable)?
        {
            added += 1;
        }
    }
    Ok((StatusCode::ACCEPTED, Json(json!({ "added": added, "visited": named.len() }))))
}

/// Adds a record for an address that has none; false where it has one.
async fn add(ledger: &Bucket, record: &Record) -> anyhow::Result<bool> {
    let key = key_of(&record.address);
    // What was forgotten has a sequence of its own, which is not known here; its record is written over.
    match ledger.replace(&key, record.bytes(), 0).await? {
        Written::Stored => Ok(true),
        Written::Conflict if ledger.get(&key).await?.is_some() => Ok(false),
        Written::Conflict => ledger.put(&key, record.bytes()).await.map(|()| true),
    }
}

/// Makes an address due. Where a visit writes its record at the same moment, that visit is the one that was asked for,
/// or the record is read again.
async fn visit_now(ledger: &Bucket, key: &str) -> anyhow::Result<()> {
    for _ in 0..CONFLICTS {
        let Some(entry) = ledger.get(key).await? else { return Ok(()) };
        let Some(record) = Record::parse(&entry.value) else { return Ok(()) };
        let record = Record { due_ms: Some(now_ms()), failures: 0, ..record };
        if ledger.replace(key, record.bytes(), entry.sequence).await? == Written::Stored {
            return Ok(());
        }
    }
    anyhow::bail!("the record {key} changes all the time")
}

/// A record is written a few times in one visit.
const CONFLICTS: usize = 10;
