"""The input half in the JVM: Kafka records become complete ticks, one row per shard and tick.

    all input topics ──► effective time, chunks of a shard and tick ──► keyed by shard ──► complete ticks

SQL reads; the rest are TickChunks.java and CompleteTicks.java. Lateness is a function of the log: a record is late if
its own partition had passed it by more than the bound.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyflink.datastream.data_stream import KeyedStream
from pyflink.table import StreamTableEnvironment

from connectors.coordinates import OFFSET_BITS, TOPIC_SHIFT
from connectors.settings import Settings
from connectors.ticks_in_java import complete_ticks
from connectors.topics import kind_of, plain_name
from udfs.time import Millis


def ticks(tables: StreamTableEnvironment, topics: Sequence[str], settings: Settings, bounded: bool) -> KeyedStream:
    """Ticks of `topics` (names on the broker), keyed by label of shard; `bounded` reads to the ends of now."""
    tables.execute_sql(_source(topics, settings, bounded))
    return complete_ticks(tables.to_data_stream(tables.sql_query(_placed(topics, settings))), settings)


def _source(topics: Sequence[str], settings: Settings, bounded: bool) -> str:
    return f"""CREATE TEMPORARY TABLE inputs (
        k BYTES, v BYTES,
        topic STRING NOT NULL METADATA VIRTUAL,
        part INT NOT NULL METADATA FROM 'partition' VIRTUAL,
        off BIGINT NOT NULL METADATA FROM 'offset' VIRTUAL,
        rt TIMESTAMP_LTZ(3) NOT NULL METADATA FROM 'timestamp' VIRTUAL,
        WATERMARK FOR rt AS rt - {_interval(settings.bound)}
    ) WITH (
        'connector' = 'kafka', 'topic' = '{";".join(topics)}',
        'properties.bootstrap.servers' = '{settings.kafka}',
        'properties.isolation.level' = 'read_committed',
        'properties.partition.discovery.interval.ms' = '60000',
        'scan.startup.mode' = 'earliest-offset'{", 'scan.bounded.mode' = 'latest-offset'" if bounded else ""},
        'key.format' = 'raw', 'key.fields' = 'k',
        'value.format' = 'raw', 'value.fields-include' = 'EXCEPT_KEY')"""


def _placed(topics: Sequence[str], settings: Settings) -> str:
    """Key, value, coordinate and time of each record, heartbeats too: they count for the mark of their partition."""
    index = " ".join(f"WHEN '{topic}' THEN {kind_of(plain_name(topic, settings.namespace))}" for topic in topics)
    place = f"CAST(part AS BIGINT) * {1 << OFFSET_BITS} + off"
    topic = f"CAST(CASE topic {index} END AS BIGINT) * {1 << TOPIC_SHIFT}"
    return f"SELECT k, v, {topic} + {place} AS coordinate, rt FROM inputs"


def _interval(length: Millis) -> str:
    """A length under 100 days as SQL: DAY TO SECOND is the one form that takes more than 99 seconds."""
    seconds, millis = divmod(length, 1000)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    return f"INTERVAL '{days} {hours % 24:02}:{minutes % 60:02}:{seconds % 60:02}.{millis:03}' DAY TO SECOND(3)"
