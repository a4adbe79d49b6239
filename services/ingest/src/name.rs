//! Names of files as senders give them.

/// Longest name that is kept, in characters; file systems take 255 bytes for each of its parts.
const LONGEST: usize = 255;

/// A name that can be shown, logged and put into a list: without what steers a terminal or turns the
/// direction of writing, without folders above or below it that are none, and without keys. It is told, and
/// never used as a path.
pub(crate) fn plain(name: &str) -> String {
    let shown: String =
        access::redact(name).chars().map(|letter| if is_hidden(letter) { '_' } else { letter }).collect();
    let parts: Vec<&str> = shown
        .split(['/', '\\'])
        .map(str::trim)
        .filter(|part| !part.is_empty() && !part.chars().all(|letter| letter == '.'))
        .collect();
    let plain = parts.join("/");
    // The end tells what kind of file it is.
    let over = plain.chars().count().saturating_sub(LONGEST);
    let kept = plain.chars().skip(if over == 0 { 0 } else { over + 1 });
    match (plain.is_empty(), over) {
        (true, _) => "upload".into(),
        (_, 0) => plain,
        _ => std::iter::once('…').chain(kept).collect(),
    }
}

/// Control characters, line separators, marks of direction, and what has no width.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_plain() {
        let check = |name: &str, expected: &str| assert_eq!(plain(name), expected, "{name:?}");
        check("某市财政局2024年报.docx", "某市财政局2024年报.docx");
        check("县/年报 1.html", "县/年报 1.html");
        check("../../etc/passwd", "etc/passwd");
        check("..\\..\\windows\\a.doc", "windows/a.doc");
        check("/etc/cron.d/x", "etc/cron.d/x");
        check("a\r\nX-Evil: 1\0.txt", "a__X-Evil: 1_.txt");
        check("年报\u{202e}txt.exe", "年报_txt.exe");
        check("\u{1b}[31mred.txt", "_[31mred.txt");
        check("a\u{2028}b", "a_b");
        check("", "upload");
        check(" /../. ", "upload");
        check(&format!("gouji_{}.txt", "0f".repeat(32)), "gouji_….txt");
        let long = plain(&format!("{}.docx", "长".repeat(4000)));
        assert!(long.chars().count() == LONGEST && long.starts_with('…') && long.ends_with(".docx"));
        assert_eq!(plain(&long), long);
    }
}
