//! The regional page, and how the report page links years.

use crate::harness::{TestConsole, sample};

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

#[tokio::test]
async fn a_region_shows_its_roster_its_sums_and_its_copies() {
    let mut console = TestConsole::empty().await;
    has(&console.get("/regions").await.text(), &["汇总与比对", "库里还没有能确定地区的年度报告"]);
    let (_, own) = console.submit("a.txt", of(OWN, 2024).as_bytes()).await;
    let (_, copy) = console.submit("b.txt", of(OTHER, 2024).as_bytes()).await;
    console.commit().await;
    has(&console.get("/regions").await.text(), &["/regions?region=37&amp;year=2024", "山东省"]);

    let without_roster = console.get("/regions?region=3707&year=2024").await.text();
    has(&without_roster, &["gouji roster import", "本年新收申请", "format=xlsx", "开始比对"]);
    lacks(&without_roster, &["比对的年度报告"]);

    let evil = "潍坊市<img src=x>局";
    let roster = format!("机关名称,区划代码,上级,口径\n{OWN},370700,,\n{OTHER},370700,,\n{evil},370700,,\n");
    console.import_roster(&roster).await;
    let page = console.get("/regions?region=%E6%BD%8D%E5%9D%8A%E5%B8%82&year=2024").await.text();
    has(&page, &["应报送</dt><dd>3<", "未报送</dt><dd>1<", "潍坊市&lt;img src=x&gt;局", "山东省潍坊市"]);
    lacks(&page, &["<img", "gouji roster import"]);

    let compared = console.get("/regions?region=3707&year=2024&survey=true").await.text();
    has(
        &compared,
        &["比对的年度报告</dt><dd>2<", &format!("/reports/{own}"), &format!("/reports/{copy}"), "对照："],
    );
    let alone = console.get("/regions?region=3707&year=2024&survey=true&rule=X-%3Cimg%3E").await.text();
    has(&alone, &["有错误或警告</dt><dd>0<", "只有提示</dt><dd>0<"]);
    lacks(&alone, &["<img", "class=\"finding"]);
}

#[tokio::test]
async fn the_earlier_address_of_the_regional_page_redirects() {
    let console = TestConsole::empty().await;
    let check = async |address: &str, target: &str| {
        let answer = console.get(address).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (308, target), "{address}");
    };
    check("/across", "/regions").await;
    check("/across?region=3707&year=2024&survey=true", "/regions?region=3707&year=2024&survey=true").await;
    check("/across?region=%E6%BD%8D%E5%9D%8A%E5%B8%82", "/regions?region=%E6%BD%8D%E5%9D%8A%E5%B8%82").await;
}

#[tokio::test]
async fn a_bad_region_or_year_is_explained() {
    let console = TestConsole::empty().await;
    let check = async |query: &str, texts: &[&str]| {
        let answer = console.get(&format!("/regions?{query}")).await;
        assert_eq!(answer.status, 200, "{query}");
        has(&answer.text(), texts);
        lacks(&answer.text(), &["<img"]);
    };
    check("region=9999&year=2024", &["没有代码为“9999”的行政区划", "写两位"]).await;
    check("region=%E6%96%B0%E5%9F%8E%E5%8C%BA&year=2024", &["陕西省西安市新城区（610102）"]).await;
    check("region=%22%3E%3Cimg%20src%3Dx%3E&year=2024", &["没有名为", "&lt;img"]).await;
    check("region=61&year=soon", &["“soon”不是年度", "value=\"61\""]).await;
    check("region=61", &["不是年度"]).await;
    check("region=61&year=2010", &["没有统一的表格"]).await;
    check("region=61&year=2024&survey=true", &["没有可以汇总的年度报告", "没有发现机关之间的问题"]).await;
}

#[tokio::test]
async fn the_years_of_an_agency_are_linked() {
    let mut console = TestConsole::empty().await;
    let (_, before) = console.submit("2023.txt", of(OWN, 2023).as_bytes()).await;
    let (_, own) = console.submit("2024.txt", of(OWN, 2024).as_bytes()).await;
    let (_, other) = console.submit("other.txt", of(OTHER, 2023).as_bytes()).await;
    console.commit().await;
    let page = console.get(&format!("/reports/{own}")).await.text();
    has(&page, &[&format!("href=\"/reports/{before}\" rel=\"prev\""), "aria-current=\"page\">2024年"]);
    lacks(&page, &[other.as_str(), "不在库中"]);
    let page = console.get(&format!("/reports/{before}")).await.text();
    has(&page, &[&format!("href=\"/reports/{own}\" rel=\"next\""), "2022年的年度报告不在库中"]);
}

#[tokio::test]
async fn a_withdrawn_report_says_so_and_stays_readable() {
    let mut console = TestConsole::empty().await;
    let (id, key) = console.submit("a.txt", of(OWN, 2023).as_bytes()).await;
    let (_, next) = console.submit("b.txt", of(OWN, 2024).as_bytes()).await;
    console.commit().await;
    lacks(&console.get(&format!("/reports/{id}")).await.text(), &["撤回"]);
    let before = console.get(&format!("/api/v1/reports/{id}")).await.json();
    let statement = console.withdraw(&id, &key, "办公室<b>", "数字<img src=x>有误").await;
    console.commit().await;

    let current = console.get(&format!("/reports/{key}")).await.text();
    let notice = ["已由 <b>办公室&lt;b&gt;</b> 撤回", "数字&lt;img src=x&gt;有误"];
    has(&current, &notice);
    has(
        &current,
        &[&format!("href=\"/reports/{id}\">查看撤回前的年度报告"), &format!("/api/v1/reports/{id}/source")],
    );
    lacks(&current, &["<img", "未发现问题", "/letter", "正文</h2>"]);
    let earlier = console.get(&format!("/reports/{id}")).await.text();
    has(&earlier, &notice);
    has(&earlier, &["id=\"cell-requests.received.total\""]);
    lacks(&earlier, &["<img", "/letter", "已被新报送的取代"]);

    let after = console.get(&format!("/api/v1/reports/{id}")).await.json();
    assert_eq!((&after["cells"], &after["findings"]), (&before["cells"], &before["findings"]));
    let by_key = console.get(&format!("/api/v1/reports/{key}")).await.json();
    assert_eq!(by_key["id"], statement);
    assert_eq!(by_key["withdrawn"]["who"], "办公室<b>");
    assert_eq!(console.get(&format!("/api/v1/reports/{id}/letter")).await.status, 200);
    let page = console.get(&format!("/reports/{next}")).await.text();
    lacks(&page, &[&format!("/reports/{key}\"")]);
    has(&page, &["2023年的年度报告不在库中"]);
}
