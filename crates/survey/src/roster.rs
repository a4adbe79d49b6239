//! The roster (机关名录): the agencies that should report, with their parents and deadlines.
//!
//! A CSV file that an office keeps in its spreadsheet. A line is an agency, the first line names the
//! columns, in English or in Chinese:
//!
//! | column | what stands there |
//! | --- | --- |
//! | `agency`, 机关名称 | its full name |
//! | `region`, 区划代码 | six digits, nine for a township |
//! | `level`, 级别 | 国家级, 省级, 市级, 县级, 乡级; inferred from the code if empty |
//! | `parent`, 上级 | the agency whose whole it is part of; inferred from codes and names if empty |
//! | `aliases`, 别名 | other names, separated by `;`, `；` or `、` |
//! | `deadline`, 截止日期 | a day like 2025-01-31 or 1月31日, which goes for other years too; by law where empty |
//! | `scope`, 口径 | 汇总 (`whole`) or 本机关 (`own`): whom the figures of its report cover |
//! | `exempt`, 免报年度 | years for which it need not report, separated by `;`, or 全部 (`all`) |
//! | `extended`, 延期至 | a later last day, such as 2025-02-15 for the report on 2024; several separated by `;` |
//! | `pages`, 网址 | where it publishes its reports, several separated by spaces |
//! | `note`, 说明 | why, for those who read the list |
//!
//! Only the first is needed.

mod changes;
mod find;
mod parse;
mod write;

use std::collections::HashMap;

use report::{Date, Region, Year};

use crate::Scope;
use crate::division::Level;
use crate::name::{self, Rank};

pub use changes::{AgencyChange, RosterChanges};
pub(crate) use find::Directory;
pub use parse::{Fault, FaultKind, WrongRoster};
pub use write::csv_of;

/// The agencies that should report.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Roster {
    agencies: Vec<Agency>,
    /// Folded names and aliases.
    names: HashMap<String, Vec<usize>>,
}

/// An agency that should report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    /// Its full name.
    pub name: String,
    /// The code of its division.
    pub region: Option<String>,
    /// Its rank.
    pub level: Option<Level>,
    /// The position of the agency above it.
    pub parent: Option<usize>,
    /// Its other and former names.
    pub aliases: Vec<String>,
    /// Which agencies its figures cover.
    pub scope: Option<Scope>,
    /// Month and day of the year after until which its report has to be there.
    deadline: Option<(i8, i8)>,
    /// The years for which it need not report.
    pub exempt: Exemption,
    /// Later last days, each in the year after the one that the report is about.
    pub extended: Vec<Date>,
    /// The addresses at which it publishes its reports, or lists them.
    pub pages: Vec<String>,
    /// Why there is an exception.
    pub note: Option<String>,
}

/// The years for which an agency need not report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exemption {
    /// These, or none.
    Years(Vec<Year>),
    /// All.
    Always,
}

impl Default for Exemption {
    fn default() -> Self {
        Self::Years(Vec::new())
    }
}

impl Roster {
    /// Reads a roster from CSV, with or without a byte order mark.
    ///
    /// # Errors
    /// If anything in it is wrong: every fault is listed, each with its line.
    pub fn parse(csv: &str) -> Result<Self, WrongRoster> {
        parse::parse(csv)
    }

    /// Every agency, in the order of the file.
    pub fn agencies(&self) -> &[Agency] {
        &self.agencies
    }

    /// The agency that a report with this name and region is from. None where it could be several.
    ///
    /// The name may be an alias, and it may have more or fewer divisions in front of it.
    pub fn find(&self, name: &str, region: Option<&Region>) -> Option<&Agency> {
        let position = Directory::new(self, region).find(name, region)?;
        self.agencies.get(position)
    }

    fn new(agencies: Vec<Agency>) -> Self {
        let mut names: HashMap<String, Vec<usize>> = HashMap::new();
        for (position, agency) in agencies.iter().enumerate() {
            for name in agency.names() {
                let positions = names.entry(name::fold(name)).or_default();
                if positions.last() != Some(&position) {
                    positions.push(position);
                }
            }
        }
        Self { agencies, names }
    }
}

impl Agency {
    /// Its name and its aliases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.name).chain(&self.aliases).map(String::as_str)
    }

    /// Whether it need not report on a year.
    pub fn is_exempt(&self, year: Year) -> bool {
        match &self.exempt {
            Exemption::Always => true,
            Exemption::Years(years) => years.contains(&year),
        }
    }

    /// The last day for its report on a year: what the roster says, else 31 March for a government of a
    /// county or above and for its office, which publishes it, and 31 January for all others
    /// (《条例》第四十九条).
    pub fn deadline(&self, year: Year) -> Option<Date> {
        let is_of_year = |day: &&Date| i64::from(day.year()) == i64::from(year.get()) + 1;
        if let Some(extended) = self.extended.iter().find(is_of_year) {
            return Some(*extended);
        }
        let (month, day) = self.deadline.unwrap_or(if self.reports_in_march() { (3, 31) } else { (1, 31) });
        let year = i16::try_from(year.get()).ok()? + 1;
        // 29 February is the day before in other years.
        Date::new(year, month, day).or_else(|_| Date::new(year, month, day - 1)).ok()
    }

    fn reports_in_march(&self) -> bool {
        let folded = name::fold(&self.name);
        let is_government = folded.ends_with("人民政府")
            && !folded.ends_with("乡人民政府")
            && !folded.ends_with("镇人民政府");
        let is_office = ["人民政府办公室", "人民政府办公厅"].iter().any(|ending| folded.ends_with(ending))
            && !["乡", "镇", "街道"].iter().any(|place| folded.contains(&format!("{place}人民政府")));
        self.level != Some(Level::Township) && (is_government || is_office)
    }

    /// Its rank among the agencies of its division, whose name may be known.
    pub(crate) fn rank(&self, region: Option<&Region>) -> Rank {
        let folded = name::fold(&self.name);
        match region {
            Some(_) => name::rank(&name::core(&folded, region)),
            None => self.rank_by_ending(&folded),
        }
    }

    /// The same where the name of its division is not known: the place before 人民政府 has to be of its
    /// level.
    fn rank_by_ending(&self, folded: &str) -> Rank {
        let endings: &[&str] = match self.level {
            None | Some(Level::Nation) => return Rank::Department,
            Some(Level::Province) => &["省", "市", "区"],
            Some(Level::City) => &["市", "州", "盟", "地区"],
            Some(Level::County) => &["市", "区", "县", "旗"],
            Some(Level::Township) => &["乡", "镇", "街道", "苏木"],
        };
        let is_place = |place: &str| endings.iter().any(|ending| place.ends_with(ending));
        let of_place = |ending: &str| folded.strip_suffix(ending).is_some_and(is_place);
        if of_place("人民政府") || of_place("办事处") {
            Rank::Government
        } else if of_place("人民政府办公室") || of_place("人民政府办公厅") {
            Rank::Office
        } else {
            Rank::Department
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROSTER: &str = "agency,region,aliases,deadline\n\
                          枣庄市人民政府,370400,,\n\
                          枣庄市人民政府办公室,370400,,\n\
                          枣庄市行政审批服务局,370400,枣庄市政务服务局,2024-02-29\n\
                          枣庄市教育局,370400,,\n\
                          薛城区教育局,370403,,\n\
                          薛城区人民政府,370403,,\n\
                          薛城区沙沟镇人民政府,370403101,,\n\
                          枣庄市税务局,,,\n";

    fn region(code: &str, name: &str) -> Region {
        Region { code: code.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn an_agency_is_found_by_any_of_its_names() {
        let roster = Roster::parse(ROSTER).unwrap();
        let city = region("370400", "山东省枣庄市");
        let district = region("370403", "山东省枣庄市薛城区");
        let town = region("370403101", "山东省枣庄市薛城区沙沟镇");
        for (name, region, expected) in [
            ("枣庄市行政审批服务局", Some(&city), Some(2)),
            ("山东省枣庄市行政审批服务局", Some(&city), Some(2)),
            ("市 行政审批服务局", Some(&city), Some(2)),
            ("枣庄市政务服务局", Some(&city), Some(2)),
            ("枣庄市行政审批服务局", None, Some(2)),
            ("行政审批服务局", None, None),
            ("教育局", Some(&city), Some(3)),
            ("教育局", Some(&district), Some(4)),
            ("枣庄市薛城区教育局", Some(&district), Some(4)),
            ("薛城区教育局", Some(&city), None),
            ("枣庄市", Some(&city), Some(0)),
            ("沙沟镇人民政府", Some(&town), Some(6)),
            ("薛城区沙沟镇", Some(&town), Some(6)),
            ("枣庄市税务局", Some(&city), Some(7)),
            ("教育局", Some(&town), None),
            ("枣庄市民政局", Some(&city), None),
        ] {
            let found = roster.find(name, region);
            assert_eq!(found, expected.map(|position: usize| &roster.agencies()[position]), "{name}");
        }
    }

    #[test]
    fn what_could_be_several_is_none() {
        let roster =
            Roster::parse("agency,region,aliases\n甲县民政局,370481,民政局\n甲县老龄办,370481,民政局\n")
                .unwrap();
        assert_eq!(roster.find("民政局", Some(&region("370481", "山东省枣庄市甲县"))), None);
        assert_eq!(roster.find("民政局", None), None);
        assert!(roster.find("甲县民政局", None).is_some());
    }

    #[test]
    fn reports_are_due_as_the_roster_or_the_law_says() {
        let roster = Roster::parse(ROSTER).unwrap();
        let due = |position: usize, year: i64| {
            roster.agencies()[position].deadline(Year::new(year).unwrap()).unwrap().to_string()
        };
        assert_eq!(due(0, 2024), "2025-03-31");
        assert_eq!(due(1, 2024), "2025-03-31");
        assert_eq!(due(2, 2023), "2024-02-29");
        assert_eq!(due(2, 2024), "2025-02-28");
        assert_eq!(due(3, 2024), "2025-01-31");
        assert_eq!(due(5, 2024), "2025-03-31");
        assert_eq!(due(6, 2024), "2025-01-31");
    }
}
