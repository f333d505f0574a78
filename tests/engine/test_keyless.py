import hashlib
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.engine import destruction, keyless
from portal.engine.errors import EngineError
from portal.engine.port import RepoRef
from tests.engine.builders import a_key, damaged_in, flip_bytes, packs

pytestmark = pytest.mark.slow


def refused(repo: RepoRef, journal: Path) -> str:
    before = sorted(str(file) for file in Path(repo.location).rglob("*"))
    with pytest.raises(EngineError) as caught:
        destruction.destroy(repo, journal)
    assert sorted(str(file) for file in Path(repo.location).rglob("*")) == before
    return caught.value.fault


def test_usage_needs_no_key(office):
    usage = keyless.usage(office)
    files = [file for file in Path(office.location).rglob("*") if file.is_file()]
    assert (usage.snapshots, usage.keys, usage.locks) == (3, 1, 0)
    assert usage.objects == len(files)
    assert usage.bytes_stored == sum(file.stat().st_size for file in files)
    assert datetime.now(UTC) - usage.newest_snapshot_at < timedelta(hours=1)  # the files' own clock


def test_usage_of_nothing_is_an_error(tmp_path):
    with pytest.raises(EngineError) as caught:
        keyless.usage(RepoRef(str(tmp_path)))
    assert caught.value.fault == "repo_missing"


def test_a_rotten_object_is_found_without_the_key(copy_of_office):
    assert damaged_in(copy_of_office) == []
    rotten = packs(copy_of_office)[-1]
    flip_bytes(rotten)
    (found,) = damaged_in(copy_of_office)
    assert found.rsplit("/", 1)[1] == rotten.name
    names = [one.name for one in keyless.hashed(copy_of_office)]
    assert [one.name for one in keyless.hashed(copy_of_office, names[3])] == names[4:]


def test_destruction_reports_what_was_there(engine, copy_of_office, tmp_path):
    root = Path(copy_of_office.location)
    files = [file for file in root.rglob("*") if file.is_file()]
    names = sorted(str(file.relative_to(root)) for file in files)
    size = sum(file.stat().st_size for file in files)
    report = engine.destroy(copy_of_office, tmp_path / "journal")
    assert not root.exists()
    assert (report.objects, report.bytes, report.keys) == (len(names), size, 1)
    listed = "".join(f"{name}\n" for name in names).encode()
    assert report.names_sha256 == hashlib.sha256(listed).hexdigest()
    assert report.started_at <= report.finished_at
    assert engine.destroy(copy_of_office, tmp_path / "journal") == report


@pytest.mark.parametrize("deleted", [1, 4, 8])
def test_a_destruction_cut_off_is_finished_and_counts_everything(
    engine, copy_of_office, tmp_path, monkeypatch, deleted
):
    shutil.copytree(copy_of_office.location, tmp_path / "twin")
    whole = engine.destroy(RepoRef(str(tmp_path / "twin")), tmp_path / "other journal")
    unlink, count = Path.unlink, 0

    def cut(path, missing_ok=False):
        nonlocal count
        if path.is_relative_to(copy_of_office.location):
            count += 1
            if count > deleted:
                raise KeyboardInterrupt
        unlink(path, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", cut)
        with pytest.raises(KeyboardInterrupt):
            engine.destroy(copy_of_office, tmp_path / "journal")
    assert not list((Path(copy_of_office.location) / "keys").iterdir())
    with pytest.raises(EngineError) as caught:
        engine.open_check(copy_of_office, a_key())
    assert caught.value.fault == "wrong_key"
    report = engine.destroy(copy_of_office, tmp_path / "journal")
    assert not Path(copy_of_office.location).exists()
    assert (report.objects, report.bytes, report.names_sha256) == (
        whole.objects,
        whole.bytes,
        whole.names_sha256,
    )


def test_a_folder_that_is_no_repository_is_not_deleted(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_text("a")
    assert refused(RepoRef(str(tmp_path / "photos")), tmp_path / "journal") == "repo_missing"


def test_a_repository_with_foreign_files_is_not_deleted(copy_of_office, tmp_path):
    (Path(copy_of_office.location) / "data" / "notes.txt").write_text("à garder")
    assert refused(copy_of_office, tmp_path / "journal") == "unsafe_path"
    assert not (tmp_path / "journal").exists()


def test_a_link_to_elsewhere_is_not_followed(copy_of_office, tmp_path):
    (tmp_path / "lien").symlink_to(copy_of_office.location)
    assert refused(RepoRef(str(tmp_path / "lien")), tmp_path / "journal") == "unsafe_path"
    locks = Path(copy_of_office.location) / "locks"
    locks.rmdir()
    (tmp_path / "ailleurs").mkdir()
    locks.symlink_to(tmp_path / "ailleurs")
    assert refused(copy_of_office, tmp_path / "journal") == "unsafe_path"


@pytest.mark.parametrize("place", ["/", "/home", "/proc", "/tmp/../etc"])
def test_places_near_the_root_are_never_deleted(place, tmp_path):
    with pytest.raises(EngineError) as caught:
        destruction.destroy(RepoRef(place), tmp_path / "journal")
    assert caught.value.fault == "unsafe_path"


def test_a_journal_inside_the_repository_or_of_another_one_is_refused(copy_of_office, tmp_path):
    assert refused(copy_of_office, Path(copy_of_office.location) / "journal") == "unsafe_path"
    other = {"location": "/srv/autre", "objects": {}, "finished_at": None, "started_at": ""}
    (tmp_path / "journal").write_text(json.dumps(other))
    assert refused(copy_of_office, tmp_path / "journal") == "unsafe_path"
