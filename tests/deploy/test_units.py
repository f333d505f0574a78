"""The units, the container file and the proxy's configuration are ones that their programs accept."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.serving import DEPLOY
from tests.installation import ROOT


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, of this checkout instead of /opt/portal."""
    folder = tmp_path / "units"
    shutil.copytree(DEPLOY / "systemd", folder)
    for path in folder.glob("*.service"):
        text = path.read_text().replace("/opt/portal/.venv/bin/", f"{Path(sys.executable).parent}/")
        path.write_text(text)
    common = folder / "portal-.service.d" / "common.conf"
    common.write_text(common.read_text().replace("/opt/portal", str(ROOT)))
    return folder


needs_systemd = pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")


@needs_systemd
def test_systemd_accepts_the_units(units: Path) -> None:
    files = [str(path) for path in units.iterdir() if path.is_file()]
    done = subprocess.run(["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
def test_every_service_is_confined(units: Path) -> None:
    """20 is 2.0 of systemd's scale, where 10 is a service that may do everything."""
    for path in sorted(units.glob("*.service")):
        command = ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (path.name, done.stdout[-300:])


def test_only_the_migrations_know_the_owner() -> None:
    for path in (DEPLOY / "systemd").rglob("*"):
        if path.is_file() and "owner.env" in path.read_text():
            assert path.name == "portal-migrate.service"
    assert "\nOWNER_DATABASE_URL" not in (DEPLOY / "portal.env").read_text()


def test_the_container_file_is_well_made() -> None:
    program = str(Path(sys.executable).parent / "hadolint")
    done = subprocess.run(
        [program, str(DEPLOY / "Containerfile")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_each_setting_of_the_example_is_one_that_is_read() -> None:
    known = (ROOT / "docs" / "operations.md").read_text()
    for line in (DEPLOY / "portal.env").read_text().splitlines():
        if line and not line.startswith("#"):
            assert f"`{line.split('=')[0]}`" in known, line
