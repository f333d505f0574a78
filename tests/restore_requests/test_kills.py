"""kill -9 of the worker while a machine is restored, then another worker: one whole archive, one mail."""

import io
import zipfile

import pytest
from sqlalchemy import func, select

from portal import clock
from portal.blobs import Document, content_of
from portal.db import db, reading
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.restore_requests.inventory import Inventory
from portal.restore_requests.kinds import Cause, Picked, RestoreKind, RestoreState
from portal.restore_requests.models import open_request
from tests import builders, vaulting
from tests.reversibility.test_kills import installation, place, start, type_the_passphrase  # noqa: F401
from tests.vaulting import wait_for

R = RestoreState
pytestmark = pytest.mark.slow


@pytest.fixture
def row(installation, repository):  # noqa: F811
    house = builders.a_house()
    customer = builders.a_customer(house.reseller, accepted="dropcloud")
    vault = vaulting.a_vault(customer, repository, vaulting.a_subscription(customer))
    row = open_request(
        vault, kind=RestoreKind.COMPLEX, cause=Cause.OTHER, what="tout", lost_on=None, by=SYSTEM
    )
    db.session.commit()
    return row


def state_of(row) -> RestoreState:
    with reading():
        db.session.rollback()
        db.session.refresh(row)
        state: RestoreState = row.state
        db.session.rollback()
    return state


def test_a_restore_of_a_machine_goes_on_after_kill_9(installation, row, start, place):  # noqa: F811
    uid = row.uid
    type_the_passphrase(installation, row)
    first = start(slow=False)
    wait_for(lambda: state_of(row) == R.BROWSING)
    first.kill()
    point = next(one for one in Inventory(uid).snapshots() if "compta" in one.paths)
    files, size = Inventory(uid).weight(point.id, "")
    row.pick([Picked(point.id, "/", is_folder=True)], files=files, size=size, archive="zip", by=SYSTEM)
    run = row.run
    db.session.commit()
    worker = start(slow=True)
    log = place[1] / "exports" / f"{uid}-{run}.work" / "checkpoint.jsonl"
    wait_for(lambda: log.is_file() and log.read_text().count('"volume"') >= 2)
    worker.kill()
    assert state_of(row) == R.RESTORING
    start(slow=False)
    wait_for(lambda: state_of(row) == R.DONE)
    db.session.refresh(row)
    assert row.files == files and row.kept_until > clock.today()
    query = select(Document).where(Document.subject_uid == uid, Document.kind == "restore")
    names: list[str] = []
    for document in db.session.scalars(query):
        with zipfile.ZipFile(io.BytesIO(content_of(document))) as volume:
            names += [name for name in volume.namelist() if name.endswith(".txt")]
    assert len(names) == len(set(names)) == files
    told = select(func.count()).select_from(Mail).where(Mail.kind == "mails/restored")
    assert db.session.scalar(told) == 1
    wait_for(lambda: not list((place[1] / "exports").glob(f"{uid}*")))
