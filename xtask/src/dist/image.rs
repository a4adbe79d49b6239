//! The OCI image: the programs of the archive, nats-server, and the shared libraries that they load, as a layout in one
//! tar that `docker load`, `podman load`, `ctr images import` and `skopeo` read. There is no shell in it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::components::{self, Component, Texts};
use super::{PROGRAMS, Release, archive, notices, sbom};
use crate::workspace::{self, Workspace};

/// The user of every container, as in the manifests.
pub(super) const USER: &str = "10001";

/// What that user owns: a new volume takes the owner of the folder on which it is mounted.
const OWNED: [&str; 3] = ["./var/lib/gouji", "./var/lib/gouji/index", "./var/lib/gouji/originals"];

const PASSWD: &str =
    "root:x:0:0:root:/root:/sbin/nologin\ngouji:x:10001:10001:gouji:/var/lib/gouji:/sbin/nologin\n";
const GROUP: &str = "root:x:0:\ngouji:x:10001:\n";
const NAME_SERVICES: &str = "passwd: files\ngroup: files\nhosts: files dns\n";

/// Certificates of authorities: by them a program verifies the servers that it calls by TLS.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Makes the image in `folder` from the folder that is in the archive.
pub(super) fn make(
    workspace: &Workspace,
    release: &Release,
    of_programs: &[Component],
    unpacked: &Path,
    folder: &Path,
) -> Result<PathBuf> {
    let work = folder.join("image");
    let (base, programs, layout) = (work.join("base"), work.join("programs"), work.join("layout"));
    let libraries = libraries(&unpacked.join("bin"))?;
    let packages = fill_base(&base, &libraries)?;
    let mut components = of_programs.to_vec();
    components.extend(packages);
    components.sort();
    fill_programs(release, &components, unpacked, &programs)?;
    let blobs = layout.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    let layers = [layer(release, &base, &blobs)?, layer(release, &programs, &blobs)?];
    describe(workspace, release, &layers, &layout)?;
    let image = folder.join(format!("{}.image.tar", release.name()));
    let mut tar = archive::tar(release, &layout);
    tar.args(["--owner=0", "--group=0", "--create", "--file"]).arg(&image).arg(".");
    workspace::run(&mut tar)?;
    fs::remove_dir_all(&work)?;
    Ok(image)
}

/// The shared libraries of the programs, and the program that loads them.
fn libraries(bin: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for (program, _) in PROGRAMS {
        let printed = workspace::read(Command::new("ldd").arg(bin.join(program)))?;
        ensure!(!printed.contains("not found"), "{program} needs what is not here:\n{printed}");
        let paths = printed.split_whitespace().filter(|word| word.starts_with('/'));
        found.extend(paths.map(PathBuf::from));
    }
    ensure!(!found.is_empty(), "the programs load no shared libraries");
    Ok(found)
}

/// The layer below the programs. Returns the packages of Debian that its libraries come from.
fn fill_base(base: &Path, libraries: &BTreeSet<PathBuf>) -> Result<BTreeSet<Component>> {
    let mut packages = BTreeSet::new();
    for library in libraries {
        put(library, base, library)?;
        packages.insert(components::debian_package(library)?);
    }
    put(Path::new(AUTHORITIES), base, Path::new(AUTHORITIES))?;
    packages.insert(components::debian_package(Path::new("/usr/sbin/update-ca-certificates"))?);
    for package in &packages {
        if let Texts::File(copyright) = &package.texts {
            put(copyright, base, copyright)?;
        }
    }
    fs::create_dir_all(base.join("etc"))?;
    fs::write(base.join("etc/passwd"), PASSWD)?;
    fs::write(base.join("etc/group"), GROUP)?;
    fs::write(base.join("etc/nsswitch.conf"), NAME_SERVICES)?;
    for folder in OWNED {
        fs::create_dir_all(base.join(folder))?;
    }
    let temporary = base.join("tmp");
    fs::create_dir_all(&temporary)?;
    archive::allow("1777", &temporary)?;
    Ok(packages)
}

fn fill_programs(release: &Release, components: &[Component], unpacked: &Path, root: &Path) -> Result<()> {
    for program in PROGRAMS.map(|(program, _)| program).into_iter().chain(["nats-server"]) {
        put(&unpacked.join("bin").join(program), root, &Path::new("/usr/local/bin").join(program))?;
    }
    let documents = root.join("usr/local/share/doc/gouji");
    fs::create_dir_all(&documents)?;
    fs::copy(unpacked.join("LICENSE"), documents.join("LICENSE"))?;
    fs::write(documents.join("THIRD-PARTY.txt"), notices::write(components)?)?;
    Ok(fs::write(documents.join("sbom.cdx.json"), sbom::write(release, components)?)?)
}

/// Copies a file to a path of the root.
fn put(from: &Path, root: &Path, path: &Path) -> Result<()> {
    let to = root.join(path.strip_prefix("/").unwrap_or(path));
    fs::create_dir_all(to.parent().context("a file lies in a folder")?)?;
    fs::copy(from, &to).with_context(|| format!("copy {}", from.display()))?;
    Ok(())
}

/// One blob: its digest, its size, and the digest of what is compressed in it.
struct Layer {
    digest: String,
    size: u64,
    uncompressed: String,
}

fn layer(release: &Release, root: &Path, blobs: &Path) -> Result<Layer> {
    let unpacked = blobs.join("layer.tar");
    let mut tar = archive::tar(release, root);
    let owned = OWNED.iter().map(|path| format!("--exclude={path}"));
    tar.args(["--owner=0", "--group=0", "--create", "--file"]).arg(&unpacked);
    workspace::run(tar.args(owned).arg("."))?;
    if root.join(OWNED[0]).is_dir() {
        let mut append = archive::tar(release, root);
        append.args([format!("--owner={USER}"), format!("--group={USER}")]);
        append.args(["--append", "--no-recursion", "--file"]).arg(&unpacked);
        workspace::run(append.args(OWNED))?;
    }
    let uncompressed = digest(&unpacked)?;
    let packed = blobs.join("layer.tar.gz");
    archive::gzip(Stdio::from(File::open(&unpacked)?), &packed)?;
    fs::remove_file(&unpacked)?;
    let size = fs::metadata(&packed)?.len();
    let digest = digest(&packed)?;
    fs::rename(&packed, blobs.join(&digest))?;
    Ok(Layer { digest, size, uncompressed })
}

fn digest(file: &Path) -> Result<String> {
    let printed = workspace::read(Command::new("sha256sum").arg("--").arg(file))?;
    Ok(printed.split_whitespace().next().context("sha256sum prints a sum")?.to_owned())
}

/// Writes the configuration, the manifest and the index.
fn describe(workspace: &Workspace, release: &Release, layers: &[Layer], layout: &Path) -> Result<()> {
    let architecture = if release.architecture == "aarch64" { "arm64" } else { "amd64" };
    let mut date = Command::new("date");
    date.args(["--utc", "--date"]).arg(format!("@{}", release.committed)).arg("+%Y-%m-%dT%H:%M:%SZ");
    let created = workspace::read(date.current_dir(&workspace.root))?.trim().to_owned();
    let configuration = json!({
        "created": created,
        "architecture": architecture,
        "os": "linux",
        "config": {
            "User": format!("{USER}:{USER}"),
            "Env": ["PATH=/usr/local/bin"],
            "Entrypoint": ["/usr/local/bin/gouji"],
            "Cmd": ["--help"],
            "WorkingDir": "/var/lib/gouji",
            "StopSignal": "SIGTERM",
            "Labels": {
                "org.opencontainers.image.title": "gouji",
                "org.opencontainers.image.version": release.version,
                "org.opencontainers.image.revision": release.commit,
                "org.opencontainers.image.licenses": "Apache-2.0",
            },
        },
        "rootfs": {
            "type": "layers",
            "diff_ids": layers.iter().map(|layer| format!("sha256:{}", layer.uncompressed)).collect::<Vec<_>>(),
        },
        "history": layers.iter().map(|_| json!({"created": created, "created_by": "cargo xtask dist"})).collect::<Vec<_>>(),
    });
    let (config, config_size) = blob(layout, &configuration)?;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": format!("sha256:{config}"),
            "size": config_size,
        },
        "layers": layers.iter().map(|layer| json!({
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": format!("sha256:{}", layer.digest),
            "size": layer.size,
        })).collect::<Vec<_>>(),
    });
    let (manifest, manifest_size) = blob(layout, &manifest)?;
    let name = format!("gouji:{}", release.version);
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": format!("sha256:{manifest}"),
            "size": manifest_size,
            "platform": {"architecture": architecture, "os": "linux"},
            "annotations": {
                "org.opencontainers.image.ref.name": release.version,
                // The name under which containerd imports it.
                "io.containerd.image.name": format!("docker.io/library/{name}"),
            },
        }],
    });
    // What `docker load` read before it knew layouts.
    let of_docker = json!([{
        "Config": format!("blobs/sha256/{config}"),
        "RepoTags": [name],
        "Layers": layers.iter().map(|layer| format!("blobs/sha256/{}", layer.digest)).collect::<Vec<_>>(),
    }]);
    fs::write(layout.join("oci-layout"), json!({"imageLayoutVersion": "1.0.0"}).to_string())?;
    fs::write(layout.join("index.json"), index.to_string())?;
    Ok(fs::write(layout.join("manifest.json"), of_docker.to_string())?)
}

/// Stores a document under its digest; returns digest and size.
fn blob(layout: &Path, value: &Value) -> Result<(String, usize)> {
    let folder = layout.join("blobs/sha256");
    let text = value.to_string();
    let path = folder.join("document");
    fs::write(&path, &text)?;
    let digest = digest(&path)?;
    fs::rename(&path, folder.join(&digest))?;
    Ok((digest, text.len()))
}
