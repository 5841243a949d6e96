"""Start and stop all servers of a stack; its data, ports and logs live in one folder.

valkey ─────────────┐
kafka ── topics ────┴── render, archive, brakes
metrics, mail
jobmanager, taskmanager          all at once; an arrow waits
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from local_stack import addresses, flink, jars, kafka, ports, processes, services, topic_set, valkey
from local_stack.errors import NoRoom, PartFailed, StackError

PARTS = ("kafka", "valkey", "jobmanager", "taskmanager", "metrics", "mail", "render", "archive", "brakes")
PORTS_OF = {
    "kafka": ("kafka", "kafka_controller"),
    "jobmanager": ("flink", "flink_rpc"),
    "taskmanager": (),
    "mail": ("smtp",),
    "archive": (),
}
STOPPING = (("brakes", "archive", "render", "mail", "metrics", "taskmanager", "jobmanager"), ("valkey", "kafka"))
ROOM_NEEDED = 1_000_000_000

Say = Callable[[str], None]


def silent(_: str) -> None:
    """Say nothing."""


def up(home: Path, *, fresh: bool = False, say: Say = silent) -> addresses.Addresses:
    """Start what does not run yet and return the addresses; `fresh` first removes all data of this stack."""
    home = home.absolute()
    if fresh:
        down(home, fresh=True)
    home.mkdir(parents=True, exist_ok=True)
    jars.verify()
    need_room(home)
    began = time.monotonic()
    with ports.reserved(lambda: say("Another stack is starting: waiting until its ports are known ...")):
        absent = to_start(home)
        if not absent:
            say("All up already.")
            return addresses.load(home)
        port = choose_ports(home, say) if absent == set(PARTS) else addresses.read_ports(home)
        try:
            start_all(home, port, absent, say)
        except BaseException:
            down(home)
            raise
    say(f"All up in {time.monotonic() - began:.0f} s.")
    return addresses.load(home)


def to_start(home: Path) -> set[str]:
    """Return the parts that do not run; all of them, stopped, where one that ended has lost its port to another."""
    absent = {part for part in PARTS if not is_up(home, part)}
    if absent == set(PARTS) or not absent:
        return absent
    port = addresses.read_ports(home)
    if all(ports.is_free(port[name]) for part in absent for name in PORTS_OF.get(part, (part,))):
        for part in absent:
            processes.stop(home, [part])
        return absent
    down(home)
    return set(PARTS)


def down(home: Path, *, fresh: bool = False) -> None:
    """Stop everything that was started for this stack, Flink's Python workers too; `fresh` removes its data."""
    home = home.absolute()
    for parts in STOPPING:
        processes.stop(home, parts)
    processes.stop(home, None)
    if fresh:
        shutil.rmtree(home, ignore_errors=True)


def is_up(home: Path, part: str) -> bool:
    running = processes.find(home, part)
    return running is not None and running.alive


def need_room(home: Path) -> None:
    free = shutil.disk_usage(home).free
    if free < ROOM_NEEDED:
        raise NoRoom(
            f"The disk of {home} has {free // 1_000_000} MB left and a stack needs {ROOM_NEEDED // 1_000_000}: "
            "free some, or remove old stacks with `./tidemark down --fresh`."
        )


def choose_ports(home: Path, say: Say) -> dict[str, int]:
    """Take the ports of last time or the usual ones, and say which were busy."""
    try:
        wanted = {**ports.USUAL, **addresses.read_ports(home)}
    except (FileNotFoundError, ValueError):
        wanted = dict(ports.USUAL)
    chosen = ports.choose({name: wanted[name] for name in ports.USUAL})
    for name, port in chosen.items():
        if port != wanted[name]:
            say(f"Port {wanted[name]} is busy: {name.replace('_', ' ')} takes {port}.")
    addresses.write_ports(home, chosen)
    return chosen


def start_all(home: Path, port: dict[str, int], absent: set[str], say: Say) -> None:
    """Start the absent servers, in parallel where nothing waits for another; the first failure is raised."""
    where = addresses.of_ports(home, port)

    def broker_and_topics() -> None:
        if "kafka" in absent:
            kafka.start(home, port["kafka"], port["kafka_controller"])
        topic_set.create(where.kafka)
        say(f"Kafka {kafka.VERSION} at {where.kafka}")

    def store() -> None:
        if "valkey" in absent:
            valkey.start(home, port["valkey"])
        say(f"Valkey {valkey.VERSION} at {where.redis}")

    def cluster() -> None:
        flink.start(home, flink.Ports(port["flink"], port["flink_rpc"], port["metrics"]), absent)
        say(f"Flink {flink.VERSION} with its dashboard at {where.flink_rest}")

    def small_ones() -> None:
        if "metrics" in absent:
            services.start_metrics(home, port["metrics"], where.metrics)
        if "mail" in absent:
            services.start_mail(home, port["smtp"])
        say(f"Mail catcher at {where.smtp}, metrics at {where.metrics}")

    with ThreadPoolExecutor() as pool:
        before_readers = [pool.submit(broker_and_topics), pool.submit(store)]
        beside = [pool.submit(cluster), pool.submit(small_ones)]
        settle(before_readers)
        if "archive" in absent:
            services.start_archive(home, where)
        if "brakes" in absent:
            services.start_brakes(home, where)
        if "render" in absent:
            services.start_render(home, where)
        say(f"Render service at {where.render}/outbox")
        settle(beside)


def settle(starting: list[Future[None]]) -> None:
    for future in starting:
        try:
            future.result()
        except StackError:
            raise
        except Exception as error:
            raise PartFailed(f"The stack did not start: {type(error).__name__}: {error}") from error
