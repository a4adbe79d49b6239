//! A roster as CSV, and an empty one to fill in.

use report::Year;

use super::parse::{COLUMNS, Column};
use super::{Agency, Exemption, Roster};
use crate::Scope;

impl Roster {
    /// The columns of a roster in Chinese, in their order.
    pub fn columns() -> [&'static str; 11] {
        COLUMNS.map(|(_, _, chinese)| chinese)
    }

    /// The roster as [`Roster::parse`] reads it, with every column.
    pub fn to_csv(&self) -> String {
        let rows = self.agencies().iter().map(|agency| self.row(agency).to_vec());
        csv_of(std::iter::once(Self::columns().map(str::to_owned).to_vec()).chain(rows))
    }

    /// What stands in each column of the line of an agency.
    pub fn row(&self, agency: &Agency) -> [String; 11] {
        COLUMNS.map(|(column, _, _)| self.cell(agency, column))
    }

    fn cell(&self, agency: &Agency, column: Column) -> String {
        match column {
            Column::Agency => agency.name.clone(),
            Column::Region => agency.region.clone().unwrap_or_default(),
            Column::Level => agency.level.map_or("", |level| level.title()).to_owned(),
            Column::Parent => {
                let parent = agency.parent.and_then(|parent| self.agencies().get(parent));
                parent.map(|parent| parent.name.clone()).unwrap_or_default()
            }
            Column::Aliases => agency.aliases.join("；"),
            Column::Deadline => {
                agency.deadline.map(|(month, day)| format!("{month}月{day}日")).unwrap_or_default()
            }
            Column::Scope => match agency.scope {
                Some(Scope::Whole) => "汇总".to_owned(),
                Some(Scope::Own) => "本机关".to_owned(),
                None => String::new(),
            },
            Column::Exempt => match &agency.exempt {
                Exemption::Always => "全部".to_owned(),
                Exemption::Years(years) => joined(years.iter().map(Year::to_string)),
            },
            Column::Extended => joined(agency.extended.iter().map(ToString::to_string)),
            Column::Pages => agency.pages.join(" "),
            Column::Note => agency.note.clone().unwrap_or_default(),
        }
    }

    /// The roster with another line for the agency at a position: exceptions that an office decides on.
    #[must_use]
    pub fn with_agency(&self, position: usize, change: impl FnOnce(&mut Agency)) -> Self {
        let mut agencies = self.agencies().to_vec();
        if let Some(agency) = agencies.get_mut(position) {
            change(agency);
        }
        Self::new(agencies)
    }
}

/// Rows of a spreadsheet as CSV, one line a row, so that a fault in a line is in the row of that number.
pub fn csv_of<Row: IntoIterator<Item = String>>(rows: impl IntoIterator<Item = Row>) -> String {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in rows {
        let mut row: Vec<String> = row.into_iter().map(|cell| cell.replace(['\r', '\n'], " ")).collect();
        if row.is_empty() {
            row.push(String::new());
        }
        writer.write_record(row).expect("a record is written to memory");
    }
    let bytes = writer.into_inner().expect("the records are written to memory");
    String::from_utf8(bytes).expect("cells are UTF-8")
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("；")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roster_reads_back_from_its_csv() {
        let csv = "机关名称,区划代码,级别,上级,别名,截止日期,口径,免报年度,延期至,网址,说明\n\
                   枣庄市人民政府,370400,,,,,汇总,,,http://a.gov.cn/nb/?x=1;y=2 https://b.gov.cn/,\n\
                   \"枣庄市,公安局\",370400,,枣庄市人民政府,市局；公安局,2024-02-29,本机关,2023,2025-02-15,,\"说\"\"明\"\n\
                   枣庄市税务局,,市级,,,,,全部,,,\n";
        let roster = Roster::parse(csv).unwrap();
        assert_eq!(Roster::parse(&roster.to_csv()).unwrap(), roster, "{}", roster.to_csv());
        let changed = roster.with_agency(2, |agency| agency.exempt = Exemption::default());
        assert!(changed.to_csv().contains("枣庄市税务局,,市级,,,,,,,,\n"), "{}", changed.to_csv());
    }

    #[test]
    fn a_row_of_a_spreadsheet_is_a_line() {
        let rows = vec![vec!["机关名称".to_owned()], Vec::new(), vec!["甲\n局".to_owned(), "甲".to_owned()]];
        let csv = csv_of(rows);
        let wrong = Roster::parse(&csv).unwrap_err();
        assert_eq!(wrong.faults[0].line, 3, "{csv}");
    }
}
