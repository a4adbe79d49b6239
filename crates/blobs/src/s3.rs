//! A bucket of any S3 service: `prefix/abcd…`.
//!
//! A blob is created once (`If-None-Match: *`); a service that ignores the condition writes the same
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

use crate::blob::{Listed, have_hash, is_sha256, off_thread, report_healed};
use crate::config::S3Config;

/// A bucket; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct S3 {
    store: AmazonS3,
    prefix: Path,
}

/// A larger blob is uploaded in parts of this size; one upload takes this much memory.
const PART_BYTES: u64 = 8 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// For uploading one part, or for downloading one blob.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// Long enough for a leader election of the service; after that the caller gets an error and may retry.
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
    pub(crate) fn open(config: &S3Config) -> anyhow::Result<Self> {
        bus::tls::prepare();
        let mut client = ClientOptions::new()
            .with_allow_http(config.allow_http)
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_timeout(REQUEST_TIMEOUT);
        if let Some(ca) = &config.ca {
            let pem = fs::read(ca).with_context(|| format!("reading {}", ca.display()))?;
            let certificates =
                Certificate::from_pem_bundle(&pem).with_context(|| format!("reading {}", ca.display()))?;
            client = certificates.into_iter().fold(client, ClientOptions::with_root_certificate);
        }
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&config.bucket)
            .with_region(&config.region)
            .with_virtual_hosted_style_request(!config.path_style)
            .with_client_options(client)
            .with_retry(RETRIES);
        if let Some(endpoint) = &config.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some((access, secret)) = &config.keys {
            builder = builder.with_access_key_id(key(access)?).with_secret_access_key(key(secret)?);
        }
        let store = builder.build().with_context(|| format!("originals in s3://{}", config.bucket))?;
        Ok(Self { store, prefix: Path::from(config.prefix.as_str()) })
    }

    /// Uploads a complete file; false where the blob exists.
    pub(crate) async fn upload(
        &self,
        file: NamedTempFile,
        sha256: &str,
        size_bytes: u64,
    ) -> anyhow::Result<bool> {
        let mode = match self.size_of(sha256).await? {
            Some(existing) if existing == size_bytes && self.is_sound(sha256).await? => return Ok(false),
            // An object of another size or content was damaged, or is not ours: replace it.
            Some(_) => {
                report_healed(sha256);
                PutMode::Overwrite
            }
            None => PutMode::Create,
        };
        let path = self.path_of(sha256);
        let mut reader = tokio::fs::File::from_std(off_thread(move || file.reopen()).await?);
        if size_bytes <= PART_BYTES {
            let payload = part(&mut reader, size_bytes).await?;
            return match self.store.put_opts(&path, payload, mode.into()).await {
                Ok(_) => Ok(true),
                Err(Error::AlreadyExists { .. }) => Ok(false),
                Err(error) => Err(error.into()),
            };
        }
        let mut upload = self.store.put_multipart(&path).await?;
        if let Err(error) = in_parts(upload.as_mut(), &mut reader, size_bytes).await {
            // If aborting fails, the bucket's own rule on unfinished uploads removes the parts.
            upload.abort().await.ok();
            return Err(error);
        }
        Ok(true)
    }

    /// The bytes; none where there is no such object.
    pub(crate) async fn get(&self, sha256: &str) -> anyhow::Result<Option<Bytes>> {
        match self.store.get(&self.path_of(sha256)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn is_sound(&self, sha256: &str) -> anyhow::Result<bool> {
        match self.get(sha256).await? {
            Some(bytes) => have_hash(&bytes, sha256).await,
            None => Ok(false),
        }
    }

    /// How many bytes it has; none where there is no such object.
    pub(crate) async fn size_of(&self, sha256: &str) -> anyhow::Result<Option<u64>> {
        match self.store.head(&self.path_of(sha256)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn list(&self) -> impl Stream<Item = anyhow::Result<Listed>> + Send {
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

    fn path_of(&self, sha256: &str) -> Path {
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

/// Reads a key from a file and drops the line break at its end.
fn key(file: &File) -> anyhow::Result<String> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    Ok(text.trim().to_owned())
}
