"""A program that exports: ``-m tests.engine.exporter REPO DESTINATION``, with the passphrase on its stdin."""

import sys
from pathlib import Path

from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef
from tests.engine.builders import export

if __name__ == "__main__":
    repository, destination = sys.argv[1:]
    export(RepoRef(repository), Passphrase(bytearray(sys.stdin.buffer.read())), Path(destination))
