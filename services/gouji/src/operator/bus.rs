//! `gouji bus init`: a user of the bus for each process, and the configuration of nats-server for them.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use bus::UserKey;
use clap::{Args, Subcommand};

use crate::language::text;
use crate::print::say;

/// Set up the users of the bus and their permissions.
#[derive(Debug, Args)]
pub(crate) struct Bus {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a seed for each process and the configuration of nats-server. Files that exist stay as they are.
    Init {
        /// The folder to fill.
        #[arg(default_value = FOLDER)]
        folder: PathBuf,
        /// The path of that folder for nats-server, if it differs, as in a container.
        #[arg(long, value_name = "FOLDER")]
        place: Option<PathBuf>,
    },
}

/// The users of the bus; `deploy/nats/permissions.conf` has the permissions of each.
const NAMES: [&str; 7] = ["ingest", "parse", "validate", "index", "console", "operator", "observer"];

/// Files that are written once and then belong to the operator: permissions, one server, one of three.
const SHIPPED: [(&str, &str); 3] = [
    ("permissions.conf", include_str!("../../../../deploy/nats/permissions.conf")),
    ("nats-server.conf", include_str!("../../../../deploy/nats/nats-server.conf")),
    ("cluster.conf", include_str!("../../../../deploy/nats/cluster.conf")),
];

/// The folder that these files name.
const FOLDER: &str = "/etc/gouji/nats";

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
    close_to_others(&seeds)?;
    let mut users = String::new();
    for name in NAMES {
        let key = seed(&seeds.join(format!("{name}.nk")))?;
        let may = format!("{}_MAY", name.to_uppercase());
        writeln!(users, "    {{ nkey: {}, permissions: ${may} }} # {name}", key.public())?;
    }
    let identities = folder.join("identities.conf");
    users += &users_of_others(&fs::read_to_string(&identities).unwrap_or_default());
    let text = format!(
        "# Written by `gouji bus init` from seeds/. To give one of these users a new seed, delete its file there,\n\
         # run the command again, and then: nats-server --signal reload. Users of your own stay; give each a\n\
         # line.\n\
         include \"permissions.conf\"\n\nauthorization {{\n  users: [\n{users}  ]\n}}\n"
    );
    fs::write(&identities, text).with_context(|| format!("writing {}", identities.display()))?;
    let written = identities.display();
    say(&text!("已写入 {written}", "wrote {written}"));
    let place = place.unwrap_or(&folder).display().to_string();
    for (name, shipped) in SHIPPED {
        ensure!(
            !place.contains(['"', '\\', '\n']),
            text!(
                "{place} 不能写进配置文件，请换一个文件夹",
                "a configuration cannot contain {place}; choose another folder"
            )
        );
        ship(&folder.join(name), &shipped.replace(FOLDER, &place))?;
    }
    let (target, seeds, config) = (folder.display(), seeds.display(), folder.join("nats-server.conf"));
    let config = config.display();
    say(&text!(
        "下一步：把服务器证书、私钥和签发机构证书放到 {target}，分别命名为 tls/server.pem、tls/server.key 和 tls/ca.pem；\n\
         用 GOUJI_NATS_NKEY 给每个进程指定 {seeds} 中它自己的文件，用 GOUJI_NATS_CA 指定签发机构证书；\n\
         检查：nats-server -t -c {config}",
        "next: put the server's certificate, its key and the authority's certificate into {target} as tls/server.pem, \
         tls/server.key and tls/ca.pem;\n\
         give each process its file of {seeds} in GOUJI_NATS_NKEY and the authority's certificate in GOUJI_NATS_CA;\n\
         check with: nats-server -t -c {config}"
    ));
    Ok(())
}

/// The lines between the brackets with users that this command did not write.
fn users_of_others(text: &str) -> String {
    let lines = text.lines().skip_while(|line| line.trim() != "users: [").skip(1);
    let theirs = lines
        .take_while(|line| line.trim() != "]")
        .filter(|line| !NAMES.iter().any(|name| line.trim_end().ends_with(&format!("# {name}"))));
    theirs.flat_map(|line| [line, "\n"]).collect()
}

/// Reads the seed of a user, or makes a new one.
fn seed(path: &Path) -> Result<UserKey> {
    if path.exists() {
        return UserKey::of_file(path);
    }
    let key = UserKey::generate();
    let write = |file: &mut File| -> Result<()> {
        file.write_all(format!("{}\n", key.seed()?).as_bytes())?;
        Ok(file.sync_all()?)
    };
    let mut file = new_private_file(path).with_context(|| format!("making {}", path.display()))?;
    write(&mut file).with_context(|| format!("writing {}", path.display()))?;
    let made = path.display();
    say(&text!("已生成 {made}", "made {made}"));
    Ok(key)
}

/// Writes a shipped file; if somebody has changed it, a new file beside it.
fn ship(path: &Path, text: &str) -> Result<()> {
    let existing = fs::read_to_string(path).ok();
    if existing.as_deref() == Some(text) {
        return Ok(());
    }
    let path = if existing.is_none() { path.to_owned() } else { path.with_extension("conf.new") };
    fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    let written = path.display();
    match existing {
        None => say(&text!("已写入 {written}", "wrote {written}")),
        Some(_) => say(&text!(
            "已写入 {written}：与现有文件不同，请自行合并",
            "wrote {written}: yours differs; merge what you want"
        )),
    }
    Ok(())
}

/// Creates a file that only its owner may read.
#[cfg(unix)]
pub(crate) fn new_private_file(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
pub(crate) fn new_private_file(path: &Path) -> std::io::Result<File> {
    File::create_new(path)
}

#[cfg(unix)]
fn close_to_others(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
        .with_context(|| format!("closing {} to others", path.display()))
}

#[cfg(not(unix))]
fn close_to_others(_: &Path) -> Result<()> {
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
