"""A folder beside restic in one process: ``-m bench.folder_run REPOSITORY POINT FOLDER PLACE ROUNDS``."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.export_run import FREE, seconds
from portal.engine.chosen import Choice, chosen_of
from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef
from portal.engine.restic import Restic
from tests.engine.builders import SECRET


def ours(repo: RepoRef, point: str, wanted: str, out: Path) -> int:
    """As the worker does it; how many files came."""
    key, engine = Passphrase(SECRET), Restic()
    known = {one.id: one for one in engine.snapshots(repo, key)}
    chosen = [chosen_of(known[point], [Choice(wanted, is_folder=True)])]
    done = engine.export_chosen(repo, key, chosen, out / "x", None, FREE)
    assert done.lost == 0
    return done.files


def bare(repo: RepoRef, point: str, wanted: str, out: Path) -> None:
    command = ["restic", "--no-cache", "--no-lock", "--quiet", "-r", repo.location, "restore", point]
    command += ["--target", str(out / "floor"), "--include", wanted]
    subprocess.run(command, check=True, env={**os.environ, "RESTIC_PASSWORD": SECRET})


def main(location: str, point: str, wanted: str, place: str, rounds: int) -> None:
    repo, ratios, spent, files = RepoRef(location), [], [], 0
    for _ in range(rounds):
        out = Path(place) / "out"
        out.mkdir()
        least = seconds(lambda out=out: bare(repo, point, wanted, out))  # type: ignore[misc]
        started = time.perf_counter()
        files = ours(repo, point, wanted, out)
        whole = time.perf_counter() - started
        shutil.rmtree(out)
        ratios.append(least / whole)
        spent.append(whole)
    print(
        json.dumps(
            {
                "ratio": round(statistics.median(ratios), 2),
                "seconds": round(statistics.median(spent), 2),
                "given": files,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:5], int(sys.argv[5]))
