//! Subjects of facts: `gouji.v1.<fact>.<year>.<region code>.<id>`.

use std::fmt;

use crate::Fact;

/// Every fact: the subjects of the stream.
pub const ALL: &str = "gouji.v1.>";

/// The longest token of a subject.
const LONGEST: usize = 64;

const PREFIX: &str = "gouji.v1";
const UNKNOWN: &str = "_";

/// The parts of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject {
    fact: String,
    year: Option<u16>,
    region: Option<String>,
    id: String,
}

/// A text that is no subject of a fact, or an id that cannot be part of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// A fact or an id that is empty, too long, or has characters other than letters, digits, `-` and `_`.
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

/// The fact of one kind about one id, with any year and region: `gouji.v1.parsed.*.*.<id>`. At most one such
/// fact exists.
///
/// # Errors
/// If the id cannot be part of a subject.
pub fn any_of_id<F: Fact>(id: &str) -> Result<String, SubjectError> {
    Ok(format!("{PREFIX}.{}.*.*.{}", F::NAME, token(id)?))
}

/// Every fact about one id: `gouji.v1.*.*.*.<id>`.
///
/// # Errors
/// If the id cannot be part of a subject.
pub fn history(id: &str) -> Result<String, SubjectError> {
    Ok(format!("{PREFIX}.*.*.*.{}", token(id)?))
}

impl Subject {
    /// The subject of a fact. A year or region that cannot be part of a subject becomes `_`.
    ///
    /// # Errors
    /// If the fact's name or the id cannot be part of a subject.
    pub fn new(fact: &str, year: Option<u16>, region: Option<&str>, id: &str) -> Result<Self, SubjectError> {
        Ok(Self {
            fact: token(fact)?.to_owned(),
            year: year.filter(|year| is_year(*year)),
            region: region.filter(|code| is_code(code)).map(str::to_owned),
            id: token(id)?.to_owned(),
        })
    }

    /// Parses a subject.
    ///
    /// # Errors
    /// If it is no subject of a fact.
    pub fn parse(subject: &str) -> Result<Self, SubjectError> {
        let (fact, year, region, id) =
            tokens(subject).ok_or_else(|| SubjectError::Shape(subject.to_owned()))?;
        Self::new(fact, year, region, id)
    }

    /// The name of the fact, e.g. `submitted`; a newer version may publish facts that this one does not know.
    pub fn fact(&self) -> &str {
        &self.fact
    }

    /// The report year, if it is known.
    pub fn year(&self) -> Option<u16> {
        self.year
    }

    /// The code of the administrative division, if it is known.
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

/// Fact, year, region and id of a subject, if it is one.
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
    fn a_subject_survives_parsing() {
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
    fn other_texts_are_no_subjects() {
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
