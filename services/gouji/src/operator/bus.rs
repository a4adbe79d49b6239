//! `gouji bus init`: a user of the bus for each process, and the configuration of nats-server for them.
//! `gouji bus export`: an account for each region that copies what leaves.

mod export;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use bus::UserKey;
use clap::{Args, Subcommand};
use proto::subject;

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
    /// Let regions copy what leaves about them: an account, a user and a copy of the stream EXPORT for each.
    Export(export::Export),
}

/// The users of the account of the log; `deploy/nats/permissions.conf` has the permissions of each.
const OF_LOG: [&str; 7] = ["ingest", "parse", "validate", "index", "console", "deliver", "operator"];

/// The account of the log, with `{apis}` for the requests of the operator to the accounts of regions, `{log}` for its
/// users and `{regions}` for those accounts. What it exports is outward messages, and consumers on their stream.
const ACCOUNTS: &str = r#"accounts {
  LOG: {
    jetstream: enabled
    exports: [
      { stream: "gouji.bus.v1.>" }
      { stream: "gouji.export.>" }
      { service: "$JS.API.CONSUMER.CREATE.EXPORT.>" }
      { service: "$JS.API.CONSUMER.DELETE.EXPORT.>" }
      { service: "$JS.FC.>" }
    ]
    imports: [
{apis}    ]
    users: [
{log}    ]
  }
{regions}}
"#;

/// The account of a region. It hears the messages about the region, and its stream EXPORT copies them by a consumer
/// that the server makes; the import lets it have no consumer on anything else. An answer to a user of it stays in it.
const REGION: &str = r#"  REGION_{code}: {
    jetstream: enabled
    exports: [
      { service: "$JS.API.>", accounts: [LOG] }
    ]
    imports: [
      { stream: { account: LOG, subject: "{subjects}" } }
      { stream: { account: LOG, subject: "gouji.export.{code}.>" } }
      { service: { account: LOG, subject: "$JS.API.CONSUMER.CREATE.EXPORT.*.{subjects}" }, to: "LOG.API.CONSUMER.CREATE.EXPORT.*.{subjects}" }
      { service: { account: LOG, subject: "$JS.API.CONSUMER.DELETE.EXPORT.>" }, to: "LOG.API.CONSUMER.DELETE.EXPORT.>" }
      { service: { account: LOG, subject: "$JS.FC.>" } }
    ]
    users: [
{users}    ]
  }
"#;

/// Files that are written once and then belong to the operator: permissions, one server, one of three, and the port
/// for the servers of regions.
const SHIPPED: [(&str, &str); 5] = [
    ("region.conf", include_str!("../../../../deploy/nats/region.conf")),
    ("leafnodes.conf", include_str!("../../../../deploy/nats/leafnodes.conf")),
    ("permissions.conf", include_str!("../../../../deploy/nats/permissions.conf")),
    ("nats-server.conf", include_str!("../../../../deploy/nats/nats-server.conf")),
    ("cluster.conf", include_str!("../../../../deploy/nats/cluster.conf")),
];

/// The folder that these files name.
const FOLDER: &str = "/etc/gouji/nats";

impl Bus {
    pub(crate) fn run(&self) -> ExitCode {
        match &self.verb {
            Verb::Init { folder, place } => crate::report(init(folder, place.as_deref())),
            Verb::Export(export) => export.run(),
        }
    }
}

fn init(folder: &Path, place: Option<&Path>) -> Result<()> {
    let seeds = folder.join("seeds");
    fs::create_dir_all(&seeds).with_context(|| format!("making {}", seeds.display()))?;
    let folder = folder.canonicalize().with_context(|| format!("opening {}", folder.display()))?;
    let seeds = folder.join("seeds");
    close_to_others(&seeds)?;
    let identities = folder.join("identities.conf");
    let text = identities_of(&folder, &regions(&seeds)?)?;
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

/// The text of `identities.conf` for the seeds in a folder; it makes those that are missing.
fn identities_of(folder: &Path, regions: &[String]) -> Result<String> {
    let seeds = folder.join("seeds");
    let user = |name: &str, may: &str| -> Result<String> {
        let key = seed(&seeds.join(format!("{name}.nk")))?;
        Ok(format!("      {{ nkey: {}, permissions: ${may} }} # {name}\n", key.public()))
    };
    let existing = fs::read_to_string(folder.join("identities.conf")).unwrap_or_default();
    let mut others = users_of_others(&existing);
    let mut log = String::new();
    for name in OF_LOG {
        log += &user(name, &format!("{}_MAY", name.to_uppercase()))?;
    }
    log += &others.remove("LOG").unwrap_or_default();
    let (mut apis, mut accounts) = (String::new(), String::new());
    for code in regions {
        let subjects = subject::outward_of(code)?;
        writeln!(
            apis,
            "      {{ service: {{ account: REGION_{code}, subject: \"$JS.API.>\" }}, to: \"REGION.{code}.API.>\" }}"
        )?;
        let account = format!("REGION_{code}");
        let users = user(&region_user(code), "REGION_MAY")? + &others.remove(&account).unwrap_or_default();
        accounts +=
            &REGION.replace("{code}", code).replace("{subjects}", &subjects).replace("{users}", &users);
    }
    for account in others.keys() {
        say(&text!(
            "账户 {account} 已取消，其中的用户没有保留；对外数据总线改用：gouji bus export apply --regions 区划代码",
            "the account {account} is no more, and its users are left out; for foreign data buses there is now: \
             gouji bus export apply --regions CODE"
        ));
    }
    // A server refuses a list of permissions that no user has.
    let of_regions = if regions.is_empty() { "" } else { "include \"region.conf\"\n" };
    Ok(format!(
        "# Written by `gouji bus init` and `gouji bus export` from seeds/. To give one of these users a new seed,\n\
         # delete its file there, run the command again, and then: nats-server --signal reload. Users of your own\n\
         # stay; give each a line.\n\
         include \"permissions.conf\"\n{of_regions}\n"
    ) + &ACCOUNTS.replace("{apis}", &apis).replace("{log}", &log).replace("{regions}", &accounts))
}

/// The name of the user of a region, and of the file with its seed.
fn region_user(code: &str) -> String {
    format!("region-{code}")
}

/// The codes of the regions that have a seed, in order.
fn regions(seeds: &Path) -> Result<Vec<String>> {
    let mut codes = Vec::new();
    for entry in fs::read_dir(seeds).with_context(|| format!("reading {}", seeds.display()))? {
        let name = entry?.file_name();
        let code = name.to_str().and_then(|name| name.strip_prefix("region-")?.strip_suffix(".nk"));
        codes.extend(code.filter(|code| subject::outward_of(code).is_ok()).map(str::to_owned));
    }
    codes.sort();
    Ok(codes)
}

/// The lines of `identities.conf` with users that these commands did not write, by account. A file of an earlier
/// version has no accounts, and users of others in it are foreign data buses; that is the account `READERS` here.
fn users_of_others(text: &str) -> BTreeMap<String, String> {
    let mut others = BTreeMap::<String, String>::new();
    let mut account = "READERS";
    let mut within = false;
    let is_ours = |line: &str| {
        let name = line.trim_end().rsplit("# ").next().unwrap_or_default();
        OF_LOG.contains(&name) || name == "observer" || name.starts_with("region-")
    };
    for line in text.lines() {
        match line.trim() {
            "users: [" => within = true,
            "]" => within = false,
            _ if within && !is_ours(line) => {
                others.entry(account.to_owned()).or_default().extend([line, "\n"]);
            }
            named if !within && named.ends_with(": {") => account = named.trim_end_matches(": {"),
            _ => (),
        }
    }
    others
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
        let check = |text: &str, expected: &[(&str, &str)]| {
            let expected =
                expected.iter().map(|(account, lines)| ((*account).to_owned(), (*lines).to_owned()));
            assert_eq!(users_of_others(text), expected.collect(), "{text}");
        };
        check(&format!("authorization {{\n  users: [\n{ours}{province}  ]\n}}\n"), &[("READERS", province)]);
        let region =
            REGION.replace("{code}", "3704").replace("{users}", &format!("{province}      # region-3704\n"));
        let now = ACCOUNTS.replace("{log}", &format!("{ours}{backup}")).replace("{regions}", &region);
        check(&now, &[("LOG", backup), ("REGION_3704", province)]);
        check("", &[]);
    }
}
