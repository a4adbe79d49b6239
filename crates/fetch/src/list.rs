//! Lists of published reports: the pages of a column of a site, the list API of 广东's `gkmlpt`, the records of
//! `jpage`, and the pages of a label service.

use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;

use crate::choice::{attachments, names_report, resolved, stated_year};
use crate::outline::Outline;
use crate::records::{self, Records};

/// A report in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it stands.
    pub url: Url,
    /// The text of its link.
    pub title: String,
    /// When it was published, where the list says so, as the list writes it.
    pub published: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ListPage {
    pub(crate) found: Vec<Found>,
    /// Further pages of the same list.
    pub(crate) next: Vec<Url>,
}

/// What `gkmlpt` answers.
#[derive(Debug, Deserialize)]
struct Listed {
    articles: Vec<Article>,
    /// A number, or a number as a text.
    #[serde(default)]
    total: Value,
}

#[derive(Debug, Deserialize)]
struct Article {
    #[serde(default)]
    title: String,
    #[serde(default)]
    url: String,
    /// The address where the article is an entry for a page elsewhere.
    #[serde(default)]
    post_url: String,
    #[serde(default)]
    display_publish_time: Value,
    #[serde(default)]
    publisher: String,
}

/// The reports in an answer of the list API; none if it is none. `seen` articles stood on the pages before.
pub(crate) fn of_json(bytes: &[u8], at: &Url, seen: usize) -> Option<(ListPage, usize)> {
    let Listed { articles, total } = serde_json::from_slice(bytes).ok()?;
    let seen = seen + articles.len();
    let total = total.as_u64().or_else(|| total.as_str()?.parse().ok()).unwrap_or(0);
    let is_last = articles.is_empty() || u64::try_from(seen).is_ok_and(|seen| seen >= total);
    let found = articles.into_iter().filter(|article| names_report(&article.title)).filter_map(|article| {
        let address = if article.url.is_empty() { &article.post_url } else { &article.url };
        let published = match &article.display_publish_time {
            Value::String(day) => Some(day.clone()),
            Value::Number(seconds) => seconds.as_i64().and_then(day),
            _ => None,
        };
        let title =
            match stated_year(&article.publisher).is_none() && !article.title.contains(&article.publisher) {
                true => format!("{}{}", article.publisher, article.title),
                false => article.title.clone(),
            };
        Some(Found { url: at.join(address).ok()?, title, published })
    });
    let found = found.collect();
    let next = if is_last { Vec::new() } else { following(at).into_iter().collect() };
    Some((ListPage { found, next }, seen))
}

/// The day of a time in seconds, in Beijing.
fn day(seconds: i64) -> Option<String> {
    let beijing = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    let time = jiff::Timestamp::from_second(seconds).ok()?;
    Some(time.to_zoned(beijing).date().to_string())
}

/// The same address with the next `page`.
fn following(at: &Url) -> Option<Url> {
    let page = |name: &str| name == "page";
    let (_, current) = at.query_pairs().find(|(name, _)| page(name))?;
    let next = current.parse::<u32>().ok()?.max(1) + 1;
    let pairs: Vec<(String, String)> = at
        .query_pairs()
        .map(|(name, value)| {
            let value = if page(&name) { next.to_string() } else { value.into_owned() };
            (name.into_owned(), value)
        })
        .collect();
    let mut url = at.clone();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    Some(url)
}

/// The reports that a page links to, and its further pages.
pub(crate) fn of_page(outline: &Outline, at: &Url) -> ListPage {
    let mut page = ListPage::default();
    for link in outline.links.iter().filter(|link| names_report(&link.text)) {
        let Some(url) = resolved(outline, at, &link.href).filter(|url| url != at) else { continue };
        if page.found.iter().all(|found| found.url != url) {
            page.found.push(Found { url, title: link.text.clone(), published: None });
        }
    }
    if let Some(records) = &outline.records {
        add_records(&mut page, records, outline, at);
    }
    page.next.extend(outline.paging.as_ref().and_then(|paging| paging.second(at)));
    if let Some(label) = &outline.label {
        page.next.extend(label.further(at, crate::visit::LIST_PAGES));
    }
    let is_next = |text: &str| ["下一页", "下页", "后一页", ">", "›", "»"].contains(&text.trim());
    let next = outline.links.iter().filter(|link| is_next(&link.text));
    page.next.extend(next.filter_map(|link| resolved(outline, at, &link.href)).take(1));
    if let Some(pages) = &outline.pages {
        let further = (1..pages.count.min(crate::visit::LIST_PAGES))
            .filter_map(|number| at.join(&format!("{}_{number}.{}", pages.name, pages.extension)).ok());
        page.next.extend(further);
    }
    page
}

/// The reports in an answer of `jpage`; none if it is none.
pub(crate) fn of_records(text: &str, at: &Url) -> Option<ListPage> {
    let records = Records::of_answer(text)?;
    let mut page = ListPage::default();
    add_records(&mut page, &records, &Outline::default(), at);
    page.next.extend(records::following(at, records.total));
    Some(page)
}

fn add_records(page: &mut ListPage, records: &Records, outline: &Outline, at: &Url) {
    for record in &records.records {
        let mut reports = record.links.iter().filter(|link| names_report(&link.text));
        let Some(link) = reports.next() else { continue };
        let Some(url) = resolved(outline, at, &link.href).filter(|url| url != at) else { continue };
        if page.found.iter().all(|found| found.url != url) {
            page.found.push(Found { url, title: link.text.clone(), published: record.day.clone() });
        }
    }
}

/// Whether a page is a list: it has no figures of its own, and links to a report that is a page, or to attachments
/// that are reports on several years or of several agencies.
pub(crate) fn is_list(outline: &Outline, at: &Url) -> bool {
    if outline.figures >= crate::choice::FIGURES {
        return false;
    }
    let documents = attachments(outline, at);
    let reports: Vec<_> = documents.iter().filter(|one| one.names_report()).collect();
    let stem =
        |name: &str| name.rsplit_once('.').map_or_else(|| name.to_owned(), |(stem, _)| stem.to_owned());
    let mut stems: Vec<String> = reports.iter().map(|one| stem(&one.name)).collect();
    stems.sort();
    stems.dedup();
    let has_pages =
        of_page(outline, at).found.iter().any(|found| documents.iter().all(|one| one.url != found.url));
    match stems.len() {
        0 => has_pages,
        // One attachment that is the report; other links are to what else the site has.
        1 => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_api_is_read_page_by_page() {
        let at: Url = "http://a.gov.cn/gkmlpt/api/all/5?page=1&sid=2".parse().unwrap();
        let body = r#"{"articles":[
            {"title":"2024年政府信息公开工作年度报告","url":"http://a.gov.cn/gkmlpt/content/1/2/post_2.html",
             "publisher":"甲局","display_publish_time":1737043200},
            {"title":"甲局信息公开指南","url":"/gkmlpt/content/1/3/post_3.html"}],"total":"3"}"#;
        let (page, seen) = of_json(body.as_bytes(), &at, 0).unwrap();
        assert_eq!((page.found.len(), seen), (1, 2));
        assert_eq!(page.found[0].title, "甲局2024年政府信息公开工作年度报告");
        assert_eq!(page.found[0].published.as_deref(), Some("2025-01-17"));
        assert_eq!(page.next[0].as_str(), "http://a.gov.cn/gkmlpt/api/all/5?page=2&sid=2");
        let last = r#"{"articles":[{"title":"x"}],"total":3}"#;
        assert_eq!(of_json(last.as_bytes(), &page.next[0], seen).unwrap().0.next, []);
        assert_eq!(of_json(b"{\"total\":3}", &at, 0), None);
        assert_eq!(of_json(b"<html>", &at, 0), None);
    }

    #[test]
    fn records_are_read_group_by_group() {
        let at: Url = "https://a.gov.cn/col/col1/index.html".parse().unwrap();
        let record = |number: u32| {
            format!(
                "<record><![CDATA[<li><a href=\"/art/art_{number}.html\">甲局20{number}年度报告</a>\
                 <span>2025-01-17</span></li>]]></record>"
            )
        };
        let page = format!(
            "<title>年度报告</title><script type=\"text/xml\"><datastore><totalrecord>3</totalrecord><recordset>{}{}\
             </recordset></datastore></script><script>var param_1 = {{columnid:1}};$('#1').jpage({{perPage:1,groupSize:2,\
             totalRecord:3,proxyUrl:'/module/web/jpage/dataproxy.jsp',ajaxParam:param_1}});</script>",
            record(24),
            record(23)
        );
        let outline = Outline::of(&page);
        assert!(is_list(&outline, &at));
        let first = of_page(&outline, &at);
        let found: Vec<(&str, Option<&str>)> =
            first.found.iter().map(|one| (one.url.path(), one.published.as_deref())).collect();
        assert_eq!(
            found,
            [("/art/art_24.html", Some("2025-01-17")), ("/art/art_23.html", Some("2025-01-17"))]
        );
        let [next] = &first.next[..] else { panic!("{:?}", first.next) };
        assert_eq!(next.query(), Some("startrecord=3&endrecord=4&perpage=1&columnid=1"));
        let answer = format!(
            "<datastore><totalrecord>3</totalrecord><recordset>{}</recordset></datastore>",
            record(22)
        );
        let last = of_records(&answer, next).unwrap();
        assert_eq!((last.found.len(), last.next.len()), (1, 0));
        assert_eq!(last.found[0].url.as_str(), "https://a.gov.cn/art/art_22.html");
        assert!(of_records("<html>", next).is_none());
    }

    #[test]
    fn a_list_is_distinguished_from_a_report() {
        let at: Url = "http://a.gov.cn/nb/index.html".parse().unwrap();
        let check =
            |html: &str, expected: bool| assert_eq!(is_list(&Outline::of(html), &at), expected, "{html}");
        check("<a href=1.html>甲局2024年度报告</a><a href=2.html>乙局2024年度报告</a>", true);
        check("<a href=1.pdf>甲局2024年度报告</a><a href=2.pdf>甲局2023年度报告</a>", true);
        check("<a href=1.pdf>甲局2024年度报告.pdf</a><a href=1.doc>甲局2024年度报告.doc</a>", false);
        check("<a href=1.pdf>甲局2024年度报告</a><a href=/2023.html>甲局2023年度报告</a>", false);
        check("<a href=/about.html>简介</a>", false);
        check("<p>2024年度报告</p><a href=index.html>年度报告</a>", false);
    }

    #[test]
    fn further_pages_are_found() {
        let at: Url = "http://a.gov.cn/nb/index.html".parse().unwrap();
        let next = |html: &str| -> Vec<String> {
            of_page(&Outline::of(html), &at).next.iter().map(|url| url.path().to_owned()).collect()
        };
        assert_eq!(
            next("<a href=index_1.html>下一页</a><a href=index_9.html>尾页</a>"),
            ["/nb/index_1.html"]
        );
        let script = "<script>createPageHTML(3, 0, \"index\", \"html\");</script>";
        assert_eq!(next(script), ["/nb/index_1.html", "/nb/index_2.html"]);
        assert_eq!(next("<a href='javascript:go(2)'>下一页</a>"), [""; 0]);
    }
}
