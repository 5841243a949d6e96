"""One Kafka broker that is its own controller, as small as it gets and forgetting nothing."""

from __future__ import annotations

import base64
import subprocess
import uuid
from pathlib import Path

from local_stack import java, processes
from local_stack.errors import NoRoom, PartFailed
from local_stack.jars import JARS
from local_stack.ports import HOST

VERSION = "4.3.1"
STARTED = "Kafka Server started"
# Epoch stamps far ahead of the wall clock are legal here: history and shop time are replayed into these topics.
SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
log.dirs={home}/log
auto.create.topics.enable=false
log.retention.ms=-1
log.segment.bytes=67108864
log.cleaner.dedupe.buffer.size=16777216
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.max.timeout.ms=900000
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
"""
LOGGING = """\
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %-5p %m (%c{1})%n
rootLogger.level=INFO
rootLogger.appenderRef.out.ref=out
"""


def start(home: Path, port: int, controller: int) -> processes.Running:
    """Start the broker of this stack and wait until it says that it is up."""
    folder = home / "kafka"
    folder.mkdir(parents=True, exist_ok=True)
    settings, logging = folder / "server.properties", folder / "log4j2.properties"
    settings.write_text(SETTINGS.format(host=HOST, port=port, controller=controller, home=folder))
    logging.write_text(LOGGING)
    if not (folder / "log" / "meta.properties").is_file():
        storage_format(settings, logging)
    running = processes.start(home, "kafka", [*java_command(logging), "kafka.Kafka", str(settings)], {}, VERSION)
    log = Path(running.log)
    try:
        processes.wait_ready(running, lambda: log.is_file() and STARTED in log.read_text(errors="replace"), 180)
    except PartFailed as failed:
        if "No space left" in str(failed):
            raise NoRoom(
                f"Kafka has no room left on the disk of {folder}: free some, then `./tidemark up`."
            ) from failed
        raise
    return running


def storage_format(settings: Path, logging: Path) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    tool = [
        "kafka.tools.StorageTool",
        "format",
        f"--cluster-id={cluster}",  # one word, for an id may begin with a dash
        "--config",
        str(settings),
        "--ignore-formatted",
    ]
    done = subprocess.run([*java_command(logging), *tool], capture_output=True, text=True)
    if done.returncode:
        raise PartFailed(f"Kafka could not prepare {settings.parent}: {(done.stderr or done.stdout).strip()[-300:]}")


def java_command(logging: Path) -> list[str]:
    options = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Dlog4j2.configurationFile={logging}"]
    return [java.command(), *options, "-cp", str(JARS / "kafka" / "*")]
