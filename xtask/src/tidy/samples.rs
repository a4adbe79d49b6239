//! Every sample has its golden reading, and a line that says why it is there.

use super::Complaint;
use super::source::Text;

/// Complains of samples without one of the two, and of readings without a sample.
pub(super) fn check(paths: &[String], texts: &[Text]) -> Vec<Complaint> {
    let readme = texts.iter().find(|text| text.path == "samples/README.md");
    let readme = readme.map_or("", |readme| readme.text.as_str());
    let files: Vec<&str> = paths.iter().filter_map(|path| path.strip_prefix("samples/")).collect();
    let (golden, samples): (Vec<&str>, Vec<&str>) = files
        .into_iter()
        .filter(|file| *file != "README.md")
        .partition(|file| file.ends_with(".golden.json"));
    let stem = |file: &str| file.rsplit_once('.').map_or(file.to_owned(), |(stem, _)| stem.to_owned());
    let mut complaints = Vec::new();
    for sample in &samples {
        let place = format!("samples/{sample}");
        let reading = format!("{}.golden.json", stem(sample));
        if !golden.contains(&reading.as_str()) {
            let what = format!("its golden reading {reading} is missing");
            complaints.push(Complaint::new(
                &place,
                what,
                "write it with `gouji check --format json`, and read it",
            ));
        }
        if !readme.contains(&format!("`{sample}`")) {
            let mend = "say in one line why it is there";
            complaints.push(Complaint::new(&place, "samples/README.md does not name it", mend));
        }
    }
    for reading in golden {
        let name = reading.trim_end_matches(".golden.json");
        if !samples.iter().any(|sample| stem(sample) == name) {
            let place = format!("samples/{reading}");
            complaints.push(Complaint::new(place, "the sample it belongs to is gone", "take it out too"));
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
        assert_eq!(complaints(&["README.md", "a.txt", "a.golden.json"], "- `a.txt`: tabs."), 0);
        assert_eq!(complaints(&["a.txt", "a.golden.json"], ""), 1);
        assert_eq!(complaints(&["a.txt"], "- `a.txt`: tabs."), 1);
        assert_eq!(complaints(&["a.golden.json"], ""), 1);
    }
}
