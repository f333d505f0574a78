"""What a customer's disk and a provider's day can hold: the cases that break naive exports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.engine import keyless
from portal.engine.errors import EngineError
from portal.engine.passphrase import Passphrase
from portal.engine.port import ExportLimits, RepoRef
from portal.engine.restic import Restic
from tests.engine.builders import SECRET, a_backup, a_key, a_repository, damaged_in
from tests.engine.test_export import check_sums, contents, rows, unzip
from tests.engine.test_restic import wait_for

pytestmark = pytest.mark.slow

FREE = ExportLimits(keep_free_bytes=0)


def long_path(top: Path, length: int) -> Path:
    """A file whose whole path has that many characters."""
    folder = top
    while length - len(str(folder)) > 250:
        folder /= "d" * min(200, length - len(str(folder)) - 30)
        folder.mkdir()
    return folder / ("f" * (length - len(str(folder)) - 1))


@pytest.mark.parametrize("length", [300, 4_000])
def test_a_long_path_is_delivered_under_a_short_one(engine, tmp_path, length):
    source = tmp_path / "s"
    source.mkdir()
    file = long_path(source, length)
    assert len(str(file)) == length
    file.write_text("au fond")
    repo = a_repository(tmp_path / "r")
    done = engine.export_readable(repo, a_key(), [a_backup(repo, source)], tmp_path / "x", None, FREE)
    (row,) = rows(done, "NAMES.csv")
    assert row["original"] == str(file) and len(row["path"]) <= 240
    place = unzip(done, tmp_path / "place")
    check_sums(place)
    assert (place / row["path"]).read_text() == "au fond"


def test_links_and_holes_are_delivered(engine, tmp_path):
    source = tmp_path / "s"
    (source / "vide").mkdir(parents=True)
    (source / "a").write_text("deux noms")
    os.link(source / "a", source / "b")
    (source / "tourne").symlink_to("rond")
    (source / "rond").symlink_to("tourne")
    (source / "soi").symlink_to(".")
    with (source / "creux").open("wb") as hollow:
        hollow.truncate(60_000_000)
        hollow.seek(30_000_000)
        hollow.write(b"au milieu")
    repo = a_repository(tmp_path / "r")
    done = engine.export_readable(repo, a_key(), [a_backup(repo, source)], tmp_path / "x", None, FREE)
    assert sum(volume.bytes for volume in done.volumes) < 1_000_000
    place = unzip(done, tmp_path / "place")
    assert contents(place / str(source).strip("/")) == contents(source)
    special = {Path(row["original"]).name: (row["type"], row["target"]) for row in rows(done, "SPECIAL.csv")}
    assert special == {
        "vide": ("dir", ""),
        "tourne": ("symlink", "rond"),
        "rond": ("symlink", "tourne"),
        "soi": ("symlink", "."),
    }


def test_a_lock_is_told_and_hinders_no_reading(engine, copy_of_office):
    command = ["restic", "-q", "--no-cache", "-r", copy_of_office.location, "backup", "--stdin"]
    environment = {**os.environ, "RESTIC_PASSWORD": SECRET}
    backup = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)
    try:
        wait_for(lambda: keyless.usage(copy_of_office).locks == 1)
        with (
            pytest.raises(EngineError) as caught,
            engine.command(copy_of_office, a_key(), ["check"], 60, writes=True) as child,
        ):
            child.finish()
        assert caught.value.fault == "locked"
        assert len(engine.snapshots(copy_of_office, a_key())) == 3
        assert damaged_in(copy_of_office) == []
    finally:
        backup.communicate(b"contenu")
    assert backup.returncode == 0
    assert len(engine.snapshots(copy_of_office, a_key())) == 4


def without_empty_folders(location: str) -> None:
    """As it comes from a bucket, or by a program that carries files only."""
    for folder, _, _ in os.walk(location, topdown=False):
        if not any(Path(folder).iterdir()):
            Path(folder).rmdir()


def test_a_repository_that_came_without_its_empty_folders_is_one(engine, copy_of_office, tmp_path):
    without_empty_folders(copy_of_office.location)
    assert not Path(copy_of_office.location, "locks").exists()
    usage = keyless.usage(copy_of_office)
    assert (usage.snapshots, usage.locks) == (3, 0)
    assert damaged_in(copy_of_office) == []
    newest = engine.latest_set(engine.snapshots(copy_of_office, a_key()))
    done = engine.export_readable(copy_of_office, a_key(), newest, tmp_path / "x", None, FREE)
    check_sums(unzip(done, tmp_path / "place"))
    engine.export_sealed(copy_of_office, tmp_path / "sealed", None, FREE)
    subprocess.run(["tar", "-xf", tmp_path / "sealed" / "sealed-001.tar", "-C", tmp_path], check=True)
    assert len(engine.snapshots(RepoRef(str(tmp_path / "repo")), a_key())) == 3
    report = engine.destroy(copy_of_office, tmp_path / "journal")
    assert report.objects > 4 and not Path(copy_of_office.location).exists()


SMALL_FILES_ONLY = """
import resource, sys
from pathlib import Path
from portal.engine.errors import EngineError
from tests.engine.test_hard_cases import full_disk_export

resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
try:
    full_disk_export(*sys.argv[1:])
except EngineError as error:
    print(error.fault)
"""


def full_disk_export(kind: str, location: str, destination: str) -> None:
    engine, repo = Restic(), RepoRef(location)
    if kind == "sealed":
        engine.export_sealed(repo, Path(destination), None, FREE)
    else:
        key = Passphrase(SECRET)
        engine.export_readable(repo, key, engine.snapshots(repo, key)[:1], Path(destination), None, FREE)


@pytest.mark.parametrize("kind", ["sealed", "readable"])
def test_a_disk_that_fills_up_is_told_and_publishes_nothing(kind, office, tmp_path):
    command = [sys.executable, "-c", SMALL_FILES_ONLY, kind, office.location, str(tmp_path / "x")]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "no_space"
    assert not (tmp_path / "x").exists()
    assert not list(tmp_path.rglob("*.zip"))
