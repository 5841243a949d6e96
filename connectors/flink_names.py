"""Names that a person understands, and a uid, for every operator that SQL made."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pyflink.datastream import StreamExecutionEnvironment

# In the order of the flow; the first that matches the planner's name gives ours.
_NAMES = (
    (r"^KafkaSource", "Events"),
    (r"^OverAggregate", "Effective time"),
    (r"^LocalWindowAggregate", "Ticks begin"),
    (r"^GlobalWindowAggregate", "Ticks complete"),
    (r"^Correlate", "Records of a tick"),
    (r"^outputs", "Output topics"),
    (r"^Calc", "Columns"),
    (r"^ConstraintEnforcer", "Not null"),
    (r"^TableToDataStream", "Rows"),
    (r"^DataStreamToTable", "Rows"),
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
        name = _friendly(transformation.getName())
        seen[name] += 1
        transformation.setName(name)
        transformation.setUid(f"{name.lower().replace(' ', '-')}-{seen[name]}")


def _friendly(planned: str) -> str:
    return next((name for pattern, name in _NAMES if re.match(pattern, planned)), planned)


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
