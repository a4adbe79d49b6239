//! What only a cluster can do: two writers at once, a node that is killed, a mapping that somebody changed.

use std::path::Path;

use search::{ClusterError, Generations, Index, IndexError};

use crate::node::{OpenSearch, installed};
use crate::place::{Place, address, node};
use crate::suite::{entry, find, numbers};

/// Batches that are written while the node is killed, and how many reports each has.
const BATCHES: u32 = 40;
const BATCH: u32 = 10;
/// The node is killed while these are written.
const KILLED_AT: [u32; 2] = [5, 20];

/// The same index as two processes open it.
fn twice() -> Option<(Place, Index, Index)> {
    node()?;
    let place = Place::new();
    let (one, other) = (place.open(), place.open());
    Some((place, one, other))
}

#[test]
fn what_another_process_wrote_is_not_overwritten() {
    let Some((_place, one, other)) = twice() else { return };
    let (mut old, mut new) = (one.writer().unwrap(), other.writer().unwrap());
    old.apply(vec![entry(1, "甲"), entry(2, "乙")]).unwrap();
    let mut later = entry(1, "甲改");
    later.version.id = format!("{:032x}-g1", 1);
    later.version.number += 1;
    new.apply(vec![later]).unwrap();
    new.commit("5").unwrap();
    let refused = old.commit("4").unwrap_err();
    assert!(matches!(refused, IndexError::Cluster(ClusterError::Conflict(_))), "{refused}");
    assert_eq!(refused.blames_report(), Some(false));
    assert!(old.is_outdated());
    assert_eq!(one.payload().unwrap().as_deref(), Some("5"));
    // Opened again and applied again, both are joined.
    let mut old = one.writer().unwrap();
    old.apply(vec![entry(1, "甲"), entry(2, "乙")]).unwrap();
    old.commit("6").unwrap();
    let reader = one.reader().unwrap();
    assert_eq!((numbers(&find(&reader, "甲改")), numbers(&find(&reader, "乙"))), (vec![1], vec![2]));
    let found = reader.get(&entry(1, "甲").key).unwrap().unwrap();
    assert_eq!((found.text.as_str(), found.versions.len()), ("甲改", 2));
}

#[test]
fn a_batch_that_is_applied_again_changes_nothing() {
    let Some((_place, one, other)) = twice() else { return };
    let batch = || (0..30).map(|number| entry(number, "申请")).collect::<Vec<_>>();
    let mut writer = one.writer().unwrap();
    writer.apply(batch()).unwrap();
    writer.commit("1").unwrap();
    drop(writer);
    let mut again = other.writer().unwrap();
    let applied = again.apply(batch()).unwrap();
    assert!(applied.iter().all(|applied| *applied == search::Applied::Unchanged { current: true }));
    again.commit("1").unwrap();
    assert_eq!(other.reader().unwrap().count().unwrap(), 30);
}

#[test]
fn readers_switch_to_the_next_generation() {
    let Some(address) = address() else { return };
    let generations: Generations = opensearch::generations(Path::new(&address)).unwrap();
    let current = search::CurrentReader::of(generations.clone());
    assert!(matches!(current.reader(), Err(IndexError::Absent { .. })));
    for number in 1..=3_u32 {
        let (made, index) =
            if number == 1 { generations.open_current() } else { generations.open_next() }.unwrap();
        assert_eq!(made, number);
        let mut writer = index.writer().unwrap();
        writer.apply((0..number).map(|number| entry(number, "甲")).collect()).unwrap();
        writer.commit("x").unwrap();
        generations.switch_to(made).unwrap();
        generations.remove_outdated().unwrap();
        assert_eq!(generations.current().unwrap(), Some(number));
        let reader = search::CurrentReader::of(generations.clone()).reader().unwrap();
        assert_eq!(reader.count().unwrap(), u64::from(number));
    }
    assert_eq!(generations.compatibility(1).unwrap(), search::Compatibility::Absent);
    assert_eq!(generations.compatibility(2).unwrap(), search::Compatibility::Compatible);
    generations.remove_all().unwrap();
}

#[test]
fn a_changed_mapping_and_a_cluster_that_takes_no_writes_are_told() {
    let (Some(node), Some(address)) = (node(), address()) else { return };
    let generations: Generations = opensearch::generations(Path::new(&address)).unwrap();
    let (_, index) = generations.open_current().unwrap();
    let name = address.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    let block = |blocked: &str| {
        let body = format!("{{\"index.blocks.read_only_allow_delete\":{blocked}}}");
        let said = node.ask("PUT", &format!("/{name}-0001/_settings"), &body).unwrap();
        assert!(said.contains("\"acknowledged\":true"), "{said}");
    };
    let mut writer = index.writer().unwrap();
    block("true");
    writer.apply(vec![entry(1, "甲")]).unwrap();
    let blocked = writer.commit("1").unwrap_err();
    assert!(matches!(blocked, IndexError::Cluster(ClusterError::Blocked(_))), "{blocked}");
    block("null");
    writer.apply(vec![entry(1, "甲")]).unwrap();
    writer.commit("1").unwrap();
    assert_eq!(index.reader().unwrap().count().unwrap(), 1);
    // The same name with a field of another kind.
    let said = node.ask("DELETE", &format!("/{name}-0001"), "").unwrap();
    assert!(said.contains("\"acknowledged\":true"), "{said}");
    let gone = writer.apply(vec![entry(2, "乙")]).and_then(|_| writer.commit("2")).unwrap_err();
    assert!(matches!(gone, IndexError::Cluster(ClusterError::Unavailable(_))), "{gone}");
    let body = r#"{"mappings":{"_meta":{"gouji":"cluster schema 1, analyzer 3"},"properties":{"key":{"type":"text"}}}}"#;
    node.ask("PUT", &format!("/{name}-0001"), body).unwrap();
    node.ask("PUT", &format!("/{name}-0001/_alias/{name}"), "").unwrap();
    let changed = generations.open_current().map(drop).unwrap_err();
    assert!(matches!(changed, IndexError::Cluster(ClusterError::Changed { .. })), "{changed}");
    generations.remove_all().unwrap();
}

#[test]
fn a_node_that_is_killed_loses_nothing_that_was_committed() {
    if node().is_none() {
        return;
    }
    let node = OpenSearch::start(&installed().unwrap()).unwrap();
    let address = format!("opensearch+http://{}/killed?replicas=0", node.host());
    let generations: Generations = opensearch::generations(Path::new(&address)).unwrap();
    let open = || generations.open_current().unwrap().1;
    let batch = |number: u32| (0..BATCH).map(|one| entry(number * BATCH + one, "申请")).collect::<Vec<_>>();
    let mut writer = open().writer().unwrap();
    let (mut next, mut kills, mut failures) = (0, KILLED_AT.into_iter().peekable(), 0);
    while next < BATCHES {
        let written = std::thread::scope(|threads| {
            if kills.next_if_eq(&next).is_some() {
                threads.spawn(|| node.kill().unwrap());
            }
            let applied = writer.apply(batch(next));
            applied.and_then(|_| writer.commit(&next.to_string()))
        });
        match written {
            Ok(()) => next += 1,
            Err(error) => {
                assert_eq!(error.blames_report(), Some(false), "{error}");
                failures += 1;
                node.start_again().unwrap();
                let index = open();
                let payload = index.payload().unwrap();
                let reached = payload.map_or(0, |payload| payload.parse::<u32>().unwrap() + 1);
                assert!(reached >= next, "batch {next} was committed, and the index has {reached}");
                writer = index.writer().unwrap();
            }
        }
    }
    assert!(failures > 0, "the node was killed and nobody saw it");
    let reader = open().reader().unwrap();
    assert_eq!(reader.count().unwrap(), u64::from(BATCHES * BATCH));
    assert_eq!(find(&reader, "申请").total, u64::from(BATCHES * BATCH));
    assert_eq!(reader.payload().unwrap(), Some((BATCHES - 1).to_string()));
}
