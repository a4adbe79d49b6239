//! `gouji rules`: the catalogue of rules, and what a change of them would change.

mod diff;

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use rules::Rule;
use serde_json::json;

use crate::language::text;
use crate::print::say;
use diff::Diff;

/// Show the rules, and what a change of them would change.
#[derive(Debug, Args)]
pub(crate) struct Rules {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Print a line for every rule.
    List {
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Print one rule in full.
    Show {
        /// Its id, e.g. T3-01.
        id: String,
    },
    /// Judge every report in a running pipeline by the rules of this program and a rule policy,
    /// and print what would change. It changes nothing.
    Diff(Diff),
}

impl Rules {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(match &self.verb {
            Verb::List { json } => {
                rules::catalogue()
                    .iter()
                    .for_each(|rule| say(&if *json { as_json(rule) } else { line(rule) }));
                Ok(())
            }
            Verb::Show { id } => show(id),
            Verb::Diff(diff) => crate::runtime().and_then(|runtime| runtime.block_on(diff.run())),
        })
    }
}

fn forms(rule: &Rule) -> String {
    let forms: Vec<&str> = rule.forms.iter().map(|form| form.as_str()).collect();
    forms.join("、")
}

fn line(rule: &Rule) -> String {
    format!("{:<8}{}  {}", rule.id, rule.severity.title(), rule.requirement)
}

fn as_json(rule: &Rule) -> String {
    json!({
        "id": rule.id,
        "severity": rule.severity.as_str(),
        "forms": rule.forms.iter().map(|form| form.as_str()).collect::<Vec<_>>(),
        "title": rule.requirement,
        "formula": rule.formula,
        "basis": rule.basis,
        "hint": rule.hint,
        "version": rules::VERSION,
    })
    .to_string()
}

fn show(id: &str) -> Result<()> {
    let Some(rule) = rules::rule(id) else {
        bail!(text!(
            "没有编号为 {id} 的规则；gouji rules list 列出全部规则",
            "no rule has the id {id}; `gouji rules list` shows all of them"
        ));
    };
    say(&format!("{}  {}", rule.id, rule.requirement));
    for (name, text) in [
        ("级别", rule.severity.title()),
        ("适用格式", &forms(rule)),
        ("问题", rule.problem),
        ("要求", rule.formula),
        ("依据", rule.basis),
        ("整改提示", rule.hint),
        ("规则版本", rules::VERSION),
    ] {
        say(&format!("  {name}：{text}"));
    }
    Ok(())
}
