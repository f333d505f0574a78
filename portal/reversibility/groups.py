"""What a vault holds, machine by machine, and what deserves a look before it leaves; pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from portal.engine.port import Snapshot

RECENT_POINTS = 60  # offered one by one; of what is older, the last of each month


class Point(NamedTuple):
    """A restore point of a group. at: when it was taken, in UTC."""

    id: str
    at: datetime


class Figures(NamedTuple):
    """What a point holds. size in bytes, as the list of its files says."""

    files: int
    size: int


@dataclass(frozen=True)
class Group:
    """The points of one machine and one set of folders, newest first; there is one at least.

    newest, before: what the newest point and the one before it hold; None where nobody has looked, or where
    the list cannot be read.
    """

    host: str
    paths: tuple[str, ...]
    tags: tuple[str, ...]
    points: tuple[Point, ...]
    newest: Figures | None = None
    before: Figures | None = None

    @property
    def label(self) -> str:
        return f"{self.host} {', '.join(self.paths)}"

    @property
    def is_shrunk(self) -> bool:
        """Does the newest point hold less than half of the files or bytes of the one before?"""
        if self.newest is None or self.before is None:
            return False
        return self.newest.files * 2 < self.before.files or self.newest.size * 2 < self.before.size

    @property
    def offered(self) -> list[Point]:
        """The points to choose from: the recent ones, and of each month before the last."""
        months: dict[str, Point] = {}
        for point in self.points[RECENT_POINTS:]:
            months.setdefault(f"{point.at:%Y-%m}", point)
        return [*self.points[:RECENT_POINTS], *months.values()]

    def last_before(self, at: datetime) -> Point | None:
        """The newest point that was taken by then."""
        return next((point for point in self.points if point.at <= at), None)


def groups_of(known: Iterable[Snapshot]) -> list[Group]:
    """The groups of a vault, by machine and folders. known: all its snapshots, in any order.

    Source: 001-50 (the latest version of each).
    """
    found: dict[tuple[str, frozenset[str]], list[Snapshot]] = {}
    for one in known:
        found.setdefault((one.host, frozenset(one.paths)), []).append(one)
    groups = []
    for some in found.values():
        some.sort(key=lambda one: (one.time, one.id), reverse=True)
        points = tuple(Point(one.id, one.time) for one in some)
        groups.append(Group(some[0].host, some[0].paths, some[0].tags, points))
    return sorted(groups, key=lambda one: (one.host, one.paths))


def same_machines(groups: Sequence[Group]) -> list[list[int]]:
    """Groups that look like one machine under several names, as their positions, the newest first.

    They save the same folders, one after the other and never at the same time: a container that takes a new
    name each time it starts.

    Source: 001-50 (one machine has one latest version).
    """
    by_paths: dict[frozenset[str], list[int]] = {}
    for position, group in enumerate(groups):
        by_paths.setdefault(frozenset(group.paths), []).append(position)
    found = []
    for positions in by_paths.values():
        positions.sort(key=lambda one: groups[one].points[-1].at)
        chain = positions[:1]
        for position in positions[1:]:
            if groups[position].points[-1].at <= groups[chain[-1]].points[0].at:
                chain = []  # two at the same time are two machines
                break
            chain.append(position)
        if len(chain) > 1:
            found.append(chain[::-1])
    return found


def as_rows(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """Groups as JSON has them."""
    return [
        {
            "host": one.host,
            "paths": list(one.paths),
            "tags": list(one.tags),
            "points": [[point.id, point.at.isoformat()] for point in one.points],
            "newest": one.newest,
            "before": one.before,
        }
        for one in groups
    ]


def from_rows(rows: Iterable[dict[str, Any]]) -> list[Group]:
    return [
        Group(
            row["host"],
            tuple(row["paths"]),
            tuple(row["tags"]),
            tuple(Point(id_, datetime.fromisoformat(at)) for id_, at in row["points"]),
            Figures(*row["newest"]) if row["newest"] else None,
            Figures(*row["before"]) if row["before"] else None,
        )
        for row in rows
    ]
