"""The input half in SQL: Kafka records become complete, sorted ticks, one row per shard and tick.

    all input topics ──► effective time, late flag ──► rowtime ──► TUMBLE(tick), ARRAY_AGG ──► keyed by shard

Lateness is a function of the log: a record is late if its own partition had passed it by more than the bound.
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
from connectors.shard_labels import in_sql, labels
from connectors.topics import HEARTBEAT_KEY, NEWS, kind_of, plain_name
from udfs.time import Millis

_NEWS = frozenset(topic.name for topic in NEWS)
BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())
TICK_ROW = Types.ROW_NAMED(
    ["keys", "record_values", "coordinates", "times", "effective"],
    [Types.OBJECT_ARRAY(BYTES), Types.OBJECT_ARRAY(BYTES), *[Types.OBJECT_ARRAY(Types.LONG())] * 3],
)


def ticks(tables: StreamTableEnvironment, topics: Sequence[str], settings: Settings, bounded: bool) -> KeyedStream:
    """Ticks of `topics` (names on the broker), keyed by label of shard; `bounded` reads to the ends of now."""
    tables.execute_sql(_source(topics, settings, bounded))
    records = tables.to_data_stream(tables.sql_query(_effective(topics, settings)))
    tables.create_temporary_view("effective_records", tables.from_data_stream(records, _with_rowtime()))
    tables.create_temporary_view("labelled_records", tables.sql_query(_labelled(settings)))
    return _keyed_by_shard(tables.to_data_stream(tables.sql_query(_tumble(settings))))


def _source(topics: Sequence[str], settings: Settings, bounded: bool) -> str:
    return f"""CREATE TEMPORARY TABLE inputs (
        k BYTES, v BYTES,
        topic STRING NOT NULL METADATA VIRTUAL,
        part INT NOT NULL METADATA FROM 'partition' VIRTUAL,
        off BIGINT NOT NULL METADATA FROM 'offset' VIRTUAL,
        rt TIMESTAMP_LTZ(3) NOT NULL METADATA FROM 'timestamp' VIRTUAL,
        pt AS PROCTIME(),
        WATERMARK FOR rt AS rt - {_interval(settings.bound)}
    ) WITH (
        'connector' = 'kafka', 'topic' = '{";".join(topics)}',
        'properties.bootstrap.servers' = '{settings.kafka}',
        'properties.isolation.level' = 'read_committed',
        'properties.partition.discovery.interval.ms' = '60000',
        'scan.startup.mode' = 'earliest-offset'{", 'scan.bounded.mode' = 'latest-offset'" if bounded else ""},
        'key.format' = 'raw', 'key.fields' = 'k',
        'value.format' = 'raw', 'value.fields-include' = 'EXCEPT_KEY')"""


def _effective(topics: Sequence[str], settings: Settings) -> str:
    """Heartbeats count in the running maximum and are then left behind; SQL compares texts, not bytes, by value."""
    index = " ".join(f"WHEN '{topic}' THEN {kind_of(plain_name(topic, settings.namespace))}" for topic in topics)
    bound = settings.bound
    coordinate = (
        f"CAST(CASE topic {index} END AS BIGINT) * {1 << TOPIC_SHIFT} + CAST(part AS BIGINT) * {1 << OFFSET_BITS} + off"
    )
    return f"""
        SELECT shard, k, v, coordinate, ms, eff, TO_TIMESTAMP_LTZ(eff, 3) AS eff_time FROM (
            SELECT shard, k, v, {coordinate} AS coordinate, ms,
                CASE WHEN ms <= mx - {bound} THEN mx - {bound} + 1 ELSE ms END AS eff
            FROM (
                SELECT shard, k, v, topic, part, off, ms, MAX(ms) OVER (
                    PARTITION BY topic, part ORDER BY pt ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS mx
                FROM (SELECT *, EXTRACT(EPOCH FROM rt) * 1000 + EXTRACT(MILLISECOND FROM rt) AS ms
                    FROM ({_sharded(topics, settings)}))
            )
        ) WHERE k IS NULL OR CAST(k AS STRING) <> '{HEARTBEAT_KEY.decode()}'"""


def _sharded(topics: Sequence[str], settings: Settings) -> str:
    """A record of a person goes to the person's shard, and news to every shard.

    The copies are made before an exchange, where a second branch costs events nothing. Heartbeats among news go the
    same way, for what overtakes them would be late or not by chance.
    """
    shards, columns = settings.shards, "k, v, topic, part, off, rt, pt"
    number = f"COALESCE(MOD(MOD(HASH_CODE(CAST(k AS STRING)), {shards}) + {shards}, {shards}), 0)"
    news = [f"'{topic}'" for topic in topics if plain_name(topic, settings.namespace) in _NEWS]
    if not news:
        return f"SELECT {number} AS shard, {columns} FROM inputs"
    names, everybody = ", ".join(news), ", ".join(map(str, range(shards)))
    return f"""
        SELECT {number} AS shard, {columns} FROM inputs WHERE topic NOT IN ({names})
        UNION ALL
        SELECT number AS shard, {columns} FROM (
            SELECT ARRAY[{everybody}] AS numbers, {columns} FROM inputs WHERE topic IN ({names})
        ) CROSS JOIN UNNEST(numbers) AS told (number)"""


def _interval(length: Millis) -> str:
    """A length under 100 days as SQL: DAY TO SECOND is the one form that takes more than 99 seconds."""
    seconds, millis = divmod(length, 1000)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    return f"INTERVAL '{days} {hours % 24:02}:{minutes % 60:02}:{seconds % 60:02}.{millis:03}' DAY TO SECOND(3)"


def _with_rowtime() -> TableSchema:
    return (
        Schema.new_builder()
        .column("shard", DataTypes.INT())
        .column("k", DataTypes.BYTES())
        .column("v", DataTypes.BYTES())
        .column("coordinate", DataTypes.BIGINT())
        .column("ms", DataTypes.BIGINT())
        .column("eff", DataTypes.BIGINT())
        .column("eff_time", "TIMESTAMP_LTZ(3)")
        .watermark("eff_time", "SOURCE_WATERMARK()")
        .build()
    )


def _labelled(settings: Settings) -> str:
    """Behind the conversion on purpose: the planner would else hash the key once for each comparison."""
    return f"""
        SELECT {in_sql("shard", labels(settings.shards))} AS shard, k, v, coordinate, ms, eff, eff_time
        FROM effective_records"""


def _tumble(settings: Settings) -> str:
    return f"""
        SELECT shard, ROW(ARRAY_AGG(k), ARRAY_AGG(v), ARRAY_AGG(coordinate), ARRAY_AGG(ms), ARRAY_AGG(eff)) AS tick
        FROM TUMBLE(TABLE labelled_records, DESCRIPTOR(eff_time), {_interval(settings.tick)})
        GROUP BY shard, window_start, window_end"""


def _keyed_by_shard(rows: DataStream) -> KeyedStream:
    """Key the rows in the JVM: PyFlink's own key_by would carry every record through Python once more for its key."""
    gateway = get_gateway()
    key = Types.INT()
    rows._j_data_stream.getTransformation().setOutputType(Types.ROW([key, TICK_ROW]).get_java_type_info())
    selector = gateway.jvm.org.apache.flink.streaming.api.functions.python.KeyByKeySelector()
    keyed = rows._j_data_stream.keyBy(selector, Types.ROW([key]).get_java_type_info())
    return KeyedStream(keyed, TICK_ROW, rows)
