//! promtool, which checks metrics and alerts: the one on the `PATH`, or a private copy out of Debian's package.

use std::path::{Path, PathBuf};

use crate::debian;

/// The path of a promtool; none where there is none and none can be had. A test that needs it says so then.
pub(crate) fn find(folder: &Path) -> Option<PathBuf> {
    debian::unpacked("prometheus", "usr/bin/promtool", folder)
}
