//! The API does what its description says, tried by schemathesis.

use std::process::{Command, Output};

use tests::{pip, skip::skip};

use super::Up;

/// The version that was tried; a newer one has other checks.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";
/// The same requests on every run.
const SEED: &str = "20251128";
/// Requests for each operation and kind of data.
const EXAMPLES: &str = "12";

fn run(command: &mut Command) -> Result<String, String> {
    let Output { status, stdout, stderr } = command.output().map_err(|error| error.to_string())?;
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    if status.success() { Ok(said) } else { Err(said) }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_does_what_its_description_says() {
    let folder = match pip::installed("schemathesis", &[SCHEMATHESIS]) {
        Ok(folder) => folder,
        Err(why) => {
            skip("http::description", &format!("schemathesis cannot be installed: {why}"), "pip needs PyPI");
            return;
        }
    };
    let up = Up::with(&["page-utf8.html", "tabs-row-without-figures.txt"]).await;
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/http/schemathesis.toml");
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", &folder).args(["-m", "schemathesis.cli", "--config-file", config, "run"]);
    command.arg(up.at("/openapi.json")).args(["--seed", SEED, "--max-examples", EXAMPLES]);
    // It writes what it learned about the API into its working folder.
    let scratch = tempfile::tempdir().unwrap();
    command.args(["--checks", "all", "--no-color"]).current_dir(scratch.path());
    let tried = tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap();
    let said = tried.unwrap_or_else(|said| panic!("{said}"));
    assert!(said.contains("Test cases:") && said.contains(" passed"), "{said}");
}
