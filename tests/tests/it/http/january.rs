//! A whole January of a disclosure office in a real browser: the roster, forty reports, review, letters, corrections,
//! acceptance, the sum of the province, its notice and its export.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use tests::generate::{Generated, Kind, Layout, Options, generate_of};
use tests::skip::skip;

use super::{PICTURES, Up, new_key, playwright, run_script};

/// Every report follows from it.
const SEED: u64 = 20_261_130;
const YEAR: u16 = 2024;
const AGENCIES: usize = 40;
/// How many of them have an error in their first report.
const FAILING: usize = 8;

/// The numbers of forty agencies of one province, and the code of the province.
fn province() -> (String, Vec<u64>) {
    let mut provinces: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for number in 0.. {
        let code = report_of(number, None).truth.region_code;
        let code = code.get(..2).unwrap_or_default().to_owned();
        let agencies = provinces.entry(code.clone()).or_default();
        agencies.push(number);
        if agencies.len() == AGENCIES {
            return (code, agencies.clone());
        }
    }
    unreachable!("numbers do not end")
}

fn report_of(agency: u64, kind: Option<&'static Kind>) -> Generated {
    let options = Options { layouts: vec![Layout::Html], kind, ..Options::default() };
    generate_of(SEED, agency, YEAR, &options)
}

/// Writes a report into a folder, under a name of its own.
fn write(folder: &Path, number: usize, report: &Generated) -> PathBuf {
    let path = folder.join(format!("{number:02}-{}", report.file_name));
    fs::write(&path, &report.bytes).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn an_office_gets_through_january() {
    let (chromium, packages) = match playwright() {
        Ok(found) => found,
        Err((missing, enable)) => return skip("http::january", &missing, enable),
    };
    let (region, agencies) = province();
    let scratch = tempfile::tempdir().unwrap();
    let (first, corrected) = (scratch.path().join("first"), scratch.path().join("corrected"));
    fs::create_dir(&first).unwrap();
    fs::create_dir(&corrected).unwrap();
    let fault = Kind::of("T3-01").unwrap();
    let mut roster = "机关名称,区划代码\n".to_owned();
    let (mut first_files, mut corrected_files) = (Vec::new(), Vec::new());
    for (number, agency) in agencies.into_iter().enumerate() {
        let right = report_of(agency, None);
        roster += &format!("{},{}\n", right.truth.agency, right.truth.region_code);
        if number < FAILING {
            first_files.push(write(&first, number, &report_of(agency, Some(fault))));
            corrected_files.push(write(&corrected, number, &right));
        } else {
            first_files.push(write(&first, number, &right));
        }
    }
    let roster_file = scratch.path().join("roster.csv");
    fs::write(&roster_file, roster).unwrap();
    let keys = scratch.path().join("keys.toml");
    let operate = new_key(&keys, "operate", "operate", &[]);
    let people = json!({
        "submit": new_key(&keys, "submit", "submit", &["--region", &region]),
        "review": new_key(&keys, "review", "review", &[]),
        "lead": new_key(&keys, "lead", "lead", &[]),
    });
    let up = Up::start(&[], &[("GOUJI_KEYS", keys.to_str().unwrap())], &operate).await;
    let settings = json!({
        "url": up.url, "chromium": chromium, "pictures": PICTURES, "keys": people, "roster": roster_file,
        "region": region, "year": YEAR, "first": first_files, "corrected": corrected_files,
        "failing": FAILING, "deadline": "2036-02-15",
    });
    let said = run_script(&packages, "january.mjs", &settings).await;
    assert!(said.ends_with("\ndone\n"), "{said}");
}
