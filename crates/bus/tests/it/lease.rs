//! Leader election.

use bus::INDEX_LEASE;

use crate::server::Server;
use crate::{TIMEOUT, open};

#[tokio::test]
async fn one_candidate_leads_until_it_releases_the_lease() {
    let server = Server::start();
    let bus = open(&server, "index").await;
    assert_eq!(bus.leader(INDEX_LEASE).await.unwrap(), None);
    let mut first = bus.lease(INDEX_LEASE, "first:/index".into());
    tokio::time::timeout(TIMEOUT, first.acquired()).await.unwrap();
    let mut second = bus.lease(INDEX_LEASE, "second:/index".into());
    assert_eq!(bus.leader(INDEX_LEASE).await.unwrap().unwrap().holder, "first:/index");
    assert!(first.is_held() && !second.is_held());
    first.release().await;
    tokio::time::timeout(TIMEOUT, second.acquired()).await.unwrap();
    assert_eq!(bus.leader(INDEX_LEASE).await.unwrap().unwrap().holder, "second:/index");
    second.release().await;
    assert_eq!(bus.leader(INDEX_LEASE).await.unwrap(), None);
}
