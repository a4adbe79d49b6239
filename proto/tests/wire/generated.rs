//! The committed code of the messages is what `gouji/v1/*.proto` generate.
//!
//! `GOUJI_GENERATE=1 cargo test -p proto --no-default-features --test wire` writes it instead of comparing;
//! `cargo xtask gen` does just that.

use std::fs;
use std::path::Path;

/// The generated files, one for each protobuf package.
const FILES: [&str; 2] = ["gouji.v1.rs", "gouji.bus.v1.rs"];

#[test]
fn committed_code_is_generated_from_the_proto_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let committed = root.join("src/generated");
    let fresh = tempfile::tempdir().unwrap();
    generate(root, fresh.path());
    for file in FILES {
        let (fresh, committed) = (fs::read_to_string(fresh.path().join(file)).unwrap(), committed.join(file));
        if std::env::var_os("GOUJI_GENERATE").is_some_and(|value| value == "1") {
            fs::write(&committed, fresh).unwrap();
        } else if fs::read_to_string(&committed).unwrap_or_default() != fresh {
            panic!("{} is not what the .proto files say; run `cargo xtask gen`", committed.display());
        }
    }
}

fn generate(root: &Path, out: &Path) {
    let files = ["gouji/v1/events.proto", "gouji/v1/report.proto", "gouji/bus/v1/bus.proto"];
    let descriptors = protox::compile(files, [root]).expect("the .proto files are sound");
    prost_build::Config::new().out_dir(out).compile_fds(descriptors).expect("they can be written as Rust");
}
