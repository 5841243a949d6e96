"""The input half in the JVM: Kafka records become complete ticks, one row per shard and tick.

    all input topics ──► effective time, chunks of a shard and tick ──► TUMBLE(tick), ARRAY_AGG ──► keyed by shard

SQL reads and completes ticks; what happens to each record between is TickChunks.java. Lateness is a function of the
log: a record is late if its own partition had passed it by more than the bound.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyflink.common import Types
from pyflink.datastream import DataStream
from pyflink.datastream.data_stream import KeyedStream
from pyflink.java_gateway import get_gateway
from pyflink.table import DataTypes, Schema, StreamTableEnvironment
from pyflink.table.schema import Schema as TableSchema

from connectors.coordinates import OFFSET_BITS, TOPIC_SHIFT
from connectors.settings import Settings
from connectors.tick_chunks_in_java import chunks
from connectors.topics import kind_of, plain_name
from udfs.time import Millis

BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())
TICK_ROW = Types.ROW_NAMED(["chunks"], [Types.OBJECT_ARRAY(BYTES)])


def ticks(tables: StreamTableEnvironment, topics: Sequence[str], settings: Settings, bounded: bool) -> KeyedStream:
    """Ticks of `topics` (names on the broker), keyed by label of shard; `bounded` reads to the ends of now."""
    tables.execute_sql(_source(topics, settings, bounded))
    records = tables.to_data_stream(tables.sql_query(_placed(topics, settings)))
    tables.create_temporary_view("chunks", tables.from_data_stream(chunks(records, settings), _with_rowtime()))
    return _keyed_by_shard(tables.to_data_stream(tables.sql_query(_tumble(settings))))


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


def _with_rowtime() -> TableSchema:
    return (
        Schema.new_builder()
        .column("shard", DataTypes.INT())
        .column("tick_time", "TIMESTAMP_LTZ(3)")
        .column("chunk", DataTypes.BYTES())
        .watermark("tick_time", "SOURCE_WATERMARK()")
        .build()
    )


def _tumble(settings: Settings) -> str:
    return f"""
        SELECT shard, ROW(ARRAY_AGG(chunk)) AS tick
        FROM TUMBLE(TABLE chunks, DESCRIPTOR(tick_time), {_interval(settings.tick)})
        GROUP BY shard, window_start, window_end"""


def _keyed_by_shard(rows: DataStream) -> KeyedStream:
    """Key the rows in the JVM: PyFlink's own key_by would carry every record through Python once more for its key."""
    gateway = get_gateway()
    key = Types.INT()
    rows._j_data_stream.getTransformation().setOutputType(Types.ROW([key, TICK_ROW]).get_java_type_info())
    selector = gateway.jvm.org.apache.flink.streaming.api.functions.python.KeyByKeySelector()
    keyed = rows._j_data_stream.keyBy(selector, Types.ROW([key]).get_java_type_info())
    return KeyedStream(keyed, TICK_ROW, rows)
