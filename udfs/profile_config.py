"""Scores, segments and thresholds, read from the text of the files under config/ into frozen values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from udfs.facts import ALL_PARTS, SEEN
from udfs.interests import slug
from udfs.orders import KEPT
from udfs.profile_tables import Table, tables
from udfs.rfm import Rfm
from udfs.scores import ScoreSpec
from udfs.segment_grammar import Node, names, parse
from udfs.segment_terms import FARTHEST, TAKEN, Vocabulary, score_part
from udfs.segment_words import ConditionError, did_you_mean
from udfs.segments import CATEGORY, Segment, SegmentSpec, segment
from udfs.time import Millis, format_length

SCORES_FILE = "scores.toml"
RFM_FILE = "rfm.toml"
SEGMENTS_FOLDER = "segments/"


@dataclass(frozen=True)
class ProfileConfig:
    """What is kept of a person: `parts` of the facts, scores by name, segments in the order of their names.

    `shows_scores` asks for a wake-up at every change of a score, so that what is shown of it is never stale. Of scores
    by category those of `categories` are kept; None: of all.
    """

    scores: Mapping[str, ScoreSpec]
    segments: tuple[SegmentSpec, ...]
    rfm: Rfm
    parts: frozenset[str] = ALL_PARTS
    shows_scores: bool = True
    categories: frozenset[str] | None = None

    @property
    def version(self) -> str:
        """A short hash of what the files say; comments and the order of keys do not matter."""
        said = repr((sorted(self.scores.items()), self.segments, self.rfm))
        return hashlib.blake2b(said.encode(), digest_size=6).hexdigest()

    def compiled(self, history_from: Millis) -> tuple[Segment, ...]:
        """The segments ready to judge, for a deployment that has seen everything since `history_from`."""
        vocabulary = Vocabulary(self.scores, self.rfm, history_from)
        return tuple(segment(spec, vocabulary) for spec in self.segments)

    def only(self, names: Iterable[str]) -> ProfileConfig:
        """Just these segments and what they read; KeyError names a segment that does not exist."""
        wanted = {name: self._named(name) for name in names}
        segments = tuple(spec for spec in self.segments if spec in wanted.values())
        reads = frozenset[str]().union(*(one.reads for one in replace(self, segments=segments).compiled(0)))
        scores = {name: spec for name, spec in self.scores.items() if score_part(name) in reads}
        categories = {name.removeprefix(spec.name.removesuffix(CATEGORY)) for name, spec in wanted.items()}
        categories |= {text.partition(".")[2] for spec in segments for text in spec.names}
        parts = (reads & ALL_PARTS) | {SEEN}
        return ProfileConfig(scores, segments, self.rfm, parts, False, frozenset(categories))

    def _named(self, name: str) -> SegmentSpec:
        for spec in self.segments:
            stem = spec.name.removesuffix(CATEGORY)
            written = stem + slug(name.removeprefix(stem))
            if spec.name == name or (spec.is_family and name == written):
                return spec
            if spec.is_family and name.startswith(stem):
                raise KeyError(f"no category is written {name!r}. Did you mean {written!r}?")
        known = [spec.name for spec in self.segments]
        raise KeyError(f"there is no segment {name!r}. {did_you_mean(name, known)}")


def load(texts: Mapping[str, str]) -> ProfileConfig:
    """The configuration of the files by name (`scores.toml`, `rfm.toml`, `segments/hot.toml`); ConfigError if wrong."""
    scores = _scores(tables(texts, SCORES_FILE))
    rfm = _rfm(tables(texts, RFM_FILE))
    vocabulary = Vocabulary(scores, rfm, 0)
    files = sorted(name for name in texts if name.startswith(SEGMENTS_FOLDER) and name.endswith(".toml"))
    segments: dict[str, SegmentSpec] = {}
    for file in files:
        table = tables(texts, file)
        spec = _segment(table, vocabulary)
        if other := next((other for other in segments.values() if _overlap(spec, other)), None):
            raise table.wrong("name", f"{spec.name!r} is taken by {other.name!r}", "Give it a name of its own.")
        segments[spec.name] = spec
    return ProfileConfig(scores, tuple(segments[name] for name in sorted(segments)), rfm)


def _scores(file: Table) -> dict[str, ScoreSpec]:
    return {table.key: _score(table) for table in file.tables()}


def _score(table: Table) -> ScoreSpec:
    table.allow("window", "slide", "weights", "reset_on_order", "by_category")
    if table.key in TAKEN or not table.key.isidentifier():
        raise table.wrong("", f"{table.key!r} is no free name for a score", "Write it like engagement_1h.")
    window, slide = table.length("window"), table.length("slide")
    if window > FARTHEST:
        raise table.wrong("window", "a window that reaches too far back", "A person is kept 400 days.")
    if window % slide:
        raise table.wrong("slide", "the window is no multiple of the slide", "Choose a slide that divides it.")
    weights = table.weights("weights")
    return ScoreSpec(table.key, window, slide, weights, table.flag("reset_on_order"), table.flag("by_category"))


def _rfm(file: Table) -> Rfm:
    file.allow("window", "recency", "frequency", "monetary")
    window, recency = file.length("window"), file.rising_lengths("recency")
    if window > KEPT:
        raise file.wrong("window", "a window that reaches too far back", f"Orders are kept {format_length(KEPT)}.")
    if recency[-1] >= window:
        raise file.wrong("recency", "a threshold beyond the window", "Without an order in the window the grade is 0.")
    return Rfm(window, recency, file.rising_numbers("frequency"), file.rising_numbers("monetary"))


def _segment(file: Table, vocabulary: Vocabulary) -> SegmentSpec:
    file.allow("name", "enter", "leave", "stay")
    name = file.segment_name("name")
    return SegmentSpec(
        name,
        _condition(file, "enter", name, vocabulary),
        _condition(file, "leave", name, vocabulary) if file.has("leave") else None,
        file.length("stay") if file.has("stay") else 0,
    )


def _overlap(one: SegmentSpec, other: SegmentSpec) -> bool:
    """True if both may give a segment the same name."""
    stems = [spec.name.removesuffix(CATEGORY) for spec in (one, other)]
    if one.is_family and other.is_family:
        return stems[0].startswith(stems[1]) or stems[1].startswith(stems[0])
    if one.is_family or other.is_family:
        family, single = (0, 1) if one.is_family else (1, 0)
        return stems[single].startswith(stems[family])
    return stems[0] == stems[1]


def _condition(file: Table, key: str, segment_name: str, vocabulary: Vocabulary) -> Node:
    text = file.text(key)
    try:
        tree = parse(text)
        _check_blank(segment_name, key, tree)
        segment(SegmentSpec(segment_name, tree), vocabulary)
    except ConditionError as error:
        raise file.misread(key, text, error.problem, error.column, error.hint) from error
    return tree


def _check_blank(segment_name: str, key: str, tree: Node) -> None:
    """`<category>` stands in the conditions of a family, always in its `enter`, and nowhere else."""
    blanks = [name for name in names(tree) if CATEGORY in name.text]
    if key == "enter" and CATEGORY in segment_name and not blanks:
        raise ConditionError(f"no {CATEGORY} in it", 1, f"A family needs a score of each {CATEGORY}.")
    if blanks and CATEGORY not in segment_name:
        raise ConditionError(f"{CATEGORY} in one segment", blanks[0].column, f"Name it like likes_{CATEGORY}.")
    for name in blanks:
        if name.text.startswith(("trait.", "consent.")):
            raise ConditionError(f"{name.text!r} has no {CATEGORY}", name.column, "Only scores by category have one.")
