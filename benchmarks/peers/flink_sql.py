"""The shared job in Flink SQL: ROW_NUMBER for deduplication, HOP and SESSION; rows go to files.

State is on the heap and nothing is checkpointed, both in its favour.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from benchmarks.peers.engine_rows import arguments
from benchmarks.peers.flink_rows import java_home, printed
from local_stack.flink import LATER

WEIGHT = "CASE event_type WHEN 'click' THEN 1 WHEN 'cart' THEN 5 ELSE 10 END"


def main() -> None:
    said = arguments()
    os.environ |= {"JAVA_HOME": java_home(), "JVM_ARGS": " ".join(LATER)}  # a tenth faster with them, too
    from pyflink.table import EnvironmentSettings, TableEnvironment

    tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    for key, value in OPTIONS.items():
        tables.get_config().set(key, value)
    folder = Path(f"{said.rows}.files")
    shutil.rmtree(folder, ignore_errors=True)
    tables.execute_sql(SOURCE.format(lines=said.lines.absolute()))
    tables.execute_sql(ONCE)
    for name, columns in SINKS.items():
        tables.execute_sql(
            f"CREATE TABLE {name} ({columns}) "
            f"WITH ('connector'='filesystem', 'path'='file://{folder.absolute()}/{name}', 'format'='csv')"
        )
    both = tables.create_statement_set()
    both.add_insert_sql(WINDOWS)
    both.add_insert_sql(SESSIONS)
    began = time.perf_counter()
    both.execute().wait()
    printed(said.rows, folder, time.perf_counter() - began)


OPTIONS = {
    "parallelism.default": "1",
    "pipeline.object-reuse": "true",
    "taskmanager.memory.process.size": "4g",
    "taskmanager.memory.managed.size": "256m",
    "taskmanager.memory.network.max": "256m",
    "table.local-time-zone": "UTC",
    "table.exec.state.ttl": "0",
    "table.exec.source.idle-timeout": "0",
}
SOURCE = """CREATE TABLE events (
    event_id STRING, user_id STRING, session_hint STRING, event_type STRING, ts BIGINT, product_id STRING,
    category STRING, price DOUBLE, quantity INT, device STRING, country STRING, url STRING,
    rt AS TO_TIMESTAMP_LTZ(ts, 3), WATERMARK FOR rt AS rt - INTERVAL '60' SECOND
) WITH ('connector'='filesystem', 'path'='file://{lines}', 'format'='json')"""
ONCE = """CREATE TEMPORARY VIEW once AS SELECT user_id, event_type, ts, rt FROM (
    SELECT user_id, event_type, ts, rt, ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY rt ASC) AS number FROM events
) WHERE number = 1"""
SINKS = {
    "windows": "u STRING, start_ms BIGINT, total BIGINT",
    "sessions": "u STRING, first_ms BIGINT, last_ms BIGINT, events BIGINT, cart INT, purchase INT",
}
WINDOWS = f"""INSERT INTO windows
    SELECT user_id, UNIX_TIMESTAMP(CAST(window_start AS STRING)) * 1000, CAST(SUM({WEIGHT}) AS BIGINT)
    FROM HOP(TABLE once, DESCRIPTOR(rt), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE)
    GROUP BY user_id, window_start, window_end"""
SESSIONS = """INSERT INTO sessions
    SELECT user_id, MIN(ts), MAX(ts), COUNT(*), MAX(CASE event_type WHEN 'cart' THEN 1 ELSE 0 END),
        MAX(CASE event_type WHEN 'purchase' THEN 1 ELSE 0 END)
    FROM SESSION(TABLE once PARTITION BY user_id, DESCRIPTOR(rt), INTERVAL '10' MINUTE)
    GROUP BY user_id, window_start, window_end"""

if __name__ == "__main__":
    main()
