//! The settings of the store. [`crate::Blobs::open`] uses them; somebody else reads them.

use std::path::PathBuf;

/// Which store holds the blobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobsConfig {
    /// A folder on a disk that every process of the pipeline sees.
    Folder(PathBuf),
    /// An object store on the bus, for hosts that share no disk.
    Bucket,
    /// A bucket of an S3 service, for hosts that share no disk.
    S3(S3Config),
}

/// Where a bucket is and how to authenticate. Names the files of secrets and contains no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Config {
    /// The bucket, which must exist.
    pub bucket: String,
    /// The prefix of every name; may be empty.
    pub prefix: String,
    /// The address of the service; none means Amazon's in the region.
    pub endpoint: Option<String>,
    /// The region that requests are signed for.
    pub region: String,
    /// The files with access key and secret key; none means the credentials of the machine or pod.
    pub keys: Option<(PathBuf, PathBuf)>,
    /// Certificates to trust in addition to those of the system.
    pub ca: Option<PathBuf>,
    /// Whether the bucket is part of the path of an address, or of its host.
    pub path_style: bool,
    /// Whether an address without TLS is allowed.
    pub allow_http: bool,
}
