"""The export for those who want owners, rights, links and attributes back: tar volumes."""

import hashlib
import io
import os
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from portal.engine.errors import EngineError
from portal.engine.port import ExportLimits, VolumeKind
from portal.engine.tar_archive import TarArchive, held
from portal.engine.volume_entry import BadVolume, Header
from tests.engine.builders import a_backup, a_key, a_repository, awkward_files, flip_bytes, many_files
from tests.engine.test_export import check_sums, contents, rows, stop_at

pytestmark = pytest.mark.slow

TAR = ExportLimits(keep_free_bytes=0, volume_kind=VolumeKind.TAR)


def untar(place: Path, out: Path) -> Path:
    """As the page tells the customer to."""
    out.mkdir()
    command = "cat *.tar | tar --ignore-zeros --delay-directory-restore --xattrs --numeric-owner -xpf - -C"
    subprocess.run(
        f'{command} "$0"',
        shell=True,
        check=True,
        cwd=place,
        executable="/bin/bash",
        env={**os.environ, "BASH_ARGV0": str(out)},
    )
    return out


def attributes(place: Path) -> dict[str, object]:
    """Everything about each entry that a ZIP would lose or change."""
    found: dict[str, object] = {}
    for file in place.rglob("*"):
        about = file.lstat()
        kept = {} if file.is_symlink() else {name: os.getxattr(file, name) for name in os.listxattr(file)}
        link = str(file.readlink()) if file.is_symlink() else ""
        when = 0 if file.is_symlink() else round(about.st_mtime)  # as restic writes it into a tar stream
        owner = about.st_uid, about.st_gid
        found[str(file.relative_to(place))] = (oct(about.st_mode), *owner, when, link, kept)
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    place = awkward_files(tmp_path / "source")
    (place / "tube").unlink()  # restic gives none back in a tar stream: see SPECIAL.csv
    (place / "prive").mkdir(mode=0o500)
    (place / "prive" / "secret").write_text("x")
    os.chown(place / "prive" / "secret", 12_345, 3_000_000)
    (place / "prive" / "secret").chmod(0o4750)
    os.setxattr(place / "a1.txt", "user.origine", b"compta \xff\n")
    os.utime(place / "a1.txt", (0, -86_400))
    (place / "dangling").symlink_to("x" * 150)
    (place / ("long" * 40)).mkdir()
    (place / ("long" * 40) / ("nom" * 60)).write_text("au fond")
    return place


def test_owners_rights_links_and_attributes_come_back(engine, source, tmp_path):
    repo = a_repository(tmp_path / "repo")
    shot = a_backup(repo, source, "serveur")
    done = engine.export_readable(repo, a_key(), [shot], tmp_path / "x", None, TAR)
    assert [one.name for one in done.volumes] == ["export-001.tar"]
    out = untar(tmp_path / "x", tmp_path / "out")
    back = out / "serveur" / str(source).strip("/")
    assert attributes(back) == attributes(source)
    assert contents(back) == contents(source)
    check_sums(out)
    assert done.files == contents(source).total() and done.specials == 0
    (row,) = rows(done, "NAMES.csv")
    assert row["path"].endswith("octet\ufffd.txt") and row["original_base64"]


def test_two_machines_in_several_volumes_that_each_open_alone(engine, office, snapshots, tmp_path):
    limits = replace(TAR, volume_bytes=300_000)
    done = engine.export_readable(office, a_key(), snapshots, tmp_path / "x", None, limits)
    assert len(done.volumes) > 4
    assert all(one.bytes <= 300_000 for one in done.volumes)
    for volume in done.volumes:
        with tarfile.open(tmp_path / "x" / volume.name) as archive:
            assert archive.getmembers()
    out = untar(tmp_path / "x", tmp_path / "out")
    check_sums(out)
    for shot in snapshots:
        place = Path(shot.paths[0])
        assert contents(out / shot.host / str(place).strip("/")) == contents(place)
    assert [row["type"] for row in rows(done, "SPECIAL.csv")] == ["fifo"]


def test_the_other_kind_of_volumes_wants_another_place(engine, office, snapshots, tmp_path):
    engine.export_readable(office, a_key(), snapshots[:1], tmp_path / "x", None, TAR)
    zips = replace(TAR, volume_kind=VolumeKind.ZIP)
    with pytest.raises(EngineError) as caught:
        engine.export_readable(office, a_key(), snapshots[:1], tmp_path / "x", None, zips)
    assert caught.value.fault == "unsafe_path"


def test_it_goes_on_where_it_was_stopped(engine, tmp_path):
    source = many_files(tmp_path / "source", count=60)
    for number in range(40):
        (source / f"lien{number}").symlink_to("dossier0")
    repo = a_repository(tmp_path / "repo")
    shots = [a_backup(repo, source)]
    limits = replace(TAR, volume_entries=20)
    with pytest.raises(KeyboardInterrupt):
        engine.export_readable(repo, a_key(), shots, tmp_path / "x", stop_at("verify"), limits)
    out = tmp_path / "x.work" / "out"
    first = (out / "export-001.tar").stat().st_ino
    log = tmp_path / "x.work" / "checkpoint.jsonl"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:-15]))  # the last volume is forgotten
    done = engine.export_readable(repo, a_key(), shots, tmp_path / "x", None, limits)
    assert (tmp_path / "x" / "export-001.tar").stat().st_ino == first
    back = untar(tmp_path / "x", tmp_path / "back") / "accueil" / str(source).strip("/")
    assert attributes(back) == attributes(source) and contents(back) == contents(source)
    assert done.files == 60


def test_a_folder_that_does_not_come_is_missed(office, snapshots, tmp_path):
    from tests.engine.test_export import BlindInventory

    class MoreFolders(BlindInventory):
        def inventory(self, repo, key, snapshot_id, sink, cancel=None):
            def listed(node):
                sink(replace(node, type="dir", size=0) if node.path == "/inventé" else node)

            return super().inventory(repo, key, snapshot_id, listed, cancel)

    with pytest.raises(EngineError) as caught:
        MoreFolders().export_readable(office, a_key(), snapshots[:1], tmp_path / "x", None, TAR)
    assert caught.value.fault == "incomplete"
    assert not (tmp_path / "x").exists()


def test_a_volume_that_rots_is_found_before_publication(engine, office, snapshots, tmp_path):
    rotten = []

    def rot(progress):
        if progress.phase == "verify" and not rotten:
            rotten.append(tmp_path / "x.work" / "out" / "export-003.tar")
            flip_bytes(rotten[0], 5_000)

    limits = replace(TAR, volume_bytes=200_000)
    with pytest.raises(EngineError) as caught:
        engine.export_readable(office, a_key(), snapshots[1:], tmp_path / "x", rot, limits)
    assert caught.value.fault == "incomplete"


def a_volume(*entries: tuple[Header, bytes]) -> bytes:
    raw = io.BytesIO()
    archive = TarArchive(raw)
    for header, content in entries:
        room = archive.size + archive.cost(header)
        archive.put(header, [content])
        assert archive.size <= room
    archive.close()
    assert len(raw.getvalue()) == archive.size
    return raw.getvalue()


def test_what_is_read_again_is_what_was_written():
    link = Header("lien", 0, 1.0, type="symlink", target="é\udcff" * 200)
    volume = a_volume((Header("a" * 300, 3, 1.0), b"abc"), (link, b""), (Header("vide", 0, -1.0), b""))
    found = dict(held(io.BytesIO(volume)))
    assert list(found) == ["a" * 300, "lien", "vide"]
    assert found["a" * 300] == hashlib.sha256(b"abc").hexdigest()
    assert found["lien"] == hashlib.sha256(b"\xc3\xa9\xff" * 200).hexdigest()


@pytest.mark.parametrize("cut", [100, 700, 1_100, -512])
def test_a_volume_cut_off_is_bad(cut):
    volume = a_volume((Header("a", 3, 1.0), b"abc"))
    with pytest.raises(BadVolume):
        list(held(io.BytesIO(volume[:cut])))


def test_a_content_of_another_length_is_refused():
    with pytest.raises(EngineError) as caught:
        TarArchive(io.BytesIO()).put(Header("a", 4, 1.0), [b"abc"])
    assert caught.value.fault == "incomplete"


@pytest.mark.parametrize(
    "record", [b"0 path=x\n", b"9 path=xy\n", b"x path=x\n", b"99 path=x\n", b"\xff" * 11]
)
def test_a_broken_record_is_a_bad_volume_and_not_an_endless_one(record):
    long = b"a" * 300
    volume = a_volume((Header(long.decode(), 3, 1.0), b"abc"))
    whole = b"310 path=" + long + b"\n"
    assert volume.count(whole) == 1
    with pytest.raises(BadVolume):
        list(held(io.BytesIO(volume.replace(whole, record.ljust(len(whole), b"\0")))))
