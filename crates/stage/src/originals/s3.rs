//! A bucket of any service that speaks S3: `prefix/abcd…`.
//!
//! An original is created once (`If-None-Match: *`); a service that ignores the condition writes the same
//! bytes again, which changes nothing.

use std::fs;
use std::path::Path as File;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use futures::{Stream, TryStreamExt as _};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    BackoffConfig, Certificate, ClientOptions, Error, MultipartUpload, ObjectStore, ObjectStoreExt as _,
    PutMode, PutPayload, RetryConfig,
};
use tempfile::NamedTempFile;
use tokio::io::AsyncReadExt as _;

use super::{Listed, is_sha256, off_thread};
use crate::config::S3At;

/// A bucket; clones are the same.
#[derive(Debug, Clone)]
pub struct S3 {
    store: AmazonS3,
    prefix: Path,
}

/// What is larger goes in parts of this size; the memory that one upload takes.
const PART_BYTES: u64 = 8 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// For one part, or for one original on its way here.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// Bridges a service that changes its leader; whoever waits longer is told, and tries again later.
const RETRIES: RetryConfig = RetryConfig {
    backoff: BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(2),
        base: 2.,
    },
    max_retries: 4,
    retry_timeout: Duration::from_secs(15),
};

impl S3 {
    pub(super) fn open(at: &S3At) -> anyhow::Result<Self> {
        crate::tls::prepare();
        let mut client = ClientOptions::new()
            .with_allow_http(at.allow_http)
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_timeout(REQUEST_TIMEOUT);
        if let Some(ca) = &at.ca {
            let pem = fs::read(ca).with_context(|| format!("reading {}", ca.display()))?;
            let certificates =
                Certificate::from_pem_bundle(&pem).with_context(|| format!("reading {}", ca.display()))?;
            client = certificates.into_iter().fold(client, ClientOptions::with_root_certificate);
        }
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&at.bucket)
            .with_region(&at.region)
            .with_virtual_hosted_style_request(!at.path_style)
            .with_client_options(client)
            .with_retry(RETRIES);
        if let Some(endpoint) = &at.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some((access, secret)) = &at.keys {
            builder = builder.with_access_key_id(key(access)?).with_secret_access_key(key(secret)?);
        }
        let store = builder.build().with_context(|| format!("originals in s3://{}", at.bucket))?;
        Ok(Self { store, prefix: Path::from(at.prefix.as_str()) })
    }

    /// Sends a complete file; false where it was there.
    pub(super) async fn send(
        &self,
        file: NamedTempFile,
        sha256: &str,
        size_bytes: u64,
    ) -> anyhow::Result<bool> {
        // One of another size is none of ours, and is replaced.
        let mode = match self.size_of(sha256).await? {
            Some(there) if there == size_bytes => return Ok(false),
            Some(_) => PutMode::Overwrite,
            None => PutMode::Create,
        };
        let place = self.place_of(sha256);
        let mut reader = tokio::fs::File::from_std(off_thread(move || file.reopen()).await?);
        if size_bytes <= PART_BYTES {
            let payload = part(&mut reader, size_bytes).await?;
            return match self.store.put_opts(&place, payload, mode.into()).await {
                Ok(_) => Ok(true),
                Err(Error::AlreadyExists { .. }) => Ok(false),
                Err(error) => Err(error.into()),
            };
        }
        let mut upload = self.store.put_multipart(&place).await?;
        if let Err(error) = in_parts(upload.as_mut(), &mut reader, size_bytes).await {
            // What cannot be aborted now is for the bucket's own rule on unfinished uploads.
            upload.abort().await.ok();
            return Err(error);
        }
        Ok(true)
    }

    /// The bytes; none where there is no such object.
    pub(super) async fn get(&self, sha256: &str) -> anyhow::Result<Option<Bytes>> {
        match self.store.get(&self.place_of(sha256)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// How many bytes it has; none where there is no such object.
    pub(super) async fn size_of(&self, sha256: &str) -> anyhow::Result<Option<u64>> {
        match self.store.head(&self.place_of(sha256)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn list(&self) -> impl Stream<Item = anyhow::Result<Listed>> + Send {
        let found = self.store.list(Some(&self.prefix)).map_err(anyhow::Error::from);
        found.try_filter_map(|object| {
            let named = object.location.filename().filter(|name| is_sha256(name)).map(str::to_owned);
            let listed = named.map(|sha256| Listed {
                sha256,
                size_bytes: object.size,
                stored: object.last_modified.into(),
            });
            std::future::ready(Ok(listed))
        })
    }

    fn place_of(&self, sha256: &str) -> Path {
        self.prefix.clone().join(sha256)
    }
}

async fn in_parts(
    upload: &mut dyn MultipartUpload,
    reader: &mut tokio::fs::File,
    size_bytes: u64,
) -> anyhow::Result<()> {
    let mut left = size_bytes;
    while left > 0 {
        let length = left.min(PART_BYTES);
        upload.put_part(part(reader, length).await?).await?;
        left -= length;
    }
    upload.complete().await?;
    Ok(())
}

async fn part(reader: &mut tokio::fs::File, length: u64) -> anyhow::Result<PutPayload> {
    let mut bytes = vec![0; usize::try_from(length)?];
    reader.read_exact(&mut bytes).await?;
    Ok(bytes.into())
}

/// A key in a file, which editors like to end with a line break.
fn key(file: &File) -> anyhow::Result<String> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    Ok(text.trim().to_owned())
}
