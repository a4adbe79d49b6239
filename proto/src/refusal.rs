//! The stable classes of refusals: why a file or a report goes no further.
//!
//! A class is written into `ReportRefused.class`, into the receipt of an upload and, where an upload brought
//! nothing that was accepted, into the code of its problem document. `docs/codes.md` lists them all.

mod classes;

use std::fmt;

pub use classes::RefusalClass;

/// What the documentation says of a [`RefusalClass`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassInfo {
    /// Its name, kebab-case; never changes.
    pub name: &'static str,
    /// Where it appears.
    pub seen: &'static [Seen],
    /// Who has to act.
    pub fault: Fault,
    /// What it means, one English sentence.
    pub meaning: &'static str,
    /// What to do, one English sentence.
    pub remedy: &'static str,
}

/// Where a [`RefusalClass`] appears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// In the receipt of an upload or of a file in the drop folder: the file was not accepted.
    Receipt,
    /// In the `ReportRefused` of one service: the file was accepted, and the report goes no further.
    Service(&'static str),
    /// In the `ReportRefused` of any of the services that work on reports.
    EveryWorker,
}

/// Who has to act on a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The sender of the file or the request corrects it.
    Sender,
    /// The operator of this installation removes the cause.
    Operator,
    /// Nobody: the same request succeeds later.
    Load,
}

/// A text that is no [`RefusalClass`] of this version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no refusal class of this version")]
pub struct RefusalClassError(pub String);

impl RefusalClass {
    /// The class with this name.
    ///
    /// # Errors
    /// If this version has none of that name. A newer version may have written it.
    pub fn parse(name: &str) -> Result<Self, RefusalClassError> {
        let class = Self::ALL.into_iter().find(|class| class.name() == name);
        class.ok_or_else(|| RefusalClassError(name.to_owned()))
    }

    /// Its name, e.g. `unsupported-format`.
    pub fn name(self) -> &'static str {
        self.info().name
    }
}

impl fmt::Display for RefusalClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_a_name_of_its_own() {
        for class in RefusalClass::ALL {
            assert_eq!(RefusalClass::parse(class.name()), Ok(class));
            assert!(class.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{class}");
        }
        let error = RefusalClass::parse("Too-Large").unwrap_err();
        assert_eq!(error.to_string(), "`Too-Large` is no refusal class of this version");
    }
}
