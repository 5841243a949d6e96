"""Campaigns change while the job runs: at an instant, for those who enter after it, and the same in every replay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.retelling import retell
from cli.story import Heard, tell
from connectors.config_files import read_config
from tests.unit.customer import LONG_AFTER, NOON, add, campaign_text, config, consent, order, view
from tests.unit.test_stored_shard import Entries
from udfs.campaign_config import campaign_rule
from udfs.campaign_rule import CampaignRule
from udfs.events import Event, Kind
from udfs.memory_driver import Story, drive
from udfs.news import News, NewsRefused
from udfs.operators.stored_shard import Meta, StoredShard
from udfs.outputs import Decision
from udfs.person import Person
from udfs.time import DAY, HOUR, MINUTE, SECOND, Millis

NAME = "cart_abandonment"
LEFT = [consent(NOON - DAY), add(NOON)]
FIRST = NOON + 10 * MINUTE
SECOND_MAIL = FIRST + 24 * HOUR


def text(top: str = "", wait: str = "10min", more: str = "", reminder: str = '"24h"') -> bytes:
    return campaign_text(top=top, signal=f'wait = "{wait}"', more=more, reminder=reminder).encode()


def published(content: bytes, at: Millis, order: int = 0, since: Millis | None = None, name: str = NAME) -> News:
    return News(Kind.CAMPAIGN, name, at, at if since is None else since, order, "publish", content, f"{name}.toml")


def said(action: str, at: Millis, order: int = 0, name: str = NAME) -> News:
    return News(Kind.CAMPAIGN, name, at, at, order, action)


def rule(content: bytes | None = None) -> CampaignRule:
    return CampaignRule(config((content or text()).decode(), caps=""))


def told(events: Sequence[Event], *news: News, content: bytes | None = None) -> list[tuple[Millis, int, str]]:
    """(at, step, reason) of every decision; nobody is remembered in the end."""
    story = drive(rule(content), events, LONG_AFTER, news=news)
    assert story.states == {}
    assert story.refused == []
    return [(one.at, one.step, one.reason) for one in decisions(story)]


def decisions(story: Story[Person, Any]) -> list[Decision]:
    return [one for one in story.emitted if isinstance(one, Decision)]


def versions(events: Sequence[Event], *news: News) -> list[str]:
    """The campaign's version in each decision."""
    return [one.version for one in decisions(drive(rule(), events, LONG_AFTER, news=news))]


def version_of(content: bytes) -> str:
    return config(content.decode()).campaigns[NAME].version


def test_whoever_enters_after_it_gets_the_new_version() -> None:
    """From its instant on, that instant included; nothing is submitted for it."""
    sooner = text(wait="5min")
    assert told([consent(NOON - DAY), add(NOON)], published(sooner, NOON))[0] == (NOON + 5 * MINUTE, 1, "sent")
    assert told([consent(NOON - DAY), add(NOON)], published(sooner, NOON + 1))[0] == (FIRST, 1, "sent")


def test_who_is_under_way_finishes_on_the_version_they_began() -> None:
    """Their wait, their reminder, and the version in each decision."""
    other = text(wait="5min", reminder='"2h"')
    during = published(other, NOON + MINUTE)
    assert told(LEFT, during) == [(FIRST, 1, "sent"), (SECOND_MAIL, 2, "sent")]
    assert set(versions(LEFT, during)) == {version_of(text())}
    again = [*LEFT, add(NOON + 20 * DAY, "pen")]
    assert versions(again, during)[2:] == [version_of(other)] * 2


def test_what_they_do_still_counts_as_the_version_they_began_says() -> None:
    """A click puts off the old deadline, which the new version would not let it."""
    only_cart = campaign_text(signal='activity = "cart"').encode()
    looked = [*LEFT, view(NOON + 5 * MINUTE)]
    assert told(looked, published(only_cart, NOON + MINUTE))[0][0] == NOON + 15 * MINUTE
    assert told(looked, published(only_cart, NOON - MINUTE))[0][0] == FIRST


def test_an_order_ends_what_is_due_as_the_version_they_began_says() -> None:
    """Who entered while orders ended it is not mailed after one."""
    unmoved = text(more='[exits]\non_order = false\n[courtesy]\nafter_order = "0h"')
    bought = [*LEFT, order(FIRST + HOUR, "tea", cart="c9")]
    assert told(bought, published(unmoved, FIRST + MINUTE))[-1] == (SECOND_MAIL, 2, "converted")
    assert told(bought, published(unmoved, NOON - MINUTE))[-1] == (SECOND_MAIL, 2, "sent")


def test_with_move_those_who_are_under_way_go_on_with_the_new_version() -> None:
    """A shorter wait makes them due earlier, a longer one later; at the exact instant."""
    for wait, due in (("5min", NOON + 5 * MINUTE), ("30min", NOON + 30 * MINUTE)):
        moving = text('on_change = "move"', wait)
        assert told(LEFT, published(moving, NOON + MINUTE))[0] == (due, 1, "sent")
        assert set(versions(LEFT, published(moving, NOON + MINUTE))) == {version_of(moving)}


def test_who_would_have_been_due_before_the_move_is_due_at_it() -> None:
    """Nothing is decided in the past."""
    moving = published(text('on_change = "move"', "2min"), NOON + 7 * MINUTE)
    assert told(LEFT, moving)[0] == (NOON + 7 * MINUTE, 1, "sent")


def test_a_reminder_that_is_due_moves_with_its_instant() -> None:
    """It is asked when it was due, by the new version."""
    moving = text('on_change = "move"\npriority = 7', more="[audience]\nminimum_value = 99900")
    assert told(LEFT, published(moving, FIRST + MINUTE))[-1] == (SECOND_MAIL, 2, "below_minimum")


def test_a_move_takes_everybody_and_the_next_version_none_of_them() -> None:
    """The policy is that of the version that comes."""
    moving, next_one = text('on_change = "move"', "20min"), text(wait="30min")
    story = told(LEFT, published(moving, NOON + MINUTE), published(next_one, NOON + 2 * MINUTE, 1))
    assert story[0] == (NOON + 20 * MINUTE, 1, "sent")


def test_the_message_is_the_same_whatever_the_version() -> None:
    """A typo mended never mails again."""
    moved = published(text('priority = 3\non_change = "move"'), NOON + MINUTE)
    plain, other = (decisions(drive(rule(), LEFT, LONG_AFTER, news=news)) for news in ([], [moved]))
    assert [one.signal_id for one in plain] == [one.signal_id for one in other]
    assert plain[0].version != other[0].version


def test_paused_due_steps_end_and_resuming_releases_no_heap() -> None:
    """What came due in between stays dropped; what comes later is sent."""
    pause, resume = said("pause", FIRST + MINUTE), said("resume", SECOND_MAIL + MINUTE, 1)
    after = [*LEFT, add(NOON + 20 * DAY, "pen")]
    assert [(step, reason) for _, step, reason in told(after, pause, resume)] == [
        (1, "sent"),
        (2, "paused"),
        (1, "sent"),
        (2, "sent"),
    ]


def test_a_campaign_that_has_ended_answers_so() -> None:
    """On whichever version somebody is under way."""
    news = [published(text(wait="20min"), NOON + MINUTE), said("end", NOON + 2 * MINUTE, 1)]
    assert told(LEFT, *news) == [(FIRST, 1, "campaign_ended")]


def test_a_new_version_neither_resumes_nor_revives() -> None:
    """Somebody has stopped it for a reason; `resume` says that it is over."""
    anew = published(text("priority = 9"), NOON - HOUR, 1)
    for action, reason in (("pause", "paused"), ("end", "campaign_ended")):
        stop = said(action, NOON - 2 * HOUR)
        assert told(LEFT, stop, anew) == [(FIRST, 1, reason)]
        assert told(LEFT, stop, anew, said("resume", NOON - MINUTE, 2))[0] == (FIRST, 1, "sent")


def test_a_file_may_be_published_as_paused() -> None:
    """Until it is resumed."""
    paused = published(text('state = "paused"'), NOON - HOUR)
    assert told(LEFT, paused) == [(FIRST, 1, "paused")]
    assert told(LEFT, paused, said("resume", NOON, 1))[0] == (FIRST, 1, "sent")


def test_a_campaign_that_no_file_of_the_beginning_has_may_be_published() -> None:
    """It hears what happens from then on, and nothing of before."""
    welcome = b'name = "welcome"\n[signal]\ntype = "subscribed"\nwait = "1h"\n[[steps]]\ntemplate = "welcome"'
    news = published(welcome, NOON, name="welcome")
    later = [consent(NOON - 1, user="bob"), consent(NOON, user="eve")]
    found = decisions(drive(rule(), later, LONG_AFTER, news=[news]))
    assert [(one.user_id, one.campaign, one.at) for one in found] == [("eve", "welcome", NOON + HOUR)]


def test_a_campaign_may_wait_for_something_else_in_its_next_version() -> None:
    """Spells that run end as they began."""
    bought = (
        f'name = "{NAME}"\n[signal]\ntype = "order_completed"\nwait = "48h"\n[[steps]]\ntemplate = "order_followup"'
    )
    events = [*LEFT, order(NOON + 3 * DAY, "tea")]
    found = told(events, published(bought.encode(), NOON + MINUTE))
    assert found == [(FIRST, 1, "sent"), (SECOND_MAIL, 2, "sent"), (NOON + 5 * DAY, 1, "reentry_blocked")]


@pytest.mark.parametrize(
    ("news", "reason"),
    [
        (published(b"name = 3", NOON), r"cart_abandonment\.toml:1: name: "),
        (published(b"not toml", NOON), "is not TOML"),
        (published(text(), NOON, name="other"), "is cart_abandonment, but it was published as other"),
        (published(text('state = "draft"'), NOON), "a draft is for stories"),
        (published(text(more='[audience]\nsegment = "vip"'), NOON), "do not judge the segment vip"),
        (said("dance", NOON), "dance is nothing that is done to a campaign"),
    ],
)
def test_a_bad_version_is_refused_and_the_old_one_stays(news: News, reason: str) -> None:
    """With a reason that helps whoever published it."""
    with pytest.raises(NewsRefused, match=reason):
        rule().learn(news)
    story = drive(rule(), LEFT, LONG_AFTER, news=[news])
    assert len(story.refused) == 1
    assert [one.reason for one in decisions(story)] == ["sent", "sent"]


def test_a_segment_that_the_governor_names_may_be_named_by_what_is_published() -> None:
    """It is judged from the beginning, so what a person did before counts."""
    segment = b'name = "buyers"\nenter = "last_order within 365d"'
    files = {path: content for path, content in read_config().items() if not path.startswith("campaigns/")}
    files |= {"campaigns/c.toml": text(), "governor.toml": b'segments = ["buyers"]', "segments/buyers.toml": segment}
    about = published(text(more='[audience]\nsegment = "buyers"'), NOON - HOUR)
    for events, reason in (([order(NOON - 9 * DAY, "tea"), *LEFT], "sent"), (LEFT, "not_in_audience")):
        story = drive(campaign_rule(files, None, NOON - 800 * DAY), events, NOON + HOUR, news=[about])
        assert story.refused == []
        assert [one.reason for one in decisions(story)] == [reason]


def test_a_restored_shard_knows_the_published_version_and_who_began_on_which() -> None:
    """State holds what was published, and nothing beside it."""
    entries, made_with = Entries(), Meta(0, 1, 1, 0)
    before = StoredShard(rule(), Person, entries, made_with)
    before.shard.tick(LEFT, NOON)
    before.shard.learn(published(text(wait="30min"), NOON + MINUTE))
    before.shard.tick((), NOON + MINUTE)
    before.save(NOON + MINUTE)
    after = StoredShard(rule(), Person, entries, made_with).shard
    out = after.tick([add(NOON + 2 * MINUTE, "pen", cart="c2", user="bob")], NOON + DAY - 1)
    found = [(one.user_id, one.at, one.reason) for one in out if isinstance(one, Decision)]
    assert found == [("ada", FIRST, "sent"), ("bob", NOON + 32 * MINUTE, "no_consent")]


def test_explain_tells_of_a_version_that_a_running_wait_goes_on_with() -> None:
    """And of the deadline by it."""
    moving = published(text('on_change = "move"', "30min"), NOON + MINUTE)
    known = rule()
    retelling = retell(known, LEFT, NOON + 2 * MINUTE, [moving])
    story = [(one.at, one.text) for one in tell(retelling, known.signals, Heard())]
    assert (NOON + MINUTE, f"goes on by the new version of {NAME}") in story
    assert story[-1] == (NOON + 30 * MINUTE, "deadline of the cart, if nothing else happens")


TEXTS = st.builds(
    text,
    st.sampled_from(["", "priority = 3", 'on_change = "move"', 'reentry = "0d"', 'state = "paused"']),
    st.sampled_from(["5min", "10min", "40min"]),
    reminder=st.sampled_from(['"1h"', '"24h"']),
)
CHANGES = st.lists(
    st.tuples(
        st.integers(0, 90), st.sampled_from(["publish", "publish", "pause", "resume", "end"]), TEXTS, st.booleans()
    ),
    max_size=5,
)
MOVES = st.lists(
    st.tuples(st.sampled_from(["ada", "bob", "eve"]), st.integers(0, 90), st.sampled_from(["add", "view", "order"])),
    max_size=15,
)


def all_changes(changes: list[tuple[int, str, bytes, bool]]) -> list[News]:
    made = []
    for number, (minute, action, content, later) in enumerate(changes):
        at = NOON + minute * MINUTE
        news = published(content, at, number) if action == "publish" else said(action, at, number)
        made.append(msgspec.structs.replace(news, since=at + 17 * MINUTE) if later else news)
    return made


def all_moves(moves: list[tuple[str, int, str]]) -> list[Event]:
    make = {"add": add, "view": view, "order": order}
    told = [consent(NOON - DAY, user=user) for user in ("ada", "bob", "eve")]
    return told + [
        make[what](NOON + minute * MINUTE, user=user, message_id=f"{user}-{number}")
        for number, (user, minute, what) in enumerate(moves)
    ]


@settings(deadline=None, max_examples=60)
@given(MOVES, CHANGES, st.sampled_from([SECOND, MINUTE, HOUR]), st.sampled_from([1, 4]))
def test_neither_ticks_nor_shards_change_what_is_decided_when_campaigns_change(
    moves: list[tuple[str, int, str]], changes: list[tuple[int, str, bytes, bool]], tick: Millis, shards: int
) -> None:
    """Publishing is an event in event time like any other; and nobody is left over."""
    events, news, stop = all_moves(moves), all_changes(changes), NOON + 3 * DAY
    one = drive(rule(), events, stop, DAY, 1, news)
    other = drive(rule(), events[::-1], stop, tick, shards, news[::-1])
    key = msgspec.json.Encoder(order="deterministic").encode
    assert sorted(map(key, one.emitted)) == sorted(map(key, other.emitted))
    assert (one.states, one.wakes) == (other.states, other.wakes)
    assert all(wake > stop for wake in one.wakes.values())
    assert one.left_over == {}
