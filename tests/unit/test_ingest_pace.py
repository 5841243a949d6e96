"""Lines come in the order of their times, and heartbeats never say more than has been sent."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from cli.lines import Line, merged
from cli.pace import Pace
from connectors.intake import Call, Intake, Tide
from connectors.rejected import Rejected
from connectors.segment_spec import Parsed, parse
from tests.calls import AT, call
from udfs.time import MINUTE, SECOND, Millis


def read(line: bytes) -> Call:
    return parse(line, None)


def write(path: Path, *times: Millis) -> str:
    path.write_text("\n".join(json.dumps(call("Cart Viewed", at=at)) for at in times) + "\n")
    return str(path)


def times(lines: list[Line]) -> list[Millis]:
    return [line.call.at for line in lines if isinstance(line.call, Parsed)]


def test_files_are_merged_by_time(tmp_path: Path) -> None:
    """Else the first file's heartbeats would make the second one late."""
    one = write(tmp_path / "one", AT, AT + 2, AT + 4)
    two = write(tmp_path / "two", AT + 1, AT + 3)
    assert times(list(merged([one, two], read))) == [AT, AT + 1, AT + 2, AT + 3, AT + 4]


def test_disorder_within_a_file_stays(tmp_path: Path) -> None:
    """It is part of what happened; within the bound it changes nothing."""
    one = write(tmp_path / "one", AT + 2, AT, AT + 4)
    assert times(list(merged([one], read))) == [AT + 2, AT, AT + 4]


def test_blank_lines_count_and_are_skipped_and_refused_ones_keep_their_place(tmp_path: Path) -> None:
    """The number is the one that an editor shows."""
    file = tmp_path / "one"
    file.write_text(f"\n{json.dumps(call('Cart Viewed', at=AT))}\n\n{{bad\n")
    lines = list(merged([str(file)], read))
    assert [(line.number, isinstance(line.call, Rejected), line.place) for line in lines] == [
        (2, False, AT),
        (4, True, AT),
    ]


class Beats:
    """An Intake that only listens."""

    def __init__(self) -> None:
        self.last: Millis | None = None
        self.beats: list[Millis] = []

    def beat(self, at: Millis) -> None:
        self.beats.append(at)


def tide(intake: Beats, every: Millis = MINUTE) -> Tide:
    return Tide(cast("Intake", intake), every, lambda: True)


def test_the_tide_rises_with_the_highest_time_sent_and_no_further() -> None:
    """What is still to come may lie right behind it."""
    intake = Beats()
    rising = tide(intake, every=SECOND)
    for at in (AT, AT + 500, AT + 2_000, AT + 1_500, AT + 2_500, AT + 9_000):
        intake.last = max(intake.last or 0, at)
        rising.rise()
    assert intake.beats == [AT, AT + 2_000, AT + 9_000]


def test_at_the_end_all_topics_are_complete_up_to_the_last_event() -> None:
    """A quiet topic must not hold what the others decide; nothing is said twice."""
    intake = Beats()
    rising = tide(intake)
    intake.last = AT
    rising.rise()
    intake.last = AT + 5
    rising.end()
    assert intake.beats == [AT, AT + 5]
    silent = Beats()
    tide(silent).end()
    assert silent.beats == []


def test_replayed_time_runs_at_its_speed_and_beats_while_nothing_happens() -> None:
    """At thirty times the speed a quiet minute lasts two seconds, and the tide rises through it."""
    clock = SimpleNamespace(now=100.0)

    def sleep(seconds: float) -> None:
        clock.now += seconds

    intake = Beats()
    pace = Pace(cast("Intake", intake), 30.0, now=lambda: clock.now, sleep=sleep)
    pace.wait_for(AT)
    pace.wait_for(AT + MINUTE)
    assert abs(clock.now - 102.0) < 0.01
    assert intake.beats == sorted(intake.beats)
    assert intake.beats[0] > AT
    assert AT + MINUTE - 10 * SECOND < intake.beats[-1] <= AT + MINUTE
    assert len(intake.beats) >= 9


def test_an_event_that_is_overdue_is_sent_at_once() -> None:
    """Disorder in the file must not stop the clock."""
    intake = Beats()
    pace = Pace(cast("Intake", intake), 1.0, now=lambda: 5.0, sleep=lambda seconds: None)
    pace.wait_for(AT)
    pace.wait_for(AT - 3 * SECOND)
    assert intake.beats == []
