//! Reports of one agency for several years are compared with each other, in any order of arrival; a
//! finding disappears when one of them is corrected or withdrawn.

use std::collections::BTreeMap;

use serde_json::Value;
use tests::api::{Api, list, text};
use tests::generate::{Generated, Kind, Layout, Options, generate_of};
use tests::pipeline::{Pipeline, Shape};
use tests::processes::until;

use super::{Log, PATIENCE, SEED, id};

/// The year in which what was carried in is wrong, between the year before and the year after.
const MIDDLE: u16 = 2023;
const YEARS: [u16; 3] = [MIDDLE - 1, MIDDLE, MIDDLE + 1];

const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// The reports of one agency.
struct Chain {
    wrong: [Generated; 3],
    /// The middle year without the fault.
    right: Generated,
}

impl Chain {
    /// The chains of so many agencies that can have the fault.
    fn some(count: usize) -> Vec<Self> {
        (0..5_000).filter_map(Self::of).take(count).collect()
    }

    fn of(agency: u64) -> Option<Self> {
        let clean = Options { layouts: vec![Layout::Html, Layout::Markdown], ..Options::default() };
        let carried = Options { kind: Kind::of("XY-01"), ..clean.clone() };
        let wrong =
            YEARS.map(|year| generate_of(SEED, agency, year, if year == MIDDLE { &carried } else { &clean }));
        let right = generate_of(SEED, agency, MIDDLE, &clean);
        (!wrong[1].truth.faults.is_empty()).then_some(Self { wrong, right })
    }

    /// What fails in each report that weighs more than a hint, as the index tells it; nothing of a report
    /// that is not there.
    async fn found(&self, api: &Api) -> [Option<Vec<String>>; 3] {
        let mut found = [const { None }; 3];
        for (report, found) in self.wrong.iter().zip(&mut found) {
            let (agency, year) = (report.truth.agency.as_str(), report.truth.year.to_string());
            let page = api.search(&[("q", agency), ("year", &year)]).await.unwrap();
            let Some(hit) = list(&page["hits"]).iter().find(|hit| hit["agency"] == agency) else { continue };
            let record = api.report(&text(&hit["key"])).await.unwrap();
            *found = Some(failures(&record));
        }
        found
    }

    /// Waits until the three reports are as expected: none where it is not there, else the rules that fail.
    async fn until(&self, api: &Api, what: &str, expected: [Option<&[&str]>; 3]) {
        let expected =
            expected.map(|rules| rules.map(|rules| rules.iter().map(ToString::to_string).collect()));
        let mut found = [const { None }; 3];
        let reached = until(what, PATIENCE, async || {
            found = self.found(api).await;
            Ok((found == expected).then_some(()))
        });
        reached.await.unwrap_or_else(|error| panic!("{error:#}: {found:?} and not {expected:?}"));
    }
}

fn failures(record: &Value) -> Vec<String> {
    let failing = list(&record["findings"])
        .iter()
        .filter(|finding| finding["verdict"] == "fails" && finding["severity"] != "info");
    failing.map(|finding| text(&finding["rule"])).collect()
}

async fn submit(api: &Api, report: &Generated) {
    api.submit(&report.file_name, report.bytes.clone()).await.unwrap();
}

/// In order everywhere but in the middle.
const FOUND: [Option<&[&str]>; 3] = [Some(&[]), Some(&["XY-01"]), Some(&[])];
const MENDED: [Option<&[&str]>; 3] = [Some(&[]); 3];

#[tokio::test]
async fn years_come_in_any_order() {
    let chains = Chain::some(ORDERS.len());
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    for turn in 0..3 {
        for (chain, order) in chains.iter().zip(ORDERS) {
            submit(&api, &chain.wrong[order[turn]]).await;
        }
        log.until("indexed", (turn + 1) * chains.len()).await;
    }
    let mut findings = BTreeMap::new();
    for (chain, order) in chains.iter().zip(ORDERS) {
        chain.until(&api, "the same findings", FOUND).await;
        let middle = api.report(&id(&chain.wrong[1].bytes)).await.unwrap();
        let carried = list(&middle["findings"]).iter().find(|finding| finding["rule"] == "XY-01").unwrap();
        assert_eq!(carried["against"]["year"], MIDDLE - 1, "{order:?}");
        let before = &chain.wrong[0].truth.cells["requests.carried_out.total"];
        assert_eq!(carried["right"].as_str(), before.as_deref(), "{order:?}");
        assert_eq!(middle["verdict"], "fail", "{order:?}");
        findings.insert(order, carried["message"].clone());
    }
    assert_eq!(findings.len(), ORDERS.len());
}

#[tokio::test]
async fn a_correction_mends_the_chain_and_a_withdrawal_breaks_it() {
    let [chain, other] = <[Chain; 2]>::try_from(Chain::some(2)).ok().unwrap();
    let mut pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    for report in chain.wrong.iter().chain(&other.wrong) {
        submit(&api, report).await;
    }
    log.until("indexed", 6).await;
    chain.until(&api, "what is wrong", FOUND).await;

    // Of two withdrawals of the year before, one comes while the index is away.
    api.withdraw(&id(&chain.wrong[0].bytes), "某市政务公开办", "数据有误").await.unwrap();
    pipeline.index.kill().unwrap();
    api.withdraw(&id(&other.wrong[0].bytes), "某市政务公开办", "数据有误").await.unwrap();
    pipeline.index.start_again().unwrap();
    pipeline.ready().await.unwrap();
    log.until("indexed", 8).await;
    let alone: [Option<&[&str]>; 3] = [None, Some(&[]), Some(&[])];
    chain.until(&api, "nothing to be held against", alone).await;
    other.until(&api, "nothing to be held against", alone).await;

    let sent_again = &chain.wrong[0];
    api.submit_again(&sent_again.file_name, sent_again.bytes.clone()).await.unwrap();
    log.until("indexed", 9).await;
    chain.until(&api, "what was wrong before", FOUND).await;
    other.until(&api, "the other agency as it was", alone).await;

    submit(&api, &chain.right).await;
    log.until("indexed", 10).await;
    chain.until(&api, "the chain mended", MENDED).await;

    // The correction stands aside again, and with it what the year after was held against.
    api.withdraw(&id(&chain.right.bytes), "某市政务公开办", "重复报送").await.unwrap();
    log.until("indexed", 11).await;
    chain.until(&api, "the middle year gone", [Some(&[]), None, Some(&[])]).await;
    api.submit_again(&chain.right.file_name, chain.right.bytes.clone()).await.unwrap();
    log.until("indexed", 12).await;
    chain.until(&api, "the chain mended again", MENDED).await;
}
