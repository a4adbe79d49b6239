//! `gouji status`: how far the pipeline is, or the life of one report.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use jiff::Timestamp;
use proto::ReportId;
use serde_json::Value;

use crate::client::Server;
use crate::moment;
use crate::operator::refused::{hint, one_line};
use crate::print::say;

/// Show how far the pipeline is, or the life of one report.
#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    server: Server,
    /// Id of a report, as `submit` and `search` print it.
    id: Option<String>,
    /// Print the answer of the API as it is.
    #[arg(long)]
    json: bool,
}

/// Readings of one original that are shown.
const GENERATIONS: u32 = 100;

impl Status {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| runtime.block_on(self.show())))
    }

    async fn show(&self) -> Result<()> {
        let Some(id) = &self.id else {
            let status = self.server.get("/api/v1/status", &[]).await?;
            say(&if self.json {
                status.to_string()
            } else {
                overview(&status, Timestamp::now().as_millisecond())
            });
            return Ok(());
        };
        let life = self.server.get(&format!("/api/v1/status/{id}"), &[]).await?;
        if self.json {
            say(&life.to_string());
            return Ok(());
        }
        say(&life_of(&life));
        if let Ok(own) = ReportId::parse(id) {
            for generation in (0..GENERATIONS).filter(|generation| *generation != own.generation()) {
                let other = format!("{}-g{generation}", own.digits());
                match self.server.get(&format!("/api/v1/status/{other}"), &[]).await {
                    Ok(life) => say(&format!("\nanother reading of the same bytes:\n{}", life_of(&life))),
                    Err(_) if generation > own.generation() => break,
                    Err(_) => (),
                }
            }
        }
        Ok(())
    }
}

/// A table of the stages, and what was refused.
fn overview(status: &Value, now_ms: i64) -> String {
    let count = |fact: &str| status["counts"][fact].as_u64().unwrap_or_default();
    let row = |cells: [&str; 7]| {
        let [stage, done, waiting, in_flight, again, oldest, note] = cells;
        let line =
            format!("{stage:<9} {done:>9} {waiting:>9} {in_flight:>9} {again:>11} {oldest:>12}  {note}");
        line.trim_end().to_owned()
    };
    let mut lines = vec![
        row(["stage", "done", "waiting", "in flight", "redelivered", "oldest", ""]),
        row(["ingest", &count("submitted").to_string(), "", "", "", "", ""]),
    ];
    for lag in status["lag"].as_array().into_iter().flatten() {
        let number = |name: &str| lag[name].as_u64().unwrap_or_default().to_string();
        let stage = lag["stage"].as_str().unwrap_or_default();
        let done = match stage {
            "parse" => "parsed",
            "validate" => "validated",
            _ => "indexed",
        };
        let oldest = lag["oldest_ms"].as_i64().map(|at| moment::length(now_ms - at)).unwrap_or_default();
        let paused = lag["paused_until_ms"].as_i64();
        let note = paused.map(|until| format!("PAUSED until {}", moment::told(until))).unwrap_or_default();
        lines.push(row([
            stage,
            &count(done).to_string(),
            &number("waiting"),
            &number("in_flight"),
            &number("redelivered"),
            &oldest,
            &note,
        ]));
    }
    lines.push(row(["refused", &count("refused").to_string(), "", "", "", "", ""]));
    for (class, count) in status["refused_by_class"].as_object().into_iter().flatten() {
        lines.push(format!("  {:>7}  {class}", count.as_u64().unwrap_or_default()));
    }
    if let Some(reports) = status["searchable_reports"].as_u64() {
        lines.push(format!("searchable {reports:>8}"));
    }
    // Told to those who may know.
    if let Some(leader) = status.get("index_leader") {
        let until = leader["until_ms"].as_i64().map(moment::told);
        lines.push(match (leader["holder"].as_str(), until) {
            (Some(holder), Some(until)) => {
                format!("the index is led by {}, whose lease lasts until {until}", one_line(holder))
            }
            _ => "the index is led by nobody: no gouji-index holds its lease".to_owned(),
        });
    }
    lines.join("\n")
}

/// Its facts with what lay between them, and what to do where it was refused.
fn life_of(life: &Value) -> String {
    let text = |value: &Value| one_line(value.as_str().unwrap_or_default());
    let mut lines = vec![format!("{}  {}", text(&life["id"]), text(&life["state"]))];
    let (mut before, mut trace) = (None, None);
    for fact in life["facts"].as_array().into_iter().flatten() {
        let at_ms = fact["at_ms"].as_i64().unwrap_or_default();
        let after = before.map(|before| format!("  after {}", moment::length(at_ms - before)));
        let (name, after) = (text(&fact["fact"]), after.unwrap_or_default());
        let of_fact = fact["trace_id"].as_str().filter(|of_fact| trace != Some(*of_fact));
        let told = of_fact.map(|trace| format!("  trace {}", one_line(trace))).unwrap_or_default();
        lines.push(format!("  {}  {name:<10}{after}{told}", moment::told(at_ms)).trim_end().to_owned());
        (before, trace) = (Some(at_ms), of_fact.or(trace));
    }
    let refusal = &life["refusal"];
    if refusal.is_object() {
        let class = text(&refusal["class"]);
        lines.push(format!("  refused by {}: {class}", text(&refusal["stage"])));
        lines.push(format!("    {}", text(&refusal["message"])));
        lines.push(format!("    {}", hint(&class)));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_stages_are_a_table() {
        let status = json!({
            "counts": {"submitted": 12, "parsed": 11, "validated": 10, "indexed": 9, "refused": 1},
            "lag": [
                {"stage": "parse", "waiting": 3, "in_flight": 1, "redelivered": 2, "oldest_ms": 1_000, "paused_until_ms": null},
                {"stage": "index", "waiting": 0, "in_flight": 0, "redelivered": 0, "oldest_ms": null, "paused_until_ms": 0},
            ],
            "refused_by_class": {"gave-up": 1},
            "searchable_reports": 9,
            "index_leader": {"holder": "a:/srv/index", "until_ms": 15_000},
        });
        let expected = "\
stage          done   waiting in flight redelivered       oldest
ingest           12
parse            11         3         1           2         60 s
index             9         0         0           0               PAUSED until 1970-01-01 08:00:00
refused           1
        1  gave-up
searchable        9
the index is led by a:/srv/index, whose lease lasts until 1970-01-01 08:00:15";
        assert_eq!(overview(&status, 61_000), expected);
        assert!(overview(&json!({"index_leader": null}), 0).contains("led by nobody"));
        assert!(!overview(&json!({}), 0).contains("led by"));
    }

    #[test]
    fn a_life_tells_what_lay_between_and_what_to_do() {
        let life = json!({
            "id": "x-g0", "state": "refused",
            "facts": [
                {"fact": "submitted", "at_ms": 0, "trace_id": "0af7"},
                {"fact": "parsed", "at_ms": 500, "trace_id": "0af7"},
                {"fact": "validated", "at_ms": 700, "trace_id": null},
                {"fact": "refused", "at_ms": 2_200, "trace_id": "1b"},
            ],
            "refusal": {"stage": "parse", "class": "gave-up", "message": "多次处理未成功", "attempts": 5},
        });
        let drawn = life_of(&life);
        for part in [
            "x-g0  refused",
            "1970-01-01 08:00:00  submitted   trace 0af7\n",
            "parsed      after 500 ms\n",
            "validated   after 200 ms\n",
            "refused     after 1 s  trace 1b\n",
            "gouji refused replay",
        ] {
            assert!(drawn.contains(part), "{part} is not in\n{drawn}");
        }
    }
}
