"""Measuring every vault of an installation, without a key and without reading a single pack.

``seconds``: 1,000 vaults measured one after the other, as the worker does every six hours.
``files_opened``: objects of the repositories that were opened meanwhile, as Python's audit events tell;
``packs_opened``: those of them that hold data, always 0.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.export import MEMORY
from portal.engine import keyless
from portal.engine.port import RepoRef

PACK_BYTES = 4_000


def make_vaults(place: Path, count: int, packs: int) -> None:
    for number in range(count):
        root = place / f"vault{number}"
        for folder in ("keys", "snapshots", "index", "locks", "data"):
            (root / folder).mkdir(parents=True)
        (root / "config").write_bytes(b"c" * 155)
        for folder, files in (("keys", 1), ("snapshots", 30), ("index", 3), ("data", packs)):
            for index in range(files):
                name = f"{number * 1_000 + index:064x}"
                target = root / folder / name[-2:] / name if folder == "data" else root / folder / name
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(b"x" * (PACK_BYTES if folder == "data" else 300))


def measure(options: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench usage")
    parser.add_argument("--vaults", type=int, default=1_000)
    parser.add_argument("--packs", type=int, default=100)
    wanted = parser.parse_args(options)
    opened: list[str] = []
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        make_vaults(Path(folder), wanted.vaults, wanted.packs)

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event == "open" and str(arguments[0]).startswith(folder):
                opened.append(str(arguments[0]))

        sys.addaudithook(hook)
        start = time.perf_counter()
        objects = sum(
            keyless.usage(RepoRef(f"{folder}/vault{number}")).objects for number in range(wanted.vaults)
        )
        spent = time.perf_counter() - start
        seen = list(opened)
    return {
        "seconds": round(spent, 2),
        "vaults": wanted.vaults,
        "objects": objects,
        "files_opened": len(seen),
        "packs_opened": sum("/data/" in name for name in seen),
    }
