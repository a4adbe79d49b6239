//! The object store that messages refer to with `s3://bucket/key`.

use std::collections::BTreeMap;
use std::io;
use std::path::Path as File;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use futures::{Stream, TryStreamExt as _};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{Certificate, ClientOptions, Error, ObjectStoreExt as _};
use worker::outlets::ObjectStoreConfig;

use super::reference::NotFetched;

const CONNECT: Duration = Duration::from_secs(10);
/// For a whole object: the archive of a city over a slow line.
const TRANSFER: Duration = Duration::from_secs(600);

/// The buckets that may be read.
pub(super) struct ObjectStore(BTreeMap<String, AmazonS3>);

impl ObjectStore {
    /// # Errors
    /// If a file of keys or certificates cannot be read.
    pub(super) fn open(config: &ObjectStoreConfig) -> anyhow::Result<Self> {
        let bucket = |name: &String| Ok((name.clone(), open_bucket(config, name)?));
        Ok(Self(config.buckets.iter().map(bucket).collect::<anyhow::Result<_>>()?))
    }

    /// The bytes of an object, in pieces.
    pub(super) async fn get(
        &self,
        address: &str,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + use<>, NotFetched> {
        let place = address.strip_prefix("s3://").and_then(|place| place.split_once('/'));
        let Some((bucket, key)) = place.filter(|(_, key)| !key.is_empty()) else {
            return Err(NotFetched::never("s3 应为 s3://桶/键。", "s3 is not s3://bucket/key"));
        };
        let Some(store) = self.0.get(bucket) else {
            let detail = format!("{bucket} is not in kafka.s3.buckets of the inlet");
            return Err(NotFetched::never("文件所在的桶不在允许之列，请联系接收方。", &detail));
        };
        let key = Path::parse(key)
            .map_err(|error| NotFetched::never("s3 的键不能使用。", &format!("s3: {error}")))?;
        match store.get(&key).await {
            Ok(object) => Ok(object.into_stream().map_err(io::Error::other)),
            Err(Error::NotFound { .. }) => {
                let detail = format!("{bucket} has no object {key}");
                Err(NotFetched::never("对象存储中没有这个文件。请确认后重新发送。", &detail))
            }
            Err(error) => Err(NotFetched::Later(anyhow!(error).context(format!("fetching from {bucket}")))),
        }
    }
}

fn open_bucket(config: &ObjectStoreConfig, bucket: &str) -> anyhow::Result<AmazonS3> {
    bus::tls::prepare();
    let allows_http = config.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
    let mut client = ClientOptions::new()
        .with_allow_http(allows_http)
        .with_connect_timeout(CONNECT)
        .with_timeout(TRANSFER);
    if let Some(ca) = &config.ca {
        let reading = || format!("kafka.s3.ca = \"{}\"", ca.display());
        let pem = std::fs::read(ca).with_context(reading)?;
        let certificates = Certificate::from_pem_bundle(&pem).with_context(reading)?;
        client = certificates.into_iter().fold(client, ClientOptions::with_root_certificate);
    }
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&config.region)
        .with_virtual_hosted_style_request(!config.path_style)
        .with_access_key_id(secret("access_key", &config.access_key)?)
        .with_secret_access_key(secret("secret_key", &config.secret_key)?)
        .with_client_options(client);
    if let Some(endpoint) = &config.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    builder.build().with_context(|| format!("kafka.s3: the bucket {bucket}"))
}

fn secret(name: &str, file: &File) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file);
    let text = text.with_context(|| format!("kafka.s3.{name} = \"{}\"", file.display()))?;
    Ok(text.trim().to_owned())
}
