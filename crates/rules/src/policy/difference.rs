//! What a change of the policy can touch, so that nobody has to judge every report to see its effect.

use super::{PolicyWaiver, RulePolicy, RuleSetting};
use crate::{Rule, catalogue};

/// One thing that two policies decide differently.
#[derive(Debug, Clone, Copy)]
pub enum PolicyDifference<'a> {
    /// The rule weighs otherwise, or is switched off: only reports with a finding of it can change.
    Weighed(&'static Rule),
    /// The rule is switched on: every report to which it applies can get a finding of it.
    SwitchedOn(&'static Rule),
    /// The waiver was added or removed: only reports of its agencies with a finding of its rule can change.
    Waived(&'a PolicyWaiver),
}

impl RulePolicy {
    /// What another policy decides differently about findings. The weights of a ranking touch none.
    pub fn differences<'a>(&'a self, other: &'a Self) -> Vec<PolicyDifference<'a>> {
        let of_rules =
            catalogue().iter().copied().filter_map(|rule| match (self.setting(rule), other.setting(rule)) {
                (before, after) if before == after => None,
                (RuleSetting::Off, _) => Some(PolicyDifference::SwitchedOn(rule)),
                _ => Some(PolicyDifference::Weighed(rule)),
            });
        let without = |some: &'a Self, others: &'a Self| {
            let is_new = |waiver: &&PolicyWaiver| !others.waivers.contains(*waiver);
            some.waivers.iter().filter(is_new).map(PolicyDifference::Waived)
        };
        of_rules.chain(without(self, other)).chain(without(other, self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_what_it_touches() {
        const WAIVER: &str =
            "[[waiver]]\nrule = \"DOC-11\"\nregion = \"3704\"\nwho = \"某人\"\nwhy = \"因故\"\n";
        let until = |day: &str| format!("{WAIVER}until = {day}\n");
        let check = |before: &str, after: &str, expected: &[&str]| {
            let [before, after] = [before, after].map(|text| RulePolicy::parse(text).unwrap());
            let differences = before.differences(&after).into_iter().map(|difference| match difference {
                PolicyDifference::Weighed(rule) => format!("{} weighed", rule.id),
                PolicyDifference::SwitchedOn(rule) => format!("{} on", rule.id),
                PolicyDifference::Waived(waiver) => format!("{} until {}", waiver.rule, waiver.waiver.until),
            });
            assert_eq!(differences.collect::<Vec<_>>(), expected);
        };
        check("", "", &[]);
        check("", "off = [\"T3-01\"]", &["T3-01 weighed"]);
        check("off = [\"T3-01\"]", "", &["T3-01 on"]);
        check("off = [\"T3-01\"]", "[severity]\n\"T3-01\" = \"info\"", &["T3-01 on"]);
        check("[severity]\n\"T3-02\" = \"info\"", "[severity]\n\"T3-02\" = \"warning\"", &["T3-02 weighed"]);
        check("", "[weights]\nlate = 3", &[]);
        check(&until("2026-03-31"), &until("2026-03-31"), &[]);
        check(
            &until("2026-03-31"),
            &until("2026-04-30"),
            &["DOC-11 until 2026-03-31", "DOC-11 until 2026-04-30"],
        );
    }
}
