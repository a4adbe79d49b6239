//! `gouji bus init`: a user of the bus for each process, and what nats-server has to know of them.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand};
use stage::UserKey;

use crate::print::say;

/// Set up who may do what on the bus.
#[derive(Debug, Args)]
pub(crate) struct Bus {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a seed for each process and the configuration of nats-server; what is there already stays.
    Init {
        /// The folder to fill.
        #[arg(default_value = PLACE)]
        folder: PathBuf,
        /// Where nats-server will see it, where that is another place, as in a container.
        #[arg(long, value_name = "FOLDER")]
        place: Option<PathBuf>,
    },
}

/// Who comes to the bus; `deploy/nats/permissions.conf` says what each may do.
const NAMES: [&str; 7] = ["ingest", "parse", "validate", "index", "console", "operator", "observer"];

/// What is written as it is shipped, and then the operator's: what each may do, one server, one of three.
const SHIPPED: [(&str, &str); 3] = [
    ("permissions.conf", include_str!("../../../../deploy/nats/permissions.conf")),
    ("nats-server.conf", include_str!("../../../../deploy/nats/nats-server.conf")),
    ("cluster.conf", include_str!("../../../../deploy/nats/cluster.conf")),
];

/// The folder that the shipped files name.
const PLACE: &str = "/etc/gouji/nats";

impl Bus {
    pub(crate) fn run(&self) -> ExitCode {
        let Verb::Init { folder, place } = &self.verb;
        crate::report(init(folder, place.as_deref()))
    }
}

fn init(folder: &Path, place: Option<&Path>) -> Result<()> {
    let seeds = folder.join("seeds");
    fs::create_dir_all(&seeds).with_context(|| format!("making {}", seeds.display()))?;
    let folder = folder.canonicalize().with_context(|| format!("opening {}", folder.display()))?;
    let seeds = folder.join("seeds");
    only_for_us(&seeds)?;
    let mut users = String::new();
    for name in NAMES {
        let key = seed(&seeds.join(format!("{name}.nk")))?;
        let may = format!("{}_MAY", name.to_uppercase());
        writeln!(users, "    {{ nkey: {}, permissions: ${may} }} # {name}", key.public())?;
    }
    let identities = folder.join("identities.conf");
    users += &users_of_others(&fs::read_to_string(&identities).unwrap_or_default());
    let text = format!(
        "# Written by `gouji bus init` from seeds/. To give one of ours a new seed, delete its file there, run\n\
         # the command again, and tell nats-server: nats-server --signal reload. Users of your own stay; give\n\
         # each a line.\n\
         include \"permissions.conf\"\n\nauthorization {{\n  users: [\n{users}  ]\n}}\n"
    );
    fs::write(&identities, text).with_context(|| format!("writing {}", identities.display()))?;
    say(&format!("wrote {}", identities.display()));
    let place = place.unwrap_or(&folder).display().to_string();
    for (name, shipped) in SHIPPED {
        ensure!(
            !place.contains(['"', '\\', '\n']),
            "{place} cannot stand in a configuration; take another folder"
        );
        ship(&folder.join(name), &shipped.replace(PLACE, &place))?;
    }
    say(&format!(
        "next: put the server's certificate, its key and the authority's certificate into {} as tls/server.pem, \
         tls/server.key and tls/ca.pem;\ngive each process its file of {} in GOUJI_NATS_NKEY and the authority's \
         certificate in GOUJI_NATS_CA;\ncheck with: nats-server -t -c {}",
        folder.display(),
        seeds.display(),
        folder.join("nats-server.conf").display(),
    ));
    Ok(())
}

/// The lines between the brackets that are not ours.
fn users_of_others(text: &str) -> String {
    let lines = text.lines().skip_while(|line| line.trim() != "users: [").skip(1);
    let theirs = lines
        .take_while(|line| line.trim() != "]")
        .filter(|line| !NAMES.iter().any(|name| line.trim_end().ends_with(&format!("# {name}"))));
    theirs.flat_map(|line| [line, "\n"]).collect()
}

/// The seed that is there, or a new one.
fn seed(path: &Path) -> Result<UserKey> {
    if path.exists() {
        return UserKey::of_file(path);
    }
    let key = UserKey::generate();
    let write = |file: &mut File| -> Result<()> {
        file.write_all(format!("{}\n", key.seed()?).as_bytes())?;
        Ok(file.sync_all()?)
    };
    let mut file = new_for_us(path).with_context(|| format!("making {}", path.display()))?;
    write(&mut file).with_context(|| format!("writing {}", path.display()))?;
    say(&format!("made {}", path.display()));
    Ok(key)
}

/// Writes what is shipped; beside it where somebody has changed it.
fn ship(path: &Path, text: &str) -> Result<()> {
    let there = fs::read_to_string(path).ok();
    if there.as_deref() == Some(text) {
        return Ok(());
    }
    let path = if there.is_none() { path.to_owned() } else { path.with_extension("conf.new") };
    fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    match there {
        None => say(&format!("wrote {}", path.display())),
        Some(_) => say(&format!("wrote {}: yours differs; take over what you want", path.display())),
    }
    Ok(())
}

/// A new file that nobody but its owner reads.
#[cfg(unix)]
pub(crate) fn new_for_us(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
pub(crate) fn new_for_us(path: &Path) -> std::io::Result<File> {
    File::create_new(path)
}

#[cfg(unix)]
fn only_for_us(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
        .with_context(|| format!("closing {} to others", path.display()))
}

#[cfg(not(unix))]
fn only_for_us(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_of_others_stay() {
        let theirs = "    { nkey: UABC, permissions: $OBSERVER_OF_61_MAY } # bus of the province";
        let text = format!(
            "authorization {{\n  users: [\n    {{ nkey: UXYZ, permissions: $PARSE_MAY }} # parse\n{theirs}\n  ]\n}}\n"
        );
        assert_eq!(users_of_others(&text), format!("{theirs}\n"));
        assert_eq!(users_of_others(""), "");
    }
}
