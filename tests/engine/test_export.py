import csv
import hashlib
import os
import random
import subprocess
import time
import zipfile
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from portal.engine import export
from portal.engine.errors import EngineError
from portal.engine.port import Exported, ExportLimits, RepoRef
from portal.engine.restic import Restic
from tests.engine.builders import (
    SMALL,
    a_backup,
    a_key,
    a_repository,
    damage_contents,
    damage_directories,
    exporting,
    exporting_apart,
    flip_bytes,
    many_files,
)
from tests.engine.test_restic import wait_for

pytestmark = pytest.mark.slow

FREE = ExportLimits(keep_free_bytes=0)


def unzip(exported: Exported, place: Path) -> Path:
    for volume in exported.volumes:
        command = ["unzip", "-q", "-o", str(exported.directory / volume.name), "-d", str(place)]
        subprocess.run(command, check=True, env={**os.environ, "TZ": "Europe/Paris"})
    return place


def contents(place: Path) -> Counter[str]:
    """SHA-256 of every regular file below a folder."""
    return Counter(
        hashlib.sha256(file.read_bytes()).hexdigest()
        for file in place.rglob("*")
        if file.is_file() and not file.is_symlink()
    )


def rows(exported: Exported, name: str) -> list[dict[str, str]]:
    with (exported.directory / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def check_sums(place: Path) -> None:
    subprocess.run(["sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS"], cwd=place, check=True)


def leftovers(destination: Path) -> list[str]:
    return [file.name for file in destination.parent.iterdir() if file.name != destination.name]


def test_two_machines_come_in_one_zip_that_checks_itself(engine, office, snapshots, tmp_path):
    seen = []
    destination = tmp_path / "restitution"
    done = engine.export_readable(office, a_key(), snapshots, destination, seen.append, FREE)
    assert [one.name for one in done.volumes] == ["export-001.zip"]
    place = unzip(done, tmp_path / "chez le client")
    check_sums(place)
    assert {"accueil", "compta", "MANIFEST.csv"} <= {file.name for file in place.iterdir()}
    sources = [Path(one.paths[0]) for one in snapshots]
    expected = sum((contents(source) for source in sources), Counter())
    assert contents(place / "accueil") + contents(place / "compta") == expected
    assert done.files == expected.total()
    assert len(rows(done, "MANIFEST.csv")) == done.files
    assert leftovers(destination) == ["chez le client"]
    fractions = [one.fraction for one in seen]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0


def test_names_that_windows_refuses_are_renamed_and_listed(engine, office, snapshots, tmp_path):
    done = engine.export_readable(office, a_key(), snapshots[:1], tmp_path / "x", None, FREE)
    renamed = {Path(row["original"]).name: Path(row["path"]).name for row in rows(done, "NAMES.csv")}
    assert renamed["CON"] == "_CON"
    assert renamed["ligne\n2.txt"] == "ligne_2.txt"
    assert renamed["casse.txt"] == "casse~2.txt"
    assert renamed["octet\ufffd.txt"] == "octet_.txt"
    assert "café.txt" not in renamed
    assert done.renamed == len(renamed)
    special = {Path(row["original"]).name: row for row in rows(done, "SPECIAL.csv")}
    assert {name: row["type"] for name, row in special.items()} == {
        "dossier vide": "dir",
        "lien": "symlink",
        "tube": "fifo",
    }
    assert special["lien"]["target"] == "a1.txt"
    with zipfile.ZipFile(done.directory / "export-001.zip") as archive:
        accented = next(one for one in archive.infolist() if one.filename.endswith("café.txt"))
    assert accented.flag_bits & 0x800


def test_small_limits_give_several_volumes(engine, office, snapshots, tmp_path):
    limits = ExportLimits(volume_bytes=200_000, keep_free_bytes=0)
    done = engine.export_readable(office, a_key(), snapshots, tmp_path / "x", None, limits)
    assert len(done.volumes) > 5
    assert all(volume.bytes <= 200_000 for volume in done.volumes)
    check_sums(unzip(done, tmp_path / "place"))
    subprocess.run(["sha256sum", "-c", "VOLUMES.sha256"], cwd=done.directory, check=True)


def test_a_second_call_returns_what_is_published(engine, office, snapshots, tmp_path):
    first = engine.export_readable(office, a_key(), snapshots[:1], tmp_path / "x", None, FREE)
    wiped = a_key()
    wiped.wipe()
    again = engine.export_readable(office, wiped, snapshots[:1], tmp_path / "x", None, FREE)
    assert again == first


def test_a_place_that_is_taken_is_refused(engine, office, snapshots, tmp_path):
    (tmp_path / "x").mkdir()
    with pytest.raises(EngineError) as caught:
        engine.export_readable(office, a_key(), snapshots, tmp_path / "x", None, FREE)
    assert caught.value.fault == "unsafe_path"


def test_a_damaged_directory_publishes_nothing(engine, copy_of_office, snapshots, tmp_path):
    damage_directories(copy_of_office)
    with pytest.raises(EngineError) as caught:
        engine.export_readable(copy_of_office, a_key(), snapshots, tmp_path / "x", None, FREE)
    assert caught.value.fault == "damaged"
    assert not (tmp_path / "x").exists()


class BlindInventory(Restic):
    """An engine whose listing stops short or invents a file, as a wrong one would."""

    def inventory(self, repo, key, snapshot_id, sink, cancel=None):
        from portal.engine.port import Node

        sink(Node("/inventé", "file", 3, None, 0o644))
        return super().inventory(repo, key, snapshot_id, sink, cancel)


def test_a_file_that_does_not_come_is_named_and_nothing_is_published(office, snapshots, tmp_path):
    with pytest.raises(EngineError) as caught:
        BlindInventory().export_readable(office, a_key(), snapshots[:1], tmp_path / "x", None, FREE)
    assert caught.value.fault == "incomplete"
    assert caught.value.paths == ("/inventé",)
    assert not (tmp_path / "x").exists()


def test_a_damaged_content_names_the_files_that_did_not_come(engine, copy_of_office, snapshots, tmp_path):
    damage_contents(copy_of_office)
    with pytest.raises(EngineError) as caught:
        engine.export_readable(copy_of_office, a_key(), snapshots, tmp_path / "x", None, FREE)
    assert caught.value.fault == "damaged"
    assert caught.value.paths and caught.value.path_count == len(caught.value.paths)
    assert not (tmp_path / "x").exists()


def test_a_full_disk_is_told_before_anything_is_read(engine, office, snapshots, tmp_path):
    limits = ExportLimits(keep_free_bytes=1 << 60)
    with pytest.raises(EngineError) as caught:
        engine.export_readable(office, a_key(), snapshots[:1], tmp_path / "x", None, limits)
    assert caught.value.fault == "no_space"
    assert caught.value.need_bytes is not None


def test_an_abort_stops_everything_and_can_be_discarded(engine, office, snapshots, tmp_path):
    def stop(progress):
        if progress.phase == "export":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.export_readable(office, a_key(), snapshots, tmp_path / "x", stop, SMALL)
    assert not (tmp_path / "x").exists()
    assert not list(tmp_path.rglob("*.part"))
    export.discard(tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_two_exports_at_once_in_one_place_are_refused(engine, office, snapshots, tmp_path):
    faults = []

    def again(progress):
        with pytest.raises(EngineError) as caught:
            engine.export_readable(office, a_key(), snapshots, tmp_path / "x", None, SMALL)
        faults.append(caught.value.fault)

    engine.export_readable(office, a_key(), snapshots, tmp_path / "x", again, SMALL)
    assert set(faults) == {"busy"}


def test_a_rotten_volume_is_found_before_publication(engine, office, snapshots, tmp_path):
    rotten = []

    def rot(progress):
        if progress.phase == "verify" and not rotten:  # the first volume has passed by now
            rotten.append(tmp_path / "x.work" / "out" / "export-004.zip")
            flip_bytes(rotten[0], 5_000)

    limits = ExportLimits(volume_bytes=100_000, keep_free_bytes=0)
    with pytest.raises(EngineError) as caught:
        engine.export_readable(office, a_key(), snapshots[1:], tmp_path / "x", rot, limits)
    assert caught.value.fault == "incomplete"
    done = engine.export_readable(office, a_key(), snapshots[1:], tmp_path / "x", None, limits)
    check_sums(unzip(done, tmp_path / "place"))


def stop_at(phase: str, after: int = 0):
    seen = 0

    def stop(progress):
        nonlocal seen
        seen += progress.phase == phase
        if seen > after:
            raise KeyboardInterrupt

    return stop


def test_what_only_has_to_be_checked_again_needs_no_passphrase(engine, office, snapshots, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        engine.export_readable(office, a_key(), snapshots, tmp_path / "x", stop_at("verify"), SMALL)
    (tmp_path / "x.space").write_text("left by one that was killed while it read the last file")
    wrong = a_key("la mauvaise")
    done = engine.export_readable(office, wrong, snapshots, tmp_path / "x", None, SMALL)
    assert done.renamed and done.specials
    check_sums(unzip(done, tmp_path / "place"))
    assert leftovers(tmp_path / "x") == ["place"]


def test_a_checkpoint_that_does_not_match_the_backup_is_started_again(engine, office, snapshots, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        engine.export_readable(office, a_key(), snapshots[1:], tmp_path / "x", stop_at("verify"), SMALL)
    log = tmp_path / "x.work" / "checkpoint.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    lines[3] = lines[3].replace('"/', '"').replace("fichier", "autre")
    log.write_text("".join(lines[:-1]))  # the last volume, with the papers, is lost as well
    done = engine.export_readable(office, a_key(), snapshots[1:], tmp_path / "x", None, SMALL)
    check_sums(unzip(done, tmp_path / "place"))
    assert "autre" not in (done.directory / "MANIFEST.csv").read_text()


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> tuple[RepoRef, Path]:
    place = tmp_path_factory.mktemp("large")
    repo = a_repository(place / "repo")
    source = many_files(place / "source", count=400, size=60_000)
    a_backup(repo, source)
    return repo, source


def closed_volumes(destination: Path) -> int:
    return len(list(destination.with_name("x.work").glob("out/*.zip")))


@pytest.mark.parametrize("moment", ["early", "first volume", "tenth volume", "last volumes"])
def test_an_export_killed_at_any_moment_is_finished_by_the_next(large, tmp_path, moment):
    repo, source = large
    destination = tmp_path / "x"
    worker = exporting(repo, destination)
    if moment == "early":
        time.sleep(random.uniform(0.05, 0.8))
    else:
        wanted = {"first volume": 1, "tenth volume": 10, "last volumes": 20}[moment]
        wait_for(lambda: closed_volumes(destination) >= wanted or worker.poll() is not None, 60)
    worker.kill()
    worker.wait()
    assert not destination.exists() or (destination / "export.json").exists()
    before = {file.name: file.stat().st_ino for file in destination.with_name("x.work").glob("out/*.zip")}
    worker = exporting(repo, destination)
    assert worker.wait() == 0
    kept = sum((destination / name).stat().st_ino == inode for name, inode in before.items())
    assert kept >= len(before) - 1  # the newest may lack its line in the checkpoint
    place = tmp_path / "place"
    for volume in destination.glob("*.zip"):
        subprocess.run(["unzip", "-q", str(volume), "-d", str(place)], check=True)
    check_sums(place)
    inside = place / str(source).lstrip("/")
    assert contents(inside) == contents(source)
    assert leftovers(destination) == ["place"]


@pytest.mark.parametrize("form", ["readable", "sealed"])
def test_what_a_kill_just_after_the_publication_left_is_removed(engine, office, snapshots, tmp_path, form):
    def export():
        if form == "sealed":
            return engine.export_sealed(office, tmp_path / "x", None, FREE)
        return engine.export_readable(office, a_key(), snapshots, tmp_path / "x", None, FREE)

    done = export()
    (tmp_path / "x.space").write_text("0" * 20 + str(tmp_path / "x.work"))
    (tmp_path / "x.work" / "out").mkdir(parents=True)
    assert export() == done
    assert leftovers(tmp_path / "x") == []


def test_the_passphrase_shows_in_no_process_and_in_no_file(tmp_path):
    secret = "canari de ce seul test"  # others run beside it, and their own restic may show theirs
    repo = a_repository(tmp_path / "repo", secret)
    a_backup(repo, many_files(tmp_path / "source", count=400, size=60_000), secret=secret)
    canary = secret.encode()
    worker = exporting_apart(repo, tmp_path / "x", secret)
    own = str(os.getpid())
    restics = 0
    while worker.poll() is None:
        for process in Path("/proc").iterdir():
            if not process.name.isdigit() or process.name == own:
                continue
            for name in ("cmdline", "environ"):
                try:
                    text = (process / name).read_bytes()
                except OSError:
                    continue
                assert canary not in text
                restics += name == "cmdline" and b"--password-file" in text
        with suppress(FileNotFoundError):  # files come and go while we look
            for file in (tmp_path / "x.work").rglob("*"):
                assert not file.is_file() or canary not in file.read_bytes()
    assert worker.returncode == 0
    assert restics
