"""The workbooks of imports carry accounts: they go some days after the end, and what came of them stays."""

import io
from datetime import timedelta

from flask import current_app
from sqlalchemy import select

from portal import jobs
from portal.blob_stores import store
from portal.blobs import Document
from portal.db import EVERYTHING, db, set_scope
from portal.jobs.duties import Duty
from portal.moving.models import Moving, MovingState
from tests.builders import House, stored, work
from tests.conftest import MONDAY
from tests.moving.test_month import THEIRS
from tests.moving.test_moving import taken, the_moving, upload
from tests.subscriptions.builders import a_monthly_product
from tests.workbooks import a_workbook


def files() -> list[bool]:
    """Whether each workbook and each month's file is still in the store."""
    set_scope(EVERYTHING)
    rows = db.session.scalars(select(Document).where(Document.kind == "moving").order_by(Document.id)).all()
    here = [_is_kept(row.storage_key) for row in rows]
    assert here == [not row.erased for row in rows]
    return here


def _is_kept(key: str) -> bool:
    try:
        store().open(key).close()
    except OSError:
        return False
    return True


def duties() -> None:
    db.session.rollback()
    with current_app.app_context():
        jobs.run_periodic()
    set_scope(EVERYTHING)
    assert db.session.execute(select(Duty.name, Duty.error).where(Duty.failures > 0)).all() == []


def test_files_go_some_days_after_the_end_and_the_page_says_when(house: House, browser, at) -> None:
    a_monthly_product(house)
    client = browser(house.owner)
    moving = taken(client, a_workbook(3))
    month = {"month": "2026-12", "file": (io.BytesIO(THEIRS.encode()), "x.csv")}
    client.post(f"/moving/{moving.uid}/month", data=month)
    work()
    upload(client, a_workbook(2))
    work()
    stopped = the_moving()
    stopped.state, stopped.refusal = MovingState.STOPPED, "Ligne 3 : un client existe déjà"
    db.session.commit()
    upload(client, a_workbook(2, product="X"))  # with faults, and nobody mends it
    work()
    left = the_moving()
    at(MONDAY + timedelta(days=89))
    duties()
    assert files() == [True] * 4
    at(MONDAY + timedelta(days=91))
    duties()
    assert files() == [False] * 4
    assert [stored(each).state for each in (stopped, left, moving)] == [
        MovingState.STOPPED,
        MovingState.DROPPED,
        MovingState.TAKEN,
    ]
    client = browser(house.owner)
    page = client.get(f"/moving/{moving.uid}").text
    assert 'Fichier effacé le <time datetime="2027-02-22">' in page and "Clients</dt><dd>3" in page
    assert 'Fichier effacé le <time datetime="2027-02-22">' in client.get(f"/moving/{moving.uid}/month").text
    assert "produit inconnu" in client.get(f"/moving/{left.uid}").text
    page = client.get(f"/moving/{stopped.uid}").text
    assert "Ligne 3 : un client existe déjà" in page and "Reprendre la suite" not in page
    refused = client.post(f"/moving/{stopped.uid}/taking")
    assert refused.status_code == 422 and "effacé" in refused.text
    assert db.session.scalars(select(Moving.file_gone_on)).all() == [(MONDAY + timedelta(days=91)).date()] * 3
