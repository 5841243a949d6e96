"""The one operator of ours that runs in the JVM: TickChunks.java, compiled by Flink where it runs.

Flink hands the operators that SQL makes to its TaskManagers as Java text, and compiles them there. The same way is
open to a text of ours, which saves both a build and a jar. The classes used here are not promised to stay as they are.
"""

from __future__ import annotations

from importlib.resources import files

from pyflink.common import Types
from pyflink.datastream import DataStream
from pyflink.java_gateway import get_gateway

from connectors.settings import Settings
from connectors.shard_labels import labels
from connectors.topics import HEARTBEAT_KEY
from udfs.events import Kind

NAME = "TickChunks"
CHUNK_ROW = Types.ROW_NAMED(
    ["shard", "tick_time", "chunk"], [Types.INT(), Types.INSTANT(), Types.PRIMITIVE_ARRAY(Types.BYTE())]
)


def chunks(records: DataStream, settings: Settings) -> DataStream:
    """Chunks of `records` (key, value, coordinate, time), which must come from their source without an exchange."""
    jvm = get_gateway().jvm
    runtime = jvm.org.apache.flink.table.runtime
    upstream = records._j_data_stream.getTransformation()
    environment = records._j_data_stream.getExecutionEnvironment()
    code = files("connectors").joinpath(f"{NAME}.java").read_text(encoding="utf-8")
    operator = runtime.generated.GeneratedOperator(NAME, code, _values(settings), environment.getConfiguration())
    transformation = jvm.org.apache.flink.streaming.api.transformations.OneInputTransformation(
        upstream,
        NAME,
        runtime.operators.CodeGenOperatorFactory(operator),
        CHUNK_ROW.get_java_type_info(),
        upstream.getParallelism(),
    )
    transformation.setUid("tick-chunks")
    transformation.setName("Effective time and ticks")
    environment.addOperator(transformation)
    return DataStream(jvm.org.apache.flink.streaming.api.datastream.DataStream(environment, transformation))


def _values(settings: Settings) -> object:
    """What the constructor takes: bound and tick (ms), labels of the shards, key of heartbeats, first kind of news."""
    gateway = get_gateway()
    known = labels(settings.shards)
    in_java = gateway.new_array(gateway.jvm.int, len(known))
    for shard, label in enumerate(known):
        in_java[shard] = label
    told = (settings.bound, settings.tick, in_java, HEARTBEAT_KEY.decode(), int(Kind.CAMPAIGN))
    values = gateway.new_array(gateway.jvm.Object, len(told))
    for place, value in enumerate(told):
        values[place] = value
    return values
