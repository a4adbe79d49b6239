//! The reports of the same agency for other years.

use maud::{Markup, html};
use report::{Report, Verdict, Year};
use search::Entry;

use crate::app::App;
use crate::pages::layout::badge;
use crate::problem::Problem;

/// How many years before and after are looked up.
const MAX_DISTANCE: i64 = 4;

/// The indexed reports of the same agency for other years, in the order of years.
pub(super) struct OtherYears(Vec<YearLink>);

/// A link to a report of the same agency.
pub(super) struct YearLink {
    year: Year,
    pub(super) key: String,
    verdict: Verdict,
}

impl OtherYears {
    pub(super) async fn load(app: &App, report: &Report) -> Result<Self, Problem> {
        let distances = (-MAX_DISTANCE..=MAX_DISTANCE).filter(|distance| *distance != 0);
        let keys: Vec<String> =
            distances.filter_map(|distance| Entry::key_of_neighbour(report, distance)).collect();
        let links = app.read(move |reader| {
            let mut links = Vec::new();
            for key in keys {
                let Some(card) = reader.card(&key)?.filter(|card| !card.is_withdrawn) else { continue };
                links.extend(card.year.map(|year| YearLink { year, key, verdict: card.verdict }));
            }
            Ok(links)
        });
        links.await.map(Self)
    }

    /// The report for this year.
    pub(super) fn get(&self, year: Year) -> Option<&YearLink> {
        self.0.iter().find(|link| link.year == year)
    }

    /// The years in a row. A missing report is mentioned only for the year before, with which figures are
    /// compared.
    pub(super) fn show(&self, report: &Report) -> Markup {
        let Some(own) = report.year.filter(|_| report.agency.is_some()) else { return html! {} };
        let last_year = Year::new(i64::from(own.get()) - 1);
        let (before, after): (Vec<&YearLink>, Vec<&YearLink>) =
            self.0.iter().partition(|link| link.year < own);
        html! {
            nav.chain aria-label="同一机关各年度的年度报告" {
                span.quiet { "历年" }
                @for link in before { (link.show(own)) }
                @if last_year.is_none_or(|year| self.get(year).is_none()) { span.quiet { (own.get() - 1) "年的年度报告不在库中" } }
                b aria-current="page" { (own) "年" }
                @for link in after { (link.show(own)) }
            }
        }
    }
}

impl YearLink {
    fn show(&self, own: Year) -> Markup {
        let relation = match i32::from(self.year.get()) - i32::from(own.get()) {
            -1 => Some("prev"),
            1 => Some("next"),
            _ => None,
        };
        html! { a href={ "/reports/" (self.key) } rel=[relation] { (self.year) "年 " (badge(self.verdict)) } }
    }
}
