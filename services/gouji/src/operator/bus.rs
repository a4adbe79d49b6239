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

/// The users of the account of the log, and the users of the account of its readers; `deploy/nats/permissions.conf`
/// has the permissions of each.
const OF_LOG: [&str; 7] = ["ingest", "parse", "validate", "index", "console", "deliver", "operator"];
const OF_READERS: [&str; 1] = ["observer"];

/// The two accounts with `{log}` and `{readers}` for their users. What goes from LOG to READERS is live facts, and
/// the copy of them that the stream EXPORT makes by a consumer on the log; nothing goes back but the requests for
/// that consumer, which the server makes itself. The operator of LOG sets up the streams of READERS.
const ACCOUNTS: &str = r#"accounts {
  LOG: {
    jetstream: enabled
    exports: [
      { stream: "gouji.v1.validated.>", accounts: [READERS] }
      { stream: "gouji.v1.indexed.>", accounts: [READERS] }
      { stream: "gouji.export.>", accounts: [READERS] }
      { service: "$JS.API.CONSUMER.CREATE.GOUJI", accounts: [READERS] }
      { service: "$JS.API.CONSUMER.CREATE.GOUJI.>", accounts: [READERS] }
      { service: "$JS.API.CONSUMER.DELETE.GOUJI.>", accounts: [READERS] }
      { service: "$JS.FC.>", accounts: [READERS] }
    ]
    imports: [
      { service: { account: READERS, subject: "$JS.API.>" }, to: "READERS.API.>" }
    ]
    users: [
{log}    ]
  }
  READERS: {
    jetstream: enabled
    exports: [
      { service: "$JS.API.>", accounts: [LOG] }
    ]
    imports: [
      { stream: { account: LOG, subject: "gouji.v1.validated.>" } }
      { stream: { account: LOG, subject: "gouji.v1.indexed.>" } }
      { stream: { account: LOG, subject: "gouji.export.>" } }
      { service: { account: LOG, subject: "$JS.API.CONSUMER.CREATE.GOUJI" }, to: "LOG.API.CONSUMER.CREATE.GOUJI" }
      { service: { account: LOG, subject: "$JS.API.CONSUMER.CREATE.GOUJI.>" }, to: "LOG.API.CONSUMER.CREATE.GOUJI.>" }
      { service: { account: LOG, subject: "$JS.API.CONSUMER.DELETE.GOUJI.>" }, to: "LOG.API.CONSUMER.DELETE.GOUJI.>" }
      { service: { account: LOG, subject: "$JS.FC.>" } }
    ]
    users: [
{readers}    ]
  }
}
"#;

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
    let users = |names: &[&str]| -> Result<String> {
        let mut users = String::new();
        for name in names {
            let key = seed(&seeds.join(format!("{name}.nk")))?;
            let may = format!("{}_MAY", name.to_uppercase());
            writeln!(users, "      {{ nkey: {}, permissions: ${may} }} # {name}", key.public())?;
        }
        Ok(users)
    };
    let identities = folder.join("identities.conf");
    let others = Others::of(&fs::read_to_string(&identities).unwrap_or_default());
    let log = users(&OF_LOG)? + &others.of_log;
    let readers = users(&OF_READERS)? + &others.of_readers;
    let text = "# Written by `gouji bus init` from seeds/. To give one of these users a new seed, delete its file there,\n\
         # run the command again, and then: nats-server --signal reload. Users of your own stay; give each a\n\
         # line.\n\
         include \"permissions.conf\"\n\n"
        .to_owned()
        + &ACCOUNTS.replace("{log}", &log).replace("{readers}", &readers);
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

/// The lines with users that this command did not write, by account.
#[derive(Debug, Default, PartialEq)]
struct Others {
    of_log: String,
    of_readers: String,
}

impl Others {
    /// Reads them from `identities.conf`. A file of an earlier version has one account; users of others in it are
    /// foreign data buses.
    fn of(text: &str) -> Self {
        let mut others = Self::default();
        let mut lists = 0;
        let mut within = false;
        let is_earlier = !text.contains("accounts {");
        let is_ours = |line: &str| {
            let names = OF_LOG.iter().chain(&OF_READERS);
            names.into_iter().any(|name| line.trim_end().ends_with(&format!("# {name}")))
        };
        for line in text.lines() {
            match line.trim() {
                "users: [" => (within, lists) = (true, lists + 1),
                "]" => within = false,
                _ if within && !is_ours(line) => {
                    let into =
                        if lists == 1 && !is_earlier { &mut others.of_log } else { &mut others.of_readers };
                    into.extend([line, "\n"]);
                }
                _ => (),
            }
        }
        others
    }
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
        let ours = "    { nkey: UXYZ, permissions: $PARSE_MAY } # parse\n";
        let (backup, province) = (
            "    { nkey: UDEF, permissions: $BACKUP_MAY } # backup\n",
            "    { nkey: UABC, permissions: $OBSERVER_OF_61_MAY } # bus of the province\n",
        );
        let earlier = format!("authorization {{\n  users: [\n{ours}{province}  ]\n}}\n");
        assert_eq!(Others::of(&earlier), Others { of_readers: province.into(), ..Others::default() });
        let now = ACCOUNTS
            .replace("{log}", &format!("{ours}{backup}"))
            .replace("{readers}", &format!("    {{ nkey: U1 }} # observer\n{province}"));
        assert_eq!(Others::of(&now), Others { of_log: backup.into(), of_readers: province.into() });
        assert_eq!(Others::of(""), Others::default());
    }
}
