//! Compares a roster with the reports of a year: reported, missing, late (AGG-04).

use report::{Date, Verdict, Year};
use rules::agg::AGG_04;

use crate::roster::Directory;
use crate::{Findings, Member, Roster, fails};

/// The roster of a year with the reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendance {
    /// The year the reports are about.
    pub year: Year,
    /// Every agency of the roster, in its order.
    pub agencies: Vec<Attendee>,
    /// Reports of agencies that are not on the roster, or whose names could be of several on it.
    pub strangers: Vec<Stranger>,
}

/// An agency that should report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendee {
    /// Its position in the roster.
    pub position: usize,
    /// Its name.
    pub agency: String,
    /// The code of its division.
    pub region: Option<String>,
    /// The last day for its report; none where it is exempt.
    pub deadline: Option<Date>,
    /// Whether it need not report on this year.
    pub is_exempt: bool,
    /// Why there is an exception for it, by the roster.
    pub note: Option<String>,
    /// Its reports for the year, the one that counts first; none where it has not reported.
    pub reports: Vec<Attended>,
    /// Years without a report between its first and this one.
    pub missing_years: Vec<Year>,
}

/// A report that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attended {
    /// Its key.
    pub key: String,
    /// The SHA-256 of its original.
    pub original: String,
    /// The day that counts for the deadline, and what says so.
    pub on: Option<(Date, DaySource)>,
    /// The verdict of its review.
    pub verdict: Verdict,
}

/// A report of an agency that is not on the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// The agency as the report names it.
    pub agency: Option<String>,
    /// The code of its division.
    pub region: Option<String>,
    /// The report.
    pub key: String,
}

/// The source of the day on which a report arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DaySource {
    /// The report states when it was published.
    Published,
    /// It was submitted on that day.
    Submitted,
}

impl DaySource {
    /// Its name for those who review reports.
    pub fn title(self) -> &'static str {
        match self {
            Self::Published => "公布",
            Self::Submitted => "报送",
        }
    }
}

impl Attendee {
    /// The first day on which a report of it was there: a later correction is not late.
    pub fn first_day(&self) -> Option<(Date, DaySource)> {
        self.reports.iter().filter_map(|report| report.on).min()
    }

    /// Whether it reported after the deadline; none where it did not report or no day is known.
    pub fn is_late(&self) -> Option<bool> {
        let (day, _) = self.first_day()?;
        Some(day > self.deadline?)
    }

    /// Whether it sent reports with different originals for the year.
    pub fn is_repeated(&self) -> bool {
        let mut originals = self.reports.iter().map(|report| &report.original);
        originals.next().is_some_and(|first| originals.any(|other| other != first))
    }
}

impl Attendance {
    /// The agencies that have not reported and should have.
    pub fn missing(&self) -> impl Iterator<Item = &Attendee> {
        self.agencies.iter().filter(|attendee| attendee.reports.is_empty() && !attendee.is_exempt)
    }

    /// The agencies that were late.
    pub fn late(&self) -> impl Iterator<Item = &Attendee> {
        self.agencies.iter().filter(|attendee| attendee.is_late() == Some(true))
    }

    /// AGG-04 for the reports that are there: late, or by nobody on the roster.
    pub fn findings(&self) -> Findings {
        let late = self.late().filter_map(|attendee| {
            let ((day, source), deadline) = attendee.first_day().zip(attendee.deadline)?;
            let what = format!(
                "报告于{}{}，晚于截止日期{}。",
                in_chinese(day),
                source.title(),
                in_chinese(deadline)
            );
            Some((attendee.reports.first()?.key.clone(), fails(&AGG_04, Vec::new(), what)))
        });
        let strangers = self.strangers.iter().filter_map(|stranger| {
            let agency = stranger.agency.as_ref()?;
            let what = format!("“{agency}”不在机关名录中，或者与名录中的多个机关同名。");
            Some((stranger.key.clone(), fails(&AGG_04, Vec::new(), what)))
        });
        let mut findings = Findings::new();
        for (key, finding) in late.chain(strangers) {
            findings.entry(key).or_default().push(finding);
        }
        findings
    }
}

/// Holds the reports of a year against the roster. Members of other years tell which years are missing.
pub fn attend(roster: &Roster, members: &[Member], year: Year) -> Attendance {
    let directory = Directory::new(roster, members.iter().filter_map(|member| member.region.as_ref()));
    let mut reports: Vec<Vec<&Member>> = vec![Vec::new(); roster.agencies().len()];
    let mut strangers = Vec::new();
    for member in members {
        let position = member.agency.as_deref().and_then(|name| directory.find(name, member.region.as_ref()));
        match position.and_then(|position| reports.get_mut(position)) {
            Some(reports) => reports.push(member),
            None if member.year == Some(year) => strangers.push(Stranger {
                agency: member.agency.clone(),
                region: member.region.as_ref().map(|region| region.code.clone()),
                key: member.key.clone(),
            }),
            None => {}
        }
    }
    strangers.sort_by(|one, other| {
        (&one.region, &one.agency, &one.key).cmp(&(&other.region, &other.agency, &other.key))
    });
    let attendee = |(position, (agency, reports)): (usize, (&crate::Agency, Vec<&Member>))| Attendee {
        position,
        agency: agency.name.clone(),
        region: agency.region.clone(),
        deadline: agency.deadline(year).filter(|_| !agency.is_exempt(year)),
        is_exempt: agency.is_exempt(year),
        note: agency.note.clone(),
        missing_years: missing_years(&reports, year),
        reports: attended(reports, year),
    };
    let agencies = roster.agencies().iter().zip(reports).enumerate().map(attendee).collect();
    Attendance { year, agencies, strangers }
}

fn attended(reports: Vec<&Member>, year: Year) -> Vec<Attended> {
    let mut reports: Vec<&Member> = reports.into_iter().filter(|report| report.year == Some(year)).collect();
    reports.sort_by_key(|report| std::cmp::Reverse(crate::forest::age(report)));
    // Earlier versions of the same report were corrected and are none of their own.
    let mut seen: Vec<&str> = Vec::new();
    let mut attended = Vec::new();
    for report in reports {
        if seen.contains(&report.key.as_str()) {
            continue;
        }
        seen.push(&report.key);
        let published = report.published.map(|day| (day, DaySource::Published));
        attended.push(Attended {
            key: report.key.clone(),
            original: report.original.clone(),
            on: published.or_else(|| report.submitted.map(|day| (day, DaySource::Submitted))),
            verdict: report.verdict,
        });
    }
    attended
}

fn missing_years(reports: &[&Member], year: Year) -> Vec<Year> {
    let years: Vec<u16> = reports.iter().filter_map(|report| report.year).map(Year::get).collect();
    let Some(first) = years.iter().min() else { return Vec::new() };
    let missing = (*first..year.get()).filter(|year| !years.contains(year));
    missing.filter_map(|year| Year::new(i64::from(year))).collect()
}

fn in_chinese(date: Date) -> String {
    format!("{}年{}月{}日", date.year(), date.month(), date.day())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::county::{COUNTY, member};

    const ROSTER: &str = "机关名称,区划代码,别名,截止日期\n滕州市人民政府,370481,,\n滕州市公安局,370481,,\n\
                          滕州市教育局,370481,滕州市教体局,2025-02-10\n滕州市民政局,370481,,\n";

    fn year(year: i64) -> Year {
        Year::new(year).unwrap()
    }

    fn reported(name: &str, about: i64, published: Option<&str>, submitted: &str) -> Member {
        Member {
            key: format!("{name}{about}"),
            original: format!("{name}{about}{submitted}"),
            year: Year::new(about),
            published: published.map(|day| day.parse().unwrap()),
            submitted: submitted.parse().ok(),
            ..member(name, COUNTY.0, COUNTY.1, Some(0))
        }
    }

    #[test]
    fn who_is_there_who_is_not_and_who_is_late() {
        let members = [
            reported("滕州市公安局", 2024, Some("2025-02-18"), "2025-01-05"),
            reported("滕州市公安局", 2021, None, "2022-01-05"),
            reported("滕州市公安局", 2022, None, "2023-01-05"),
            reported("滕州市教体局", 2024, None, "2025-02-10"),
            Member { key: "第二份".into(), ..reported("滕州市教育局", 2024, None, "2025-06-10") },
            reported("滕州市人民政府", 2024, Some("2025-03-31"), "2025-04-20"),
            reported("滕州市文旅局", 2024, None, "2025-04-20"),
        ];
        let roster = Roster::parse(ROSTER).unwrap();
        let attendance = attend(&roster, &members, year(2024));
        let [government, police, education, civil] = &attendance.agencies[..] else {
            panic!("four agencies")
        };
        assert_eq!(government.is_late(), Some(false));
        assert_eq!(police.is_late(), Some(true));
        assert_eq!(police.missing_years, [year(2023)]);
        assert_eq!(education.is_late(), Some(false));
        assert!(education.is_repeated());
        assert_eq!(education.reports[0].key, "第二份");
        assert_eq!((civil.reports.len(), civil.is_late()), (0, None));
        assert_eq!(attendance.missing().map(|attendee| attendee.position).collect::<Vec<_>>(), [3]);
        assert_eq!(attendance.strangers.len(), 1);
        let messages: Vec<String> =
            attendance.findings().into_values().flatten().map(|finding| finding.message).collect();
        assert_eq!(
            messages,
            [
                "报告于2025年2月18日公布，晚于截止日期2025年1月31日。请核对报送日期和机关名录。",
                "“滕州市文旅局”不在机关名录中，或者与名录中的多个机关同名。请核对报送日期和机关名录。",
            ]
        );
    }

    #[test]
    fn a_correction_is_neither_late_nor_a_second_report() {
        let mut corrected = reported("滕州市公安局", 2024, None, "2025-05-05");
        corrected.original = "更正".into();
        let members = [reported("滕州市公安局", 2024, None, "2025-01-05"), corrected];
        let attendance = attend(&Roster::parse(ROSTER).unwrap(), &members, year(2024));
        assert_eq!(attendance.agencies[1].reports.len(), 1);
        assert_eq!(attendance.agencies[1].reports[0].original, "更正");
        assert!(!attendance.agencies[1].is_repeated());
    }
}
