import multiprocessing
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from portal.engine.errors import EngineError
from portal.engine.port import ExportLimits, Progress, RepoRef
from portal.engine.restic import Restic
from portal.engine.space import forget, promised, reserved
from tests.engine.builders import a_backup, a_key, a_repository, many_files
from tests.engine.servers import rest_server

PROCESSES = multiprocessing.get_context("spawn")


def hold(result: str, need: int, pipe: Connection) -> None:
    with reserved(Path(result), Path(result).parent, need, 0):
        pipe.send("held")
        pipe.recv()
    pipe.send("done")


@contextmanager
def another_job(result: Path, need: int) -> Iterator[tuple[BaseProcess, Connection]]:
    """A process that was promised that many bytes and has not written them yet."""
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=hold, args=(str(result), need, theirs))
    process.start()
    try:
        assert ours.recv() == "held"
        yield process, ours
    finally:
        process.kill()
        process.join()


def finish(process: BaseProcess, pipe: Connection) -> None:
    pipe.send("go")
    assert pipe.recv() == "done"
    process.join()


def kill(process: BaseProcess, _pipe: Connection) -> None:
    process.kill()
    process.join()


def readable(office: RepoRef, place: Path, limits: ExportLimits) -> object:
    engine = Restic()
    chosen = engine.latest_set(engine.snapshots(office, a_key()))
    return engine.export_readable(office, a_key(), chosen, place, None, limits)


def sealed(office: RepoRef, place: Path, limits: ExportLimits) -> object:
    return Restic().export_sealed(office, place, None, limits)


def mirrored(office: RepoRef, place: Path, limits: ExportLimits) -> object:
    with rest_server(Path(office.location)) as address:
        return Restic().mirror(RepoRef(address), place, None, limits)


@pytest.mark.slow
@pytest.mark.parametrize("end", [finish, kill])
@pytest.mark.parametrize("work", [readable, sealed, mirrored])
def test_two_jobs_with_space_for_one(
    office: RepoRef, tmp_path: Path, work: Callable[..., object], end: Callable[..., None]
) -> None:
    free = shutil.disk_usage(tmp_path).free
    limits = ExportLimits(keep_free_bytes=free // 2)
    with another_job(tmp_path / "a", free * 7 // 10) as job:
        with pytest.raises(EngineError) as caught:
            work(office, tmp_path / "b", limits)
        assert caught.value.fault == "no_space"
        assert caught.value.have_bytes == 0 < (caught.value.need_bytes or 0)
        end(*job)
        assert work(office, tmp_path / "b", limits)
    assert not list(tmp_path.glob("*.space*")) and not list(tmp_path.glob(".space*"))


def test_what_is_needed_and_what_is_there_are_told(tmp_path):
    free = shutil.disk_usage(tmp_path).free
    with (
        another_job(tmp_path / "a", free * 7 // 10),
        pytest.raises(EngineError) as caught,
        reserved(tmp_path / "b", tmp_path, free // 2, 0),
    ):
        pass
    assert caught.value.need_bytes == free // 2
    assert 0 < (caught.value.have_bytes or 0) < free // 2
    assert not (tmp_path / "b.space").exists()


def test_what_has_been_written_is_no_longer_promised(tmp_path):
    tree = tmp_path / "a.work"
    tree.mkdir()
    (tree / "ancien").write_bytes(bytes(100_000))
    with reserved(tmp_path / "a", tree, 1_000_000, 0) as still_needs:
        assert promised(tmp_path / "a") == 0  # one's own does not count
        assert promised(tmp_path / "b") == 1_000_000
        (tree / "neuf").write_bytes(bytes(400_000))
        assert 590_000 < promised(tmp_path / "b") <= 600_000
        still_needs(50_000)  # the rest deflates well
        assert promised(tmp_path / "b") == 50_000
        (tree / "trop").write_bytes(bytes(400_000))
        assert promised(tmp_path / "b") == 0
    assert promised(tmp_path / "b") == 0


def export_and_stop(location: str, result: str, pipe: Connection) -> None:
    def stop(progress: Progress) -> None:
        if progress.phase == "export":
            pipe.send("stopped")
            pipe.recv()

    engine, repo = Restic(), RepoRef(location)
    chosen = engine.latest_set(engine.snapshots(repo, a_key()))
    engine.export_readable(repo, a_key(), chosen, Path(result), stop, ExportLimits(keep_free_bytes=0))


@pytest.mark.slow
def test_an_export_promises_what_it_still_has_to_write(tmp_path):
    repo = a_repository(tmp_path / "repo")
    a_backup(repo, many_files(tmp_path / "source", count=100, size=60_000))
    ours, theirs = PROCESSES.Pipe()
    worker = PROCESSES.Process(target=export_and_stop, args=(repo.location, str(tmp_path / "x"), theirs))
    worker.start()
    assert ours.recv() == "stopped"  # after the first of a hundred files
    still = promised(tmp_path / "y")
    worker.kill()
    worker.join()
    assert 99 * 60_000 < still < 100 * 60_100 * 1.01 + 100 * 600
    assert (tmp_path / "x.space").exists()
    assert promised(tmp_path / "y") == 0
    assert not (tmp_path / "x.space").exists()


def test_what_a_killed_process_left_can_be_removed(tmp_path):
    with another_job(tmp_path / "a", 1_000) as job:
        kill(*job)
    assert (tmp_path / "a.space").exists()
    forget(tmp_path / "a")
    assert not (tmp_path / "a.space").exists()
