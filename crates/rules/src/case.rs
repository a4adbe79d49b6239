//! The cases of a rule, as data: each stands in the rule's file, and the tests judge them all.

use report::FormId;

/// One case: what a report differs in from one that is in order, and what the rule says of it.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// The form of the report.
    pub form: FormId,
    /// What it differs in, in the notation of `src/tests/case.rs`; for a rule among agencies, the
    /// reports of several agencies in the notation of `survey/src/tests/cases.rs`.
    pub changes: &'static str,
    /// What the rule says.
    pub expected: Expected,
    /// The message with its repair, word for word, where the case gives it.
    pub message: Option<&'static str>,
}

/// What a rule says of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It holds, so there is no finding.
    Holds,
    /// It fails.
    Fails,
    /// It cannot be judged.
    Unknown,
}

impl Case {
    /// A report that keeps the rule.
    pub(crate) const fn holds(form: FormId, changes: &'static str) -> Self {
        Self { form, changes, expected: Expected::Holds, message: None }
    }

    /// A report that breaks the rule.
    pub(crate) const fn fails(form: FormId, changes: &'static str) -> Self {
        Self { form, changes, expected: Expected::Fails, message: None }
    }

    /// A report of which the rule cannot be judged.
    pub(crate) const fn unknown(form: FormId, changes: &'static str) -> Self {
        Self { form, changes, expected: Expected::Unknown, message: None }
    }

    /// The same case with the message that the agency reads.
    pub(crate) const fn says(self, message: &'static str) -> Self {
        Self { message: Some(message), ..self }
    }
}
