"""Tasks through a real crew, on both engines: how many, and how long a person waits beside two exports.

``per_second``: tasks that do nothing, in a lane of one process; ``ratio``: beside the two bare transactions
that each of them needs (taken, done). ``wait_p50_s`` and ``wait_p95_s``: from the commit of a task of the
prompt lane to its beginning, one every tenth of a second, while two readable exports run; at most 2 s.
``postgresql_…`` the same there, where Procrastinate wakes the workers.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.export_data import mixed_files
from bench.sepa import beside_postgres

if TYPE_CHECKING:
    from tests.installation import Installation

_PATIENCE = 300  # seconds for anything


def measure(options: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench jobs")
    parser.add_argument("--tasks", type=int, default=2_000)
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--files", type=int, default=2_000)
    wanted = parser.parse_args(options)
    other = beside_postgres("jobs", options) or {}
    from tests.engine.builders import a_backup, a_repository  # noqa: PLC0415 - restic is needed from here on
    from tests.installation import an_installation, is_postgresql  # noqa: PLC0415 - the database's address

    with tempfile.TemporaryDirectory() as folder, an_installation(Path(folder)) as place:
        mixed_files(Path(folder) / "source", wanted.files)
        repo = a_repository(Path(folder) / "repo")
        a_backup(repo, Path(folder) / "source")
        with _crew(place, repo.location):
            figures = _rate(place, wanted.tasks) | _waits(place, wanted.prompts)
    prefix = "postgresql_" if is_postgresql() else ""
    return {f"{prefix}{name}": value for name, value in figures.items()} | other


@contextmanager
def _crew(place: "Installation", repository: str) -> Iterator[None]:
    from tests.installation import kill  # noqa: PLC0415

    command = [sys.executable, "-m", "bench.jobs_worker", repository]
    environment = {**place.environment, "LOG_LEVEL": "ERROR"}
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        yield
    finally:
        (place.folder / "over").touch()
        kill(process)


def _rate(place: "Installation", count: int) -> dict[str, float]:
    _ask(place, "bench.small", ["first"])
    began = _begun(place, ["first"])  # the crew is there
    _ask(place, "bench.small", [f"s{number}" for number in range(count)])
    started = time.time()
    began = _begun(place, [f"s{number}" for number in range(count)])
    rate = count / (max(began.values()) - started)
    return {"per_second": round(rate), "ratio": round(rate / _bare_rate(place, count), 2)}


def _bare_rate(place: "Installation", count: int) -> float:
    """So many tasks a second if they were but their two transactions, in one process."""
    from portal.db import db  # noqa: PLC0415
    from portal.jobs import Task, TaskState  # noqa: PLC0415

    with place.context():
        ids = db.session.scalars(db.select(Task.id).where(Task.kind == "bench.small")).all()
        started = time.perf_counter()
        for each in ids[:count]:
            for state in (TaskState.RUNNING, TaskState.DONE):
                db.session.execute(db.update(Task).where(Task.id == each).values(state=state))
                db.session.commit()
        return count / (time.perf_counter() - started)


def _waits(place: "Installation", count: int) -> dict[str, float]:
    _ask(place, "bench.export", ["e1", "e2"])
    _begun(place, ["e1", "e2"])
    asked = {}
    for number in range(count):
        _ask(place, "bench.prompt", [f"p{number}"])
        asked[f"p{number}"] = time.time()
        time.sleep(0.1)
    began = _begun(place, list(asked))
    waits = [began[name] - at for name, at in asked.items()]
    return {
        "wait_p50_s": round(statistics.median(waits), 3),
        "wait_p95_s": round(statistics.quantiles(waits, n=20)[-1], 3),
    }


def _ask(place: "Installation", kind: str, refs: list[str]) -> None:
    import bench.jobs_worker  # noqa
    from portal.accounts.models import Organisation  # noqa: PLC0415
    from portal.db import db  # noqa: PLC0415
    from portal.jobs import enqueue  # noqa: PLC0415
    from tests.builders import a_house  # noqa: PLC0415

    with place.context():
        owner = db.session.scalars(db.select(Organisation).order_by(Organisation.id)).first()
        owner = owner or a_house().provider
        for ref in refs:
            enqueue(kind, ref, owner)
        db.session.commit()


def _begun(place: "Installation", refs: list[str]) -> dict[str, float]:
    """When each of these began, seconds since 1970; waits until all have."""
    path, end = place.folder / "begun.log", time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        lines = path.read_text().splitlines() if path.exists() else []
        known = {name: float(at) for name, at in (line.split() for line in lines)}
        if known.keys() >= set(refs):
            return known
        time.sleep(0.1)
    raise TimeoutError(f"{len(refs)} tasks are not begun after {_PATIENCE} s")
