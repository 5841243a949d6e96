"""`user` and `segment`: what is known of a person, and who is in a segment, each with the instant it is true for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli import exits

if TYPE_CHECKING:
    from connectors.profile_reader import Profile, ProfileReader

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    app.command()(user)
    app.command()(segment)


def user(
    user_id: Annotated[str, typer.Argument(metavar="ID", help="The person's userId, else anonymousId.")],
    as_json: AsJson = False,
) -> None:
    """Show what is known of a person: facts, scores, segments."""
    with _profiles() as reader:
        profile, tide = reader.read_profile(user_id), reader.tide()
    if profile is None:
        exits.fail(f"Nothing is known of {user_id!r} as of {written(tide)}.", exits.NOT_FOUND)
    if as_json:
        told = {"user": user_id, "as_of": profile.as_of, "tide": tide, "segments": profile.segments}
        typer.echo(json.dumps({**told, "fields": profile.fields}, ensure_ascii=False))
        return
    typer.echo(f"{user_id} as of {written(profile.as_of)}", err=True)
    for line in lines(profile):
        typer.echo(line)


def segment(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A segment of config/segments, such as hot.")],
    count: Annotated[bool, typer.Option("--count", help="Only how many there are.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show who is in a segment, one person a line."""
    with _profiles() as reader:
        members = reader.count(name) if count else reader.read_segment(name)
    if as_json:
        users = {} if count else {"users": members.users}
        typer.echo(json.dumps({"segment": name, "as_of": members.as_of, "count": members.size, **users}))
        return
    typer.echo(f"{members.size} in {name} as of {written(members.as_of)}", err=True)
    for line in [str(members.size)] if count else members.users:
        typer.echo(line)


def lines(profile: Profile) -> list[str]:
    """Field by field in the order of their names, instants as people write them."""
    width = max(len(name) for name in (*profile.fields, "segments"))
    fields = {name: _readable(name, said) for name, said in sorted(profile.fields.items())}
    return [f"{name:<{width}}  {said}" for name, said in {**fields, "segments": " ".join(profile.segments)}.items()]


def written(at: int | None) -> str:
    """An instant (ms) as a person reads it."""
    return "no instant yet" if at is None else f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _readable(name: str, said: str) -> str:
    return written(int(said)) if name.endswith("_at") and said.isdigit() else said


@contextmanager
def _profiles() -> Iterator[ProfileReader]:
    """A reader of the current stack's profiles; what keeps it from reading ends the command with a sentence."""
    import redis

    from cli.servers import settings
    from connectors.profile_reader import NoProfilesError, ProfileReader

    where = settings()
    reader = ProfileReader(where.redis, where.namespace)
    try:
        yield reader
    except NoProfilesError:
        exits.fail("There are no profiles yet: run `./tidemark submit profiles` first.", exits.NOT_FOUND)
    except (redis.ConnectionError, redis.TimeoutError):
        exits.fail(f"Redis at {where.redis} does not answer: see `./tidemark status`.", exits.UNREACHABLE)
    finally:
        reader.close()
