//! What is wrong with a command line, in Chinese. clap has these texts in English only.

use std::error::Error as _;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The error with its hints.
pub(super) fn chinese(error: &Error) -> String {
    let mut text = format!("错误：{}\n", problem(error));
    for kind in [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue] {
        if let Some(suggested) = values(error, kind) {
            text.push_str(&format!("  是否要用：{suggested}\n"));
        }
    }
    if let Some(usage) = error.get(ContextKind::Usage) {
        text.push_str(&format!("\n{}\n", usage.to_string().replacen("Usage: ", "用法：", 1)));
    }
    text + "\n详见 --help。\n"
}

fn problem(error: &Error) -> String {
    let argument = values(error, ContextKind::InvalidArg).unwrap_or_default();
    let value = values(error, ContextKind::InvalidValue).unwrap_or_default();
    match error.kind() {
        ErrorKind::UnknownArgument => format!("没有参数“{argument}”"),
        ErrorKind::InvalidSubcommand => {
            format!("没有命令“{}”", values(error, ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        ErrorKind::MissingSubcommand => "缺少命令".to_owned(),
        ErrorKind::MissingRequiredArgument => format!("缺少必填参数：{argument}"),
        ErrorKind::ArgumentConflict => {
            let other = values(error, ContextKind::PriorArg).unwrap_or_default();
            if other == argument {
                format!("参数“{argument}”只能写一次")
            } else {
                format!("参数“{argument}”不能与“{other}”同时使用")
            }
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("参数“{argument}”缺少值"),
        ErrorKind::InvalidValue => {
            let valid = values(error, ContextKind::ValidValue);
            let valid = valid.map(|valid| format!("，可选：{valid}")).unwrap_or_default();
            format!("参数“{argument}”的值“{value}”无效{valid}")
        }
        ErrorKind::ValueValidation => {
            let cause = error.source().map(|cause| format!("：{cause}")).unwrap_or_default();
            format!("参数“{argument}”的值“{value}”无效{cause}")
        }
        ErrorKind::NoEquals => format!("参数“{argument}”的值要用等号连接"),
        ErrorKind::TooManyValues => format!("参数“{argument}”的值太多，“{value}”是多余的"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => format!("参数“{argument}”的值不够"),
        ErrorKind::InvalidUtf8 => "命令行中有不是 UTF-8 的字符".to_owned(),
        _ => error.to_string().trim().to_owned(),
    }
}

/// What clap says about the error, several values with 、 between them.
fn values(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(one) => Some(one.clone()),
        ContextValue::Strings(several) => Some(several.join("、")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::help::command;
    use crate::language::Language;

    use super::*;

    #[test]
    fn what_is_wrong_is_said_in_chinese() {
        let check = |line: &str, expected: &str| {
            let error = command(Language::Zh).try_get_matches_from(line.split(' ')).unwrap_err();
            let text = chinese(&error);
            assert!(text.contains(expected), "{line}: {text}");
            assert!(!text.contains("Usage") && text.ends_with("\n详见 --help。\n"), "{line}: {text}");
        };
        check("gouji chek", "没有命令“chek”\n  是否要用：check\n");
        check("gouji check", "缺少必填参数：<PATH>...");
        check("gouji check --formt json a.html", "没有参数“--formt”\n  是否要用：--format\n");
        check("gouji check --format xml a.html", "的值“xml”无效，可选：human、json");
        check("gouji pause parse --for 2h --until 3h", "不能与“--until <TIME>”同时使用");
        check("gouji audit --since yesterday", "的值“yesterday”无效：");
        check("gouji search --limit 1 --limit 2 x", "参数“--limit <LIMIT>”只能写一次");
    }
}
