//! Where the file of a driver is.
//!
//! The driver manager gives the name of `odbcinst.ini` to `dlopen`, which knows the folders of the system, and not
//! those in which distributions keep drivers.

use std::fs;
use std::path::{Path, PathBuf};

use odbc_api::Environment;

use crate::connection_string::ConnectionString;

/// Folders in which distributions keep drivers: Debian and 统信, RedHat, 银河麒麟 and openEuler, and what an
/// administrator built.
const FOLDERS: [&str; 5] =
    ["/usr/lib/{}/odbc", "/usr/lib64", "/usr/lib64/odbc", "/usr/lib/odbc", "/usr/local/lib"];
/// The folders of each architecture in a Debian system.
const ARCHITECTURES: [&str; 4] =
    ["x86_64-linux-gnu", "aarch64-linux-gnu", "loongarch64-linux-gnu", "mips64el-linux-gnuabi64"];

/// The same connection string, with the path of the driver if its registered name has no folder.
pub(crate) fn with_path(environment: &Environment, string: ConnectionString) -> ConnectionString {
    let registered = match (string.attribute("DRIVER"), string.attribute("DSN")) {
        (Some(driver), _) => file_of(environment, driver),
        (None, Some(dsn)) => {
            let sources = environment.data_sources().unwrap_or_default();
            let source = sources.into_iter().find(|source| source.server_name.eq_ignore_ascii_case(dsn));
            source.and_then(|source| file_of(environment, &source.driver))
        }
        (None, None) => None,
    };
    match registered.and_then(|name| found(&name, &folders())) {
        Some(path) => string.with_driver(&path.display().to_string()),
        None => string,
    }
}

/// The file that is registered for a driver; the name itself if it is a file.
fn file_of(environment: &Environment, driver: &str) -> Option<String> {
    let drivers = environment.drivers().unwrap_or_default();
    let known = drivers.into_iter().find(|known| known.description.eq_ignore_ascii_case(driver));
    let attribute = known.and_then(|known| {
        let named = |name: &str| known.attributes.get(name).filter(|file| !file.is_empty()).cloned();
        named("Driver64").or_else(|| named("Driver"))
    });
    attribute.or_else(|| driver.ends_with(".so").then(|| driver.to_owned()))
}

/// The path of a name without a folder.
fn found(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    if Path::new(name).components().count() != 1 || name.is_empty() {
        return None;
    }
    folders
        .iter()
        .map(|folder| folder.join(name))
        .find(|path| fs::metadata(path).is_ok_and(|at| at.is_file()))
}

fn folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for folder in FOLDERS {
        if folder.contains("{}") {
            folders.extend(ARCHITECTURES.map(|name| PathBuf::from(folder.replace("{}", name))));
        } else {
            folders.push(folder.into());
        }
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_folder_is_looked_up() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().join("no"), folder.path().to_owned()];
        fs::write(folder.path().join("libdodbc.so"), "").unwrap();
        assert_eq!(found("libdodbc.so", &folders), Some(folder.path().join("libdodbc.so")));
        assert_eq!(found("other.so", &folders), None);
        assert_eq!(found("/opt/dm/libdodbc.so", &folders), None, "it has a folder");
        assert_eq!(found("", &folders), None);
    }
}
