//! Which link is the report: by what its text says, and of several attachments by a fixed order.

use percent_encoding::percent_decode_str;
use reqwest::Url;

use crate::outline::{Link, Outline};

/// Formats of attachments that are read, the best first: of the same report as Word and as PDF, the former has its
/// tables.
const EXTENSIONS: [&str; 11] = ["docx", "doc", "wps", "rtf", "odt", "ofd", "pdf", "xlsx", "xls", "et", "txt"];
/// What speaks of a report and is none.
const ABOUT: [&str; 12] =
    ["解读", "图解", "读懂", "图说", "目录", "指南", "通知", "模板", "样式", "答记者", "附件2", "统计表"];
/// Annual reports of another kind, unless they name 信息公开.
const OTHER: [&str; 11] =
    ["法治", "法制", "决算", "预算", "企业", "财务", "统计", "环境", "质量", "绩效", "社会责任"];
/// A page with so many figures in its tables has the report itself: the tables of a report have over a hundred
/// cells, and the frame of a page has no figures in tables.
pub(crate) const FIGURES: usize = 10;

/// The digits as they stand in years.
const CHINESE: [char; 10] = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];

/// Whether a text names an annual report on government-information disclosure.
pub fn names_report(text: &str) -> bool {
    let text: String = text.chars().filter(|char| !char.is_whitespace()).collect();
    let is_report =
        ["年度报告", "年报", "年度工作报告", "公开工作报告"].iter().any(|name| text.contains(name));
    let is_about = ABOUT.iter().any(|word| text.contains(word));
    let is_other = OTHER.iter().any(|word| text.contains(word)) && !names_disclosure(&text);
    is_report && !is_about && !is_other
}

fn names_disclosure(text: &str) -> bool {
    text.contains("信息公开") || text.contains("政务公开")
}

/// The first year in a text, in digits of either kind: 2024, 二〇二四.
pub fn stated_year(text: &str) -> Option<u16> {
    let digits = text.chars().map(|char| match char {
        '○' | '零' => Some(0),
        _ => CHINESE.iter().position(|one| *one == char).or_else(|| Some(char.to_digit(10)? as usize)),
    });
    let digits: Vec<Option<usize>> = digits.collect();
    let runs = digits.split(Option::is_none).filter(|run| run.len() == 4);
    let years = runs.map(|run| run.iter().flatten().fold(0, |year, digit| 10 * year + digit));
    years.into_iter().find(|year| (2007..2100).contains(year)).and_then(|year| u16::try_from(year).ok())
}

/// A document that a page links to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attachment {
    pub(crate) url: Url,
    /// Its name, with its extension.
    pub(crate) name: String,
    /// The position in [`EXTENSIONS`].
    rank: usize,
}

impl Attachment {
    /// The attachment behind a link, if it is one.
    pub(crate) fn of(link: &Link, url: Url) -> Option<Self> {
        let named = file_names(&url).into_iter().chain([link.text.clone()]);
        let (rank, file) = named.filter_map(|name| Some((rank_of(&name)?, name))).next()?;
        let extension = EXTENSIONS[rank];
        let text = link.text.trim();
        let name = match (text.is_empty(), rank_of(text)) {
            (true, _) => file,
            (false, Some(_)) => text.to_owned(),
            (false, None) => format!("{text}.{extension}"),
        };
        Some(Self { url, name, rank })
    }

    /// Whether its name, or that of its file, says that it is the report.
    pub(crate) fn names_report(&self) -> bool {
        names_report(&self.name) || file_names(&self.url).iter().any(|name| names_report(name))
    }
}

/// The attachments of a page, in its order, each address once.
pub(crate) fn attachments(outline: &Outline, at: &Url) -> Vec<Attachment> {
    let mut found: Vec<Attachment> = Vec::new();
    for link in &outline.links {
        let Some(url) = resolved(outline, at, &link.href) else { continue };
        let attachment = Attachment::of(link, url);
        if let Some(one) = attachment.filter(|one| found.iter().all(|other| other.url != one.url)) {
            found.push(one);
        }
    }
    found
}

/// The attachment that is the report of a page, none if it is the page itself.
///
/// A page with the figures in its tables is the report. Else it is the attachment whose name says so, the one for the
/// year of the page first, then by the order of formats, then by that of the page. If none says so and the title of
/// the page names a report, a single attachment is it, or the same file in several formats.
pub(crate) fn choose(outline: &Outline, attachments: &[Attachment]) -> Option<Attachment> {
    if outline.figures >= FIGURES {
        return None;
    }
    let year = stated_year(&outline.title);
    let order = |one: &&Attachment| (year.is_some() && stated_year(&one.name) != year, one.rank);
    let named = attachments.iter().filter(|one| one.names_report()).min_by_key(order);
    if named.is_some() || !names_report(&outline.title) {
        return named.cloned();
    }
    let stem = |one: &Attachment| one.name.rsplit_once('.').map(|(stem, _)| stem.to_owned());
    let first = attachments.first()?;
    let is_one = attachments.iter().all(|one| stem(one) == stem(first));
    attachments.iter().filter(|_| is_one).min_by_key(order).cloned()
}

/// The address of a link, without its fragment.
pub(crate) fn resolved(outline: &Outline, at: &Url, href: &str) -> Option<Url> {
    let base = outline.base.as_deref().and_then(|base| at.join(base).ok());
    let mut url = base.as_ref().unwrap_or(at).join(href).ok()?;
    url.set_fragment(None);
    ["http", "https"].contains(&url.scheme()).then_some(url)
}

/// The names of a file in its address: the last part of the path, and values of the query.
fn file_names(url: &Url) -> Vec<String> {
    last_part(url).into_iter().chain(url.query_pairs().map(|(_, value)| value.into_owned())).collect()
}

/// The last part of the path of an address; none where it is empty.
pub(crate) fn last_part(url: &Url) -> Option<String> {
    let last = url.path_segments()?.next_back().filter(|last| !last.is_empty())?;
    Some(percent_decode_str(last).decode_utf8_lossy().into_owned())
}

fn rank_of(name: &str) -> Option<usize> {
    let (_, extension) = name.trim().rsplit_once('.')?;
    let extension = extension.to_ascii_lowercase();
    EXTENSIONS.iter().position(|known| *known == extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_named_in_many_ways() {
        let check = |text: &str, expected: bool| assert_eq!(names_report(text), expected, "{text}");
        check("滕州市公安局2024年政府信息公开工作年度报告", true);
        check("2024年度报告", true);
        check("市教育局 2023 年政府信息公开年报", true);
        check("统计局2024年政府信息公开年度报告", true);
        check("2024年政府信息公开年度报告解读", false);
        check("一图读懂2024年度报告", false);
        check("关于编制2024年政府信息公开工作年度报告的通知", false);
        check("2024年法治政府建设年度报告", false);
        check("2024年部门决算", false);
        check("信息公开指南", false);
    }

    #[test]
    fn a_year_is_found() {
        assert_eq!(stated_year("2024年年度报告"), Some(2024));
        assert_eq!(stated_year("二〇二三年度报告"), Some(2023));
        assert_eq!(stated_year("20250117发布的2024年报告"), Some(2024));
        assert_eq!(stated_year("第1024号"), None);
    }

    fn choice(title: &str, figures: usize, links: &[(&str, &str)]) -> Option<String> {
        let links = links.iter().map(|(text, href)| Link { text: (*text).into(), href: (*href).into() });
        let outline = Outline { title: title.into(), figures, links: links.collect(), ..Outline::default() };
        let at: Url = "http://a.gov.cn/xxgk/1.html".parse().unwrap();
        choose(&outline, &attachments(&outline, &at)).map(|one| one.name)
    }

    #[test]
    fn the_attachment_that_says_so_is_the_report() {
        let page = "甲局2024年政府信息公开工作年度报告";
        let check = |figures: usize, links: &[(&str, &str)], expected: Option<&str>| {
            assert_eq!(choice(page, figures, links).as_deref(), expected, "{links:?}");
        };
        check(0, &[("附件.pdf", "P0.pdf")], Some("附件.pdf"));
        check(50, &[("甲局2024年度报告.pdf", "P0.pdf")], None);
        check(0, &[], None);
        check(0, &[("表.xls", "1.xls"), ("甲局2024年度报告", "2.pdf")], Some("甲局2024年度报告.pdf"));
        check(
            0,
            &[("甲局2023年度报告.docx", "1.docx"), ("甲局2024年度报告.pdf", "2.pdf")],
            Some("甲局2024年度报告.pdf"),
        );
        check(
            0,
            &[("甲局2024年度报告.pdf", "1.pdf"), ("甲局2024年度报告.doc", "2.doc")],
            Some("甲局2024年度报告.doc"),
        );
        check(0, &[("下载", "1.pdf"), ("下载", "1.docx")], Some("下载.docx"));
        check(0, &[("甲.pdf", "1.pdf"), ("乙.pdf", "2.pdf")], None);
        check(0, &[("2024年度报告解读.pdf", "1.pdf"), ("表.xls", "2.xls")], None);
        check(0, &[("查看", "/download?file=%E5%B9%B4%E6%8A%A5.pdf")], Some("查看.pdf"));
    }

    #[test]
    fn a_page_about_something_else_has_no_report() {
        assert_eq!(choice("甲局简介", 0, &[("附件.pdf", "P0.pdf")]), None);
        assert_eq!(
            choice("甲局", 0, &[("", "/2024年政府信息公开年度报告.pdf")]).as_deref(),
            Some("2024年政府信息公开年度报告.pdf")
        );
    }
}
