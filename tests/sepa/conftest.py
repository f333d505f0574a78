"""A database of one test's own, for what needs several processes or threads."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.installation import Installs


@pytest.fixture
def island(an_installation: Installs, tmp_path: Path) -> Iterator[Flask]:
    """An application with its own folder and database, committed for real; inside its context."""
    with an_installation(tmp_path) as place, place.context():
        yield place.app
