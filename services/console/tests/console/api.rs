//! The API.

use axum::http::Request;
use serde_json::{Value, json};

use crate::harness::{TestConsole, sample};

/// Every total that follows from the samples.
#[tokio::test]
async fn searches_find_what_they_should() {
    let console = TestConsole::with_samples().await;
    let all = console.get("/api/v1/reports").await.json()["total"].as_u64().unwrap();
    assert!(all >= 8, "{all} samples");
    let check = async |query: &str, expected: &dyn Fn(u64) -> bool| {
        let found = console.get(&format!("/api/v1/reports?{query}")).await.json();
        assert!(expected(found["total"].as_u64().unwrap()), "{query}: {found}");
        assert_eq!(found["relaxed"], false, "{query}");
    };
    let (each, some, none) = (|total| total == all, |total| total > 0 && total < all, |total| total == 0);
    check("q=", &each).await;
    check("q=%E6%94%BF%E5%BA%9C%E4%BF%A1%E6%81%AF%E5%85%AC%E5%BC%80", &each).await;
    check("q=year:2023", &some).await;
    check("year=2023", &some).await;
    check("year=2007..2099", &each).await;
    check("year=2007..2008", &none).await;
    check("year=2023&year=2007..2022&year=2024..", &each).await;
    check("verdict=fail", &some).await;
    check("finding=T3-05", &some).await;
    check("rule=T3-05/fails", &some).await;
    check("form=2019", &some).await;
    check("cell.requests.received.total=0..", &|total| total > 0).await;
    check("cell.requests.received.total=%3C0", &none).await;
}

#[tokio::test]
async fn a_cell_is_found_by_either_spelling() {
    let console = TestConsole::with_samples().await;
    let sample = console.get("/api/v1/reports?limit=1&year=2023").await.json();
    let key = sample["hits"][0]["key"].as_str().unwrap();
    let cells = console.get(&format!("/api/v1/reports/{key}/cells")).await.json();
    let value = cells["cells"]["requests.received.total"]["value"].as_str().unwrap();
    for query in [
        format!("cell.requests.received.total={value}"),
        format!("q=cell.requests.received.total={value}"),
        format!("q=cell.requests.received.total:{value}&year=2023"),
    ] {
        let found = console.get(&format!("/api/v1/reports?{query}")).await.json();
        let keys: Vec<&Value> = found["hits"].as_array().unwrap().iter().map(|hit| &hit["key"]).collect();
        assert!(keys.contains(&&json!(key)), "{query}: {found}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_and_miss_nothing() {
    let console = TestConsole::with_samples().await;
    let total = console.get("/api/v1/reports?limit=0").await.json()["total"].as_u64().unwrap() as usize;
    for sort in ["", "&sort=-year", "&sort=cell.requests.received.total"] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = console.get(&format!("/api/v1/reports?limit=3{sort}{cursor}")).await.json();
            let hits = page["hits"].as_array().unwrap();
            assert!(hits.len() <= 3);
            seen.extend(hits.iter().map(|hit| hit["key"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), total, "{sort}");
    }
}

#[tokio::test]
async fn facets_count_and_snippets_mark() {
    let console = TestConsole::with_samples().await;
    let page = console
        .get("/api/v1/reports?q=%E7%94%B3%E8%AF%B7&facets=year,verdict,finding&highlight=1")
        .await
        .json();
    for facet in ["year", "verdict", "finding"] {
        let values = page["facets"][facet].as_array().unwrap();
        assert!(values.iter().all(|value| value["count"].as_u64().unwrap() > 0), "{facet}: {values:?}");
        assert!(!values.is_empty(), "{facet}");
    }
    let snippet = &page["hits"][0]["snippets"][0];
    let range = |index| snippet["highlights"][0][index].as_u64().unwrap() as usize;
    let text: Vec<char> = snippet["text"].as_str().unwrap().chars().collect();
    assert_eq!(text[range(0)..range(1)].iter().collect::<String>(), "申请");
}

#[tokio::test]
async fn sums_are_exact() {
    let console = TestConsole::with_samples().await;
    let one = console.get("/api/v1/sum?cell=requests.received.total").await.json();
    let by_year = console.get("/api/v1/sum?cell=requests.received.total&by=year").await.json();
    let sum = |groups: &Value| -> i64 {
        let groups = groups["groups"].as_array().unwrap().iter();
        groups.map(|group| group["sum"].as_str().unwrap().parse::<i64>().unwrap()).sum()
    };
    assert_eq!(one["groups"].as_array().unwrap().len(), 1);
    assert!(by_year["groups"].as_array().unwrap().len() > 1);
    assert_eq!(sum(&one), sum(&by_year));
}

#[tokio::test]
async fn problems_say_what_is_wrong() {
    let console = TestConsole::empty().await;
    let check = async |address: &str, status: u16, code: &str, field: Value| {
        let answer = console.get(address).await;
        assert_eq!(answer.header("content-type"), "application/problem+json", "{address}");
        let problem = answer.json();
        assert_eq!(answer.status.as_u16(), status, "{address}: {problem}");
        assert_eq!((&problem["code"], &problem["field"]), (&json!(code), &field), "{address}");
        assert_eq!(problem["type"], format!("urn:gouji:problem:{code}"));
        assert!(!problem["detail"].as_str().unwrap().is_empty(), "{address}");
    };
    check("/api/v1/reports?year=soon", 400, "bad-parameter", json!("year")).await;
    check("/api/v1/reports?cell.no.such=1", 400, "bad-parameter", json!("cell.no.such")).await;
    check("/api/v1/reports?limit=9999", 400, "bad-parameter", json!("limit")).await;
    check("/api/v1/reports?cursor=what", 400, "bad-parameter", json!("cursor")).await;
    check("/api/v1/reports?colour=red", 400, "bad-parameter", json!("colour")).await;
    check("/api/v1/sum", 400, "bad-parameter", json!("cell")).await;
    check("/api/v1/sum?cell=requests.received.total&by=mood", 400, "bad-parameter", json!("by")).await;
    check("/api/v1/reports/0123", 404, "not-found", Value::Null).await;
    check("/api/v1/reports/a.*.%3E/source", 404, "not-found", Value::Null).await;
    check("/api/v1/reports/%FF", 404, "not-found", Value::Null).await;
    check("/api/v1/status/0123-g0", 404, "not-found", Value::Null).await;
    check("/api/v1/nothing", 404, "not-found", Value::Null).await;
    let answer = console.ask(Request::delete("/api/v1/reports")).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (405, &json!("method-not-allowed")));
}

#[tokio::test]
async fn a_report_has_its_parts_its_bytes_and_its_life() {
    let mut console = TestConsole::empty().await;
    let bytes = sample("page-utf8.html");
    let (id, key) = console.submit("乡镇/年报 1.html", &bytes).await;
    console.commit().await;
    for name in [&id, &key] {
        let report = console.get(&format!("/api/v1/reports/{name}")).await.json();
        assert_eq!((&report["id"], &report["key"]), (&json!(id), &json!(key)));
        for part in ["cells", "findings", "versions"] {
            let answer = console.get(&format!("/api/v1/reports/{name}/{part}")).await.json();
            assert_eq!(answer[part], report[part]);
        }
    }
    let source = console.get(&format!("/api/v1/reports/{id}/source")).await;
    assert_eq!(source.body, bytes);
    assert_eq!(source.header("content-type"), "text/html");
    assert_eq!(source.header("x-content-type-options"), "nosniff");
    assert_eq!(source.header("content-security-policy"), "sandbox; default-src 'none'");
    let name = "attachment; filename=\"___1.html\"; filename*=UTF-8''%E5%B9%B4%E6%8A%A5%201.html";
    assert_eq!(source.header("content-disposition"), name);

    let life = console.get(&format!("/api/v1/status/{id}")).await.json();
    assert_eq!((&life["state"], &life["refusal"]), (&json!("indexed"), &Value::Null));
    let facts: Vec<&str> =
        life["facts"].as_array().unwrap().iter().map(|fact| fact["fact"].as_str().unwrap()).collect();
    assert_eq!(facts, ["submitted", "parsed", "validated", "indexed"]);
}

#[tokio::test]
async fn an_earlier_version_stays_readable() {
    let mut console = TestConsole::empty().await;
    let newer = String::from_utf8(sample("page-utf8.html")).unwrap();
    let older = newer.replacen("<body", "<!-- first --><body", 1);
    let (old_id, key) = console.submit("第一次.html", older.as_bytes()).await;
    let (new_id, same) = console.submit("第二次.html", newer.as_bytes()).await;
    console.commit().await;
    assert_eq!(key, same);
    let current = console.get(&format!("/api/v1/reports/{key}")).await.json();
    assert_eq!((&current["id"], current["versions"].as_array().unwrap().len()), (&json!(new_id), 2));
    let earlier = console.get(&format!("/api/v1/reports/{old_id}")).await.json();
    assert_eq!((&earlier["id"], &earlier["file_name"]), (&json!(old_id), &json!("第一次.html")));
    assert_eq!(earlier["versions"], current["versions"]);
    let keys = |record: &Value| {
        record.as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(keys(&earlier), keys(&current));
    let source = console.get(&format!("/api/v1/reports/{old_id}/source")).await;
    assert_eq!(source.body, older.as_bytes());
    let page = console.get(&format!("/reports/{old_id}")).await.text();
    assert!(page.contains("较早报送的版本"));
}

#[tokio::test]
async fn a_refused_file_says_why() {
    let mut console = TestConsole::empty().await;
    let id = console.refuse("扫描件.pdf", b"%PDF-1.4 %%EOF", "暂不支持这种文件。").await;
    let life = console.get(&format!("/api/v1/status/{id}")).await.json();
    assert_eq!(life["state"], "refused");
    assert_eq!(life["refusal"]["message"], "暂不支持这种文件。");
    assert_eq!(life["refusal"]["class"], "unsupported-format");
    assert_eq!(console.get(&format!("/api/v1/reports/{id}/source")).await.body, b"%PDF-1.4 %%EOF");
    let page = console.get(&format!("/reports/{id}")).await.text();
    assert!(page.contains("暂不支持这种文件。") && page.contains("扫描件.pdf"));
    // What many ask for may be some seconds old.
    let counted = async {
        while console.get("/api/v1/status").await.json()["counts"]["refused"] != 1 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), counted).await.unwrap();
}
