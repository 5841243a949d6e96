"""The output half in SQL: the records of a tick go to all output topics in one transaction per checkpoint."""

from __future__ import annotations

from collections.abc import Sequence

from pyflink.datastream import DataStream
from pyflink.table import StatementSet, StreamTableEnvironment

from connectors.settings import Settings

TRANSACTION_TIMEOUT_MS = 600_000


def sink(
    tables: StreamTableEnvironment, rows: DataStream, topics: Sequence[str], name: str, settings: Settings
) -> None:
    """Send `rows` (one array of records each) to `topics`, exactly once; read them with read_committed."""
    tables.create_temporary_view("output_rows", tables.from_data_stream(rows))
    tables.execute_sql(_table(topics, name, settings))
    statements: StatementSet = tables.create_statement_set()
    statements.add_insert_sql(
        "INSERT INTO outputs SELECT r.topic, TO_TIMESTAMP_LTZ(r.ts, 3), r.k, r.v"
        " FROM output_rows CROSS JOIN UNNEST(records) AS r(topic, k, v, ts)"
    )
    statements.attach_as_datastream()


def _table(topics: Sequence[str], name: str, settings: Settings) -> str:
    return f"""CREATE TEMPORARY TABLE outputs (
        topic STRING METADATA, ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', k BYTES, v BYTES
    ) WITH (
        'connector' = 'kafka', 'topic' = '{";".join(topics)}',
        'properties.bootstrap.servers' = '{settings.kafka}',
        'key.format' = 'raw', 'key.fields' = 'k',
        'value.format' = 'raw', 'value.fields-include' = 'EXCEPT_KEY',
        'sink.delivery-guarantee' = 'exactly-once',
        'sink.transactional-id-prefix' = '{settings.namespace}{name}',
        'sink.transaction-naming-strategy' = 'POOLING',
        'properties.transaction.timeout.ms' = '{TRANSACTION_TIMEOUT_MS}')"""
