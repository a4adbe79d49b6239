//! All automation: demo, test, ci, bench, gen and tidy.
fn main() {}
