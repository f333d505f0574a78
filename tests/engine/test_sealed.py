import hashlib
import multiprocessing
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.engine import export, keyless
from portal.engine.errors import EngineError
from portal.engine.port import ExportLimits, RepoRef
from portal.engine.restic import Restic, Timeouts
from tests.engine.builders import a_backup, a_key, a_repository, flip_bytes, many_files, packs
from tests.engine.servers import BUCKET, SECRETS, Bucket, rest_server, s3_server
from tests.engine.test_restic import wait_for

pytestmark = pytest.mark.slow

FREE = ExportLimits(keep_free_bytes=0)
SMALL = ExportLimits(volume_bytes=400_000, keep_free_bytes=0)
REMOTE = Restic(backend_env=SECRETS, timeouts=Timeouts(store=5))


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with s3_server() as server:
        yield server


def objects_of(place: Path) -> dict[str, str]:
    return {
        file.relative_to(place).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in place.rglob("*")
        if file.is_file()
    }


def unpack(directory: Path, place: Path) -> Path:
    place.mkdir()
    for volume in sorted(directory.glob("*.tar")):
        subprocess.run(["tar", "-xf", str(volume), "-C", str(place)], check=True)
    subprocess.run(["sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS"], cwd=place, check=True)
    return place / "repo"


@pytest.fixture(params=["local", "rest", "s3"])
def anywhere(request, office: RepoRef, bucket: Bucket, tmp_path: Path) -> Iterator[RepoRef]:
    if request.param == "local":
        yield office
    elif request.param == "s3":
        yield bucket.take(Path(office.location), tmp_path.name)
    else:
        with rest_server(Path(office.location)) as address:
            yield RepoRef(address)


@pytest.mark.parametrize("limits", [FREE, SMALL])
def test_a_repository_is_delivered_as_it_is_from_anywhere(anywhere, office, limits, tmp_path):
    seen = []
    done = REMOTE.export_sealed(anywhere, tmp_path / "x", seen.append, limits)
    assert (len(done.volumes) > 1) == (limits is SMALL)
    if limits is SMALL:
        assert all(one.bytes <= 400_000 for one in done.volumes[:-1] if one.objects > 1)
    repo = unpack(done.directory, tmp_path / "chez le client")
    assert objects_of(repo) == objects_of(Path(office.location))
    assert done.ok and done.objects == len(objects_of(repo)) == sum(one.objects for one in done.volumes)
    assert set(done.documents) == {"LISEZMOI.txt", "README.txt", "SHA256SUMS"}
    assert [one.fraction for one in seen] == sorted(one.fraction for one in seen)
    assert seen[-1].fraction == 1.0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["chez le client", "x"]
    assert REMOTE.export_sealed(anywhere, tmp_path / "x", None, limits) == done


def test_what_is_delivered_opens_with_the_passphrase(engine, office, tmp_path):
    done = engine.export_sealed(office, tmp_path / "x", None, SMALL)
    repo = RepoRef(str(unpack(done.directory, tmp_path / "y")))
    assert len(engine.snapshots(repo, a_key())) == 3


def test_the_papers_say_how_to_open_it_in_two_languages(engine, office, tmp_path):
    done = engine.export_sealed(office, tmp_path / "x", None, FREE)
    for name in ("LISEZMOI.txt", "README.txt"):
        text = (done.directory / name).read_text()
        assert "restic -r repo restore latest" in text and "DAMAGED" not in text
        assert all(len(line) <= 115 for line in text.splitlines())


@pytest.mark.parametrize("kind", ["local", "s3"])
def test_a_rotten_object_is_delivered_and_listed(kind, copy_of_office, bucket, tmp_path):
    rotten = packs(copy_of_office)[-1]
    flip_bytes(rotten)
    repo = copy_of_office
    if kind == "s3":
        repo = bucket.take(Path(copy_of_office.location), f"rotten {tmp_path.name}")
    done = REMOTE.export_sealed(repo, tmp_path / "x", None, FREE)
    assert not done.ok and [name.rsplit("/", 1)[1] for name in done.damaged] == [rotten.name]
    assert rotten.name in (done.directory / "DAMAGED.txt").read_text()
    assert "DAMAGED.txt" in (done.directory / "LISEZMOI.txt").read_text()
    assert objects_of(unpack(done.directory, tmp_path / "y")) == objects_of(Path(copy_of_office.location))
    assert REMOTE.export_sealed(repo, tmp_path / "x", None, FREE) == done


def test_no_space_is_told_before_anything_is_copied(engine, office, tmp_path):
    with pytest.raises(EngineError) as caught:
        engine.export_sealed(office, tmp_path / "x", None, ExportLimits(keep_free_bytes=1 << 60))
    assert caught.value.fault == "no_space" and caught.value.need_bytes
    assert not list(tmp_path.rglob("*.tar*"))


def test_a_place_that_is_taken_is_refused(engine, office, tmp_path):
    (tmp_path / "x").mkdir()
    with pytest.raises(EngineError) as caught:
        engine.export_sealed(office, tmp_path / "x")
    assert caught.value.fault == "unsafe_path"


def test_a_cancelled_export_can_be_discarded(engine, office, tmp_path):
    def stop(progress):
        if progress.bytes_done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.export_sealed(office, tmp_path / "x", stop, SMALL)
    assert not (tmp_path / "x").exists()
    export.discard(tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_what_a_former_run_copied_is_not_fetched_again(bucket, office, tmp_path):
    repo = bucket.take(Path(office.location), tmp_path.name)
    total = keyless.usage(office).objects

    def stop(progress):
        if progress.files_done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        REMOTE.export_sealed(repo, tmp_path / "x", stop, FREE)
    bucket.asked.clear()
    done = REMOTE.export_sealed(repo, tmp_path / "x", None, FREE)
    asked = [one for one in bucket.asked if one.startswith(f"GET /{BUCKET}/{tmp_path.name}/")]
    assert len(asked) <= total - total // 2 + 1  # the config, which nothing vouches for, comes again
    assert objects_of(unpack(done.directory, tmp_path / "y")) == objects_of(Path(office.location))


def test_a_change_in_the_repository_starts_again(engine, copy_of_office, tmp_path):
    def stop(progress):
        if progress.files_done > 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.export_sealed(copy_of_office, tmp_path / "x", stop, SMALL)
    a_backup(copy_of_office, many_files(tmp_path / "s", count=3), "neuf")
    done = engine.export_sealed(copy_of_office, tmp_path / "x", None, SMALL)
    assert objects_of(unpack(done.directory, tmp_path / "y")) == objects_of(Path(copy_of_office.location))


def seal(location: str, destination: str) -> None:
    Restic().export_sealed(RepoRef(location), Path(destination), lambda _: time.sleep(0.01), SMALL)


@pytest.mark.parametrize("moment", [0, 1, 5])
def test_a_sealed_export_killed_at_any_moment_is_finished_by_the_next(engine, tmp_path, moment):
    repo = a_repository(tmp_path / "depot")
    for seed in range(3):
        a_backup(repo, many_files(tmp_path / f"s{seed}", count=40, size=60_000 + seed), f"h{seed}")
    out = tmp_path / "x.work" / "out"
    worker = multiprocessing.get_context("spawn").Process(
        target=seal, args=(repo.location, str(tmp_path / "x"))
    )
    worker.start()
    wait_for(lambda: not worker.is_alive() or (out.exists() and len(list(out.glob("*.tar*"))) > moment), 60)
    worker.kill()
    worker.join()
    done = engine.export_sealed(repo, tmp_path / "x", None, SMALL)
    assert Counter(objects_of(unpack(done.directory, tmp_path / "y"))) == Counter(
        objects_of(Path(repo.location))
    )
