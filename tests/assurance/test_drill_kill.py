"""kill -9 in the middle of a restore drill: one result, one mail, and nothing of the vault stays behind."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock, jobs
from portal.assurance import drill_reading
from portal.assurance.drill_jobs import begin_drill
from portal.assurance.drills import DrillKind, DrillState, VaultDrill
from portal.blobs import Document
from portal.db import db, reading
from portal.engine.models import Vault
from portal.engine.port import ExportLimits
from portal.mail import Mail
from tests import builders, vaulting
from tests.forked import Forked, forked
from tests.reversibility.test_kills import installation, place  # noqa: F401
from tests.vaulting import link_in, unlock, wait_for

pytestmark = pytest.mark.slow
WAITS = 30.0  # seconds that the first worker would stand with the clear content on its disk


@pytest.fixture
def vault(installation: Flask, repository: Path, tmp_path: Path) -> Vault:  # noqa: F811
    house = builders.a_house()
    customer = builders.a_customer(house.reseller, accepted="dobaas", siren=None)
    own = shutil.copytree(repository, tmp_path / "own")
    made: Vault = vaulting.a_vault(customer, own, vaulting.a_subscription(customer, terms="dobaas"))
    return made


def _work(app: Flask, stands_still: bool) -> None:
    app.config["EXPORT_LIMITS"] = ExportLimits(keep_free_bytes=0)
    if stands_still:
        original: Callable[..., str] = drill_reading._digest

        def later(*arguments: Any) -> str:
            time.sleep(WAITS)  # the file is on the disk
            return original(*arguments)

        drill_reading._digest = later
    jobs.work(app, lambda: False, idle_seconds=0.1)


def _state(drill: VaultDrill) -> DrillState:
    with reading():
        db.session.rollback()
        db.session.refresh(drill)
        state: DrillState = drill.state
        db.session.rollback()
    return state


def test_a_restore_drill_survives_kill_9_with_one_result_and_one_mail(
    installation: Flask,  # noqa: F811
    vault: Vault,
    place: tuple[str, Path],  # noqa: F811
) -> None:
    drill = begin_drill(vault, DrillKind.RESTORE, clock.today())
    db.session.commit()
    link = link_in(vaulting.last_mail(drill.uid))
    db.session.rollback()
    with installation.app_context():
        assert unlock(installation.test_client(), link).status_code == 303
    scratch, running = place[1] / "work", list[Forked]()
    try:
        running.append(forked(installation, lambda: _work(installation, stands_still=True)))
        wait_for(lambda: any(one.stat().st_size for one in scratch.glob("drill-*")))
        running[-1].kill()
        assert _state(drill) == DrillState.RUNNING and list(scratch.glob("drill-*"))
        running.append(forked(installation, lambda: _work(installation, stands_still=False)))
        wait_for(lambda: _state(drill) == DrillState.GOOD)
    finally:
        for process in running:
            process.kill()
    assert not list(scratch.glob("drill-*"))
    about = select(Mail).where(Mail.kind == "assurance/mail_drill")
    assert len(list(db.session.scalars(about))) == 1
    papers = select(Document).where(Document.subject_uid == drill.uid)
    assert len(list(db.session.scalars(papers))) == 1
    results = select(VaultDrill).where(VaultDrill.vault_id == vault.id)
    assert len(list(db.session.scalars(results))) == 1 and drill.folder_files
