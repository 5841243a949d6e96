"""The two operators of ours that run in the JVM, TickChunks.java and CompleteTicks.java, compiled where they run.

Flink hands the operators that SQL makes to its TaskManagers as Java text, and compiles them there. The same way is
open to texts of ours, which saves both a build and a jar. The classes used here are not promised to stay as they are.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from pyflink.common import Types
from pyflink.common.typeinfo import TypeInformation
from pyflink.datastream import DataStream
from pyflink.datastream.data_stream import KeyedStream
from pyflink.java_gateway import get_gateway

from connectors.settings import Settings
from connectors.shard_labels import labels
from connectors.topics import HEARTBEAT_KEY
from udfs.events import Kind

CHUNKS, COMPLETE = "TickChunks", "CompleteTicks"
_BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())
_KEY = Types.ROW([Types.INT()])
CHUNK_ROW = Types.ROW_NAMED(["shard", "begin", "chunk"], [Types.INT(), Types.LONG(), _BYTES])
TICK_ROW = Types.ROW_NAMED(["chunks"], [Types.OBJECT_ARRAY(_BYTES)])


def complete_ticks(records: DataStream, settings: Settings) -> KeyedStream:
    """Ticks of `records` (key, value, coordinate, time) by label of shard; there is no exchange before it."""
    streams = get_gateway().jvm.org.apache.flink.streaming.api.datastream
    environment = records._j_data_stream.getExecutionEnvironment()
    selector, key = by_label()

    chunks = _operator(records._j_data_stream, CHUNKS, _values(settings), CHUNK_ROW)
    chunks.setUid("tick-chunks")
    chunks.setName("Effective time and ticks")
    keyed = streams.DataStream(environment, chunks).keyBy(selector, key)
    whole = _operator(keyed, COMPLETE, [settings.tick], Types.ROW([Types.INT(), TICK_ROW]))
    whole.setStateKeySelector(selector)
    whole.setStateKeyType(key)
    whole.setUid("ticks-complete")
    whole.setName("Ticks complete")
    rows = streams.DataStream(environment, whole)
    still_keyed = streams.DataStreamUtils.reinterpretAsKeyedStream(rows, selector, key)
    return KeyedStream(still_keyed, TICK_ROW, DataStream(rows))


def by_label() -> tuple[Any, Any]:
    """What keys rows by their first field, a label, in the JVM: the selector, and the type of its key.

    PyFlink's own key_by would carry every record through Python once more for its key.
    """
    selector = get_gateway().jvm.org.apache.flink.streaming.api.functions.python.KeyByKeySelector()
    return selector, Types.ROW([Types.INT()]).get_java_type_info()


def _operator(upstream: Any, name: str, values: list[Any], rows: TypeInformation) -> Any:
    """What stands behind `upstream` (a stream of Java's): the operator that the text of this name makes of `values`."""
    jvm = get_gateway().jvm
    runtime = jvm.org.apache.flink.table.runtime
    environment, source = upstream.getExecutionEnvironment(), upstream.getTransformation()
    code = files("connectors").joinpath(f"{name}.java").read_text(encoding="utf-8")
    made = runtime.generated.GeneratedOperator(name, code, _array("Object", values), environment.getConfiguration())
    transformation = jvm.org.apache.flink.streaming.api.transformations.OneInputTransformation(
        source, name, runtime.operators.CodeGenOperatorFactory(made), rows.get_java_type_info(), source.getParallelism()
    )
    environment.addOperator(transformation)
    return transformation


def _values(settings: Settings) -> list[Any]:
    """What TickChunks takes: bound and tick (ms), labels of the shards, key of heartbeats, first kind of news."""
    known = _array("int", labels(settings.shards))
    return [settings.bound, settings.tick, known, HEARTBEAT_KEY.decode(), int(Kind.CAMPAIGN)]


def _array(java_type: str, values: Any) -> Any:
    gateway = get_gateway()
    array = gateway.new_array(getattr(gateway.jvm, java_type), len(values))
    for place, value in enumerate(values):
        array[place] = value
    return array
