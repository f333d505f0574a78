"""Five lives of thirty months, three more with faults, one on PostgreSQL; two at a time (``make lives``)."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_PLACE = ROOT / "build" / "lives"
_LIVES: tuple[tuple[str, list[str]], ...] = (
    ("7", []),
    ("11", []),
    ("23", ["--postgresql"]),
    ("42", ["--customers", "66"]),  # everybody of the cast
    ("101", []),
    ("7-faults", ["--faults", "30"]),
    ("11-faults", ["--faults", "30"]),
    ("23-faults", ["--faults", "30"]),
)


def live(life: tuple[str, list[str]]) -> int:
    name, more = life
    started = time.monotonic()
    command = [sys.executable, "-m", "life", "--seed", name.partition("-")[0], "--json", *more]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    (_PLACE / f"{name}.json").write_text(done.stdout)
    if not done.stdout:
        print(done.stderr[-2000:], file=sys.stderr)
    for line in done.stdout.splitlines()[:-1]:
        print(f"   {name}: {line}", flush=True)
    print(f"{name}: exit {done.returncode}, {time.monotonic() - started:.0f} s", flush=True)
    return done.returncode


def main() -> int:
    _PLACE.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as two:
        codes = list(two.map(live, _LIVES))
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
