//! What an office that collects reports types: letters, rules, roster, roll-ups, surveys, withdrawals.

pub(crate) mod export;
pub(crate) mod fetch;
pub(crate) mod letter;
pub(crate) mod rollup;
pub(crate) mod roster;
pub(crate) mod rules;
pub(crate) mod survey;
pub(crate) mod withdraw;
