//! Lists that the script `jpage` shows group by group, as on many sites of 浙江, 江苏, 山东 and 甘肃: the page has the first
//! records as XML in a script, and an address beside it answers with further ones.
//!
//! ```xml
//! <datastore><totalrecord>835</totalrecord><recordset>
//!   <record><![CDATA[<li><a href="/art/2025/1/17/art_1_2.html">甲局2024年度报告</a><span>2025-01-17</span></li>]]></record>
//! </recordset></datastore>
//! ```

use reqwest::Url;

use crate::outline::{Link, Outline};

/// The records of an answer, or of a script of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Records {
    pub(crate) records: Vec<Record>,
    /// How many the whole list has; 0 where the text does not say.
    pub(crate) total: usize,
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) links: Vec<Link>,
    /// The day beside the link, as it stands there.
    pub(crate) day: Option<String>,
}

/// How a page asks for further records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paging {
    /// The address that answers, as it stands there.
    proxy: String,
    /// What is asked of it besides the range.
    parameters: Vec<(String, String)>,
    per_page: usize,
    /// Pages of a request.
    group: usize,
    total: usize,
}

/// Records of one text; a request has three pages of some fifteen.
const RECORDS: usize = 2_000;
/// Parameters of a request; the sites have ten.
const PARAMETERS: usize = 40;
/// What the script takes where the page does not say it.
const PER_PAGE: usize = 15;
const GROUP: usize = 3;

impl Records {
    /// The records in a text; none where it has none.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let mut records = Vec::new();
        let mut rest = text;
        while let Some((_, after)) = rest.split_once("<record>") {
            let (record, after) = after.split_once("</record>")?;
            rest = after;
            let record = record.trim();
            let record = record
                .strip_prefix("<![CDATA[")
                .and_then(|record| record.strip_suffix("]]>"))
                .unwrap_or(record);
            let outline = Outline::of_fragment(record);
            records.push(Record { links: outline.links, day: day(record) });
            if records.len() >= RECORDS {
                break;
            }
        }
        let total =
            between(text, "<totalrecord>", "</totalrecord>").and_then(|total| total.trim().parse().ok());
        (!records.is_empty() || total.is_some()).then(|| Self { records, total: total.unwrap_or(0) })
    }

    /// The same for bytes that are nothing else.
    pub(crate) fn of_answer(text: &str) -> Option<Self> {
        let body = text.trim_start_matches('\u{feff}').trim_start();
        let body = match body.strip_prefix("<?xml") {
            Some(declared) => declared.split_once("?>")?.1.trim_start(),
            None => body,
        };
        body.starts_with("<datastore").then(|| Self::of(body)).flatten()
    }
}

impl Paging {
    /// What the call in a script says.
    pub(crate) fn of(script: &str) -> Option<Self> {
        let proxy = value(script, "proxyUrl").filter(|proxy| proxy.contains("dataproxy"))?;
        let number = |name: &str| value(script, name).and_then(|text| text.parse::<usize>().ok());
        let inline = script.split_once("ajaxParam").and_then(|(_, after)| {
            let after = after.trim_start().strip_prefix(':')?.trim_start();
            // Or the name of a variable with them.
            after.strip_prefix('{')
        });
        let named = script
            .split_once("var param_")
            .and_then(|(_, after)| after.split_once('{'))
            .map(|(_, after)| after);
        let (parameters, _) = inline.or(named)?.split_once('}')?;
        Some(Self {
            proxy,
            parameters: pairs(parameters),
            per_page: number("perPage").unwrap_or(PER_PAGE).clamp(1, RECORDS),
            group: number("groupSize").unwrap_or(GROUP).clamp(1, RECORDS),
            total: number("totalRecord")?,
        })
    }

    /// The address of the second group; the page has the first.
    pub(crate) fn second(&self, at: &Url) -> Option<Url> {
        let size = self.per_page.saturating_mul(self.group);
        if size >= self.total {
            return None;
        }
        let mut url = at.join(&self.proxy).ok()?;
        let range = [("startrecord", size + 1), ("endrecord", size * 2), ("perpage", self.per_page)];
        let mut query = url.query_pairs_mut();
        query.clear().extend_pairs(range.map(|(name, number)| (name, number.to_string())));
        query.extend_pairs(&self.parameters);
        drop(query);
        Some(url)
    }
}

/// The same address with the next range; none after the last.
pub(crate) fn following(at: &Url, total: usize) -> Option<Url> {
    let number = |name: &str| -> Option<usize> {
        at.query_pairs().find(|(known, _)| known == name).and_then(|(_, value)| value.parse().ok())
    };
    let (start, end) = (number("startrecord")?, number("endrecord")?);
    let size = end.checked_sub(start)?.checked_add(1)?;
    if end >= total {
        return None;
    }
    let moved = |name: &str, value: &str| match name {
        "startrecord" => (end + 1).to_string(),
        "endrecord" => (end + size).to_string(),
        _ => value.to_owned(),
    };
    let pairs: Vec<(String, String)> =
        at.query_pairs().map(|(name, value)| (name.to_string(), moved(&name, &value))).collect();
    let mut url = at.clone();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    Some(url)
}

fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    Some(text.split_once(open)?.1.split_once(close)?.0)
}

/// The value of `name: value` in a script, quoted or a number.
pub(crate) fn value(script: &str, name: &str) -> Option<String> {
    let (_, after) = script.split_once(name)?;
    let after = after.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?;
    word(after).map(|(word, _)| word)
}

/// A quoted text or a plain word at the beginning, and what follows.
pub(crate) fn word(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start();
    if let Some(quote) = text.chars().next().filter(|first| ['"', '\''].contains(first)) {
        let (word, rest) = text[1..].split_once(quote)?;
        return Some((word.to_owned(), rest));
    }
    let end = text.find(|char: char| !char.is_ascii_alphanumeric() && char != '_').unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_owned(), &text[end..]))
}

/// `a:1,'b':'2'`, as far as it can be read.
pub(crate) fn pairs(mut text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    while pairs.len() < PARAMETERS {
        let Some((name, rest)) = word(text) else { break };
        let Some((value, rest)) = rest.trim_start().strip_prefix(':').and_then(word) else { break };
        pairs.push((name, value));
        let Some(rest) = rest.trim_start().strip_prefix(',') else { break };
        text = rest;
    }
    pairs
}

/// The first day in a text: `2025-01-17`.
fn day(text: &str) -> Option<String> {
    let is_day = |part: &[u8]| {
        part.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
    };
    // Behind the link: addresses have days in them too.
    let shown = text.rsplit_once("</a>").map_or(text, |(_, after)| after);
    let found = shown.as_bytes().windows(10).find(|part| is_day(part))?;
    String::from_utf8(found.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_have_links_and_days() {
        let text = "<?xml version='1.0'?><datastore>\n<totalrecord>3</totalrecord><recordset>\
                    <record><![CDATA[<li><a href='/art/2025/1/17/art_1.html' title=\"甲局2024年度报告\">甲局…</a>\
                    <span>2025-01-17</span></li>]]></record>\
                    <record><li><a href=b.html>乙</a></li></record></recordset></datastore>";
        let found = Records::of_answer(text).unwrap();
        assert_eq!((found.total, found.records.len()), (3, 2));
        let Record { links, day } = &found.records[0];
        assert_eq!(
            (links[0].text.as_str(), links[0].href.as_str()),
            ("甲局2024年度报告", "/art/2025/1/17/art_1.html")
        );
        assert_eq!(day.as_deref(), Some("2025-01-17"));
        assert_eq!(found.records[1].day, None);
        assert_eq!(Records::of_answer("<html><datastore>"), None);
        assert_eq!(Records::of("<record>no end"), None);
    }

    #[test]
    fn a_script_says_how_further_records_are_asked_for() {
        let at: Url = "https://a.gov.cn/col/col1/index.html".parse().unwrap();
        let named = "var param_303271 = {appid:1,webid:67,path:'/',columnid:77278,webname:'甲,局'};\
                     $('#303271').jpage({pageSize:4,perPage:15,totalRecord:100,groupSize:3,\
                     proxyUrl:'/module/web/jpage/dataproxy.jsp',ajaxParam:param_303271});";
        let second = Paging::of(named).unwrap().second(&at).unwrap();
        let query: Vec<String> =
            second.query_pairs().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(second.path(), "/module/web/jpage/dataproxy.jsp");
        assert_eq!(
            query.join("&"),
            "startrecord=46&endrecord=90&perpage=15&appid=1&webid=67&path=/&columnid=77278&webname=甲,局"
        );
        let third = following(&second, 100).unwrap();
        assert!(
            third.query().unwrap().starts_with("startrecord=91&endrecord=135&perpage=15&appid=1"),
            "{third}"
        );
        assert_eq!(following(&third, 100), None);
        let inline = "jpage({totalRecord:20,proxyUrl:\"/module/jpage/dataproxy.jsp\",perPage:5,\
                      ajaxParam:{'col':1, \"unitid\":\"x\"}})";
        let second = Paging::of(inline).unwrap().second(&at).unwrap();
        assert_eq!(second.query(), Some("startrecord=16&endrecord=30&perpage=5&col=1&unitid=x"));
        assert_eq!(
            Paging::of(&inline.replace("20", "15")).unwrap().second(&at),
            None,
            "everything is in the page"
        );
        for other in
            ["", "proxyUrl:'/other'", "proxyUrl:'/dataproxy.jsp'", "proxyUrl:'/dataproxy.jsp',ajaxParam:{"]
        {
            assert_eq!(Paging::of(other), None, "{other}");
        }
        assert_eq!(following(&"http://a/?startrecord=9&endrecord=3".parse().unwrap(), 99), None);
    }
}
