//! `gouji letter`: writes to an agency what it has to correct (整改意见).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use check::{Judge, check_file, today};
use clap::{Args, ValueEnum};
use parse::Readers;
use render::Addresser;
use report::{Date, Review};

use crate::client::Server;
use crate::files::walk;
use crate::language::text;
use crate::policy;
use crate::print::say;

/// Write the letter to an agency about its report.
#[derive(Debug, Args)]
pub(crate) struct Letter {
    #[command(flatten)]
    server: Server,
    /// A file, which this command checks; or the id or key of a report in a running pipeline.
    #[arg(value_name = "REPORT")]
    report: String,
    /// The form of the letter.
    #[arg(long, value_enum, default_value_t = Format::Html)]
    format: Format,
    /// Where to write it; by default in this folder, under the letter's title.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The office that sends the letter.
    #[arg(long)]
    name: Option<String>,
    /// The person to ask there.
    #[arg(long)]
    contact: Option<String>,
    /// The telephone of the office.
    #[arg(long)]
    telephone: Option<String>,
    /// The deadline for the correction, e.g. 2025-03-01.
    #[arg(long)]
    deadline: Option<Date>,
    /// The day of the letter; today by default.
    #[arg(long)]
    date: Option<Date>,
    /// Add the findings among all reports of the province and the year: sums, copies, deadlines. Only for a
    /// report in a running pipeline, which reads all of them for it.
    #[arg(long)]
    across: bool,
    /// A rule policy; see deploy/rule-policy.toml.
    #[arg(long, alias = "office", env = "GOUJI_RULE_POLICY", value_name = "FILE")]
    policy: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Html,
    Docx,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Docx => "docx",
        }
    }
}

impl Letter {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| runtime.block_on(self.write())))
    }

    async fn write(&self) -> Result<()> {
        let path = Path::new(&self.report);
        let (title, bytes) =
            if path.is_file() { self.of_file(path).await? } else { self.of_server().await? };
        let out = self.out.clone().unwrap_or_else(|| PathBuf::from(file_name(&title, self.format)));
        fs::write(&out, bytes).with_context(|| format!("writing {}", out.display()))?;
        say(&out.display().to_string());
        Ok(())
    }

    async fn of_file(&self, path: &Path) -> Result<(String, Vec<u8>)> {
        let readers = Readers::new().context("finding this program")?;
        let judge = Judge { policy: policy::read(self.policy.as_deref())?, day: today() };
        let mut files = Vec::new();
        walk(path, &mut |file, bytes| files.push((file, bytes)));
        if files.len() != 1 {
            let (path, count) = (path.display(), files.len());
            bail!(text!(
                "{path} 中有{count}个文件；一份整改意见只针对一份报告",
                "{path} contains {count} files; a letter is about one report"
            ));
        }
        let mut reviews: Vec<Review> = Vec::new();
        for (file, bytes) in files {
            match check_file(&readers, &judge, file, bytes).await.outcome {
                Ok(review) => reviews.push(review),
                Err(unreadable) => {
                    bail!("{}: {} ({})", path.display(), unreadable.message, unreadable.detail)
                }
            }
        }
        let review = reviews.pop().context("no report")?;
        let addresser = Addresser {
            name: self.name.clone(),
            contact: self.contact.clone(),
            telephone: self.telephone.clone(),
            deadline: self.deadline,
            ..Addresser::default()
        };
        let name = path.file_name().map(|name| name.to_string_lossy());
        let letter = render::letter(&review, name.as_deref(), &addresser, self.date.or_else(today));
        let bytes = match self.format {
            Format::Html => letter.html().into_bytes(),
            Format::Docx => letter.docx()?,
        };
        Ok((letter.title().to_owned(), bytes))
    }

    async fn of_server(&self) -> Result<(String, Vec<u8>)> {
        let [deadline, date] = [self.deadline, self.date].map(|date| date.map(|date| date.to_string()));
        let given = [
            ("name", &self.name),
            ("contact", &self.contact),
            ("telephone", &self.telephone),
            ("deadline", &deadline),
            ("date", &date),
        ];
        let mut query = vec![("format", self.format.name())];
        query.extend(given.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))));
        if self.across {
            query.push(("across", "true"));
        }
        let path = format!("/api/v1/reports/{}/letter", self.report);
        let bytes = self.server.download(&path, &query).await?;
        Ok((format!("整改意见-{}", self.report), bytes))
    }
}

/// A file name from the title, without the characters that mean something to a file system.
fn file_name(title: &str, format: Format) -> String {
    let plain: String = title.chars().filter(|c| !c.is_control() && !"/\\:*?\"<>|".contains(*c)).collect();
    let short: String = plain.chars().take(60).collect();
    format!("{short}.{}", format.name())
}
