//! One word for one thing in what officials read: pages, letters, refusals, and the Chinese of the command line.

use super::Complaint;
use super::source::Text;

/// A word that stands for a thing that has another name here, and that name.
const PAIRS: [(&str, &str); 10] = [
    ("年报", "write 年度报告, as the regulation does"),
    ("帐号", "write 账号"),
    ("登陆", "write 登录"),
    ("上报", "write 报送"),
    ("提交", "write 报送 of reports, and 再试 or 保存 of forms"),
    ("搜索", "write 检索"),
    ("审计", "write 操作记录"),
    ("运维", "write 管理员, as the role is called"),
    ("拒收", "write 未接收"),
    ("地区代码", "write 区划代码"),
];

/// What officials read is written in these folders.
const READ: [&str; 9] = [
    "crates/access/src/",
    "crates/export/src/",
    "crates/render/src/",
    "crates/worker/src/",
    "services/check/src/",
    "services/console/src/",
    "services/gouji/src/",
    "services/ingest/src/",
    "services/parse/src/",
];

/// Words in which one of the words above is a part of another, names of files that people send, and the words of the
/// regulation.
const OTHERS: [&str; 6] =
    ["年报告", "年报.docx", "年报.pdf", "年报 1.html", "附上报告", "提交本行政机关上一年度"];

/// Complains of every second word for one thing in a text that is no comment.
pub(super) fn check(texts: &[Text]) -> Vec<Complaint> {
    let read = texts.iter().filter(|text| {
        let is_test = text.path.contains("/tests");
        text.path.ends_with(".rs") && !is_test && READ.iter().any(|folder| text.path.starts_with(folder))
    });
    read.flat_map(complaints).collect()
}

fn complaints(text: &Text) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    // Tests stand at the end, and their inputs are what others wrote.
    let code = text.text.lines().enumerate().take_while(|(_, line)| line.trim() != "mod tests {");
    for (number, line) in code.filter(|(_, line)| !line.trim_start().starts_with("//")) {
        let line = OTHERS.iter().fold(line.to_owned(), |line, other| line.replace(other, ""));
        for (word, instead) in PAIRS.iter().filter(|(word, _)| line.contains(word)) {
            let at = format!("{}:{}", text.path, number + 1);
            complaints.push(Complaint::new(at, format!("`{word}` is a second word for one thing"), instead));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_word_is_found_in_texts_and_not_in_comments_tests_or_other_words() {
        let found = |path: &str, text: &str| {
            let text = Text { path: path.to_owned(), text: text.to_owned() };
            check(&[text]).into_iter().map(|complaint| complaint.at).collect::<Vec<_>>()
        };
        let page = "services/console/src/pages/a.rs";
        assert_eq!(found(page, "let a = 1;\nlet b = \"共3份年报\";"), ["services/console/src/pages/a.rs:2"]);
        assert_eq!(found(page, "// 年报\nlet b = \"上年报告\";\nmod tests {\n\"年报\""), [""; 0]);
        assert_eq!(found("crates/reading/src/a.rs", "\"年报\""), [""; 0]);
    }
}
