"""A process that exports and can be killed: ``-m tests.engine.exporter REPO DESTINATION [lossy]``."""

import sys
from pathlib import Path

from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef
from portal.engine.restic import Restic
from tests.engine.builders import SMALL


def main(location: str, destination: str, *words: str) -> None:
    key = Passphrase(bytearray(sys.stdin.buffer.read()))
    engine, repo = Restic(), RepoRef(location)
    chosen = engine.latest_set(engine.snapshots(repo, key))
    engine.export_readable(repo, key, chosen, Path(destination), limits=SMALL, accept_losses="lossy" in words)


if __name__ == "__main__":
    main(*sys.argv[1:])
