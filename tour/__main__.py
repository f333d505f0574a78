"""``python -m tour [--keep DIR]``: a line a step ``N ok what -> artefact``, or the first failure."""

import argparse
import sys
import tempfile
import traceback
from pathlib import Path

from tour.production import production
from tour.steps import STEPS, Tour


def main() -> int:
    parser = argparse.ArgumentParser(prog="tour")
    parser.add_argument("--keep", metavar="DIR", help="keep the documents that the tour makes")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="portal-artefacts-") as temporary:
        artefacts = Path(wanted.keep or temporary).resolve()
        artefacts.mkdir(parents=True, exist_ok=True)
        with production() as portal:
            tour = Tour(portal, artefacts)
            for number, (what, step) in enumerate(STEPS, 1):
                try:
                    print(f"{number} ok {what} -> {step(tour)}", flush=True)
                except Exception as error:
                    traceback.print_exc()
                    print(f"{number} FAILED {what}: {error}", flush=True)
                    for name in ("web", "worker"):
                        log = (portal.folder / f"{name}.log").read_text()[-2000:]
                        print(f"--- {name}.log\n{log}", file=sys.stderr)
                    return 1
    return 0


sys.exit(main())
