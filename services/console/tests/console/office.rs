//! The roster, the documents and the rules.

use std::io::{Cursor, Read as _};

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use zip::ZipArchive;

use crate::harness::{Answer, TestConsole, sample};

const OWN: &str = "潍坊市行政审批服务局";
const OTHER: &str = "潍坊市教育局";

/// The sample with another agency and another year in it.
fn of(agency: &str, year: u16) -> String {
    let text = String::from_utf8(sample("pipe-lines.txt")).unwrap();
    text.replace(OWN, agency).replace("2024", &year.to_string())
}

#[track_caller]
fn has(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "{text} in {page}");
    }
}

#[track_caller]
fn lacks(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(!page.contains(text), "{text} in {page}");
    }
}

async fn post(console: &TestConsole, address: &str, fields: &[(&str, &str)]) -> Answer {
    let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let body: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    let request = Request::post(address).header("content-type", "application/x-www-form-urlencoded");
    console.ask_with(request, Body::from(body.join("&"))).await
}

async fn upload(console: &TestConsole, name: &str, bytes: &[u8]) -> Answer {
    let mut body =
        format!("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n")
            .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--b--\r\n");
    let request = Request::post("/roster/import").header("content-type", "multipart/form-data; boundary=b");
    console.ask_with(request, Body::from(body)).await
}

/// What stands in a hidden field of a page.
fn hidden(page: &str, name: &str) -> String {
    let start = page.find(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{name} in {page}"));
    let value = page[start..].split("value=\"").nth(1).unwrap();
    value.split('"').next().unwrap().to_owned()
}

/// What stands in the text area of a page.
fn text_area(page: &str) -> String {
    let text = page.split("<textarea").nth(1).unwrap().split_once('>').unwrap().1;
    let text = text.split("</textarea>").next().unwrap();
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// A workbook with these rows.
fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, cells) in (0..).zip(rows) {
        for (column, text) in (0..).zip(*cells) {
            sheet.write(row, column, *text).unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

#[tokio::test]
async fn a_roster_is_checked_before_it_is_imported() {
    let mut console = TestConsole::empty().await;
    let (_, key) = console.submit("a.txt", of(OWN, 2024).as_bytes()).await;
    console.commit().await;
    has(&console.get("/roster?year=2024").await.text(), &["还没有导入机关名录", "/roster/template", "核对"]);

    let wrong =
        workbook(&[&["机关名称", "区划代码"], &[OWN, "370700"], &[], &[OWN, "370700"], &["丙局", "37"]]);
    let page = upload(&console, "名录.xlsx", &wrong).await.text();
    has(
        &page,
        &["名录有错误", &format!("第4行“机关名称”：“{OWN}”与第2行重复"), "第5行“区划代码”：“37”不能识别"],
    );
    lacks(&page, &["/roster/confirm"]);

    let evil = "潍坊市<img src=x>局";
    let right =
        workbook(&[&["机关名称", "区划代码"], &[OWN, "370700"], &[OTHER, "370700"], &[evil, "370700"]]);
    let page = upload(&console, "名录.xlsx", &right).await.text();
    has(&page, &["导入后的变化", "新增</dt><dd>3<", "潍坊市&lt;img src=x&gt;局"]);
    lacks(&page, &["<img"]);
    let (current, roster) = (hidden(&page, "current"), text_area(&page));
    has(&console.get("/roster?year=2024").await.text(), &["还没有导入机关名录"]);
    let fields = [("current", current.as_str()), ("roster", &roster), ("why", "新名录")];
    assert_eq!(post(&console, "/roster/confirm", &fields).await.status, 303);
    // Somebody who looked before that import does not undo it.
    let late = post(&console, "/roster/confirm", &fields).await;
    assert_eq!(late.status, 409, "{}", late.text());

    let board = console.get("/roster?region=3707&year=2024").await.text();
    has(
        &board,
        &["应报送</dt><dd>3<", &format!("/reports/{key}"), "新名录", "潍坊市&lt;img src=x&gt;局", "催报函"],
    );
    let missing = console.get("/roster?region=3707&year=2024&state=missing").await.text();
    has(&missing, &[OTHER, "共2个机关"]);
    let csv = console.get("/api/v1/roster?region=3707&year=2024&format=csv&state=missing").await;
    assert!(csv.header("content-type").starts_with("text/csv"));
    has(
        &csv.text(),
        &["\u{feff}机关,区划代码", &format!("{OTHER},370700,山东省潍坊市,2024,2025-01-31,未报送,,,,,")],
    );
    let book = console.get("/api/v1/roster?region=3707&year=2024&format=xlsx").await;
    assert_eq!((book.status.as_u16(), &book.body[..2]), (200, &b"PK"[..]));

    let change = [
        ("current", "roster-1"),
        ("position", "1"),
        ("agency", OTHER),
        ("year", "2024"),
        ("extended", "2025-02-15"),
        ("note", "机构改革"),
    ];
    assert_eq!(post(&console, "/roster/agency", &change).await.status, 303);
    assert_eq!(post(&console, "/roster/agency", &change).await.status, 409);
    has(&console.get("/roster?region=3707&year=2024").await.text(), &["2025-02-15", "机构改革"]);
    let exempt = [
        ("current", "roster-2"),
        ("position", "1"),
        ("agency", OTHER),
        ("year", "2024"),
        ("exempt", "true"),
        ("note", "撤销"),
    ];
    assert_eq!(post(&console, "/roster/agency", &exempt).await.status, 303);
    let board = console.get("/roster?region=3707&year=2024").await.text();
    has(&board, &["应报送</dt><dd>2<", "免报</a></dt><dd>1<"]);
    let csv = console.get("/roster/current").await.text();
    has(&csv, &[&format!("{OTHER},370700,市级,,,,,2024,,,撤销")]);
    let template = console.get("/roster/template").await;
    assert_eq!(&template.body[..2], b"PK");
}

/// The names of the files in an archive, and the text of the list.
fn archive(answer: &Answer) -> (Vec<String>, String) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut archive = ZipArchive::new(Cursor::new(answer.body.as_slice())).unwrap();
    let names: Vec<String> = (0..archive.len())
        .map(|index| archive.by_index(index).unwrap().name().unwrap().into_owned())
        .collect();
    let mut list = String::new();
    archive.by_name("目录.csv").unwrap().read_to_string(&mut list).unwrap();
    (names, list)
}

#[tokio::test]
async fn a_hundred_letters_come_in_one_file() {
    let mut console = TestConsole::empty().await;
    let wrong = |agency: &str| of(agency, 2024).replace("件。", "件，比上年增加一百件。");
    let mut keys = Vec::new();
    for number in 0..100 {
        // Without a 9, so that the first 9 of the text is a figure.
        let agency = format!("潍坊市第{number:03o}局");
        let text = wrong(&agency).replacen('9', "8", 1);
        keys.push(console.submit(&format!("{number}.txt"), text.as_bytes()).await.1);
    }
    let (_, clean) = console.submit("page.html", &sample("page-utf8.html")).await;
    console.commit().await;

    let page = console.get("/documents?kind=letter&region=3707&year=2024").await.text();
    has(&page, &["整改意见", "可以生成<b>100</b>份", "全部下载", "/documents.xlsx?kind=letter"]);
    let csv = console.get("/documents.csv?kind=letter&region=3707&year=2024").await.text();
    assert_eq!(csv.lines().count(), 101, "{csv}");
    has(&csv, &["\u{feff}机关,区划代码,地区,年度,校核结论", "潍坊市第143局,370700,山东省潍坊市,2024,"]);
    let none = console.get("/documents.csv?kind=letter&region=3707&year=2019").await.text();
    assert_eq!(none.lines().count(), 1, "{none}");
    let book = console.get("/documents.xlsx?kind=letter&region=3707&year=2024").await;
    assert_eq!((book.status.as_u16(), &book.body[..2]), (200, &b"PK"[..]));
    assert_eq!(console.get("/documents.csv?kind=bulletin&region=3707&year=2024").await.status, 400);
    let answer =
        console.get("/api/v1/letters?region=3707&year=2024&name=office&number=X%7Bn%7D&first=5").await;
    assert_eq!((answer.header("gouji-letters"), answer.header("gouji-skipped")), ("100", "0"));
    let (names, list) = archive(&answer);
    assert_eq!(names.len(), 101);
    assert_eq!(names[0], "001 潍坊市第000局2024年整改意见.docx");
    let rows: Vec<&str> = list.lines().collect();
    assert!(
        rows[1].starts_with("1,X5,潍坊市第000局,山东省潍坊市,2024,001 潍坊市第000局2024年整改意见.docx,"),
        "{list}"
    );
    assert!(rows[100].starts_with("100,X104,"), "{list}");
    // The same request gives the same bytes.
    let again =
        console.get("/api/v1/letters?region=3707&year=2024&name=office&number=X%7Bn%7D&first=5").await;
    assert!(again.body == answer.body);

    let keyed =
        post(&console, "/api/v1/letters", &[("key", &keys[3]), ("key", &clean), ("key", &keys[2])]).await;
    let (names, list) = archive(&keyed);
    assert_eq!(names.len(), 3, "{names:?}");
    has(&list, &["没有问题，未生成"]);
    // Letters that are sent return their reports, with the number and the deadline.
    let key = keys[5].as_str();
    let sent =
        [("key", key), ("return", "true"), ("number", "X{n}"), ("first", "7"), ("deadline", "2099-03-10")];
    let (_, list) = archive(&post(&console, "/api/v1/letters", &sent).await);
    has(&list, &["X7", "已生成，已退回修改"]);
    let acts = console.get(&format!("/api/v1/reports/{key}/reviews")).await.text();
    has(&acts, &["returned", "2099-03-10", "X7"]);
    // Without a deadline of its own a return has the usual one, and the letter says the same.
    let sent = [("key", keys[7].as_str()), ("return", "true"), ("date", "2099-03-10")];
    assert_eq!(post(&console, "/api/v1/letters", &sent).await.status, 200);
    has(
        &console.get(&format!("/api/v1/reports/{}/reviews", keys[7])).await.text(),
        &["\"due\":\"2099-03-25\""],
    );
    // The page counts the letters by the state of their reports; a report that was accepted needs no letter.
    let accepted = format!("/api/v1/reports/{}/reviews", keys[6]);
    assert_eq!(console.post(&accepted, "{\"act\":\"accepted\"}").await.status, 200);
    console.index_reviews().await;
    let page = console.get("/documents?kind=letter&region=3707&year=2024").await.text();
    has(&page, &["可以生成<b>99</b>份", "review=returned", "退回修改2份", "待审核97份"]);
    let returned = console.get("/documents?kind=letter&region=3707&year=2024&review=returned").await.text();
    has(&returned, &["可以生成<b>2</b>份", "审核状态：退回修改"]);
    let none = console.get(&format!("/api/v1/letters?key={clean}")).await;
    assert_eq!(none.status, 404);
    has(&none.text(), &["没有需要整改或者核实的问题"]);
    assert_eq!(console.get("/api/v1/letters").await.status, 400);
}

#[tokio::test]
async fn those_who_have_not_reported_are_reminded_and_the_notice_lists_them() {
    let mut console = TestConsole::empty().await;
    console.submit("a.txt", of(OWN, 2024).as_bytes()).await;
    console.submit("b.txt", of(OWN, 2023).as_bytes()).await;
    console.commit().await;
    assert_eq!(console.get("/api/v1/reminders?region=3707&year=2024").await.status, 404);
    let roster = format!(
        "机关名称,区划代码,免报年度,说明\n{OWN},370700,,\n{OTHER},370700,,\n潍坊市老龄办,370700,全部,机构撤销\n"
    );
    console.import_roster(&roster).await;
    let csv = console.get("/documents.csv?kind=reminder&region=3707&year=2024").await.text();
    assert_eq!(csv.lines().count(), 2, "{csv}");
    has(&csv, &[&format!("{OTHER},2024,2025-01-31")]);
    let page = console.get("/documents?kind=reminder&region=3707&year=2024&name=office").await.text();
    has(&page, &["未报送的机关有<b>1</b>个", OTHER, "全部下载"]);
    let (names, list) = archive(&console.get("/api/v1/reminders?region=3707&year=2024").await);
    assert_eq!(names, [&format!("001 {OTHER}2024年催报函.docx"), "目录.csv"]);
    has(&list, &[OTHER, "2025-01-31"]);
    let one = format!(
        "/api/v1/reminders?region=3707&year=2024&format=html&date=2025-02-17&agency={}",
        "%E6%BD%8D%E5%9D%8A%E5%B8%82%E6%95%99%E8%82%B2%E5%B1%80"
    );
    has(&console.get(&one).await.text(), &["潍坊市教育局：", "已逾期17天"]);
    assert_eq!(console.get("/api/v1/reminders?region=3707&year=2024&agency=x&format=html").await.status, 404);

    let notice = console.get("/api/v1/bulletin?region=3707&year=2024&date=2025-02-17").await.text();
    has(
        &notice,
        &[
            "的通报",
            "应报送2个机关，已报送1个",
            "与上年相比",
            OTHER,
            "潍坊市老龄办（机构撤销）",
            "得分＝100－迟报10分",
        ],
    );
    let docx = console.get("/api/v1/bulletin?region=3707&year=2024&format=docx").await;
    assert_eq!(&docx.body[..2], b"PK");
    has(
        &console.get("/documents?kind=bulletin&region=3707&year=2024").await.text(),
        &["/api/v1/bulletin?region=370700"],
    );
}

#[tokio::test]
async fn every_rule_is_explained_and_the_policy_is_changed_in_the_page() {
    let mut console = TestConsole::with_samples().await;
    let page = console.get("/rules").await.text();
    for rule in rules::catalogue() {
        has(&page, &[&format!("id=\"{}\"", rule.id), rule.problem.split('<').next().unwrap()]);
    }
    has(&page, &["/?finding=T3-01", "按系统设置执行", "没有改动过"]);
    let broken = console.get("/api/v1/reports?finding=T3-01&limit=1").await.json();
    let title = broken["hits"][0]["key"].as_str().unwrap().to_owned();

    let fields = [("seen", ""), ("rule.T3-01", "off"), ("why", "试行"), ("weight.late", "20")];
    let preview = post(&console, "/rules/preview", &fields).await.text();
    has(&preview, &["校核政策改动的影响", "T3-01", "不再有", "生效"]);
    // Only reports that break the rule are judged again.
    let broken = broken["total"].as_u64().unwrap();
    has(&preview, &[&format!("改动涉及</dt><dd>{broken}<"), &format!("已重新校核</dt><dd>{broken}<")]);
    lacks(&preview, &["没有年度报告的校核结果会改变", "均匀抽取"]);
    let untouched =
        post(&console, "/rules/preview", &[("seen", ""), ("why", "试行"), ("weight.late", "20")]).await;
    has(&untouched.text(), &["改动涉及</dt><dd>0<", "没有年度报告的校核结果会改变"]);
    let policy = text_area(&preview);
    has(&policy, &["off = [\"T3-01\"]", "late = 20"]);
    let change = [("seen", ""), ("policy", policy.as_str()), ("why", "试行"), ("restores", "")];
    assert_eq!(post(&console, "/rules/change", &change).await.status, 303);
    assert_eq!(post(&console, "/rules/change", &change).await.status, 409);
    let page = console.get("/rules").await.text();
    has(&page, &["policy-1", "理由：试行", "现行", "停用"]);
    let letter = console.get(&format!("/api/v1/reports/{title}/letter")).await.text();
    lacks(&letter, &["表三表头注"]);
    let now = console.get("/api/v1/policy").await.json();
    assert_eq!((now["id"].as_str(), now["why"].as_str()), (Some("policy-1"), Some("试行")));

    let preview = post(&console, "/rules/preview", &[("seen", "policy-1"), ("restore", "file")]).await.text();
    has(&preview, &["恢复系统设置中的政策"]);
    let back = [("seen", "policy-1"), ("file", "true"), ("why", "试行结束")];
    assert_eq!(post(&console, "/rules/change", &back).await.status, 303);
    let letter = console.get(&format!("/api/v1/reports/{title}/letter")).await.text();
    has(&letter, &["表三表头注"]);
    let history = console.get("/rules").await.text();
    has(&history, &["试行结束", "系统设置", "恢复"]);

    for (fields, expected) in [
        (vec![("rule.T3-01", "fatal")], "不能设为"),
        (vec![("waiver.rule", "T3-01"), ("waiver.why", "x")], "没有写明机关或者地区"),
        (vec![("waiver.agency", "某局")], "没有写明规则"),
        (vec![("weight.late", "500")], "0到100的整数"),
    ] {
        let answer = post(&console, "/rules/preview", &fields).await;
        assert_eq!(answer.status, 400, "{fields:?}");
        has(&answer.text(), &[expected]);
    }
    let request = Request::post("/api/v1/policy/changes?seen=policy-2&why=x&dry_run=true");
    let answer = console.ask_with(request, Body::from("off = [\"T3-02\"]")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.json()["reports"].as_u64().unwrap() > 10);
    let request = Request::post("/api/v1/policy/changes?seen=policy-2&why=x");
    let answer = console.ask_with(request, Body::from("of = []")).await;
    assert_eq!(answer.status, 400);
    console.commit().await;
}

#[tokio::test]
async fn published_pages_are_listed_and_exported() {
    let mut console = TestConsole::empty().await;
    let (id, key) = console.submit("a.txt", of(OWN, 2024).as_bytes()).await;
    console.commit().await;
    let page = console.get("/published").await.text();
    has(&page, &["还没有登记网址"]);
    let sighting = |id: &str| json!({"id": id, "original": "0".repeat(64), "fetched_at_ms": 1_740_000_000_000_i64, "document": "http://a.gov.cn/1.pdf"});
    let records = [
        json!({"address": "http://a.gov.cn/1.html", "agency": "登记名", "state": "unchanged",
               "checked_at_ms": 1_750_000_000_000_i64, "first": sighting("x-g0"), "standing": sighting(&id)}),
        json!({"address": "http://b.gov.cn/2.html", "agency": "乙局", "region": "370481", "year": 2023, "state": "gone",
               "checked_at_ms": 1_750_000_000_000_i64, "missing": {"since_ms": 1_745_000_000_000_i64}}),
        json!({"address": "http://c.gov.cn/nb/", "title": "=HYPERLINK(1)", "state": "list", "listed": 12}),
        json!({"address": "http://d.gov.cn/", "state": "failed", "problem": {"code": "x", "zh": "网站拒绝访问。", "en": "no"}}),
    ];
    let ledger = console.worker.bus().bucket(bus::PUBLISHED);
    for (number, record) in records.iter().enumerate() {
        ledger.put(&format!("{number:032x}"), record.to_string().into()).await.unwrap();
    }
    let page = console.get("/published").await.text();
    // The report says more than the ledger.
    has(
        &page,
        &[
            OWN,
            "山东省潍坊市",
            "第1至4个，共4个网址",
            &format!("/reports/{key}"),
            "2025-02-20</span>",
            "05:20:00",
        ],
    );
    has(
        &page,
        &["乙局", "山东省枣庄市滕州市", "自2025-04-19 02:13:20起", "12份", "网站拒绝访问。", "=HYPERLINK(1)"],
    );
    lacks(&page, &["登记名"]);
    let rows = async |query: &str| {
        console.get(&format!("/published{query}")).await.text().matches("<tr data-state").count()
    };
    for (query, expected) in [
        ("", 4),
        ("?q=a.gov", 1),
        ("?q=%E4%B9%99%E5%B1%80", 1),
        ("?state=gone", 1),
        ("?state=waiting", 0),
        ("?region=3704", 1),
        ("?region=37", 2),
        ("?year=2024", 1),
        ("?changed=true", 0),
        ("?from=9", 0),
        ("?from=1", 3),
    ] {
        assert_eq!(rows(query).await, expected, "{query}");
    }
    for wrong in ["?year=soon", "?state=soon", "?region=9999"] {
        has(&console.get(&format!("/published{wrong}")).await.text(), &["role=\"alert\""]);
        assert!(console.get(&format!("/published/export{wrong}")).await.status.is_client_error(), "{wrong}");
    }
    let csv = console.get("/published/export?format=csv&state=list").await.text();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 2, "{csv}");
    assert!(lines[1].starts_with("http://c.gov.cn/nb/,") && lines[1].contains("'=HYPERLINK(1)"), "{csv}");
    let lines = console.get("/published/export?format=jsonl&q=a.gov").await.text();
    let line: serde_json::Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!((&line["report"], &line["state"]), (&json!(key), &json!("unchanged")), "{line}");
    assert_eq!(console.get("/published/export?format=parquet").await.status, 400);
}
