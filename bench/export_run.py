"""One process that exports, beside its floor: ``-m bench.export_run KIND REPOSITORY FOLDER ROUNDS``."""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from portal.engine.passphrase import Passphrase
from portal.engine.port import ExportLimits, RepoRef, VolumeKind
from portal.engine.restic import Restic
from tests.engine.builders import SECRET

FREE = ExportLimits(keep_free_bytes=0)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def readable(repo: RepoRef, folder: Path, limits: ExportLimits = FREE) -> None:
    key = Passphrase(SECRET)
    engine = Restic()
    chosen = engine.latest_set(engine.snapshots(repo, key))
    done = engine.export_readable(repo, key, chosen, folder / "x", None, limits)
    assert done.lost == 0 and done.files


def readable_tar(repo: RepoRef, folder: Path) -> None:
    readable(repo, folder, replace(FREE, volume_kind=VolumeKind.TAR))


def bare_dump(repo: RepoRef, folder: Path) -> None:
    command = ["restic", "--no-cache", "--no-lock", "-r", repo.location, "dump", "-a", "tar", "latest", "/"]
    with (folder / "floor.tar").open("wb") as out:
        subprocess.run(command, stdout=out, check=True, env={**os.environ, "RESTIC_PASSWORD": SECRET})


def sealed(repo: RepoRef, folder: Path) -> None:
    assert Restic().export_sealed(repo, folder / "x", None, FREE).ok


def bare_copy(repo: RepoRef, folder: Path) -> None:
    subprocess.run(["cp", "-r", repo.location, str(folder / "floor")], check=True)


KINDS = {"readable": (readable, bare_dump), "tar": (readable_tar, bare_dump), "sealed": (sealed, bare_copy)}


def main(kind: str, location: str, place: str, rounds: int) -> None:
    work, floor = KINDS[kind]
    repo, ratios, spent = RepoRef(location), [], []
    for _ in range(rounds):
        folder = Path(place) / "out"
        folder.mkdir()
        least = seconds(lambda folder=folder: floor(repo, folder))  # type: ignore[misc]
        whole = seconds(lambda folder=folder: work(repo, folder))  # type: ignore[misc]
        shutil.rmtree(folder)
        ratios.append(least / whole)
        spent.append(whole)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    figures = {
        "ratio": round(statistics.median(ratios), 2),
        "seconds": round(statistics.median(spent), 2),
        "rss_mb": own // 1024,
        "restic_rss_mb": child // 1024,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
