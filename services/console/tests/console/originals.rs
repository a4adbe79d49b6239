//! Originals as a person sees them.

use std::io::Write as _;

use crate::harness::{TestConsole, sample};

/// The width and the height of a PNG, from its header.
fn png_size(bytes: &[u8]) -> (u32, u32) {
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1A\n"), "no PNG");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[tokio::test]
async fn a_page_is_drawn_in_the_size_that_was_asked_for() {
    let mut console = TestConsole::empty().await;
    let check = async |console: &mut TestConsole, name: &str, points: (f64, f64)| {
        let (id, _) = console.submit(name, &sample(name)).await;
        for dpi in [72, 110] {
            let answer = console.get(&format!("/api/v1/reports/{id}/page/1.png?dpi={dpi}")).await;
            assert_eq!(answer.header("content-type"), "image/png", "{name}: {}", answer.text());
            let (width, height) = png_size(&answer.body);
            let pixels = |points: f64| (points * f64::from(dpi) / 72.0).round() as u32;
            assert_eq!((width, height), (pixels(points.0), pixels(points.1)), "{name} at {dpi}");
            assert!(answer.header("etag").starts_with("W/\""), "{name}");
        }
        id
    };
    check(&mut console, "pdf-heads-repeated.pdf", (595.0, 842.0)).await;
    check(&mut console, "pdf-landscape-over-pages.pdf", (842.0, 595.0)).await;
    let id = check(&mut console, "ofd-over-pages.ofd", (612.0, 792.0)).await;
    let status = async |address: &str| console.get(&format!("/api/v1/reports/{id}/{address}")).await.status;
    assert_eq!(status("page/1.png").await, 200);
    assert_eq!(status("page/99.png").await, 404);
    assert_eq!(status("page/0.png").await, 404);
    assert_eq!(status("page/1.jpg").await, 404);
    assert_eq!(status("page/1.png?dpi=9999").await, 400);
    assert_eq!(status("page/1.png?dpi=many").await, 400);
    let unknown = console.get("/api/v1/reports/00000000000000000000000000000000-g0/page/1.png").await;
    assert_eq!(unknown.status, 404);
    let name = "page-utf8.html";
    let (id, _) = console.submit(name, &sample(name)).await;
    let answer = console.get(&format!("/api/v1/reports/{id}/page/1.png")).await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (404, Some("not-found")));
}

#[tokio::test]
async fn every_read_cell_of_every_sample_has_an_element_in_its_original() {
    let mut console = TestConsole::empty().await;
    for name in samples() {
        let bytes = sample(&name);
        let (id, _) = console.submit(&name, &bytes).await;
        let cells = console.get(&format!("/api/v1/reports/{id}/cells")).await.json();
        let rendition = console.get(&format!("/api/v1/reports/{id}/rendition")).await;
        assert_eq!(rendition.status, 200, "{name}: {}", rendition.text());
        let html = rendition.text();
        for (cell, value) in cells["cells"].as_object().unwrap() {
            let has_place = ["read", "doubtful"].contains(&value["state"].as_str().unwrap());
            let count = html.matches(&format!("id=\"at-cell-{cell}\"")).count();
            assert!(count <= 1, "{name}: {cell} has {count} elements");
            assert!(count == 1 || !has_place, "{name}: {cell} has no element: {value}");
        }
        assert_inert(&name, &html);
    }
}

fn samples() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/reports");
    let names = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        names.map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned()).collect();
    names.sort();
    assert!(names.len() > 40, "{names:?}");
    names
}

/// Nothing in the page runs, and nothing is loaded from elsewhere.
fn assert_inert(name: &str, html: &str) {
    let lower = html.to_lowercase();
    for forbidden in
        ["<script", "javascript:", "<iframe", "<object", "<embed", "<form", "<style", " style=", "<base"]
    {
        assert!(!lower.contains(forbidden), "{name}: {forbidden}");
    }
    // Attributes of our own only: what a browser would read as one, inside a tag.
    for tag in lower.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
        for word in tag.split_whitespace().skip(1) {
            let attribute = word.split('=').next().unwrap_or_default();
            assert!(!attribute.starts_with("on"), "{name}: {tag}");
            if let Some((attribute, value)) = word.split_once('=') {
                let is_address = ["href", "src"].contains(&attribute);
                let value = value.trim_matches('"');
                let is_ours = value.starts_with('#') || value.starts_with('/') && !value.starts_with("//");
                assert!(!is_address || is_ours, "{name}: {tag}");
            }
        }
    }
}

#[tokio::test]
async fn the_markup_of_an_original_never_becomes_ours() {
    let mut console = TestConsole::empty().await;
    let evil = "<html><head><title>t</title><style>body{background:url(http://evil/)}</style></head><body onload=alert(1)>\
         <h1>某市财政局2024年政府信息公开工作年度报告</h1><p>一、总体情况</p>\
         <p>&lt;script&gt;alert(1)&lt;/script&gt; <a href=\"javascript:alert(1)\" onclick=\"alert(1)\">收到申请9件</a></p>\
         <img src=\"http://evil/x.png\" onerror=\"alert(1)\"><iframe src=\"//evil/\"></iframe>\
         <table><tr><td style=\"position:fixed\" onmouseover=\"alert(1)\">\"&gt;&lt;img src=x&gt;</td></tr></table></body></html>";
    let (id, _) = console.submit("evil.html", evil.as_bytes()).await;
    let answer = console.get(&format!("/api/v1/reports/{id}/rendition")).await;
    assert!(answer.header("content-security-policy").starts_with("default-src 'self'"));
    let html = answer.text();
    assert!(html.contains("&lt;script&gt;") && html.contains("收到申请9件"), "{html}");
    assert_inert("evil.html", &html);
    let page = console.get(&format!("/reports/{id}")).await.text();
    assert!(page.contains("id=\"original\"") && !page.contains("onmouseover"), "{page}");
}

#[tokio::test]
async fn a_hostile_pdf_costs_a_limit_and_is_named_as_such() {
    let mut console = TestConsole::empty().await;
    let mut check = async |name: &str, bytes: &[u8], words: &str| {
        let id = console.refuse(name, bytes, "不能读取。").await;
        for part in ["rendition", "page/1.png"] {
            let answer = console.get(&format!("/api/v1/reports/{id}/{part}")).await;
            assert_eq!(answer.status, 422, "{name} {part}: {}", answer.text());
            let problem = answer.json();
            assert_eq!(problem["code"], "cannot-show", "{name}");
            assert!(problem["detail"].as_str().unwrap().contains(words), "{name}: {problem}");
        }
        let page = console.get(&format!("/reports/{id}")).await.text();
        assert!(page.contains(words) && page.contains("下载原件"), "{name}");
    };
    // A stream that inflates to 200 MB.
    check("bomb.pdf", &pdf(&[flate(&vec![b' '; 200_000_000])]), "上限").await;
    // Forms in forms, which draw ten to the twelfth lines.
    check("forms.pdf", &pdf(&nested(b"0 0 m 9 9 l S\n")), "上限").await;
    // The same without anything to count: only its time gives it away.
    check("empty.pdf", &pdf(&nested(b"q Q\n")), "超过上限").await;
    check("cut.pdf", b"%PDF-1.7\nnothing", "").await;
    // What others read is shown as before.
    let name = "pdf-heads-repeated.pdf";
    let (id, _) = console.submit(name, &sample(name)).await;
    assert_eq!(console.get(&format!("/api/v1/reports/{id}/page/1.png")).await.status, 200);
}

fn flate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    let packed = encoder.finish().unwrap();
    let mut stream = format!("<< /Length {} /Filter /FlateDecode >>\nstream\n", packed.len()).into_bytes();
    stream.extend(packed);
    stream.extend(b"\nendstream");
    stream
}

/// Twelve forms, each of which draws the next ten times; the last draws `last`.
fn nested(last: &[u8]) -> Vec<Vec<u8>> {
    let form = |content: &[u8], next: Option<usize>| {
        let resources =
            next.map_or(String::new(), |next| format!("/Resources << /XObject << /F {next} 0 R >> >>"));
        let mut stream = format!(
            "<< /Type /XObject /Subtype /Form /BBox [0 0 99 99] {resources} /Length {} >>\nstream\n",
            content.len()
        )
        .into_bytes();
        stream.extend(content);
        stream.extend(b"\nendstream");
        stream
    };
    let calls = b"/F Do\n".repeat(10);
    // Object 4 is the content of the page, 5 the first form.
    let mut objects = vec![{
        let mut stream = format!("<< /Length {} >>\nstream\n", calls.len()).into_bytes();
        stream.extend(&calls);
        stream.extend(b"\nendstream");
        stream
    }];
    for level in 0..12 {
        objects.push(if level == 11 { form(last, None) } else { form(&calls, Some(6 + level)) });
    }
    objects
}

/// A PDF of one page whose content is object 4 and whose form `F` is object 5.
fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let head: [&[u8]; 3] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /XObject << /F 5 0 R >> >> >>",
    ];
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    let all = head.into_iter().chain(objects.iter().map(Vec::as_slice));
    for (number, object) in (1..).zip(all) {
        offsets.push(bytes.len());
        bytes.extend(format!("{number} 0 obj\n").as_bytes());
        bytes.extend(object);
        bytes.extend(b"\nendobj\n");
    }
    let start = bytes.len();
    bytes.extend(format!("xref\n0 {}\n0000000000 65535 f \n", offsets.len() + 1).as_bytes());
    for offset in &offsets {
        bytes.extend(format!("{offset:010} 00000 n \n").as_bytes());
    }
    let trailer = format!("trailer << /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF", offsets.len() + 1);
    bytes.extend(trailer.as_bytes());
    bytes
}

#[tokio::test]
async fn figures_and_places_lead_to_each_other() {
    let mut console = TestConsole::empty().await;
    for name in ["page-gb18030.html", "pdf-heads-repeated.pdf", "ofd-over-pages.ofd"] {
        let (id, _) = console.submit(&format!("C:\\Users\\wang\\{name}"), &sample(name)).await;
        let page = console.get(&format!("/reports/{id}")).await.text();
        for part in [
            "id=\"cell-requests.received.total\"",
            "href=\"#at-cell-requests.received.total\"",
            "id=\"at-cell-requests.received.total\"",
            "href=\"#cell-requests.received.total\"",
            // A web page has no pages.
            if name.ends_with(".html") { "”行“" } else { "原文第" },
        ] {
            assert!(page.contains(part), "{name}: {part}");
        }
        // Neither bytes nor the sender's folders are for people.
        for part in ["字节", "毫米", "Users", "wang"] {
            assert!(!page.contains(part), "{name}: {part}");
        }
    }
}

#[tokio::test]
async fn two_versions_are_compared_cell_by_cell() {
    let mut console = TestConsole::empty().await;
    let earlier = String::from_utf8(sample("page-utf8.html")).unwrap();
    let (first, key) = console.submit("a.html", earlier.as_bytes()).await;
    let only = console.get(&format!("/api/v1/reports/{first}/changes")).await;
    assert_eq!(only.status, 404, "{}", only.text());
    // The first figure of table three that is printed as 9 becomes 10.
    let at = earlier.find("本年新收").unwrap();
    let at = at + earlier[at..].find(">9<").expect("the sample has a 9 in this row");
    let later = format!("{}>10<{}", &earlier[..at], &earlier[at + 3..]);
    let (second, same) = console.submit("a.html", later.as_bytes()).await;
    assert_eq!(key, same);
    console.commit().await;
    let changes = console.get(&format!("/api/v1/reports/{second}/changes")).await.json();
    assert_eq!(changes["since"], first.as_str(), "{changes}");
    let cells = changes["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 1, "{changes}");
    let [cell] = [&cells[0]];
    assert_eq!(
        (&cell["before"]["value"], &cell["after"]["value"], &cell["difference"]),
        (&"9".into(), &"10".into(), &"1".into())
    );
    assert!(!changes["new"].as_array().unwrap().is_empty(), "{changes}");
    let page = console.get(&format!("/reports/{second}/changes?since={first}")).await.text();
    for part in ["变动的数据", "+1", "新出现的问题", &format!("/reports/{first}#cell-")] {
        assert!(page.contains(part), "{part}");
    }
    let report = console.get(&format!("/reports/{second}")).await.text();
    assert!(report.contains(&format!("/reports/{second}/changes?since={first}")));
    let other = console.get(&format!("/api/v1/reports/{second}/changes?since={second}")).await;
    assert_eq!(other.status, 404, "{}", other.text());
}
