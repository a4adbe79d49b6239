//! `gouji status`: how far the pipeline is, or the life of one report.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use jiff::Timestamp;
use proto::ReportId;

use crate::client::answers::{Leader, Life, Reason, Status as Overview};
use crate::client::{Server, parsed};
use crate::language::text;
use crate::moment;
use crate::operator::refused::hint;
use crate::print::{one_line, say};

/// Show how far the pipeline is, or the life of one report.
#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    server: Server,
    /// Id or key of a report, as `submit`, `search` and the browser's address show it.
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
            let body = self.server.get_text("/api/v1/status", &[]).await?;
            if self.json {
                say(&body);
            } else {
                say(&overview(&parsed(&body)?, Timestamp::now().as_millisecond()));
            }
            return Ok(());
        };
        let body = self.server.get_text(&format!("/api/v1/status/{id}"), &[]).await?;
        if self.json {
            say(&body);
            return Ok(());
        }
        let found: Life = parsed(&body)?;
        say(&life(&found));
        if let Ok(own) = ReportId::parse(&found.id) {
            self.show_others(&own).await;
        }
        Ok(())
    }

    /// Shows the other readings of the same bytes.
    async fn show_others(&self, own: &ReportId) {
        for generation in (0..GENERATIONS).filter(|generation| *generation != own.generation()) {
            let other = format!("{}-g{generation}", own.digits());
            match self.server.get::<Life>(&format!("/api/v1/status/{other}"), &[]).await {
                Ok(other) => {
                    let other = life(&other);
                    say(&text!(
                        "\n同一文件的另一次读取：\n{other}",
                        "\nanother reading of the same bytes:\n{other}"
                    ));
                }
                Err(_) if generation > own.generation() => break,
                Err(_) => (),
            }
        }
    }
}

/// A table of the stages, and what was refused.
fn overview(status: &Overview, now_ms: i64) -> String {
    let counts = &status.counts;
    let row = |cells: [&str; 7]| {
        let [stage, done, waiting, in_flight, again, oldest, note] = cells;
        let line =
            format!("{stage:<10} {done:>9} {waiting:>9} {in_flight:>9} {again:>11} {oldest:>12}  {note}");
        line.trim_end().to_owned()
    };
    let mut lines = vec![
        row(["stage", "done", "waiting", "in flight", "redelivered", "oldest", ""]),
        row(["ingest", &counts.submitted.to_string(), "", "", "", "", ""]),
    ];
    for lag in &status.lag {
        let done = match lag.stage.as_str() {
            "parse" => counts.parsed.to_string(),
            "validate" => counts.validated.to_string(),
            "index" => counts.indexed.to_string(),
            // What the bulk lane has done is among what its stage has done.
            _ => String::new(),
        };
        let oldest = lag.oldest_ms.map(|at| moment::length(now_ms - at)).unwrap_or_default();
        let note = lag.paused_until_ms.map(|until| {
            let until = moment::format(until);
            text!("已暂停至 {until}", "PAUSED until {until}")
        });
        lines.push(row([
            &lag.stage,
            &done,
            &lag.waiting.to_string(),
            &lag.in_flight.to_string(),
            &lag.redelivered.to_string(),
            &oldest,
            &note.unwrap_or_default(),
        ]));
    }
    lines.push(row(["refused", &counts.refused.to_string(), "", "", "", "", ""]));
    lines.extend(status.refused_by_class.iter().map(|(class, count)| format!("  {count:>7}  {class}")));
    if let Some(reports) = status.searchable_reports {
        lines.push(format!("searchable {reports:>8}"));
    }
    lines.extend(status.index_leader.as_ref().map(|leader| leader_line(leader.as_ref())));
    lines.join("\n")
}

/// Which `gouji-index` writes the index.
fn leader_line(leader: Option<&Leader>) -> String {
    let Some(Leader { holder, until_ms }) = leader else {
        return text!(
            "没有进程负责入库：没有 gouji-index 持有租约",
            "the index is led by nobody: no gouji-index holds its lease"
        );
    };
    let (holder, until) = (one_line(holder), moment::format(*until_ms));
    text!(
        "负责入库的是 {holder}，租约至 {until}",
        "the index is led by {holder}, whose lease lasts until {until}"
    )
}

/// The facts about one report with the time between them, and what to do where it was refused.
fn life(life: &Life) -> String {
    let mut lines = vec![format!("{}  {}", one_line(&life.id), life.state.as_str())];
    let (mut before, mut trace) = (None, None);
    for fact in &life.facts {
        let after = before.map(|before| {
            let length = moment::length(fact.at_ms - before);
            text!("  间隔 {length}", "  after {length}")
        });
        let after = after.unwrap_or_default();
        let own = fact.trace_id.as_ref().filter(|own| trace != Some(*own));
        let shown = own.map(|own| format!("  trace {}", one_line(own))).unwrap_or_default();
        let line = format!("  {}  {:<10}{after}{shown}", moment::format(fact.at_ms), one_line(&fact.fact));
        lines.push(line.trim_end().to_owned());
        (before, trace) = (Some(fact.at_ms), own.or(trace));
    }
    if let Some(Reason { who, why }) = &life.withdrawn {
        let (who, why) = (one_line(who), one_line(why));
        lines.push(text!("  已由 {who} 撤回：{why}", "  withdrawn by {who}: {why}"));
    }
    if let Some(refusal) = &life.refusal {
        let (stage, class) = (one_line(&refusal.stage), one_line(&refusal.class));
        lines.push(text!("  由 {stage} 退回：{class}", "  refused by {stage}: {class}"));
        lines.push(format!("    {}", one_line(&refusal.message)));
        lines.push(format!("    {}", hint(&class)));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_stages_are_a_table() {
        let status = json!({
            "counts": {"submitted": 12, "parsed": 11, "validated": 10, "indexed": 9, "refused": 1},
            "lag": [
                {"stage": "parse", "waiting": 3, "in_flight": 1, "redelivered": 2, "oldest_ms": 1_000, "paused_until_ms": null},
                {"stage": "parse-bulk", "waiting": 5, "in_flight": 0, "redelivered": 0, "oldest_ms": 2_000, "paused_until_ms": null},
                {"stage": "index", "waiting": 0, "in_flight": 0, "redelivered": 0, "oldest_ms": null, "paused_until_ms": 0},
            ],
            "refused_by_class": {"gave-up": 1},
            "searchable_reports": 9,
            "index_leader": {"holder": "a:/srv/index", "until_ms": 15_000},
        });
        let expected = "\
stage           done   waiting in flight redelivered       oldest
ingest            12
parse             11         3         1           2         60 s
parse-bulk                   5         0           0         59 s
index              9         0         0           0               PAUSED until 1970-01-01 08:00:00
refused            1
        1  gave-up
searchable        9
the index is led by a:/srv/index, whose lease lasts until 1970-01-01 08:00:15";
        let overview = |status: Value, now_ms| overview(&serde_json::from_value(status).unwrap(), now_ms);
        assert_eq!(overview(status, 61_000), expected);
        let empty = json!({"counts": {}, "lag": []});
        assert!(!overview(empty, 0).contains("led by"));
        let nobody = json!({"counts": {}, "lag": [], "index_leader": null});
        assert!(overview(nobody, 0).contains("led by nobody"));
    }

    #[test]
    fn a_withdrawn_report_is_shown_as_withdrawn() {
        let life = json!({
            "id": "x-g0", "state": "withdrawn", "withdrawn": {"who": "张三", "why": "数字有误"},
            "facts": [{"fact": "indexed", "at_ms": 0, "trace_id": null}], "refusal": null,
        });
        let drawn = super::life(&serde_json::from_value(life).unwrap());
        assert!(drawn.starts_with("x-g0  withdrawn\n"), "{drawn}");
        assert!(drawn.contains("张三") && drawn.contains("数字有误"), "{drawn}");
    }

    #[test]
    fn a_life_has_the_time_between_facts_and_what_to_do() {
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
        let drawn = super::life(&serde_json::from_value(life).unwrap());
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
