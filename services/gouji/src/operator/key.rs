//! `gouji key`: API keys.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use access::key::{generate, hash_of, parse};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use report::Date;

use crate::language::text;
use crate::print::say;

/// Make API keys, and list them.
#[derive(Debug, Args)]
pub(crate) struct Key {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a key. It is printed once and stored nowhere; the file of keys contains its hash.
    New(New),
    /// List the keys of a file, or print what is wrong in it.
    List {
        /// The file of keys.
        #[arg(long, env = "GOUJI_KEYS", value_name = "FILE")]
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
struct New {
    /// The name of its owner, for the audit trail and for the reports sent with it.
    #[arg(long)]
    name: String,
    /// What its owner may do.
    #[arg(long, value_enum)]
    role: Role,
    /// Code of a region whose reports it may send or see; repeat for several. Not for `operate`.
    #[arg(long = "region", value_name = "CODE")]
    regions: Vec<String>,
    /// Name of an agency whose reports it may send, as in the reports; repeat for several. Only for `submit`.
    #[arg(long = "agency", value_name = "NAME")]
    agencies: Vec<String>,
    /// The last day on which it is valid, e.g. 2027-03-31.
    #[arg(long, value_name = "DAY")]
    expires: Option<Date>,
    /// Add it to this file of keys, which is created if it is missing; running services read it at once.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Role {
    /// Send, withdraw and see the reports of its own agencies.
    Submit,
    /// See, judge and export the reports of its regions, or all.
    Review,
    /// What reviewers do, and waivers, acceptance of many, the rule policy, notices.
    Lead,
    /// Everything.
    Operate,
}

impl Key {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(match &self.verb {
            Verb::New(new) => new.make(),
            Verb::List { file } => list(file),
        })
    }
}

impl New {
    fn make(&self) -> Result<()> {
        let key = generate()?;
        let block = self.block(&hash_of(&key));
        let known = match &self.file {
            Some(file) if file.exists() => read(file)?,
            _ => String::new(),
        };
        // Parsed together with the known keys, so that no name occurs twice.
        if let Err(wrong) = parse(&format!("{known}\n{block}")) {
            bail!("{}", wrong.what);
        }
        match &self.file {
            Some(file) => {
                let opened = OpenOptions::new().create(true).append(true).open(file);
                let written = opened.and_then(|mut opened| opened.write_all(format!("\n{block}").as_bytes()));
                written.with_context(|| format!("writing {}", file.display()))?;
                let (name, file) = (&self.name, file.display());
                eprintln!(
                    "{}",
                    text!(
                        "已把 {name} 加入 {file}；密钥只显示这一次，请妥善保存：",
                        "added {name} to {file}; the key is stored nowhere else, so keep it now:"
                    )
                );
            }
            None => eprintln!(
                "{}",
                text!(
                    "请把下面几行加入密钥文件（GOUJI_KEYS）：\n\n{block}\n并妥善保存密钥：",
                    "add this to the file of keys (GOUJI_KEYS):\n\n{block}\nand keep the key itself:"
                )
            ),
        }
        say(&key);
        Ok(())
    }

    fn block(&self, hash: &str) -> String {
        let list = |of: &[String]| of.iter().map(|one| quoted(one)).collect::<Vec<_>>().join(", ");
        let role = match self.role {
            Role::Submit => "submit",
            Role::Review => "review",
            Role::Lead => "lead",
            Role::Operate => "operate",
        };
        let mut block =
            format!("[[key]]\nname = {}\nrole = \"{role}\"\nsha256 = \"{hash}\"\n", quoted(&self.name));
        for (name, values) in [("regions", &self.regions), ("agencies", &self.agencies)] {
            if !values.is_empty() {
                block.push_str(&format!("{name} = [{}]\n", list(values)));
            }
        }
        if let Some(day) = self.expires {
            block.push_str(&format!("expires = \"{day}\"\n"));
        }
        block
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|letter| match letter {
        '"' | '\\' => format!("\\{letter}"),
        letter if letter.is_control() => format!("\\u{:04X}", u32::from(letter)),
        letter => letter.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

fn list(file: &Path) -> Result<()> {
    let keys = parse(&read(file)?).map_err(|wrong| anyhow::anyhow!("{}: {wrong}", file.display()))?;
    for key in keys {
        let scope = key.scope.unwrap_or_default();
        let only = [scope.regions, scope.agencies].concat().join("、");
        let expires = key.expires.map(|day| format!("至{day}")).unwrap_or_default();
        say([key.role.name(), &key.name, &only, &expires].join("  ").trim_end());
    }
    Ok(())
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))
}
