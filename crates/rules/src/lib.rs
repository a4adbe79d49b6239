//! A report to findings, one file a rule family.
