//! What a release consists of besides our own code: crates, Go modules of nats-server, standard libraries, and in the
//! image the C library of Debian. Each has a version, a licence, and a folder with the texts of its licences.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use super::{PROGRAMS, Release};
use crate::workspace::{self, Workspace};

/// One of them. They are ordered by kind, name and version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Component {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) version: String,
    /// An SPDX expression; none for packages of Debian, whose file of copyrights says more than an expression.
    pub(super) licence: Option<String>,
    /// SHA-256 of the package as its registry has it; only for crates.
    pub(super) sha256: Option<String>,
    /// Where the texts of its licences are.
    pub(super) texts: Texts,
    pub(super) authors: Vec<String>,
    /// Package URLs of what it depends on directly.
    pub(super) depends_on: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Crate,
    GoModule,
    DebianPackage,
    /// The standard library of Rust.
    Rust,
}

/// Where the texts of licences are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Texts {
    /// In files of this folder, or below it.
    Folder(PathBuf),
    File(PathBuf),
}

impl Component {
    /// Whether others wrote it; packages of this workspace have no checksum of a registry.
    pub(super) fn is_foreign(&self) -> bool {
        self.kind != Kind::Crate || self.sha256.is_some()
    }

    /// Its package URL.
    pub(super) fn url(&self) -> String {
        let Self { kind, name, version, .. } = self;
        match kind {
            Kind::Crate => format!("pkg:cargo/{name}@{}", version.replace('+', "%2B")),
            Kind::GoModule => format!("pkg:golang/{name}@{version}"),
            Kind::DebianPackage => format!("pkg:deb/debian/{name}@{}", version.replace('+', "%2B")),
            Kind::Rust => format!("pkg:generic/{name}@{version}"),
        }
    }
}

/// Everything that is linked into the programs of the release, and into its nats-server.
pub(super) fn of_programs(workspace: &Workspace, release: &Release) -> Result<Vec<Component>> {
    let mut components = crates(workspace, release)?;
    components.push(rust(workspace)?);
    components.extend(go_modules(workspace, &release.nats_server)?);
    components.sort();
    Ok(components)
}

/// `cargo metadata`, with the dependencies as they were resolved for one platform.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    authors: Vec<String>,
    source: Option<String>,
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}

impl Edge {
    /// Whether it is linked; build scripts and tests are not.
    fn is_linked(&self) -> bool {
        self.dep_kinds.iter().any(|kind| kind.kind.is_none())
    }
}

/// The foreign crates that the programs link, and the packages of this workspace between them.
fn crates(workspace: &Workspace, release: &Release) -> Result<Vec<Component>> {
    let platform = format!("--filter-platform={}-unknown-linux-gnu", release.architecture);
    let text = workspace::read(&mut workspace.cargo(&[
        "metadata",
        "--format-version=1",
        "--locked",
        platform.as_str(),
    ]))?;
    let metadata: Metadata = serde_json::from_str(&text).context("read what `cargo metadata` printed")?;
    let lock = workspace.root.join("Cargo.lock");
    let lock = fs::read_to_string(&lock).with_context(|| format!("read {}", lock.display()))?;
    let checksums = checksums(&lock);
    let packages: BTreeMap<&str, &Package> =
        metadata.packages.iter().map(|package| (package.id.as_str(), package)).collect();
    let nodes: BTreeMap<&str, &Node> =
        metadata.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let mut found: BTreeMap<String, Component> = BTreeMap::new();
    let mut ahead: Vec<&str> = packages
        .values()
        .filter(|package| package.source.is_none() && PROGRAMS.iter().any(|(_, of)| is_named(package, of)))
        .map(|package| package.id.as_str())
        .collect();
    while let Some(id) = ahead.pop() {
        let (Some(package), Some(node)) = (packages.get(id), nodes.get(id)) else {
            bail!("`cargo metadata` names {id} and does not describe it");
        };
        let linked: Vec<&Package> = node
            .deps
            .iter()
            .filter(|edge| edge.is_linked())
            .filter_map(|edge| packages.get(edge.pkg.as_str()).copied())
            // It only unifies features: nothing of what it names is linked for its sake.
            .filter(|package| package.name != "workspace-hack")
            .collect();
        let mut component = component(package, &checksums);
        if found.contains_key(&component.url()) {
            continue;
        }
        component.depends_on =
            linked.iter().map(|package| self::component(package, &checksums).url()).collect();
        ahead.extend(linked.iter().map(|package| package.id.as_str()));
        found.insert(component.url(), component);
    }
    Ok(found.into_values().collect())
}

fn is_named(package: &Package, specification: &str) -> bool {
    specification.split('@').next() == Some(package.name.as_str())
}

fn component(package: &Package, checksums: &BTreeMap<(&str, &str), &str>) -> Component {
    let Package { name, version, .. } = package;
    Component {
        kind: Kind::Crate,
        name: name.clone(),
        version: version.clone(),
        // Cargo once allowed `MIT/Apache-2.0`.
        licence: package
            .license
            .as_ref()
            .map(|licence| licence.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ")),
        sha256: checksums.get(&(name.as_str(), version.as_str())).map(|sum| (*sum).to_owned()),
        texts: Texts::Folder(package.manifest_path.parent().unwrap_or(Path::new("/")).to_owned()),
        authors: package.authors.clone(),
        depends_on: BTreeSet::new(),
    }
}

/// The checksums of `Cargo.lock` by name and version.
fn checksums(lock: &str) -> BTreeMap<(&str, &str), &str> {
    let field = |package: &'_ str, name: &str| -> Option<(usize, usize)> {
        let start = package.find(&format!("\n{name} = \""))? + name.len() + 5;
        let length = package.get(start..)?.find('"')?;
        Some((start, start + length))
    };
    let of = |package: &'_ str| {
        let (name, version, sum) =
            (field(package, "name")?, field(package, "version")?, field(package, "checksum")?);
        Some((name, version, sum))
    };
    let sums = lock.split("[[package]]").filter_map(|package| {
        let (name, version, sum) = of(package)?;
        let text = |(start, end): (usize, usize)| package.get(start..end);
        Some(((text(name)?, text(version)?), text(sum)?))
    });
    sums.collect()
}

/// The standard library of the compiler that is pinned here.
fn rust(workspace: &Workspace) -> Result<Component> {
    let mut rustc = Command::new("rustc");
    let printed = workspace::read(rustc.arg("--version").current_dir(&workspace.root))?;
    let version = printed.split(' ').nth(1).context("`rustc --version` prints no version")?;
    Ok(Component {
        kind: Kind::Rust,
        name: "rust-std".into(),
        version: version.into(),
        licence: Some("Apache-2.0 OR MIT".into()),
        sha256: None,
        // The text of the Apache licence is the same for both.
        texts: Texts::File(workspace.root.join("LICENSE")),
        authors: vec!["The Rust Project Developers".into()],
        depends_on: BTreeSet::new(),
    })
}

/// What `go mod download -json` prints of a module.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Downloaded {
    path: String,
    version: String,
    dir: PathBuf,
}

/// The modules of a program of Go, which the program itself names, with their sources.
fn go_modules(workspace: &Workspace, program: &Path) -> Result<Vec<Component>> {
    let described = workspace::read(Command::new("go").args(["version", "-m"]).arg(program))
        .context("`go` says what nats-server consists of; install Go 1.21 or newer")?;
    let (go, modules) = go_build(&described);
    ensure!(!modules.is_empty(), "{} names no modules", program.display());
    let mut download = Command::new("go");
    download.args(["mod", "download", "-json"]).args(&modules).current_dir(&workspace.target);
    let printed =
        workspace::read(&mut download).context("fetch the licences of what nats-server consists of")?;
    let mut components: Vec<Component> = Vec::new();
    for module in serde_json::Deserializer::from_str(&printed).into_iter::<Downloaded>() {
        let Downloaded { path, version, dir } = module.context("read what `go mod download` printed")?;
        components.push(go_module(path, version, dir)?);
    }
    let goroot = workspace::read(Command::new("go").args(["env", "GOROOT"]))?;
    components.push(go_module("std".into(), go.trim_start_matches("go").into(), goroot.trim().into())?);
    let urls: Vec<String> = components.iter().map(Component::url).collect();
    if let Some(server) = components.first_mut() {
        server.depends_on = urls.into_iter().skip(1).collect();
    }
    Ok(components)
}

/// The version of Go, and every module with its version, out of `go version -m`; the first module is the program's.
fn go_build(described: &str) -> (&str, Vec<String>) {
    let go = described.lines().next().and_then(|line| line.rsplit_once(": ")).map_or("", |(_, go)| go);
    let modules = described.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let is_module = matches!(words.next(), Some("mod" | "dep"));
        is_module.then(|| Some(format!("{}@{}", words.next()?, words.next()?)))?
    });
    (go, modules.collect())
}

fn go_module(path: String, version: String, folder: PathBuf) -> Result<Component> {
    let file = ["LICENSE", "LICENSE.md", "LICENSE.txt", "COPYING"]
        .iter()
        .map(|name| folder.join(name))
        .find(|file| file.is_file())
        .with_context(|| format!("{path} {version} holds no licence"))?;
    let text = fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
    let licence = recognise(&text).with_context(|| format!("{} is of an unknown licence", file.display()))?;
    Ok(Component {
        kind: Kind::GoModule,
        name: path,
        version,
        licence: Some(licence),
        sha256: None,
        texts: Texts::File(file),
        authors: Vec::new(),
        depends_on: BTreeSet::new(),
    })
}

/// The SPDX expression of a text with one licence or several. Go modules declare none.
fn recognise(text: &str) -> Option<String> {
    let has = |sentence: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").contains(sentence);
    let bsd = has("Redistribution and use in source and binary forms");
    let found: Vec<&str> = [
        (has("Apache License") && has("Version 2.0, January 2004"), "Apache-2.0"),
        (bsd && has("Neither the name of"), "BSD-3-Clause"),
        (bsd && !has("Neither the name of"), "BSD-2-Clause"),
        (has("Permission is hereby granted, free of charge, to any person"), "MIT"),
    ]
    .into_iter()
    .filter_map(|(is_found, licence)| is_found.then_some(licence))
    .collect();
    (!found.is_empty()).then(|| found.join(" AND "))
}

/// The package of Debian that a file of this machine comes from.
pub(super) fn debian_package(file: &Path) -> Result<Component> {
    let real = file.canonicalize().with_context(|| format!("find {}", file.display()))?;
    // Packages of Debian 12 name `/lib/…` for what lies in `/usr/lib/…`.
    let below = Path::new("/").join(real.strip_prefix("/usr").unwrap_or(&real));
    let listed = [file, &real, &below]
        .iter()
        .find_map(|path| workspace::read(Command::new("dpkg-query").arg("--search").arg(path)).ok())
        .with_context(|| format!("no package of Debian has {}; make the image on Debian", file.display()))?;
    let package = listed.split(": ").next().unwrap_or_default();
    let mut query = Command::new("dpkg-query");
    let version = workspace::read(query.args(["--show", "--showformat=${Version}", package]))?;
    let name = package.split(':').next().unwrap_or(package);
    Ok(Component {
        kind: Kind::DebianPackage,
        name: name.into(),
        version,
        licence: None,
        sha256: None,
        texts: Texts::File(Path::new("/usr/share/doc").join(name).join("copyright")),
        authors: Vec::new(),
        depends_on: BTreeSet::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_read_by_name_and_version() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"x\"\nchecksum = \"12ab\"\n\n[[package]]\nname = \"ours\"\nversion = \"0.1.0\"\n";
        assert_eq!(checksums(lock), BTreeMap::from([(("a", "1.0.0"), "12ab")]));
    }

    #[test]
    fn a_program_of_go_names_its_modules() {
        let described = "/bin/nats-server: go1.27.2\n\tpath\tn.io/s/v2\n\tmod\tn.io/s/v2\tv2.15.1\t\n\tdep\tx.org/y\tv0.1.0\th1:abc=\n\tbuild\t-trimpath=true\n";
        assert_eq!(
            go_build(described),
            ("go1.27.2", vec!["n.io/s/v2@v2.15.1".into(), "x.org/y@v0.1.0".into()])
        );
    }

    #[test]
    fn licences_are_recognised_by_their_sentences() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(recognise(text).as_deref(), expected, "{text}");
        };
        check(include_str!("licences/MIT.txt"), Some("MIT"));
        check(include_str!("licences/BSD-3-Clause.txt"), Some("BSD-3-Clause"));
        check(include_str!("../../../LICENSE"), Some("Apache-2.0"));
        check("GNU GENERAL PUBLIC LICENSE", None);
        let both = concat!(include_str!("licences/MIT.txt"), include_str!("licences/BSD-3-Clause.txt"));
        check(both, Some("BSD-3-Clause AND MIT"));
    }
}
