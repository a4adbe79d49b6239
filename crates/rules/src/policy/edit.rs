//! Changes to a rule policy, and the policy as the text of a file.

use std::fmt::Write as _;

use report::Severity;

use super::{PolicyWaiver, RulePolicy, Weights};
use crate::Rule;

/// What an office decided about one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleSetting {
    /// Nothing: it weighs what the rule pack says.
    Default,
    /// It is not applied.
    Off,
    /// It weighs this much.
    Severity(Severity),
}

impl RulePolicy {
    /// What the office decided about a rule.
    pub fn setting(&self, rule: &Rule) -> RuleSetting {
        match (self.off.contains(rule.id), self.severities.get(rule.id)) {
            (true, _) => RuleSetting::Off,
            (false, Some(severity)) => RuleSetting::Severity(*severity),
            (false, None) => RuleSetting::Default,
        }
    }

    /// The waivers, in the order of the file.
    pub fn waivers(&self) -> &[PolicyWaiver] {
        &self.waivers
    }

    /// The weights of the ranking; none where the office left them to the settings.
    pub fn weights(&self) -> Option<Weights> {
        self.weights
    }

    /// The policy with another decision about a rule.
    #[must_use]
    pub fn with_setting(mut self, rule: &'static Rule, setting: RuleSetting) -> Self {
        self.off.remove(rule.id);
        self.severities.remove(rule.id);
        match setting {
            RuleSetting::Off => drop(self.off.insert(rule.id)),
            RuleSetting::Severity(severity) if severity != rule.severity => {
                self.severities.insert(rule.id, severity);
            }
            RuleSetting::Default | RuleSetting::Severity(_) => {}
        }
        self
    }

    /// The policy with one more waiver.
    #[must_use]
    pub fn with_waiver(mut self, waiver: PolicyWaiver) -> Self {
        self.waivers.push(waiver);
        self
    }

    /// The policy without the waiver at a position.
    #[must_use]
    pub fn without_waiver(mut self, position: usize) -> Self {
        if position < self.waivers.len() {
            self.waivers.remove(position);
        }
        self
    }

    /// The policy with other weights of the ranking.
    #[must_use]
    pub fn with_weights(self, weights: Option<Weights>) -> Self {
        Self { weights, ..self }
    }

    /// The text of the file that [`RulePolicy::parse`] reads as this policy.
    pub fn to_toml(&self) -> String {
        let off: Vec<String> = self.off.iter().map(|id| quoted(id)).collect();
        let mut text = format!("off = [{}]\n", off.join(", "));
        if !self.severities.is_empty() {
            text.push_str("\n[severity]\n");
            for (id, severity) in &self.severities {
                let _ = writeln!(text, "{} = {}", quoted(id), quoted(severity.as_str()));
            }
        }
        if let Some(Weights { late, error, warning, corrected }) = self.weights {
            let _ = write!(
                text,
                "\n[weights]\nlate = {late}\nerror = {error}\nwarning = {warning}\ncorrected = {corrected}\n"
            );
        }
        for PolicyWaiver { rule, agency, region, year, waiver } in &self.waivers {
            let _ = write!(text, "\n[[waiver]]\nrule = {}\n", quoted(rule));
            for (name, value) in [("agency", agency), ("region", region)] {
                if let Some(value) = value {
                    let _ = writeln!(text, "{name} = {}", quoted(value));
                }
            }
            if let Some(year) = year {
                let _ = writeln!(text, "year = {year}");
            }
            let (who, why) = (quoted(&waiver.who), quoted(&waiver.why));
            let _ = write!(text, "who = {who}\nwhy = {why}\nuntil = {}\n", waiver.until);
        }
        text
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            char if char.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(char));
            }
            char => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use report::{Date, Waiver, Year};

    use super::*;

    #[test]
    fn a_policy_reads_back_from_its_text() {
        let rule = |id: &str| crate::rule(id).unwrap();
        let waiver = PolicyWaiver {
            rule: "DOC-11",
            agency: Some("某“局”\"\\\t甲".into()),
            region: Some("3704".into()),
            year: Year::new(2024),
            waiver: Waiver {
                who: "王某".into(), why: "机构合并".into(), until: Date::constant(2025, 3, 31)
            },
        };
        let by_region = PolicyWaiver { agency: None, year: None, ..waiver.clone() };
        let policy = RulePolicy::default()
            .with_setting(rule("T3-09"), RuleSetting::Off)
            .with_setting(rule("T3-03"), RuleSetting::Severity(Severity::Warning))
            .with_weights(Some(Weights { late: 7, ..Weights::default() }))
            .with_waiver(waiver)
            .with_waiver(by_region);
        let read = RulePolicy::parse(&policy.to_toml()).unwrap();
        assert_eq!(RulePolicy { digest: None, ..read.clone() }, policy, "{}", policy.to_toml());
        assert_eq!(read.to_toml(), policy.to_toml());
        assert_eq!(read.setting(rule("T3-09")), RuleSetting::Off);
        assert_eq!(read.setting(rule("T3-03")), RuleSetting::Severity(Severity::Warning));
        let restored = read.with_setting(rule("T3-09"), RuleSetting::Default).without_waiver(0);
        assert_eq!((restored.setting(rule("T3-09")), restored.waivers().len()), (RuleSetting::Default, 1));
        let own = restored.with_setting(rule("T3-03"), RuleSetting::Severity(Severity::Error));
        assert_eq!(own.setting(rule("T3-03")), RuleSetting::Default);
    }
}
