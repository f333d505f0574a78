"""A damaged point completed from older ones: what comes, what is named, what is counted."""

from pathlib import Path

import pytest

from portal.engine.errors import EngineError
from portal.engine.older_points import backed
from portal.engine.restic import Restic
from tests.engine.builders import a_backup, a_key, a_repository
from tests.engine.test_export import check_sums, rows, unzip
from tests.engine.test_salvage import FREE, TAR, node_at, restic_json, spoil
from tests.engine.test_tar_export import untar

pytestmark = pytest.mark.slow


@pytest.fixture
def srv(tmp_path: Path):
    """A machine with two points, and another one with one."""
    source = tmp_path / "a" / "srv"
    for folder in ("etc", "many"):
        (source / folder).mkdir(parents=True)
        for index in range(4):
            (source / folder / f"{folder}{index}.txt").write_text(f"{folder} {index}\n" * 9)
    other = tmp_path / "c"
    other.mkdir()
    (other / "one").write_text("1")
    repo = a_repository(tmp_path / "repo")
    first = a_backup(repo, source, host="srv-a")
    (source / "neuf.txt").write_text("plus récent que le point plus ancien")
    second = a_backup(repo, source, host="srv-a")
    third = a_backup(repo, other, host="db")
    return repo, source, first, second, third


def export(repo, snapshots, place: Path, limits=FREE, **words):
    known = Restic().snapshots(repo, a_key())
    points = [backed(one, known) for one in snapshots]
    return Restic().export_readable(repo, a_key(), points, place, None, limits, **words)


def test_a_folder_that_cannot_be_listed_is_no_number_of_files(srv, tmp_path):
    repo, source, _first, second, third = srv
    spoil(repo, node_at(repo, second.id, source)["subtree"])
    with pytest.raises(EngineError) as caught:
        Restic().export_readable(repo, a_key(), [third, second], tmp_path / "x", None, FREE)
    assert caught.value.fault == "damaged"
    assert (caught.value.folder_count, caught.value.path_count, caught.value.paths) == (1, 0, ())


@pytest.mark.parametrize("limits", [FREE, TAR], ids=["zip", "tar"])
def test_a_folder_that_cannot_be_listed_comes_from_the_next_older_point(srv, tmp_path, limits):
    repo, source, first, second, third = srv
    spoil(repo, node_at(repo, second.id, source)["subtree"])
    done = export(repo, [third, second], tmp_path / "x", limits, accept_losses=True)
    assert (done.files, done.older, done.older_folders, done.lost, done.lost_folders) == (9, 8, 1, 0, 0)
    assert "LOST.csv" not in done.documents
    place = untar(done.directory, tmp_path / "out") if limits is TAR else unzip(done, tmp_path / "out")
    check_sums(place)
    manifest = rows(done, "MANIFEST.csv")
    taken = first.time.isoformat()
    assert sorted(row["older_point"] for row in manifest) == ["", *[taken] * 8]
    for row in manifest:
        assert (place / row["path"]).is_file()
    older = rows(done, "OLDER.csv")
    assert [(row["path"], row["machine"], row["snapshot"]) for row in older if row["type"] == "dir"] == [
        (str(source), "srv-a", first.id)
    ]
    assert {row["path"] for row in older if row["type"] == "file"} == {
        str(one) for one in source.rglob("*.txt") if one.name != "neuf.txt"
    }
    if limits is FREE:  # no folder is told to be empty whose content nobody knows
        assert "SPECIAL.csv" not in done.documents


def test_a_file_that_cannot_be_read_comes_in_the_newest_version_that_can(srv, tmp_path):
    repo, source, first, _second, _third = srv
    changed, kept = source / "etc" / "etc1.txt", source / "many" / "many2.txt"
    changed.write_text("plus récent")
    third = a_backup(repo, source, host="srv-a")
    for file in (changed, kept):
        spoil(repo, node_at(repo, third.id, file)["content"][0])
    done = export(repo, [third], tmp_path / "x", accept_losses=True)
    assert [row["path"] for row in rows(done, "LOST.csv")] == [str(kept)], "the same content everywhere"
    (older,) = rows(done, "OLDER.csv")
    assert (older["path"], older["type"]) == (str(changed), "file")
    assert older["point"] > first.time.isoformat(), "the newest of the two that have it"
    assert (done.files, done.older, done.lost, done.lost_folders) == (8, 1, 1, 0)
    place = unzip(done, tmp_path / "out")
    check_sums(place)
    assert (place / str(changed).strip("/")).read_text() == "etc 1\n" * 9


def test_what_no_point_gives_is_lost_with_unknown_content(srv, tmp_path):
    repo, source, first, second, third = srv
    spoil(repo, node_at(repo, second.id, source)["subtree"])
    spoil(repo, node_at(repo, first.id, source / "many")["subtree"])
    done = export(repo, [third, second], tmp_path / "x", accept_losses=True)
    assert [(row["path"], row["type"], row["size"]) for row in rows(done, "LOST.csv")] == [
        (str(source / "many"), "dir", "")
    ]
    assert (done.files, done.older, done.older_folders, done.lost, done.lost_folders) == (5, 4, 1, 1, 1)
    assert len(rows(done, "MANIFEST.csv")) == done.files


def test_a_point_of_which_nothing_is_readable_comes_from_the_one_before(srv, tmp_path):
    repo, _source, first, second, _third = srv
    spoil(repo, restic_json(repo, "snapshot", second.id)["tree"])
    if restic_json(repo, "snapshot", first.id)["tree"] == restic_json(repo, "snapshot", second.id)["tree"]:
        raise AssertionError("both points are one")
    done = export(repo, [second], tmp_path / "x", accept_losses=True)
    assert (done.files, done.older, done.lost) == (8, 8, 0)


def test_without_older_points_only_what_is_readable_comes(srv, tmp_path):
    repo, source, _first, second, third = srv
    spoil(repo, node_at(repo, second.id, source)["subtree"])
    done = Restic().export_readable(
        repo, a_key(), [third, second], tmp_path / "x", None, FREE, accept_losses=True
    )
    assert (done.files, done.older, done.lost, done.lost_folders) == (1, 0, 1, 1)
