"""``flask reversibility export``: onto a disk of the operator's, sealed without key, readable with it."""

import json
import subprocess
import zipfile

import pytest
from flask import Flask

from tests import vaulting
from tests.builders import work
from tests.reversibility.test_views import ask, the_case
from tests.vaulting import link_in, unlock


@pytest.fixture
def case(browser, house, subscription, own_vault):
    assert ask(browser(house.owner), subscription, own_vault).status_code == 303
    return the_case()


def run(app: Flask, *arguments: str):
    return app.test_cli_runner().invoke(args=["reversibility", "export", *arguments])


def test_a_sealed_export_needs_nobody(app: Flask, case, tmp_path) -> None:
    done = run(app, case.uid, "--out", str(tmp_path / "disk"), "--form", "sealed", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["form"], said["damaged"]) == ("sealed", 0) and said["objects"] > 5
    for volume in (tmp_path / "disk").glob("*.tar"):
        subprocess.run(["tar", "-xf", volume, "-C", tmp_path], check=True)
    subprocess.run(["sha256sum", "-c", "--quiet", tmp_path / "disk" / "SHA256SUMS"], cwd=tmp_path, check=True)


def test_a_readable_export_waits_for_the_customer(app: Flask, case, browser, agent, tmp_path) -> None:
    out = tmp_path / "disk"
    refused = run(app, case.uid, "--out", str(out), "--json")
    assert refused.exit_code == 1 and "phrase" in refused.output and not out.exists()
    unlock(browser(), link_in(vaulting.last_mail(case.uid)))
    done = run(app, case.uid, "--out", str(out), "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["form"], said["files"], said["lost"]) == ("readable", 62, 0)
    for volume in out.glob("*.zip"):
        zipfile.ZipFile(volume).extractall(tmp_path / "files")
    subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=tmp_path / "files", check=True)
    again = run(app, case.uid, "--out", str(out), "--json")
    assert json.loads(again.stdout) == said, "the same folder again gives what is there"
    work()


def test_what_the_case_asks_for_is_what_comes(
    app: Flask, house, own_vault, browser, agent, subscription, tmp_path
):
    assert ask(browser(house.owner), subscription, own_vault, form="tar").status_code == 303
    case = the_case()
    unlock(browser(), link_in(vaulting.last_mail(case.uid)))
    done = run(app, case.uid, "--out", str(tmp_path / "disk"), "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["form"] == "tar"
    for volume in (tmp_path / "disk").glob("*.tar"):
        subprocess.run(["tar", "-xf", volume, "-C", tmp_path], check=True)
    subprocess.run(["sha256sum", "-c", "--quiet", tmp_path / "disk" / "SHA256SUMS"], cwd=tmp_path, check=True)


def test_an_unknown_case_is_said(app: Flask, tables, tmp_path) -> None:
    done = run(app, "nothing", "--out", str(tmp_path / "disk"))
    assert done.exit_code == 1 and "no case" in done.output
