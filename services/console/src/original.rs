//! Originals as a person sees them: drawn pages, and other documents as text and tables.
//!
//! Nothing of an original is read in this process: children in a sandbox do it. What they make is kept in memory for
//! a while, because a page is looked at again and again.

mod cache;
mod places;
mod renderer;

use std::sync::Arc;
use std::time::Duration;

use rendition::{Page, Rendition, Target};
use sandbox::{Limits, Pool, Program, SandboxError};
use tokio::sync::OnceCell;
use worker::SandboxRequirement;

use self::cache::Cache;
use self::renderer::{Answer, Refused, Request};
use crate::problem::{self, Problem};

pub(crate) use self::places::{Place, finding_name, places, targets};
pub(crate) use self::renderer::{RENDERER_VERB, run_renderer};

/// What drawing one page, or reading one document, may cost.
pub(crate) const LIMITS: Limits = Limits {
    // A scanned page of 8 megapixels takes 100 MB while it is decoded and drawn.
    memory_bytes: 320 << 20,
    // A page of text takes 0.1 s, a scanned one 1 s.
    cpu_seconds: 10,
    // A person waits for it.
    wall: Duration::from_secs(30),
    // Starting a child takes as long as drawing a page.
    requests: 200,
    reuse_bytes: 128 << 20,
    background: false,
};
/// Children at a time; more would take memory and the cores from those who search.
const CHILDREN: usize = 2;
/// Bytes of drawn pages that are kept: some three hundred pages of text.
const KEPT_PAGES: usize = 48 << 20;
/// Bytes of renditions that are kept, counted as they travel.
const KEPT_RENDITIONS: usize = 16 << 20;

/// Changes whenever the same original is drawn otherwise than before.
pub(crate) const VERSION: &str = "1";

/// Draws originals; shared by all requests.
pub(crate) struct Originals {
    pool: Pool,
    required: SandboxRequirement,
    /// Whether the kernel confines the children as required; asked before the first original.
    is_confined: OnceCell<()>,
    pages: Cache<(String, Page), Vec<u8>>,
    renditions: Cache<(String, Vec<Target>), Rendition>,
}

impl Originals {
    /// Children that run this program, under these limits and what the operator requires of the kernel.
    pub(crate) fn new(program: Program, limits: Limits, required: SandboxRequirement) -> Self {
        Self {
            pool: Pool::new(program, limits, CHILDREN),
            required,
            is_confined: OnceCell::new(),
            pages: Cache::new(KEPT_PAGES),
            renditions: Cache::new(KEPT_RENDITIONS),
        }
    }

    /// An original as a person sees it. `bytes` loads it where it has to be read.
    pub(crate) async fn rendition(
        &self,
        sha256: &str,
        targets: Vec<Target>,
        bytes: impl Future<Output = Result<Vec<u8>, Problem>>,
    ) -> Result<Arc<Rendition>, Problem> {
        let mut key = (sha256.to_owned(), targets);
        // Pages are the same whatever is looked for on them.
        let pages =
            self.renditions.get(&(sha256.to_owned(), Vec::new())).filter(|kept| !kept.sheets.is_empty());
        if let Some(kept) = pages.or_else(|| self.renditions.get(&key)) {
            return Ok(kept);
        }
        let request = Request { page: None, targets: key.1.clone() };
        let (answer, _) = self.ask(&request, &bytes.await?).await?;
        let rendition = Arc::new(answer.rendition.unwrap_or_default());
        let size = prost::Message::encoded_len(rendition.as_ref());
        if !rendition.sheets.is_empty() {
            key.1.clear();
        }
        self.renditions.put(key, rendition.clone(), size);
        Ok(rendition)
    }

    /// One page as a PNG.
    pub(crate) async fn page(
        &self,
        sha256: &str,
        page: Page,
        bytes: impl Future<Output = Result<Vec<u8>, Problem>>,
    ) -> Result<Arc<Vec<u8>>, Problem> {
        let key = (sha256.to_owned(), page);
        if let Some(kept) = self.pages.get(&key) {
            return Ok(kept);
        }
        let request = Request { page: Some(key.1.clone()), targets: Vec::new() };
        let (_, png) = self.ask(&request, &bytes.await?).await?;
        let png = Arc::new(png);
        self.pages.put(key, png.clone(), png.len());
        Ok(png)
    }

    /// Asks a child what the kernel enforces on it, before one gets an original.
    async fn require_confinement(&self) -> Result<(), Problem> {
        let response = self.pool.request(b"", b"").await.map_err(|error| trouble(&error))?;
        let confinement = response.confinement;
        if confinement.is_complete() || self.required == SandboxRequirement::Weak {
            return Ok(());
        }
        let missing = confinement.missing().collect::<Vec<_>>().join(", ");
        let code = worker::WEAK_SANDBOX;
        tracing::error!(code, "{code}: originals are not shown, because the kernel lacks {missing}");
        Err(problem::cannot_show("本机内核不能隔离显示原件的程序，未予显示。"))
    }

    async fn ask(&self, request: &Request, bytes: &[u8]) -> Result<(Answer, Vec<u8>), Problem> {
        self.is_confined.get_or_try_init(|| self.require_confinement()).await?;
        let head = prost::Message::encode_to_vec(request);
        let response = self.pool.request(&head, bytes).await.map_err(|error| trouble(&error))?;
        let answer: Answer = prost::Message::decode(response.head.as_slice())
            .map_err(|error| Problem::internal(&anyhow::Error::new(error).context("reading an answer")))?;
        match answer.refused {
            Some(Refused { no_such_page: true, .. }) => Err(Problem::not_found("原件没有这一页。".into())
                .hint("页码从1起；没有页的格式请查看 /rendition。")),
            Some(Refused { message, detail, .. }) => {
                tracing::info!("an original cannot be shown: {detail}");
                Err(problem::cannot_show(&message))
            }
            None => Ok((answer, response.body)),
        }
    }
}

/// A limit that an original ran into, or a child that could not work.
fn trouble(error: &SandboxError) -> Problem {
    match error {
        SandboxError::Cpu { .. } | SandboxError::Wall { .. } => {
            tracing::info!("an original cannot be shown: {error}");
            problem::cannot_show("显示这个原件耗时超过上限，已停止。")
        }
        SandboxError::Memory { .. } => {
            tracing::info!("an original cannot be shown: {error}");
            problem::cannot_show("显示这个原件所需的内存超过上限，已停止。")
        }
        SandboxError::Crashed { .. } | SandboxError::Forbidden => {
            tracing::warn!("an original cannot be shown: {error}");
            problem::cannot_show("显示这个原件时程序异常退出，文件可能已损坏。")
        }
        SandboxError::Starved { .. } | SandboxError::Failed(_) => {
            Problem::unavailable(&anyhow::Error::new(error.clone()).context("showing an original"))
        }
    }
}
