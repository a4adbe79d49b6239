//! The targets under libFuzzer; `cargo xtask fuzz` builds and runs this.
#![no_main]

use std::sync::LazyLock;

use fuzz::Target;
use libfuzzer_sys::fuzz_target;

/// libFuzzer has the command line to itself.
static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("GOUJI_FUZZ_TARGET").unwrap_or_default();
    Target::named(&name).unwrap_or_else(|| {
        let names: Vec<&str> = fuzz::TARGETS.iter().map(|target| target.name).collect();
        panic!("GOUJI_FUZZ_TARGET is `{name}`; set it to one of {}", names.join(", "))
    })
});

fuzz_target!(|input: &[u8]| TARGET.run(input));
