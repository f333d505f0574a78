"""A vault is verified by itself without its key; rot is told once; a killed worker goes on where it was."""

import os
import shutil
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import jobs
from portal.assurance.jobs import begin_verification, verify_due_vaults
from portal.assurance.models import EvidencePack, VaultVerification, VerificationState
from portal.blobs import content_of
from portal.db import EVERYTHING, db, reading, set_scope
from portal.engine.keyless import hashed
from portal.engine.models import Vault
from portal.engine.port import RepoRef
from portal.mail import Mail
from tests import vaulting
from tests.builders import House, a_customer, a_house, work
from tests.engine.builders import flip_bytes, packs
from tests.forked import a_crew, forked
from tests.installation import Installation, Installs, kill
from tests.subscriptions.test_orders import text_of
from tests.vaulting import wait_for

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
V = VerificationState


@pytest.fixture
def own(repository: Path, tmp_path: Path) -> RepoRef:
    """A repository that may be harmed."""
    return RepoRef(str(shutil.copytree(repository, tmp_path / "own")))


@pytest.fixture
def vault(house: House, own: RepoRef) -> Vault:
    customer = a_customer(house.reseller, accepted="dropcloud")
    made: Vault = vaulting.a_vault(customer, Path(own.location), vaulting.a_subscription(customer))
    made.bytes_stored = 1
    db.session.commit()
    return made


def live(at: At, *day: int) -> None:
    at(datetime(*day, 9, tzinfo=UTC))  # type: ignore[misc]
    set_scope(EVERYTHING)
    verify_due_vaults()
    db.session.commit()
    work()
    set_scope(EVERYTHING)


def verifications() -> list[VaultVerification]:
    db.session.rollback()
    return list(db.session.scalars(select(VaultVerification).order_by(VaultVerification.id)))


def mails(kind: str) -> list[Mail]:
    return list(db.session.scalars(select(Mail).where(Mail.kind == f"assurance/{kind}")))


def test_a_vault_is_verified_each_month_and_its_page_says_so(
    house: House, browser: Browser, at: At, vault: Vault, own: RepoRef
) -> None:
    live(at, 2026, 11, 24)
    (row,) = verifications()
    assert (row.state, row.damaged) == (V.GOOD, 0) and row.objects > 3
    live(at, 2026, 12, 20)
    assert len(verifications()) == 1, "not before a month"
    rotten = packs(own)[-1]
    flip_bytes(rotten)
    live(at, 2026, 12, 25)
    row = verifications()[-1]
    assert (row.state, row.damaged) == (V.DAMAGED, 1) and row.names[0].endswith(rotten.name)
    assert len(mails("mail_damage")) == 1 and mails("mail_damage_staff")
    page = browser(house.support).get(f"/vaults/{vault.uid}").text
    assert "1 objet abîmé" in page and rotten.name in page
    assert "Coffre abîmé" in browser(house.operator).get("/").text


def test_a_person_asks_for_one_now_and_not_for_two(house: House, browser: Browser, vault: Vault) -> None:
    client, address = browser(house.operator), f"/vaults/{vault.uid}/verification"
    assert client.post(address).status_code == 303
    assert client.post(address).status_code == 422, "one is under way"
    work()
    assert "conforme à son empreinte" in browser(house.owner).get(f"/vaults/{vault.uid}").text


def test_a_store_that_is_away_is_waited_for(at: At, vault: Vault, own: RepoRef) -> None:
    place = Path(own.location)
    away = place.rename(place.with_name("away"))
    live(at, 2026, 11, 24)
    (row,) = verifications()
    assert row.state in {V.RUNNING, V.UNREADABLE}
    away.rename(place)
    if row.state == V.UNREADABLE:  # a local folder that is not there will not come back by itself
        assert mails("mail_damage") and row.fault


@pytest.mark.slow
def test_a_killed_worker_goes_on_behind_the_last_object_that_was_counted(
    an_installation: Installs, tmp_path: Path, own: RepoRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.assurance.jobs._STEP_SECONDS", 0.0)  # each object is a step
    (tmp_path / "data").mkdir()
    with an_installation(tmp_path / "data") as place:
        with place.context():
            customer = a_customer(a_house().reseller, accepted="dropcloud")
            begin_verification(
                vaulting.a_vault(customer, Path(own.location), vaulting.a_subscription(customer))
            )
            db.session.commit()
        step, seen = jobs.Claim.step, []

        def die(claim: jobs.Claim, **told: object) -> None:
            step(claim, **told)
            seen.append(told)
            if len(seen) == 4:
                os.kill(os.getpid(), signal.SIGKILL)

        def work_there() -> None:
            with place.app.app_context():
                jobs.drain(10)

        with monkeypatch.context() as patched:
            patched.setattr(jobs.Claim, "step", die)
            assert forked(place.app, work_there).wait() == -signal.SIGKILL
        with place.context():
            (row,) = verifications()
            assert (row.state, row.objects) == (V.RUNNING, 4)
        worker = a_crew(place.app)
        try:
            wait_for(lambda: _has_ended(place))
        finally:
            kill(worker)
        with place.context():
            (row,) = verifications()
            assert row.state == V.GOOD and row.objects == len(list(hashed(own)))


def _has_ended(place: Installation) -> bool:
    with place.context(), reading():
        return verifications()[0].ended_at is not None


def test_a_month_that_is_over_has_its_sealed_pack(
    house: House, browser: Browser, at: At, vault: Vault
) -> None:
    live(at, 2026, 11, 24)
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    set_scope(EVERYTHING)
    vault.created_at = datetime(2026, 11, 2, tzinfo=UTC)
    db.session.commit()
    for _day in range(2):
        set_scope(EVERYTHING)
        jobs.run_periodic()
        work()
    set_scope(EVERYTHING)
    (pack,) = db.session.scalars(select(EvidencePack)).all()
    text = text_of(content_of(pack.document))
    assert "novembre 2026" in text and "tous intacts" in text and vault.name in text
    page = browser(house.owner).get(f"/vaults/{vault.uid}").text
    assert f"/documents/{pack.document.uid}" in page
