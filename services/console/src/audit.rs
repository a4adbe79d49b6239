//! The audit trail on the log: what a request asks for, and its entries, the oldest first.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use proto::subject;
use proto::v1::ActionTaken;

use crate::app::App;
use crate::params::Params;
use crate::problem::Problem;

/// Which entries are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AuditFilter {
    who: Option<String>,
    action: Option<String>,
    object: Option<String>,
    from: Option<Date>,
    to: Option<Date>,
    refused: bool,
}

/// China has one time zone, eight hours before UTC.
const BEIJING: Offset = jiff::tz::offset(8);
const DAY_MS: i64 = 24 * 3_600_000;

impl AuditFilter {
    pub(crate) fn parse(params: &Params) -> Result<Self, Problem> {
        let text = |name: &str| params.get(name).map(|value| value.trim().to_owned());
        let refused = match params.get("refused") {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => {
                let detail = format!("“{other}”不是 true 或 false。");
                return Err(Problem::bad_parameter("refused", detail));
            }
        };
        Ok(Self {
            who: text("who"),
            action: text("action"),
            object: text("object"),
            from: day(params, "from")?,
            to: day(params, "to")?,
            refused,
        })
    }

    /// The same from this day on, where it names no day.
    pub(crate) fn or_from(self, day: Option<Date>) -> Self {
        Self { from: self.from.or(day), ..self }
    }

    pub(crate) fn from(&self) -> Option<Date> {
        self.from
    }

    pub(crate) fn matches(&self, entry: &ActionTaken) -> bool {
        let is = |wanted: &Option<String>, text: &str| wanted.as_ref().is_none_or(|wanted| wanted == text);
        let has = |wanted: &Option<String>, text: &str| {
            wanted.as_ref().is_none_or(|wanted| text.contains(wanted.as_str()))
        };
        is(&self.who, &entry.who)
            && is(&self.action, &entry.action)
            && has(&self.object, &entry.object)
            && !(self.refused && entry.allowed)
            && self.from.and_then(start_ms).is_none_or(|from_ms| entry.at_ms >= from_ms)
            && self.to.and_then(start_ms).is_none_or(|to_ms| entry.at_ms < to_ms + DAY_MS)
    }
}

fn day(params: &Params, name: &str) -> Result<Option<Date>, Problem> {
    let Some(text) = params.get(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        Problem::bad_parameter(name, format!("“{text}”不是日期。")).hint("日期写作 2025-03-01。")
    })
}

/// When a day begins in Beijing, milliseconds since 1970-01-01 UTC.
fn start_ms(day: Date) -> Option<i64> {
    Some(day.to_zoned(TimeZone::fixed(BEIJING)).ok()?.timestamp().as_millisecond())
}

/// The entries that a filter finds, the oldest first, as many at a time as the log answers with.
pub(crate) struct Pages<'a> {
    app: &'a App,
    filter: &'a AuditFilter,
    entries: String,
    /// The sequence on the log from which the next page is read; none at the end.
    next: Option<u64>,
}

impl<'a> Pages<'a> {
    /// # Errors
    /// If the bus does not answer.
    pub(crate) async fn open(app: &'a App, filter: &'a AuditFilter) -> anyhow::Result<Self> {
        let entries = subject::filter::<ActionTaken>();
        let next = match filter.from.and_then(start_ms) {
            // The log stores an entry after it was made, and never before.
            Some(from_ms) => app.bus().first_since(&entries, from_ms).await?,
            None => Some(1),
        };
        Ok(Self { app, filter, entries, next })
    }

    /// The next entries; none at the end of the log.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Option<Vec<ActionTaken>>> {
        let Some(from) = self.next else { return Ok(None) };
        let events = self.app.bus().page(&self.entries, from).await?;
        self.next = events.last().map(|last| last.sequence + 1);
        let found = events.iter().filter_map(bus::Event::decode::<ActionTaken>);
        let found: Vec<ActionTaken> = found.filter(|entry| self.filter.matches(entry)).collect();
        Ok(self.next.map(|_| found))
    }
}

/// What an action is called.
pub(crate) fn action_title(name: &str) -> &str {
    ACTIONS.iter().find(|(known, _)| *known == name).map_or(name, |(_, title)| title)
}

/// The actions that are recorded, by their names.
pub(crate) const ACTIONS: &[(&str, &str)] = &[
    ("access", "访问"),
    ("sign-in", "登录"),
    ("sign-out", "退出"),
    ("end-session", "结束一次登录"),
    ("end-sessions", "结束全部登录"),
    ("change-password", "修改密码"),
    ("create-account", "建立账号"),
    ("change-account", "变更账号"),
    ("disable-account", "停用账号"),
    ("enable-account", "启用账号"),
    ("reset-password", "重置密码"),
    ("submit", "报送"),
    ("withdraw", "撤回"),
    ("review", "审核"),
    ("import-roster", "导入名录"),
    ("fetch", "采集网页"),
    ("change-policy", "改动校核政策"),
    ("export-users", "导出用户"),
    ("export-audit", "导出操作记录"),
    ("replay", "重新读取"),
    ("pause", "暂停环节"),
    ("resume", "恢复环节"),
    ("apply-topology", "设置消息总线"),
    ("pause-outlet", "暂停出口"),
    ("resume-outlet", "恢复出口"),
    ("rewind-outlet", "出口重新传送"),
    ("retry-outlet", "再次传送搁置的消息"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_finds_its_entries() {
        // 2026-01-15 23:30 in Beijing.
        let entry = ActionTaken {
            at_ms: 1_768_491_000_000,
            who: "张三".into(),
            action: "submit".into(),
            object: "abc-g0".into(),
            allowed: true,
            ..Default::default()
        };
        let check = |query: &str, expected: bool| {
            let filter = AuditFilter::parse(&Params::parse(query)).unwrap();
            assert_eq!(filter.matches(&entry), expected, "{query}");
        };
        check("", true);
        check("who=%E5%BC%A0%E4%B8%89&action=submit&object=abc", true);
        check("who=%E5%BC%A0", false);
        check("action=withdraw", false);
        check("object=xyz", false);
        check("refused=true", false);
        check("from=2026-01-15&to=2026-01-15", true);
        check("from=2026-01-16", false);
        check("to=2026-01-14", false);
        for wrong in ["from=soon", "to=2026-13-01", "refused=yes"] {
            assert!(AuditFilter::parse(&Params::parse(wrong)).is_err(), "{wrong}");
        }
    }
}
