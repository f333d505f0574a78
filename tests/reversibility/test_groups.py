from datetime import UTC, datetime, timedelta

import pytest

from portal.engine.port import Snapshot
from portal.reversibility.groups import Figures, Group, Point, as_rows, from_rows, groups_of, same_machines

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def point(host: str, day: int, *paths: str, number: int = 0) -> Snapshot:
    id_ = f"{day:03}{number}{host}"
    return Snapshot(id_, id_[:8], NOON + timedelta(days=day), host, paths or ("/srv",))


def test_001_50_each_machine_and_folders_is_one_group_with_its_newest_point_first():
    known = [point("a", 1), point("b", 2), point("a", 3), point("a", 2, "/data")]
    groups = groups_of(known)
    assert [(one.host, one.paths, len(one.points)) for one in groups] == [
        ("a", ("/data",), 1),
        ("a", ("/srv",), 2),
        ("b", ("/srv",), 1),
    ]
    assert groups[1].points[0].at == NOON + timedelta(days=3)
    assert groups[1].last_before(NOON + timedelta(days=2)).at == NOON + timedelta(days=1)
    assert groups[1].last_before(NOON) is None
    assert from_rows(as_rows(groups)) == groups


def test_001_50_names_that_follow_each_other_look_like_one_machine_and_neighbours_do_not():
    one_after_the_other = [point("web-a", 1), point("web-a", 2), point("web-b", 3), point("web-c", 5)]
    groups = groups_of(one_after_the_other)
    assert [[groups[n].host for n in some] for some in same_machines(groups)] == [["web-c", "web-b", "web-a"]]
    side_by_side = [point("pc-1", 1), point("pc-2", 2), point("pc-1", 3)]
    assert same_machines(groups_of(side_by_side)) == []
    assert same_machines(groups_of([point("a", 1, "/x"), point("b", 2, "/y")])) == []


@pytest.mark.parametrize(
    ("newest", "before", "shrunk"),
    [
        ((49, 1_000), (100, 1_000), True),
        ((50, 1_000), (100, 1_000), False),
        ((100, 499), (100, 1_000), True),
        (None, (100, 1_000), False),
        ((1, 1), None, False),
    ],
)
def test_a_newest_point_below_half_of_the_one_before_is_shrunk(newest, before, shrunk):
    group = Group(
        "a",
        ("/srv",),
        (),
        (Point("x", NOON),),
        Figures(*newest) if newest else None,
        Figures(*before) if before else None,
    )
    assert group.is_shrunk == shrunk


def test_of_many_points_the_recent_ones_and_the_last_of_each_month_are_offered():
    known = [point("a", -day) for day in range(400)]
    (group,) = groups_of(known)
    assert len(group.offered) == 60 + 12 and group.offered[59] == group.points[59]
    older = group.offered[60:]
    assert [one.at.month for one in older[:3]] == [9, 8, 7]
    assert older[1].at.day == 31
