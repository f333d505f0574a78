import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from portal.engine.child import running
from portal.engine.errors import EngineError
from portal.engine.port import ExportLimits, RepoRef, VolumeKind
from portal.engine.restic import Restic, Timeouts
from portal.engine.trees import unquoted
from tests.engine.builders import SECRET, a_backup, a_key, a_repository, awkward_files, flip_bytes, many_files
from tests.engine.servers import SECRETS, s3_server
from tests.engine.test_export import check_sums, contents, rows, unzip
from tests.engine.test_tar_export import TAR, untar

pytestmark = pytest.mark.slow

FREE = ExportLimits(keep_free_bytes=0)


def restic_json(repo: RepoRef, *words: str, secret: str = SECRET):
    command = ["restic", "--no-cache", "--no-lock", "-r", repo.location, "cat", *words]
    env = {"RESTIC_PASSWORD": secret, "PATH": "/usr/bin:/usr/local/bin:/opt/homebrew/bin"}
    return json.loads(subprocess.run(command, env=env, check=True, capture_output=True).stdout)


def node_at(repo: RepoRef, snapshot_id: str, path: Path, secret: str = SECRET):
    """Restic's record of one file or folder."""
    node = {"subtree": restic_json(repo, "snapshot", snapshot_id, secret=secret)["tree"]}
    for part in path.parts[1:]:
        nodes = restic_json(repo, "blob", node["subtree"], secret=secret)["nodes"]
        node = next(one for one in nodes if one["name"] == part)
    return node


def spoil(repo: RepoRef, blob: str, secret: str = SECRET) -> None:
    """Damage one piece of the repository and nothing else."""
    for index in (Path(repo.location) / "index").iterdir():
        for pack in restic_json(repo, "index", index.name, secret=secret)["packs"]:
            for one in pack["blobs"]:
                if one["id"] == blob:
                    place = Path(repo.location) / "data" / pack["id"][:2] / pack["id"]
                    flip_bytes(place, one["offset"] + 20)
                    return
    raise AssertionError("no such piece")


@pytest.fixture
def some_files(tmp_path):
    source = many_files(tmp_path / "source", count=30, size=2_000)
    awkward_files(source / "étrange")
    repo = a_repository(tmp_path / "repo")
    return repo, source, a_backup(repo, source)


def lost(done) -> list[str]:
    return sorted(row["path"] for row in rows(done, "LOST.csv"))


def names(place: Path) -> set[bytes]:
    files = (one for one in place.rglob("*") if one.is_file() and not one.is_symlink())
    return {os.fsencode(one.relative_to(place)) for one in files}


def test_one_damaged_file_is_listed_and_all_others_come(engine, some_files, tmp_path):
    repo, source, snapshot = some_files
    bad = source / "dossier3" / "fichier010.bin"
    spoil(repo, node_at(repo, snapshot.id, bad)["content"][0])
    with pytest.raises(EngineError) as caught:
        engine.export_readable(repo, a_key(), [snapshot], tmp_path / "x", None, FREE)
    assert caught.value.fault == "damaged"
    seen = []
    done = engine.export_readable(
        repo, a_key(), [snapshot], tmp_path / "x", seen.append, FREE, accept_losses=True
    )
    assert lost(done) == [str(bad)] and done.lost == 1
    assert rows(done, "LOST.csv")[0]["size"] == str(bad.stat().st_size)
    place = unzip(done, tmp_path / "place")
    check_sums(place)
    bad.unlink()
    assert not contents(source) - contents(place)
    assert done.files == contents(source).total()
    specials = {Path(row["original"]).name: row["target"] for row in rows(done, "SPECIAL.csv")}
    assert specials == {"dossier vide": "", "lien": "a1.txt", "tube": ""}
    fractions = [one.fraction for one in seen]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0


def test_what_is_left_comes_in_tar_volumes_under_its_own_names(engine, some_files, tmp_path):
    repo, source, snapshot = some_files
    bad = source / "dossier3" / "fichier010.bin"
    spoil(repo, node_at(repo, snapshot.id, bad)["content"][0])
    done = engine.export_readable(repo, a_key(), [snapshot], tmp_path / "x", None, TAR, accept_losses=True)
    assert lost(done) == [str(bad)]
    out = untar(tmp_path / "x", tmp_path / "out")
    check_sums(out)
    bad.unlink()
    back = out / "accueil" / str(source).strip("/")
    assert names(back) == names(source)
    assert contents(back) == contents(source)
    specials = {Path(row["original"]).name: row["target"] for row in rows(done, "SPECIAL.csv")}
    assert specials == {"dossier vide": "", "lien": "a1.txt", "tube": ""}


class ShortReads(Restic):
    """An engine that says all went well and gives one byte, as a wrong one would."""

    def file_of(self, repo, key, snapshot_id, path):
        return running(["printf", "x"], env={"PATH": "/usr/bin:/bin"}, silence_seconds=10)


def test_a_file_that_comes_short_is_lost_whatever_restic_says(some_files, tmp_path):
    repo, source, snapshot = some_files
    bad = source / "dossier3" / "fichier010.bin"
    spoil(repo, node_at(repo, snapshot.id, bad)["content"][0])
    export_readable = ShortReads().export_readable
    done = export_readable(repo, a_key(), [snapshot], tmp_path / "x", None, FREE, accept_losses=True)
    assert str(bad) in lost(done)
    assert b"x" not in {file.read_bytes() for file in (unzip(done, tmp_path / "y")).rglob("*.bin")}


def test_what_a_damaged_bucket_still_gives(some_files, tmp_path):
    repo, source, snapshot = some_files
    bad = source / "dossier1" / "fichier001.bin"
    spoil(repo, node_at(repo, snapshot.id, bad)["content"][0])
    remote, seen = Restic(backend_env=SECRETS), []
    with s3_server() as bucket:
        place = bucket.take(Path(repo.location), "abime")
        done = remote.export_readable(
            place, a_key(), [snapshot], tmp_path / "x", seen.append, FREE, accept_losses=True
        )
    assert lost(done) == [str(bad)]
    assert [one.fraction for one in seen] == sorted(one.fraction for one in seen)
    assert not (tmp_path / "x.mirror").exists()


def test_a_damaged_folder_is_lost_alone(engine, some_files, tmp_path):
    repo, source, snapshot = some_files
    bad = source / "dossier3"
    spoil(repo, node_at(repo, snapshot.id, bad)["subtree"])
    done = engine.export_readable(repo, a_key(), [snapshot], tmp_path / "x", None, FREE, accept_losses=True)
    assert [(row["path"], row["type"], row["machine"]) for row in rows(done, "LOST.csv")] == [
        (str(bad), "dir", "accueil")
    ]
    place = unzip(done, tmp_path / "place")
    check_sums(place)
    for file in bad.iterdir():
        file.unlink()
    assert not contents(source) - contents(place)
    assert done.files == contents(source).total()
    names = {Path(row["original"]).name: Path(row["path"]).name for row in rows(done, "NAMES.csv")}
    assert names["CON"] == "_CON" and names["octet\ufffd.txt"] == "octet_.txt"


def test_a_whole_repository_loses_nothing(engine, some_files, tmp_path):
    repo, source, snapshot = some_files
    done = engine.export_readable(repo, a_key(), [snapshot], tmp_path / "x", None, FREE, accept_losses=True)
    assert done.lost == 0 and "LOST.csv" not in done.documents
    assert done.files == contents(source).total()


def test_a_lost_pack_is_given_up_in_bounded_time(some_files, tmp_path):
    repo, source, snapshot = some_files
    node = node_at(repo, snapshot.id, source / "dossier3" / "fichier010.bin")
    for index in (Path(repo.location) / "index").iterdir():
        for pack in restic_json(repo, "index", index.name)["packs"]:
            if any(one["id"] == node["content"][0] for one in pack["blobs"]):
                (Path(repo.location) / "data" / pack["id"][:2] / pack["id"]).unlink()
    hurried = Restic(timeouts=Timeouts(stream=1))
    with pytest.raises(EngineError) as caught:
        hurried.export_readable(repo, a_key(), [snapshot], tmp_path / "x", None, FREE)
    assert caught.value.fault in ("timed_out", "damaged")
    assert not (tmp_path / "x").exists()


def packs_of(repo: RepoRef, blobs: set[str]) -> dict[Path, set[str]]:
    """The packs that hold some of the pieces, with all the pieces in each."""
    found = {}
    for index in (Path(repo.location) / "index").iterdir():
        for pack in restic_json(repo, "index", index.name)["packs"]:
            held = {one["id"] for one in pack["blobs"]}
            if held & blobs:
                found[Path(repo.location) / "data" / pack["id"][:2] / pack["id"]] = held
    return found


@pytest.mark.parametrize("left", [None, 0, 30_000])
def test_files_of_a_lost_pack_are_given_up_without_waiting(engine, tmp_path, left):
    """Waiting for each of them would take a quarter of an hour. left: bytes of the pack, if any."""
    source = many_files(tmp_path / "source", count=20, size=2_000)
    repo = a_repository(tmp_path / "repo")
    a_backup(repo, source)
    later = many_files(source / "plus tard", count=3, size=5_000)
    snapshot = a_backup(repo, source)
    names = sorted(file for file in source.rglob("*.bin") if later not in file.parents)
    pieces = {file: node_at(repo, snapshot.id, file)["content"][0] for file in names}
    (pack, _held), *others = packs_of(repo, set(pieces.values())).items()
    assert not others
    content = pack.read_bytes()
    pack.unlink()
    if left is not None:
        pack.write_bytes(content[:left])
    before = sorted(Path(repo.location).rglob("*"))
    done = engine.export_readable(repo, a_key(), [snapshot], tmp_path / "x", None, FREE, accept_losses=True)
    gone = lost(done)
    assert set(gone) <= {str(file) for file in names}
    assert len(gone) == 20 if not left else 0 < len(gone) < 20
    place = unzip(done, tmp_path / "place")
    check_sums(place)
    for file in gone:
        Path(file).unlink()
    assert contents(place / str(source).lstrip("/")) == contents(source)
    assert sorted(Path(repo.location).rglob("*")) == before
    assert not list(tmp_path.glob("x.*"))
    again = engine.export_readable(repo, a_key(), [snapshot], tmp_path / "x", None, FREE, accept_losses=True)
    assert again == done


def test_nothing_readable_is_no_export(engine, some_files, tmp_path):
    repo, _, snapshot = some_files
    spoil(repo, restic_json(repo, "snapshot", snapshot.id)["tree"])
    with pytest.raises(EngineError) as caught:
        engine.export_readable(repo, a_key(), [snapshot], tmp_path / "x", None, FREE, accept_losses=True)
    assert caught.value.fault == "damaged"
    assert not (tmp_path / "x").exists()


def test_a_wrong_passphrase_is_no_damage(engine, some_files, tmp_path):
    repo, _, snapshot = some_files
    with pytest.raises(EngineError) as caught:
        engine.export_readable(repo, a_key("non"), [snapshot], tmp_path / "x", None, FREE, accept_losses=True)
    assert caught.value.fault == "wrong_key"


@pytest.mark.parametrize(
    ("quoted", "name"),
    [
        ("café", "café"),
        (r"ligne\n2", "ligne\n2"),
        (r"octet\xff", "octet\udcff"),
        (r"a\\b", "a\\b"),
        (r"\"x\"", '"x"'),
        (r"zero\u200bwidth", "zero\u200bwidth"),
        (r"\U000e0001", "\U000e0001"),
        (r"\x7f", "\x7f"),
    ],
)
def test_names_in_restic_s_records_are_taken_back(quoted, name):
    assert unquoted(quoted) == name


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_attributes_that_no_archive_can_carry_cost_only_themselves(tmp_path: Path, kind: str):
    source = tmp_path / "source"
    many_files(source, 6)
    odd = source / "dossier2" / "fichier002.bin"
    try:
        os.setxattr(odd, "user.a=b", b"v")
    except OSError:
        pytest.skip("this disk keeps no extended attributes")
    repo = a_repository(tmp_path / "repo")
    point = a_backup(repo, source)
    limits = replace(FREE, volume_kind=VolumeKind(kind))
    done = Restic().export_readable(repo, a_key(), [point], tmp_path / "out", None, limits)
    assert (done.files, done.lost) == (6, 0)
    plain = tmp_path / "plain"
    given = contents(untar(done.directory, plain) if kind == "tar" else unzip(done, plain))
    assert contents(source) <= given
    if kind == "tar":
        (named,) = rows(done, "SPECIAL.csv")
        assert str(odd) in named.values() and "attributes" in named.values()


@pytest.mark.parametrize("how", ["missing", "cut"])
@pytest.mark.parametrize("accept_losses", [False, True])
def test_without_its_index_everything_comes_and_the_vault_stays_as_it_is(
    tmp_path: Path, how: str, accept_losses: bool
):
    source = tmp_path / "source"
    many_files(source, 20)
    repo = a_repository(tmp_path / "repo")
    first = a_backup(repo, source)
    (source / "neuf.txt").write_text("plus tard")
    second = a_backup(repo, source)
    index = sorted((Path(repo.location) / "index").iterdir())[0]
    if how == "missing":
        index.unlink()
    else:
        index.chmod(0o600)
        index.write_bytes(index.read_bytes()[:-50])
    before = contents(Path(repo.location))
    for point, files in ((first, 20), (second, 21)):
        out = tmp_path / f"out-{point.short_id}"
        done = Restic().export_readable(repo, a_key(), [point], out, None, FREE, accept_losses=accept_losses)
        assert (done.files, done.lost) == (files, 0)
        assert list(tmp_path.glob("*.links-*")) == []
    assert contents(Path(repo.location)) == before
