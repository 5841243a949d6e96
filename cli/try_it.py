"""try: you are the customer; leave a cart and get the mail, then buy and get none."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cli import exits
from cli.wording import clock_time
from udfs.time import HOUR, MINUTE, SECOND, Millis

if TYPE_CHECKING:
    from connectors.settings import Settings
    from local_stack.addresses import Addresses
    from local_stack.shop.clock import ShopClock
    from local_stack.shop.guest import Guest
    from local_stack.shop.till import Till

WAIT: Millis = 10 * MINUTE
PATIENCE = 60.0  # seconds beyond the ten minutes
TRIGGER = "X-Tidemark-Trigger"


def register(app: typer.Typer) -> None:
    app.command("try")(try_it)


def say(sentence: str) -> None:
    typer.echo(sentence, err=True)


def try_it() -> None:
    """Leave a cart and get the mail; then leave one, buy at the last second, and get none and the reason."""
    from cli.deployment import here
    from local_stack.shop import clock as clocks
    from local_stack.shop.clock import ShopClock, wall_now
    from local_stack.shop.till import Till

    addresses, settings, _ = here()
    clock = clocks.load(addresses.home)
    if clock is None:
        _refuse_other_times(addresses, settings)
        say("No demo plays here, so ten minutes are ten minutes: in `make demo` they take twenty seconds.")
        clock = ShopClock(wall_now(), wall_now(), 1.0)
    with Till(settings.kafka) as till:
        sent = _leave(addresses, settings, clock, till)
        known = _buy(settings, clock, till)
    raise typer.Exit(exits.OK if sent and known else exits.NOT_FOUND)


def _refuse_other_times(addresses: Addresses, settings: Settings) -> None:
    """An event of today beside those of another month would drown them: nothing before it could be in time any more."""
    from connectors.profile_reader import ProfileReader
    from local_stack.shop.clock import wall_now
    from local_stack.shop.homes import PLAYER

    if (addresses.home / PLAYER).exists():
        exits.fail("The demo is between two acts: try again when it says that the shop is open.", exits.NOT_FOUND)
    tide = ProfileReader(settings.redis, settings.namespace).tide()
    if tide is None or abs(wall_now() - tide) > HOUR:
        exits.fail(
            "Shop time does not run here, or not today: `make demo`, and `./tidemark try` beside it.", exits.INPUT
        )


def _leave(addresses: Addresses, settings: Settings, clock: ShopClock, till: Till) -> bool:
    from local_stack.shop.guest import newcomer, things

    you = newcomer(clock, till)
    at = you.leave_cart(things("Seaglass Mug", "Night Ferry"))
    typer.echo(f"{clock_time(at)}  You are {you.id}. A mug and a tin of tea are in your cart, and you walk away.")
    answer = _wait_for_answer(settings, clock, you, at + WAIT)
    if answer is None:
        say("No answer came: does the demo still play, and do both jobs run? `./tidemark status` knows.")
        return False
    if answer["outcome"] != "sent":
        typer.echo(f"No mail went out: {answer['reason']}.")
        return False
    typer.echo(f"{clock_time(at + WAIT)}  The mail is out: {_mail(addresses, answer['trigger_id'])}")
    return True


def _buy(settings: Settings, clock: ShopClock, till: Till) -> bool:
    from cli.explain import story_of
    from local_stack.shop.guest import newcomer, things

    you = newcomer(clock, till)
    at = you.leave_cart(things("Pier Lantern"))
    typer.echo(f"\n{clock_time(at)}  Once more, as {you.id}: a lantern is in your cart.")
    you.pay_at(at + WAIT - SECOND)
    typer.echo(f"{clock_time(at + WAIT - SECOND)}  You buy it, one second before the ten minutes are over.")
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        _breathe(clock, till)
        told = [moment for moment in story_of(you.id)[0] if moment.kind in ("no_mail", "decision")]
        if told:
            typer.echo("".join(f"{clock_time(moment.at)}  {moment.text}\n" for moment in told), nl=False)
            return True
    say("The tide did not pass the deadline: does the demo still play? `./tidemark status` knows.")
    return False


def _wait_for_answer(settings: Settings, clock: ShopClock, you: Guest, deadline: Millis) -> dict[str, Any] | None:
    """What became of the person's mail, from the sends topic; None if nobody says so in time."""
    from connectors import broker
    from connectors.topics import full_name
    from connectors.wire import decode

    reader = broker.consumer(settings.kafka)
    reader.assign(broker.partitions_of(reader, [full_name("sends", settings.namespace)]))
    reader.seek_to_end()
    until = time.monotonic() + clock.seconds_until(deadline) + PATIENCE
    try:
        while time.monotonic() < until:
            _countdown(clock, deadline)
            for records in reader.poll(timeout_ms=300).values():
                for record in records:
                    decoded = decode(record.value) if record.key == you.id.encode() else None
                    if isinstance(decoded, tuple) and decoded[1]["outcome"] != "unknown":
                        _clear()
                        return decoded[1]
            _breathe(clock, you.till)
        _clear()
        return None
    finally:
        reader.close()


def _breathe(clock: ShopClock, till: Till) -> None:
    """Where no demo plays, somebody has to say that time passes; where one does, it does."""
    from local_stack.shop.arrival import Delivery

    if clock.speed == 1.0:
        till.take(Delivery(clock.now()))
    time.sleep(0.5)


def _countdown(clock: ShopClock, deadline: Millis) -> None:
    if sys.stderr.isatty():
        left = clock.seconds_until(deadline)
        words = f"{left:.0f} s of yours until the deadline" if left > 0 else "the tide is passing the deadline"
        sys.stderr.write(f"\r\x1b[2K{clock_time(clock.now())}  ... {words}")
        sys.stderr.flush()


def _clear() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()


def _mail(addresses: Addresses, trigger_id: str) -> str:
    """Where to see the mail of a trigger."""
    named = f"{TRIGGER}: {trigger_id}".encode()
    mails = sorted((addresses.home / "outbox").glob("*.eml"), reverse=True)
    found: Path | None = next((mail for mail in mails if named in mail.read_bytes()), None)
    return f"{addresses.render}/outbox" + (f"/{int(found.stem)}" if found else "")
