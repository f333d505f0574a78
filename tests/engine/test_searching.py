"""A file lost on an unknown day, looked for in every point: the newest first, in bounded memory."""

import io
import json

import pytest

from portal.engine import searching
from portal.engine.restic import Restic
from portal.engine.searching import _answers, find_everywhere
from tests.engine.builders import a_backup, a_key, a_repository

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """Three points: the file in the first two, another of its folder in all of them."""
    place = tmp_path_factory.mktemp("searching")
    source = place / "srv"
    (source / "names").mkdir(parents=True)
    (source / "names" / "autre.txt").write_text("x")
    (source / "names" / "Perdu é.txt").write_text("perdu")
    repo = a_repository(place / "repo")
    first = a_backup(repo, source)
    (source / "names" / "Perdu é.txt").write_text("perdu plus tard")
    second = a_backup(repo, source)
    (source / "names" / "Perdu é.txt").unlink()
    return repo, [first, second, a_backup(repo, source)]


def test_the_newest_point_that_has_it_comes_first(three):
    repo, points = three
    told: list[int] = []
    found = find_everywhere(Restic(), repo, a_key(), "perdu", points, told.append)
    assert [(one.snapshot, one.size) for one in found] == [(points[1].id, 15), (points[0].id, 5)]
    assert told == [3]
    everywhere = find_everywhere(Restic(), repo, a_key(), "srv/names", points)
    assert len(everywhere) == 5 and everywhere[0].snapshot == points[2].id


def test_what_is_too_much_is_left_out_of_the_oldest_points(three, monkeypatch):
    repo, points = three
    monkeypatch.setattr(searching, "AT_MOST", 2)
    monkeypatch.setattr(searching, "TOGETHER", 1)
    told: list[int] = []
    found = find_everywhere(Restic(), repo, a_key(), "names/", points, told.append)
    assert [one.snapshot for one in found] == [points[2].id, points[1].id] and told == [1, 2]


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_an_answer_is_read_in_pieces_of_any_size(monkeypatch, size):
    hit = {"path": '/a/é {["x"]}.txt', "type": "file", "size": 3, "mtime": "2026-11-20T12:00:00Z"}
    answer = [
        {"matches": [hit, hit | {"type": "dir"}, hit], "hits": 3, "snapshot": letter * 64} for letter in "ab"
    ]
    monkeypatch.setattr(searching, "CHUNK_BYTES", size)
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    found = dict(_answers(io.BytesIO(text.encode())))
    assert [len(files) for files in found.values()] == [2, 2] and set(found) == {"a" * 64, "b" * 64}
    assert found["a" * 64][0].path == hit["path"]
    assert list(_answers(io.BytesIO(b"[]"))) == []
