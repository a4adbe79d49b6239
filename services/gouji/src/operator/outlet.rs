//! `gouji outlet`: what leaves for data buses, and how far each outlet is.

mod schema;

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use bus::Bus;
use clap::{Args, Subcommand};
use deliver::{AnyTarget, SetAside, check, target::Target as _};
use jiff::Timestamp;
use proto::subject;
use serde_json::json;
use unicode_width::UnicodeWidthStr as _;
use worker::outlets::{OutletConfig, TargetKind};
use worker::{Config, OutletState, OutletStates, Position};

use self::schema::Schema;
use super::connection::Connection;
use crate::language::{text, word};
use crate::moment;
use crate::print::{one_line, say};

/// Show and steer outlets: what is carried to folders, databases, Kafka and addresses of data buses.
#[derive(Debug, Args)]
pub(crate) struct Outlet {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the outlets of the settings, and how far each is.
    List {
        #[command(flatten)]
        bus: Connection,
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Print everything about one outlet, with the changes that are set aside.
    Show {
        #[command(flatten)]
        bus: Connection,
        /// Name of the outlet.
        name: String,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Look whether the target is there and set up; deliver nothing.
    Test {
        #[command(flatten)]
        bus: Connection,
        /// Name of the outlet.
        name: String,
    },
    /// Stop delivering until it is resumed; changes wait on the log.
    Pause {
        #[command(flatten)]
        bus: Connection,
        /// Name of the outlet.
        name: String,
    },
    /// Go on delivering.
    Resume {
        #[command(flatten)]
        bus: Connection,
        /// Name of the outlet.
        name: String,
    },
    /// Deliver again what the log has since its start, a sequence or a time.
    Rewind {
        #[command(flatten)]
        bus: Connection,
        /// Name of the outlet.
        name: String,
        /// `start`; a sequence of the log, after which everything is delivered again; or a time, e.g. 7d,
        /// 2026-11-22 or 2026-11-22T09:30 (Beijing).
        #[arg(long, value_name = "POSITION")]
        to: String,
    },
    /// Compare what stands at the target with the log.
    ///
    /// Exit status: 0 if nothing is missing and nothing too much, 1 if something is, 2 if that could not be checked.
    Check {
        #[command(flatten)]
        bus: Connection,
        /// Name of the outlet.
        name: String,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Describe an outlet: AsyncAPI, SQL, or the sheet for the catalogue of information resources.
    Schema {
        #[command(flatten)]
        bus: Connection,
        #[command(flatten)]
        schema: Schema,
    },
    /// Try once more to deliver a change that is set aside.
    Retry {
        #[command(flatten)]
        bus: Connection,
        /// Name of the outlet.
        name: String,
        /// Id of the change or of the version, as `gouji outlet show` prints it.
        id: String,
    },
}

/// The status where nothing could be proved.
const UNKNOWN: u8 = 2;
/// An outlet whose process has not written its state for so long does not run.
const GONE_AFTER_MS: i64 = 90_000;
/// Items of a kind that `check` names; more are counted.
const NAMED: usize = 20;

impl Outlet {
    pub(crate) fn run(&self) -> ExitCode {
        let runtime = match crate::runtime() {
            Ok(runtime) => runtime,
            Err(error) => return crate::report(Err(error)),
        };
        if let Verb::Check { bus, name, json } = &self.verb {
            return match runtime.block_on(reconcile(bus, name, *json)) {
                Ok(true) => ExitCode::SUCCESS,
                Ok(false) => ExitCode::FAILURE,
                Err(error) => {
                    eprintln!("{}", text!("无法核对：{error:#}", "could not be judged: {error:#}"));
                    ExitCode::from(UNKNOWN)
                }
            };
        }
        crate::report(runtime.block_on(self.act()))
    }

    async fn act(&self) -> Result<()> {
        match &self.verb {
            Verb::List { bus, json } => list(bus, *json).await,
            Verb::Show { bus, name, json } => show(bus, name, *json).await,
            Verb::Test { bus, name } => test(bus, name).await,
            Verb::Pause { bus, name } => pause(bus, name, true).await,
            Verb::Resume { bus, name } => pause(bus, name, false).await,
            Verb::Rewind { bus, name, to } => rewind(bus, name, to).await,
            Verb::Retry { bus, name, id } => retry(bus, name, id).await,
            Verb::Schema { bus, schema } => {
                let config = bus.config()?;
                match config.routes.inlets.iter().find(|inlet| inlet.name == schema.name) {
                    Some(inlet) => schema.write_inlet(inlet),
                    None => schema.write(&config, configured(&config, &schema.name)?),
                }
            }
            Verb::Check { .. } => Ok(()),
        }
    }
}

/// The outlet of the settings with this name.
fn configured<'a>(config: &'a Config, name: &str) -> Result<&'a OutletConfig> {
    let names = || config.routes.outlets.iter().map(|outlet| outlet.name.as_str()).collect::<Vec<_>>();
    config.routes.outlet(name).with_context(|| match names().as_slice() {
        [] => text!(
            "设置中没有出口；请用 --config 指定含有 [[outlet]] 的设置文件",
            "the settings have no outlets; name the file with [[outlet]] by --config"
        ),
        names => {
            let names = names.join(", ");
            text!(
                "设置中没有出口 {name}；现有：{names}",
                "the settings have no outlet {name}; there are: {names}"
            )
        }
    })
}

async fn list(connection: &Connection, json: bool) -> Result<()> {
    let worker = connection.worker().await?;
    let states = OutletStates::new(worker.bus());
    let mut rows = Vec::new();
    for outlet in &worker.config().routes.outlets {
        rows.push((outlet, states.read(&outlet.name).await?));
    }
    worker.bus().close().await;
    if json {
        for (outlet, state) in &rows {
            say(&json!({"name": outlet.name, "to": outlet.to.as_str(), "state": state, "is": standing(state).1})
                .to_string());
        }
        return Ok(());
    }
    if rows.is_empty() {
        say(word(
            "设置中没有出口；出口写在设置文件的 [[outlet]] 中",
            "the settings have no outlets; [[outlet]] of the settings file makes one",
        ));
        return Ok(());
    }
    let head = [
        word("名称", "name"),
        word("类型", "to"),
        word("已送至", "position"),
        word("待送", "waiting"),
        word("搁置", "set aside"),
        word("状态", "state"),
    ];
    let line = |cells: [&str; 6]| {
        let [name, to, position, waiting, set_aside, state] = cells;
        say(&format!(
            "{}{}{}{}{}{state}",
            padded(name, 24),
            padded(to, 10),
            padded(position, 12),
            padded(waiting, 10),
            padded(set_aside, 11)
        ));
    };
    line(head);
    for (outlet, state) in &rows {
        let (position, waiting) = (state.position.sequence.to_string(), state.waiting.to_string());
        let set_aside = state.set_aside.to_string();
        let is = standing(state).0;
        line([&outlet.name, outlet.to.as_str(), &position, &waiting, &set_aside, &is]);
    }
    Ok(())
}

/// How an outlet stands, for people and for programs.
fn standing(state: &OutletState) -> (String, &'static str) {
    let now = Timestamp::now().as_millisecond();
    if state.paused {
        let why =
            if state.problem.is_empty() { String::new() } else { format!(": {}", one_line(&state.problem)) };
        return (text!("已暂停{why}", "paused{why}"), "paused");
    }
    if state.seen_at_ms == 0 {
        return (word("从未运行", "never ran").to_owned(), "never");
    }
    if !state.problem.is_empty() {
        let (since, why) = (moment::length(now - state.problem_since_ms), one_line(&state.problem));
        return (text!("受阻{since}：{why}", "blocked for {since}: {why}"), "blocked");
    }
    if (now - state.seen_at_ms).abs() > GONE_AFTER_MS {
        let since = moment::format(state.seen_at_ms);
        return (text!("{since}以后没有运行", "has not run since {since}"), "gone");
    }
    if state.oldest_ms > 0 {
        let since = moment::length(now - state.oldest_ms);
        return (
            text!("正在传送，最早的一条等了{since}", "delivering; the oldest waits for {since}"),
            "delivering",
        );
    }
    if state.waiting > 0 {
        return (word("正在读取日志", "reading the log").to_owned(), "delivering");
    }
    (word("已全部送出", "everything is delivered").to_owned(), "idle")
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width()).max(1)))
}

async fn show(connection: &Connection, name: &str, json: bool) -> Result<()> {
    let worker = connection.worker().await?;
    let outlet = configured(worker.config(), name)?;
    let bus = worker.bus();
    let state = OutletStates::new(bus).read(name).await?;
    let leader = bus.leader(&format!("outlet.{name}")).await?;
    let set_aside = SetAside::of(bus, name, 0).await?;
    bus.close().await;
    if json {
        let open = set_aside.open().map(|fact| {
            json!({
                "change": fact.change, "version": fact.id, "report": fact.report, "sequence": fact.sequence,
                "reason": fact.reason, "attempts": fact.attempts,
            })
        });
        say(&json!({
            "name": name, "to": outlet.to.as_str(), "regions": outlet.regions,
            "carry": outlet.carry.as_str(), "state": state, "is": standing(&state).1,
            "leader": leader.map(|leader| leader.holder), "set_aside": open.collect::<Vec<_>>(),
        })
        .to_string());
        return Ok(());
    }
    let time = |ms: i64| if ms == 0 { "-".to_owned() } else { moment::format(ms) };
    let regions = match outlet.regions.as_slice() {
        [] => word("全部", "all").to_owned(),
        regions => regions.join(", "),
    };
    let rows = [
        (word("名称", "name"), name.to_owned()),
        (word("类型", "to"), outlet.to.as_str().to_owned()),
        (word("地区", "regions"), regions),
        (word("内容", "carry"), outlet.carry.as_str().to_owned()),
        (word("状态", "state"), standing(&state).0),
        (word("进程", "process"), leader.map_or_else(|| "-".to_owned(), |leader| leader.holder)),
        (word("已送至", "position"), state.position.sequence.to_string()),
        (word("日志建于", "log made"), time(state.position.log_made_at_ms)),
        (word("待送", "waiting"), state.waiting.to_string()),
        (word("已送", "delivered"), state.delivered.to_string()),
        (word("最近送出", "last"), time(state.delivered_at_ms)),
        (word("搁置", "set aside"), set_aside.open().count().to_string()),
    ];
    for (label, value) in rows {
        say(&format!("{}{value}", padded(label, 12)));
    }
    for fact in set_aside.open() {
        say(&format!("  {}  {}", fact.change, one_line(&fact.reason)));
    }
    say_selection(name, &state);
    Ok(())
}

/// Says where the settings of an outlet chose something else before.
fn say_selection(name: &str, state: &OutletState) {
    let from = state.selected_from;
    if from > 0 {
        say(&text!(
            "地区或内容的设置在日志第{from}条之后改变，此前的按原设置传送；gouji outlet rewind {name} --to start 按现行设置全部重新传送",
            "its regions or what it carries were changed after {from}, and what was delivered before is by the settings \
             of then; `gouji outlet rewind {name} --to start` delivers everything by those of now"
        ));
    }
}

async fn test(connection: &Connection, name: &str) -> Result<()> {
    let config = connection.config()?;
    let outlet = configured(&config, name)?;
    // The other kinds are tested without the bus.
    let bus = match outlet.to {
        TargetKind::Nats => Some(connection.open().await?),
        _ => None,
    };
    let mut target = AnyTarget::open(outlet, &config.bus.installation, bus.as_ref())?;
    for line in target.test().await? {
        say(&line);
    }
    say(word("目标可用", "the target can be used"));
    Ok(())
}

async fn pause(connection: &Connection, name: &str, paused: bool) -> Result<()> {
    let worker = connection.worker().await?;
    configured(worker.config(), name)?;
    let action = if paused { "pause-outlet" } else { "resume-outlet" };
    worker.bus().record_action(connection.who(), action, name, "").await?;
    let states = OutletStates::new(worker.bus());
    let changed = states.change(name, |state| {
        state.paused = paused;
        if !paused {
            state.problem.clear();
        }
        Ok(())
    });
    changed.await?;
    worker.bus().close().await;
    say(&match paused {
        true => text!(
            "出口 {name} 已暂停；gouji outlet resume {name} 恢复",
            "outlet {name} is paused; `gouji outlet resume {name}` ends the pause"
        ),
        false => text!("出口 {name} 已恢复", "outlet {name} is resumed"),
    });
    Ok(())
}

async fn rewind(connection: &Connection, name: &str, to: &str) -> Result<()> {
    let worker = connection.worker().await?;
    configured(worker.config(), name)?;
    let bus = worker.bus();
    let log = bus.extent().await?;
    let sequence = sequence_of(bus, to, log.last).await?;
    let position = Position { log_made_at_ms: log.made_at_ms, sequence };
    let states = OutletStates::new(bus);
    let now = states.read(name).await?.position;
    if now.log_made_at_ms == log.made_at_ms && sequence > now.sequence {
        let now = now.sequence;
        bail!(text!(
            "出口 {name} 只送到第{now}条，不能跳到第{sequence}条：中间的将永远不会送达",
            "outlet {name} is at {now}: a step forward to {sequence} would leave out what lies between"
        ));
    }
    bus.record_action(connection.who(), "rewind-outlet", name, &format!("to {sequence}")).await?;
    let changed = states.change(name, |state| {
        state.rewind = Some(position);
        Ok(())
    });
    changed.await?;
    bus.close().await;
    say(&text!(
        "出口 {name} 将从日志第{sequence}条之后重新传送",
        "outlet {name} delivers everything after {sequence} again"
    ));
    Ok(())
}

/// The sequence after which everything is delivered again.
async fn sequence_of(bus: &Bus, to: &str, last: u64) -> Result<u64> {
    if to == "start" {
        return Ok(0);
    }
    if let Ok(sequence) = to.parse::<u64>() {
        if sequence > last {
            bail!(text!("日志只到第{last}条", "the log ends at {last}"));
        }
        return Ok(sequence);
    }
    let since = moment::since(to)?;
    let first = bus.first_since(subject::ALL, since.as_millisecond()).await?;
    Ok(first.map_or(last, |first| first.saturating_sub(1)))
}

async fn retry(connection: &Connection, name: &str, id: &str) -> Result<()> {
    let worker = connection.worker().await?;
    configured(worker.config(), name)?;
    let bus = worker.bus();
    if SetAside::of(bus, name, 0).await?.open_of(id).is_empty() {
        bail!(text!(
            "出口 {name} 没有搁置 {id}；gouji outlet show {name} 列出搁置的",
            "outlet {name} has not set {id} aside; `gouji outlet show {name}` lists what is"
        ));
    }
    bus.record_action(connection.who(), "retry-outlet", name, id).await?;
    let states = OutletStates::new(bus);
    let changed = states.change(name, |state| {
        if !state.retry.iter().any(|asked| asked == id) {
            state.retry.push(id.to_owned());
        }
        Ok(())
    });
    changed.await?;
    bus.close().await;
    say(&text!(
        "出口 {name} 将再次传送 {id}；gouji outlet show {name} 显示结果",
        "outlet {name} tries {id} again; `gouji outlet show {name}` shows how that ends"
    ));
    Ok(())
}

async fn reconcile(connection: &Connection, name: &str, json: bool) -> Result<bool> {
    let worker = connection.worker().await?;
    let outlet = configured(worker.config(), name)?;
    let bus = worker.bus();
    let state = OutletStates::new(bus).read(name).await?;
    let place = state.position;
    let is_this_log = bus.extent().await?.made_at_ms == place.log_made_at_ms;
    let to = if is_this_log { place.sequence } else { 0 };
    let found = check::reconcile(bus, outlet, to, &worker.config().bus.installation).await?;
    bus.close().await;
    if json {
        say(&json!({
            "outlet": name, "sound": found.is_sound(), "log_made_at_ms": found.log_made_at_ms, "to": found.to,
            "expected": found.expected, "in_flight": found.in_flight, "delivered": found.delivered,
            "set_aside": found.set_aside, "missing": found.missing, "unexpected": found.unexpected,
        })
        .to_string());
        return Ok(found.is_sound());
    }
    let delivered = found.delivered.map_or_else(|| "-".to_owned(), |delivered| delivered.to_string());
    let note = match found.delivered {
        None => {
            word("  目标不能查询，只能核对日志一侧", "  the target cannot be asked; only the log was counted")
        }
        Some(_) => "",
    };
    say(&format!("expected   {:>9}", found.expected));
    say(&format!("delivered  {delivered:>9}{note}"));
    say(&format!("set aside  {:>9}", found.set_aside.len()));
    say(&format!("in flight  {:>9}", found.in_flight));
    let unexpected: Vec<String> = found.unexpected.iter().map(u64::to_string).collect();
    let faults = [
        (&found.missing, word("missing: 日志中有而目标没有", "missing: on the log and not at the target")),
        (&unexpected, word("unexpected: 目标有而日志没有", "unexpected: at the target and not on the log")),
    ];
    for (items, meaning) in faults {
        if !items.is_empty() {
            say(&format!("NOT SOUND  {:>9}  {meaning}", items.len()));
            items.iter().take(NAMED).for_each(|item| say(&format!("           {item}")));
        }
    }
    say_selection(name, &state);
    if found.is_sound() {
        say(&text!(
            "sound：日志中的都已送达或搁置",
            "sound: everything on the log is delivered or set aside"
        ));
    }
    Ok(found.is_sound())
}
