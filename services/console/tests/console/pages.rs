//! The pages.

use report::{Form, FormId};

use crate::harness::{TestConsole, sample};

#[tokio::test]
async fn a_report_page_shows_every_cell_of_its_form() {
    let mut console = TestConsole::empty().await;
    let name = "page-utf8.html";
    let (_, in_order) = console.submit(name, &sample("page-utf8.html")).await;
    let name = "tabs-row-without-figures.txt";
    let bytes = &sample("tabs-row-without-figures.txt");
    let (_, old) = console.submit(name, bytes).await;
    console.commit().await;
    let check = async |key: &str, form: FormId, texts: &[&str]| {
        let page = console.get(&format!("/reports/{key}?q=%E7%94%B3%E8%AF%B7")).await.text();
        for id in Form::get(form).cells() {
            assert!(page.contains(&format!("id=\"cell-{id}\"")), "{id}");
        }
        for text in texts {
            assert!(page.contains(text), "{text}");
        }
    };
    let texts =
        ["申请人情况", "三、本年度办理结果", "复议后起诉", "<mark>申请</mark>", "badge pass", "原文填写"];
    check(&in_order, FormId::F2021, &texts).await;
    check(&old, FormId::F2019, &["由勾稽关系推得", "T3-08", "上一年项目数量", "2019年格式"]).await;
}

#[tokio::test]
async fn a_search_page_keeps_its_state_in_its_address() {
    let console = TestConsole::with_samples().await;
    let check = async |address: &str, texts: &[&str]| {
        let page = console.get(address).await;
        assert_eq!(page.status, 200, "{address}");
        assert!(page.header("content-security-policy").starts_with("default-src 'self'"), "{address}");
        for text in texts {
            assert!(page.text().contains(text), "{address}: {text}");
        }
    };
    check("/", &["可以这样找", "年份", "结论", "发现的问题", "有错误", "data-count=\"searchable\""]).await;
    check(
        "/?q=%E7%94%B3%E8%AF%B7&year=2023",
        &["年份：2023", "<mark>申请</mark>", "value=\"申请\"", "name=\"year\" value=\"2023\""],
    )
    .await;
    check("/?finding=T3-05", &["表三缺少列"]).await;
    check("/?year=soon", &["无法识别"]).await;
    check("/?q=%22%E7%81%AB%E6%98%9F%E7%A7%BB%E6%B0%91%E5%B1%80%22", &["没有找到"]).await;
    check("/status", &["各环节", "没有未接收的文件"]).await;
    check("/?limit=2", &["下一页"]).await;
}

#[tokio::test]
async fn an_empty_console_says_what_to_do() {
    let console = TestConsole::empty().await;
    assert!(console.get("/").await.text().contains("库里还没有年度报告"));
    let answer = console.get("/nothing").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (404, "text/html; charset=utf-8"));
    assert_eq!(console.get("/reports/0123").await.status, 404);
    for (name, media_type) in
        [("console.css", "text/css"), ("console.js", "text/javascript"), ("icon.svg", "image/svg+xml")]
    {
        assert!(console.get(&format!("/assets/{name}")).await.header("content-type").starts_with(media_type));
    }
}

#[tokio::test]
async fn what_reports_say_never_becomes_markup() {
    let mut console = TestConsole::empty().await;
    let evil = "<script>alert(1)</script>";
    let title = format!("某市{evil}财政局2024年政府信息公开工作年度报告");
    let text = format!("{title}\n\n一、总体情况\n\n本年收到申请\"><img src=x onerror=alert(1)>9件。{evil}\n");
    let (id, key) = console.submit(&format!("{evil}.txt"), text.as_bytes()).await;
    console.refuse(&format!("{evil}.pdf"), b"x", evil).await;
    console.commit().await;
    for address in [
        "/".to_owned(),
        format!("/?q={}", "%3Cscript%3E"),
        "/?year=%22%3E%3Cscript%3Ealert(1)%3C/script%3E".to_owned(),
        format!("/reports/{key}?q=%3Cscript%3E"),
        format!("/reports/{id}"),
        "/status".to_owned(),
        "/%3Cscript%3Ealert(1)%3C/script%3E".to_owned(),
    ] {
        let page = console.get(&address).await.text();
        assert!(!page.contains("<script>"), "{address}");
        assert!(!page.contains("<img"), "{address}");
    }
    assert!(console.get("/").await.text().contains("&lt;script&gt;"));
}
