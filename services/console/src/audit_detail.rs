//! What an entry of the audit trail says besides its action, in Chinese for the page. The log has it as the program
//! that recorded it wrote it, in English; what a person wrote stays as it is.

use std::borrow::Cow;

use access::Role;
use proto::v1::ActionTaken;
use report::workflow::ActKind;

/// The result or the reason of an entry.
pub(crate) fn detail(entry: &ActionTaken) -> Cow<'_, str> {
    let text = entry.detail.as_str();
    let translated = if entry.allowed { of_action(&entry.action, text) } else { of_denial(text) };
    translated.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The address from which an entry was made.
pub(crate) fn origin(entry: &ActionTaken) -> &str {
    match entry.origin.as_str() {
        "bus" => "命令行",
        "many addresses" => "多个地址",
        other => other,
    }
}

/// None where the text stays as it is.
fn of_action(action: &str, text: &str) -> Option<String> {
    let numbers = || text.split([' ', ',']).filter_map(|word| word.parse::<u64>().ok());
    match action {
        "submit" => match numbers().collect::<Vec<_>>()[..] {
            [accepted, refused] => Some(format!("接收{accepted}份，未接收{refused}份")),
            _ => None,
        },
        "fetch" => match numbers().collect::<Vec<_>>()[..] {
            [visited, forgotten] => {
                let again = if text.ends_with("again") { "，全部重新访问" } else { "" };
                Some(format!("访问{visited}个网址，移除{forgotten}个{again}"))
            }
            _ => None,
        },
        "import-roster" => with_reason(text, "agencies", "个机关"),
        "export-users" => with_reason(text, "accounts", "个账号"),
        "replay" => with_reason(text, "reports:", "份"),
        "withdraw" => text.split_once(' ').map(|(_, why)| why.to_owned()),
        "review" => {
            let (kind, number) = text.split_once(' ')?;
            Some(format!("{}（该报告的第{number}次审核操作）", review_title(kind)?))
        }
        "sign-in" => match text {
            "password" => Some("用密码登录".into()),
            "identity provider" => Some("经统一身份认证登录".into()),
            _ => None,
        },
        "create-account" if text == "first administrator" => Some("首个管理员".into()),
        "create-account" | "change-account" => {
            let (role, scope) = text.split_once(' ').unwrap_or((text, ""));
            let scope = if scope.trim().is_empty() { "全部" } else { scope.trim() };
            Some(format!("角色：{}；范围：{scope}", Role::parse(role)?.title()))
        }
        "end-sessions" if text == "all" => Some("本人的全部登录".into()),
        "pause" if text == "until it is resumed" => Some("至恢复为止".into()),
        "pause" => Some(format!("至{}", text.strip_prefix("until ")?.strip_suffix(" (Beijing)")?)),
        "rewind-outlet" => Some(format!("回到日志第{}条之后", text.strip_prefix("to ")?)),
        _ => None,
    }
}

/// `12 agencies why`: a number of things, and what a person wrote behind it.
fn with_reason(text: &str, things: &str, counted: &str) -> Option<String> {
    let (count, rest) = text.split_once(' ')?;
    let why = rest.strip_prefix(things)?.trim();
    count.parse::<u64>().ok()?;
    Some(if why.is_empty() { format!("{count}{counted}") } else { format!("{count}{counted}；{why}") })
}

fn review_title(kind: &str) -> Option<&'static str> {
    let day = report::Date::constant(2000, 1, 1);
    let kinds = [
        ActKind::Confirmed,
        ActKind::Dismissed { why: String::new() },
        ActKind::Waived { why: String::new(), until: day },
        ActKind::Returned { deadline: None, note: String::new(), letter: String::new() },
        ActKind::Accepted { note: String::new() },
        ActKind::Commented { text: String::new() },
        ActKind::Assigned { to: Some(String::new()) },
        ActKind::Reopened { why: String::new() },
    ];
    kinds.iter().find(|known| known.as_str() == kind).map(ActKind::title)
}

/// Why somebody was refused: the code of the problem, or how many further refusals there were.
fn of_denial(text: &str) -> Option<String> {
    if let Some((count, _)) = text.split_once(" more refusals within a minute") {
        return Some(format!("一分钟内另有{count}次被拒绝，没有逐条记录"));
    }
    let title = review_title(text).or_else(|| code_title(text))?;
    Some(title.to_owned())
}

/// What the code of a denial says.
fn code_title(code: &str) -> Option<&'static str> {
    Some(match code {
        "no-key" => "未登录，也没有带密钥",
        "unknown-key" => "密钥不存在",
        "expired-key" => "密钥已过期",
        "wrong-role" => "角色没有这项权限",
        "not-yours" => "不在本人的范围内",
        "outside-scope" => "地区不在本人的范围内",
        "session-ended" => "登录已失效",
        "wrong-password" => "登录名或密码不对",
        "password-change-required" => "尚未修改初始密码",
        "identity-refused" => "统一身份认证未通过，或没有相应角色",
        "identity-provider" => "统一身份认证没有应答",
        "cross-site" => "请求来自其他网站的页面",
        "wrong-host" => "没有设置密钥，而请求不是发给本机地址",
        "too-often" => "请求过于频繁",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use access::Code;
    use axum::http::StatusCode;

    use super::*;

    fn check(action: &str, allowed: bool, said: &str, expected: &str) {
        let entry =
            ActionTaken { action: action.into(), allowed, detail: said.into(), ..ActionTaken::default() };
        assert_eq!(detail(&entry), expected, "{action} {said}");
    }

    #[test]
    fn what_programs_record_is_shown_in_chinese() {
        check("submit", true, "3 accepted, 1 refused", "接收3份，未接收1份");
        check("fetch", true, "2 visited, 0 forgotten", "访问2个网址，移除0个");
        check(
            "fetch",
            true,
            "2 visited, 1 forgotten, all visited again",
            "访问2个网址，移除1个，全部重新访问",
        );
        check("import-roster", true, "12 agencies", "12个机关");
        check("import-roster", true, "12 agencies 新增 2 家", "12个机关；新增 2 家");
        check("withdraw", true, "0a1b-g0 报错了", "报错了");
        check("review", true, "returned 4", "退回修改（该报告的第4次审核操作）");
        check("review", false, "waived", "豁免");
        check("change-account", true, "review 3704", "角色：审核员；范围：3704");
        check("create-account", true, "operate", "角色：管理员；范围：全部");
        check("pause", true, "until 2026-01-15 10:00 (Beijing)", "至2026-01-15 10:00");
        check("rewind-outlet", true, "to 17", "回到日志第17条之后");
        check("replay", true, "3 reports: upgrade", "3份；upgrade");
        check("access", false, "wrong-role", "角色没有这项权限");
        check(
            "access",
            false,
            "7 more refusals within a minute were left out",
            "一分钟内另有7次被拒绝，没有逐条记录",
        );
        // What a person wrote is left alone.
        check("change-policy", true, "3 agencies", "3 agencies");
        check("withdraw", true, "no-reason", "no-reason");
    }

    #[test]
    fn every_denial_of_access_has_a_chinese_title() {
        let denies = [
            StatusCode::UNAUTHORIZED,
            StatusCode::FORBIDDEN,
            StatusCode::MISDIRECTED_REQUEST,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        for code in Code::ALL.into_iter().filter(|code| denies.contains(&code.status())) {
            assert!(code_title(code.name()).is_some(), "{code}");
        }
    }
}
