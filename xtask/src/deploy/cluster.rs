//! `cargo xtask deploy check`: every manifest on a real Kubernetes API server, which knows defaults, unknown fields and
//! immutable fields better than schemas do.
//!
//! The server and kubectl are built from their Go module once, 10 minutes of a core; etcd comes from Debian, KEDA's
//! definitions and Helm from their modules. No kubelet runs, so no pod starts.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::workspace::{self, Workspace};
use crate::{debian, go};

/// The Kubernetes whose server judges the manifests.
const KUBERNETES: &str = "1.34.4";

/// Modules that Kubernetes publishes beside its own, at `v0.` instead of `v1.`; its manifest names them by paths.
const STAGING: [&str; 31] = [
    "api",
    "apiextensions-apiserver",
    "apimachinery",
    "apiserver",
    "cli-runtime",
    "client-go",
    "cloud-provider",
    "cluster-bootstrap",
    "code-generator",
    "component-base",
    "component-helpers",
    "controller-manager",
    "cri-api",
    "cri-client",
    "csi-translation-lib",
    "dynamic-resource-allocation",
    "endpointslice",
    "externaljwt",
    "kms",
    "kube-aggregator",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
    "metrics",
    "mount-utils",
    "pod-security-admission",
    "sample-apiserver",
    "sample-cli-plugin",
    "sample-controller",
];

const HELM: (&str, &str) = ("helm.sh/helm/v3/cmd/helm", "v3.22.0");
const KEDA: &str = "github.com/kedacore/keda/v2@v2.21.0";

/// How long the server may take to be ready; it takes 2 s on a quiet machine.
const PATIENCE: Duration = Duration::from_secs(180);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Checks the kustomize base, what overlays copy, and the chart with each set of values.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let folder = workspace.target.join("cluster");
    let programs = kubernetes(workspace, &folder)?;
    let helm = go::install(workspace, HELM.0, HELM.1)?;
    let work = folder.join("work");
    if work.exists() {
        fs::remove_dir_all(&work).with_context(|| format!("empty {}", work.display()))?;
    }
    fs::create_dir_all(&work)?;
    let cluster = Cluster::start(workspace, &programs, &work)?;
    cluster.define(&keda(workspace)?)?;
    let kustomized = cluster.kustomize(workspace)?;
    let chart = Chart { helm: &helm, folder: workspace.root.join("deploy/helm/gouji"), cluster: &cluster };
    let same = chart.install("default", None)?;
    compare(&kustomized, &same, "gouji-default")?;
    for values in chart.sets()? {
        let name = values.file_name().unwrap_or_default().to_string_lossy().replace("-values.yaml", "");
        chart.install(&name, Some(&values))?;
    }
    chart.refuses_what_it_does_not_know(&work)?;
    drop(cluster);
    fs::remove_dir_all(&work).with_context(|| format!("remove {}", work.display()))
}

/// The folder with kube-apiserver and kubectl.
fn kubernetes(workspace: &Workspace, folder: &Path) -> Result<PathBuf> {
    let programs = workspace.target.join("go").join(format!("kubernetes-{KUBERNETES}"));
    if ["kube-apiserver", "kubectl"].iter().all(|name| programs.join(name).is_file()) {
        return Ok(programs);
    }
    let module = folder.join("kubernetes");
    fs::create_dir_all(&module)?;
    fs::create_dir_all(&programs)?;
    let staged = KUBERNETES.replacen('1', "0", 1);
    let replace: String =
        STAGING.iter().map(|name| format!("\tk8s.io/{name} => k8s.io/{name} v{staged}\n")).collect();
    fs::write(
        module.join("go.mod"),
        format!(
            "module cluster\n\ngo 1.24.0\n\nrequire k8s.io/kubernetes v{KUBERNETES}\n\nreplace (\n{replace})\n"
        ),
    )?;
    eprintln!("building kube-apiserver and kubectl {KUBERNETES}: 10 minutes of a core, once");
    let of = "-X k8s.io/component-base/version";
    let minor = KUBERNETES.split('.').nth(1).unwrap_or_default();
    let flags = format!("-s -w {of}.gitVersion=v{KUBERNETES} {of}.gitMajor=1 {of}.gitMinor={minor}");
    let mut build = Command::new("go");
    build.args(["build", "-mod=mod", "-ldflags", &flags, "-o"]).arg(format!("{}/", programs.display()));
    build.args(["k8s.io/kubernetes/cmd/kube-apiserver", "k8s.io/kubernetes/cmd/kubectl"]);
    workspace::run(build.env("GOFLAGS", "-buildvcs=false").current_dir(&module))
        .context("install Go 1.25 or newer, and allow it to reach a module proxy (GOPROXY)")?;
    Ok(programs)
}

/// The folder with the definitions of KEDA.
fn keda(workspace: &Workspace) -> Result<PathBuf> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Downloaded {
        dir: PathBuf,
    }
    let mut download = Command::new("go");
    download.args(["mod", "download", "-json", KEDA]).current_dir(&workspace.target);
    let downloaded: Downloaded = serde_json::from_str(&workspace::read(&mut download)?)?;
    Ok(downloaded.dir.join("config/crd/bases"))
}

/// A running API server on loopback with its store; both end on drop.
struct Cluster {
    kubectl: PathBuf,
    address: String,
    work: PathBuf,
    children: Vec<Child>,
}

/// The one user of the server, who may do everything.
const TOKEN: &str = "check";

/// An object as others name it, and what it says.
type Objects = BTreeMap<String, Value>;

impl Cluster {
    fn start(workspace: &Workspace, programs: &Path, work: &Path) -> Result<Self> {
        let etcd = debian::unpacked("etcd-server", "usr/bin/etcd", &workspace.target.join("etcd"))
            .context("there is no etcd here; apt-get install etcd-server")?;
        let [client, peer, port] = free_ports()?;
        let log = |name: &str| File::create(work.join(name));
        let client = format!("http://127.0.0.1:{client}");
        let peer = format!("http://127.0.0.1:{peer}");
        let mut store = Command::new(etcd);
        store.arg("--data-dir").arg(work.join("etcd"));
        store.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
        store.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        store.args(["--initial-cluster", &format!("default={peer}")]);
        store.stdout(Stdio::null()).stderr(log("etcd.log")?);
        let mut cluster = Self {
            kubectl: programs.join("kubectl"),
            address: format!("https://127.0.0.1:{port}"),
            work: work.to_owned(),
            children: vec![store.spawn().context("start etcd")?],
        };
        let (public, private) = (work.join("sa.pub"), work.join("sa.key"));
        workspace::run(Command::new("openssl").args(["genrsa", "-out"]).arg(&private).stderr(Stdio::null()))?;
        let mut public_key = Command::new("openssl");
        public_key.args(["rsa", "-pubout", "-in"]).arg(&private).arg("-out").arg(&public);
        workspace::run(public_key.stderr(Stdio::null()))?;
        let tokens = work.join("tokens.csv");
        fs::write(&tokens, format!("{TOKEN},check,1,\"system:masters\"\n"))?;
        let mut server = Command::new(programs.join("kube-apiserver"));
        server.arg(format!("--etcd-servers={client}")).arg(format!("--secure-port={port}"));
        server.args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"]);
        server.arg(format!("--cert-dir={}", work.join("certificates").display()));
        server.arg("--service-account-issuer=https://gouji.invalid");
        server.arg(format!("--service-account-key-file={}", public.display()));
        server.arg(format!("--service-account-signing-key-file={}", private.display()));
        server.arg(format!("--token-auth-file={}", tokens.display()));
        server.args(["--authorization-mode=RBAC", "--service-cluster-ip-range=10.96.0.0/16"]);
        // No controller makes the accounts that it would ask for.
        server.arg("--disable-admission-plugins=ServiceAccount");
        server.stdout(Stdio::null()).stderr(log("kube-apiserver.log")?);
        cluster.children.push(server.spawn().context("start kube-apiserver")?);
        cluster.wait()?;
        Ok(cluster)
    }

    fn wait(&mut self) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            for child in &mut self.children {
                if let Some(status) = child.try_wait()? {
                    bail!(
                        "etcd or kube-apiserver ended with {status}; their logs are in {}",
                        self.work.display()
                    );
                }
            }
            if workspace::read(self.kubectl(&["get", "--raw", "/readyz"]).stderr(Stdio::null())).is_ok() {
                return Ok(());
            }
            sleep(LOOK_EVERY);
        }
        bail!(
            "kube-apiserver was not ready in {} s; its log is in {}",
            PATIENCE.as_secs(),
            self.work.display()
        )
    }

    fn kubectl(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.kubectl);
        command.args(["--server", &self.address, "--token", TOKEN, "--insecure-skip-tls-verify"]);
        command.arg("--cache-dir").arg(self.work.join("cache")).env("KUBECONFIG", "/dev/null");
        command.args(words);
        command
    }

    /// Adds definitions of custom resources.
    fn define(&self, folder: &Path) -> Result<()> {
        let folder = folder.display().to_string();
        workspace::read(&mut self.kubectl(&["apply", "--server-side", "--filename", &folder]))?;
        let wait = ["wait", "--for=condition=Established", "crd", "--all", "--timeout=120s"];
        workspace::read(&mut self.kubectl(&wait))?;
        Ok(())
    }

    /// Makes a namespace that warns of every pod which is not restricted.
    fn namespace(&self, name: &str) -> Result<()> {
        workspace::read(&mut self.kubectl(&["create", "namespace", name]))?;
        let label = "pod-security.kubernetes.io/warn=restricted";
        workspace::read(&mut self.kubectl(&["label", "namespace", name, label]))?;
        Ok(())
    }

    /// Applies a rendering: dry, really, and again. Returns the objects.
    ///
    /// # Errors
    /// If the server refuses or warns, or if the second time changes anything.
    fn apply(&self, file: &Path, namespace: &str) -> Result<Objects> {
        let file = file.display().to_string();
        let apply = |more: &[&str]| {
            let words = ["apply", "--server-side", "--validate=strict", "--warnings-as-errors", "--filename"];
            let mut command =
                self.kubectl(&[&words[..], &[file.as_str(), "--namespace", namespace], more].concat());
            workspace::read(&mut command)
        };
        apply(&["--dry-run=server"])?;
        apply(&[])?;
        let first = self.objects(&file, namespace)?;
        apply(&[])?;
        let second = self.objects(&file, namespace)?;
        let changed: Vec<&String> = first
            .iter()
            .filter(|(name, object)| version(object) != second.get(*name).and_then(version))
            .map(|(name, _)| name)
            .collect();
        ensure!(changed.is_empty(), "{file} applied again changes {changed:?}");
        Ok(first)
    }

    fn objects(&self, file: &str, namespace: &str) -> Result<Objects> {
        let get = ["get", "--filename", file, "--namespace", namespace, "--output", "json"];
        let list: Value = serde_json::from_str(&workspace::read(&mut self.kubectl(&get))?)?;
        let items = list["items"].as_array().context("kubectl prints a list")?;
        let named = items.iter().map(|item| {
            let name =
                [&item["kind"], &item["metadata"]["name"]].map(|word| word.as_str().unwrap_or_default());
            (name.join("/"), item.clone())
        });
        Ok(named.collect())
    }

    /// The base, and beside it what overlays copy.
    fn kustomize(&self, workspace: &Workspace) -> Result<Objects> {
        let folder = workspace.root.join("deploy/kubernetes");
        let rendered = workspace::read(&mut self.kubectl(&["kustomize", &folder.display().to_string()]))?;
        let file = self.work.join("kustomize.yaml");
        fs::write(&file, rendered)?;
        self.namespace("gouji")?;
        let objects = self.apply(&file, "gouji")?;
        for name in super::FOR_OVERLAYS {
            self.apply(&folder.join(name), "gouji")?;
        }
        eprintln!("kustomize: {} objects and what overlays copy, applied twice", objects.len());
        Ok(objects)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The server before its store.
        for child in self.children.iter_mut().rev() {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// Ports that nobody uses now.
fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let mut held = Vec::new();
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind("127.0.0.1:0").context("find a free port")?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

fn version(object: &Value) -> Option<&Value> {
    object.pointer("/metadata/resourceVersion")
}

/// The chart, and where it is tried.
struct Chart<'a> {
    helm: &'a Path,
    folder: PathBuf,
    cluster: &'a Cluster,
}

impl Chart<'_> {
    /// The sets of values that come with the chart.
    fn sets(&self) -> Result<Vec<PathBuf>> {
        let folder = self.folder.join("ci");
        let entries = fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))?;
        let mut sets = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        sets.sort();
        ensure!(!sets.is_empty(), "{} has no values", folder.display());
        Ok(sets)
    }

    fn helm(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.helm);
        let cluster = self.cluster;
        command.args(words).arg("--kube-apiserver").arg(&cluster.address).args(["--kube-token", TOKEN]);
        command.arg("--kube-insecure-skip-tls-verify").env("KUBECONFIG", "/dev/null");
        for variable in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
            command.env(variable, cluster.work.join("helm"));
        }
        command
    }

    /// Lints, renders and applies the chart in a namespace of its own, then installs and upgrades it with Helm.
    fn install(&self, name: &str, values: Option<&Path>) -> Result<Objects> {
        let cluster = self.cluster;
        let namespace = format!("gouji-{name}");
        let chart = self.folder.display().to_string();
        let with_values = |command: &mut Command| {
            if let Some(values) = values {
                command.arg("--values").arg(values);
            }
            workspace::read(command.args(["--namespace", &namespace]))
        };
        with_values(&mut self.helm(&["lint", "--strict", "--quiet", &chart]))?;
        let rendered =
            with_values(&mut self.helm(&["template", "gouji", &chart, "--kube-version", KUBERNETES]))?;
        let file = cluster.work.join(format!("{name}.yaml"));
        fs::write(&file, rendered)?;
        cluster.namespace(&namespace)?;
        let objects = cluster.apply(&file, &namespace).with_context(|| format!("the chart with {name}"))?;
        workspace::read(&mut cluster.kubectl(&[
            "delete",
            "--filename",
            &file.display().to_string(),
            "--namespace",
            &namespace,
            "--wait=false",
        ]))?;
        // No controller deletes what waits for one, so Helm gets another namespace. The hook would wait for its Job.
        let by_helm = format!("{namespace}-helm");
        cluster.namespace(&by_helm)?;
        let upgrade = || {
            let mut helm = self.helm(&["upgrade", "gouji", &chart, "--install", "--no-hooks"]);
            if let Some(values) = values {
                helm.arg("--values").arg(values);
            }
            workspace::read(helm.args(["--namespace", &by_helm]))
        };
        upgrade()?;
        let every = "deployments,statefulsets,services,configmaps,networkpolicies,poddisruptionbudgets,scaledobjects.keda.sh";
        let versions = || {
            let path =
                "jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}\n{end}";
            workspace::read(&mut cluster.kubectl(&["get", every, "--namespace", &by_helm, "--output", path]))
        };
        let first = versions()?;
        upgrade()?;
        let second = versions()?;
        ensure!(first == second, "a second `helm upgrade` with {name} changes something:\n{first}\n{second}");
        eprintln!("helm: {} objects with the values {name}, applied twice and upgraded twice", objects.len());
        Ok(objects)
    }

    /// A misspelt value is an error and not silently the default.
    fn refuses_what_it_does_not_know(&self, work: &Path) -> Result<()> {
        let misspelt = work.join("misspelt.yaml");
        fs::write(&misspelt, "ingest: { replica: 4 }\n")?;
        let chart = self.folder.display().to_string();
        let mut template = self.helm(&["template", "gouji", &chart, "--values"]);
        let output = template.arg(&misspelt).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(!output.status.success() && said.contains("replica"), "helm took a misspelt value: {said}");
        Ok(())
    }
}

/// Compares the chart with its own values to the base of kustomize: the same objects that say the same.
fn compare(kustomized: &Objects, chart: &Objects, namespace: &str) -> Result<()> {
    let mut renamed: Vec<(String, String)> = vec![(namespace.to_owned(), "gouji".to_owned())];
    // The base adds a hash to the names of its settings.
    for name in kustomized.keys().filter_map(|name| name.strip_prefix("ConfigMap/")) {
        if let Some((plain, _)) = name.rsplit_once('-') {
            renamed.push((name.to_owned(), plain.to_owned()));
        }
    }
    let plain = |objects: &Objects| -> Result<BTreeMap<String, String>> {
        let objects = objects.iter().filter(|(name, _)| !name.starts_with("Namespace/"));
        let said = objects.map(|(name, object)| {
            let mut text = format!("{name}\n{}", serde_json::to_string_pretty(&said(name, object))?);
            for (from, to) in &renamed {
                text = text.replace(from, to);
            }
            let (name, text) = text.split_once('\n').context("there are two lines")?;
            Ok((name.to_owned(), text.to_owned()))
        });
        said.collect()
    };
    let (ours, theirs) = (plain(kustomized)?, plain(chart)?);
    for (name, text) in &ours {
        let other =
            theirs.get(name).with_context(|| format!("{name} is in the base and not in the chart"))?;
        let differs = text.lines().zip(other.lines()).find(|(one, other)| one != other);
        ensure!(text == other, "{name} differs between base and chart, first in {differs:?}");
    }
    let more: Vec<&String> = theirs.keys().filter(|name| !ours.contains_key(*name)).collect();
    ensure!(more.is_empty(), "the chart has {more:?}, the base has not");
    eprintln!("the chart with its own values is the base of kustomize: {} objects", ours.len());
    Ok(())
}

/// What an object says, without what the server or a deployment tool adds.
fn said(name: &str, object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(all) = object.as_object_mut() {
        all.retain(|key, _| !["apiVersion", "kind", "metadata", "status"].contains(&key.as_str()));
    }
    if let Some(template) = object.pointer_mut("/spec/template/metadata").and_then(Value::as_object_mut) {
        template.remove("annotations");
    }
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        for assigned in ["clusterIP", "clusterIPs"] {
            // `None` is a choice.
            if spec.get(assigned).is_some_and(|value| !value.to_string().contains("None")) {
                spec.remove(assigned);
            }
        }
        if name.starts_with("Job/") {
            spec.remove("selector");
        }
    }
    if name.starts_with("Job/")
        && let Some(labels) =
            object.pointer_mut("/spec/template/metadata/labels").and_then(Value::as_object_mut)
    {
        labels.retain(|key, _| !key.contains("controller-uid") && !key.contains("job-name"));
    }
    if let Some(data) = object.get_mut("data").and_then(Value::as_object_mut) {
        for text in data.values_mut() {
            *text = Value::String(text.as_str().unwrap_or_default().trim_end().to_owned());
        }
    }
    object
}
