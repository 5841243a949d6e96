"""`tidemark tide` in the background: a heartbeat a second in every partition of the topics that it keeps."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from local_stack.addresses import ROOT
from local_stack.drills.scene import Scene


@contextmanager
def heartbeats(scene: Scene, *topics: str) -> Iterator[None]:
    """Keep these topics' clock for as long as the block lasts, and end it as a person does."""
    kept = [word for topic in topics for word in ("--topic", topic)]
    command = [sys.executable, "-m", "cli", "tide", *kept]
    with subprocess.Popen(command, env=scene.environment(), cwd=ROOT, stderr=subprocess.DEVNULL) as clock:
        try:
            yield
        finally:
            clock.send_signal(signal.SIGINT)
            clock.wait(20)
