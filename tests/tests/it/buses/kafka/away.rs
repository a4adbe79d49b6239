//! The broker is killed while changes are delivered.

use std::collections::BTreeSet;
use std::time::Duration;

use deliver::target::{Target as _, TargetError};
use tests::kafka::Kafka;

use super::{batch, prepared, target};

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_waits_for_its_broker_and_is_not_sent_twice() {
    let Some((libraries, clients)) = prepared("a_batch_waits_for_its_broker_and_is_not_sent_twice").await
    else {
        return;
    };
    let kafka = Kafka::start(&libraries).await.unwrap();
    kafka.make_topic("away", 3, &[]).await.unwrap();
    let mut target = target(&format!("brokers = \"{}\"\ntopic = \"away\"\n", kafka.plain()));
    target.deliver(&batch(1..=50, 100)).await.unwrap();
    kafka.kill().unwrap();
    let error = target.deliver(&batch(51..=100, 100)).await.unwrap_err();
    assert!(matches!(error, TargetError::Blocked(_)), "{error}");
    assert!(error.to_string().contains("no broker of") && error.to_string().contains("refused"), "{error}");
    kafka.start_again().await.unwrap();
    // The same batch, with more behind it.
    let whole = tokio::time::timeout(Duration::from_secs(60), async {
        while let Err(error) = target.deliver(&batch(51..=120, 100)).await {
            assert!(matches!(error, TargetError::Blocked(_)), "{error}");
        }
    });
    whole.await.unwrap();
    let messages = kafka.read(&clients, "aiokafka", "away").await.unwrap();
    let ids: Vec<&str> = messages.iter().map(|message| message.headers["ce_id"].as_str()).collect();
    assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (120, 120));
}
