//! Every sample has its golden reading, and a line with its reason.

use super::Complaint;
use super::source::Text;

/// Complains of samples without one of the two, and of readings without a sample.
pub(super) fn check(paths: &[String], texts: &[Text]) -> Vec<Complaint> {
    let readme = texts.iter().find(|text| text.path == "samples/README.md");
    let readme = readme.map_or("", |readme| readme.text.as_str());
    let below = |folder: &'static str| paths.iter().filter_map(move |path| path.strip_prefix(folder));
    let stem = |file: &str| file.rsplit_once('.').map_or(file.to_owned(), |(stem, _)| stem.to_owned());
    let mut complaints = Vec::new();
    for sample in below("samples/reports/") {
        let at = format!("samples/reports/{sample}");
        if !below("samples/golden/").any(|golden| stem(golden) == stem(sample)) {
            let fix =
                "GOUJI_GENERATE=1 cargo test -p tests -- samples:: writes it; read it before you commit it";
            complaints.push(Complaint::new(&at, "its golden reading is missing", fix));
        }
        if !readme.contains(&format!("`{sample}`")) {
            let fix = "say in one line why the sample exists";
            complaints.push(Complaint::new(&at, "samples/README.md does not name it", fix));
        }
    }
    for golden in below("samples/golden/") {
        if !below("samples/reports/").any(|sample| stem(sample) == stem(golden)) {
            let at = format!("samples/golden/{golden}");
            complaints.push(Complaint::new(at, "its sample does not exist", "delete it too"));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_needs_its_reading_and_its_line() {
        let complaints = |files: &[&str], readme: &str| {
            let paths: Vec<String> = files.iter().map(|file| format!("samples/{file}")).collect();
            let readme = Text { path: "samples/README.md".into(), text: readme.into() };
            check(&paths, &[readme]).len()
        };
        assert_eq!(complaints(&["README.md", "reports/a.txt", "golden/a.txt"], "- `a.txt`: tabs."), 0);
        assert_eq!(complaints(&["reports/a.txt", "golden/a.txt"], ""), 1);
        assert_eq!(complaints(&["reports/a.txt"], "- `a.txt`: tabs."), 1);
        assert_eq!(complaints(&["golden/a.txt"], ""), 1);
    }
}
