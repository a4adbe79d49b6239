//! Subjects of facts: `gouji.v1.<fact>.<id>.<year>.<province>.<city>.<county>`.
//!
//! The id stands before year and region, so that the server finds everything about one id by the beginning of
//! the subject; with the id at the end it would compare every year and region on the log. The code of the
//! region is split into its levels, so that a city can subscribe to its counties.

use std::fmt;

use crate::Fact;

/// Every fact: the subjects of the stream.
pub const ALL: &str = "gouji.v1.>";

/// Every outward message: the subjects of the stream that regions copy.
pub const ALL_OUTWARD: &str = "gouji.bus.v1.>";

/// The longest token of a subject.
const LONGEST: usize = 64;

const PREFIX: &str = "gouji.v1";
const OUTWARD: &str = "gouji.bus.v1";
const UNKNOWN: &str = "_";
/// The last token of a fact in the bulk lane.
const BULK: &str = "bulk";
/// The digits of province, city and county in the code of a region; a township has three more.
const LEVELS: [std::ops::Range<usize>; 3] = [0..2, 2..4, 4..6];
const COUNTY_DIGITS: usize = 6;
const TOWNSHIP_DIGITS: usize = 9;

/// The parts of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject {
    fact: String,
    id: String,
    year: Option<u16>,
    region: Option<String>,
    bulk: bool,
}

/// A text that is no subject of a fact, or an id that cannot be part of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// A fact or an id that is empty, too long, or has characters other than letters, digits, `-` and `_`.
    #[error("`{0}` cannot stand in a subject (letters, digits, `-` and `_`, at most {LONGEST})")]
    Token(String),
    /// A subject that is not `gouji.v1.<fact>.<id>.<year>.<province>.<city>.<county>`.
    #[error("`{0}` is not `{PREFIX}.<fact>.<id>.<year>.<province>.<city>.<county>`")]
    Shape(String),
    /// A code of a region that has no level.
    #[error("`{0}` is no code of a region (two digits of a province, four of a city, six of a county)")]
    Region(String),
}

/// Every fact of one kind: `gouji.v1.submitted.>`.
pub fn filter<F: Fact>() -> String {
    all_of(F::NAME)
}

/// Every fact with this name.
pub fn all_of(fact: &str) -> String {
    format!("{PREFIX}.{fact}.>")
}

/// Every fact with this name that is not in the bulk lane. A submission has no township, so nothing follows the
/// county in its subject.
pub fn single(fact: &str) -> String {
    format!("{PREFIX}.{fact}.*.*.*.*.*")
}

/// Every fact with this name in the bulk lane, and whatever else follows the county.
pub fn bulk(fact: &str) -> String {
    format!("{PREFIX}.{fact}.*.*.*.*.*.>")
}

/// The fact of one kind about one id, with any year and region: `gouji.v1.parsed.<id>.>`. At most one such
/// fact exists.
///
/// # Errors
/// If the id cannot be part of a subject.
pub fn any_of_id<F: Fact>(id: &str) -> Result<String, SubjectError> {
    any_of(F::NAME, id)
}

/// The same for the fact with this name.
///
/// # Errors
/// If the id cannot be part of a subject.
pub fn any_of(fact: &str, id: &str) -> Result<String, SubjectError> {
    Ok(format!("{PREFIX}.{}.{}.>", token(fact)?, token(id)?))
}

/// Every fact about one id: `gouji.v1.*.<id>.>`.
///
/// # Errors
/// If the id cannot be part of a subject.
pub fn history(id: &str) -> Result<String, SubjectError> {
    Ok(format!("{PREFIX}.*.{}.>", token(id)?))
}

/// The subject of an outward message: `gouji.bus.v1.<stands|gone>.<province>.<city>.<county>.<report>`, of a township
/// with a token of three digits after the county. The levels are `_` where `region` is no code.
///
/// # Errors
/// If the kind or the key of the report cannot be part of a subject.
pub fn outward(kind: &str, region: &str, report: &str) -> Result<String, SubjectError> {
    let levels = match is_code(region) {
        true => levels(region),
        false => [UNKNOWN; 3].join("."),
    };
    Ok(format!("{OUTWARD}.{}.{levels}.{}", token(kind)?, token(report)?))
}

/// Every outward message of a region and of all below it; the code has two, four, six or nine digits.
///
/// # Errors
/// If it is no such code.
pub fn outward_of(region: &str) -> Result<String, SubjectError> {
    let is_region = [2, 4, COUNTY_DIGITS, TOWNSHIP_DIGITS].contains(&region.len())
        && region.bytes().all(|byte| byte.is_ascii_digit());
    match is_region {
        true => Ok(format!("{OUTWARD}.*.{}.>", levels(region))),
        false => Err(SubjectError::Region(region.to_owned())),
    }
}

/// The levels of a code, a token each.
fn levels(code: &str) -> String {
    let ranges = LEVELS.into_iter().chain([COUNTY_DIGITS..TOWNSHIP_DIGITS]);
    ranges.filter_map(|range| code.get(range)).collect::<Vec<_>>().join(".")
}

/// The token of a subject that is its id, whatever the rest of the subject is.
pub fn id_token(subject: &str) -> &str {
    subject.split('.').nth(3).unwrap_or_default()
}

impl Subject {
    /// The subject of a fact. A year or region that cannot be part of a subject becomes `_`.
    ///
    /// # Errors
    /// If the fact's name or the id cannot be part of a subject.
    pub fn new(fact: &str, id: &str, year: Option<u16>, region: Option<&str>) -> Result<Self, SubjectError> {
        Ok(Self {
            fact: token(fact)?.to_owned(),
            id: token(id)?.to_owned(),
            year: year.filter(|year| is_year(*year)),
            region: region.filter(|code| is_code(code)).map(str::to_owned),
            bulk: false,
        })
    }

    /// The same in the bulk lane or not.
    #[must_use]
    pub fn in_bulk(self, bulk: bool) -> Self {
        Self { bulk, ..self }
    }

    /// Parses a subject.
    ///
    /// # Errors
    /// If it is no subject of a fact.
    pub fn parse(subject: &str) -> Result<Self, SubjectError> {
        let parsed = tokens(subject).ok_or_else(|| SubjectError::Shape(subject.to_owned()))?;
        let Tokens { fact, id, year, region, bulk } = parsed;
        Ok(Self::new(fact, id, year, region.as_deref())?.in_bulk(bulk))
    }

    /// The name of the fact, e.g. `submitted`; a newer version may publish facts that this one does not know.
    pub fn fact(&self) -> &str {
        &self.fact
    }

    /// The id of the reading.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The report year, if it is known.
    pub fn year(&self) -> Option<u16> {
        self.year
    }

    /// The code of the administrative division, if it is known: six digits, of a township nine.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Whether it is in the bulk lane.
    pub fn is_bulk(&self) -> bool {
        self.bulk
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fact, id, year, region, bulk } = self;
        write!(f, "{PREFIX}.{fact}.{id}")?;
        match year {
            Some(year) => write!(f, ".{year}")?,
            None => write!(f, ".{UNKNOWN}")?,
        }
        let digits = |range| region.as_deref().and_then(|code| code.get(range));
        for level in LEVELS {
            write!(f, ".{}", digits(level).unwrap_or(UNKNOWN))?;
        }
        if let Some(township) = digits(COUNTY_DIGITS..TOWNSHIP_DIGITS) {
            write!(f, ".{township}")?;
        }
        if *bulk { write!(f, ".{BULK}") } else { Ok(()) }
    }
}

/// What the tokens of a subject say.
struct Tokens<'a> {
    fact: &'a str,
    id: &'a str,
    year: Option<u16>,
    region: Option<String>,
    bulk: bool,
}

/// The tokens of a subject, if it is one.
fn tokens(subject: &str) -> Option<Tokens<'_>> {
    let tokens: Vec<&str> = subject.strip_prefix(PREFIX)?.strip_prefix('.')?.split('.').collect();
    let (fact, id, year, levels) = match *tokens.as_slice() {
        [fact, id, year, ref levels @ ..] if token(fact).is_ok() && token(id).is_ok() => {
            (fact, id, year, levels)
        }
        _ => return None,
    };
    let (levels, bulk) = match levels {
        [levels @ .., last] if *last == BULK => (levels, true),
        levels => (levels, false),
    };
    let year = match year {
        UNKNOWN => None,
        year => Some(year.parse().ok().filter(|number: &u16| is_year(*number) && year.len() == 4)?),
    };
    let region = match levels {
        [UNKNOWN, UNKNOWN, UNKNOWN] => None,
        [province, city, county, township @ ..] if township.len() <= 1 => {
            let pairs = [province, city, county].into_iter().all(|level| level.len() == 2);
            let triple = township.iter().all(|level| level.len() == TOWNSHIP_DIGITS - COUNTY_DIGITS);
            Some(levels.concat()).filter(|code| pairs && triple && is_code(code)).map(Some)?
        }
        _ => return None,
    };
    Some(Tokens { fact, id, year, region, bulk })
}

fn token(text: &str) -> Result<&str, SubjectError> {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=LONGEST).contains(&text.len()) && text != UNKNOWN && text.bytes().all(safe) {
        Ok(text)
    } else {
        Err(SubjectError::Token(text.to_owned()))
    }
}

/// Four digits, so that each subject has one spelling.
fn is_year(year: u16) -> bool {
    (1000..=9999).contains(&year)
}

fn is_code(code: &str) -> bool {
    [COUNTY_DIGITS, TOWNSHIP_DIGITS].contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1;

    const ID: &str = "9f86d081884c7d659a2feaa0c55ad015-g0";

    #[test]
    fn filters_name_one_fact_or_one_id() {
        assert_eq!(filter::<v1::ReportSubmitted>(), "gouji.v1.submitted.>");
        assert_eq!(any_of_id::<v1::ReportParsed>(ID).unwrap(), format!("gouji.v1.parsed.{ID}.>"));
        assert_eq!(history(ID).unwrap(), format!("gouji.v1.*.{ID}.>"));
        assert!(any_of_id::<v1::ReportParsed>("*").is_err());
        assert!(history(">").is_err());
    }

    #[test]
    fn a_region_hears_what_is_below_it() {
        let check = |region: &str, expected: &str| {
            assert_eq!(
                outward("stands", region, "abc").unwrap(),
                format!("gouji.bus.v1.stands.{expected}.abc")
            );
        };
        check("370403", "37.04.03");
        check("370403001", "37.04.03.001");
        check("", "_._._");
        check("3704", "_._._");
        assert!(outward("stands", "370403", "a.b").is_err());
        let check = |region: &str, expected: &str| {
            assert_eq!(outward_of(region).unwrap(), format!("gouji.bus.v1.*.{expected}.>"));
        };
        check("37", "37");
        check("3704", "37.04");
        check("370403", "37.04.03");
        check("370403001", "37.04.03.001");
        for region in ["", "3", "370", "37040", "山东", "37.4", "*"] {
            assert!(outward_of(region).is_err(), "{region}");
        }
    }

    #[test]
    fn a_subject_survives_parsing() {
        let check = |text: &str, year, region, bulk| {
            let subject = Subject::parse(text).unwrap();
            assert_eq!(subject.to_string(), text);
            assert_eq!((subject.year(), subject.region(), subject.is_bulk()), (year, region, bulk), "{text}");
            assert_eq!(subject.id(), id_token(text));
        };
        check(&format!("gouji.v1.submitted.{ID}._._._._"), None, None, false);
        check(&format!("gouji.v1.submitted.{ID}._._._._.bulk"), None, None, true);
        check("gouji.v1.validated.x-g12.2024.61.01.03", Some(2024), Some("610103"), false);
        check("gouji.v1.validated.x-g12.2024.61.01.03.002", Some(2024), Some("610103002"), false);
        check("gouji.v1.validated.x-g12.2024.61.01.00", Some(2024), Some("610100"), false);
        check("gouji.v1.refused.x-g12._.61.01.03", None, Some("610103"), false);
        check("gouji.v1.withdrawn.x.2024._._._", Some(2024), None, false);
        assert_eq!(Subject::parse("gouji.v1.validated.x.2024.61.01.03").unwrap().fact(), "validated");
    }

    #[test]
    fn other_texts_are_no_subjects() {
        let check = |text: &str| assert!(Subject::parse(text).is_err(), "{text}");
        check("");
        check("gouji.v1.");
        check("gouji.v1.parsed.a");
        check("gouji.v1.parsed.a._._._");
        check("gouji.v1.parsed.a._._._._.b");
        check("gouji.v1.parsed._._._._._");
        check("gouji.v1.parsed.a.24._._._");
        check("gouji.v1.parsed.a.+2024._._._");
        check("gouji.v1.parsed.a._.61.01._");
        check("gouji.v1.parsed.a._.61.0.103");
        check("gouji.v1.parsed.a._.610103");
        check("gouji.v1.parsed.a._.61.01.03.2");
        check("gouji.v1.parsed.a._.61.01.03.002.003");
        check("gouji.v1.parsed.a.*.*.*.*");
        check("gouji.v1.parsed.>._._._._");
        check("gouji.v1.parsed.a b._._._._");
        check("gouji.v1.parsed.西安._._._._");
        check("gouji.v1.parsed._.610103.a");
        check("gouji.v2.parsed.a._._._._");
        check("gouji.v1parsed.a._._._._");
    }
}
