"""A process that exports and can be killed: ``-m tests.engine.exporter REPO DESTINATION``."""

import sys
from pathlib import Path

from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef
from portal.engine.restic import Restic
from tests.engine.builders import SMALL


def main() -> None:
    key = Passphrase(bytearray(sys.stdin.buffer.read()))
    engine, repo = Restic(), RepoRef(sys.argv[1])
    chosen = engine.latest_set(engine.snapshots(repo, key))
    engine.export_readable(repo, key, chosen, Path(sys.argv[2]), limits=SMALL)


if __name__ == "__main__":
    main()
