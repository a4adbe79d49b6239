//! What is new: the API, the page and the feed.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;

use crate::harness::{TestConsole, sample};

/// Waits until the console has followed the log to so many items.
async fn items(console: &TestConsole, query: &str, count: usize) -> Value {
    let followed = async {
        loop {
            let news = console.get(&format!("/api/v1/news?{query}")).await.json();
            if news["items"].as_array().is_some_and(|items| items.len() >= count) {
                return news;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), followed).await.expect("the console follows the log")
}

fn kinds(news: &Value) -> Vec<&str> {
    news["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_happens_comes_once_and_in_order() {
    let mut console = TestConsole::empty().await;
    let bytes = sample("page-utf8.html");
    let (_, key) = console.submit("page-utf8.html", &bytes).await;
    let first = items(&console, "", 1).await;
    assert_eq!(kinds(&first), ["received"], "{first}");
    assert_eq!(first["items"][0]["report"], key.as_str());
    let mut corrected = bytes.clone();
    corrected.extend_from_slice(b"<!-- corrected -->");
    let (_, same) = console.submit("page-utf8-2.html", &corrected).await;
    assert_eq!(same, key);
    console.refuse("photo.png", b"\x89PNG", "这是图片，暂不能读取。").await;
    let after = format!("after={}", first["next"].as_str().unwrap());
    let then = items(&console, &after, 2).await;
    assert_eq!(kinds(&then), ["corrected", "refused"], "{then}");
    assert_eq!(then["items"][1]["why"], "这是图片，暂不能读取。");
    let end = format!("after={}", then["next"].as_str().unwrap());
    assert_eq!(kinds(&console.get(&format!("/api/v1/news?{end}")).await.json()), [] as [&str; 0]);
    let one = console.get("/api/v1/news?limit=1&kind=refused").await.json();
    assert_eq!(kinds(&one), ["refused"]);
    for wrong in ["after=1", "limit=0", "limit=1001", "kind=x", "region=x"] {
        let answer = console.get(&format!("/api/v1/news?{wrong}")).await;
        let field = wrong.split('=').next().unwrap();
        assert_eq!((answer.status.as_u16(), answer.json()["field"].as_str()), (400, Some(field)), "{wrong}");
    }
}

#[tokio::test]
async fn the_page_marks_what_its_reader_has_not_seen() {
    let mut console = TestConsole::empty().await;
    console.submit("page-utf8.html", &sample("page-utf8.html")).await;
    items(&console, "", 1).await;
    let page = console.get("/news").await.text();
    assert!(page.contains("<b>1</b>条新动态") && page.contains("新报送"), "{page}");
    let seen = console.ask_with(Request::post("/news/seen"), Body::empty()).await;
    assert_eq!((seen.status.as_u16(), seen.header("location")), (303, "/news"));
    let cookie = seen.header("set-cookie").split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("gouji_news="), "{cookie}");
    console.refuse("photo.png", b"\x89PNG", "这是图片，暂不能读取。").await;
    items(&console, "", 2).await;
    let page = console.ask(Request::get("/news").header("cookie", format!("a=b; {cookie}"))).await.text();
    assert!(
        page.contains("<b>1</b>条新动态") && page.contains("共2条") && page.contains("上次查看"),
        "{page}"
    );
    assert_eq!(page.matches("class=\"mark-new\"").count(), 1, "{page}");
    let filtered = console.get("/news?kind=received").await.text();
    assert!(filtered.contains("新报送") && !filtered.contains("photo.png"), "{filtered}");
    assert!(filtered.contains("href=\"/news.csv?kind=received\""), "{filtered}");
}

#[tokio::test]
async fn the_list_is_a_file_with_its_filters() {
    let mut console = TestConsole::empty().await;
    console.submit("page-utf8.html", &sample("page-utf8.html")).await;
    console.refuse("=cmd|calc.png", b"\x89PNG", "这是图片，暂不能读取。").await;
    items(&console, "", 2).await;
    let csv = console.get("/news.csv").await;
    assert!(csv.header("content-disposition").contains(".csv"), "{}", csv.header("content-disposition"));
    let text = csv.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0].starts_with("\u{feff}时间,类别,机关")), (3, true), "{text}");
    assert!(text.contains(",'=cmd|calc.png,"), "{text}");
    let filtered = console.get("/news.csv?kind=refused").await.text();
    assert!(filtered.lines().count() == 2 && filtered.contains("未接收"), "{filtered}");
    let book = console.get("/news.xlsx?kind=refused").await;
    assert_eq!((book.status.as_u16(), &book.body[..2]), (200, &b"PK"[..]));
    assert_eq!(console.get("/news.csv?kind=x").await.status.as_u16(), 400);
}

#[tokio::test]
async fn an_agency_is_overdue_where_the_roster_says_so() {
    let mut console = TestConsole::empty().await;
    console.import_roster("机关名称,区划代码,截止日期\n某县财政局,370481,1月1日\n").await;
    let today = report::beijing::day(jiff::Timestamp::now().as_millisecond()).unwrap();
    let is_over = today.day_of_year() > 1;
    let news = console.get("/api/v1/news").await.json();
    let overdue = news["overdue"].as_array().unwrap();
    assert_eq!(overdue.len(), usize::from(is_over), "{news}");
    assert!(overdue.iter().all(|item| item["agency"] == "某县财政局"), "{news}");
    assert_eq!(console.get("/api/v1/news?region=61").await.json()["overdue"], Value::Array(Vec::new()));
    let page = console.get("/news").await.text();
    let deadline = format!("应于{}-01-01前报送", today.year());
    assert_eq!(page.contains("逾期未报送</span>") && page.contains(&deadline), is_over, "{page}");
}

#[tokio::test]
async fn the_feed_is_atom() {
    let mut console = TestConsole::empty().await;
    console.submit("<b>&.html", &sample("page-utf8.html")).await;
    console.refuse("photo.png", b"\x89PNG", "这是图片，暂不能读取。").await;
    items(&console, "", 2).await;
    let feed = console.ask(Request::get("/news.atom").header("host", "127.0.0.1:8470")).await;
    assert_eq!(feed.header("content-type"), "application/atom+xml; charset=utf-8");
    let text = feed.text();
    let mut reader = quick_xml::Reader::from_str(&text);
    let (mut entries, mut depth) = (0, 0);
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(start) => {
                depth += 1;
                entries += usize::from(start.name().as_ref() == "entry");
            }
            quick_xml::events::Event::End(_) => depth -= 1,
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!((entries, depth), (2, 0), "{text}");
    assert!(text.contains("href=\"http://127.0.0.1:8470/reports/"), "{text}");
}
