"""Names that a person understands, and a uid, for every operator that SQL made."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pyflink.datastream import StreamExecutionEnvironment

# The first that matches the planner's name gives ours: one after another, the last for the rest.
_NAMES = (
    (r"^KafkaSource", ("Events",)),
    (r"^Correlate", ("Records of a tick",)),
    (r"^outputs", ("Output topics",)),
    (r"^Calc", ("Place in the log", "Topic, key, value, time")),
    (r"^ConstraintEnforcer", ("Nothing missing",)),
    (r"^TableToDataStream", ("To stream",)),
    (r"^DataStreamToTable", ("To table",)),
)
_NOT_OPERATORS = ("PartitionTransformation", "UnionTransformation")


def name_operators(streams: StreamExecutionEnvironment) -> None:
    """Name what SQL made and give it a uid; what already has a uid keeps both.

    SQL's state does not survive a changed query, so its uids may well be a counter; ours are set where the operator is.
    """
    seen: Counter[str] = Counter()
    for transformation in _upstream_first(streams):
        if transformation.getClass().getSimpleName() in _NOT_OPERATORS or transformation.getUid() is not None:
            continue
        planned = transformation.getName()
        pattern, names = next((known for known in _NAMES if re.match(known[0], planned)), (planned, (planned,)))
        name = names[min(seen[pattern], len(names) - 1)]
        seen[pattern] += 1
        transformation.setName(name)
        transformation.setUid(f"{re.sub('[^a-z]+', '-', name.lower())}-{seen[pattern]}")


def _upstream_first(streams: StreamExecutionEnvironment) -> Iterator[Any]:
    done: set[int] = set()
    for sink in streams._j_stream_execution_environment.getTransformations():
        yield from _visit(sink, done)


def _visit(transformation: Any, done: set[int]) -> Iterator[Any]:
    if transformation.getId() in done:
        return
    done.add(transformation.getId())
    for upstream in transformation.getInputs():
        yield from _visit(upstream, done)
    yield transformation
