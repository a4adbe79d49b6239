//! Comparing figures over agencies and years, figures in searches, and completion.

use serde_json::{Value, json};

use crate::harness::{TestConsole, sample};

const OWN: &str = "潍坊市行政审批服务局";
const OTHER: &str = "潍坊市教育局";
const TOTAL: &str = "requests.received.total";

/// The sample with another agency, another year and another number of licensing decisions in it.
fn of(agency: &str, year: u16, decisions: &str) -> String {
    let text = String::from_utf8(sample("pipe-lines.txt")).unwrap();
    let text = text.replace(OWN, agency).replace("27416 |", &format!("{decisions} |"));
    let text = text.replace("27416", decisions);
    text.replace("2024", &year.to_string())
}

const DECISIONS: &str = "active.licensing.decisions";

async fn three_years(console: &mut TestConsole) -> Vec<String> {
    let mut keys = Vec::new();
    let reports =
        [(OWN, 2022, "100"), (OWN, 2023, "150"), (OWN, 2024, "120"), (OTHER, 2023, "7"), (OTHER, 2024, "/")];
    for (number, (agency, year, decisions)) in reports.into_iter().enumerate() {
        let (_, key) = console.submit(&format!("{number}.txt"), of(agency, year, decisions).as_bytes()).await;
        keys.push(key);
    }
    console.commit().await;
    keys
}

#[track_caller]
fn has(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "{text} in {page}");
    }
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Every picture of a page is closed in itself and names what it shows.
#[track_caller]
fn check_pictures(page: &str, expected: usize) {
    let pictures: Vec<&str> = page
        .match_indices("<svg")
        .map(|(at, _)| page[at..].split_inclusive("</svg>").next().unwrap())
        .collect();
    assert_eq!(pictures.len(), expected, "{page}");
    for picture in pictures {
        let mut reader = quick_xml::Reader::from_str(picture);
        let mut depth = 0;
        loop {
            match reader.read_event().unwrap() {
                quick_xml::events::Event::Start(_) => depth += 1,
                quick_xml::events::Event::End(_) => depth -= 1,
                quick_xml::events::Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(depth, 0, "{picture}");
        assert!(picture.contains("<title") && picture.contains("<desc"), "{picture}");
        assert!(!picture.contains("style="), "{picture}");
    }
}

#[tokio::test]
async fn agencies_are_compared_over_the_years() {
    let mut console = TestConsole::empty().await;
    has(&console.get("/compare").await.text(), &["比较分析", "没有可以比较的年度报告"]);
    let keys = three_years(&mut console).await;

    let answer = console.get(&format!("/api/v1/compare?cell={DECISIONS}")).await.json();
    assert_eq!((&answer["years"], &answer["of"]), (&json!([2022, 2023, 2024]), &json!(2)), "{answer}");
    let drawn = |row: &Value| {
        let figures = row["figures"][DECISIONS].as_array().unwrap().iter();
        let figures =
            figures.map(|figure| figure["value"].as_str().or(figure["gap"].as_str()).unwrap().to_owned());
        format!(
            "{}: {} #{}",
            row["agency"].as_str().unwrap(),
            figures.collect::<Vec<_>>().join(" "),
            row["rank"][DECISIONS]
        )
    };
    let rows: Vec<String> = answer["rows"].as_array().unwrap().iter().map(drawn).collect();
    assert_eq!(rows, [format!("{OTHER}: no-report 7 placeholder #null"), format!("{OWN}: 100 150 120 #1")]);
    assert_eq!(answer["rows"][1]["reports"][2]["key"], json!(keys[2]));
    let totals = &answer["totals"][DECISIONS];
    let of_year = |year: usize| {
        let total = &totals[year];
        format!(
            "{} of {}/{}, {} of {}",
            total["total"], total["known"], total["of"], total["comparable"], total["comparable_agencies"]
        )
    };
    assert_eq!(of_year(1), "\"157\" of 2/2, \"150\" of 1");
    assert_eq!(of_year(2), "\"120\" of 1/2, \"120\" of 1");

    let changes = console
        .get(&format!(
            "/api/v1/compare?cell={DECISIONS}&measure=change&year=2024&agency={}",
            encoded(&format!("={OWN}"))
        ))
        .await
        .json();
    assert_eq!(changes["rows"][0]["figures"][DECISIONS][0]["value"], json!("-30"));
    let peers = console.get(&format!("/api/v1/compare?kind={}&level=city", encoded("教育部门"))).await.json();
    assert_eq!(peers["rows"].as_array().unwrap().len(), 1, "{peers}");

    let table = console.get(&format!("/api/v1/compare?cell={DECISIONS}&year=2024&format=csv")).await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<String> = table.text().lines().map(ToOwned::to_owned).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].starts_with("\u{feff}机关,区划代码,地区,年度"), "{lines:?}");
    has(&lines[1], &[OTHER, "2024", ",,原文以符号代替数字,"]);
    has(&lines[2], &[OWN, ",120,,,1,", &keys[2]]);
    let rows = console.get("/api/v1/compare?by=region&region=37&year=2024&format=jsonl").await.text();
    has(&rows, &["\"region\":\"370700\"", "\"known\":2", "\"rank\":1"]);
    for by in ["agency", "region"] {
        let book = console.get(&format!("/api/v1/compare?by={by}&region=37&year=2024&format=xlsx")).await;
        assert_eq!((book.status.as_u16(), &book.body[..2]), (200, &b"PK"[..]), "{by}");
    }
    assert_eq!(console.get("/api/v1/compare?format=docx").await.json()["field"], json!("format"));

    let page = console.get(&format!("/compare?cell={DECISIONS}&cell={TOTAL}")).await.text();
    has(
        &page,
        &[
            OWN,
            OTHER,
            "表二 行政许可 处理决定",
            &format!("href=\"/reports/{}#cell-{DECISIONS}\"", keys[1]),
            "1/2家",
            "2/2家",
            "有数字的机关",
            "-30",
            "没有该年度的年度报告",
            "没有数字的格不计为0",
        ],
    );
    check_pictures(&page, 3);
    let ranked = console.get(&format!("/compare?cell={TOTAL}&order=rank&year=2024")).await.text();
    check_pictures(&ranked, 2);
    let alone = console.get(&format!("/compare?agency={}", encoded(&format!("={OTHER}")))).await.text();
    has(&alone, &["与本省市级教育部门比较", &encoded("教育部门")]);
}

#[tokio::test]
async fn the_roster_says_of_how_many_agencies_a_total_is() {
    let mut console = TestConsole::empty().await;
    three_years(&mut console).await;
    let roster = format!(
        "机关名称,区划代码,上级,口径\n{OWN},370700,,\n{OTHER},370700,,\n潍坊市公安局,370700,,\n潍坊市寒亭区教育局,370703,,\n"
    );
    console.import_roster(&roster).await;
    let page = console.get(&format!("/compare?cell={DECISIONS}&region=3707")).await.text();
    has(&page, &["4家机关", "潍坊市公安局", "潍坊市寒亭区教育局", "1/4家"]);

    let regions =
        console.get(&format!("/api/v1/compare?cell={TOTAL}&by=region&region=37&year=2024")).await.json();
    let sum = &regions["rows"][0]["sums"][TOTAL][0];
    assert_eq!(regions["rows"][0]["region"]["code"], json!("370700"), "{regions}");
    assert_eq!(
        (&sum["exact"], &sum["known"], &sum["of"]),
        (&json!(false), &json!(2), &json!(4)),
        "{regions}"
    );
    let whole = console.get(&format!("/api/v1/sum?cell={TOTAL}&year=2024")).await.json();
    assert_eq!(sum["value"], whole["groups"][0]["sum"]);
    let page = console.get(&format!("/compare?cell={TOTAL}&by=region&region=37")).await.text();
    has(&page, &["山东省潍坊市", "2/4家", "≥", "按汇总口径相加", "位次", "按最近年度由多到少"]);
    assert_eq!(regions["rows"][0]["rank"][TOTAL], json!(1));
    let all = console.get(&format!("/api/v1/compare?cell={TOTAL}&by=region&region=37")).await.json();
    // Agencies lack in every year, so no change is certain.
    assert_eq!(all["rows"][0]["sums"][TOTAL][1]["change"], json!(null), "{all}");
    check_pictures(&page, 1);
    has(
        &console.get("/regions?region=3707&year=2024").await.text(),
        &["/compare?cell=requests.received.total&amp;by=region"],
    );
}

#[tokio::test]
async fn bad_parameters_of_a_comparison_are_explained() {
    let console = TestConsole::empty().await;
    for (query, field) in [
        ("cell=no.such", "cell"),
        ("year=soon", "year"),
        ("measure=share", "of"),
        ("by=mood", "by"),
        ("kind=x", "kind"),
        ("region=9999", "region"),
        ("colour=red", "colour"),
    ] {
        let answer = console.get(&format!("/api/v1/compare?{query}")).await;
        assert!(answer.status.is_client_error(), "{query}");
        assert_eq!(answer.json()["field"], json!(field), "{query}");
    }
    let page = console.get(&format!("/compare?cell={}", encoded("新收<img src=x>"))).await;
    assert_eq!(page.status, 200);
    has(&page.text(), &["表中没有名为", "&lt;img"]);
}

#[tokio::test]
async fn a_key_compares_and_completes_its_own_agencies_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    let (own, all) = (access::key::generate().unwrap(), access::key::generate().unwrap());
    let block = |name: &str, key: &str, rest: &str| {
        format!("[[key]]\nname = \"{name}\"\nsha256 = \"{}\"\n{rest}\n", access::key::hash_of(key))
    };
    let keys = block("bureau", &own, &format!("role = \"submit\"\nagencies = [\"{OTHER}\"]"))
        + &block("office", &all, "role = \"review\"");
    std::fs::write(&file, keys).unwrap();
    let mut console = TestConsole::empty_with(&[("GOUJI_KEYS", file.to_str().unwrap())]).await;
    console.bearer.clone_from(&all);
    three_years(&mut console).await;
    console.import_roster(&format!("机关名称,区划代码\n{OWN},370700\n{OTHER},370700\n")).await;

    assert_eq!(console.get("/api/v1/compare").await.json()["of"], json!(2));
    console.bearer = own;
    let answer = console.get("/api/v1/compare").await.json();
    assert_eq!((&answer["of"], &answer["rows"][0]["agency"]), (&json!(1), &json!(OTHER)));
    let named = console.get(&format!("/api/v1/compare?agency={}", encoded(OWN))).await.json();
    assert_eq!(named["of"], json!(0), "{named}");
    let page = console.get("/compare").await.text();
    has(&page, &[OTHER]);
    assert!(!page.contains(OWN), "{page}");
    assert_eq!(console.get("/api/v1/compare?by=region").await.status, 400);
    assert_eq!(console.get("/api/v1/compare?by=region&region=3707").await.status, 400);
    let completed = console.get(&format!("/api/v1/complete?q={}", encoded("潍坊市"))).await.text();
    assert!(completed.contains(OTHER) && !completed.contains(OWN), "{completed}");
}

#[tokio::test]
async fn hits_show_the_figures_that_were_asked_for() {
    let mut console = TestConsole::empty().await;
    let keys = three_years(&mut console).await;
    let text = encoded("行政许可 处理决定>110");
    let found = console.get(&format!("/api/v1/reports?q={text}&facets=cell.{DECISIONS}")).await.json();
    assert_eq!(found["total"], json!(2), "{found}");
    let figure = &found["hits"][0]["figures"][0];
    assert_eq!((&figure["cell"], &figure["state"]), (&json!(DECISIONS), &json!("read")));
    let range = &found["ranges"][format!("cell.{DECISIONS}")];
    assert_eq!(
        (&range["min"], &range["median"], &range["max"]),
        (&json!("120"), &json!("120"), &json!("150"))
    );
    assert_eq!(range["decades"], json!([{"from": "100", "to": "999", "reports": 2}]));

    let page = console.get(&format!("/?q={text}")).await.text();
    has(
        &page,
        &[
            "表二 行政许可 处理决定",
            &format!("/reports/{}#cell-{DECISIONS}", keys[1]),
            "<b>150</b>",
            "中位数",
        ],
    );
    let asked = console.get(&format!("/?q={}", encoded("新收>1"))).await.text();
    has(&asked, &["“新收”指哪一个数字", &encoded("表三 新收 总计>1")]);
    let question = console.get(&format!("/api/v1/reports?q={}", encoded("新收>1"))).await.json();
    assert_eq!(question["questions"][0]["choices"].as_array().unwrap().len(), 7);

    let form = console.get("/?row=active.licensing&column=decisions&from=110&to=130&table=").await;
    assert_eq!(
        (form.status.as_u16(), form.header("location")),
        (303, "/?cell.active.licensing.decisions=110..130")
    );
    let found = console.get(form.header("location")).await.text();
    has(&found, &["共 <b>1</b> 份", "按数字查找"]);
    assert_eq!(console.get("/?row=active.licensing&column=total").await.status, 400);
}

#[tokio::test]
async fn texts_are_completed() {
    let mut console = TestConsole::empty().await;
    three_years(&mut console).await;
    let first = async |query: &str| {
        let answer = console.get(&format!("/api/v1/complete?{query}")).await.json();
        let first = &answer["suggestions"][0];
        format!("{} {} {}", first["kind"], first["value"], first["q"])
    };
    assert_eq!(
        first(&format!("q={}", encoded("表三 新收"))).await,
        r#""cell" "表三 新收 总计" "表三 新收 总计>""#
    );
    assert_eq!(
        first(&format!("q={}&kind=agency", encoded("公开 教育"))).await,
        format!(r#""agency" "{OTHER}" "公开 机关:=\"{OTHER}\" ""#)
    );
    assert_eq!(
        first(&format!("q={}&kind=region", encoded("潍坊"))).await,
        r#""region" "山东省潍坊市" "地区:山东省潍坊市 ""#
    );
    assert!(first("q=t3-01&kind=rule").await.starts_with(r#""rule" "T3-01""#));
    assert_eq!(first("q=").await, "null null null");
    let typed =
        console.get(&format!("/api/v1/reports?q={}", encoded(&format!("机关:=\"{OTHER}\" ")))).await.json();
    assert_eq!(typed["total"], json!(2));
    assert_eq!(console.get("/api/v1/complete?q=a&limit=0").await.json()["field"], json!("limit"));
    assert_eq!(console.get("/api/v1/complete?q=a&kind=x").await.json()["field"], json!("kind"));
}
