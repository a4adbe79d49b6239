"""Prints every message of a topic, a JSON object a line, as a client that is not ours reads it.

Arguments: aiokafka or confluent, the brokers, the topic, a folder with ca.pem, client.pem and client.key, a user and
its password. aiokafka signs in with SCRAM, confluent shows a certificate.
"""

import asyncio
import json
import ssl
import sys
from pathlib import Path

client, brokers, topic, folder, user, password = sys.argv[1:7]
folder = Path(folder)


def show(partition, offset, key, headers, value):
    plain = {name: None if text is None else text.decode() for name, text in headers or []}
    if len(plain) != len(headers or []):
        raise SystemExit(f"a header stands twice: {headers}")
    print(json.dumps({
        "partition": partition,
        "offset": offset,
        "key": key and key.decode(),
        "headers": plain,
        "value": value and value.decode(),
    }, ensure_ascii=False))


async def read_with_aiokafka():
    from aiokafka import AIOKafkaConsumer, TopicPartition

    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers,
        enable_auto_commit=False,
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-256",
        sasl_plain_username=user,
        sasl_plain_password=password,
        ssl_context=ssl.create_default_context(cafile=folder / "ca.pem"),
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or
                      await known(consumer)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(one) < end for one, end in ends.items()]):
            for messages in (await consumer.getmany(timeout_ms=1000)).values():
                for one in messages:
                    show(one.partition, one.offset, one.key, one.headers, one.value)
    finally:
        await consumer.stop()


async def known(consumer):
    """The partitions of a topic that the client has not asked for yet."""
    cluster = await consumer._client.fetch_all_metadata()
    return cluster.partitions_for_topic(topic)


def read_with_confluent():
    from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

    consumer = Consumer({
        "bootstrap.servers": brokers,
        "group.id": "reader",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "security.protocol": "ssl",
        "ssl.ca.location": str(folder / "ca.pem"),
        "ssl.certificate.location": str(folder / "client.pem"),
        "ssl.key.location": str(folder / "client.key"),
    })
    partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
    left = len(partitions)
    while left:
        message = consumer.poll(30)
        if message is None:
            raise SystemExit("nothing came for 30 seconds")
        if message.error():
            if message.error().code() != KafkaError._PARTITION_EOF:
                raise SystemExit(str(message.error()))
            left -= 1
            continue
        show(message.partition(), message.offset(), message.key(), message.headers(), message.value())
    consumer.close()


if client == "aiokafka":
    asyncio.run(read_with_aiokafka())
else:
    read_with_confluent()
