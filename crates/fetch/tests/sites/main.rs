//! The client against eight kinds of government site, each a real HTTP server on loopback.

mod site;

use std::time::{Duration, Instant};

use fetch::{Answer, FetchError, Fetcher, FetcherConfig, Known, Snapshot, Url, Validators, Visit, visit};
use site::{Page, Site};

/// Short, so that the tests are; what is measured is that there is a pause.
const DELAY: Duration = Duration::from_millis(20);
const LIMIT: usize = 1 << 20;

/// A client that may reach this machine by the addresses 127.0.0.0/16, and not by 127.9.0.1.
fn fetcher() -> Fetcher {
    let networks = "127.0.0.0/16".parse().unwrap();
    let contact = "政务公开办 010-1".to_owned();
    Fetcher::new(FetcherConfig { networks, delay: DELAY, timeout: Duration::from_secs(5), contact }).unwrap()
}

async fn snapshot(fetcher: &Fetcher, url: &Url) -> Snapshot {
    match visit(fetcher, url, &Known::default(), true).await.unwrap() {
        Visit::Snapshot(snapshot) => snapshot,
        other => panic!("{url}: {other:?}"),
    }
}

async fn list(fetcher: &Fetcher, url: &Url) -> Vec<(String, String)> {
    match visit(fetcher, url, &Known::default(), true).await.unwrap() {
        Visit::List(found) => found.into_iter().map(|one| (one.title, one.url.path().to_owned())).collect(),
        other => panic!("{url}: {other:?}"),
    }
}

async fn failure(fetcher: &Fetcher, url: &Url) -> FetchError {
    fetcher.get(url, &Validators::default(), LIMIT).await.unwrap_err()
}

/// A page that has the tables of the report.
fn report(agency: &str, year: u16) -> String {
    let cells: String = (0..40).map(|number| format!("<td>{number}</td>")).collect();
    format!(
        "<!DOCTYPE html><html><head><title>{agency}{year}年政府信息公开工作年度报告</title></head>\
         <body><a href='/nb/'>返回</a><table><tr>{cells}</tr></table></body></html>"
    )
}

#[tokio::test]
async fn a_static_list_leads_to_articles_with_tables() {
    let site = Site::at("127.0.0.2").await;
    site.set(
        "/nb/",
        Page::html(
            "<html><title>政府信息公开年度报告</title><ul><li><a href='./a.html' title='甲局2024年政府信息公开工作年度报告'>甲局2024年政府…</a>\
             <li><a href='b.html'>乙局2024年度报告</a><li><a href='zn.html'>信息公开指南</a>\
             <li><a href='jd.html'>甲局2024年度报告图解</a></ul>",
        ),
    );
    site.set("/nb/a.html", Page::html(report("甲局", 2024)));
    let fetcher = fetcher();
    let found = list(&fetcher, &site.url("/nb/")).await;
    let expected = [("甲局2024年政府信息公开工作年度报告", "/nb/a.html"), ("乙局2024年度报告", "/nb/b.html")];
    assert_eq!(found, expected.map(|(title, path)| (title.to_owned(), path.to_owned())));
    let got = snapshot(&fetcher, &site.url("/nb/a.html")).await;
    assert_eq!(got.bytes, report("甲局", 2024).as_bytes());
    assert_eq!(got.name, "甲局2024年政府信息公开工作年度报告.html");
    // Who asks, and one request after the other with a pause between.
    let asked = site.asked();
    let agent = asked[0].headers["user-agent"].to_str().unwrap();
    assert!(agent.starts_with("gouji/") && agent.contains("010-1"), "{agent}");
    assert!(asked.windows(2).all(|two| two[1].begun >= two[0].ended + DELAY / 2));
}

#[tokio::test]
async fn a_list_of_several_pages_leads_to_a_pdf() {
    let site = Site::at("127.0.0.3").await;
    let page = |number: u32, script: &str| {
        Page::html(format!("<html><a href='t{number}.html'>{number}局2024年度报告</a>{script}"))
    };
    site.set("/nb/index.html", page(0, "<script>createPageHTML(3, 0, \"index\", \"html\");</script>"));
    site.set("/nb/index_1.html", page(1, "<a href='index.html'>上一页</a>"));
    site.set("/nb/index_2.html", page(2, ""));
    site.set("/xx/list.html", page(5, "<a href='list_2.html'>下一页</a>"));
    site.set("/xx/list_2.html", page(6, "<a href='list.html'>下一页</a>"));
    let pdf = Page::of("application/pdf", *b"%PDF-1.7 x").with("etag", "\"1\"");
    site.set("/nb/P020250117.pdf", pdf);
    let article = "<html><title>0局2024年政府信息公开工作年度报告</title><a href='P020250117.pdf'>附件</a>";
    site.set("/nb/t0.html", Page::html(article).with("last-modified", "Fri, 17 Jan 2025 08:00:00 GMT"));
    let fetcher = fetcher();
    let titles = |found: Vec<(String, String)>| found.into_iter().map(|(title, _)| title).collect::<String>();
    let found = titles(list(&fetcher, &site.url("/nb/index.html")).await);
    assert_eq!(found, "0局2024年度报告1局2024年度报告2局2024年度报告");
    let found = titles(list(&fetcher, &site.url("/xx/list.html")).await);
    assert_eq!(found, "5局2024年度报告6局2024年度报告");
    let got = snapshot(&fetcher, &site.url("/nb/t0.html")).await;
    assert_eq!((got.bytes.as_slice(), got.name.as_str()), (&b"%PDF-1.7 x"[..], "附件.pdf"));
    // The next visit asks whether page and attachment are still the same, and hears when the latter is not.
    let again = visit(&fetcher, &site.url("/nb/t0.html"), &got.known, false).await.unwrap();
    assert_eq!(again, Visit::Unchanged);
    let newer = Page::of("application/pdf", *b"%PDF-1.7 y").with("etag", "\"2\"");
    site.set("/nb/P020250117.pdf", newer);
    let Visit::Snapshot(newer) = visit(&fetcher, &site.url("/nb/t0.html"), &got.known, false).await.unwrap()
    else {
        panic!("the attachment was replaced");
    };
    assert_eq!((newer.bytes.as_slice(), newer.known.page), (&b"%PDF-1.7 y"[..], got.known.page.clone()));
    site.set("/nb/P020250117.pdf", Page::status(404));
    assert_eq!(visit(&fetcher, &site.url("/nb/t0.html"), &got.known, false).await.unwrap(), Visit::Gone(404));
}

#[tokio::test]
async fn the_list_api_of_gkmlpt_is_followed() {
    let site = Site::at("127.0.0.4").await;
    let body = |from: u32, count: u32| {
        let articles: Vec<String> = (from..from + count)
            .map(|number| {
                let url = site.url(&format!("/gkmlpt/content/1/{number}/post_{number}.html"));
                format!(r#"{{"id":{number},"title":"{number}局2024年政府信息公开工作年度报告","url":"{url}","display_publish_time":1737043200}}"#)
            })
            .collect();
        let body = format!(r#"{{"articles":[{}],"total":5}}"#, articles.join(","));
        Page::of("application/json;charset=utf-8", body)
    };
    let path = |page: u32| format!("/gkmlpt/api/all/5?page={page}&sid=2");
    site.set(&path(1), body(10, 2));
    site.set(&path(2), body(12, 2));
    site.set(&path(3), body(14, 1));
    let found = list(&fetcher(), &site.url(&path(1))).await;
    let paths: Vec<String> = found.into_iter().map(|(_, path)| path).collect();
    assert_eq!(
        paths,
        [10, 11, 12, 13, 14].map(|number| format!("/gkmlpt/content/1/{number}/post_{number}.html"))
    );
    assert_eq!(site.paths(), [1, 2, 3].map(path));
}

#[tokio::test]
async fn the_records_of_jpage_are_followed() {
    let site = Site::at("127.0.0.12").await;
    let records = |range: std::ops::Range<u32>| {
        let record = |number: u32| {
            format!(
                "<record><![CDATA[<li><a target=\"_blank\" href=\"/art/2025/1/17/art_{number}.html\" \
                 title=\"{number}局2024年政府信息公开工作年度报告\">{number}局2024年…</a><span>2025-01-17</span></li>]]></record>"
            )
        };
        let records: String = range.map(record).collect();
        format!("<datastore><totalrecord>5</totalrecord><recordset>{records}</recordset></datastore>")
    };
    let proxy = |from: u32, to: u32| {
        format!(
            "/module/web/jpage/dataproxy.jsp?startrecord={from}&endrecord={to}&perpage=1&webid=67&columnid=1"
        )
    };
    let page = format!(
        "<html><title>年度报告</title><script type=\"text/xml\">{}</script><script>var param_9={{webid:67,columnid:1}};\
         $('#9').jpage({{perPage:1,groupSize:2,totalRecord:5,proxyUrl:'/module/web/jpage/dataproxy.jsp',ajaxParam:param_9}});\
         </script></html>",
        records(1..3)
    );
    let xml = |range: std::ops::Range<u32>| Page::of("text/xml;charset=UTF-8", records(range));
    site.set("/col/col1/index.html", Page::html(page));
    site.set(&proxy(3, 4), xml(3..5));
    site.set(&proxy(5, 6), xml(5..6));
    let found = list(&fetcher(), &site.url("/col/col1/index.html")).await;
    let paths: Vec<String> = found.into_iter().map(|(_, path)| path).collect();
    assert_eq!(paths, [1, 2, 3, 4, 5].map(|number| format!("/art/2025/1/17/art_{number}.html")));
    assert_eq!(site.paths(), ["/col/col1/index.html".to_owned(), proxy(3, 4), proxy(5, 6)]);
    // The address that answers may be named itself.
    assert_eq!(list(&fetcher(), &site.url(&proxy(3, 4))).await.len(), 3);
}

#[tokio::test]
async fn the_pages_of_a_label_service_are_followed() {
    let site = Site::at("127.0.0.13").await;
    let lines = |range: std::ops::Range<u32>| {
        let line = |number: u32| {
            format!(
                "<li class=\"clearfix\"><a href=\"/public/7/{number}.html\" \
                 title=\"{number}局2024年政府信息公开工作年度报告\">{number}局2024…</a><span class=\"date\">2025-01-17</span></li>"
            )
        };
        format!("<ul class=\"clearfix xxgk_nav_list\">{}</ul>", range.map(line).collect::<String>())
    };
    let column = "/public/column/7?type=4&action=list&catId=9";
    let script = "<script>Ls.pagination({url: \"/site/label/8888\", data : {IsAjax: 1, labelName: \"publicInfoList\",\
                  siteId : \"67\", pageIndex: 1, organId: \"7\", catId: \"9\"}, pageCount:3, pageIndex:1});</script>";
    let page = format!("<html><title>政府信息公开年报</title>{}{script}</html>", lines(1..3));
    let service = |number: u32| {
        format!(
            "/site/label/8888?IsAjax=1&labelName=publicInfoList&siteId=67&organId=7&catId=9&pageIndex={number}"
        )
    };
    site.set(column, Page::html(page));
    site.set(&service(2), Page::html(lines(3..5)));
    site.set(&service(3), Page::html(lines(5..6)));
    let found = list(&fetcher(), &site.url(column)).await;
    let paths: Vec<String> = found.into_iter().map(|(_, path)| path).collect();
    assert_eq!(paths, [1, 2, 3, 4, 5].map(|number| format!("/public/7/{number}.html")));
    assert_eq!(site.paths(), [column.to_owned(), service(2), service(3)]);
}

#[tokio::test]
async fn a_page_in_gbk_is_understood_and_kept_as_it_is() {
    let site = Site::at("127.0.0.5").await;
    let gbk = |text: &str| encoding_rs::GBK.encode(text).0.into_owned();
    let of = |text: &str| Page::of("text/html", gbk(text));
    site.set("/list.html", of("<html><meta charset=gb2312><a href=1.html>甲镇2024年度报告</a>"));
    site.set("/1.html", of("<html><meta charset=gb2312><title>甲镇2024年度报告</title>正文"));
    let fetcher = fetcher();
    assert_eq!(list(&fetcher, &site.url("/list.html")).await[0].0, "甲镇2024年度报告");
    let got = snapshot(&fetcher, &site.url("/1.html")).await;
    assert_eq!(got.name, "甲镇2024年度报告.html");
    assert_eq!(got.bytes, gbk("<html><meta charset=gb2312><title>甲镇2024年度报告</title>正文"));
}

#[tokio::test]
async fn an_article_that_only_links_to_word_gives_the_word_file() {
    let site = Site::at("127.0.0.6").await;
    let old_word = [&[0xd0, 0xcf, 0x11, 0xe0][..], b"word"].concat();
    // Sent under the wrong type, as old servers do.
    site.set("/down/2.doc", Page::of("text/html", old_word.clone()));
    site.set(
        "/a.html",
        Page::html(
            "<html><title>公示</title><table><tr><td>1</td></tr></table><a href='/down/1.xls'>收支表</a>\
             <a href='/down/3.pdf'>2024年度报告解读</a><a href='/down/2.doc'>2024年政府信息公开工作年度报告</a>",
        ),
    );
    site.set("/moved.html", Page::html("<html><meta http-equiv=refresh content='0;url=/a.html'>"));
    let fetcher = fetcher();
    for path in ["/a.html", "/moved.html"] {
        let got = snapshot(&fetcher, &site.url(path)).await;
        assert_eq!(got.bytes, old_word, "{path}");
        assert_eq!(got.name, "2024年政府信息公开工作年度报告.doc");
        assert_eq!(got.url, site.url("/down/2.doc"));
    }
    assert_eq!(
        visit(&fetcher, &site.url("/no.html"), &Known::default(), true).await.unwrap(),
        Visit::Gone(404)
    );
}

#[tokio::test]
async fn a_difficult_site_is_treated_with_care() {
    let site = Site::at("127.0.0.7").await;
    let inner = Site::at("127.9.0.1").await;
    inner.set("/secret", Page::html("secret"));
    site.set("/robots.txt", Page::of("text/plain", "User-agent: *\nDisallow: /no/\n"));
    site.set("/no/1.html", Page::html("x"));
    site.set("/loop", Page::redirect("/loop"));
    site.set("/inside", Page::redirect(inner.url("/secret").as_str()));
    site.set("/file", Page::redirect("file:///etc/passwd"));
    site.set("/huge", Page::html(vec![b' '; LIMIT + 1]));
    site.set("/fine", Page::html(vec![b' '; LIMIT]));
    site.set("/broken", Page::status(500));
    let fetcher = fetcher();
    let codes = ["/no/1.html", "/loop", "/inside", "/file", "/huge", "/broken"].map(|path| site.url(path));
    let mut got = Vec::new();
    for url in &codes {
        got.push(failure(&fetcher, url).await.code());
    }
    let expected = ["disallowed", "too-many-redirects", "inner-address", "not-http", "too-large", "status"];
    assert_eq!(got, expected);
    assert!(matches!(
        fetcher.get(&site.url("/fine"), &Validators::default(), LIMIT).await,
        Ok(Answer::Body(_))
    ));
    assert!(!site.paths().contains(&"/no/1.html".to_owned()));
    assert!(inner.asked().is_empty(), "nothing connects to an inner address");
    assert_eq!(site.paths().iter().filter(|path| *path == "/loop").count(), 6);
    assert_eq!(site.asked().iter().filter(|asked| asked.path == "/robots.txt").count(), 1);
}

#[tokio::test]
async fn a_name_of_an_inner_address_is_not_reached() {
    let site = Site::at("127.0.0.1").await;
    let networks = "10.0.0.0/8".parse().unwrap();
    let config =
        FetcherConfig { networks, delay: DELAY, timeout: Duration::from_secs(5), contact: String::new() };
    let strict = Fetcher::new(config).unwrap();
    let port = site.url("/").port().unwrap();
    for host in
        ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"]
    {
        let url: Url = format!("http://{host}:{port}/").parse().unwrap();
        let error = failure(&strict, &url).await;
        assert_eq!(error.code(), "inner-address", "{host}: {error}");
    }
    assert!(site.asked().is_empty());
}

/// The variables name where the authorities are, and a process reads them once, so it is another process that visits.
#[tokio::test]
async fn a_machine_without_authorities_visits_by_http() {
    const NAME: &str = "a_machine_without_authorities_visits_by_http";
    if std::env::var_os("SSL_CERT_FILE").is_none_or(|file| file != "/dev/null") {
        let mut without = std::process::Command::new(std::env::current_exe().unwrap());
        without.args(["--exact", NAME]).env("SSL_CERT_FILE", "/dev/null").env_remove("SSL_CERT_DIR");
        let output = without.output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
        return;
    }
    let site = Site::at("127.0.0.14").await;
    site.set("/1", Page::html("ok"));
    let fetcher = fetcher();
    let ordinary = reqwest::Client::builder().build();
    assert!(ordinary.is_err(), "this process finds an authority");
    let answer = fetcher.get(&site.url("/1"), &Validators::default(), LIMIT).await;
    assert!(matches!(answer, Ok(Answer::Body(_))), "{answer:?}");
}

#[tokio::test]
async fn an_overloaded_site_is_asked_again_later() {
    let site = Site::at("127.0.0.8").await;
    let busy = |seconds: &str| Page::status(429).with("retry-after", seconds);
    site.set_all("/1", vec![busy("1"), Page::status(503), Page::html("ok")]);
    site.set("/2", busy("86400"));
    site.set("/3", Page::status(503));
    let fetcher = fetcher();
    let begun = Instant::now();
    assert!(matches!(fetcher.get(&site.url("/1"), &Validators::default(), LIMIT).await, Ok(Answer::Body(_))));
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let FetchError::Busy { after, .. } = failure(&fetcher, &site.url("/2")).await else { panic!("not busy") };
    assert_eq!(after, Duration::from_secs(86_400));
    assert_eq!(failure(&fetcher, &site.url("/3")).await.code(), "busy");
    assert_eq!(site.paths().len(), 3 + 1 + 3);
}

#[tokio::test]
async fn a_site_without_readable_rules_is_left_alone() {
    let site = Site::at("127.0.0.9").await;
    site.set("/robots.txt", Page::status(500));
    site.set("/1", Page::html("x"));
    assert_eq!(failure(&fetcher(), &site.url("/1")).await.code(), "robots-unreachable");
    assert_eq!(site.paths(), [""; 0]);
}

#[tokio::test]
async fn requests_to_one_host_wait_for_each_other() {
    let site = Site::at("127.0.0.10").await;
    let other = Site::at("127.0.0.11").await;
    let slow = Page { after: Duration::from_millis(200), ..Page::html("x") };
    for path in ["/1", "/2", "/3"] {
        site.set(path, slow.clone());
        other.set(path, slow.clone());
    }
    let fetcher = fetcher();
    let urls = ["/1", "/2", "/3"].into_iter().flat_map(|path| [site.url(path), other.url(path)]);
    let all = urls.map(|url| {
        let fetcher = fetcher.clone();
        tokio::spawn(async move { fetcher.get(&url, &Validators::default(), LIMIT).await.unwrap() })
    });
    for one in all.collect::<Vec<_>>() {
        one.await.unwrap();
    }
    for asked in [site.asked(), other.asked()] {
        assert!(asked.windows(2).all(|two| two[1].begun >= two[0].ended), "one connection to a host");
    }
    // The two sites were asked at the same time.
    let (here, there) = (site.asked(), other.asked());
    assert!(here.iter().any(|one| there.iter().any(|two| one.begun < two.ended && two.begun < one.ended)));
}
