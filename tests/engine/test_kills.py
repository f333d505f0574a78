"""Work that is killed without warning, and gone on with."""

import hashlib
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.engine.port import ExportLimits, RepoRef
from portal.engine.restic import Restic
from tests.engine.builders import (
    SMALL,
    a_backup,
    a_key,
    a_repository,
    exporting,
    flip_bytes,
    many_files,
    packs,
)
from tests.engine.servers import rest_server
from tests.engine.test_export import check_sums, closed_volumes, contents, leftovers, rows, unzip
from tests.engine.test_restic import wait_for
from tests.engine.test_sealed import objects_of
from tests.forked import Forked

pytestmark = pytest.mark.slow

FREE = ExportLimits(keep_free_bytes=0)


@pytest.fixture(scope="module")
def depot(tmp_path_factory: pytest.TempPathFactory) -> RepoRef:
    """Three machines, some thirty objects."""
    place = tmp_path_factory.mktemp("depot")
    repo = a_repository(place / "repo")
    for number in range(3):
        source = many_files(place / f"s{number}", count=60, size=80_000 + number)
        a_backup(repo, source, f"h{number}")
    return repo


@pytest.fixture(scope="module")
def server(depot: RepoRef) -> Iterator[RepoRef]:
    with rest_server(Path(depot.location)) as address:
        yield RepoRef(address)


def copy(location: str, place: str) -> None:
    Restic().mirror(RepoRef(location), Path(place), None, FREE)


def whole_objects(place: Path) -> dict[str, int]:
    """Names of what has come, and which file on the disk it is."""
    return {
        str(file.relative_to(place)): file.stat().st_ino
        for file in place.rglob("*")
        if file.is_file() and file.suffix != ".part"
    }


@pytest.mark.parametrize("moment", [0, 1, 4, 9])
def test_a_mirror_killed_at_any_moment_goes_on(depot, server, tmp_path, moment):
    place = tmp_path / "m"
    worker = Forked(lambda: copy(server.location, str(place)))
    wait_for(lambda: worker.poll() is not None or len(whole_objects(place)) >= moment, 60)
    worker.kill()
    before = whole_objects(place)
    for name in before:  # what bears its name is whole
        if name != "config":
            assert hashlib.sha256((place / name).read_bytes()).hexdigest() == Path(name).name
    done = Restic().mirror(server, place, None, FREE)
    assert done.fetched == done.objects - len(before) and not done.damaged
    after = whole_objects(place)
    assert {name: after[name] for name in before} == before
    assert objects_of(place) == objects_of(Path(depot.location))
    assert not list(place.rglob("*.part")) and not list(tmp_path.glob("*.space"))
    assert len(Restic().snapshots(RepoRef(str(place)), a_key())) == 3


def test_an_export_by_way_of_a_mirror_killed_twice_is_one_export(depot, server, tmp_path):
    destination, mirror = tmp_path / "x", tmp_path / "x.mirror"
    for reached in (lambda: len(whole_objects(mirror)) > 3, lambda: closed_volumes(destination) > 1):
        worker = exporting(server, destination)
        wait_for(lambda there=reached, done=worker.poll: there() or done() is not None, 60)
        worker.kill()
    assert exporting(server, destination).wait() == 0
    engine = Restic()
    chosen = engine.latest_set(engine.snapshots(depot, a_key()))
    done = engine.export_readable(server, a_key(), chosen, destination, None, SMALL)
    place = unzip(done, tmp_path / "place")
    check_sums(place)
    for number in range(3):
        assert contents(place / f"h{number}") == contents(Path(depot.location).parent / f"s{number}")
    assert leftovers(destination) == ["place"]


@pytest.fixture(scope="module")
def damaged(depot: RepoRef, tmp_path_factory: pytest.TempPathFactory) -> RepoRef:
    """One pack of contents is rotten."""
    place = tmp_path_factory.mktemp("damaged")
    shutil.copytree(depot.location, place / "repo")
    repo = RepoRef(str(place / "repo"))
    flip_bytes(packs(repo)[-1])
    return repo


def in_salvage(destination: Path) -> bool:
    plan = destination.with_name("x.work") / "plan.json"
    try:
        return "Salvage" in plan.read_text()
    except FileNotFoundError:  # not begun, or done a moment ago
        return False


MOMENTS: dict[str, Callable[[Path], bool]] = {
    "strict": lambda destination: closed_volumes(destination) >= 1,
    "begins": in_salvage,
    "first volume": lambda destination: in_salvage(destination) and closed_volumes(destination) >= 1,
    "fifth volume": lambda destination: in_salvage(destination) and closed_volumes(destination) >= 5,
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_export_with_losses_killed_at_any_moment_comes_once(damaged, tmp_path, moment):
    destination = tmp_path / "x"
    worker = exporting(damaged, destination, "lossy")
    wait_for(lambda: MOMENTS[moment](destination) or worker.poll() is not None, 60)
    worker.kill()
    assert not destination.exists() or (destination / "export.json").exists()
    assert exporting(damaged, destination, "lossy").wait() == 0
    engine = Restic()
    chosen = engine.latest_set(engine.snapshots(damaged, a_key()))
    done = engine.export_readable(damaged, a_key(), chosen, destination, None, SMALL, accept_losses=True)
    assert 0 < done.lost < 180 and done.files == 180 - done.lost
    place = unzip(done, tmp_path / "place")
    check_sums(place)
    kept = [row["path"] for row in rows(done, "MANIFEST.csv")]
    gone = [f"{row['machine']}{row['path']}" for row in rows(done, "LOST.csv")]
    assert len(set(kept)) == len(kept) and not set(kept) & set(gone)
    assert len(kept) + len(gone) == 180
    for path in kept:
        assert (place / path).read_bytes() == Path(f"/{path.split('/', 1)[1]}").read_bytes()
    assert leftovers(destination) == ["place"]


def large_files(place: Path) -> Path:
    """Files that mostly hold nothing: quick to store, as long to read and hash as others."""
    numbers = random.Random(11)
    for index in range(64):
        file = place / f"machine{index % 5}" / f"disque{index:02}.img"
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as out:
            out.write(numbers.randbytes(200_000 + index))
            out.truncate(2_000_000)
    return place


def test_an_export_killed_at_ten_random_moments_is_the_one_never_killed(tmp_path):
    """128 MB in four volumes: the moments are parts of the whole time, however long that is."""
    repo = a_repository(tmp_path / "repo")
    a_backup(repo, large_files(tmp_path / "source"))
    started = time.monotonic()
    assert exporting(repo, tmp_path / "never").wait() == 0
    whole = time.monotonic() - started
    expected = results(tmp_path / "never")
    destination = tmp_path / "x"
    killed = 0
    for moment in (random.uniform(0.1, 0.9) * whole for _ in range(10)):
        worker = exporting(repo, destination)
        try:
            worker.wait(moment)
        except subprocess.TimeoutExpired:
            worker.kill()
            killed += worker.wait() != 0
        if destination.exists():
            assert results(destination) == expected
            shutil.rmtree(destination)
    assert killed
    assert exporting(repo, destination).wait() == 0
    assert results(destination) == expected
    assert len([name for name in expected if name.endswith(".zip")]) == 4
    assert not list(tmp_path.glob("x.*"))


def results(place: Path) -> dict[str, str]:
    """Every published byte, but for the report, which names its folder."""
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in place.iterdir()
        if file.name != "export.json"
    }
