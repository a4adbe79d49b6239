//! The engine of many machines.

use std::path::Path;
use std::process;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use search::{Generations, Index};

use crate::node::{OpenSearch, installed};
use crate::skip::skip;

/// Names the cluster to be asked instead of a node that this program starts.
const GIVEN: &str = "GOUJI_TEST_OPENSEARCH";

/// The node of this program, or why there is none.
static NODE: LazyLock<Result<OpenSearch, String>> =
    LazyLock::new(|| installed().and_then(|libraries| OpenSearch::start(&libraries)));

/// The name of an index that has a cluster of its own to itself; without a cluster a folder, so that the tests prove
/// themselves, and say that they proved nothing else.
pub(crate) struct Place {
    generations: Generations,
    cleans_up: bool,
    _folder: tempfile::TempDir,
}

impl Place {
    /// Orders of arrival that a test tries.
    pub(crate) const ROUNDS: u64 = 4;

    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (generations, cleans_up) = match address() {
            Some(address) => (opensearch::generations(Path::new(&address)).unwrap(), true),
            None => (Generations::new(folder.path()), false),
        };
        Self { generations, cleans_up, _folder: folder }
    }

    /// The index as a process that starts finds it.
    pub(crate) fn open(&self) -> Index {
        self.generations.open_current().unwrap().1
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.cleans_up {
            self.generations.remove_all().ok();
        }
    }
}

/// The address of an index that nobody else uses; none where there is no cluster.
pub(crate) fn address() -> Option<String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("test-{}-{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    if let Ok(given) = std::env::var(GIVEN) {
        let (before, options) = given.split_once('?').unwrap_or((&given, ""));
        let hosts = before.trim_end_matches(|char| char != '/').trim_end_matches('/');
        return Some(format!("{hosts}/{name}?replicas=0&{options}"));
    }
    node().map(|node| format!("opensearch+http://{}/{name}?replicas=0", node.host()))
}

/// The node that this program started.
pub(crate) fn node() -> Option<&'static OpenSearch> {
    match &*NODE {
        Ok(node) => Some(node),
        Err(why) => {
            skip("opensearch", why, "apt-get install openjdk-17-jdk-headless maven");
            None
        }
    }
}
