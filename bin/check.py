"""Everything that must hold before a commit: lint, types, imports, catalogue, tests on both databases.

    python bin/check.py --fast   what a change is tried with: without what is slow, on SQLite
    python bin/check.py          every test; those that need a database on both, the others once

Each stage says how long it took, and the tests which of them were the slowest.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)  # else each of hundreds of processes compiles the same again
CORES = os.cpu_count() or 2


def pytest(*wanted: str, processes: int = CORES + 1) -> list[str]:
    """One process more than cores: tests that kill or wait leave theirs alone."""
    command = [sys.executable, "-m", "pytest", "-n", str(processes), "--dist", "worksteal"]
    return [*command, "--durations", "20", *wanted]


READ = [  # what is only read; several at a time
    ("mypy", [str(BIN / "mypy"), "--no-error-summary"]),
    ("ruff", [str(BIN / "ruff"), "check", "-q", "."]),
    ("format", [str(BIN / "ruff"), "format", "-q", "--check", "."]),
    ("templates", [str(BIN / "djlint"), "--lint", "--quiet", "templates"]),
    ("imports", [str(BIN / "lint-imports"), "--no-cache"]),
    ("catalogue", [sys.executable, "bin/catalogues.py", "--check"]),
    ("states", [sys.executable, "bin/states.py", "--check"]),
]
FAST = [
    ("without a database", pytest("-m", "not browser and not slow and not database", processes=CORES)),
    ("SQLite", pytest("-m", "database and not browser and not slow", processes=CORES)),
]
WHOLE = [  # one after the other: beside a browser the tests of PostgreSQL take longer than behind it
    ("tests", pytest("-m", "not browser and not strict and not server")),
    ("postgresql", ["bin/with_postgres", *pytest("-m", "database and not words")]),
    ("browser", pytest("tests/browser")),
]


def say(name: str, code: int, started: float) -> int:
    print(
        f"   {name}: {'ok' if code == 0 else f'exit {code}'}, {time.monotonic() - started:.0f} s", flush=True
    )
    return code


def read(step: tuple[str, list[str]]) -> int:
    """Run a check; its output is shown when it fails, in one piece."""
    name, command = step
    started = time.monotonic()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=ENVIRONMENT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        print(done.stdout, end="", flush=True)
    return say(name, done.returncode, started)


def run(step: tuple[str, list[str]]) -> int:
    name, command = step
    started = time.monotonic()
    print(f"== {name}", flush=True)
    return say(name, subprocess.call(command, cwd=ROOT, env=ENVIRONMENT), started)


def codes(*, fast: bool) -> Iterator[int]:
    with ThreadPoolExecutor(CORES) as together:
        yield from list(together.map(read, READ))
    yield from map(run, FAST if fast else WHOLE)


def main() -> int:
    started = time.monotonic()
    code = next((code for code in codes(fast="--fast" in sys.argv) if code), 0)
    return say("all", code, started)


sys.exit(main())
