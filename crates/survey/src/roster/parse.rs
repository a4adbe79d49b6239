//! Reads a roster from CSV and lists every fault in it.

use std::collections::HashMap;

use report::{Date, Year};

use super::{Agency, Exemption, Roster};
use crate::Scope;
use crate::division::{Level, above};
use crate::name::fold;

/// A roster that cannot be used, with everything that is wrong in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(faults))]
pub struct WrongRoster {
    /// What is wrong, by line.
    pub faults: Vec<Fault>,
}

/// What is wrong in one line of a roster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}{}: {kind}", in_column(*column))]
pub struct Fault {
    /// The line of the file, from 1.
    pub line: u64,
    /// The column, by the first of its names.
    pub column: Option<&'static str>,
    /// What is wrong.
    pub kind: FaultKind,
}

/// The kinds of fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// No such column is known.
    #[error("unknown column `{0}`, known are {known}", known = known_columns())]
    UnknownColumn(String),
    /// A column stands twice.
    #[error("the column stands twice")]
    RepeatedColumn,
    /// The column of the names is not there.
    #[error("no column `agency` (机关名称)")]
    NoAgencyColumn,
    /// The line has more cells than there are columns.
    #[error("{found} cells, expected at most {expected}")]
    TooManyCells {
        /// How many there are.
        found: usize,
        /// How many columns there are.
        expected: usize,
    },
    /// The agency has no name.
    #[error("the name is empty")]
    NoName,
    /// No such value is allowed there.
    #[error("`{value}`, allowed are {allowed}")]
    NotAllowed {
        /// What stands there.
        value: String,
        /// What may stand there.
        allowed: &'static str,
    },
    /// The same agency of the same region stands in an earlier line.
    #[error("`{name}` stands in line {first} too")]
    Repeated {
        /// The agency.
        name: String,
        /// The earlier line.
        first: u64,
    },
    /// No agency of the roster has this name.
    #[error("`{0}` is not in the roster; a parent needs a line of its own")]
    UnknownParent(String),
    /// Several agencies of the roster have this name.
    #[error("`{0}` could be any of several agencies; give the full name")]
    AmbiguousParent(String),
    /// An agency stands above itself.
    #[error("the agency stands above itself: {0}")]
    Circle(String),
    /// The chain of parents is too long.
    #[error("more than {MAX_DEPTH} agencies stand above it")]
    TooDeep,
    /// The file is no CSV.
    #[error("not CSV: {0}")]
    NotCsv(String),
}

impl Fault {
    /// What is wrong, for those who wrote the roster: `第127行“机关名称”：“甲局”与第91行重复`.
    pub fn in_chinese(&self) -> String {
        let column = COLUMNS.iter().find(|(_, english, _)| Some(*english) == self.column);
        let name = column.map_or(String::new(), |(_, _, chinese)| format!("“{chinese}”"));
        let what = match &self.kind {
            FaultKind::UnknownColumn(found) => {
                format!(
                    "没有名为“{found}”的列，可用的列有{}",
                    COLUMNS.map(|(_, _, chinese)| chinese).join("、")
                )
            }
            FaultKind::RepeatedColumn => "这一列出现了两次".to_owned(),
            FaultKind::NoAgencyColumn => "没有“机关名称”一列".to_owned(),
            FaultKind::TooManyCells { found, expected } => format!("有{found}格，最多应有{expected}格"),
            FaultKind::NoName => "没有写机关名称".to_owned(),
            FaultKind::NotAllowed { value, .. } => {
                format!("“{value}”不能识别，应为{}", column.map_or("", |(column, _, _)| column.allowed()))
            }
            FaultKind::Repeated { name, first } => format!("“{name}”与第{first}行重复"),
            FaultKind::UnknownParent(name) => format!("名录中没有“{name}”，上级机关也要单列一行"),
            FaultKind::AmbiguousParent(name) => format!("名录中有多个机关可能是“{name}”，请写全称"),
            FaultKind::Circle(chain) => format!("机关成为自己的上级：{chain}"),
            FaultKind::TooDeep => format!("上级超过{MAX_DEPTH}层"),
            FaultKind::NotCsv(_) => "不是有效的CSV文件".to_owned(),
        };
        format!("第{}行{name}：{what}", self.line)
    }
}

impl Column {
    /// What may stand in the column, Chinese.
    fn allowed(self) -> &'static str {
        match self {
            Self::Agency | Self::Parent | Self::Aliases => "机关名称",
            Self::Region => "六位数字，乡镇为九位",
            Self::Level => "国家级、省级、市级、县级、乡级",
            Self::Deadline => "2025-01-31或1月31日这样的日期",
            Self::Scope => "汇总或本机关",
            Self::Exempt => "年度（多个以分号隔开）或全部",
            Self::Extended => "2025-02-15这样的日期，多个以分号隔开",
            Self::Pages => "http://或https://开头的网址，多个以空格隔开",
            Self::Note => "文字",
        }
    }
}

/// No chain of parents is longer: it takes four steps from a township to the nation.
const MAX_DEPTH: usize = 12;

fn lines(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n")
}

fn in_column(column: Option<&str>) -> String {
    column.map_or(String::new(), |column| format!(", column {column}"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Agency,
    Region,
    Level,
    Parent,
    Aliases,
    Deadline,
    Scope,
    Exempt,
    Extended,
    Pages,
    Note,
}

/// Each column with its English and its Chinese name.
pub(super) const COLUMNS: [(Column, &str, &str); 11] = [
    (Column::Agency, "agency", "机关名称"),
    (Column::Region, "region", "区划代码"),
    (Column::Level, "level", "级别"),
    (Column::Parent, "parent", "上级"),
    (Column::Aliases, "aliases", "别名"),
    (Column::Deadline, "deadline", "截止日期"),
    (Column::Scope, "scope", "口径"),
    (Column::Exempt, "exempt", "免报年度"),
    (Column::Extended, "extended", "延期至"),
    (Column::Pages, "pages", "网址"),
    (Column::Note, "note", "说明"),
];

fn known_columns() -> String {
    COLUMNS.map(|(_, english, chinese)| format!("{english} ({chinese})")).join(", ")
}

#[rustfmt::skip]
const LEVELS: [(Level, &[&str]); 5] = [
    (Level::Nation, &["nation", "国家级", "国家", "中央"]),
    (Level::Province, &["province", "省级", "省"]),
    (Level::City, &["city", "市级", "市", "地级", "设区市", "设区的市"]),
    (Level::County, &["county", "县级", "区级", "县区级", "区县级", "县", "区"]),
    (Level::Township, &["township", "乡级", "乡镇级", "镇街级", "乡镇", "街道", "乡", "镇"]),
];

const SCOPES: [(Scope, &[&str]); 2] =
    [(Scope::Whole, &["whole", "汇总", "全口径"]), (Scope::Own, &["own", "本机关", "本级"])];

/// A line that was read, with the name of its parent.
struct Entry {
    line: u64,
    agency: Agency,
    parent: String,
}

pub(super) fn parse(csv: &str) -> Result<Roster, WrongRoster> {
    let mut faults = Vec::new();
    let entries = entries(csv.trim_start_matches('\u{feff}'), &mut faults);
    find_repeated(&entries, &mut faults);
    let parents = parents(&entries, &mut faults);
    find_circles(&entries, &parents, &mut faults);
    if !faults.is_empty() {
        faults.sort_by_key(|fault| fault.line);
        return Err(WrongRoster { faults });
    }
    let agencies = entries.into_iter().zip(parents).map(|(entry, parent)| Agency { parent, ..entry.agency });
    Ok(Roster::new(agencies.collect()))
}

fn entries(csv: &str, faults: &mut Vec<Fault>) -> Vec<Entry> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(csv.as_bytes());
    let mut columns: Option<Vec<Option<Column>>> = None;
    let mut entries = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                faults.push(Fault { line, column: None, kind: FaultKind::NotCsv(error.to_string()) });
                break;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().all(str::is_empty) {
            continue;
        }
        match &columns {
            None => columns = Some(header(line, &record, faults)),
            Some(columns) => entries.extend(entry(line, &record, columns, faults)),
        }
    }
    if columns.is_none() {
        faults.push(Fault { line: 1, column: None, kind: FaultKind::NoAgencyColumn });
    }
    entries
}

fn header(line: u64, record: &csv::StringRecord, faults: &mut Vec<Fault>) -> Vec<Option<Column>> {
    let mut columns: Vec<Option<Column>> = Vec::new();
    for cell in record {
        let known = COLUMNS
            .iter()
            .find(|(_, english, chinese)| cell.eq_ignore_ascii_case(english) || fold(cell) == *chinese);
        match known {
            // A spreadsheet may leave empty columns behind.
            None if cell.is_empty() => {}
            None => {
                let kind = FaultKind::UnknownColumn(cell.to_owned());
                faults.push(Fault { line, column: None, kind });
            }
            Some((column, english, _)) if columns.contains(&Some(*column)) => {
                faults.push(Fault { line, column: Some(english), kind: FaultKind::RepeatedColumn });
            }
            Some(_) => {}
        }
        columns.push(known.map(|(column, _, _)| *column));
    }
    if !columns.contains(&Some(Column::Agency)) {
        faults.push(Fault { line, column: None, kind: FaultKind::NoAgencyColumn });
    }
    columns
}

fn entry(
    line: u64,
    record: &csv::StringRecord,
    columns: &[Option<Column>],
    faults: &mut Vec<Fault>,
) -> Option<Entry> {
    let filled = (0..record.len())
        .rfind(|at| record.get(*at).is_some_and(|cell| !cell.is_empty()))
        .map_or(0, |last| last + 1);
    if filled > columns.len() {
        let kind = FaultKind::TooManyCells { found: filled, expected: columns.len() };
        faults.push(Fault { line, column: None, kind });
    }
    let cell = |wanted: Column| {
        let at = columns.iter().position(|column| *column == Some(wanted));
        at.and_then(|at| record.get(at)).unwrap_or_default()
    };
    let read = |column: Column| Value { line, column, text: cell(column) };
    let (name, region) = (read(Column::Agency), read(Column::Region));
    let (level, deadline, scope) = (read(Column::Level), read(Column::Deadline), read(Column::Scope));
    if name.text.is_empty() && columns.contains(&Some(Column::Agency)) {
        faults.push(name.fault(FaultKind::NoName));
    }
    let is_code = |code: &str| [6, 9].contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit());
    let region =
        region.read("six digits, nine for a township", faults, |code| is_code(code).then(|| code.to_owned()));
    let level = level.read("国家级, 省级, 市级, 县级, 乡级", faults, |text| among(&LEVELS, text));
    let deadline = deadline.read("a day like 2025-01-31", faults, month_and_day);
    let scope = scope.read("汇总 (whole), 本机关 (own)", faults, |text| among(&SCOPES, text));
    let exempt = read(Column::Exempt).read("years like 2024;2025, or 全部 (all)", faults, exemption);
    let extended = read(Column::Extended).read("days like 2025-02-15", faults, days);
    let pages = read(Column::Pages).read("addresses like https://a.gov.cn/nb/", faults, pages);
    let note = cell(Column::Note);
    let aliases = cell(Column::Aliases).split(SEPARATORS).map(str::trim);
    let agency = Agency {
        name: name.text.to_owned(),
        level: level.or_else(|| Level::of_code(region.as_deref()?)),
        region,
        parent: None,
        aliases: aliases.filter(|alias| !alias.is_empty()).map(ToOwned::to_owned).collect(),
        scope,
        deadline,
        exempt: exempt.unwrap_or_default(),
        extended: extended.unwrap_or_default(),
        pages: pages.unwrap_or_default(),
        note: (!note.is_empty()).then(|| note.to_owned()),
    };
    Some(Entry { line, agency, parent: cell(Column::Parent).to_owned() }).filter(|_| !name.text.is_empty())
}

/// What stands in one column of one line.
#[derive(Clone, Copy)]
struct Value<'a> {
    line: u64,
    column: Column,
    text: &'a str,
}

impl Value<'_> {
    fn fault(self, kind: FaultKind) -> Fault {
        let column = COLUMNS.iter().find(|(column, _, _)| *column == self.column);
        Fault { line: self.line, column: column.map(|(_, english, _)| *english), kind }
    }

    /// What the text means; none where it is empty or not allowed.
    fn read<T>(
        self,
        allowed: &'static str,
        faults: &mut Vec<Fault>,
        meaning: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let meant = meaning(self.text);
        if meant.is_none() && !self.text.is_empty() {
            faults.push(self.fault(FaultKind::NotAllowed { value: self.text.to_owned(), allowed }));
        }
        meant
    }
}

fn among<T: Copy>(known: &[(T, &[&str])], text: &str) -> Option<T> {
    let is_meant = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(text));
    known.iter().find(|(_, names)| is_meant(names)).map(|(value, _)| *value)
}

/// What separates several values in one cell.
const SEPARATORS: [char; 3] = [';', '；', '、'];

/// `全部`, or years.
fn exemption(text: &str) -> Option<Exemption> {
    if ["全部", "all"].iter().any(|all| all.eq_ignore_ascii_case(text)) {
        return Some(Exemption::Always);
    }
    let year = |part: &str| part.trim().trim_end_matches('年').parse().ok().and_then(Year::new);
    let years: Option<Vec<Year>> = text.split(SEPARATORS).map(year).collect();
    years.map(Exemption::Years)
}

/// Days, each of the year after the one that it is the deadline for.
/// Addresses with white space between them; other separators may be part of an address.
fn pages(text: &str) -> Option<Vec<String>> {
    let is_address = |text: &&str| text.starts_with("http://") || text.starts_with("https://");
    let all: Vec<&str> = text.split_whitespace().collect();
    all.iter().all(is_address).then(|| all.into_iter().map(str::to_owned).collect())
}

fn days(text: &str) -> Option<Vec<Date>> {
    text.split(SEPARATORS).map(day).collect()
}

/// 2月20日, or the month and day of a whole date.
fn month_and_day(text: &str) -> Option<(i8, i8)> {
    /// A year that has a 29 February.
    const LEAP_YEAR: &str = "2024年";
    match text.split_once('月') {
        Some((month, _)) if !month.contains('年') => day(&format!("{LEAP_YEAR}{text}")),
        _ => day(text),
    }
    .map(|date| (date.month(), date.day()))
}

/// 2025-01-31, 2025/1/31, 2025.1.31 and 2025年1月31日.
fn day(text: &str) -> Option<Date> {
    let mut parts = text.trim().trim_end_matches('日').split(['-', '/', '.', '年', '月']);
    let date = Date::new(
        parts.next()?.trim().parse().ok().filter(|year| (2000..=2100).contains(year))?,
        parts.next()?.trim().parse().ok()?,
        parts.next()?.trim().parse().ok()?,
    );
    date.ok().filter(|_| parts.next().is_none())
}

fn find_repeated(entries: &[Entry], faults: &mut Vec<Fault>) {
    let mut seen: HashMap<(String, Option<&str>), u64> = HashMap::new();
    for Entry { line, agency, .. } in entries {
        let first = *seen.entry((fold(&agency.name), agency.region.as_deref())).or_insert(*line);
        if first != *line {
            let kind = FaultKind::Repeated { name: agency.name.clone(), first };
            faults.push(Fault { line: *line, column: Some("agency"), kind });
        }
    }
}

/// The position of each entry's parent: of the agencies with that name the one of the same region, else
/// the one of the nearest region above, else the only one.
fn parents(entries: &[Entry], faults: &mut Vec<Fault>) -> Vec<Option<usize>> {
    let mut named: HashMap<String, Vec<usize>> = HashMap::new();
    for (position, entry) in entries.iter().enumerate() {
        for name in entry.agency.names() {
            let positions = named.entry(fold(name)).or_default();
            if positions.last() != Some(&position) {
                positions.push(position);
            }
        }
    }
    let parent = |entry: &Entry| {
        if entry.parent.is_empty() {
            return None;
        }
        let mut fault = |kind| {
            faults.push(Fault { line: entry.line, column: Some("parent"), kind });
            None
        };
        let Some(candidates) = named.get(&fold(&entry.parent)) else {
            return fault(FaultKind::UnknownParent(entry.parent.clone()));
        };
        match nearest(entries, candidates, entry.agency.region.as_deref()) {
            Some(parent) => Some(parent),
            None => fault(FaultKind::AmbiguousParent(entry.parent.clone())),
        }
    };
    entries.iter().map(parent).collect()
}

fn nearest(entries: &[Entry], candidates: &[usize], region: Option<&str>) -> Option<usize> {
    if let [only] = candidates {
        return Some(*only);
    }
    let region = region?;
    let at = |code: &str| -> Vec<usize> {
        let is_there = |at: &&usize| {
            entries.get(**at).and_then(|entry| entry.agency.region.as_deref()).is_some_and(|own| own == code)
        };
        candidates.iter().filter(is_there).copied().collect()
    };
    let found = std::iter::once(region.to_owned()).chain(above(region)).map(|code| at(&code));
    match found.into_iter().find(|found| !found.is_empty())?.as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

fn find_circles(entries: &[Entry], parents: &[Option<usize>], faults: &mut Vec<Fault>) {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        OnPath,
        Done,
    }
    let mut states = vec![State::New; entries.len()];
    let mut depths = vec![0_usize; entries.len()];
    for start in 0..entries.len() {
        let mut path = Vec::new();
        let mut at = Some(start);
        while let Some(position) = at.filter(|position| states.get(*position) == Some(&State::New)) {
            if let Some(state) = states.get_mut(position) {
                *state = State::OnPath;
            }
            path.push(position);
            at = parents.get(position).copied().flatten();
        }
        if let Some(met) = at.filter(|position| states.get(*position) == Some(&State::OnPath)) {
            let circle = path.iter().skip_while(|position| **position != met).chain([&met]);
            let names: Vec<&str> =
                circle.filter_map(|at| entries.get(*at)).map(|entry| entry.agency.name.as_str()).collect();
            let line = entries.get(met).map_or(0, |entry| entry.line);
            faults.push(Fault { line, column: Some("parent"), kind: FaultKind::Circle(names.join(" → ")) });
        }
        let mut depth = at.and_then(|above| depths.get(above)).copied();
        for position in path.into_iter().rev() {
            let own = depth.map_or(0, |depth| depth + 1);
            if let (Some(state), Some(slot)) = (states.get_mut(position), depths.get_mut(position)) {
                (*state, *slot) = (State::Done, own);
            }
            if own == MAX_DEPTH + 1 {
                let line = entries.get(position).map_or(0, |entry| entry.line);
                faults.push(Fault { line, column: Some("parent"), kind: FaultKind::TooDeep });
            }
            depth = Some(own);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(csv: &str, expected: &[&str]) {
        let faults = Roster::parse(csv).map_or_else(|wrong| wrong.faults, |_| Vec::new());
        assert_eq!(faults.iter().map(ToString::to_string).collect::<Vec<_>>(), expected, "{csv}");
    }

    #[test]
    fn those_who_wrote_the_roster_read_its_faults_in_chinese() {
        let faults = |csv: &str| {
            let wrong = parse(csv).unwrap_err();
            wrong.faults.iter().map(Fault::in_chinese).collect::<Vec<_>>()
        };
        assert_eq!(
            faults("名字\n甲\n")[0],
            "第1行：没有名为“名字”的列，可用的列有机关名称、区划代码、级别、上级、别名、截止日期、口径、免报年度、延期至、网址、说明"
        );
        assert_eq!(
            faults("机关名称,区划代码,上级\n甲局,37040,戊局\n甲局,37040,\n"),
            [
                "第2行“区划代码”：“37040”不能识别，应为六位数字，乡镇为九位",
                "第2行“上级”：名录中没有“戊局”，上级机关也要单列一行",
                "第3行“区划代码”：“37040”不能识别，应为六位数字，乡镇为九位",
                "第3行“机关名称”：“甲局”与第2行重复",
            ]
        );
        assert!(faults("").iter().all(|fault| !fault.is_ascii()), "{:?}", faults(""));
    }

    #[test]
    fn columns_are_named_in_either_language() {
        let chinese = "\u{feff}机关名称,区划代码,级别,上级,别名,截止日期,口径\r\n\
                       枣庄市人民政府,370400,市级,,,,汇总\r\n\
                       枣庄市公安局,370400,,枣庄市人民政府,枣庄市公安局机关；市局、公安局,2025/2/20,本机关\r\n,,,,,,\r\n";
        let english = "parent,agency,region,scope,deadline,aliases\n\
                       ,枣庄市人民政府,370400,whole,,\n\
                       枣庄市人民政府,枣庄市公安局,370400,own,2024年2月20日,枣庄市公安局机关;市局;公安局\n";
        let roster = Roster::parse(chinese).unwrap();
        assert_eq!(roster, Roster::parse(english).unwrap());
        let [government, police] = roster.agencies() else { panic!("two agencies") };
        assert_eq!((government.level, government.scope), (Some(Level::City), Some(Scope::Whole)));
        assert_eq!(police.parent, Some(0));
        assert_eq!(police.aliases, ["枣庄市公安局机关", "市局", "公安局"]);
        check(chinese, &[]);
    }

    #[test]
    fn every_fault_is_reported_with_its_line() {
        check("", &["line 1: no column `agency` (机关名称)"]);
        check(
            "名称,区划代码,region\n甲,370400\n",
            &[
                "line 1: unknown column `名称`, known are agency (机关名称), region (区划代码), level (级别), \
                 parent (上级), aliases (别名), deadline (截止日期), scope (口径), exempt (免报年度), \
                 extended (延期至), pages (网址), note (说明)",
                "line 1, column region: the column stands twice",
                "line 1: no column `agency` (机关名称)",
            ],
        );
        check(
            "agency,region,level,parent,deadline,scope\n\
             甲局,37040,科级,戊局,2月30日,部分\n\
             ,370400,,,,\n\
             甲局,370400,,,,\n\
             甲 局,370400,,,,,多\n",
            &[
                "line 2, column region: `37040`, allowed are six digits, nine for a township",
                "line 2, column level: `科级`, allowed are 国家级, 省级, 市级, 县级, 乡级",
                "line 2, column deadline: `2月30日`, allowed are a day like 2025-01-31",
                "line 2, column scope: `部分`, allowed are 汇总 (whole), 本机关 (own)",
                "line 2, column parent: `戊局` is not in the roster; a parent needs a line of its own",
                "line 3, column agency: the name is empty",
                "line 5: 7 cells, expected at most 6",
                "line 5, column agency: `甲 局` stands in line 4 too",
            ],
        );
    }

    #[test]
    fn exceptions_are_for_years() {
        let csv = "机关名称,截止日期,免报年度,延期至,说明\n\
                   甲局,2月20日,2023；2024年,,机构筹建\n乙局,,全部,,\n丙局,,,2025-02-15;2026/3/1,机构改革\n";
        let roster = Roster::parse(csv).unwrap();
        let year = |year| Year::new(year).unwrap();
        let due = |position: usize, of: i64| {
            roster.agencies()[position].deadline(year(of)).map(|day| day.to_string())
        };
        let is_exempt = |position: usize, of: i64| roster.agencies()[position].is_exempt(year(of));
        assert_eq!(due(0, 2022).as_deref(), Some("2023-02-20"));
        assert_eq!([is_exempt(0, 2022), is_exempt(0, 2023), is_exempt(0, 2024)], [false, true, true]);
        assert!(is_exempt(1, 2030) && !is_exempt(2, 2024));
        assert_eq!(due(2, 2023).as_deref(), Some("2024-01-31"));
        assert_eq!(due(2, 2024).as_deref(), Some("2025-02-15"));
        assert_eq!(due(2, 2025).as_deref(), Some("2026-03-01"));
        assert_eq!(roster.agencies()[0].note.as_deref(), Some("机构筹建"));
        let faults = parse("机关名称,免报年度,延期至\n甲局,明年,2月15日\n").unwrap_err().faults;
        assert_eq!(
            faults.iter().map(Fault::in_chinese).collect::<Vec<_>>(),
            [
                "第2行“免报年度”：“明年”不能识别，应为年度（多个以分号隔开）或全部",
                "第2行“延期至”：“2月15日”不能识别，应为2025-02-15这样的日期，多个以分号隔开",
            ]
        );
    }

    #[test]
    fn nobody_stands_above_himself() {
        check("agency,parent\n甲,甲\n", &["line 2, column parent: the agency stands above itself: 甲 → 甲"]);
        check(
            "agency,parent\n甲,乙\n乙,丙\n丙,乙\n丁,丙\n",
            &["line 3, column parent: the agency stands above itself: 乙 → 丙 → 乙"],
        );
        let mut chain = "agency,parent\n0,\n".to_owned();
        for depth in 1..=14 {
            chain += &format!("{depth},{}\n", depth - 1);
        }
        check(&chain, &["line 15, column parent: more than 12 agencies stand above it"]);
    }

    #[test]
    fn a_parent_is_the_nearest_of_its_name() {
        let csv = "agency,region,parent\n政府办,370400,\n政府办,370402,\n甲局,370402,政府办\n\
                   乙局,370403,政府办\n";
        let roster = Roster::parse(csv).unwrap();
        assert_eq!(roster.agencies()[2].parent, Some(1));
        assert_eq!(roster.agencies()[3].parent, Some(0));
        check(
            "agency,region,parent\n政府办,370402,\n政府办,370403,\n甲局,370400,政府办\n",
            &["line 4, column parent: `政府办` could be any of several agencies; give the full name"],
        );
    }
}
