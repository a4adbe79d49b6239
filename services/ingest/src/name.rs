//! File names as senders give them.

/// Longest name, in characters; file systems allow 255 bytes for each of its parts.
const LONGEST: usize = 255;

/// Makes a name safe to show, log and list: removes control characters, marks of direction, `.` and `..`, and API
/// keys. The name is never used as a path.
pub(crate) fn sanitize(name: &str) -> String {
    let shown: String =
        access::redact(name).chars().map(|letter| if is_invisible(letter) { '_' } else { letter }).collect();
    let parts: Vec<&str> = shown
        .split(['/', '\\'])
        .map(str::trim)
        .filter(|part| !part.is_empty() && !part.chars().all(|letter| letter == '.'))
        .collect();
    let plain = parts.join("/");
    // A name that is too long keeps its end, which has the extension.
    let over = plain.chars().count().saturating_sub(LONGEST);
    let end = plain.chars().skip(if over == 0 { 0 } else { over + 1 });
    match (plain.is_empty(), over) {
        (true, _) => "upload".into(),
        (_, 0) => plain,
        _ => std::iter::once('…').chain(end).collect(),
    }
}

/// Control characters, line separators, marks of direction, and characters without width.
fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sanitized() {
        let check = |name: &str, expected: &str| assert_eq!(sanitize(name), expected, "{name:?}");
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
        let long = sanitize(&format!("{}.docx", "长".repeat(4000)));
        assert!(long.chars().count() == LONGEST && long.starts_with('…') && long.ends_with(".docx"));
        assert_eq!(sanitize(&long), long);
    }
}
