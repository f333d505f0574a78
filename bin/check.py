"""Everything that must hold before a commit: lint, types, imports, catalogues, tests on both databases."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTEST = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "worksteal"]


def steps(*, fast: bool) -> list[tuple[str, list[str]]]:
    listed = [
        ("ruff", [str(BIN / "ruff"), "check", "-q", "."]),
        ("format", [str(BIN / "ruff"), "format", "-q", "--check", "."]),
        ("templates", [str(BIN / "djlint"), "--lint", "--quiet", "templates"]),
        ("mypy", [str(BIN / "mypy"), "--no-error-summary"]),
        ("imports", [str(BIN / "lint-imports"), "--no-cache"]),
        ("catalogues", [sys.executable, "bin/catalogues.py", "--check"]),
        ("states", [sys.executable, "bin/states.py", "--check"]),
        ("sqlite", [*PYTEST, "-m", "not browser"]),
    ]
    if not fast:
        listed += [
            ("postgresql", ["bin/with_postgres", *PYTEST, "-m", "not browser"]),
            ("browser", [*PYTEST, "-m", "browser"]),
        ]
    return listed


def main() -> int:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for name, command in steps(fast="--fast" in sys.argv):
        started = time.monotonic()
        print(f"== {name}", flush=True)
        code = subprocess.call(command, cwd=ROOT, env=environment)
        print(
            f"   {name}: {'ok' if code == 0 else f'exit {code}'}, {time.monotonic() - started:.0f} s",
            flush=True,
        )
        if code:
            return code
    return 0


sys.exit(main())
