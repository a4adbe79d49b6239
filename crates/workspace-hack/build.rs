//! Empty: with a build script, the build-dependencies of the manifest are compiled.
fn main() {}
