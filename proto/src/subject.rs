//! Where a fact stands on the log: `gouji.v1.<fact>.<year>.<region code>.<id>`.

use std::fmt;

use crate::Fact;

/// Every fact: the subjects of the stream.
pub const ALL: &str = "gouji.v1.>";

/// The longest id that is taken.
const LONGEST: usize = 64;

const PREFIX: &str = "gouji.v1";
const UNKNOWN: &str = "_";

/// A subject of the contract, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject {
    fact: String,
    year: Option<u16>,
    region: Option<String>,
    id: String,
}

/// A subject that is none of the contract, or an id that cannot stand in one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnsafeSubject {
    /// A fact or an id that is empty, too long or has more than letters, digits, `-` and `_` in it.
    #[error("`{0}` cannot stand in a subject (letters, digits, `-` and `_`, at most {LONGEST})")]
    Token(String),
    /// A subject that is not `gouji.v1.<fact>.<year>.<region code>.<id>`.
    #[error("`{0}` is not `{PREFIX}.<fact>.<year>.<region code>.<id>`")]
    Shape(String),
}

/// Every fact of one kind: `gouji.v1.submitted.>`.
pub fn filter<F: Fact>() -> String {
    format!("{PREFIX}.{}.>", F::NAME)
}

/// The fact of one kind about one id, whatever year and region it was filed under:
/// `gouji.v1.parsed.*.*.<id>`. At most one such fact exists.
///
/// # Errors
/// If the id cannot stand in a subject.
pub fn any_of_id<F: Fact>(id: &str) -> Result<String, UnsafeSubject> {
    Ok(format!("{PREFIX}.{}.*.*.{}", F::NAME, token(id)?))
}

/// Every fact about one id: `gouji.v1.*.*.*.<id>`.
///
/// # Errors
/// If the id cannot stand in a subject.
pub fn history(id: &str) -> Result<String, UnsafeSubject> {
    Ok(format!("{PREFIX}.*.*.*.{}", token(id)?))
}

impl Subject {
    /// The subject of a fact. A year or region that cannot stand in a subject is filed as not known.
    ///
    /// # Errors
    /// If the fact's name or the id cannot stand in a subject.
    pub fn new(fact: &str, year: Option<u16>, region: Option<&str>, id: &str) -> Result<Self, UnsafeSubject> {
        Ok(Self {
            fact: token(fact)?.to_owned(),
            year: year.filter(|year| is_year(*year)),
            region: region.filter(|code| is_code(code)).map(str::to_owned),
            id: token(id)?.to_owned(),
        })
    }

    /// Takes a subject apart.
    ///
    /// # Errors
    /// If it is none of the contract.
    pub fn parse(subject: &str) -> Result<Self, UnsafeSubject> {
        let (fact, year, region, id) =
            tokens(subject).ok_or_else(|| UnsafeSubject::Shape(subject.to_owned()))?;
        Self::new(fact, year, region, id)
    }

    /// The name of the fact, e.g. `submitted`; one of the five, or one that is newer than this code.
    pub fn fact(&self) -> &str {
        &self.fact
    }

    /// The report year, where it was known.
    pub fn year(&self) -> Option<u16> {
        self.year
    }

    /// The code of the administrative division, where it was known.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// The id of the reading.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fact, year, region, id } = self;
        match year {
            Some(year) => write!(f, "{PREFIX}.{fact}.{year}")?,
            None => write!(f, "{PREFIX}.{fact}.{UNKNOWN}")?,
        }
        write!(f, ".{}.{id}", region.as_deref().unwrap_or(UNKNOWN))
    }
}

/// Fact, year, region and id of a subject, if it has the shape of one.
pub(crate) fn tokens(subject: &str) -> Option<(&str, Option<u16>, Option<&str>, &str)> {
    let mut tokens = subject.strip_prefix(PREFIX)?.strip_prefix('.')?.split('.');
    let (fact, year, region, id) = (tokens.next()?, tokens.next()?, tokens.next()?, tokens.next()?);
    let year = match year {
        UNKNOWN => None,
        year => Some(year.parse().ok().filter(|number: &u16| is_year(*number) && year.len() == 4)?),
    };
    let region = match region {
        UNKNOWN => None,
        region => Some(region).filter(|code| is_code(code)).map(Some)?,
    };
    (tokens.next().is_none() && token(fact).is_ok() && token(id).is_ok()).then_some((fact, year, region, id))
}

fn token(text: &str) -> Result<&str, UnsafeSubject> {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=LONGEST).contains(&text.len()) && text != UNKNOWN && text.bytes().all(safe) {
        Ok(text)
    } else {
        Err(UnsafeSubject::Token(text.to_owned()))
    }
}

/// Four digits, so that a subject is written in one way only.
fn is_year(year: u16) -> bool {
    (1000..=9999).contains(&year)
}

fn is_code(code: &str) -> bool {
    code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1;

    #[test]
    fn filters_name_one_fact_or_one_id() {
        let id = "9f86d081884c7d659a2feaa0c55ad015-g0";
        assert_eq!(filter::<v1::ReportSubmitted>(), "gouji.v1.submitted.>");
        assert_eq!(any_of_id::<v1::ReportParsed>(id).unwrap(), format!("gouji.v1.parsed.*.*.{id}"));
        assert_eq!(history(id).unwrap(), format!("gouji.v1.*.*.*.{id}"));
        assert!(any_of_id::<v1::ReportParsed>("*").is_err());
        assert!(history(">").is_err());
    }

    #[test]
    fn a_subject_is_taken_apart_and_put_together_again() {
        let check = |text: &str| assert_eq!(Subject::parse(text).unwrap().to_string(), text);
        check("gouji.v1.submitted._._.9f86d081884c7d659a2feaa0c55ad015-g0");
        check("gouji.v1.validated.2024.610103.9f86d081884c7d659a2feaa0c55ad015-g12");
        check("gouji.v1.withdrawn.2024._.x");
        let subject = Subject::parse("gouji.v1.validated.2024.610103.x-g12").unwrap();
        assert_eq!(subject.fact(), "validated");
        assert_eq!(subject.year(), Some(2024));
        assert_eq!(subject.region(), Some("610103"));
        assert_eq!(subject.id(), "x-g12");
    }

    #[test]
    fn subjects_outside_the_contract_are_errors() {
        let check = |text: &str| assert!(Subject::parse(text).is_err(), "{text}");
        check("");
        check("gouji.v1.");
        check("gouji.v1.parsed._._");
        check("gouji.v1.parsed._._.a.b");
        check("gouji.v1.parsed._._._");
        check("gouji.v1.parsed.24._.a");
        check("gouji.v1.parsed.+2024._.a");
        check("gouji.v1.parsed._.61010.a");
        check("gouji.v1.parsed.*.*.a");
        check("gouji.v1.parsed._._.>");
        check("gouji.v1.parsed._._.a b");
        check("gouji.v1.parsed._._.西安");
        check("gouji.v2.parsed._._.a");
        check("gouji.v1parsed._._.a");
    }
}
