"""The last fifty decisions of a person, and what became of them, in Redis: one hash each, oldest out first.

`<prefix>:why:{<group>}:decisions:<user>`    decision_id -> thirteen digits of its instant and the record as JSON
`<prefix>:why:{<group>}:sends:<user>`        send_id -> the same of a record of `sends`
`<prefix>:why`                               how far the archive has come

A call is one script for each group of people, so nobody sees half of it; a record that is written again under its own
id, or that had been pushed out, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple, cast

import msgspec

from connectors.patience import Patience, connect
from connectors.profile_keys import prefix
from udfs.time import Millis

KEPT = 50
KEPT_SECONDS = 90 * 86_400  # after the last decision; older ones are in the archive
GROUPS = 16
RECORDS_A_CALL = 1_000
IDS = {"decisions": "decision_id", "sends": "send_id"}

# KEYS[1] is the group's base. ARGV: how many to keep, seconds to live, then key, id, record of each.
REMEMBER = """
local base, most, seconds = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local touched = {}
for i = 3, #ARGV, 3 do
  local key = base .. ARGV[i]
  redis.call('HSET', key, ARGV[i + 1], ARGV[i + 2])
  touched[key] = true
end
local function older(a, b)
  if a[1] ~= b[1] then return a[1] < b[1] end
  return a[2] < b[2]
end
for key in pairs(touched) do
  local excess = redis.call('HLEN', key) - most
  if excess > 0 then
    local all, ages = redis.call('HGETALL', key), {}
    for i = 1, #all, 2 do ages[#ages + 1] = {string.sub(all[i + 1], 1, 13), all[i]} end
    table.sort(ages, older)
    for i = 1, excess do redis.call('HDEL', key, ages[i][2]) end
  end
  redis.call('EXPIRE', key, seconds)
end
"""

# ARGV: the instant as thirteen digits, then the keys of somebody who was erased then.
FORGET = """
for i = 2, #ARGV do
  local all = redis.call('HGETALL', KEYS[1] .. ARGV[i])
  for j = 1, #all, 2 do
    if string.sub(all[j + 1], 1, 13) <= ARGV[1] then redis.call('HDEL', KEYS[1] .. ARGV[i], all[j]) end
  end
end
"""


class Standing(NamedTuple):
    """How many records the input topics hold, and the instant (ms) of the newest decision that was archived."""

    inputs: int
    newest: Millis


class RecentDecisions:
    """Writer and reader; with a Patience a call waits for a Redis that is away, without one it raises."""

    def __init__(self, redis_url: str, namespace: str, patience: Patience | None = None) -> None:
        self._redis = connect(redis_url)
        self._prefix = f"{prefix(namespace)}:why"
        self._patience = patience
        self._remember = self._redis.register_script(REMEMBER)
        self._forget = self._redis.register_script(FORGET)

    def remember(self, topic: str, records: Iterable[Mapping[str, Any]]) -> None:
        """Take in records of `decisions` or `sends`, in the order of the log."""
        groups: dict[str, list[str]] = {}
        for record in records:
            user = record["user_id"]
            fields = {name: said for name, said in record.items() if name != "user_id"}
            text = f"{record['at']:013}{msgspec.json.encode(fields).decode()}"
            groups.setdefault(self._base(user), []).extend((f"{topic}:{user}", record[IDS[topic]], text))
        for base, told in groups.items():
            for start in range(0, len(told), 3 * RECORDS_A_CALL):
                self._call(self._remember, base, [KEPT, KEPT_SECONDS, *told[start : start + 3 * RECORDS_A_CALL]])

    def forget(self, user: str, at: Millis) -> None:
        """Remove what was decided about a person up to `at`."""
        self._call(self._forget, self._base(user), [f"{at:013}", *(f"{topic}:{user}" for topic in IDS)])

    def read(self, topic: str, user: str) -> list[dict[str, Any]]:
        """The last records of a person, oldest first."""
        found = cast("list[str]", self._redis.hvals(f"{self._base(user)}{topic}:{user}"))
        return [{**msgspec.json.decode(text[13:]), "user_id": user} for text in sorted(found)]

    def stand(self, standing: Standing) -> None:
        told = {"inputs": standing.inputs, "newest": standing.newest}
        self._patiently(lambda: self._redis.hset(self._prefix, mapping=told))

    def standing(self) -> Standing | None:
        """None if nothing was ever archived."""
        told = cast("dict[str, str]", self._redis.hgetall(self._prefix))
        return Standing(int(told["inputs"]), int(told["newest"])) if told else None

    def close(self) -> None:
        self._redis.close()

    def _base(self, user: str) -> str:
        """Sixteen groups, so that a Redis Cluster can spread them, and one call still holds many people."""
        group = blake2b(user.encode(), digest_size=1).digest()[0] % GROUPS
        return f"{self._prefix}:{{{group}}}:"

    def _call(self, script: Any, base: str, told: Sequence[object]) -> None:
        self._patiently(lambda: script(keys=[base], args=told))

    def _patiently(self, call: Any) -> None:
        if self._patience:
            self._patience(call)
        else:
            call()
