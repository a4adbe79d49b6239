//! A province with its roster: who has not reported, and what the reports add up to.

use std::collections::BTreeMap;

use report::{Decimal, FormId, Table};
use tests::api::{list, text};
use tests::generate::{Generated, Layout, Options, generate_of};
use tests::pipeline::{Pipeline, Shape};

use super::{Log, SEED, archive, id};

const YEAR: u16 = 2024;

/// The reports of the province of which a walk over the agencies finds most.
fn province() -> (String, Vec<Generated>) {
    let options = Options { layouts: vec![Layout::Html, Layout::Tabs], ..Options::default() };
    let mut provinces: BTreeMap<String, Vec<Generated>> = BTreeMap::new();
    for agency in 0..600 {
        let report = generate_of(SEED, agency, YEAR, &options);
        provinces.entry(report.truth.region_code[..2].to_owned()).or_default().push(report);
    }
    provinces.into_iter().max_by_key(|(_, reports)| reports.len()).unwrap()
}

/// What the reports print in a cell, all together.
fn sum<'a>(reports: impl IntoIterator<Item = &'a Generated>, cell: &str) -> Decimal {
    let printed = reports.into_iter().map(|report| report.truth.cells[cell].as_deref().unwrap_or("0"));
    printed.map(|printed| printed.parse::<Decimal>().unwrap()).sum()
}

#[tokio::test]
async fn a_province_adds_up_and_knows_who_is_missing() {
    let (code, reports) = province();
    let (last, sent) = reports.split_last().unwrap();
    assert!(sent.len() >= 10, "{code} has {} reports", reports.len());
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let (year, region) = (YEAR.to_string(), [("region", code.as_str())]);
    let asked = [&region[..], &[("year", year.as_str())]].concat();

    let roster = |header: &str| {
        let lines =
            reports.iter().map(|report| format!("{},{}", report.truth.agency, report.truth.region_code));
        format!("{header}\n{}\n", lines.collect::<Vec<_>>().join("\n"))
    };
    let wrong = api.import_roster(&roster("机关名称,地区")).await.unwrap_err().to_string();
    assert!(wrong.contains("422") && wrong.contains("地区"), "{wrong}");
    assert!(api.across("roster", &asked).await.is_err(), "nothing was imported");
    let imported = api.import_roster(&roster("机关名称,区划代码")).await.unwrap();
    assert_eq!(imported["agencies"], reports.len());

    api.submit("all.zip", archive(sent)).await.unwrap();
    log.until("indexed", sent.len()).await;
    let attended = api.across("roster", &asked).await.unwrap();
    assert_eq!((&attended["expected"], &attended["missing"]), (&reports.len().into(), &1.into()));
    let absent = list(&attended["agencies"]).iter().find(|agency| agency["state"] == "missing").unwrap();
    assert_eq!(absent["agency"], last.truth.agency);
    let rolled = api.across("rollup", &asked).await.unwrap();
    let cell = &rolled["cells"]["requests.received.total"];
    assert_eq!((&cell["exact"], &cell["lacking"]), (&false.into(), &1.into()), "{cell}");

    api.submit(&last.file_name, last.bytes.clone()).await.unwrap();
    log.until("indexed", reports.len()).await;
    let rolled = api.across("rollup", &asked).await.unwrap();
    assert_eq!(list(&rolled["gaps"]).len(), 0, "{}", rolled["gaps"]);
    assert_eq!(list(&rolled["contributors"]).len(), reports.len());
    let form = report::Form::get(FormId::F2021);
    for id in form.cells().iter().filter(|id| id.table() != Table::Active) {
        let cell = &rolled["cells"][id.as_str()];
        assert_eq!(text(&cell["value"]), sum(&reports, id.as_str()).normalize().to_string(), "{id}");
        assert_eq!(cell["exact"], true, "{id}");
    }

    // What is taken back is missing again.
    api.withdraw(&id(&last.bytes), "某省政务公开办", "数据有误").await.unwrap();
    log.until("indexed", reports.len() + 1).await;
    let rolled = api.across("rollup", &asked).await.unwrap();
    let cell = &rolled["cells"]["requests.received.total"];
    assert_eq!(text(&cell["value"]), sum(sent, "requests.received.total").normalize().to_string());
    let survey = api.across("survey", &asked).await.unwrap();
    assert_eq!(survey["reports"], sent.len());
}
