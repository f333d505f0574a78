"""Chosen files and folders as one archive: what is in it, what is not, and what could not be read."""

import os
import shutil
import time
import zipfile

import pytest

from portal.engine.chosen import Choice, chosen_of
from portal.engine.errors import EngineError, EngineFault
from portal.engine.port import ExportLimits, RepoRef, VolumeKind
from portal.engine.restic import Restic
from portal.engine.trees import exact_path
from tests.engine.builders import a_backup, a_key, a_repository
from tests.engine.test_export import rows
from tests.engine.test_salvage import node_at, packs_of, spoil

pytestmark = pytest.mark.slow

FREE = ExportLimits(keep_free_bytes=0)
ODD = (b"inval\xfe.bin", b"inval\xff.bin", b"new\nline.txt", b"cr\r\nlf.txt", b"CON", "Été.txt".encode())


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A repository, its one backup and what was backed up."""
    place = tmp_path_factory.mktemp("chosen")
    source = place / "srv"
    for folder in ("many/0", "many/1", "names", "vide"):
        (source / folder).mkdir(parents=True)
    for index in range(20):
        (source / f"many/{index % 2}/f{index:02}.txt").write_text(f"fichier {index}\n" * 20)
    for name in ODD:
        (source / "names" / os.fsdecode(name)).write_bytes(b"contenu de " + name)
    (source / "secret.txt").write_text("pas demandé")
    repo = a_repository(place / "repo")
    return repo, a_backup(repo, source), source


def read(done) -> dict[str, bytes]:
    papers = {*done.documents, "export.json"}
    with zipfile.ZipFile(done.directory / done.volumes[0].name) as volume:
        return {name: volume.read(name) for name in volume.namelist() if name not in papers}


def export(repo, snapshot, *choices, place, limits=FREE):
    return Restic().export_chosen(repo, a_key(), [chosen_of(snapshot, choices)], place, None, limits)


def test_a_folder_and_a_file_of_elsewhere_are_one_archive_with_their_manifest(kept, tmp_path):
    repo, snapshot, source = kept
    folder = Choice(f"{source}/many/0", is_folder=True)
    one = Choice(f"{source}/many/1/f01.txt", is_folder=False)
    done = export(repo, snapshot, folder, one, place=tmp_path / "out")
    found = read(done)
    assert sorted(name.rpartition("/")[2] for name in found) == sorted(
        [f"f{index:02}.txt" for index in range(0, 20, 2)] + ["f01.txt"]
    )
    assert done.files == 11 and done.lost == 0
    assert len(rows(done, "MANIFEST.csv")) == 11


def test_names_of_any_bytes_come_one_by_one_and_together(kept, tmp_path):
    repo, snapshot, source = kept
    listed = f"{source}/names/inval\ufffd.bin"
    singles = [Choice(listed, is_folder=False, place=place) for place in (0, 1)]
    line = Choice(f"{source}/names/new\nline.txt", is_folder=False)
    found = read(export(repo, snapshot, *singles, line, place=tmp_path / "singly"))
    assert set(found.values()) == {b"contenu de " + name for name in ODD[:3]}
    whole = read(export(repo, snapshot, Choice(f"{source}/names", is_folder=True), place=tmp_path / "whole"))
    assert set(whole.values()) == {b"contenu de " + name for name in ODD}


def test_the_second_of_two_twins_is_found_byte_for_byte(kept):
    repo, snapshot, source = kept

    def record(kind, id_):
        return Restic().record(repo, a_key(), kind, id_)

    listed = f"{source}/names/inval\ufffd.bin"
    assert exact_path(record, snapshot.id, listed, 1) == f"{source}/names/inval\udcff.bin"
    with pytest.raises(EngineError) as missing:
        exact_path(record, snapshot.id, listed, 2)
    assert missing.value.fault == EngineFault.PATH_MISSING


def test_a_file_that_cannot_be_read_is_named_and_holds_up_no_other(kept, tmp_path):
    repo, snapshot, source = kept
    shutil.copytree(repo.location, tmp_path / "broken")
    broken = RepoRef(str(tmp_path / "broken"))
    spoil(broken, node_at(repo, snapshot.id, source / "many/0/f04.txt")["content"][0])
    done = export(broken, snapshot, Choice(f"{source}/many/0", is_folder=True), place=tmp_path / "out")
    assert done.files == 9 and done.lost == 1
    assert [row["path"] for row in rows(done, "LOST.csv")] == [f"{source}/many/0/f04.txt"]


def test_a_lost_pack_is_not_waited_for_and_costs_its_own_files_only(kept, tmp_path):
    """restic asks for it again for 44 seconds, for each file; it is given up as soon as it says so."""
    repo, snapshot, source = kept
    shutil.copytree(repo.location, tmp_path / "broken")
    broken, folder = RepoRef(str(tmp_path / "broken")), tmp_path / "srv"
    shutil.copytree(source / "many/0", folder)
    (folder / "nouveau.txt").write_text("d'un autre paquet")
    later = a_backup(broken, folder)
    piece = node_at(repo, snapshot.id, source / "many/0/f04.txt")["content"][0]
    next(iter(packs_of(broken, {piece}))).unlink()
    began = time.monotonic()
    done = export(broken, later, Choice(str(folder), is_folder=True), place=tmp_path / "out")
    assert time.monotonic() - began < 30
    assert (done.files, done.lost) == (1, 10) and set(read(done).values()) == {b"d'un autre paquet"}


def test_an_archive_of_an_empty_folder_says_so_and_a_tar_keeps_names(kept, tmp_path):
    repo, snapshot, source = kept
    limits = ExportLimits(keep_free_bytes=0, volume_kind=VolumeKind.TAR)
    names = Choice(f"{source}/names", is_folder=True)
    done = export(repo, snapshot, names, place=tmp_path / "tar", limits=limits)
    assert done.volumes[0].name.endswith(".tar") and done.files == len(ODD)
    empty = export(repo, snapshot, Choice(f"{source}/vide", is_folder=True), place=tmp_path / "empty")
    assert [row["original"] for row in rows(empty, "SPECIAL.csv")] == [f"{source}/vide"]
