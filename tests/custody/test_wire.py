import json

import pytest

from portal.custody.rest_messages import (
    BadRange,
    Part,
    asked_part,
    is_object,
    listed_kind,
    listing,
    listing_version,
    places,
)

NAME = "0123456789abcdef" * 4


@pytest.mark.parametrize("path", ["config", f"data/{NAME}", f"keys/{NAME}", f"snapshots/{NAME}"])
def test_what_restic_names_is_an_object(path):
    assert is_object(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "config/",
        "Config",
        "data",
        "data/",
        f"data/{NAME.upper()}",
        f"data/{NAME[:-1]}",
        f"data/{NAME}0",
        f"data/{NAME}/",
        f"data/{NAME}\n",
        f"data/01/{NAME}",
        f"tmp/{NAME}",
        "data/../config",
        f"data/../keys/{NAME}",
        f"/data/{NAME}",
        f"data//{NAME}",
        f"data/{NAME}-tmp-1",
        "data/%2e%2e/config",
    ],
)
def test_nothing_else_is_one(path):
    assert not is_object(path)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("keys/", "keys"),
        ("data/", "data"),
        ("data", None),
        ("x/", None),
        ("data/00/", None),
        ("", None),
        ("config/", None),
    ],
)
def test_only_the_five_kinds_are_listed(path, kind):
    assert listed_kind(path) == kind


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None),
        ("bytes=0-", Part(0, 9)),
        ("bytes=0-0", Part(0, 0)),
        ("bytes=3-5", Part(3, 5)),
        ("bytes=9-9", Part(9, 9)),
        ("bytes=5-99", Part(5, 9)),
        ("bytes=-4", Part(6, 9)),
        ("bytes=-99", Part(0, 9)),
    ],
)
def test_one_range_is_served(header, part):
    assert asked_part(header, 10) == part


@pytest.mark.parametrize(
    "header",
    [
        "bytes=10-",
        "bytes=5-4",
        "bytes=0-1,3-4",
        "bytes=-",
        "bytes=-0",
        "items=0-1",
        "bytes=a-b",
        "",
        "bytes=99999999999999999999-",
    ],
)
def test_every_other_range_is_refused(header):
    with pytest.raises(BadRange):
        asked_part(header, 10)


def test_an_empty_object_has_no_part():
    with pytest.raises(BadRange):
        asked_part("bytes=0-", 0)


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2000])
def test_a_listing_is_json_in_both_versions(count):
    objects = [(f"{index:064x}", index) for index in range(count)]
    assert json.loads(b"".join(listing(objects, 1))) == [name for name, _size in objects]
    rows = json.loads(b"".join(listing(objects, 2)))
    assert [(row["name"], row["size"]) for row in rows] == objects


def test_the_second_version_is_given_when_asked_for():
    assert listing_version("application/vnd.x.restic.rest.v2") == 2
    assert listing_version("application/vnd.x.restic.rest.v1") == 1
    assert listing_version("*/*") == listing_version(None) == 1


def test_data_are_looked_for_in_their_folder_first():
    assert places(f"data/{NAME}", flat=False) == (f"data/01/{NAME}", f"data/{NAME}")
    assert places(f"data/{NAME}", flat=True) == (f"data/{NAME}",)
    assert places("config", flat=False) == ("config",)
