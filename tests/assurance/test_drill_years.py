"""A year of drills is ordered at the price of the grid, owed, renewed, ended, and given back."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from portal import clock
from portal.assurance.drill_years import undone_cents
from portal.assurance.drills import DrillKind, DrillState
from portal.billing.credit_models import CreditNote
from portal.billing.models import Charge
from portal.billing.run import start_run
from portal.db import EVERYTHING, db, set_scope
from portal.engine.models import Vault
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.subscriptions.models import Subscription, SubscriptionState
from tests import vaulting
from tests.assurance.test_drills import At, Browser, drills, live, mails, take_option
from tests.builders import House, a_customer, work
from tests.vaulting import link_in, unlock

D, K = DrillState, DrillKind


@pytest.fixture
def vault(house: House, repository: Path, tmp_path: Path) -> Vault:
    place = shutil.copytree(repository, tmp_path / "own")
    customer = a_customer(house.reseller, accepted="dobaas", siren=None)
    made: Vault = vaulting.a_vault(customer, place, vaulting.a_subscription(customer, terms="dobaas"))
    return made


def owed() -> list[Charge]:
    db.session.rollback()
    set_scope(EVERYTHING)
    query = select(Charge).where(Charge.origin.startswith("drills:"))
    return list(db.session.scalars(query.order_by(Charge.id)))


def bill(month: str) -> None:
    set_scope(EVERYTHING)
    start_run(db.session.scalars(select(LegalEntity)).first(), month, by=SYSTEM)
    db.session.commit()
    work()
    set_scope(EVERYTHING)


def notes() -> list[CreditNote]:
    return list(db.session.scalars(select(CreditNote).where(CreditNote.origin.startswith("drills:"))))


def end_contract(vault: Vault, day: date) -> None:
    set_scope(EVERYTHING)
    row = db.session.scalars(select(Subscription).where(Subscription.uid == vault.subscription_uid)).one()
    row.state, row.ends_on = SubscriptionState.NOTICE_GIVEN, day
    db.session.commit()


def open_the_vault(browser: Browser) -> None:
    (drill,) = drills(K.RESTORE)[-1:]
    unlock(browser(), link_in(vaulting.last_mail(drill.uid)))
    work()


def test_002_11_004_10_a_year_of_drills_is_billed_at_the_price_of_its_day_and_renewed(
    house: House, browser: Browser, at: At, vault: Vault, agent: None
) -> None:
    operator = browser(house.operator)
    page = operator.get(f"/vaults/{vault.uid}").text
    assert "Sans prix dans la grille" in page and "Prendre les essais" not in page
    assert operator.post(f"/vaults/{vault.uid}/drills", data={"is_on": "yes"}).status_code == 422
    assert not owed(), "no price, no order"
    take_option(operator, vault)
    (first,) = owed()
    assert (first.unit_cents, first.includes_vat, first.clause) == (12_000, False, "002-11")
    assert "120,00" in browser(house.operator).get(f"/vaults/{vault.uid}").text
    (mail,) = mails("mail_drill_year")
    assert "120,00" in mail.body
    dearer = {"item": "drills", "price": "150", "effective_on": "2027-06-01"}
    assert operator.post("/work-prices", data=dearer).status_code == 303
    begun = clock.today()
    live(at, 2026, 11, 25)
    open_the_vault(browser)
    bill("2026-11")
    assert owed()[0].invoice_id is not None
    live(at, 2027, begun.month, begun.day - 1)
    assert len(owed()) == 1, "not a day before its year is over"
    live(at, 2027, begun.month, begun.day)
    live(at, 2027, begun.month, begun.day + 1)
    assert [one.unit_cents for one in owed()] == [12_000, 15_000]
    assert not notes(), "both drills of the first year succeeded"


def test_002_11_004_10_what_nobody_opened_the_vault_for_is_caught_up_then_credited(
    house: House, browser: Browser, at: At, vault: Vault
) -> None:
    take_option(browser(house.operator), vault)
    for day in (25, 26):
        live(at, 2026, 11, day)
    for day in (3, 10, 17):
        live(at, 2026, 12, day)
    assert drills(K.RESTORE)[0].state == D.LAPSED
    bill("2026-12")
    live(at, 2027, 10, 1)
    assert drills(K.RESTORE)[0].state == D.ASKED, "once more before the year is over"
    for day in (8, 15, 22):
        live(at, 2027, 10, day)
    live(at, 2027, 10, 23)
    assert drills(K.RESTORE)[0].state == D.LAPSED
    assert browser(house.operator).post(f"/vaults/{vault.uid}/drills", data={}).status_code == 303
    live(at, 2027, 11, 26)
    assert drills(K.RESTORE)[0].state == D.CREDITED
    (note,) = notes()
    assert (note.net_cents, note.clause) == (6_000, "002-11")
    live(at, 2027, 11, 27)
    assert len(notes()) == 1 and len(owed()) == 1, "stopped: no second year"
    assert "crédité" in browser(house.owner).get(f"/vaults/{vault.uid}").text


def test_002_11_004_10_drills_end_with_their_contract_and_what_was_not_billed_is_owed_no_more(
    house: House, browser: Browser, at: At, vault: Vault
) -> None:
    take_option(browser(house.operator), vault)
    vault.snapshots = 0
    end_contract(vault, date(2026, 12, 10))
    live(at, 2026, 12, 9)
    assert owed()[0].dropped_on is None
    live(at, 2026, 12, 10)
    assert owed()[0].dropped_on == date(2026, 12, 10), "neither drill took place"
    assert "Pas en option" in browser(house.operator).get(f"/vaults/{vault.uid}").text
    live(at, 2027, 11, 30)
    assert len(owed()) == 1 and not notes()


@pytest.mark.parametrize(("undone", "cents"), [(0, 0), (1, 6_001), (2, 12_001)])
def test_a_year_gives_back_the_share_of_each_drill_that_did_not_succeed(undone: int, cents: int) -> None:
    assert undone_cents(12_001, undone) == cents
