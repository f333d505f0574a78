"""The account of a reseller that invoices: its owner asks, the provider agrees, a day passes."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.access import Role
from portal.accounts.models import User
from portal.db import EVERYTHING, db, set_scope
from portal.mail import Mail
from portal.resellers.models import LegalEntity
from portal.sepa.formats.iban import mask
from portal.sepa.models.creditor_change import open_creditor_change
from tests.builders import IBAN, House, a_user, stored
from tests.margins.test_price_lists import reseller_of
from tests.sepa.people import OTHER_IBAN
from tests.sepa.test_creditor_by_two import an_hour_passes, kinds_of
from tests.wholesale.test_month import its_own_entity

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
_BANK = "Crédit du Port"


def ask(client: FlaskClient, entity: LegalEntity, **typed: str) -> Any:
    return client.post(f"/own-account/{entity.uid}", data={"iban": OTHER_IBAN, "bank_name": _BANK, **typed})


def told() -> set[tuple[str, str]]:
    """Who got a mail about the change, and where it leads."""
    set_scope(EVERYTHING)
    rows = db.session.scalars(select(Mail).where(Mail.kind == "sepa/mail_creditor_change")).all()
    return {(mail.recipient, "own-account" if "/own-account/" in mail.body else "creditors") for mail in rows}


def test_the_owner_asks_the_provider_agrees_and_a_day_later_customers_pay_there(
    house: House, browser: Browser, at: At
) -> None:
    entity, owner = its_own_entity(house), browser(house.owner)
    page = owner.get(f"/resellers/{reseller_of(house.reseller).uid}").text
    assert f"/own-account/{entity.uid}" in page and mask(IBAN) in page
    assert "Un autre compte" in owner.get(f"/own-account/{entity.uid}").text
    assert ask(owner, entity).status_code == 303
    page = owner.get(f"/own-account/{entity.uid}").text
    assert mask(OTHER_IBAN) in page and OTHER_IBAN not in page and stored(entity).iban == IBAN
    people = {(house.people[Role.FINANCE].email, "creditors"), (house.operator.email, "creditors")}
    assert told() == people | {(house.owner.email, "own-account")}
    assert "creditor.agree" in kinds_of(browser(house.finance))
    change = open_creditor_change(entity)
    assert change is not None
    answer = {"change": change.uid, "answer": "agree"}
    path = f"/sepa/creditors/{entity.uid}/change"
    assert owner.post(path, data=answer).status_code == 403
    assert browser(house.finance).post(path, data=answer).status_code == 303
    an_hour_passes()
    assert stored(entity).iban == IBAN
    at(datetime(2026, 11, 24, 13, tzinfo=UTC))
    an_hour_passes()
    assert (stored(entity).iban, stored(entity).bank_name) == (OTHER_IBAN, _BANK)


def test_a_wrong_account_is_told_beside_its_field_and_the_same_one_asks_nobody(
    house: House, browser: Browser
) -> None:
    entity, owner = its_own_entity(house), browser(house.owner)
    refused = ask(owner, entity, iban="FR7630006000011234567890180")
    assert refused.status_code == 422 and 'id="iban-error-1"' in refused.text and not told()
    assert ask(owner, entity, bank_name="").status_code == 422
    assert ask(owner, entity, iban=IBAN, bank_name=entity.bank_name).status_code == 303
    assert open_creditor_change(entity) is None


def test_one_who_does_not_recognise_it_stops_it(house: House, browser: Browser) -> None:
    entity = its_own_entity(house)
    colleague = a_user(house.reseller, Role.OWNER, "Associée")
    colleague.email = "associee@revendeur.example"
    db.session.commit()
    ask(browser(house.owner), entity)
    change = open_creditor_change(entity)
    assert change is not None
    client, path = browser(colleague), f"/own-account/{entity.uid}/stop"
    assert client.post(path, data={"change": "autre"}).status_code == 422
    assert client.post(path, data={"change": change.uid}).status_code == 303
    assert open_creditor_change(entity) is None and stored(entity).iban == IBAN


def test_only_one_s_own_account_is_asked_for(house: House, browser: Browser) -> None:
    entity = its_own_entity(house)
    above = db.session.scalars(
        select(LegalEntity).where(LegalEntity.organisation_id == house.provider.id)
    ).one()
    stranger: User = a_user(house.other, Role.OWNER, "Voisine")
    db.session.commit()
    assert ask(browser(house.owner), above).status_code == 404
    assert ask(browser(stranger), entity).status_code == 404
    assert ask(browser(house.sales), entity).status_code == 403
    assert ask(browser(house.operator), entity).status_code == 403
    assert not told()
