//! The office that sends a document: what the settings say, and what the fields of a request say instead.

use access::Caller;
use jiff::{Span, Timestamp};
use render::Addresser;
use report::{Date, beijing};
use rules::Weights;

use crate::app::App;
use crate::params::Params;
use crate::problem::Problem;

/// The fields of a request that say who sends a document, with which number, and by when it has to be answered.
pub(crate) const FIELDS: [&str; 8] =
    ["name", "number", "first", "signer", "contact", "telephone", "deadline", "date"];

/// Where the running number stands in the pattern of a number.
const RUNNING: &str = "{n}";
/// A running number that is not known yet is a gap to be filled in by hand.
const GAP: &str = "　　";

/// Who sends one document or several, and when.
#[derive(Debug, Clone, Default)]
pub(crate) struct Office {
    addresser: Addresser,
    /// The running number of the first document.
    first: Option<u32>,
    /// The day of the documents.
    pub(crate) date: Option<Date>,
    /// The deadline where nobody says another.
    later: Option<Date>,
}

/// Checks the settings of the office.
///
/// # Errors
/// If the weights cannot be used.
pub(crate) fn check_config(config: &worker::Config) -> anyhow::Result<()> {
    Weights::parse(&config.office.weights)
        .map(drop)
        .map_err(|error| anyhow::anyhow!("GOUJI_OFFICE_WEIGHTS: {error}"))
}

impl Office {
    /// The office of the settings, with the fields of a request in place of what they say. Only a reviewer says who
    /// sends a document: an agency reads it as the office sends it.
    ///
    /// # Errors
    /// If a field has no day or no number where one is expected.
    pub(crate) fn of(app: &App, caller: &Caller, params: &Params) -> Result<Self, Problem> {
        let office = &app.worker().config().office;
        let none = Params::default();
        let params = if caller.is_reviewer() { params } else { &none };
        let text =
            |name: &str, set: &Option<String>| params.get(name).map(str::to_owned).or_else(|| set.clone());
        let date = day(params, "date")?.or_else(today);
        let days = i64::try_from(office.deadline_days).unwrap_or_default();
        let later = date.and_then(|date| date.checked_add(Span::new().days(days)).ok());
        // An office that the settings do not name has its blanks filled in by hand.
        let deadline = day(params, "deadline")?.or_else(|| office.name.as_ref().and(later));
        Ok(Self {
            addresser: Addresser {
                name: text("name", &office.name),
                contact: text("contact", &office.contact),
                telephone: text("telephone", &office.telephone),
                deadline,
                number: text("number", &office.number),
                signer: text("signer", &office.signer),
            },
            first: first(params)?,
            date,
            later,
        })
    }

    /// The same with a deadline: a report that is returned has one, so that it can be overdue.
    pub(crate) fn with_deadline(mut self) -> Self {
        self.addresser.deadline = self.addresser.deadline.or(self.later);
        self
    }

    /// The same as the report was returned: by this day, with this letter.
    pub(crate) fn with_return(mut self, deadline: Option<Date>, letter: &str) -> Self {
        self.addresser.deadline = deadline.or(self.addresser.deadline);
        if !letter.is_empty() {
            self.addresser.number = Some(letter.to_owned());
        }
        self
    }

    /// The addresser of the document at a position, from 0, with its number.
    pub(crate) fn addresser(&self, position: usize) -> Addresser {
        let running = self.first.and_then(|first| first.checked_add(u32::try_from(position).ok()?));
        let running = running.map_or_else(|| GAP.to_owned(), |number| number.to_string());
        let number = self.addresser.number.as_ref().map(|pattern| pattern.replace(RUNNING, &running));
        Addresser { number, ..self.addresser.clone() }
    }
}

/// The weights of the ranking: those of the rule policy, else those of the settings.
pub(crate) async fn weights(app: &App) -> Result<Weights, Problem> {
    if let Some(weights) = app.policy().await?.policy.weights() {
        return Ok(weights);
    }
    let set = &app.worker().config().office.weights;
    Weights::parse(set).map_err(|error| Problem::internal(&anyhow::anyhow!("GOUJI_OFFICE_WEIGHTS: {error}")))
}

/// Today in Beijing.
pub(crate) fn today() -> Option<Date> {
    beijing::day(Timestamp::now().as_millisecond())
}

fn first(params: &Params) -> Result<Option<u32>, Problem> {
    let Some(text) = params.get("first") else { return Ok(None) };
    let number = text.trim().parse().ok().filter(|number| (1..=999_999).contains(number));
    let problem = || Problem::bad_parameter("first", format!("起始号“{text}”不是1到999999的整数。"));
    number.map(Some).ok_or_else(problem)
}

/// The day in a field.
///
/// # Errors
/// If it is none.
pub(crate) fn day(params: &Params, name: &str) -> Result<Option<Date>, Problem> {
    let Some(text) = params.get(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        Problem::bad_parameter(name, format!("“{text}”不是日期。")).hint("日期写作 2025-03-01。")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_run_on_from_the_first() {
        let of = |first: Option<u32>, position: usize| {
            let addresser =
                Addresser { number: Some("某函〔2026〕{n}号".into()), ..Addresser::default() };
            Office { addresser, first, ..Office::default() }.addresser(position).number.unwrap()
        };
        assert_eq!(of(Some(12), 0), "某函〔2026〕12号");
        assert_eq!(of(Some(12), 3), "某函〔2026〕15号");
        assert_eq!(of(None, 3), "某函〔2026〕　　号");
    }
}
