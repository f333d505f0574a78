"""One repository for every test that only reads: making one costs three key derivations."""

import shutil
from pathlib import Path

import pytest

from portal.engine.port import RepoRef, Snapshot
from portal.engine.restic import Restic
from tests.engine import builders
from tests.vault_fixtures import agent, customer, repository, subscription, vault  # noqa: F401


@pytest.fixture(scope="session")
def engine() -> Restic:
    return Restic()


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> RepoRef:
    """Two machines in one repository: one with awkward names, one with many files, twice."""
    place = tmp_path_factory.mktemp("office")
    repo = builders.a_repository(place / "repo")
    awkward = builders.awkward_files(place / "awkward")
    many = builders.many_files(place / "many", count=60)
    builders.a_backup(repo, many, "compta")
    (many / "nouveau.txt").write_text("plus tard")
    builders.a_backup(repo, many, "compta")
    builders.a_backup(repo, awkward, "accueil")
    return repo


@pytest.fixture(scope="session")
def snapshots(engine: Restic, office: RepoRef) -> list[Snapshot]:
    """The newest of each machine: accueil, compta."""
    return engine.latest_set(engine.snapshots(office, builders.a_key()))


@pytest.fixture
def copy_of_office(office: RepoRef, tmp_path: Path) -> RepoRef:
    shutil.copytree(office.location, tmp_path / "copy")
    return RepoRef(str(tmp_path / "copy"))
