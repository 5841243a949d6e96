"""Our copy of Flink's hash is Flink's: asked in a JVM, without a cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from random import Random

import pytest

from connectors.shard_labels import key_by_group, labels
from local_stack import java

pytestmark = pytest.mark.stack

ASK_FLINK = """
import json, sys
from pyflink.java_gateway import get_gateway
gateway = get_gateway()
flink = gateway.jvm.org.apache.flink
group = flink.runtime.state.KeyGroupRangeAssignment.assignToKeyGroup
told = []
for label in json.load(sys.stdin):
    row = flink.types.Row.ofKind(flink.types.RowKind.INSERT, gateway.new_array(gateway.jvm.java.lang.Object, 1))
    row.setField(0, label)
    told.append(group(row, 128))
print(json.dumps(told))
"""


def test_the_hash_is_that_of_flink() -> None:
    """A wrong one would still give right rows, only on the wrong subtask: nothing else would tell."""
    dice = Random(1)
    asked = [*labels(16), *(dice.randrange(1 << 31) for _ in range(50))]
    answer = subprocess.run(
        [sys.executable, "-c", ASK_FLINK],
        input=json.dumps(asked),
        env={**os.environ, "JAVA_HOME": str(java.home())},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(answer.stdout.splitlines()[-1]) == [key_by_group(label) for label in asked]
