"""The first page of a signature, as the phone gets it: its weight, and the time of the server.

``page_kb``: the page with every file that it names, each once; at most 100. ``p95_ms``: the page alone, asked
by four clients at a time of one process.
"""

import argparse
import re
import subprocess
import sys
from statistics import quantiles
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.request import urlopen

from bench.pages import Load
from tour.instance import BIN, ROOT, Instance

_FILES = re.compile(rb'(?:href|src)="(/static/[^"#]+)')


def weight(address: str) -> int:
    """Bytes of a page and of the files that it names."""
    total, waiting, seen = 0, [address], set()
    while waiting:
        current = waiting.pop()
        if urlsplit(current).path in seen:
            continue
        seen.add(urlsplit(current).path)
        with urlopen(current) as answer:
            body = answer.read()
        total += len(body)
        if current == address:
            waiting += [urljoin(address, name.decode()) for name in _FILES.findall(body)]
    return total


def measure(options: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench signing")
    parser.add_argument("--seconds", type=float, default=5)
    wanted = parser.parse_args(options)
    with Instance(demo=False) as portal:
        portal.kill("worker")
        seeded = subprocess.run(
            [sys.executable, "-m", "bench.signing_seed"],
            env=portal.environment,
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        portal.kill("web")
        portal.start(
            "web",
            [
                str(BIN / "gunicorn"),
                "app:create_app()",
                "--bind",
                f"127.0.0.1:{portal.port}",
                "--workers",
                "1",
                "--threads",
                "4",
                "--log-level",
                "warning",
            ],
        )
        portal._wait_for_web()
        path = f"/sign/{seeded.stdout.split()[-1]}"
        load = Load(portal.port, "")
        load.run(path, 1)
        _rate, times = load.run(path, wanted.seconds)
        heavy = weight(f"http://127.0.0.1:{portal.port}{path}")
    return {"page_kb": round(heavy / 1000, 1), "p95_ms": round(quantiles(times, n=20)[-1], 1)}
