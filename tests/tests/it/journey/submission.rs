//! Reports sent in every way, and found again.

use std::collections::BTreeSet;
use std::fs;

use document::Limits;
use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::api::{list, text, zip};
use tests::generate::Generated;
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::until;

use super::{Log, archive, counts, everything_arrived, id, reports};

#[tokio::test]
async fn the_same_bytes_are_one_report() {
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let [once, at_once] = <[Generated; 2]>::try_from(reports(0..2)).unwrap();
    let duplicate = |receipt: &Value| receipt["reports"][0]["duplicate"].as_bool().unwrap();

    let first = api.submit(&once.file_name, once.bytes.clone()).await.unwrap();
    assert!(!duplicate(&first));
    assert_eq!(first["reports"][0]["id"], id(&once.bytes));
    log.until("indexed", 1).await;
    let again = api.submit("another name.txt", once.bytes.clone()).await.unwrap();
    assert!(duplicate(&again));
    let many = join_all((0..20).map(|_| api.submit(&at_once.file_name, at_once.bytes.clone()))).await;
    let new = many.into_iter().filter(|receipt| !duplicate(receipt.as_ref().unwrap())).count();
    assert_eq!(new, 1, "of twenty at once one is the first");

    let with_key = async |key| api.send(&once.file_name, once.bytes.clone(), Some(key)).await.unwrap().1;
    let (one, same, other) = (with_key("k-1").await, with_key("k-1").await, with_key("k-2").await);
    assert_eq!(one["submission"], same["submission"]);
    assert_ne!(one["submission"], other["submission"]);

    log.until("indexed", 2).await;
    counts(&api, 2, 2, 0).await;
    everything_arrived(&api, &[once, at_once]).await;
}

#[tokio::test]
async fn a_report_is_found_by_its_words_and_its_figures() {
    let reports = reports(3_000..3_060);
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    api.submit("all.zip", archive(&reports)).await.unwrap();
    log.until("indexed", reports.len()).await;
    everything_arrived(&api, &reports).await;

    let ids = |wanted: &dyn Fn(&Generated) -> bool| {
        let mut ids: Vec<_> =
            reports.iter().filter(|report| wanted(report)).map(|report| id(&report.bytes)).collect();
        ids.sort();
        ids
    };
    for report in reports.iter().take(10) {
        let text = plain_text(report);
        let phrase =
            text.split(|letter: char| !letter.is_alphanumeric()).max_by_key(|run| run.len()).unwrap();
        let found = api.search_all(&[("q", &format!("\"{phrase}\""))]).await.unwrap();
        assert_eq!(found, ids(&|report| plain_text(report).contains(phrase)), "{phrase}");
        let year = report.truth.year.to_string();
        let found = api.search_all(&[("q", &report.truth.agency), ("year", &year)]).await.unwrap();
        assert!(found.contains(&id(&report.bytes)), "{} {year} finds {found:?}", report.truth.agency);
    }
    let total = |report: &Generated| {
        let cell = "requests.received.total";
        report.truth.cells[cell].clone().or_else(|| report.truth.derived.get(cell).cloned())
    };
    let totals: BTreeSet<String> = reports.iter().filter_map(total).collect();
    for value in totals.iter().map(String::as_str).chain(["9", "123456789"]) {
        let found = api.search_all(&[("cell.requests.received.total", value)]).await.unwrap();
        assert_eq!(found, ids(&|report| total(report).as_deref() == Some(value)), "{value}");
    }
    let years: BTreeSet<u16> = reports.iter().map(|report| report.truth.year).collect();
    for year in years {
        let found = api.search_all(&[("year", &year.to_string())]).await.unwrap();
        assert_eq!(found, ids(&|report| report.truth.year == year), "{year}");
    }
}

fn plain_text(report: &Generated) -> String {
    document::plain_text(&document::read(&report.bytes, &Limits::default()).unwrap())
}

#[tokio::test]
async fn what_is_no_report_is_refused_and_its_neighbours_go_through() {
    let good = reports(4_000..4_010);
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let garbage: Vec<u8> =
        (0..4096_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let poison: [(&str, &[u8], &str); 3] = [
        ("garbage.txt", &garbage, "not-text"),
        ("scan.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n", "broken-file"),
        ("white.txt", " \r\n\u{3000}\n".as_bytes(), "empty"),
    ];
    let mut files: Vec<(&str, &[u8])> =
        good.iter().map(|one| (one.file_name.as_str(), one.bytes.as_slice())).collect();
    for (position, (name, bytes, _)) in poison.iter().enumerate() {
        files.insert(3 * position + 1, (name, bytes));
    }
    files.insert(5, ("nothing.txt", b""));
    let receipt = api.submit("all.zip", zip(files).unwrap()).await.unwrap();
    let refused = list(&receipt["refused"]);
    assert_eq!(refused.len(), 1);
    assert_eq!(
        (text(&refused[0]["file_name"]).as_str(), text(&refused[0]["class"]).as_str()),
        ("nothing.txt", "empty")
    );

    log.until("indexed", good.len()).await;
    log.until("refused", poison.len()).await;
    let submission = api.submission(&text(&receipt["submission"])).await.unwrap();
    assert_eq!(submission["total"], good.len() + poison.len());
    let ids: Vec<String> = poison.iter().map(|(_, bytes, _)| id(bytes)).collect();
    let states = api.states(&ids).await.unwrap();
    for ((name, bytes, class), state) in poison.iter().zip(list(&states)) {
        let listed = list(&submission["reports"]).iter().find(|report| report["file_name"] == *name).unwrap();
        for one in [listed, state] {
            assert_eq!(one["id"], id(bytes), "{name}");
            assert_eq!((&one["state"], &one["class"]), (&json!("refused"), &json!(class)), "{name}");
            assert!(text(&one["message"]).ends_with('。'), "{name}: {one}");
        }
    }
    for report in list(&submission["reports"]).iter().filter(|report| report["state"] != "refused") {
        assert_eq!(report["state"], "indexed", "{report}");
    }
    counts(&api, good.len() + poison.len(), good.len(), poison.len()).await;

    let (status, problem) = api.send("nothing.txt", Vec::new(), None).await.unwrap();
    assert_eq!((status, text(&problem["code"]).as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "empty"));
}

/// What an agency has beside its annual report, and what a computer leaves in a folder.
const OTHER_DOCUMENTS: [(&str, &str); 5] = [
    ("hello.txt", "hello\n"),
    ("a.json", "{\"agency\": \"某县财政局\", \"year\": 2024}"),
    ("b.json", "{}"),
    (
        "notice.txt",
        "关于报送2024年政府信息公开工作年度报告的通知\n各单位：\n请于1月20日前报送。\n某县人民政府办公室\n2025年1月2日\n",
    ),
    (
        "plan.html",
        "<html><body><h1>某县2024年政务公开工作要点</h1><p>一、深化主动公开</p><p>加大力度。</p><p>二、加强组织领导</p></body></html>",
    ),
];

#[tokio::test]
async fn another_document_is_refused_whichever_way_it_comes_in() {
    let good = reports(4_020..4_022);
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log, inbox) = (pipeline.api(), Log::of(&pipeline).await, pipeline.inbox());
    // By itself, in an archive, and in the folder: other bytes each time, so that each is a file of its own.
    let of = |way: &str| {
        OTHER_DOCUMENTS.map(|(name, text)| (name, format!("{text}\n{}", " ".repeat(way.len())).into_bytes()))
    };
    let (alone, packed, dropped) = (of("a"), of("zip"), of("folder"));
    for (name, bytes) in &alone {
        api.submit(name, bytes.clone()).await.unwrap();
    }
    let mut files: Vec<(&str, &[u8])> =
        packed.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    files.extend(good.iter().map(|one| (one.file_name.as_str(), one.bytes.as_slice())));
    api.submit("all.zip", zip(files).unwrap()).await.unwrap();
    for (name, bytes) in &dropped {
        fs::write(inbox.join(format!("{name}.part")), bytes).unwrap();
        fs::rename(inbox.join(format!("{name}.part")), inbox.join(name)).unwrap();
    }
    log.until("indexed", good.len()).await;
    log.until("refused", 3 * OTHER_DOCUMENTS.len()).await;
    for (name, bytes) in alone.iter().chain(&packed).chain(&dropped) {
        let state = &api.states(&[id(bytes)]).await.unwrap()[0];
        assert_eq!((&state["state"], &state["class"]), (&json!("refused"), &json!("not-a-report")), "{name}");
        assert!(text(&state["message"]).contains("不是政府信息公开工作年度报告"), "{state}");
    }
}

#[tokio::test]
async fn the_exchange_folder_takes_files_and_leaves_receipts() {
    let reports = reports(5_000..5_003);
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log, inbox) = (pipeline.api(), Log::of(&pipeline).await, pipeline.inbox());
    fs::create_dir_all(inbox.join("西安市")).unwrap();
    let names = ["西安市/甲.txt", "乙.htm", "丙.txt"];
    for (name, report) in names.iter().zip(&reports) {
        // As a careful sender does: under another name until it is whole.
        let unfinished = inbox.join(format!("{name}.part"));
        fs::write(&unfinished, &report.bytes).unwrap();
        fs::rename(&unfinished, inbox.join(name)).unwrap();
    }
    fs::write(inbox.join("空.txt"), b"").unwrap();

    log.until("indexed", reports.len()).await;
    let receipt = async |place: &str, receipt: &str| {
        let path = inbox.join(receipt);
        until(place, SOON, async || {
            // Moved away means that the receipt is whole.
            let moved = inbox.join(place).is_file();
            Ok(fs::read(&path)
                .ok()
                .filter(|_| moved)
                .and_then(|text| serde_json::from_slice::<Value>(&text).ok()))
        })
        .await
        .unwrap()
    };
    let places = [
        ("西安市/done/甲.txt", "西安市/receipts/甲.txt.taken.json"),
        ("done/乙.htm", "done/乙.htm.receipt.json"),
        ("done/丙.txt", "receipts/丙.txt.taken.json"),
    ];
    for ((name, report), (place, path)) in names.iter().zip(&reports).zip(places) {
        let receipt = receipt(place, path).await;
        assert_eq!(receipt["reports"][0]["id"], id(&report.bytes));
        assert!(!inbox.join(name).exists());
        let submission = api.submission(&text(&receipt["submission"])).await.unwrap();
        assert_eq!(submission["reports"][0]["state"], "indexed");
    }
    assert_eq!(
        receipt("refused/空.txt", "refused/空.txt.receipt.json").await["refused"][0]["class"],
        "empty"
    );
    everything_arrived(&api, &reports).await;
}
