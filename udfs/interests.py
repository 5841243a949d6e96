"""What a person likes: favourite categories whose points fade by the day, and the products viewed last."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from udfs.events import Event
from udfs.time import DAY, Millis

VIEWS_KEPT = 10
CATEGORIES_KEPT = 20
CATEGORIES_SHOWN = 5

# A category keeps nine tenths of its points at each UTC midnight, so half are gone after a week.
KEPT_OF_TEN = 9
POINTS = 1_000
WEIGHTS: Mapping[str, int] = {"Product Viewed": 1, "Product Added": 3, "Order Completed": 5}

_FORGOTTEN_AFTER_DAYS = 150


class Interests(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """`points` by category as they stood on `day` (days since 1970, UTC); `viewed` product ids, the last one first."""

    day: int = 0
    points: Mapping[str, int] = {}
    viewed: tuple[str, ...] = ()

    @property
    def favourites(self) -> tuple[str, ...]:
        """The categories with most points as of the last event that gave points; ties go by name."""
        ranked = sorted(self.points.items(), key=lambda pair: (-pair[1], pair[0]))
        return tuple(category for category, _ in ranked[:CATEGORIES_SHOWN])


NO_INTERESTS = Interests()


def fold(interests: Interests, event: Event) -> Interests:
    """The interests after any event; the same object if it names no product."""
    weight = WEIGHTS.get(event.name)
    if weight is None or not event.lines:
        return interests
    viewed = interests.viewed
    if event.name == "Product Viewed":
        viewed = _viewed(viewed, event.lines[0].product_id)
    categories = {line.category for line in event.lines if line.category}
    if not categories:
        return interests if viewed is interests.viewed else Interests(interests.day, interests.points, viewed)
    day = event.at // DAY
    points = dict(interests.points) if day == interests.day else faded(interests, event.at)
    for category in categories:
        points[category] = points.get(category, 0) + weight * POINTS
    return Interests(day, _strongest(points), viewed)


def faded(interests: Interests, at: Millis) -> dict[str, int]:
    """The points by category as they stand at `at`, without those that have faded away."""
    days = at // DAY - interests.day
    if days > _FORGOTTEN_AFTER_DAYS:
        return {}
    points = {category: points * KEPT_OF_TEN**days // 10**days for category, points in interests.points.items()}
    return {category: left for category, left in points.items() if left}


def _viewed(viewed: tuple[str, ...], product_id: str) -> tuple[str, ...]:
    if product_id not in viewed:
        return (product_id, *viewed[: VIEWS_KEPT - 1])
    place = viewed.index(product_id)
    return (product_id, *viewed[:place], *viewed[place + 1 :]) if place else viewed


def _strongest(points: dict[str, int]) -> dict[str, int]:
    if len(points) <= CATEGORIES_KEPT:
        return points
    return dict(sorted(points.items(), key=lambda pair: (-pair[1], pair[0]))[:CATEGORIES_KEPT])


@lru_cache(maxsize=4096)
def slug(category: str) -> str:
    """The category as part of a segment's name: `Home & Garden` is `home_garden`."""
    return re.sub(r"\W+", "_", category.lower()).strip("_") or "other"
