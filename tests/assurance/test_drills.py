"""Once a year a drawn file comes back, and an exit is rehearsed: asked, done, told, and kept."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock, jobs
from portal.assurance.drill_jobs import begin_drill, rehearse
from portal.assurance.drill_reading import draw
from portal.assurance.drills import DrillKind, DrillState, VaultDrill
from portal.assurance.packs import make_pack
from portal.blobs import content_of
from portal.db import EVERYTHING, db, set_scope
from portal.engine.errors import EngineError, EngineFault
from portal.engine.installed import forget_passphrase, private_folder
from portal.engine.models import Vault, find_opening
from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef
from portal.mail import Mail
from tests import vaulting
from tests.builders import House, a_customer, work
from tests.engine.builders import flip_bytes, packs
from tests.subscriptions.test_orders import text_of
from tests.vaulting import SECRET, link_in, unlock

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
D, K = DrillState, DrillKind


@pytest.fixture
def vault(house: House, repository: Path, tmp_path: Path) -> Vault:
    """A repository that may be harmed, under a contract that names a delay for the exit."""
    place = shutil.copytree(repository, tmp_path / "own")
    customer = a_customer(house.reseller, accepted="dobaas", siren=None)
    made: Vault = vaulting.a_vault(customer, place, vaulting.a_subscription(customer, terms="dobaas"))
    return made


def live(at: At, *day: int) -> None:
    at(datetime(*day, 9, tzinfo=UTC))  # type: ignore[misc]
    set_scope(EVERYTHING)
    jobs.run_periodic()
    work()
    set_scope(EVERYTHING)


def drills(kind: DrillKind) -> list[VaultDrill]:
    db.session.rollback()
    set_scope(EVERYTHING)
    return list(db.session.scalars(select(VaultDrill).where(VaultDrill.kind == kind).order_by(VaultDrill.id)))


def mails(kind: str) -> list[Mail]:
    return list(db.session.scalars(select(Mail).where(Mail.kind == f"assurance/{kind}")))


def take_option(client: FlaskClient, vault: Vault) -> None:
    grid = {"item": "drills", "price": "120", "effective_on": clock.today().isoformat()}
    assert client.post("/work-prices", data=grid).status_code == 303
    assert "Prendre les essais annuels" in client.get(f"/vaults/{vault.uid}").text
    assert client.post(f"/vaults/{vault.uid}/drills", data={"is_on": "yes"}).status_code == 303


def test_002_11_the_option_brings_a_drawn_file_back_once_a_year_with_its_sealed_report(
    house: House, browser: Browser, at: At, vault: Vault, agent: None
) -> None:
    take_option(browser(house.operator), vault)
    assert "002-11" in browser(house.operator).get(f"/vaults/{vault.uid}").text
    live(at, 2026, 11, 25)
    (drill,) = drills(K.RESTORE)
    assert drill.state == D.ASKED
    unlock(browser(), link_in(vaulting.last_mail(drill.uid)))
    work()
    (drill,) = drills(K.RESTORE)
    assert drill.state == D.GOOD and drill.bytes and len(drill.sha256) == 64 and drill.seed
    again = draw(drill.vault.repo, Passphrase(SECRET), drill.seed)
    assert (again.snapshot_id, again.node.path) == (drill.snapshot_id, drill.path), "the seed draws the same"
    assert again.folder and (again.folder.path, again.folder.files) == (drill.folder, drill.folder_files)
    assert drill.folder_bytes and drill.folder_time_per_gb and len(drill.folder_sha256) == 64
    assert not list(private_folder("work").glob("drill-*"))
    text = text_of(content_of(drill.document))
    assert "Durée par Go" in text and drill.folder_sha256[:20] in text.replace("\n", "")
    assert "Essai de restauration" in text and drill.sha256[:20] in text.replace("\n", "")
    page = browser(house.owner).get(f"/vaults/{vault.uid}").text
    assert f"/documents/{drill.document.uid}" in page
    assert "réussi" in browser(house.owner).get("/vaults").text
    assert mails("mail_drill") and not mails("mail_drill_failed")
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    set_scope(EVERYTHING)
    pack = make_pack(drill.vault.customer, clock.today().replace(month=11))
    db.session.commit()
    work()
    set_scope(EVERYTHING)
    assert drill.sha256[:16] in text_of(content_of(pack.document))
    live(at, 2027, 11, 20)
    assert len(drills(K.RESTORE)) == 1, "not before the year is over"


def test_001_50_004_30_an_exit_is_rehearsed_and_told_with_the_delay_of_the_contract(
    house: House, browser: Browser, at: At, vault: Vault
) -> None:
    take_option(browser(house.operator), vault)
    live(at, 2026, 11, 25)
    (drill,) = drills(K.EXIT)
    assert drill.state == D.GOOD and drill.bytes and drill.whole_millis is not None
    (mail,) = mails("mail_drill")
    assert "60 jours (004-30, art. 16)" in mail.body.replace("\xa0", " ")
    assert "le contrat donne 60" in browser(house.owner).get(f"/vaults/{vault.uid}").text.replace("\xa0", " ")
    live(at, 2027, 11, 26)
    assert len(drills(K.EXIT)) == 2, "each year again"


def test_a_failed_restore_tells_technician_incident_contact_and_reseller(
    house: House, browser: Browser, at: At, vault: Vault, agent: None
) -> None:
    take_option(browser(house.operator), vault)
    live(at, 2026, 11, 25)
    for pack in packs(RepoRef(str(vault.location))):
        flip_bytes(pack)
    (drill,) = drills(K.RESTORE)
    unlock(browser(), link_in(vaulting.last_mail(drill.uid)))
    work()
    (drill,) = drills(K.RESTORE)
    assert drill.state == D.FAILED and drill.fault == EngineFault.DAMAGED
    assert mails("mail_drill_failed") and mails("mail_drill_failed_staff")
    assert "Essai annuel échoué" in browser(house.operator).get("/").text
    again = f"/vaults/{vault.uid}/drills/{drill.uid}/again"
    assert browser(house.owner).post(again).status_code == 403
    assert browser(house.operator).post(again).status_code == 303
    assert drills(K.RESTORE)[0].state == D.ASKED


def test_who_does_not_open_her_vault_is_asked_three_times_and_then_somebody_looks(
    house: House, browser: Browser, at: At, vault: Vault
) -> None:
    take_option(browser(house.operator), vault)
    for weeks in range(4):
        day = datetime(2026, 11, 25, 9, tzinfo=UTC) + timedelta(weeks=weeks)
        live(at, day.year, day.month, day.day)
    (drill,) = drills(K.RESTORE)
    assert (drill.state, drill.asked) == (D.LAPSED, 3)
    assert "sans réponse du client" in browser(house.operator).get("/").text


def test_a_passphrase_gone_from_memory_is_asked_for_again(
    house: House, browser: Browser, at: At, vault: Vault, agent: None
) -> None:
    set_scope(EVERYTHING)
    drill = begin_drill(vault, K.RESTORE, clock.today())
    db.session.commit()
    unlock(browser(), link_in(vaulting.last_mail(drill.uid)))
    while drills(K.RESTORE)[0].state == D.ASKED and jobs.run_one((jobs.Lane.PROMPT,)):
        pass
    set_scope(EVERYTHING)
    opening = find_opening(drills(K.RESTORE)[0].opening_uid)
    assert opening is not None
    forget_passphrase(opening.uid)
    work()
    (drill,) = drills(K.RESTORE)
    assert (drill.state, drill.asked) == (D.ASKED, 2) and drill.opening_uid != opening.uid


def test_a_rehearsal_finds_an_object_that_rotted(vault: Vault, app: object) -> None:
    for pack in packs(vault.repo):
        flip_bytes(pack)
    with pytest.raises(EngineError) as found:
        rehearse(vault.repo, "seed")
    assert found.value.fault == EngineFault.DAMAGED
