//! A list of addresses as people keep it: a CSV file, or one address a line.

use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::charset;

/// An address where a report, or a list of reports, is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedAddress {
    /// The address; see [`web_address`].
    pub address: String,
    /// The agency that publishes there; empty if the list does not say.
    #[serde(default)]
    pub agency: String,
    /// The code of its division.
    #[serde(default)]
    pub region: String,
    /// The year of the report.
    #[serde(default)]
    pub year: Option<u16>,
}

/// What is wrong with a list of addresses, and in which line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressesError {
    /// No column is called 网址 or address.
    #[error("no column is called 网址 or address; there are {0}")]
    NoColumn(String),
    /// A line has something else where the address belongs.
    #[error("line {line}: `{text}` is no http or https address")]
    NoAddress {
        /// The line, from 1.
        line: u64,
        /// What stands there.
        text: String,
    },
    /// The file is no CSV.
    #[error("{0}")]
    NoCsv(String),
}

const ADDRESS: [&str; 4] = ["网址", "地址", "address", "url"];
const AGENCY: [&str; 3] = ["机关名称", "机关", "agency"];
const REGION: [&str; 2] = ["区划代码", "region"];
const YEAR: [&str; 2] = ["年度", "year"];

/// Reads a CSV file with the columns 机关名称, 区划代码, 年度 and 网址 (`agency`, `region`, `year`, `address`), of
/// which only the last is needed, or a file with one address a line.
///
/// # Errors
/// If a line has no address.
pub fn addresses(bytes: &[u8]) -> Result<Vec<ListedAddress>, AddressesError> {
    let text = charset::decode(bytes, None);
    let text = text.trim_start_matches('\u{feff}');
    let is_plain = text.trim_start().starts_with("http://") || text.trim_start().starts_with("https://");
    let mut reader =
        csv::ReaderBuilder::new().has_headers(!is_plain).flexible(true).from_reader(text.as_bytes());
    let wrong = |error: csv::Error| AddressesError::NoCsv(error.to_string());
    let header = if is_plain {
        csv::StringRecord::from(vec!["address"])
    } else {
        reader.headers().map_err(wrong)?.clone()
    };
    let column =
        |names: &[&str]| header.iter().position(|name| names.contains(&name.trim().to_lowercase().as_str()));
    let Some(address) = column(&ADDRESS) else {
        return Err(AddressesError::NoColumn(header.iter().collect::<Vec<_>>().join(", ")));
    };
    let [agency, region, year] = [column(&AGENCY), column(&REGION), column(&YEAR)];
    let mut found = Vec::new();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let line = record.position().map_or(0, csv::Position::line);
        let value =
            |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default().trim().to_owned();
        let text = value(Some(address));
        // An agency whose address is not known yet.
        if text.is_empty() {
            continue;
        }
        let address = web_address(&text).ok_or(AddressesError::NoAddress { line, text })?.into();
        let year = value(year).trim_end_matches('年').parse().ok();
        found.push(ListedAddress { address, agency: value(agency), region: value(region), year });
    }
    Ok(found)
}

/// An http or https address without its fragment; none where a text is no such address.
pub fn web_address(text: &str) -> Option<Url> {
    let mut url = Url::parse(text.trim()).ok()?;
    url.set_fragment(None);
    (["http", "https"].contains(&url.scheme()) && url.has_host()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read() {
        let listed = addresses(
            "\u{feff}机关名称,年度,网址,区划代码\n甲局,2024年,https://a.gov.cn/1.html,370400\n乙局,,,\n丙局,,http://c.gov.cn,\n"
            .as_bytes(),
        )
        .unwrap();
        let [first, second] = &listed[..] else { panic!("{listed:?}") };
        assert_eq!(
            (first.agency.as_str(), first.region.as_str(), first.year),
            ("甲局", "370400", Some(2024))
        );
        assert_eq!((second.address.as_str(), second.year), ("http://c.gov.cn/", None));
        assert_eq!(addresses(b"https://a.gov.cn/1\nhttps://a.gov.cn/2\n").unwrap().len(), 2);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let check = |text: &str, expected: &str| {
            assert_eq!(addresses(text.as_bytes()).unwrap_err().to_string(), expected)
        };
        check(
            "机关名称,区划代码\n甲局,\n",
            "no column is called 网址 or address; there are 机关名称, 区划代码",
        );
        check(
            "agency,address\n甲局,https://a\n乙局,www.b.gov.cn\n",
            "line 3: `www.b.gov.cn` is no http or https address",
        );
        check("address\nftp://a\n", "line 2: `ftp://a` is no http or https address");
    }
}
