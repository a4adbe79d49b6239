//! Lists whose script asks the label service of the site for further pages, as on most sites of 安徽 and some of
//! 四川 and 湖北: the page has the first reports, and an address below `/site/label/` answers with the lines of another page.
//!
//! ```js
//! Ls.pagination({url: "/site/label/8888", data: {labelName: "publicInfoList", siteId: "6781961", pageSize: "15",
//!     organId: "1681", catId: "6708461", file: "/xxgk/publicInfoList_newest"}, pageCount: 12});
//! ```

use reqwest::Url;

use crate::records::{pairs, value, word};

/// How a page asks for the pages of its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LabelPages {
    /// The address that answers, as it stands there.
    service: String,
    /// What is asked of it besides the page.
    parameters: Vec<(String, String)>,
    count: usize,
}

/// What the address of the service has in it.
const SERVICE: &str = "/site/label/";
/// The parameter with the number of a page, which counts from one.
const PAGE: &str = "pageIndex";

impl LabelPages {
    /// What a script says.
    pub(crate) fn of(script: &str) -> Option<Self> {
        let (service, _) =
            values(script, "url").filter_map(word).find(|(address, _)| address.contains(SERVICE))?;
        let objects = values(script, "data").filter_map(|value| value.trim_start().strip_prefix('{'));
        let parameters = objects.filter_map(|object| Some(pairs(object.split_once('}')?.0)));
        let parameters: Vec<(String, String)> = parameters
            .map(|pairs| pairs.into_iter().filter(|(name, _)| name != PAGE).collect::<Vec<_>>())
            .find(|pairs| pairs.iter().any(|(name, _)| name == "labelName"))?;
        Some(Self { service, parameters, count: value(script, "pageCount")?.parse().ok()? })
    }

    /// The addresses of all pages but the first, at most so many.
    pub(crate) fn further(&self, at: &Url, most: usize) -> Vec<Url> {
        let Ok(service) = at.join(&self.service) else { return Vec::new() };
        let page = |number: usize| {
            let mut url = service.clone();
            let mut query = url.query_pairs_mut();
            query.extend_pairs(&self.parameters).append_pair(PAGE, &number.to_string());
            drop(query);
            url
        };
        (2..=self.count).take(most).map(page).collect()
    }
}

/// What stands behind each `name:` of a script.
fn values<'a>(script: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    script.match_indices(name).filter_map(move |(at, _)| {
        let after = script[at + name.len()..].trim_start_matches(['"', '\'']);
        after.trim_start().strip_prefix(':')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_says_how_the_label_service_is_asked() {
        let at: Url = "https://a.gov.cn/public/column/1681?type=4&catId=9".parse().unwrap();
        let script = "Ls.ready(function(){Ls.pagination(\"#page\", {dataType: \"html\", url: \"/site/label/8888\",\n\
                      data : {IsAjax: 1, labelName: \"publicInfoList\", siteId : \"67\", pageIndex: 1, organId: \"1681\",\n\
                      catId: \"9\", result: '暂无, 信息', file:\"/xxgk/list\"}, pageCount:3, pageIndex:1});});";
        let pages = LabelPages::of(script).unwrap();
        let [second, third] = &pages.further(&at, 9)[..] else { panic!("{pages:?}") };
        let query: Vec<String> =
            second.query_pairs().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!((second.host_str(), second.path()), (Some("a.gov.cn"), "/site/label/8888"));
        assert_eq!(
            query.join("&"),
            "IsAjax=1&labelName=publicInfoList&siteId=67&organId=1681&catId=9&result=暂无, 信息&file=/xxgk/list&pageIndex=2"
        );
        assert!(third.query().unwrap().ends_with("&pageIndex=3"), "{third}");
        assert_eq!(pages.further(&at, 1).len(), 1);
        for other in [
            "",
            "url: \"/search\", data: {labelName: \"x\"}, pageCount: 3",
            "url: \"/site/label/8888\", data: {name: 1}, pageCount: 3",
            "url: \"/site/label/8888\", data: {labelName: \"x\"}, pageCount: n",
            "url: \"/site/label/8888\", data: {labelName: \"x\"",
        ] {
            assert_eq!(LabelPages::of(other), None, "{other}");
        }
    }
}
